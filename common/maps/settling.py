"""Songs of a finished map moved, one at a time, to where the map keeps more of the true neighbours.

UMAP pulls neighbours together on the whole; some songs end among strangers all the same. Here a song is
offered other places, most of them among its own nearest songs, and takes the one where it and all others
together keep the most, as `projection.kept_share` counts them. About three songs in ten move, and none onto
another.
"""

from __future__ import annotations

import numpy as np
from scipy.spatial.distance import cdist

AMONG, AROUND = 32, 16
"""Places that a song is offered: among its nearest songs, and around its own place."""

SWEEPS = 2
"""How often every song is asked; a third time moves hardly any."""

ELBOW_ROOM = 0.5
"""How near a place may be to another song, as a share of the median distance of a song to the next one."""


def settle(
    coordinates: np.ndarray, near: np.ndarray, k: int, seed: int, movable: np.ndarray | None = None
) -> np.ndarray:
    """Move songs to where more of the true neighbours are kept.

    Time and memory grow with the square of the number of songs.

    Parameters
    ----------
    coordinates
        The map, float64, shape (n_songs, dimensions).
    near
        The rows of each song's nearest songs in the space, nearest first, shape (n_songs, at least k).
    k
        How many of them a song wants near it; a map of fewer than ``k + 3`` songs stays as it is.
    seed
        The seed of the places that are offered.
    movable
        The rows of the songs that may move; None for all.

    Returns
    -------
    ndarray
        The new map, same shape.
    """
    n_songs = len(coordinates)
    if n_songs < k + 3 or near.shape[1] < k:
        return coordinates
    board, random = _Board(coordinates, near[:, :k]), np.random.default_rng(seed)
    for _ in range(SWEEPS):
        order = np.argsort(board.kept, kind="stable")
        for song in order if movable is None else order[np.isin(order, movable)]:
            board.improve(song, _offers(board, near[song, :k], song, random))
    return board.places


def _offers(board: _Board, wanted: np.ndarray, song: int, random: np.random.Generator) -> np.ndarray:
    """Places for a song: its own first, then some among its nearest songs, then some around its own."""
    here = board.places[song]
    among = random.dirichlet(np.full(len(wanted), 0.5), size=AMONG) @ board.places[wanted]
    reach = np.sqrt(board.apart[song, board.closest[song, len(wanted) - 1]])
    around = here + 0.5 * reach * random.normal(size=(AROUND, len(here)))
    return np.vstack([here, among, around])


class _Board:
    """The songs' places, and which songs lie nearest to each.

    Attributes
    ----------
    places
        Float64, shape (n_songs, dimensions).
    wanted
        Whether the second song is among the true neighbours of the first, bool, shape (n_songs, n_songs).
    apart
        Squared distances on the map, infinite to itself, shape (n_songs, n_songs).
    closest
        The k + 1 songs nearest to each on the map, nearest first, shape (n_songs, k + 1).
    """

    def __init__(self, places: np.ndarray, near: np.ndarray):
        self.places, self.rows, self.k = places.copy(), np.arange(len(places)), near.shape[1]
        self.wanted = np.zeros((len(places), len(places)), dtype=bool)
        self.wanted[self.rows[:, np.newaxis], near] = True
        self.apart = cdist(places, places, "sqeuclidean")
        np.fill_diagonal(self.apart, np.inf)
        self.closest = self._closest(self.rows)
        self.elbow = ELBOW_ROOM**2 * float(np.median(self.apart.min(axis=1)))

    @property
    def kept(self) -> np.ndarray:
        """How many true neighbours each song keeps, shape (n_songs,)."""
        return self._count(self.closest[:, : self.k])

    def improve(self, song: int, offers: np.ndarray) -> None:
        """Move a song to the offered place where most is kept; the first offer is where it is."""
        apart = cdist(offers, self.places, "sqeuclidean")
        apart[:, song] = np.inf
        worth = self._worth(song, apart)
        worth[1:][apart[1:].min(axis=1) < self.elbow] = -np.inf
        best = int(np.argmax(worth))
        if worth[best] > worth[0]:
            self._move(song, offers[best], apart[best])

    def _worth(self, song: int, apart: np.ndarray) -> np.ndarray:
        """What is kept by a song and all others with it at each of some distances from them."""
        is_near = (self.closest[:, : self.k] == song).any(axis=1)
        others = np.where(self.closest == song, -1, self.closest)
        # Without the song, each other has k nearest, the last of which would make way for it.
        last = np.where(is_near, self.closest[:, self.k], self.closest[:, self.k - 1])
        without = self._count(others[:, : self.k]) + (is_near & self.wanted[self.rows, last])
        beside = without + self.wanted[:, song] - self.wanted[self.rows, last]
        gain = _value(beside) - _value(without)
        gain[song] = 0.0
        own = np.argpartition(apart, self.k - 1, axis=1)[:, : self.k]
        enters = apart < self.apart[self.rows, last]
        return _value(self.wanted[song][own].sum(axis=1)) + enters @ gain

    def _move(self, song: int, place: np.ndarray, apart: np.ndarray) -> None:
        comes = apart < self.apart[self.rows, self.closest[:, -1]]
        touched = comes | (self.closest == song).any(axis=1)
        touched[song] = True
        self.places[song] = place
        self.apart[song] = self.apart[:, song] = apart
        self.closest[touched] = self._closest(touched)

    def _closest(self, rows: np.ndarray) -> np.ndarray:
        apart = self.apart[rows]
        found = np.argpartition(apart, self.k, axis=1)[:, : self.k + 1]
        return np.take_along_axis(found, np.take_along_axis(apart, found, 1).argsort(axis=1), 1)

    def _count(self, songs: np.ndarray) -> np.ndarray:
        """How many of some songs per song, -1 for none, are true neighbours of it."""
        return (self.wanted[self.rows[:, np.newaxis], songs] & (songs >= 0)).sum(axis=1)


def _value(kept: np.ndarray) -> np.ndarray:
    """What it is worth to keep so many: to keep none counts as one fewer than that."""
    return kept - (kept == 0).astype(np.float64)
