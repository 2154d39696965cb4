"""Songs as points: their rows in the search space laid out on a map, and how far to trust the result.

Conventions
-----------
Input is the rows of a similarity space, shape (n_songs, n_columns), length 1; distances are cosine distances,
the same by which songs are searched. Coordinates are float64, shape (n_songs, dimensions), without unit.
Everything is seeded: the same library gives the same map on the same machine.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field

import numpy as np

from common.arrays import principal_components, unit_rows
from common.maps.layout_table import Layout
from common.maps.settling import can_settle, settle

MAP_VERSION = 1
"""Goes up with every change of how songs are laid out, here or in `settling`. An earlier map of another
version is judged beside new ones though its songs are the same, as after a change of songs. The first maps
have none: until then no more than 1 000 songs were settled."""

NEIGHBOURS = 6
"""Other songs that UMAP keeps a song together with. Measured by `benchmarks.map_quality`: with 5 to 8 a song
keeps most of its five nearest; UMAP's own default of 15 keeps fewer."""

NEGATIVE_SAMPLES = 10
"""Songs that UMAP pushes away for every song that it pulls near; twice its default, measured likewise. From
`MANY_SONGS` on it is the default, which takes half the time."""

EPOCHS, MANY_SONGS, EPOCHS_OF_MANY = 1000, 2000, 200
"""Rounds of optimisation in a library of fewer than so many songs, and in a larger one: UMAP itself makes 500
of up to 10 000 songs, which take twice the time and, settled, keep no more than 0.03 of 5 more."""

TRIES, TRIED_SONGS = 4, 300
"""Layouts that the truest is chosen from, and how many songs are laid out in all of them together: 4 of 50
songs take half a second, and from 151 songs on, one of which takes that long, there is one."""

MOST_REGROWN = 1000
"""Songs up to which UMAP also goes on from an earlier map that is not true any more, beside starting anew."""

LOSS_ALLOWED = 0.05
"""Share of neighbours that an earlier map, with new songs put in, may keep less than the truest, and still
stays: more than another seed changes. Until then no song moves; a new map then lies like the earlier one."""

SEED = 20_240
KEPT_NEIGHBOURS = 5
"""Nearest songs that a place is judged by; the same that the page draws lines to."""

TRUST_SAMPLE = 3000
"""Songs that trustworthiness is measured on, where there are more; it needs all pairs of them."""

CHUNK = 8192
"""Songs that are standardised at a time where not all are needed at once."""

DECIMALS = 4
"""Of coordinates, so that a layout read from its table is the same to the last digit."""

UMAP, PCA, DISC = "UMAP", "PCA", "disc"


@dataclass(frozen=True)
class Projection:
    """Where the songs lie on a map.

    Attributes
    ----------
    coordinates
        The places, float64, shape (n_songs, dimensions), without unit.
    method
        ``UMAP``; ``PCA`` where there are too few songs for it; ``disc`` where all songs are the same and
        their places mean nothing.
    kept
        The share, 0 to 1, of each song's `KEPT_NEIGHBOURS` nearest songs that are among its nearest on the
        map, shape (n_songs,); None where places mean nothing.
    trust
        Trustworthiness, 0 to 1: how far songs that are neighbours on the map are neighbours in the space.
        None where there are fewer than three songs or all are the same.
    judged_on
        How many songs ``trust`` was measured on.
    drawn_from
        How many songs the library has, where the map shows a sample of them; None where it shows all.
    """

    coordinates: np.ndarray = field(repr=False)
    method: str
    kept: np.ndarray | None = field(repr=False)
    trust: float | None
    judged_on: int
    drawn_from: int | None = None

    @property
    def dimensions(self) -> int:
        """How many dimensions the map has."""
        return self.coordinates.shape[1]


