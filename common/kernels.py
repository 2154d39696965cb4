"""The compiled inner loops of the feature extractor: one pass over each frame instead of one per descriptor.

Conventions
-----------
A spectrum is float32, shape (n_frames, n_bins), frame after frame, so that a frame is contiguous in
memory. Every function releases the interpreter's lock, so threads run side by side, and is compiled once
per machine (numba's cache). What they compute is librosa's arithmetic; where librosa rounds to float32 and
the rounding can move a decision (which bin, which peak), so do they.
"""

from __future__ import annotations

import math

import numpy as np

from common.compiled import as_written, reordered

FLATNESS_FLOOR = np.float32(1e-10)
"""Smallest power that counts in the geometric mean (librosa's ``amin``)."""

_LOGS_TOGETHER = 8
"""Powers multiplied before one logarithm: 1e-10 and float32's 3e38 to the eighth still fit a float64."""


@as_written
def spectral_moments(spectrum, bin_width, rolloff, out):
    """Centroid, bandwidth, roll-off (Hz) and flatness of every frame.

    Parameters
    ----------
    spectrum
        The magnitudes, float32 (n_frames, n_bins).
    bin_width
        The distance from one bin to the next in Hz.
    rolloff
        The share of the summed magnitude that lies below the roll-off frequency, 0 to 1.
    out
        The result, float64 (n_frames, 4), filled in that order. A silent frame gets 0, 0, 0 and flatness 1.
    """
    n_frames, n_bins = spectrum.shape
    share = np.float32(rolloff)
    cumulative = np.empty(n_bins, np.float32)
    for frame in range(n_frames):
        row = spectrum[frame]
        total, first, second, power_sum, log_sum = 0.0, 0.0, 0.0, 0.0, 0.0
        running = np.float32(0.0)
        product = 1.0
        for k in range(n_bins):
            magnitude = row[k]
            running += magnitude
            cumulative[k] = running
            total += magnitude
            first += magnitude * k
            second += magnitude * float(k) * k
            power = max(FLATNESS_FLOOR, magnitude * magnitude)
            power_sum += power
            product *= power
            if k % _LOGS_TOGETHER == _LOGS_TOGETHER - 1:
                log_sum += math.log(product)
                product = 1.0
        log_sum += math.log(product)
        centroid = first / total if total > 0.0 else 0.0
        variance = second / total - centroid * centroid if total > 0.0 else 0.0
        out[frame, 0] = centroid * bin_width
        out[frame, 1] = math.sqrt(max(variance, 0.0)) * bin_width
        out[frame, 2] = np.searchsorted(cumulative, share * running) * bin_width
        out[frame, 3] = math.exp(log_sum / n_bins) / (power_sum / n_bins)


@as_written
def band_extremes(spectrum, edges, counts, peaks, valleys):
    """Mean of the largest and of the smallest magnitudes in each contrast band of every frame.

    Parameters
    ----------
    spectrum
        The magnitudes, float32 (n_frames, n_bins).
    edges
        The first bin of each band, and one past its last, int64 (n_bands, 2).
    counts
        How many magnitudes are averaged at either end of each band, int64 (n_bands,).
    peaks, valleys
        The results, float64 (n_frames, n_bands), filled.
    """
    most = counts.max()
    lowest, highest = np.empty(most, np.float32), np.empty(most, np.float32)
    for frame in range(spectrum.shape[0]):
        for band in range(edges.shape[0]):
            count = counts[band]
            first, last = edges[band, 0], edges[band, 1]
            # Most spectra fall with frequency: from either side few values are new extremes.
            for place in range(count):
                highest[place], lowest[place] = -np.inf, np.inf
            for k in range(first, last):
                if spectrum[frame, k] > highest[count - 1]:
                    _insert(highest, count, spectrum[frame, k], np.float32(-1.0))
            for k in range(last - 1, first - 1, -1):
                if spectrum[frame, k] < lowest[count - 1]:
                    _insert(lowest, count, spectrum[frame, k], np.float32(1.0))
            low, high = np.float32(0.0), np.float32(0.0)
            for place in range(count):
                low += lowest[place]
                high += highest[place]
            valleys[frame, band] = low / np.float32(count)
            peaks[frame, band] = high / np.float32(count)


@as_written
def _insert(best, count, value, sign):
    """Put a value into a short sorted list (ascending for sign 1, descending for -1), dropping the last."""
    place = count - 1
    while place > 0 and sign * best[place - 1] > sign * value:
        best[place] = best[place - 1]
        place -= 1
    best[place] = value


@reordered
def mel_power(spectrum, weights, first, last, out):
    """Power in every mel band of every frame, touching only the bins that a band weighs.

    Parameters
    ----------
    spectrum
        The magnitudes, float32 (n_frames, n_bins).
    weights
        The filter bank, float32 (n_bands, n_bins).
    first, last
        The first bin that a band weighs, and one past the last, int64 (n_bands,).
    out
        The result, float32 (n_frames, n_bands), filled.
    """
    power = np.empty(spectrum.shape[1], np.float32)
    for frame in range(spectrum.shape[0]):
        for k in range(spectrum.shape[1]):
            power[k] = spectrum[frame, k] * spectrum[frame, k]
        for band in range(weights.shape[0]):
            total = 0.0
            for k in range(first[band], last[band]):
                total += weights[band, k] * power[k]
            out[frame, band] = total


@as_written
def spectral_peaks(spectrum, first, last, threshold, positions, heights):
    """Local maxima of every frame with their parabolic position and height, as librosa's ``piptrack``.

    Parameters
    ----------
    spectrum
        The magnitudes, float32 (n_frames, n_bins).
    first, last
        The first bin to look at, and one past the last.
    threshold
        The share of the frame's largest magnitude that a peak must exceed, 0 to 1.
    positions, heights
        float32, room for ``n_frames * (last - first)`` peaks, filled from the start: position in bins,
        interpolated magnitude.

    Returns
    -------
    int
        Number of peaks found.
    """
    found = 0
    half = np.float32(0.5)
    for frame in range(spectrum.shape[0]):
        row = spectrum[frame]
        floor = np.float32(threshold) * row.max()
        for k in range(first, last):
            here = row[k]
            if here <= floor:
                continue
            left, right = row[k - 1], row[k + 1]
            left_counts = left if left > floor else np.float32(0.0)
            right_counts = right if right > floor else np.float32(0.0)
            if here <= left_counts or here < right_counts:
                continue
            curvature = right + left - np.float32(2.0) * here
            slope = (right - left) * half
            shift = np.float32(0.0)
            if abs(slope) < abs(curvature):
                shift = -slope / curvature
            positions[found] = np.float32(k) + shift
            heights[found] = here + half * slope * shift
            found += 1
    return found


@as_written
def crossings_per_hop(samples, hop, dead_zone, out):
    """Count the zero crossings between neighbouring samples, hop by hop.

    Parameters
    ----------
    samples
        The song, float32 (n_samples,).
    hop
        The number of samples in a hop.
    dead_zone
        The amplitude up to which a sample counts as (positive) zero.
    out
        The number of crossings that arrive at a sample of each hop, int64 (n_hops,), which is added to.
    """
    before = samples[0] < -dead_zone
    for n in range(1, samples.size):
        below = samples[n] < -dead_zone
        if below != before:
            out[n // hop] += 1
        before = below
