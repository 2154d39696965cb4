"""Songs as points: their embeddings laid out in two or three dimensions, and how far to trust the result.

Conventions
-----------
Input is the standardised library, float64, shape (n_songs, n_features); distances are cosine distances,
the same by which songs are searched. Coordinates are float64, shape (n_songs, dimensions), without unit.
Everything is seeded: the same library gives the same map on the same machine.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from common.library import Library

NEIGHBOURS = 15
"""Neighbours that UMAP keeps together (its default); fewer in a library of fewer songs."""

SEED = 20_240
TRUST_NEIGHBOURS = 5
"""Neighbours that trustworthiness is judged by (scikit-learn's default), also drawn on the map."""

TRUST_SAMPLE = 3000
"""Songs that trustworthiness is measured on, where there are more; it needs all pairs of them."""

BLOCK, BLOCK_ENTRIES = 1024, 2**24
"""Most songs, and most similarities, that are computed at a time when neighbours are looked for."""

CHUNK = 8192
"""Songs that are standardised at a time where not all are needed at once."""

UMAP, PCA, DISC = "UMAP", "PCA", "disc"


@dataclass(frozen=True)
class Projection:
    """Where the songs lie on a map.

    Attributes
    ----------
    coordinates
        float64, shape (n_songs, dimensions).
    method
        ``UMAP``; ``PCA`` where there are too few songs for it; ``disc`` where all songs are the same and
        their places mean nothing.
    trust
        Trustworthiness, 0 to 1: how far songs that are neighbours on the map are neighbours in the
        embedding. None where there are fewer than three songs or all are the same.
    judged_on
        How many songs ``trust`` was measured on.
    drawn_from
        How many songs the library has, where the map shows a sample of them; None where it shows all.
    """

    coordinates: np.ndarray = field(repr=False)
    method: str
    trust: float | None
    judged_on: int
    drawn_from: int | None = None

    @property
    def dimensions(self) -> int:
        return self.coordinates.shape[1]


def neighbours(standardised: np.ndarray, k: int, block: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Find the nearest songs of every song, exactly.

    Parameters
    ----------
    standardised
        Shape (n_songs, n_features).
    k
        How many, not counting the song itself; at most ``n_songs - 1`` are found.
    block
        Songs compared at a time, so that no n × n matrix is ever held; as many as `BLOCK` allows if None.

    Returns
    -------
    rows, distances
        Shape (n_songs, k): nearest first, equally near ones in the library's order; cosine distances,
        0 to 2.
    """
    units = unit(standardised).astype(np.float32)
    k = min(k, len(units) - 1)
    block = block or max(1, min(BLOCK, BLOCK_ENTRIES // max(len(units), 1)))
    found = np.empty((len(units), k), dtype=np.int32)
    distances = np.empty((len(units), k), dtype=np.float32)
    for start in range(0, len(units), block):
        part = np.clip(1.0 - units[start : start + block] @ units.T, 0.0, 2.0)
        here = np.arange(len(part))
        part[here, start + here] = np.inf
        order = _smallest(part, k)
        found[start : start + block] = order
        distances[start : start + block] = np.take_along_axis(part, order, axis=1)
    return found, distances


def _smallest(values: np.ndarray, k: int) -> np.ndarray:
    """Positions of the k smallest of every row, ascending, ties in order of position."""
    if k < values.shape[1] - 1:
        candidates = np.sort(np.argpartition(values, k, axis=1)[:, : k + 1], axis=1)
    else:
        candidates = np.broadcast_to(np.arange(values.shape[1]), values.shape)
    order = np.argsort(np.take_along_axis(values, candidates, axis=1), axis=1, kind="stable")[:, :k]
    return np.take_along_axis(candidates, order, axis=1)


def unit(rows: np.ndarray) -> np.ndarray:
    """Scale every row to length 1; a row of zeros (a song average in everything) stays."""
    lengths = np.linalg.norm(rows, axis=-1, keepdims=True)
    return rows / np.where(lengths > 0, lengths, 1.0)


def project(
    standardised: np.ndarray, near: tuple[np.ndarray, np.ndarray], dimensions: int, seed: int = SEED
) -> Projection:
    """Lay the songs out on a map.

    UMAP (L. McInnes, J. Healy, J. Melville, arXiv:1802.03426) on exact cosine neighbours, started from
    the principal components, which keeps the large-scale order better than a random start (D. Kobak and
    G. Linderman, Nature Biotechnology 39, 2021).

    Parameters
    ----------
    standardised
        Shape (n_songs, n_features), at least one song.
    near
        What `neighbours` gave for at least ``min(NEIGHBOURS, n_songs - 1)`` neighbours.
    dimensions
        2 or 3.
    seed
        For UMAP's random numbers.
    """
    n_songs = len(standardised)
    if not np.any(standardised):
        return Projection(_disc(n_songs, dimensions), DISC, None, 0)
    coordinates, method = principal_components(standardised, dimensions), PCA
    if n_songs >= dimensions + 2:
        coordinates, method = _umap(standardised, near, coordinates, seed), UMAP
    trust, judged_on = _trust(standardised, coordinates, seed)
    return Projection(coordinates, method, trust, judged_on)


def _disc(n_songs: int, dimensions: int) -> np.ndarray:
    """Places for songs that cannot be told apart: a sunflower's, so that each can be pointed at."""
    number = np.arange(n_songs)
    radius, angle = np.sqrt(number / max(n_songs, 1)), number * np.pi * (3.0 - np.sqrt(5.0))
    flat = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])
    return np.column_stack([flat, np.zeros((n_songs, dimensions - 2))])