def project(
    rows: np.ndarray,
    near: tuple[np.ndarray, np.ndarray],
    dimensions: int,
    earlier: Layout | None = None,
    drawn_from: int | None = None,
    seed: int = SEED,
) -> Projection:
    """Lay the songs out on a map: of a few layouts, settled, the one that keeps the most true neighbours.

    UMAP (L. McInnes, J. Healy, J. Melville, arXiv:1802.03426) on exact cosine neighbours, started from
    the principal components, which keeps the large-scale order better than a random start (D. Kobak and
    G. Linderman, Nature Biotechnology 39, 2021). Songs are then moved one at a time to where more of the
    neighbours are kept (`settling`).

    Parameters
    ----------
    rows
        The songs in the search space, at least one, float32, shape (n_songs, n_columns).
    near
        What `neighbours` found for at least ``min(NEIGHBOURS, n_songs - 1)`` neighbours.
    dimensions
        How many dimensions the map has, 2 or 3.
    earlier
        Where an earlier map had these songs, which stay there while that is about as true as a new map;
        None if there is none.
    drawn_from
        How many songs these are a sample of; None if they are all.
    seed
        The seed of all random numbers; further layouts take the ones after it.
    """
    if not np.ptp(rows, axis=0).any():
        return Projection(_disc(len(rows), dimensions), DISC, None, None, 0, drawn_from)
    method = UMAP if len(rows) >= dimensions + 2 else PCA
    if earlier is not None and _is_current(earlier, near[0]):
        coordinates = earlier.coordinates
    else:
        coordinates = np.round(_lay_out(rows, near, dimensions, earlier, seed), DECIMALS)
    kept = kept_share(near[0], coordinates)
    trust, judged_on = _trust(rows, coordinates, seed)
    return Projection(coordinates, method, kept, trust, judged_on, drawn_from)


def _is_current(earlier: Layout, near: np.ndarray) -> bool:
    """Whether an earlier layout of this method has every song, with the neighbours that it was judged by."""
    if earlier.version != MAP_VERSION:
        return False
    kept = kept_share(near, earlier.coordinates) if earlier.is_known.all() else None
    return kept is not None and np.allclose(kept, earlier.kept, rtol=0.0, atol=1e-3)


