"""Landmarks found again vote for the place that a clip begins at.

Conventions: all songs lie on one axis of frames (`fingerprint.index`), so a place is one number; keys are
the names of landmarks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from common.fingerprint.landmarks import Landmarks

CELL, NEAR = 4, 3
"""Frames of a cell, and how many cells beside each other the votes for one place spread over: a clip of 20
s that is named at a speed 0.75% off its own ends 7 frames later or earlier than it should."""


@dataclass(frozen=True)
class Places:
    """Where landmarks are found.

    Attributes
    ----------
    keys
        int64, shape (n_keys,), ascending.
    ends
        Of each key, where its places end in ``places``, int64, shape (n_keys,).
    places
        Frames of the common axis, int64, those of one key after those of another.
    """

    keys: np.ndarray = field(repr=False)
    ends: np.ndarray = field(repr=False)
    places: np.ndarray = field(repr=False)

    @staticmethod
    def of(rows: Sequence[tuple[int, bytes]]) -> Places:
        """Put rows together, each a key and its packed places, ordered by key; a key may have several."""
        keys = np.array([key for key, _ in rows], np.int64)
        ends = np.cumsum([len(places) // 4 for _, places in rows], dtype=np.int64)
        is_last = np.append(keys[1:] != keys[:-1], True)[: len(keys)]
        places = np.frombuffer(b"".join(places for _, places in rows), "<u4").astype(np.int64)
        return Places(keys[is_last], ends[is_last], places)

    def begins(self, clip: Landmarks) -> np.ndarray:
        """Where a clip would begin, for each of its landmarks and each place where that is found; int64."""
        where = np.searchsorted(self.keys, clip.keys)
        is_found = where < len(self.keys)
        is_found[is_found] = self.keys[where[is_found]] == clip.keys[is_found]
        where, frames = where[is_found], clip.frames[is_found]
        starts = np.append(0, self.ends)[where]
        numbers = self.ends[where] - starts
        # All places of the first landmark, then all of the second …
        within = np.arange(numbers.sum()) - np.repeat(np.cumsum(numbers) - numbers, numbers)
        return self.places[np.repeat(starts, numbers) + within] - np.repeat(frames, numbers)


def pack(landmarks: np.ndarray) -> Iterator[tuple[int, bytes]]:
    """Make rows of landmarks, each a key and its packed places, ordered by key.

    Parameters
    ----------
    landmarks
        uint64, shape (n_landmarks,), ascending: ``key << 32 | place``.
    """
    keys = landmarks >> np.uint64(32)
    places = landmarks.astype("<u4")
    edges = np.append(np.flatnonzero(np.append(True, keys[1:] != keys[:-1])[: len(keys)]), len(keys)).tolist()
    for first, last, key in zip(edges[:-1], edges[1:], keys[edges[:-1]].tolist(), strict=True):
        yield key, places[first:last].tobytes()


def most_voted(begins: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """The places that most landmarks vote for.

    Parameters
    ----------
    begins
        What `Places.begins` gives.
    most
        How many places are wanted.

    Returns
    -------
    frames, votes
        int64, shape (up to ``most``,): the middle of `NEAR` cells beside each other, and how many voted for
        them.
    """
    cells, counts = np.unique(begins // CELL, return_counts=True)
    votes = counts.copy()
    for step in range(1, NEAR):
        beside = np.searchsorted(cells, cells + step)
        there = np.flatnonzero(beside < len(cells))
        there = there[cells[beside[there]] == cells[there] + step]
        votes[there] += counts[beside[there]]
    best = np.argsort(-votes, kind="stable")[:most]
    return cells[best] * CELL + CELL * NEAR // 2, votes[best]
