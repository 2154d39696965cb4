"""The compiled inner loops of the readings; they release the interpreter's lock and are compiled once."""

from __future__ import annotations

import numpy as np

from common.compiled import as_written, reordered
from common.lanes import LANES, double, larger, load, smaller, spread, store

CHUNK, CHUNKS = 64, 8
"""Samples interpolated together when a true peak is sought, and how many times as many are passed over at
once."""


@as_written
def take_apart(block, joined, place):
    """Write the channels of a block one after the other.

    Parameters
    ----------
    block
        float32, shape (n_frames, n_channels).
    joined
        float32, shape (n_channels, n), filled from a place on.
    place
        The place.
    """
    for channel in range(block.shape[1]):
        row = joined[channel, place : place + len(block)]
        for frame in range(len(block)):
            row[frame] = block[frame, channel]


@as_written
def add_weighted_energy(left, right, first, rate, shelf, high_pass, ahead, state, energy):
    """Filter two channels twice and add their energy to the tenths of a second it falls into.

    A filter waits for its own last value. So eight frames are taken at a time: what comes out, and what the
    filters remember after them, are sums of the eight and of what they remembered before.

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
    ahead
        float64, shape (24 * ``LANES``,): what each of eight frames, then each of four remembered values, adds
        to the eight that come out; then what they add to the four that are remembered (and four unused).
    state
        float64, shape (2, ``LANES``), what the filters remember of each channel in its first four; updated.
    energy
        float64, shape (n_tenths, 2); added to.
    """
    remembered = state.reshape(-1)
    sums, now = np.empty(LANES), np.empty(LANES)
    tenth = first * 10 // rate
    begin = 0
    while begin < left.size:
        end = min(left.size, ((tenth + 1) * rate + 9) // 10 - first)
        rest = end - (end - begin) % LANES
        one, other = spread(0.0), spread(0.0)
        for frame in range(begin, rest, LANES):
            z = _eight_ahead(left, frame, ahead, remembered, 0, now)
            one = one + z * z
            z = _eight_ahead(right, frame, ahead, remembered, LANES, now)
            other = other + z * z
        store(sums, 0, one)
        energy[tenth, 0] += sums.sum() + _energy(left, rest, end, shelf, high_pass, state[0])
        store(sums, 0, other)
        energy[tenth, 1] += sums.sum() + _energy(right, rest, end, shelf, high_pass, state[1])
        begin = end
        tenth += 1


@as_written
def _eight_ahead(samples, frame, ahead, remembered, place, now):
    """What comes out of the filters at eight frames (``now``: room); what they remember is updated."""
    out, after = spread(0.0), spread(0.0)
    store(now, 0, double(load(samples, frame)))
    for number in range(LANES):
        x = now[number]
        out = out + load(ahead, number * LANES) * x
        after = after + load(ahead, (number + 12) * LANES) * x
    for number in range(4):
        x = remembered[place + number]
        out = out + load(ahead, (number + 8) * LANES) * x
        after = after + load(ahead, (number + 20) * LANES) * x
    store(remembered, place, after)
    return out


@as_written
def _energy(samples, begin, end, shelf, high_pass, state):
    """Energy of some frames after the filters, one by one."""
    b0, b1, b2, a1, a2 = shelf
    c0, c1, c2, d1, d2 = high_pass
    total = 0.0
    for frame in range(begin, end):
        x = np.float64(samples[frame])
        y = b0 * x + state[0]
        state[0] = b1 * x - a1 * y + state[1]
        state[1] = b2 * x - a2 * y
        z = c0 * y + state[2]
        state[2] = c1 * y - d1 * z + state[3]
        state[3] = c2 * y - d2 * z
        total += z * z
    return total


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
    sums, extremes = np.empty(CHUNK, np.float32), np.empty(2 * LANES, np.float32)
    highest = np.float32(peak)
    n_places = samples.size - n_taps + 1
    for begin in range(0, n_places, CHUNKS * CHUNK):
        end = min(begin + CHUNKS * CHUNK, n_places)
        highest, may_exceed = _bound(samples[begin : end + n_taps - 1], n_taps, bend_share, highest, extremes)
        if not may_exceed:
            continue
        for start in range(begin, end, CHUNK):
            n = min(CHUNK, end - start)
            piece = samples[start : start + n + n_taps - 1]
            if not _bound(piece, n_taps, bend_share, highest, extremes)[1]:
                continue
            for phase in range(n_phases):
                for i in range(n):
                    sums[i] = 0.0
                for tap in range(0, n_taps, 4):  # four at a time: one pass over `sums` instead of four
                    w0, w1, w2, w3 = phases[phase, tap : tap + 4]
                    part = piece[tap : tap + n + 3]
                    for i in range(n):
                        sums[i] += w0 * part[i] + w1 * part[i + 1] + w2 * part[i + 2] + w3 * part[i + 3]
                highest = max(highest, _largest(sums[:n], extremes))
    return highest


@as_written
def _bound(piece, n_taps, bend_share, highest, extremes):
    """The highest magnitude with that of some samples, and whether a value between them may exceed it."""
    largest = _largest(piece[n_taps // 2 - 1 : piece.size - n_taps // 2 + 1], extremes)
    highest = max(highest, largest)
    return highest, largest + bend_share * _sharpest_bend(piece, extremes) > highest


@as_written
def _largest(values, extremes):
    """The largest magnitude among float32 values; ``extremes`` is room for the lanes'."""
    high = low = spread(np.float32(0.0))
    for i in range(0, values.size - LANES + 1, LANES):
        value = load(values, i)
        high, low = larger(value, high), smaller(value, low)
    largest = _farthest(high, low, extremes)
    for i in range(values.size - values.size % LANES, values.size):
        largest = max(largest, abs(values[i]))
    return largest


@as_written
def _sharpest_bend(values, extremes):
    """The largest magnitude of a second difference of float32 values."""
    high = low = spread(np.float32(0.0))
    n, two = values.size - 2, np.float32(2.0)
    for i in range(0, n - LANES + 1, LANES):
        bend = load(values, i) - load(values, i + 1) * two + load(values, i + 2)
        high, low = larger(bend, high), smaller(bend, low)
    sharpest = _farthest(high, low, extremes)
    for i in range(max(n - n % LANES, 0), n):
        sharpest = max(sharpest, abs(values[i] - two * values[i + 1] + values[i + 2]))
    return sharpest


@as_written
def _farthest(high, low, extremes):
    """The largest magnitude among the highest and the lowest values of the lanes; ``extremes`` is room."""
    store(extremes, 0, high)
    store(extremes, LANES, low)
    farthest = np.float32(0.0)
    for extreme in extremes:
        farthest = max(farthest, abs(extreme))
    return farthest


@reordered
def cell_energies(samples, cell, low_share, mid_share, high_share, middle, high):
    """Add up the energy of two frequency bands in cells of a few samples.

    Every border of a band is two one-pole filters in a row, 12 dB per octave.

    Parameters
    ----------
    samples
        The samples of the song, float32, shape (n,).
    cell
        Samples in a cell.
    low_share, mid_share, high_share
        How far a low-pass moves to a new sample, 0 to 1: at the lower and at the upper border of the middle
        band, and at the lower border of the high band.
    middle, high
        float32, shape (n_cells,), filled.
    """
    u1, u2, l1, l2, h1, h2 = np.zeros(6, np.float32)
    low, mid, top = np.float32(low_share), np.float32(mid_share), np.float32(high_share)
    for number in range(middle.size):
        in_middle, in_high = np.float32(0.0), np.float32(0.0)
        for i in range(number * cell, (number + 1) * cell):
            x = samples[i]
            u1 += mid * (x - u1)
            u2 += mid * (u1 - u2)
            l1 += low * (u2 - l1)
            once = u2 - l1
            l2 += low * (once - l2)
            twice = once - l2
            in_middle += twice * twice
            h1 += top * (x - h1)
            once = x - h1
            h2 += top * (once - h2)
            twice = once - h2
            in_high += twice * twice
        middle[number] = in_middle
        high[number] = in_high


@as_written
def hit_curve(level, now, before, after):
    """How much louder every moment is than what comes before it and after it.

    Parameters
    ----------
    level
        The level of each moment, a magnitude of samples, float32, shape (n,).
    now, before, after
        First value and one past the last of the stretches compared, counted from the moment. An empty
        ``after`` is not compared.

    Returns
    -------
    ndarray
        float32, shape (n,), at least 0.
    """
    n = level.size
    running = np.zeros(n + 1)
    for i in range(n):
        running[i + 1] = running[i] + level[i]
    curve = np.zeros(n, np.float32)
    for i in range(n):
        others = max(_mean_of(running, i, before), _mean_of(running, i, after))
        curve[i] = max(0.0, _mean_of(running, i, now) - others)
    return curve


@as_written
def _mean_of(running, i, stretch):
    """Mean of a stretch around place ``i``, from running sums; 0 for an empty one."""
    length, n = stretch[1] - stretch[0], running.size - 1
    if length <= 0:
        return 0.0
    first, last = min(max(i + stretch[0], 0), n), min(max(i + stretch[1], 0), n)
    return (running[last] - running[first]) / length


@as_written
def find_peaks(curve, apart, neighbourhood, share, floor):
    """Pick the peaks of a curve that are alone and stand out.

    Parameters
    ----------
    curve
        The curve whose peaks are sought, float32, shape (n,).
    apart
        Values on either side than which a peak must not be lower.
    neighbourhood
        Values on either side whose highest a peak is measured against, give or take `CHUNK`.
    share, floor
        A peak must exceed this share of that highest value, and this value.

    Returns
    -------
    places, strengths
        float64, shape (n_peaks,): where the parabola through a peak and its neighbours is highest, and the
        peak against the highest value around it.
    """
    n = curve.size
    n_chunks = (n + CHUNK - 1) // CHUNK
    highest = np.zeros(n_chunks, np.float32)
    for i in range(n):
        highest[i // CHUNK] = max(highest[i // CHUNK], curve[i])
    around = np.zeros(n_chunks, np.float32)
    reach = max(1, neighbourhood // CHUNK)
    for chunk in range(n_chunks):
        for other in range(max(0, chunk - reach), min(n_chunks, chunk + reach + 1)):
            around[chunk] = max(around[chunk], highest[other])
    places, strengths = np.empty(n // 2 + 1), np.empty(n // 2 + 1)
    found = 0
    for i in range(1, n - 1):
        here = curve[i]
        if here <= curve[i - 1] or here < curve[i + 1] or here <= max(floor, share * around[i // CHUNK]):
            continue
        alone = True
        for other in range(max(0, i - apart), min(n, i + apart + 1)):
            if curve[other] > here:
                alone = False
                break
        if alone:
            left, centre, right = np.float64(curve[i - 1]), np.float64(here), np.float64(curve[i + 1])
            places[found] = i + 0.5 * (left - right) / (left - 2 * centre + right)
            strengths[found] = centre / around[i // CHUNK]
            found += 1
    return places[:found].copy(), strengths[:found].copy()


@as_written
def best_phase(times, strengths, period, tolerance, n_phases):
    """The phase, 0 to ``period``, at which beats catch the most strength of hits.

    Parameters
    ----------
    times, strengths
        When the hits are, in seconds, and how strong, float64, shape (n_hits,).
    period, tolerance
        Seconds from beat to beat, and from a beat to the farthest hit it catches.
    n_phases
        Places in a period that hits are sorted into.
    """
    width = max(1, round(tolerance / period * n_phases))
    counts = np.zeros(n_phases)
    for i in range(times.size):
        counts[int(times[i] / period % 1.0 * n_phases) % n_phases] += strengths[i]
    caught = 0.0
    for phase in range(-width, width + 1):
        caught += counts[phase % n_phases]
    most, best = caught, 0
    for phase in range(1, n_phases):
        caught += counts[(phase + width) % n_phases] - counts[(phase - width - 1) % n_phases]
        if caught > most * (1 + 1e-12):
            most, best = caught, phase
    centre, total = 0.0, 1e-12
    for shift in range(-width, width + 1):
        centre += counts[(best + shift) % n_phases] * shift
        total += counts[(best + shift) % n_phases]
    return (best + centre / total + 0.5) / n_phases % 1.0 * period


@as_written
def _upper_fifth(values):
    """Quantile 0.8 of float64 values, shape (n,), straight between neighbours; a few dozen at most.

    numba's own ``quantile`` takes three seconds to compile.
    """
    ordered = values.copy()
    for i in range(1, ordered.size):
        value, place = ordered[i], i
        while place > 0 and ordered[place - 1] > value:
            ordered[place] = ordered[place - 1]
            place -= 1
        ordered[place] = value
    place = 0.8 * (ordered.size - 1)
    below = int(place)
    above = min(below + 1, ordered.size - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


@as_written
def window_fit(times, strengths, period, tolerance, n_phases):
    """F-measure of beats against hits: strength on beats of all strength, and beats that are hit of all.

    Parameters are those of `best_phase`; the hits are ascending, at least one.
    """
    offset = best_phase(times, strengths, period, tolerance, n_phases)
    first = round((times[0] - offset) / period)
    strongest = np.zeros(round((times[-1] - offset) / period) - first + 1)
    on, total = 0.0, 0.0
    low, high = strongest.size, -1
    for i in range(times.size):
        index = round((times[i] - offset) / period)
        total += strengths[i]
        if abs(times[i] - offset - index * period) <= tolerance:
            on += strengths[i]
            strongest[index - first] = max(strongest[index - first], strengths[i])
            low, high = min(low, index - first), max(high, index - first)
    if on <= 0:
        return 0.0
    n_beats = max(high - low + 1, int((times[-1] - times[0]) / period))
    reference = max(_upper_fifth(strongest[low : high + 1]), 1e-9)
    recall = 0.0
    for strength in strongest:
        recall += min(1.0, strength / reference)
    recall /= n_beats
    precision = on / total
    return 2 * precision * recall / (precision + recall)
