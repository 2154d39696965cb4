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
from dataclasses import dataclass, replace

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

AT_ALL_ALIKE, GIVEN_UP = 0.3, 10.0
"""Correlation from which a passage that was found goes on, and seconds without any after which it ends."""

SIDESTEP = 0.3
"""What a path loses by each row or column that it skips."""

BENT, BEND = 0.2, 10.0
"""Change of speed within so many seconds from which a path is cut there: it changes from one repetition of
the music to another."""

FEWEST_SECONDS = 9.0
"""Seconds of a path that is looked for, if its correlation were 1. Of 23 real songs, altered in five ways of
`benchmarks.versions`, the least alike came to 10.0; unrelated songs came to 5.7, of one composer to 8.8."""

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
    correlation
        Mean correlation along the line from its beginning to its end.
    """

    start: float
    end: float
    other_start: float
    other_end: float
    speed: float
    evidence: float
    correlation: float

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
    levels, is_heard = _levels(chroma)
    changes = _changes((1 - share) * levels[before] + share * levels[after], is_heard[before], RATE)
    return uniform_filter1d(changes, round(SMOOTH * RATE), axis=0, mode="constant")


def rough_contour(chroma: np.ndarray, step: float) -> np.ndarray:
    """A contour with one column a second, for a glance at a song; parameters are those of `contour`."""
    edges = np.unique((np.arange(0, len(chroma) * step) / step).astype(int))
    widths = np.diff(edges, append=len(chroma)).astype(np.float32)
    levels, is_heard = _levels(chroma)
    means = np.add.reduceat(levels, edges) / widths[:, np.newaxis]
    return _changes(means, np.maximum.reduceat(is_heard, edges), 1.0)


def _levels(chroma: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Levels of notes beside the mean of their step, and where anything is heard (1, else 0), float32."""
    levels = np.sqrt(chroma / np.float32(max(chroma.max(initial=0), 1)), dtype=np.float32)
    levels -= levels.mean(axis=1, keepdims=True)
    return levels, (chroma.max(axis=1) > 0).astype(np.float32)


def _changes(levels: np.ndarray, is_heard: np.ndarray, rate: float) -> np.ndarray:
    """Levels less their means around; the rate is that of the columns."""
    around = round(AROUND * rate)
    heard_around = uniform_filter1d(is_heard, around, mode="constant")
    means = uniform_filter1d(levels, around, axis=0, mode="constant")
    changes: np.ndarray = levels - means / np.maximum(heard_around, 1 / around)[:, np.newaxis]
    return changes * is_heard[:, np.newaxis]


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


class InEveryKey:
    """A contour that others are held against in every key, prepared once.

    Parameters
    ----------
    contour
        The contour, not empty.
    rate
        Its columns in a second.
    """

    def __init__(self, contour: np.ndarray, rate: float) -> None:
        self._half = round(SPAN * rate / 2)
        self._keys = [np.roll(contour, key, axis=1) for key in range(12)]
        self._weights = _weights(contour, self._half)

    def likeness(self, other: np.ndarray) -> np.ndarray:
        """Highest correlation of any ten seconds of it with any of another, in every key, shape (12,).

        Parameters
        ----------
        other
            A contour of the same rate, not empty.
        """
        weights, turned = _weights(other, self._half), np.ascontiguousarray(other.T)
        return np.array(
            [highest_correlation(key, turned, self._half, self._weights, weights) for key in self._keys]
        )


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
    happening = np.maximum(_energy(one, half)[:, np.newaxis], _energy(other, half))
    happening = np.minimum(1.0, happening / np.float32(FLOOR * (2 * half + 1)))
    correlation = correlations(one, other, key, half)
    gains = (correlation - np.float32(ALIKE)) * happening
    found: list[_Stretch] = []
    rows, columns = np.empty((2, sum(gains.shape)), dtype=np.int64)
    for _ in range(MOST_PASSAGES):
        total, length = best_path(gains, SIDESTEP, rows, columns)
        if total < FEWEST_SECONDS * RATE * (1 - ALIKE):
            break
        straight = list(_straight(rows[:length], columns[:length], gains))
        _take(gains, rows[0], rows[length - 1], columns[0], columns[length - 1])
        for stretch in straight:
            found.append(_extended(stretch, gains, happening))
            _take(gains, *found[-1].corners)
    found.sort(key=lambda stretch: stretch.row)
    return _joined([stretch.passage(correlation) for stretch in found])


