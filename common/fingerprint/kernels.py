"""The compiled inner loops of peaks and landmarks; they release the interpreter's lock."""

from __future__ import annotations

import numpy as np

from common.compiled import as_written


@as_written
def highest_around(spectrum, frames, bins, reach_frames, reach_bins, is_highest):
    """Tell which points of a spectrogram are higher than all others in a rectangle around them.

    Of equal ones within a rectangle, the first counts.

    Parameters
    ----------
    spectrum
        The magnitudes, float32, shape (n_frames, n_bins).
    frames, bins
        The points, int64, shape (n_points,) each, no frame nearer to an end than ``reach_frames``.
    reach_frames, reach_bins
        How far the rectangle goes to either side.
    is_highest
        The answers, bool, shape (n_points,), filled.
    """
    for point in range(frames.size):
        frame, k = frames[point], bins[point]
        here = spectrum[frame, k]
        low, high = max(k - reach_bins, 0), min(k + reach_bins + 1, spectrum.shape[1])
        is_above = True
        for other in range(frame - reach_frames, frame + reach_frames + 1):
            for j in range(low, high):
                value = spectrum[other, j]
                comes_before = other < frame or (other == frame and j < k)
                if value > here or (value == here and comes_before):
                    is_above = False
                    break
            if not is_above:
                break
        is_highest[point] = is_above


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
