"""How far the spectral peaks of two songs coincide where they run alike, and whether anywhere else as far.

Songs with the same notes share some peaks by that alone, and songs over one loop of chords share them
wherever the loop comes round. A recording that went into both shares them at one place only. So the peaks of
a passage are looked for twice: where the alignment expects them, and as far off from there by every other
number of seconds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from common.fingerprint.alignment import Passage
from common.fingerprint.sequences import FRAME_RATE, STEPS, Peaks

FRAMES_NEAR, PITCHES_NEAR = 20, 10
"""Frames and pitches around where an alignment expects a peak in the other song."""

OFF = 2
"""Frames and pitches by which peaks that coincide may be off, for speed and key are read a little off."""

WINDOW, FEWEST_PEAKS = 8.0, 20
"""Seconds of a passage that are moved as a whole, and peaks that must be in them."""

CELL = 43
"""Frames (1 s) of which the one counts that most of a window's peaks are moved by: over a passage, a speed
that is read a little off adds up to some frames."""


@dataclass(frozen=True)
class SharedPeaks:
    """Peaks that two songs share along the passages in which they run alike.

    Attributes
    ----------
    share
        Share of the peaks that coincide, of the song that has fewer there, 0 to 1.
    beyond
        How much more of them coincide there than at the best of all other places: 1 if all do and elsewhere
        none, 0 or less if elsewhere as many do. A kappa, as in `identification.Place`, with the other places
        for chance.
    """

    share: float
    beyond: float


def shared_peaks(one: Peaks, other: Peaks, passages: Sequence[Passage], semitones: int) -> SharedPeaks:
    """Compare the peaks of two songs along passages, at the other's key and speed.

    Parameters
    ----------
    one, other
        Peaks of both songs.
    passages
        Where they run alike, at least one.
    semitones
        How many semitones the other lies higher.
    """
    higher = semitones * STEPS // 12
    found = [_coinciding(one, other, part, higher) for part in passages]
    shared, in_one, in_other, _ = np.array(found).sum(axis=0)
    share = float(min(1.0, shared / max(1, min(in_one, in_other))))
    windows = [
        window
        for part, (*_, above) in zip(passages, found, strict=True)
        for window in _windows(one, other, part, higher + above)
    ]
    return SharedPeaks(share, _beyond(np.array(windows)) if windows else 0.0)


def _expected(one: Peaks, part: Passage, start: float, end: float) -> tuple[np.ndarray, np.ndarray]:
    """Frames where peaks of a stretch of a passage are expected in the other song, and their own pitches."""
    inside = _between(one.frames, start, end)
    middle, other_middle = (part.start + part.end) / 2, (part.other_start + part.other_end) / 2
    moved = other_middle * FRAME_RATE + (one.frames[inside] - middle * FRAME_RATE) / part.speed
    return np.rint(moved).astype(int), one.pitches[inside]


def _between(frames: np.ndarray, start: float, end: float) -> np.ndarray:
    return (frames >= start * FRAME_RATE) & (frames < end * FRAME_RATE)


def _pairs(values: np.ndarray, others: np.ndarray, near: int) -> tuple[np.ndarray, np.ndarray]:
    """Places of values and of others, which are in order, that differ by at most so much."""
    first = np.searchsorted(others, values - near)
    number = np.searchsorted(others, values + near, "right") - first
    source = np.repeat(np.arange(len(values)), number)
    return source, np.arange(len(source)) + np.repeat(first - np.cumsum(number) + number, number)


def _coinciding(one: Peaks, other: Peaks, part: Passage, higher: int) -> tuple[int, int, int, int]:
    """Peaks of a passage that both have, that the one has, and the other; how much higher they are still."""
    frames, pitches = _expected(one, part, part.start, part.end)
    source, target = _pairs(frames, other.frames, FRAMES_NEAR)
    late = other.frames[target] - frames[source]
    above = other.pitches[target] - pitches[source] - higher
    is_near = np.abs(above) <= PITCHES_NEAR
    found = np.zeros((2 * FRAMES_NEAR + 1, 2 * PITCHES_NEAR + 1), int)
    np.add.at(found, (late[is_near] + FRAMES_NEAR, above[is_near] + PITCHES_NEAR), 1)
    width = 2 * OFF + 1
    sums = np.lib.stride_tricks.sliding_window_view(found, (width, width)).sum(axis=(2, 3))
    best = int(sums.max(axis=0).argmax()) - PITCHES_NEAR + OFF
    there = _between(other.frames, part.other_start, part.other_end)
    return int(sums.max()), len(frames), int(there.sum()), best


def _windows(one: Peaks, other: Peaks, part: Passage, higher: int) -> Iterator[np.ndarray]:
    """Of every window of a passage the share of peaks that coincide if it is moved by each cell of frames.

    All windows have as many cells, the one that is expected in their middle; where a window would be moved
    out of the song, that is NaN.
    """
    order = np.argsort(other.pitches, kind="stable")
    pitches, frames, n_frames = other.pitches[order], other.frames[order], int(other.frames.max(initial=0))
    edges = np.linspace(part.start, part.end, max(1, int(part.length / WINDOW)) + 1)
    for start, end in pairwise(edges):
        expected, own = _expected(one, part, start, end)
        if len(expected) < FEWEST_PEAKS:
            continue
        source, target = _pairs(own + higher, pitches, OFF)
        yield _moved(frames[target] - expected[source], float(np.median(expected)), n_frames) / len(expected)


def _moved(lags: np.ndarray, middle: float, n_frames: int) -> np.ndarray:
    """How many peaks coincide if they are moved by each cell of frames, at the best frame of it.

    Parameters
    ----------
    lags
        Frames from peaks to others of their pitch.
    middle
        The frame around which they lie.
    n_frames
        How many frames there are to be moved to.
    """
    n_cells = n_frames // CELL + 1
    most = n_cells * CELL + CELL // 2 + OFF
    counts = np.bincount(lags[np.abs(lags) <= most] + most, minlength=2 * most + 1)
    near = np.convolve(counts, np.ones(2 * OFF + 1, int), "valid").reshape(-1, CELL).max(axis=1)
    there = middle + np.arange(-n_cells, n_cells + 1) * CELL
    return np.where((there >= 0) & (there < n_frames), near, np.nan)


def _beyond(shares: np.ndarray) -> float:
    """The kappa of shares, shape (n_windows, n_cells), with the cells beside the middle one for chance."""
    is_there = np.isfinite(shares)
    means = np.nansum(shares, axis=0) / np.maximum(1, is_there.sum(axis=0))
    means[is_there.sum(axis=0) < len(shares) / 2] = 0.0
    middle = len(means) // 2
    here, elsewhere = means[middle], max(means[:middle].max(initial=0), means[middle + 1 :].max(initial=0))
    return float((here - elsewhere) / (1 - elsewhere)) if elsewhere < 1 else 0.0