def principal_components(values: np.ndarray, dimensions: int) -> np.ndarray:
    """Project on the directions of largest variance; those that do not exist are 0.

    Parameters
    ----------
    values
        Shape (n_songs, n_features), every feature with mean 0.
    dimensions
        How many directions.

    Returns
    -------
    ndarray
        Shape (n_songs, dimensions); the sign is such that the largest entry is positive.
    """
    n_songs, n_features = values.shape
    # Whichever of the two products is smaller has the same eigenvalues other than zero.
    if n_songs <= n_features:
        variances, vectors = np.linalg.eigh(values @ values.T)
        scores = vectors * np.sqrt(np.clip(variances, 0.0, None))
    else:
        _, vectors = np.linalg.eigh(values.T @ values)
        scores = values @ vectors
    scores = scores[:, ::-1][:, :dimensions]
    scores = scores * np.sign(scores[np.abs(scores).argmax(axis=0), np.arange(scores.shape[1])])
    return np.pad(scores, [(0, 0), (0, dimensions - scores.shape[1])])


def _umap(
    standardised: np.ndarray, near: tuple[np.ndarray, np.ndarray], start: np.ndarray, seed: int
) -> np.ndarray:
    umap = import_umap()
    # UMAP counts a song as its own nearest neighbour, and wants fewer neighbours than songs.
    n_songs = len(standardised)
    k = min(NEIGHBOURS, n_songs - 1)
    itself = np.arange(n_songs, dtype=np.int32)[:, np.newaxis]
    rows = np.hstack([itself, near[0]])[:, :k]
    distances = np.hstack([np.zeros_like(itself, dtype=np.float32), near[1]])[:, :k]
    reducer = umap.UMAP(
        n_components=start.shape[1],
        n_neighbors=k,
        metric="cosine",
        precomputed_knn=(rows, distances),
        init=_spread_out(start, seed),
        random_state=seed,
        n_jobs=1,
    )
    with warnings.catch_warnings():
        # New songs are placed by `place`, which needs no search index.
        warnings.filterwarnings("ignore", message=r"(?s)precomputed_knn\[2\]", category=UserWarning)
        return reducer.fit_transform(standardised).astype(np.float64)


def _spread_out(start: np.ndarray, seed: int) -> np.ndarray:
    """Give a start a width in every direction and no two songs in one place, as UMAP needs."""
    width = np.ptp(start, axis=0)
    jitter = np.random.default_rng(seed).normal(size=start.shape)
    return start / np.where(width > 0, width, 1.0) + 1e-4 * jitter


def import_umap():
    """Import UMAP, whose package warns of an optional part that we do not use.

    The first import on a machine compiles for about half a minute.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Tensorflow not installed", category=ImportWarning)
        import umap

    return umap


def _trust(standardised: np.ndarray, coordinates: np.ndarray, seed: int) -> tuple[float | None, int]:
    """Trustworthiness (J. Venna and S. Kaski, 2001) by scikit-learn, and the number of songs used."""
    from sklearn.manifold import trustworthiness

    n_songs = min(len(standardised), TRUST_SAMPLE)
    k = min(TRUST_NEIGHBOURS, (n_songs - 1) // 2)
    if k < 1:
        return None, n_songs
    if n_songs < len(standardised):
        chosen = np.sort(np.random.default_rng(seed).choice(len(standardised), n_songs, replace=False))
        standardised, coordinates = standardised[chosen], coordinates[chosen]
    return float(trustworthiness(standardised, coordinates, n_neighbors=k, metric="cosine")), n_songs


def place(song: np.ndarray, standardised: np.ndarray, coordinates: np.ndarray) -> np.ndarray:
    """Place a song from outside the library on a finished map, which does not move.

    The song goes to the mean of its nearest songs, weighted by UMAP's membership strengths: where UMAP's
    own transform starts from (McInnes et al., section 3.2).

    Parameters
    ----------
    song
        Shape (n_features,), standardised with the library's means and deviations.
    standardised, coordinates
        The library's songs and where they lie, shapes (n_songs, n_features) and (n_songs, dimensions).

    Returns
    -------
    ndarray
        Shape (dimensions,).
    """
    distances = np.clip(1.0 - unit(standardised) @ unit(song), 0.0, 2.0)
    nearest = np.argsort(distances, kind="stable")[: min(NEIGHBOURS, len(distances))]
    weights = _memberships(distances[nearest])
    return weights @ coordinates[nearest] / weights.sum()


def _memberships(distances: np.ndarray) -> np.ndarray:
    """UMAP's membership strengths of ascending distances: 1 for the nearest, log2(k) in total."""
    beyond = distances - distances[0]
    if len(distances) < 3 or not beyond.any():
        return np.ones_like(beyond) if not beyond.any() else (beyond == 0).astype(np.float64)
    low, high = 1e-9, 1e3
    for _ in range(64):
        middle = np.sqrt(low * high)
        too_wide = np.exp(-beyond / middle).sum() > np.log2(len(distances))
        low, high = (low, middle) if too_wide else (middle, high)
    return np.exp(-beyond / high)


def most_typical(library: Library) -> np.ndarray:
    """Order the songs from the most to the least typical: by mean cosine similarity with all songs.

    Returns
    -------
    ndarray
        All rows, shape (n_songs,); the first is the library's medoid.
    """
    parts = [slice(start, start + CHUNK) for start in range(0, len(library), CHUNK)]
    middle = sum(unit(library.standardised_rows(part)).sum(axis=0) for part in parts) / len(library)
    similarity = [unit(library.standardised_rows(part)) @ middle for part in parts]
    return np.argsort(-np.concatenate(similarity), kind="stable")