@dataclass(frozen=True)
class _Stretch:
    """A passage in columns of two contours: its first and last in both, speed and evidence."""

    row: int
    last_row: int
    column: int
    last_column: int
    speed: float
    evidence: float

    @property
    def corners(self) -> tuple[int, int, int, int]:
        return self.row, self.last_row, self.column, self.last_column

    def passage(self, correlation: np.ndarray) -> Passage:
        """The passage in seconds."""
        ends = (self.row, self.last_row + 1, self.column, self.last_column + 1)
        start, end, other_start, other_end = (column / RATE for column in ends)
        rows = np.arange(self.row, self.last_row + 1)
        columns = np.rint(np.linspace(self.column, self.last_column, len(rows))).astype(int)
        mean = float(correlation[rows, columns].mean())
        return Passage(start, end, other_start, other_end, self.speed, self.evidence, mean)


def _take(gains: np.ndarray, row: int, last_row: int, column: int, last_column: int) -> None:
    """Let no path lead through rows and columns that are in a passage."""
    gains[row : last_row + 1] = -np.inf
    gains[:, column : last_column + 1] = -np.inf


def _straight(rows: np.ndarray, columns: np.ndarray, gains: np.ndarray) -> Iterator[_Stretch]:
    """The parts of a path between its bends, those that say enough."""
    offset, half = np.pad(columns - rows, round(BEND * RATE / 2), "edge"), round(BEND * RATE)
    is_straight = np.abs(offset[half:] - offset[:-half]) <= BENT * half
    edges = np.flatnonzero(np.diff(is_straight, prepend=False, append=False))
    for first, last in edges.reshape(-1, 2):
        down, right = rows[first:last], columns[first:last]
        evidence = float(gains[down, right].sum()) / (RATE * (1 - ALIKE))
        if evidence >= FEWEST_SECONDS:
            from_mean, to_right = down - down.mean(), right - right.mean()
            speed = float(from_mean @ to_right / (to_right @ to_right))
            yield _Stretch(int(down[0]), int(down[-1]), int(right[0]), int(right[-1]), speed, evidence)


def _extended(stretch: _Stretch, gains: np.ndarray, happening: np.ndarray) -> _Stretch:
    """A passage that goes on, at its own speed, for as long as both songs are at all alike."""
    row, last_row, column, last_column = stretch.corners
    before = _further(gains, happening, (row, column), stretch.speed, -1)
    after = _further(gains, happening, (last_row, last_column), stretch.speed, 1)
    return replace(
        stretch,
        row=row - before,
        column=column - round(before / stretch.speed),
        last_row=last_row + after,
        last_column=last_column + round(after / stretch.speed),
    )


def _further(
    gains: np.ndarray, happening: np.ndarray, corner: tuple[int, int], speed: float, way: int
) -> int:
    """How many rows a passage goes on, down (1) or up (-1), as BLAST extends a match of sequences.

    Source: S. F. Altschul et al., "Basic local alignment search tool", J. Mol. Biol. 215, 1990.
    """
    on = np.arange(1, len(gains))
    rows, columns = corner[0] + way * on, corner[1] + way * np.rint(on / speed).astype(int)
    is_inside = (rows >= 0) & (rows < len(gains)) & (columns >= 0) & (columns < gains.shape[1])
    rows, columns = rows[is_inside], columns[is_inside]
    total = np.cumsum(gains[rows, columns] + (ALIKE - AT_ALL_ALIKE) * happening[rows, columns])
    best = np.maximum.accumulate(np.maximum(total, 0.0))
    ends = np.flatnonzero(best - total > GIVEN_UP * RATE * AT_ALL_ALIKE)
    total = total[: ends[0]] if len(ends) else total
    return int(total.argmax()) + 1 if total.max(initial=0.0) > 0 else 0


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
    parts = (before.correlation, after.correlation)
    correlation = float(np.average(parts, weights=(before.length, after.length)))
    return Passage(*whole, speed, before.evidence + after.evidence, correlation)
