"""Clusters: groups of songs that sound alike, across genres and within them, and only where they are stable.

Conventions: songs are rows of the library, guests excluded; a song belongs to one cluster of a grouping or to
none (label -1). Clusters are found in the similarity space, whose rows have length 1, so that the Euclidean
distance orders pairs of songs as their similarity does.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from common.arrays import stratified
from common.layout import BLOCK_OF, is_audible, words
from common.library import UNKNOWN_GENRE, Library
from common.search.space import Space
from common.text import count

LEAST_SONGS = 20
"""Songs that are looked at for clusters; among fewer, a resample holds too few to tell."""

LEAST_MEMBERS = 5
"""Songs that make a cluster."""

STABLE = 0.8
"""Agreement with clusters of resampled songs (adjusted Rand index) from which clusters are shown."""

RESAMPLES, RESAMPLE_SHARE = 20, 0.8
"""How often clusters are looked for among a random share of the songs."""

MOST_SONGS = 2000
"""Songs that clusters are looked for among; of more, a sample in which every genre keeps its share."""

SEED = 0

CLEAR_TRAIT = 0.8
"""Difference of means, in standard deviations within the two groups, from which a trait is named: what
J. Cohen, "Statistical Power Analysis for the Behavioral Sciences", 1988, calls large."""

MOST_TRAITS = 3


@dataclass(frozen=True)
class Cluster:
    """Songs that sound alike.

    Attributes
    ----------
    songs
        The rows of its songs, the most typical first.
    traits
        What tells it from the other songs that were looked at, the clearest first; see `layout.words`.
    """

    songs: tuple[int, ...]
    traits: tuple[str, ...]

    @property
    def typical(self) -> int:
        """The row of its most typical song: the one that is most similar to all others on average."""
        return self.songs[0]

    @property
    def name(self) -> str:
        """What it is called: its traits."""
        return ", ".join(self.traits) or "no audible trait of its own"


@dataclass(frozen=True)
class Grouping:
    """What looking for clusters among some songs found.

    Attributes
    ----------
    genre
        The genre whose songs were looked at; None for those of all genres.
    n_songs
        How many songs were looked at.
    stability
        The mean adjusted Rand index, up to 1, between the clusters and those of resampled songs; None where
        there were too few songs, or fewer than two clusters.
    clusters
        The clusters, the largest first; empty if they are not stable.
    """

    genre: str | None
    n_songs: int
    stability: float | None
    clusters: tuple[Cluster, ...] = field(default=())

    @property
    def n_loose(self) -> int:
        """How many songs are in no cluster."""
        return self.n_songs - sum(len(cluster.songs) for cluster in self.clusters)

    @property
    def verdict(self) -> str:
        """A sentence that says what was found."""
        where = "across all genres" if self.genre is None else f"within {self.genre}"
        if self.clusters:
            return f"{len(self.clusters)} clusters {where}, stability {self.stability:.2f} of 1"
        what = "no stable clusters across genres" if self.genre is None else f"no stable sub-genres {where}"
        if self.stability is not None:
            return f"{what}: another choice of songs gives others (stability {self.stability:.2f} of 1)"
        if self.n_songs < LEAST_SONGS:
            are = "is" if self.n_songs == 1 else "are"
            few = f"{count(self.n_songs, 'song')} {are} too few"
            return f"{what}: {few}, at least {LEAST_SONGS} are needed"
        return f"{what}: the songs do not fall into groups"


def find_clusters(space: Space) -> list[Grouping]:
    """Look for clusters among all songs, and among those of every genre.

    Parameters
    ----------
    space
        The songs in the space that they are searched in.

    Returns
    -------
    list of Grouping
        That of all songs first, then one for each genre, in the order of their names.
    """
    library = space.library
    genres = np.array(library.genres[: library.n_own])
    everything = stratified(genres, MOST_SONGS, SEED)
    found = [_group(space, everything, None)]
    for genre in sorted(set(genres) - {UNKNOWN_GENRE}):
        rows = np.flatnonzero(genres == genre)
        found.append(_group(space, rows[stratified(genres[rows], MOST_SONGS, SEED)], str(genre)))
    return found


def _group(space: Space, songs: np.ndarray, genre: str | None) -> Grouping:
    if len(songs) < LEAST_SONGS:
        return Grouping(genre, len(songs), None)
    rows = space.rows[songs].astype(np.float64)
    labels = label_songs(rows)
    if labels.max() < 1:
        return Grouping(genre, len(songs), None)
    stability = measure_stability(rows, labels)
    if stability < STABLE:
        return Grouping(genre, len(songs), stability)
    largest = np.argsort(-np.bincount(labels[labels >= 0]), kind="stable")
    clusters = tuple(_describe(space.library, rows, songs, labels == label) for label in largest)
    return Grouping(genre, len(songs), stability, clusters)


def label_songs(rows: np.ndarray) -> np.ndarray:
    """Find clusters by HDBSCAN (R. Campello, D. Moulavi, J. Sander, PAKDD 2013) of scikit-learn.

    Parameters
    ----------
    rows
        The songs in the space, shape (n_songs, n_columns).

    Returns
    -------
    ndarray
        The number of each song's cluster from 0, or -1 for none, shape (n_songs,).
    """
    from sklearn.cluster import HDBSCAN

    # Trees gain nothing in so many columns: comparing all pairs is thirty times as fast for 2000 songs.
    return HDBSCAN(min_cluster_size=LEAST_MEMBERS, algorithm="brute", copy=True).fit_predict(rows)


def measure_stability(rows: np.ndarray, labels: np.ndarray) -> float:
    """Measure how far clusters come out again among a random share of the songs.

    Parameters
    ----------
    rows
        The songs in the space, shape (n_songs, n_columns).
    labels
        What `label_songs` found among all of them, shape (n_songs,).

    Returns
    -------
    float
        The mean adjusted Rand index (L. Hubert, P. Arabie, Journal of Classification 2, 1985): 1 if always
        the same, 0 if no more alike than by chance. Songs in no cluster count as one group.
    """
    from sklearn.metrics import adjusted_rand_score

    rng, n_kept = np.random.default_rng(SEED), round(RESAMPLE_SHARE * len(rows))
    scores = []
    for _ in range(RESAMPLES):
        kept = np.sort(rng.choice(len(rows), n_kept, replace=False))
        scores.append(adjusted_rand_score(labels[kept], label_songs(rows[kept])))
    return float(np.mean(scores))


def _describe(library: Library, rows: np.ndarray, songs: np.ndarray, members: np.ndarray) -> Cluster:
    own = rows[members]
    by_typicality = np.argsort(-(own @ own.sum(axis=0)), kind="stable")
    values = library.standardised_rows(songs.tolist())
    traits = find_traits(values[members], values[~members])
    return Cluster(tuple(map(int, songs[members][by_typicality])), tuple(traits))


def find_traits(inside: np.ndarray, outside: np.ndarray) -> list[str]:
    """Say what a listener could hear that tells songs from others, at most one trait per descriptor.

    Parameters
    ----------
    inside
        The standardised numbers of the songs, shape (n_songs, ``N_FEATURES``).
    outside
        Those of the other songs, shape (n_others, ``N_FEATURES``).
    """
    spread = np.sqrt((inside.var(axis=0) + outside.var(axis=0)) / 2.0)
    apart = inside.mean(axis=0) - outside.mean(axis=0)
    effect = np.divide(apart, spread, out=np.zeros_like(apart), where=spread > 0)
    said: dict[str, str] = {}
    for index in map(int, np.argsort(-np.abs(effect), kind="stable")):
        if len(said) == MOST_TRAITS or abs(effect[index]) < CLEAR_TRAIT:
            break
        if is_audible(index):
            said.setdefault(BLOCK_OF[index].source, words(index, bool(effect[index] > 0)))
    return list(said.values())
