"""Fourier transforms of eight overlapping frames at once, each in a lane of its own.

Conventions
-----------
Frames lie side by side: element ``n`` of eight frames is eight neighbours in memory. Where frames overlap
this costs nothing: `lay_out` writes the samples in columns of a hop each, and element ``n`` of successive
frames is then a stretch of one row. A transform of ``n`` real samples is one of ``n / 2`` complex ones; its
work array holds eight real parts, then eight imaginary parts, for every complex number. It is done in place,
which leaves the results in digit-reversed order; since every result is a whole vector, finding them costs
nothing either.

Source: J. W. Cooley, J. W. Tukey, Math. Comput. 19 (1965), in radix 4, decimation in frequency.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from common.compiled import as_written
from common.lanes import LANES, load, rounded_for, store

_TILE = 16
"""Rows that are laid out together: as many float32 as a line of the processor's cache holds."""


class Plan(NamedTuple):
    """What a transform of real samples needs to know.

    Attributes
    ----------
    window
        What the samples are weighted with, shape (n,), in the precision that is calculated in.
    cosines, sines
        Of the angles of the n/2-th roots of one, shape (n / 2,).
    half_cosines, half_sines
        Of those of the n-th roots, from 0 to half a turn, shape (n / 2,).
    places
        Where the complex number of each frequency lies in the work array, int64, shape (n / 2 + 1,); the
        last is the first again.
    """

    window: np.ndarray
    cosines: np.ndarray
    sines: np.ndarray
    half_cosines: np.ndarray
    half_sines: np.ndarray
    places: np.ndarray


def plan(window: np.ndarray) -> Plan:
    """Plan transforms of frames as long as their window, which is a power of two from 8 on."""
    half = window.size // 2
    roots = np.exp(-1j * np.pi * np.arange(half) / half)
    even = np.concatenate([roots[::2], -roots[::2]])
    places = np.empty(half + 1, np.int64)
    places[_order(half)] = np.arange(half) * 2 * LANES
    places[-1] = places[0]
    cosines, sines, half_cosines, half_sines = (
        part.astype(window.dtype) for part in (even.real, even.imag, roots.real, roots.imag)
    )
    return Plan(window, cosines, sines, half_cosines, half_sines, places)


def work_array(plan: Plan) -> np.ndarray:
    """An array for eight frames, of no content yet."""
    return np.empty(plan.window.size * LANES, plan.window.dtype)


