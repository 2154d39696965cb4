"""The compiled inner loops of the feature extractor: one pass over each frame instead of one per descriptor.

Conventions
-----------
Spectra are float32, shape (n_groups, n_bins, ``LANES``): eight frames side by side, so that every step is
taken for all of them at once; the last group may have lanes to spare, whose content is of no consequence.
Every function releases the interpreter's lock, so threads run side by side, and is compiled once per machine
(numba's cache). What they compute is librosa's arithmetic; where librosa rounds to float32 and the rounding
can move a decision (which bin, which peak), so do they.
"""

from __future__ import annotations

import math

import numpy as np

from common import fourier
from common.compiled import as_written
from common.lanes import (
    LANES,
    above,
    double,
    exponent,
    larger,
    load,
    mantissa,
    one_where_below,
    root,
    rounded_for,
    smaller,
    spread,
    store,
)

FLATNESS_FLOOR = np.float32(1e-10)
"""Smallest power that counts in the geometric mean (librosa's ``amin``)."""

FAINTEST_POWER, AMPLIFIED = np.float32(2.0**-100), np.float32(2.0**64)
"""Power below which squares lose digits in float32, and what is done about it: the roll-off of what remains
of a song in digital silence counts like any other."""

_POWERS_TOGETHER = 8
"""Powers multiplied before their exponent is put aside: 1e-10 and float32's 3e38 to the eighth still fit a
float64."""