def n_tries(n_songs: int) -> int:
    """How many layouts of so many songs the truest is chosen from."""
    return max(1, min(TRIES, TRIED_SONGS // n_songs))


def _lay_out(
    rows: np.ndarray,
    near: tuple[np.ndarray, np.ndarray],
    dimensions: int,
    earlier: Layout | None,
    seed: int,
) -> np.ndarray:
    """The truest layout, or one that is nearly as true and lies more like the earlier map."""
    start = principal_components(rows.astype(np.float64) - rows.mean(axis=0, dtype=np.float64), dimensions)
    if len(rows) < dimensions + 2:
        anew = [start]
    else:
        seeds = range(seed, seed + n_tries(len(rows)))
        anew = [_settled_umap(rows, near, start, one) for one in seeds]
    if earlier is None or np.count_nonzero(earlier.is_known) <= dimensions:
        # No direction means anything, so the longest is laid along the picture's wider side.
        made = _truest(near[0], anew, 0.0)
        return principal_components(made - made.mean(axis=0), dimensions)
    adapted = _with_new_songs(earlier, rows, near[0], seed)
    likest = [adapted, settle(adapted, near[0], KEPT_NEIGHBOURS, seed)]
    if can_settle(len(rows), KEPT_NEIGHBOURS) and len(rows) <= MOST_REGROWN:
        anew = [_settled_umap(rows, near, adapted, seed), *anew]
    likest += [align(made, earlier.coordinates, earlier.is_known) for made in anew]
    return _truest(near[0], likest, LOSS_ALLOWED)


def _truest(near: np.ndarray, layouts: list[np.ndarray], allowed: float) -> np.ndarray:
    """The first layout that keeps at most so much less than the truest."""
    kept = [mean_kept(near, layout) if len(layouts) > 1 else 0.0 for layout in layouts]
    return next(layout for layout, share in zip(layouts, kept, strict=True) if share >= max(kept) - allowed)


def _settled_umap(
    rows: np.ndarray, near: tuple[np.ndarray, np.ndarray], start: np.ndarray, seed: int
) -> np.ndarray:
    return settle(_umap(rows, near, _spread_out(start, seed), seed), near[0], KEPT_NEIGHBOURS, seed)


def _with_new_songs(earlier: Layout, rows: np.ndarray, near: np.ndarray, seed: int) -> np.ndarray:
    """Put the songs that an earlier layout does not know where `place` would, then settle them alone."""
    known, filled = earlier.is_known, earlier.coordinates.copy()
    for new in np.flatnonzero(~known):
        filled[new] = place(rows[new], rows[known], earlier.coordinates[known])
    return settle(filled, near, KEPT_NEIGHBOURS, seed, np.flatnonzero(~known))


def align(coordinates: np.ndarray, earlier: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Turn, mirror, scale and shift a map so that it lies on an earlier one as closely as it can.

    Orthogonal Procrustes analysis (P. H. Schönemann, Psychometrika 31, 1966).

    Parameters
    ----------
    coordinates
        The new map, shape (n_songs, dimensions).
    earlier
        The earlier map of the same songs, the same shape.
    known
        Which songs the earlier map has, shape (n_songs,).
    """
    middle, target = coordinates[known].mean(axis=0), earlier[known].mean(axis=0)
    here, there = coordinates[known] - middle, earlier[known] - target
    left, strengths, right = np.linalg.svd(here.T @ there)
    scale = strengths.sum() / max(float((here**2).sum()), 1e-12)
    return (coordinates - middle) @ (left @ right) * (scale or 1.0) + target


def _disc(n_songs: int, dimensions: int) -> np.ndarray:
    """Places for songs that cannot be told apart: a sunflower's, so that each can be pointed at."""
    number = np.arange(n_songs)
    radius, angle = np.sqrt(number / max(n_songs, 1)), number * np.pi * (3.0 - np.sqrt(5.0))
    flat = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])
    return np.column_stack([flat, np.zeros((n_songs, dimensions - 2))])


def _umap(
    rows: np.ndarray,
    near: tuple[np.ndarray, np.ndarray],
    start: np.ndarray,
    seed: int,
) -> np.ndarray:
    umap = import_umap()
    # UMAP counts a song as its own nearest neighbour, and wants fewer neighbours than songs.
    n_songs = len(rows)
    k = min(NEIGHBOURS + 1, n_songs - 1)
    itself = np.arange(n_songs, dtype=np.int32)[:, np.newaxis]
    nearest = np.hstack([itself, near[0]])[:, :k]
    distances = np.hstack([np.zeros_like(itself, dtype=np.float32), near[1]])[:, :k]
    reducer = umap.UMAP(
        n_components=start.shape[1],
        n_neighbors=k,
        metric="cosine",
        precomputed_knn=(nearest, distances),
        init=start.astype(np.float32),
        negative_sample_rate=NEGATIVE_SAMPLES if n_songs < MANY_SONGS else 5,
        n_epochs=EPOCHS if n_songs < MANY_SONGS else EPOCHS_OF_MANY,
        random_state=seed,
        n_jobs=1,
    )
    with warnings.catch_warnings():
        # New songs are placed by `place`, which needs no search index.
        warnings.filterwarnings("ignore", message=r"(?s)precomputed_knn\[2\]", category=UserWarning)
        return reducer.fit_transform(rows).astype(np.float64)


def _spread_out(start: np.ndarray, seed: int) -> np.ndarray:
    """Give a start a width in every direction and no two songs in one place, as UMAP needs."""
    width = np.ptp(start, axis=0)
    jitter = np.random.default_rng(seed).normal(size=start.shape)
    return start / np.where(width > 0, width, 1.0) + 1e-4 * jitter


def import_umap():
    """Import UMAP, whose package warns of an optional part that we do not use.

    It imports the search for approximate neighbours, pynndescent, which compiles for a dozen seconds. UMAP is
    given exact neighbours here, so those functions are never called and stay plain Python.
    """
    from common import compiled

    with compiled.one_at_a_time(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Tensorflow not installed", category=ImportWarning)
        with compiled.left_uncompiled():
            import pynndescent  # noqa: F401
        import umap
        from umap import layouts, umap_

        # UMAP compiles these anew in every process, which takes longer than to lay out 300 songs.
        single_epoch = getattr(layouts, "_nb_optimize_layout_euclidean_single_epoch", None)
        for function in (umap_.smooth_knn_dist, umap_.compute_membership_strengths, single_epoch):
            if function is not None and hasattr(function, "enable_caching"):
                function.enable_caching()
    return umap


def kept_share(near: np.ndarray, coordinates: np.ndarray, k: int = KEPT_NEIGHBOURS) -> np.ndarray | None:
    """Count how many of its true neighbours a map keeps near each song.

    Parameters
    ----------
    near
        The rows of each song's nearest songs in the space, nearest first, shape (n_songs, at least k, or all
        others).
    coordinates
        Where the songs lie on the map, shape (n_songs, dimensions).
    k
        How many nearest songs count, in the space and on the map.

    Returns
    -------
    ndarray or None
        Shares, 0 to 1, shape (n_songs,); None for a song alone.
    """
    from scipy.spatial import KDTree

    k = min(k, near.shape[1])
    if k < 1:
        return None
    _, found = KDTree(coordinates).query(coordinates, k + 1)
    others = found != np.arange(len(found))[:, np.newaxis]
    # Where several songs lie on one spot, a song need not be the nearest to itself.
    others[others.all(axis=1), -1] = False
    on_map = found[others].reshape(len(found), k)
    return (near[:, :k, np.newaxis] == on_map[:, np.newaxis, :]).any(axis=2).mean(axis=1)


def mean_kept(near: np.ndarray, coordinates: np.ndarray) -> float:
    """The mean of `kept_share` over all songs; NaN for a song alone."""
    kept = kept_share(near, coordinates)
    return float("nan") if kept is None else float(kept.mean())


def _trust(rows: np.ndarray, coordinates: np.ndarray, seed: int) -> tuple[float | None, int]:
    """Trustworthiness (J. Venna and S. Kaski, 2001) by scikit-learn, and the number of songs used."""
    from sklearn.manifold import trustworthiness

    n_songs = min(len(rows), TRUST_SAMPLE)
    k = min(KEPT_NEIGHBOURS, (n_songs - 1) // 2)
    if k < 1:
        return None, n_songs
    if n_songs < len(rows):
        chosen = np.sort(np.random.default_rng(seed).choice(len(rows), n_songs, replace=False))
        rows, coordinates = rows[chosen], coordinates[chosen]
    return float(trustworthiness(rows, coordinates, n_neighbors=k, metric="cosine")), n_songs


def place(song: np.ndarray, rows: np.ndarray, coordinates: np.ndarray) -> np.ndarray:
    """Place a song from outside the library on a finished map, which does not move.

    The song goes to the mean of its nearest songs, weighted by UMAP's membership strengths: where UMAP's
    own transform starts from (McInnes et al., section 3.2).

    Parameters
    ----------
    song
        The song in the search space, shape (n_columns,).
    rows
        The library's songs, shape (n_songs, n_columns).
    coordinates
        Where they lie, shape (n_songs, dimensions).

    Returns
    -------
    ndarray
        Shape (dimensions,).
    """
    cosines = unit_rows(rows.astype(np.float64)) @ unit_rows(song.astype(np.float64))
    distances = np.clip(1.0 - cosines, 0.0, 2.0)
    nearest = np.argsort(distances, kind="stable")[: min(NEIGHBOURS, len(distances))]
    weights = memberships(distances[nearest])
    return weights @ coordinates[nearest] / weights.sum()


def memberships(distances: np.ndarray) -> np.ndarray:
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
