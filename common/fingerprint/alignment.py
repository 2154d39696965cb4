"""Where two songs run alike: their chroma compared note by note, in any key, at about the same speed.

Conventions
-----------
A *contour* is what changes in a song's chroma: float32, shape (n_columns, 12), `RATE` columns a second, each
the chroma less its mean over the quarter of a minute around it, 0 in silence. A held chord is thus nothing
and resembles nothing. How alike two contours are at two moments is the correlation of `SPAN` around them,
-1 to 1. A *key* is how many semitones the other song lies higher, 0 to 11.

Sources: M. Müller, F. Kurth, M. Clausen, "Audio matching via chroma-based statistical features", ISMIR 2005
(correlation of smoothed chroma); J. Serrà, E. Gómez, P. Herrera, "Transposing chroma representations to a
common key", IEEE CS 2008 (keys tried out); for the paths see `alignment_kernels`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import uniform_filter1d

from common.fingerprint.alignment_kernels import best_path, diagonal_sums, highest_correlation

RATE = 4.0
"""Columns of a contour in a second."""

AROUND, SMOOTH = 15.0, 0.75
"""Seconds whose mean is taken away from a chroma, and whose mean replaces it."""

SPAN, SHORT_SPAN = 10.0, 5.0
"""Seconds that are compared around a moment: to find out the key, and along a path, which may bend."""

FLOOR = 0.02
"""Mean square of a contour's column under which nothing happens: what is alike there says little."""

ALIKE = 0.6
"""Correlation from which a path gains."""

SIDESTEP = 0.3
"""What a path loses by each row or column that it skips."""

BENT, BEND = 0.2, 10.0
"""Change of speed within so many seconds from which a path is cut there: it changes from one repetition of
the music to another."""

FEWEST_SECONDS = 6.0
"""Seconds of a path that is looked for, if its correlation were 1."""

MOST_PASSAGES = 8
"""Paths that are looked for between two songs."""

SAME_LINE, BRIDGED = 1.0, 20.0
"""Two passages are one if the second goes on where the first would have come to, give or take so many
seconds, after at most so many seconds of something else."""


@dataclass(frozen=True)
class Passage:
    """A stretch of one song that runs as a stretch of another does.

    Attributes
    ----------
    start, end
        Where it lies in the one song, in seconds.
    other_start, other_end
        Where it lies in the other.
    speed
        How many times as fast the other song runs there.
    evidence
        Seconds of perfect agreement that are worth as much as its correlations above `ALIKE`.
    """

    start: float
    end: float
    other_start: float
    other_end: float
    speed: float
    evidence: float

    @property
    def length(self) -> float:
        """Seconds in the one song."""
        return self.end - self.start

    @property
    def other_length(self) -> float:
        """Seconds in the other."""
        return self.other_end - self.other_start


def contour(chroma: np.ndarray, step: float, speed: float = 1.0) -> np.ndarray:
    """What changes in a chroma.

    Parameters
    ----------
    chroma
        Of any unit, shape (n_steps, 12); all 0 where a step is silent.
    step
        Seconds of a step.
    speed
        The contour is that of the song played so many times as fast.

    Returns
    -------
    ndarray
        A contour; see the module's conventions.
    """
    columns = np.arange(0, len(chroma) * step * RATE / speed) * speed / (RATE * step)
    before = np.minimum(columns.astype(int), len(chroma) - 1)
    after = np.minimum(before + 1, len(chroma) - 1)
    share = (columns - before).astype(np.float32)[:, np.newaxis]
    level = np.sqrt(chroma / np.float32(max(chroma.max(), 1)), dtype=np.float32)
    level -= level.mean(axis=1, keepdims=True)
    level = (1 - share) * level[before] + share * level[after]
    is_heard = (chroma.max(axis=1) > 0)[before].astype(np.float32)
    around = round(AROUND * RATE)
    heard_around = uniform_filter1d(is_heard, around, mode="constant")
    mean = uniform_filter1d(level, around, axis=0, mode="constant")
    level -= mean / np.maximum(heard_around, 1 / around)[:, np.newaxis]
    level *= is_heard[:, np.newaxis]
    return uniform_filter1d(level, round(SMOOTH * RATE), axis=0, mode="constant")


def halved(contour: np.ndarray) -> np.ndarray:
    """A contour with half as many columns: means of two."""
    whole = len(contour) // 2
    return contour[: 2 * whole].reshape(whole, 2, 12).mean(axis=1)


def _energy(contour: np.ndarray, half: int) -> np.ndarray:
    """Sum of squares over as many columns before as behind, shape (n_columns,)."""
    squares = np.concatenate([np.zeros(half), (contour**2).sum(axis=1), np.zeros(half)])
    running = np.concatenate([[0.0], np.cumsum(squares)])
    return (running[2 * half + 1 :] - running[: -2 * half - 1]).astype(np.float32)


