"""Songs of a finished map moved, one at a time, to where the map keeps more of the true neighbours.

UMAP pulls neighbours together on the whole; some songs end among strangers all the same, and in a large
library most do. Here a song is offered other places, most of them by its own nearest songs, and takes the one
where it and all others together keep the most, as `projection.kept_share` counts them. A place is judged by
the few songs that lie around it (`kernels`), so that the time of a song hardly grows with their number. Of a
few hundred songs three in ten move, of ten thousand half, and none onto another. A change of where they go
raises `projection.MAP_VERSION`.
"""

from __future__ import annotations

import numpy as np

from common.maps import kernels
from common.maps.kernels import Board

BESIDE, AMONG = 16, 16
"""Places that a song is offered: beside where it is and beside each of its nearest songs, in turn; and
anywhere between its nearest songs."""

STEP = 0.5
"""How far beside, as a share of the distance from there to the k-th song; half of that between songs."""

SWEEPS = 3
"""How often every song is asked; a fourth time moves hardly any."""

ELBOW_ROOM = 0.5
"""How near a place may be to another song, as a share of the median distance of a song to the next one."""

AT_A_TIME = 1024
"""Songs whose offers are drawn together; of all songs of a large library they would take some 100 MB."""

OUTSIDE = 0.01
"""Share of songs on either side that the nets of cubes need not reach to, so that a few far songs do not
make the cubes of all others too large."""

CUBES = 4
"""The most cubes of the finest net, for every song."""


def settle(
    coordinates: np.ndarray, near: np.ndarray, k: int, seed: int, movable: np.ndarray | None = None
) -> np.ndarray:
    """Move songs to where more of the true neighbours are kept.

    Memory grows with the number of songs, and time hardly faster.

    Parameters
    ----------
    coordinates
        The map, float64, shape (n_songs, dimensions), of two or three dimensions.
    near
        The rows of each song's nearest songs in the space, nearest first, shape (n_songs, at least k).
    k
        How many of them a song wants near it; a map that `can_settle` denies stays as it is.
    seed
        The seed of the places that are offered.
    movable
        The rows of the songs that may move; None for all.

    Returns
    -------
    ndarray
        The new map, same shape.
    """
    n_songs, dimensions = coordinates.shape
    if not can_settle(n_songs, k) or near.shape[1] < k:
        return coordinates
    board, random = set_up(coordinates, near[:, :k]), np.random.default_rng(seed)
    elbow = ELBOW_ROOM**2 * float(np.median(board.apart[:, 0]))
    for _ in range(SWEEPS):
        order = np.argsort(board.keeps[:, :k].sum(axis=1), kind="stable")
        if movable is not None:
            order = order[np.isin(order, movable)]
        for start in range(0, len(order), AT_A_TIME):
            asked = order[start : start + AT_A_TIME]
            kernels.improve(board, asked, *draw_offers(len(asked), k, dimensions, random), elbow)
    return board.places[:, :dimensions].copy()


def can_settle(n_songs: int, k: int) -> bool:
    """Whether a map has so many songs that it matters which of them are the k closest to another."""
    return n_songs >= k + 3


def draw_offers(
    n_songs: int, k: int, dimensions: int, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draw where places are offered, in terms of where a song and its nearest songs will lie by then.

    Parameters
    ----------
    n_songs, k
        How many songs are asked, and how many nearest songs each has.
    dimensions
        How many dimensions the map has.
    random
        Where chance comes from.

    Returns
    -------
    shares, steps
        The weights of the song itself and of its nearest songs in the mean that a place is offered at, shape
        (n_songs, n_offers, 1 + k); and how far from there, in mean distances of these songs to their k-th
        closest, shape (n_songs, n_offers, 3), 0 in a dimension that the map does not have.
    """
    shares = np.zeros((n_songs, BESIDE + AMONG, 1 + k))
    shares[:, :BESIDE] = np.eye(1 + k)[np.arange(BESIDE) % (1 + k)]
    shares[:, BESIDE:, 1:] = random.dirichlet(np.ones(k), size=(n_songs, AMONG))
    steps = np.zeros((n_songs, BESIDE + AMONG, 3))
    steps[..., :dimensions] = STEP * random.normal(size=(n_songs, BESIDE + AMONG, dimensions))
    steps[:, BESIDE:] /= 2
    return shares, steps


def set_up(coordinates: np.ndarray, near: np.ndarray) -> Board:
    """Lay songs out on a board.

    Parameters
    ----------
    coordinates
        The map, shape (n_songs, dimensions).
    near
        The rows of the songs that each song wants near it, shape (n_songs, k).
    """
    n_songs, k = near.shape
    places = np.zeros((n_songs, 3))
    places[:, : coordinates.shape[1]] = coordinates
    origin, edges, shapes = _nets(coordinates, k)
    cells = shapes.prod(axis=1)
    board = Board(
        places=places,
        wanted=near.astype(np.int64),
        wanting=np.argsort(near, axis=None, kind="stable") // k,
        begins=np.searchsorted(np.sort(near, axis=None), np.arange(n_songs + 1)),
        closest=np.empty((n_songs, k + 1), dtype=np.int64),
        apart=np.empty((n_songs, k + 1)),
        keeps=np.empty((n_songs, k + 1), dtype=np.int64),
        origin=origin,
        edges=edges,
        shapes=shapes,
        starts=np.cumsum(cells) - cells,
        held=np.zeros(len(edges), dtype=np.int64),
        first=np.full(cells.sum(), -1, dtype=np.int64),
        following=np.full((2, n_songs), -1, dtype=np.int64),
        previous=np.full((2, n_songs), -1, dtype=np.int64),
        net=np.zeros(n_songs, dtype=np.int64),
    )
    kernels.look_around(board)
    return board


def _nets(coordinates: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The corner of all nets, the edges of their cubes, and how many cubes each has per axis."""
    from scipy.spatial import KDTree

    n_songs, dimensions = coordinates.shape
    low, high = np.quantile(coordinates, [OUTSIDE, 1.0 - OUTSIDE], axis=0)
    width = np.maximum(high - low, 1e-6 * max(float(np.ptp(coordinates)), 1e-6))
    reach = float(np.median(KDTree(coordinates).query(coordinates, [k + 1])[0]))
    finest = max(reach, float(width.prod() / (CUBES * n_songs)) ** (1 / dimensions))
    n_doubled = int(np.ceil(np.log2(max(float(width.max()) / finest, 1.0)))) + 1
    edges = finest * 2.0 ** np.arange(-1, n_doubled)
    edges[0] = finest
    shapes = np.ones((len(edges), 3), dtype=np.int64)
    shapes[:, :dimensions] = np.floor(width / edges[:, np.newaxis]).astype(np.int64) + 1
    return np.pad(low, (0, 3 - dimensions)), edges, shapes
