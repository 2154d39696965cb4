"""A song's way over the map: its sound window by window, placed where each window's numbers belong.

Conventions
-----------
Times are in seconds from the song's start. A window's numbers are those of the embedding, taken from the
song's series alone; its level is counted from its own loudest value, as if it were a song. What a short
window lacks against a whole song (it changes less, for one) is much the same for all windows, so their mean
is moved to the song's own numbers, and the way leads around the song's place.
`benchmarks.windows` tells how often a window of a second half then has its own song's first half nearest.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from common.layout import HOP_LENGTH, N_FEATURES, SAMPLE_RATE
from common.maps.projection import place
from common.maps.selection import MapSongs
from common.recordings import recording_numbers
from common.song import excerpt_embedding

WINDOW_SECONDS, STEP_SECONDS = 10.0, 2.0
"""Length of a window, and from the start of one to the start of the next."""

MOST_WINDOWS = 600
"""Windows of one song; a longer song has longer steps."""

PASSED = 3
"""Songs that a window passes: so many that are nearest to it."""

UNLIKE = 0.0
"""Cosine of a window with a song up to which they have nothing in common but what all songs have, for the
space is centred on the library. Where pairs of songs stand among all pairs says nothing of a window: in a
library of takes of one song a tenth of the pairs is more alike than 0.6."""

FRAMES_PER_SECOND = SAMPLE_RATE / HOP_LENGTH


@dataclass(frozen=True)
class Way:
    """The windows of a song in the search space.

    Attributes
    ----------
    times
        The middle of every window, in seconds, ascending, shape (n_windows,).
    vectors
        The windows in the search space, length 1, float32, shape (n_windows, n_columns).
    near
        Rows of the other songs of the map that every window is nearest to, the nearest first, int, shape
        (n_windows, `PASSED` or fewer); the song's own recording does not count.
    similarity
        Their cosines with the window, -1 to 1, of the same shape.
    """

    times: np.ndarray = field(repr=False)
    vectors: np.ndarray = field(repr=False)
    near: np.ndarray = field(repr=False)
    similarity: np.ndarray = field(repr=False)

    @property
    def passed(self) -> list[int]:
        """Rows of the songs that windows are nearest to, those of the most windows first."""
        rows, counts = np.unique(self.near, return_counts=True)
        return rows[np.argsort(-counts, kind="stable")].tolist()


@dataclass(frozen=True)
class Stretch:
    """A stretch of a song that sounds like another song.

    Attributes
    ----------
    start, end
        From when to when, in tenths of seconds, so that it is told alike wherever it is told.
    row
        The row of the other song among the songs of the map.
    similarity
        The mean cosine of the stretch's windows with the other song, -1 to 1.
    """

    start: float
    end: float
    row: int
    similarity: float


def window_embeddings(series: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Take the numbers of the embedding of every window of a song.

    Parameters
    ----------
    series
        The song's descriptors over time, as `features.describe` gives them.

    Returns
    -------
    times
        The middle of every window, in seconds, shape (n_windows,).
    embeddings
        float32, shape (n_windows, ``N_FEATURES``); the tempo is that of the whole song.
    """
    n_frames = series["mel"].shape[1]
    length = min(round(WINDOW_SECONDS * FRAMES_PER_SECOND), n_frames)
    step = max(round(STEP_SECONDS * FRAMES_PER_SECOND), -(-n_frames // MOST_WINDOWS))
    starts = np.arange(0, n_frames - length + 1, step)
    embeddings = np.empty((len(starts), N_FEATURES), dtype=np.float32)
    for number, start in enumerate(starts):
        embeddings[number] = excerpt_embedding(series, start, start + length)
    return (starts + length / 2) / FRAMES_PER_SECOND, embeddings


def follow(shown: MapSongs, series: dict[str, np.ndarray], embedding: np.ndarray) -> Way | None:
    """Find a song's windows in the search space.

    Parameters
    ----------
    shown
        The songs of the map.
    series
        The song's descriptors over time, as `features.describe` gives them.
    embedding
        The song's own numbers, shape (``N_FEATURES``,).

    Returns
    -------
    Way or None
        None where nothing tells the library's songs apart.
    """
    if shown.space is None:
        return None
    times, embeddings = window_embeddings(series)
    values = embeddings.astype(np.float64)
    values += embedding - values.mean(axis=0)
    return way_of(times, shown.space.transform.rows(values).astype(np.float32), shown)


def way_of(times: np.ndarray, vectors: np.ndarray, shown: MapSongs) -> Way:
    """Find the songs that the windows of the song that a map points out are nearest to; see `Way`."""
    numbers = recording_numbers(shown.songs, np.arange(len(shown.songs)))
    own = shown.place
    others = np.flatnonzero(numbers[: len(shown.rows)] != (-1 if own is None else numbers[own]))
    cosines = vectors @ shown.vectors[others].T
    most = min(PASSED, len(others))
    near = (
        np.argpartition(-cosines, range(most), axis=1)[:, :most] if most else np.empty((len(times), 0), int)
    )
    return Way(times, vectors, others[near], np.take_along_axis(cosines, near, axis=1))


def place_way(way: Way, shown: MapSongs, coordinates: np.ndarray) -> np.ndarray:
    """Place every window on a finished map: at the weighted mean of its nearest songs, see `place`.

    Parameters
    ----------
    way
        The windows of the song, with their vectors in the space of the map.
    shown
        The songs of the map.
    coordinates
        Where the songs lie, shape (n_songs, dimensions).

    Returns
    -------
    ndarray
        Shape (n_windows, dimensions); each place is a mean with the windows before and after, so that the
        way does not jump where one neighbour takes over from another.
    """
    places = np.array([place(vector, shown.vectors, coordinates) for vector in way.vectors])
    padded = np.pad(places, ((1, 1), (0, 0)), mode="edge")
    return (padded[:-2] + 2.0 * padded[1:-1] + padded[2:]) / 4.0


def alike_stretches(way: Way, most: int = 3) -> list[Stretch]:
    """Find the longest stretches whose windows all have the same other song nearest.

    Parameters
    ----------
    way
        The windows of the song that the map points out.
    most
        The largest number of stretches.

    Returns
    -------
    list of Stretch
        In the order of the song; empty where there is no other song.
    """
    if not way.near.size:
        return []
    best = way.near[:, 0]
    edges = np.flatnonzero(np.diff(best, prepend=-1, append=-1))
    # A window speaks for the time around its middle; the first and the last also for the ends of the song.
    between = (way.times[:-1] + way.times[1:]) / 2.0
    limits = np.concatenate([[0.0], between, [way.times[-1] + way.times[0]]])
    found = []
    for first, last in zip(edges[:-1], edges[1:] - 1, strict=True):
        similarity = float(way.similarity[first : last + 1, 0].mean())
        start, end = (round(float(limits[edge]), 1) for edge in (first, last + 1))
        found.append(Stretch(start, end, int(best[first]), similarity))
    longest = sorted(found, key=lambda stretch: (stretch.start - stretch.end, -stretch.similarity))[:most]
    return sorted(longest, key=lambda stretch: stretch.start)