def correlations(one: np.ndarray, other: np.ndarray, key: int, half: int) -> np.ndarray:
    """How alike two contours are at every pair of moments.

    Parameters
    ----------
    one, other
        Contours of any rate.
    key
        How many semitones the other lies higher.
    half
        Columns before and behind a moment that are compared.

    Returns
    -------
    ndarray
        float32, shape (n_columns of one, n_columns of other), -1 to 1; near 0 where little happens in both.
    """
    sums = np.empty((len(one), len(other)), np.float32)
    diagonal_sums(np.roll(one, key, axis=1) @ other.T, half, sums)
    sums *= _weights(one, half)[:, np.newaxis]
    sums *= _weights(other, half)
    return sums


def _weights(contour: np.ndarray, half: int) -> np.ndarray:
    """What makes correlations of sums, for one of two contours, float32, shape (n_columns,)."""
    return 1 / np.sqrt(np.maximum(_energy(contour, half), np.float32(FLOOR * (2 * half + 1))))


def likeness(one: np.ndarray, other: np.ndarray, rate: float) -> np.ndarray:
    """Highest correlation of any ten seconds of one song with any of another, in every key, shape (12,).

    Parameters
    ----------
    one, other
        Contours, neither empty.
    rate
        Their columns in a second.
    """
    half = round(SPAN * rate / 2)
    weights, found = (_weights(one, half), _weights(other, half)), np.empty(12)
    turned = np.ascontiguousarray(other.T)
    for key in range(12):
        found[key] = highest_correlation(np.roll(one, key, axis=1) @ turned, half, *weights)
    return found


def passages(one: np.ndarray, other: np.ndarray, key: int) -> list[Passage]:
    """Find the stretches of two songs that run alike in a key.

    Parameters
    ----------
    one, other
        Contours.
    key
        How many semitones the other lies higher.

    Returns
    -------
    list of Passage
        In the order of the one song. No moment of either song is in two of them.
    """
    half = round(SHORT_SPAN * RATE / 2)
    correlation = correlations(one, other, key, half)
    happening = np.maximum(_energy(one, half)[:, np.newaxis], _energy(other, half))
    gains = (correlation - np.float32(ALIKE)) * np.minimum(1.0, happening / (FLOOR * (2 * half + 1)))
    found = [part for rows, columns in _paths(gains.copy()) for part in _straight(rows, columns, gains)]
    return _joined(sorted(found, key=lambda passage: passage.start))


def _paths(gains: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Rows and columns of the best paths, each without those of the ones before; gains are overwritten."""
    rows, columns = np.empty((2, sum(gains.shape)), dtype=np.int64)
    for _ in range(MOST_PASSAGES):
        total, length = best_path(gains, SIDESTEP, rows, columns)
        if total < FEWEST_SECONDS * RATE * (1 - ALIKE):
            return
        yield rows[:length].copy(), columns[:length].copy()
        gains[rows[0] : rows[length - 1] + 1] = -1.0
        gains[:, columns[0] : columns[length - 1] + 1] = -1.0


def _straight(rows: np.ndarray, columns: np.ndarray, gains: np.ndarray) -> Iterator[Passage]:
    """The parts of a path between its bends, those that say enough."""
    offset, half = np.pad(columns - rows, round(BEND * RATE / 2), "edge"), round(BEND * RATE)
    is_straight = np.abs(offset[half:] - offset[:-half]) <= BENT * half
    edges = np.flatnonzero(np.diff(is_straight, prepend=False, append=False))
    for first, last in edges.reshape(-1, 2):
        part = slice(first, last)
        evidence = float(gains[rows[part], columns[part]].sum()) / (RATE * (1 - ALIKE))
        if evidence >= FEWEST_SECONDS:
            yield _passage(rows[part], columns[part], evidence)


def _passage(rows: np.ndarray, columns: np.ndarray, evidence: float) -> Passage:
    ends = (rows[0], rows[-1] + 1, columns[0], columns[-1] + 1)
    start, end, other_start, other_end = (float(column) / RATE for column in ends)
    rows, columns = rows - rows.mean(), columns - columns.mean()
    return Passage(start, end, other_start, other_end, float(rows @ columns / (columns @ columns)), evidence)


def _joined(found: list[Passage]) -> list[Passage]:
    """Passages in order, those that lie on one line made one."""
    joined: list[Passage] = []
    for passage in found:
        if joined and _goes_on(joined[-1], passage):
            passage = _both(joined.pop(), passage)
        joined.append(passage)
    return joined


def _goes_on(before: Passage, after: Passage) -> bool:
    gap, other_gap = after.start - before.end, after.other_start - before.other_end
    return abs(gap - other_gap) <= SAME_LINE and max(gap, other_gap) <= BRIDGED


def _both(before: Passage, after: Passage) -> Passage:
    whole = (before.start, after.end, before.other_start, after.other_end)
    speed = (after.end - before.start) / (after.other_end - before.other_start)
    return Passage(*whole, speed, before.evidence + after.evidence)
