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

import numpy as np

from common.arrays import principal_components, unit_rows

NEIGHBOURS = 15
"""Neighbours that UMAP keeps together (its default); fewer in a library of fewer songs."""

SEED = 20_240
TRUST_NEIGHBOURS = 5
"""Neighbours that trustworthiness is judged by (scikit-learn's default), also drawn on the map."""

TRUST_SAMPLE = 3000
"""Songs that trustworthiness is measured on, where there are more; it needs all pairs of them."""


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


def project(
    standardised: np.ndarray,
    near: tuple[np.ndarray, np.ndarray],
    dimensions: int,
    drawn_from: int | None = None,
    seed: int = SEED,
) -> Projection:
    """Lay the songs out on a map.

    UMAP (L. McInnes, J. Healy, J. Melville, arXiv:1802.03426) on exact cosine neighbours, started from
    the principal components, which keeps the large-scale order better than a random start (D. Kobak and
    G. Linderman, Nature Biotechnology 39, 2021).

    Parameters
    ----------
    standardised
        The songs, at least one, shape (n_songs, n_features).
    near
        What `neighbours` found for at least ``min(NEIGHBOURS, n_songs - 1)`` neighbours.
    dimensions
        How many dimensions the map has, 2 or 3.
    drawn_from
        How many songs these are a sample of; None if they are all.
    seed
        The seed of UMAP's random numbers.
    """
    n_songs = len(standardised)
    if not np.any(standardised):
        return Projection(_disc(n_songs, dimensions), DISC, None, 0, drawn_from)
    coordinates, method = principal_components(standardised, dimensions), PCA
    if n_songs >= dimensions + 2:
        coordinates, method = _umap(standardised, near, coordinates, seed), UMAP
    trust, judged_on = _trust(standardised, coordinates, seed)
    return Projection(coordinates, method, trust, judged_on, drawn_from)


def _disc(n_songs: int, dimensions: int) -> np.ndarray:
    """Places for songs that cannot be told apart: a sunflower's, so that each can be pointed at."""
    number = np.arange(n_songs)
    radius, angle = np.sqrt(number / max(n_songs, 1)), number * np.pi * (3.0 - np.sqrt(5.0))
    flat = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])
    return np.column_stack([flat, np.zeros((n_songs, dimensions - 2))])


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
    from common import compiled

    with compiled.one_at_a_time(), warnings.catch_warnings():
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
        The song, standardised with the library's means and deviations, shape (n_features,).
    standardised
        The library's songs, shape (n_songs, n_features).
    coordinates
        Where they lie, shape (n_songs, dimensions).

    Returns
    -------
    ndarray
        Shape (dimensions,).
    """
    distances = np.clip(1.0 - unit_rows(standardised) @ unit_rows(song), 0.0, 2.0)
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
