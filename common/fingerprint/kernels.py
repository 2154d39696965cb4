"""The compiled inner loops of peaks and landmarks; they release the interpreter's lock."""

from __future__ import annotations

import numpy as np

from common.compiled import as_written
from common.lanes import LANES, above, larger, load, spread, store


@as_written
def highest_points(spectrum, n_bins, reach_frames, reach_bins, faintest, frames, bins):
    """Find the points of a spectrogram that are higher than all others in a rectangle around them.

    Of equal ones within a rectangle, the first counts.

    Parameters
    ----------
    spectrum
        The magnitudes, float32, at least 0, shape (n_frames, n_columns), n_columns a multiple of ``LANES``.
    n_bins
        How many of its columns are bins; the others are 0. Points are sought in all but the first and the
        last bin, and in no frame nearer to an end than ``reach_frames``.
    reach_frames, reach_bins
        How far the rectangle goes to either side.
    faintest
        The magnitude under which nothing is a peak.
    frames, bins
        The points, int64, with room for all, filled from the start.

    Returns
    -------
    int
        Number of points found.
    """
    n_frames, n_columns = spectrum.shape
    flat = spectrum.reshape(-1)
    along = np.zeros(spectrum.size, np.float32)
    row = np.zeros(n_columns + 4 * reach_bins + 2 * LANES, np.float32)
    for frame in range(n_frames):
        _highest_along(flat, frame * n_columns, n_columns, reach_bins, row, along)
    floor, found = spread(np.float32(faintest)), 0
    for frame in range(reach_frames, n_frames - reach_frames):
        for k in range(0, n_columns, LANES):
            here = load(flat, frame * n_columns + k)
            if not above(here, floor):
                continue
            highest = floor
            for other in range(frame - reach_frames, frame + reach_frames + 1):
                highest = larger(load(along, other * n_columns + k), highest)
            candidates = ~above(highest, here) & above(here, floor)
            for lane in range(LANES):
                if not candidates >> lane & 1 or not 0 < k + lane < n_bins - 1:
                    continue
                if _is_first(spectrum, frame, k + lane, reach_frames, reach_bins):
                    frames[found], bins[found] = frame, k + lane
                    found += 1
    return found


@as_written
def _highest_along(flat, start, n_columns, reach, row, along):
    """The highest value within reach of every column of one frame; ``row`` is room, 0 at first."""
    width, covered = 2 * reach + 1, 1
    for k in range(0, n_columns, LANES):
        store(row, reach + k, load(flat, start + k))
    # A window twice as wide is the higher one of two neighbouring windows.
    while covered < width:
        shift = min(covered, width - covered)
        for k in range(0, n_columns + reach, LANES):
            store(row, k, larger(load(row, k), load(row, k + shift)))
        covered += shift
    for k in range(0, n_columns, LANES):
        store(along, start + k, load(row, k))
    for k in range(row.size):
        row[k] = 0.0


@as_written
def _is_first(spectrum, frame, k, reach_frames, reach_bins):
    """Whether no point before this one in its rectangle is as high."""
    low, high = max(k - reach_bins, 0), min(k + reach_bins + 1, spectrum.shape[1])
    for other in range(frame - reach_frames, frame + 1):
        for j in range(low, high if other < frame else k):
            if spectrum[other, j] == spectrum[frame, k]:
                return False
    return True


@as_written
def triplets(frames, pitches, speed, shift, fan, nearest, farthest, widest, cells, keys, anchors):
    """Name every peak's triplets with two of the peaks that follow it, as if they were played at another
    speed.

    Parameters
    ----------
    frames, pitches
        The peaks, int64, shape (n_peaks,) each, frames ascending.
    speed, shift
        What times are multiplied with, and what is added to pitches.
    fan
        How many of the peaks that follow are combined, two at a time.
    nearest, farthest, widest
        From how many frames to how many, and up to how many pitches away, a peak follows.
    cells
        Pitches of a cell of the first peak, pitches of a cell of an interval, frames of a cell of a time.
    keys, anchors
        int64, room for ``n_peaks * fan * (fan - 1) // 2`` triplets, filled from the start: the name, of 32
        bits, and the frame of the first peak.

    Returns
    -------
    int
        Number of triplets.
    """
    pitch_cell, interval_cell, time_cell = cells
    found = 0
    times = np.empty(fan, np.int64)
    intervals = np.empty(fan, np.int64)
    for first in range(frames.size):
        pitch = (pitches[first] + shift) // pitch_cell
        if pitch < 0:
            continue
        n_targets = 0
        for other in range(first + 1, frames.size):
            time = int(np.rint((frames[other] - frames[first]) * speed))
            if time > farthest or n_targets == fan:
                break
            interval = pitches[other] - pitches[first]
            if time >= nearest and abs(interval) <= widest:
                times[n_targets] = time // time_cell
                intervals[n_targets] = (interval + widest) // interval_cell
                n_targets += 1
        for one in range(n_targets):
            for two in range(one + 1, n_targets):
                name = pitch
                name = name << 7 | intervals[one]
                name = name << 7 | intervals[two]
                name = name << 5 | times[one]
                name = name << 5 | times[two]
                # Scattered over 32 bits, so that any part of them is as good as another.
                name = name * 0x9E3779B1 & 0xFFFFFFFF
                name = (name ^ name >> 15) * 0x2C1B3C6D & 0xFFFFFFFF
                keys[found] = name ^ name >> 13
                anchors[found] = int(np.rint(frames[first] * speed))
                found += 1
    return found


@as_written
def coincide(frames, pitches, other_frames, other_pitches, reach_frames, reach_pitches):
    """Count the peaks that have one of others at their frame and pitch, or near them.

    Parameters
    ----------
    frames, pitches
        The peaks, float64, shape (n_peaks,) each, frames ascending.
    other_frames, other_pitches
        The others, of the same kind.
    reach_frames, reach_pitches
        How far off the other may be.

    Returns
    -------
    int
        How many have one.
    """
    begin, n_found = 0, 0
    for peak in range(frames.size):
        while begin < other_frames.size and other_frames[begin] < frames[peak] - reach_frames:
            begin += 1
        other = begin
        while other < other_frames.size and other_frames[other] <= frames[peak] + reach_frames:
            if abs(other_pitches[other] - pitches[peak]) <= reach_pitches:
                n_found += 1
                break
            other += 1
    return n_found