def in_columns(samples: np.ndarray, frames: range, length: int, hop: int) -> np.ndarray:
    """Lay out the samples of some centred frames.

    Parameters
    ----------
    samples
        The song, float32, shape (n_samples,).
    frames
        Which frames; frame ``i`` is centred on sample ``i * hop``.
    length, hop
        The number of samples in a frame, and from one to the next, which divides it.

    Returns
    -------
    ndarray
        float32, shape (hop, n_columns), as `lay_out` writes it, for whole groups of eight frames.
    """
    columns = np.empty((hop, n_groups(len(frames)) * LANES + length // hop - 1), np.float32)
    lay_out(samples, frames.start * hop - length // 2, hop, columns)
    return columns


def n_groups(n_frames: int) -> int:
    """How many groups of eight some frames are; the last may have lanes to spare."""
    return -(-n_frames // LANES)


def _order(length: int) -> np.ndarray:
    """The frequency that a transform in place leaves at each place."""
    if length == 1:
        return np.zeros(1, np.int64)
    parts = 4 if length >= 4 else 2
    rest = parts * _order(length // parts)
    return np.concatenate([rest + part for part in range(parts)])


@as_written
def lay_out(samples, first, hop, columns):
    """Write samples in columns of a hop each, with zeros beyond both ends.

    Parameters
    ----------
    samples
        float32, shape (n_samples,).
    first
        The sample that the first column begins with; may be negative.
    hop
        Samples in a column, a power of two.
    columns
        float32, shape (hop, n_columns), filled.
    """
    n_columns = columns.shape[1]
    flat = columns.reshape(-1)
    for top in range(0, hop, _TILE):
        n_rows = min(_TILE, hop - top)
        for column in range(n_columns):
            begin, place = first + column * hop + top, top * n_columns + column
            if 0 <= begin <= samples.size - n_rows:
                for row in range(n_rows):
                    flat[place + row * n_columns] = samples[begin + row]
            else:
                for row in range(n_rows):
                    inside = 0 <= begin + row < samples.size
                    flat[place + row * n_columns] = samples[begin + row] if inside else np.float32(0.0)


@as_written
def transform(columns, frame, plan, work):
    """Transform eight frames; `mirrored_pair` tells the results.

    Parameters
    ----------
    columns
        What `lay_out` wrote.
    frame
        Which frame the first of the eight is.
    plan
        What `plan` made.
    work
        The work array, filled.
    """
    hop, n_columns = columns.shape
    flat, length = columns.reshape(-1), plan.cosines.size
    shift = 0
    while 1 << shift < hop:
        shift += 1
    apart = length // 4 * 2
    for n in range(length // 4):
        first = 2 * n
        a = _sample_pair(flat, shift, n_columns, first, frame, plan.window, work)
        b = _sample_pair(flat, shift, n_columns, first + apart, frame, plan.window, work)
        c = _sample_pair(flat, shift, n_columns, first + 2 * apart, frame, plan.window, work)
        d = _sample_pair(flat, shift, n_columns, first + 3 * apart, frame, plan.window, work)
        _turn(a, b, c, d, n, plan.cosines, plan.sines, work, first * LANES, apart * LANES)
    # Each quarter on its own, so that it stays in the processor's nearest cache.
    quarter = length // 4
    for begin in range(0, length, quarter):
        size = quarter
        while size >= 4:
            _split(work, begin, begin + quarter, size, plan.cosines, plan.sines)
            size //= 4
        if size == 2:
            _split_in_two(work, begin, begin + quarter)


@as_written
def _sample_pair(flat, shift, n_columns, sample, frame, window, work):
    """Two successive samples of eight frames, weighted, as real and imaginary part."""
    last_row, following = (1 << shift) - 1, sample + 1
    place = (sample & last_row) * n_columns + (sample >> shift) + frame
    next_place = (following & last_row) * n_columns + (following >> shift) + frame
    real, imaginary = load(flat, place), load(flat, next_place)
    return rounded_for(real, work) * window[sample], rounded_for(imaginary, work) * window[sample + 1]


@as_written
def _split(work, begin, end, size, cosines, sines):
    """Turn every transform of a size into four of a quarter of it."""
    apart = size // 4 * 2 * LANES
    step = cosines.size // size
    for n in range(size // 4):
        for first in range((begin + n) * 2 * LANES, end * 2 * LANES, size * 2 * LANES):
            a = load(work, first), load(work, first + LANES)
            b = load(work, first + apart), load(work, first + apart + LANES)
            c = load(work, first + 2 * apart), load(work, first + 2 * apart + LANES)
            d = load(work, first + 3 * apart), load(work, first + 3 * apart + LANES)
            _turn(a, b, c, d, n * step, cosines, sines, work, first, apart)


@as_written
def _turn(a, b, c, d, turn, cosines, sines, work, first, apart):
    """Transform four complex numbers, and turn the results by an angle, its double and its treble."""
    cos1, sin1 = cosines[turn], sines[turn]
    cos2, sin2 = cosines[2 * turn], sines[2 * turn]
    cos3, sin3 = cosines[3 * turn], sines[3 * turn]
    second, third, fourth = first + apart, first + 2 * apart, first + 3 * apart
    sum_r, sum_i, difference_r, difference_i = a[0] + c[0], a[1] + c[1], a[0] - c[0], a[1] - c[1]
    other_r, other_i, turned_r, turned_i = b[0] + d[0], b[1] + d[1], b[1] - d[1], d[0] - b[0]
    store(work, first, sum_r + other_r)
    store(work, first + LANES, sum_i + other_i)
    r, i = difference_r + turned_r, difference_i + turned_i
    store(work, second, r * cos1 - i * sin1)
    store(work, second + LANES, r * sin1 + i * cos1)
    r, i = sum_r - other_r, sum_i - other_i
    store(work, third, r * cos2 - i * sin2)
    store(work, third + LANES, r * sin2 + i * cos2)
    r, i = difference_r - turned_r, difference_i - turned_i
    store(work, fourth, r * cos3 - i * sin3)
    store(work, fourth + LANES, r * sin3 + i * cos3)


@as_written
def _split_in_two(work, begin, end):
    """Finish transforms of two numbers."""
    for first in range(begin * 2 * LANES, end * 2 * LANES, 4 * LANES):
        for part in range(first, first + 2 * LANES, LANES):
            one, other = load(work, part), load(work, part + 2 * LANES)
            store(work, part, one + other)
            store(work, part + 2 * LANES, one - other)


@as_written
def mirrored_pair(work, k, plan):
    """What the frames have at a frequency, and at as far below the highest.

    Parameters
    ----------
    work
        What `transform` left.
    k
        The frequency, from 0 to a quarter of a frame's length.
    plan
        What `plan` made.

    Returns
    -------
    tuple
        Real and imaginary part at ``k``; real part and the opposite of the imaginary one at ``n / 2 - k``.
    """
    low, high = plan.places[k], plan.places[plan.places.size - 1 - k]
    ar, ai = load(work, low), load(work, low + LANES)
    br, bi = load(work, high), load(work, high + LANES)
    half = plan.half_cosines[0] / 2
    even_r, even_i = (ar + br) * half, (ai - bi) * half
    odd_r, odd_i = (ai + bi) * half, (br - ar) * half
    cos, sin = plan.half_cosines[k], plan.half_sines[k]
    turned_r, turned_i = odd_r * cos - odd_i * sin, odd_r * sin + odd_i * cos
    return even_r + turned_r, even_i + turned_i, even_r - turned_r, even_i - turned_i
