"""The compiled inner loops of the readings; they release the interpreter's lock and are compiled once."""

from __future__ import annotations

import numpy as np

from common.compiled import as_written, reordered

CHUNK = 64
"""Samples interpolated together when a true peak is sought."""


@as_written
def add_weighted_energy(left, right, first, rate, shelf, high_pass, state, energy):
    """Filter two channels twice and add their energy to the tenths of a second it falls into.

    Two channels side by side keep the processor busy while each filter waits for its own last value.

    Parameters
    ----------
    left, right
        float32, shape (n_frames,) each.
    first
        Number of frames before these.
    rate
        Frames in a second.
    shelf, high_pass
        float64, shape (5,) each: b0, b1, b2, a1, a2 of a biquad.
    state
        float64, shape (2, 4), what the filters remember of each channel; updated.
    energy
        float64, shape (n_tenths, 2); added to.
    """
    b0, b1, b2, a1, a2 = shelf
    c0, c1, c2, d1, d2 = high_pass
    s1, s2, t1, t2 = state[0]
    u1, u2, v1, v2 = state[1]
    tenth = first * 10 // rate
    begin = 0
    while begin < left.size:
        end = min(left.size, ((tenth + 1) * rate + 9) // 10 - first)
        one, other = 0.0, 0.0
        for frame in range(begin, end):
            x = np.float64(left[frame])
            y = b0 * x + s1
            s1 = b1 * x - a1 * y + s2
            s2 = b2 * x - a2 * y
            z = c0 * y + t1
            t1 = c1 * y - d1 * z + t2
            t2 = c2 * y - d2 * z
            one += z * z
            x = np.float64(right[frame])
            y = b0 * x + u1
            u1 = b1 * x - a1 * y + u2
            u2 = b2 * x - a2 * y
            z = c0 * y + v1
            v1 = c1 * y - d1 * z + v2
            v2 = c2 * y - d2 * z
            other += z * z
        energy[tenth, 0] += one
        energy[tenth, 1] += other
        begin = end
        tenth += 1
    state[0, 0], state[0, 1], state[0, 2], state[0, 3] = s1, s2, t1, t2
    state[1, 0], state[1, 1], state[1, 2], state[1, 3] = u1, u2, v1, v2


@reordered
def highest_between(samples, phases, bend_share, peak):
    """Find the highest magnitude of a signal and of its values between the samples.

    A value between two samples lies on the straight line between them, give or take a share of the
    sharpest bend (second difference) among its neighbours. Where that cannot exceed what was found
    already, nothing is interpolated.

    Parameters
    ----------
    samples
        float32, shape (n,); values are sought between the samples ``n_taps / 2 - 1`` from either end.
    phases
        float32, shape (n_phases, n_taps): one interpolating filter per place between two samples.
    bend_share
        Most that a value departs from the straight line, as a multiple of the sharpest bend.
    peak
        The highest magnitude before.

    Returns
    -------
    float
        The larger of ``peak`` and what is found here.
    """
    n_phases, n_taps = phases.shape
    sums = np.empty(CHUNK, np.float32)
    highest = np.float32(peak)
    for start in range(0, samples.size - n_taps + 1, CHUNK):
        n = min(CHUNK, samples.size - n_taps + 1 - start)
        piece = samples[start : start + n + n_taps - 1]
        middle = piece[n_taps // 2 - 1 : n_taps // 2 + n]
        largest, bend = np.float32(0.0), np.float32(0.0)
        for i in range(middle.size):
            largest = max(largest, abs(middle[i]))
        for i in range(piece.size - 2):
            bend = max(bend, abs(piece[i] - np.float32(2.0) * piece[i + 1] + piece[i + 2]))
        highest = max(highest, largest)
        if largest + bend_share * bend <= highest:
            continue
        for phase in range(n_phases):
            sums[:] = 0.0
            for tap in range(0, n_taps, 4):  # four at a time: one pass over `sums` instead of four
                w0, w1, w2, w3 = phases[phase, tap : tap + 4]
                part = piece[tap : tap + n + 3]
                for i in range(n):
                    sums[i] += w0 * part[i] + w1 * part[i + 1] + w2 * part[i + 2] + w3 * part[i + 3]
            for i in range(n):
                highest = max(highest, abs(sums[i]))
    return highest