@as_written
def magnitudes(columns, plan, work, spectra):
    """Transform frames and take the magnitudes; real and imaginary parts are rounded to float32 before.

    Parameters
    ----------
    columns, plan, work
        As `fourier.transform` takes them.
    spectra
        The magnitudes, float32 (n_groups, n_bins, ``LANES``), filled: lane ``i`` of group ``g`` is frame
        ``g * LANES + i``.
    """
    flat = spectra.reshape(-1)
    n_groups, n_bins, _ = spectra.shape
    for group in range(n_groups):
        fourier.transform(columns, group * LANES, plan, work)
        first, last = group * n_bins * LANES, ((group + 1) * n_bins - 1) * LANES
        for k in range(n_bins // 2 + 1):
            r, i, mirrored_r, mirrored_i = fourier.mirrored_pair(work, k, plan)
            store(flat, first + k * LANES, _magnitude(r, i, flat))
            store(flat, last - k * LANES, _magnitude(mirrored_r, mirrored_i, flat))


@as_written
def _magnitude(real, imaginary, like):
    """Magnitudes in float32, as ``like`` is, of what may be too faint to be squared in it."""
    r, i = rounded_for(real, like), rounded_for(imaginary, like)
    power, faintest = r * r + i * i, spread(FAINTEST_POWER)
    magnitude = root(power)
    if above(faintest, power):
        is_faint = one_where_below(power, faintest)
        r, i = _amplified(r), _amplified(i)
        faint = root(r * r + i * i) * (np.float32(1.0) / AMPLIFIED)
        magnitude = magnitude - magnitude * is_faint + faint * is_faint
    return magnitude


@as_written
def _amplified(lanes):
    """Faint numbers times `AMPLIFIED`; louder ones are cut."""
    return smaller(larger(lanes, spread(np.float32(-(2.0**-49)))), spread(np.float32(2.0**-49))) * AMPLIFIED


@as_written
def spectral_moments(spectra, bin_width, rolloff, out):
    """Centroid, bandwidth, roll-off (Hz) and flatness of every frame.

    Parameters
    ----------
    spectra
        What `magnitudes` gives, float32 (n_groups, n_bins, ``LANES``).
    bin_width
        The distance from one bin to the next in Hz.
    rolloff
        The share of the summed magnitude that lies below the roll-off frequency, 0 to 1.
    out
        The result, float64 (n_frames, 4), filled in that order. A silent frame gets 0, 0, 0 and flatness 1.
    """
    n_groups, n_bins, _ = spectra.shape
    flat = spectra.reshape(-1)
    cumulative = np.empty(n_bins * LANES, np.float32)
    rows = np.empty((6, LANES))
    sums = rows.reshape(-1)
    share, floor = np.float32(rolloff), spread(FLATNESS_FLOOR)
    for group in range(n_groups):
        running, nothing = spread(np.float32(0.0)), spread(0.0)
        first, second, power_sum, exponents = nothing, nothing, nothing, nothing
        total, product = nothing, spread(1.0)
        for k in range(n_bins):
            magnitude = load(flat, (group * n_bins + k) * LANES)
            running = running + magnitude
            store(cumulative, k * LANES, running)
            precise = double(magnitude)
            total = total + precise
            first = first + precise * float(k)
            second = second + precise * (float(k) * k)
            power = double(larger(magnitude * magnitude, floor))
            power_sum = power_sum + power
            product = product * power
            if k % _POWERS_TOGETHER == _POWERS_TOGETHER - 1:
                exponents = exponents + exponent(product)
                product = mantissa(product)
        below, target = spread(np.float32(0.0)), running * share
        for k in range(n_bins):
            below = below + one_where_below(load(cumulative, k * LANES), target)
        store(sums, 0, total)
        store(sums, LANES, first)
        store(sums, 2 * LANES, second)
        store(sums, 3 * LANES, power_sum)
        store(sums, 4 * LANES, product)
        store(sums, 5 * LANES, exponents)
        store(cumulative, 0, below)
        for lane in range(min(LANES, len(out) - group * LANES)):
            whole, powers = rows[0, lane], rows[3, lane]
            centroid = rows[1, lane] / whole if whole > 0.0 else 0.0
            variance = rows[2, lane] / whole - centroid * centroid if whole > 0.0 else 0.0
            log_sum = math.log(rows[4, lane]) + rows[5, lane] * math.log(2.0)
            row = out[group * LANES + lane]
            row[0] = centroid * bin_width
            row[1] = math.sqrt(max(variance, 0.0)) * bin_width
            row[2] = cumulative[lane] * bin_width
            row[3] = math.exp(log_sum / n_bins) / (powers / n_bins)


@as_written
def band_extremes(spectra, edges, counts, peaks, valleys):
    """Mean of the largest and of the smallest magnitudes in each contrast band of every frame.

    Parameters
    ----------
    spectra
        What `magnitudes` gives, float32 (n_groups, n_bins, ``LANES``).
    edges
        The first bin of each band, and one past its last, int64 (n_bands, 2).
    counts
        How many magnitudes are averaged at either end of each band, int64 (n_bands,).
    peaks, valleys
        The results, float64 (n_frames, n_bands), filled.
    """
    n_groups, n_bins, _ = spectra.shape
    flat = spectra.reshape(-1)
    best = np.empty(n_bins * LANES, np.float32)
    for group in range(n_groups):
        start = group * n_bins
        frames = slice(group * LANES, (group + 1) * LANES)
        for band in range(len(counts)):
            count, low, high = counts[band], start + edges[band, 0], start + edges[band, 1]
            # Most spectra fall with frequency: from either side few values are new extremes.
            _seek(flat, low, high, 1, np.float32(1.0), count, best)
            _mean(best, count, np.float32(1.0), peaks[frames, band])
            _seek(flat, high - 1, low - 1, -1, np.float32(-1.0), count, best)
            _mean(best, count, np.float32(-1.0), valleys[frames, band])


@as_written
def _seek(flat, begin, end, step, sign, count, best):
    """Keep the largest of some bins, times a sign, in descending order."""
    for place in range(count):
        store(best, place * LANES, spread(np.float32(-np.inf)))
    last = (count - 1) * LANES
    for k in range(begin, end, step):
        value = load(flat, k * LANES) * sign
        if above(value, load(best, last)):
            for place in range(0, last + 1, LANES):
                kept = load(best, place)
                store(best, place, larger(value, kept))
                value = smaller(value, kept)


@as_written
def _mean(best, count, sign, out):
    total = load(best, 0)
    for place in range(1, count):
        total = total + load(best, place * LANES)
    store(best, 0, total)
    for lane in range(len(out)):
        out[lane] = best[lane] * sign / np.float32(count)


@as_written
def mel_power(spectra, weights, first, last, out):
    """Power in every mel band of every frame, touching only the bins that a band weighs.

    Parameters
    ----------
    spectra
        What `magnitudes` gives, float32 (n_groups, n_bins, ``LANES``).
    weights
        The filter bank, float32 (n_bands, n_bins).
    first, last
        The first bin that a band weighs, and one past the last, int64 (n_bands,).
    out
        The result, float32 (n_frames, n_bands), filled.
    """
    n_groups, n_bins, _ = spectra.shape
    flat = spectra.reshape(-1)
    power, sums = np.empty(n_bins * LANES, np.float32), np.empty(len(weights) * LANES, np.float32)
    for group in range(n_groups):
        for k in range(n_bins):
            magnitude = load(flat, (group * n_bins + k) * LANES)
            store(power, k * LANES, magnitude * magnitude)
        for band in range(len(weights)):
            total = spread(np.float32(0.0))
            for k in range(first[band], last[band]):
                total = total + load(power, k * LANES) * weights[band, k]
            store(sums, band * LANES, total)
        for lane in range(min(LANES, len(out) - group * LANES)):
            row = out[group * LANES + lane]
            for band in range(len(weights)):
                row[band] = sums[band * LANES + lane]


@as_written
def spectral_peaks(spectra, n_frames, first, last, threshold, positions, heights):
    """Local maxima of every frame with their parabolic position and height, as librosa's ``piptrack``.

    Parameters
    ----------
    spectra
        What `magnitudes` gives, float32 (n_groups, n_bins, ``LANES``).
    n_frames
        How many of its frames count.
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
    n_groups, n_bins, _ = spectra.shape
    flat = spectra.reshape(-1)
    found = 0
    for group in range(n_groups):
        start = group * n_bins
        counting = (1 << min(LANES, n_frames - group * LANES)) - 1
        highest = load(flat, start * LANES)
        for k in range(start + 1, start + n_bins):
            highest = larger(highest, load(flat, k * LANES))
        floor = highest * np.float32(threshold)
        left, here = load(flat, (start + first - 1) * LANES), load(flat, (start + first) * LANES)
        for k in range(first, last):
            right = load(flat, (start + k + 1) * LANES)
            is_peak = above(here, larger(floor, left)) & ~above(right, here) & counting
            if is_peak:
                found = _refine(flat, start + k, k, is_peak, positions, heights, found)
            left, here = here, right
    return found


@as_written
def _refine(flat, place, k, is_peak, positions, heights, found):
    """Write down the peaks that some lanes have at bin ``k``."""
    half = np.float32(0.5)
    for lane in range(LANES):
        if not is_peak >> lane & 1:
            continue
        at = place * LANES + lane
        left, here, right = flat[at - LANES], flat[at], flat[at + LANES]
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
def in_rows(spectra, rows):
    """Lay the bins of every frame next to each other.

    Parameters
    ----------
    spectra
        What `magnitudes` gives, float32 (n_groups, n_bins, ``LANES``).
    rows
        The result, float32 (n_frames, n_bins), filled.
    """
    _, n_bins, _ = spectra.shape
    flat = spectra.reshape(-1)
    for frame in range(len(rows)):
        first = frame // LANES * n_bins * LANES + frame % LANES
        for k in range(n_bins):
            rows[frame, k] = flat[first + k * LANES]


@as_written
def add_filtered(columns, plan, work, bins, firsts, lasts, real, imaginary, notes, scales, chroma):
    """Add the magnitudes of filtered spectra to the notes that the filters belong to.

    Parameters
    ----------
    columns, plan, work
        As `fourier.transform` takes them.
    bins
        The first bin that some filter weighs, and one past the last.
    firsts, lasts
        The first bin that each filter weighs, counted from the first of all, and one past its last, int64
        (n_filters,).
    real, imaginary
        The filters, float32 (n_filters, n_bins).
    notes
        The note of each filter, 0 to 11, int64 (n_filters,).
    scales
        What each filter's magnitude is multiplied with, float32 (n_filters,).
    chroma
        float32 (n_frames, 12), added to.
    """
    spectrum = np.empty((bins[1] - bins[0]) * 2 * LANES, np.float32)
    sums = np.empty((12, LANES), np.float32)
    total = sums.reshape(-1)
    nothing = spread(np.float32(0.0))
    for start in range(0, len(chroma), LANES):
        fourier.transform(columns, start, plan, work)
        for k in range(bins[0], bins[1]):
            r, i, _, _ = fourier.mirrored_pair(work, k, plan)
            store(spectrum, (k - bins[0]) * 2 * LANES, r)
            store(spectrum, (k - bins[0]) * 2 * LANES + LANES, i)
        for place in range(0, total.size, LANES):
            store(total, place, nothing)
        for number in range(len(notes)):
            r, i = nothing, nothing
            for k in range(firsts[number], lasts[number]):
                here_r, here_i = load(spectrum, k * 2 * LANES), load(spectrum, k * 2 * LANES + LANES)
                weight_r, weight_i = real[number, k], imaginary[number, k]
                r = r + here_r * weight_r - here_i * weight_i
                i = i + here_r * weight_i + here_i * weight_r
            place = notes[number] * LANES
            store(total, place, load(total, place) + root(r * r + i * i) * scales[number])
        for lane in range(min(LANES, len(chroma) - start)):
            for note in range(12):
                chroma[start + lane, note] += sums[note, lane]


@as_written
def add_power(columns, n_frames, plan, work, total):
    """Add the power spectra of frames, each divided by the sum of its squared samples.

    Parameters
    ----------
    columns, plan, work
        As `fourier.transform` takes them.
    n_frames
        How many frames count.
    total
        float64 (n_bins,), added to. A silent frame adds nothing.
    """
    last = total.size - 1
    power, shares = np.zeros(total.size * LANES, np.float32), np.empty(LANES, np.float32)
    for frame in range(0, n_frames, LANES):
        fourier.transform(columns, frame, plan, work)
        energy = spread(np.float32(0.0))
        for place in range(0, work.size, LANES):
            part = load(work, place)
            energy = energy + part * part
        store(shares, 0, energy)
        for lane in range(LANES):
            counts = shares[lane] > 0.0 and frame + lane < n_frames
            shares[lane] = last / shares[lane] if counts else 0.0
        share = load(shares, 0)
        for k in range(last // 2 + 1):
            r, i, mirrored_r, mirrored_i = fourier.mirrored_pair(work, k, plan)
            store(power, k * LANES, load(power, k * LANES) + (r * r + i * i) * share)
            if k < last - k:
                place = (last - k) * LANES
                squared = mirrored_r * mirrored_r + mirrored_i * mirrored_i
                store(power, place, load(power, place) + squared * share)
    for k in range(total.size):
        for lane in range(LANES):
            total[k] += power[k * LANES + lane]


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
    for number in range(out.size):
        begin, end = max(number * hop, 1), min((number + 1) * hop, samples.size)
        if begin < end:
            out[number] += _crossings(samples[begin - 1 : end - 1], samples[begin:end], dead_zone)


@as_written
def _crossings(before, after, dead_zone):
    count = 0
    for n in range(after.size):
        count += (before[n] < -dead_zone) != (after[n] < -dead_zone)
    return count


@as_written
def mean_of_two(block, out):
    """Mix two channels down.

    Parameters
    ----------
    block
        float32 (n_frames, 2).
    out
        float32 (n_frames,), filled.
    """
    flat = block.reshape(-1)
    for frame in range(out.size):
        out[frame] = (flat[2 * frame] + flat[2 * frame + 1]) * np.float32(0.5)
