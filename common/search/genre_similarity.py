"""How well similarity follows genres: inside against between, neighbours, silhouette, hubs.

Conventions: similarities are cosines in one space, -1 to 1; a pair is two different songs; songs whose
genre is unknown take no part, and each recording counts once. Where there are more than `SONG_SAMPLE` songs,
that many of them, drawn with a fixed seed, are compared with all.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from common.console import UserError
from common.files import write_csv
from common.library import UNKNOWN_GENRE
from common.paths import Output, Paths
from common.recordings import artist_numbers, first_of_each
from common.search.distribution import SAMPLE_SEED
from common.search.space import Space
from common.search.spaces import output_of
from common.text import clean, count

SONG_SAMPLE = 4096
"""Songs that stand for all, where there are more."""

NEIGHBOURS = 10
"""Neighbours that precision and hubs are counted among."""

CHUNK, CHUNK_ENTRIES = 1024, 2**24
"""Most songs, and most similarities, that are computed at a time."""


SPREADS = ("± inside", "± outside")
"""Columns of the table that a narrow terminal can do without."""


@dataclass(frozen=True)
class Precision:
    """Share of a song's nearest neighbours that are of its own genre.

    Attributes
    ----------
    genres
        The mean share over each genre's songs, 0 to 1, shape (K,).
    overall
        The mean share over all songs, 0 to 1.
    other_artists
        The same where songs by the same artist do not count as neighbours; NaN where no song names its
        artist or no other artist is left.
    chance, chance_overall
        The share that random neighbours would reach: of each genre, shape (K,), and over all songs.
    n_neighbours
        How many neighbours of every song are looked at.
    """

    genres: np.ndarray
    overall: float
    other_artists: float
    chance: np.ndarray
    chance_overall: float
    n_neighbours: int


@dataclass(frozen=True)
class GenreStatistics:
    """What `measure` finds; K is the number of genres.

    Attributes
    ----------
    space
        Name of the space that songs were compared in.
    genres
        The names of the genres, sorted.
    sizes
        How many songs each genre has, shape (K,).
    mean, spread
        Mean and standard deviation of the cosine over pairs, shape (K, K): inside a genre on the
        diagonal, between two genres elsewhere. NaN where there is no pair.
    outside_mean, outside_spread
        The same over pairs of one song inside and one outside the genre, shape (K,).
    precision
        How many of a song's neighbours are of its own genre.
    silhouette
        Mean silhouette of the genres with 1 - cosine as distance, -1 to 1; NaN for a single genre.
        P. J. Rousseeuw, J. Computational and Applied Mathematics 20 (1987).
    hubs
        The songs in most lists of nearest neighbours, the most frequent first: (row in the library, number
        of lists).
    hubness
        Skewness of how often a song is in the lists of others: 0 where none stands out, 1 and more where a
        few songs turn up everywhere. M. Radovanović et al., "Hubs in space", JMLR 11 (2010). 0 where all
        songs are in equally many lists.
    n_asked
        How many songs' neighbours were looked at.
    n_copies
        How many songs were left out because an earlier song is the same recording.
    """

    space: str
    genres: list[str]
    sizes: np.ndarray
    mean: np.ndarray
    spread: np.ndarray
    outside_mean: np.ndarray
    outside_spread: np.ndarray
    precision: Precision
    silhouette: float
    hubs: list[tuple[int, int]]
    hubness: float
    n_asked: int
    n_copies: int

    def sentences(self, names: Sequence[str]) -> list[str]:
        """Say the overall findings.

        Parameters
        ----------
        names
            The names of the library's songs, of which the hubs are named.
        """
        found, k = self.precision, self.precision.n_neighbours
        chance = f"by chance {100 * found.chance_overall:.1f}%"
        lines = [f"of a song's {k} nearest, {100 * found.overall:.1f}% are of its genre; {chance}"]
        if not math.isnan(found.other_artists):
            lines.append(f"not counting songs by the same artist, {100 * found.other_artists:.1f}%")
        if not math.isnan(self.silhouette):
            lines.append(f"silhouette {self.silhouette:+z.3f} (-1 mixed up, 0 overlapping, 1 apart)")
        lines.append(
            "in most lists: "
            + ", ".join(f"{clean(names[row])} ({count(times, 'list')})" for row, times in self.hubs)
        )
        lines.append(f"hubness {self.hubness:+z.2f} (0 no song stands out, above 1 a few turn up everywhere)")
        if self.n_asked < self.sizes.sum():
            lines.append(f"measured on {count(self.n_asked, 'song')} drawn at random, against all")
        if self.n_copies:
            lines.append(f"each recording counts once: {count(self.n_copies, 'song')} left out as copies")
        return lines


def statistics_table(statistics: GenreStatistics) -> tuple[list[str], list[list[Any]]]:
    """Headers, and one row per genre; a value there is no pair for is None."""
    precision = statistics.precision
    numbers = zip(
        np.diag(statistics.mean),
        np.diag(statistics.spread),
        statistics.outside_mean,
        statistics.outside_spread,
        precision.genres,
        precision.chance,
        strict=True,
    )
    headers = ["genre", "songs", "inside", SPREADS[0], "outside", SPREADS[1]]
    headers += [f"precision@{precision.n_neighbours}", "by chance"]
    rows = [
        [genre, int(size), *(_number(value) for value in values)]
        for genre, size, values in zip(statistics.genres, statistics.sizes, numbers, strict=True)
    ]
    return headers, rows


def write_reports(paths: Paths, statistics: GenreStatistics) -> list[Path]:
    """Write the table and the matrix of mean similarities as CSV."""
    headers, rows = statistics_table(statistics)
    outputs = (Output.SIMILARITY, Output.SIMILARITY_MATRIX)
    written = [paths.report(f"{output_of(output, statistics.space)}.csv") for output in outputs]
    write_csv(written[0], headers, rows)
    matrix = (
        [genre, *map(_number, row)] for genre, row in zip(statistics.genres, statistics.mean, strict=True)
    )
    write_csv(written[1], ["genre", *statistics.genres], matrix)
    return written


def _number(value: float) -> float | None:
    return None if math.isnan(value) else round(float(value), 6)


def measure(space: Space) -> GenreStatistics:
    """Measure similarity inside and between genres; each recording counts once.

    Raises
    ------
    UserError
        If fewer than two recordings have a genre.
    """
    library = space.library
    filed = np.flatnonzero(np.array(library.genres[: library.n_own]) != UNKNOWN_GENRE)
    known = np.array(first_of_each(library, filed), dtype=int)
    if len(known) < 2:
        raise UserError("genres are compared between songs in genre folders, and there are fewer than two")
    names, genre_of = np.unique(np.array(library.genres)[known], return_inverse=True)
    sums = _sum_up(space, known, genre_of, len(names))
    own = np.eye(len(names), dtype=bool)
    mean, spread = _moments(*(values + values.T for values in sums.per_genre()))
    outside_mean, outside_spread = _moments(
        *(np.where(own, 0.0, values).sum(axis=1) for values in sums.per_genre())
    )
    return GenreStatistics(
        space=space.name,
        genres=[str(name) for name in names],
        sizes=np.bincount(genre_of),
        mean=mean,
        spread=spread,
        outside_mean=outside_mean,
        outside_spread=outside_spread,
        precision=_precision(sums, np.bincount(genre_of)),
        silhouette=_silhouette(sums),
        hubs=_hubs(sums, known),
        hubness=_hubness(sums, len(known)),
        n_asked=len(sums.genre),
        n_copies=len(filed) - len(known),
    )


@dataclass(frozen=True)
class _Sums:
    """Per song that was asked: its genre, and what its row of the similarity matrix comes to.

    ``count``, ``total`` and ``squares`` are over pairs with each genre, shape (n_asked, K); ``hits`` and
    ``other_hits`` are precisions, shape (n_asked,); ``lists`` are neighbours, shape (n_asked, k).
    """

    genre: np.ndarray
    count: np.ndarray
    total: np.ndarray
    squares: np.ndarray
    hits: np.ndarray
    other_hits: np.ndarray
    lists: np.ndarray = field(repr=False)

    def per_genre(self) -> list[np.ndarray]:
        """``count``, ``total`` and ``squares``, summed over the songs of each genre: shape (K, K)."""
        member = self.genre[:, None] == np.arange(self.count.shape[1])
        return [member.T.astype(float) @ values for values in (self.count, self.total, self.squares)]


def _sum_up(space: Space, known: np.ndarray, genre_of: np.ndarray, k: int) -> _Sums:
    rows = space.rows if len(known) == len(space) else space.rows[known]
    artist_of = artist_numbers(space.library, known)
    member = (genre_of[:, None] == np.arange(k)).astype(np.float64)
    asked = np.arange(len(known))
    if len(known) > SONG_SAMPLE:
        asked = np.sort(np.random.default_rng(SAMPLE_SEED).choice(len(known), SONG_SAMPLE, replace=False))
    columns: list[tuple[np.ndarray, ...]] = []
    together = max(1, min(CHUNK, CHUNK_ENTRIES // len(known)))
    for start in range(0, len(asked), together):
        chunk = asked[start : start + together]
        itself = (np.arange(len(chunk)), chunk)
        scores = (rows[chunk] @ rows.T).astype(np.float64)
        scores[itself] = 0.0
        total, squares = scores @ member, scores**2 @ member
        scores[itself] = -np.inf
        lists, hits = _neighbours(scores, genre_of, genre_of[chunk])
        artist = artist_of[chunk, None]
        scores[(artist >= 0) & (artist == artist_of)] = -np.inf
        named = np.where(artist_of[chunk] >= 0, _neighbours(scores, genre_of, genre_of[chunk])[1], np.nan)
        columns.append((total, squares, hits, named, lists))
    total, squares, hits, named, lists = (np.concatenate(parts) for parts in zip(*columns, strict=True))
    count = member.sum(axis=0) - member[asked]
    return _Sums(genre_of[asked], count, total, squares, hits, named, lists)


def _neighbours(scores: np.ndarray, genre_of: np.ndarray, genre: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Nearest songs of every row, and the share of them that have the row's genre (NaN if there are none)."""
    k = min(NEIGHBOURS, scores.shape[1] - 1)
    lists = np.argpartition(-scores, k - 1, axis=1)[:, :k].copy()  # a view would keep all of it in memory
    possible = np.isfinite(np.take_along_axis(scores, lists, axis=1))
    hits = ((genre_of[lists] == genre[:, None]) & possible).sum(axis=1)
    n_possible = possible.sum(axis=1)
    return lists, np.where(n_possible > 0, hits / np.maximum(n_possible, 1), np.nan)


def _moments(count: np.ndarray, total: np.ndarray, squares: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation from sums; NaN where nothing was summed."""
    some = np.where(count > 0, count, np.nan)
    mean = total / some
    return mean, np.sqrt(np.maximum(squares / some - mean**2, 0.0))


def _precision(sums: _Sums, sizes: np.ndarray) -> Precision:
    n = int(sizes.sum())
    asked = np.bincount(sums.genre, minlength=len(sizes))
    named = sums.other_hits[np.isfinite(sums.other_hits)]
    return Precision(
        genres=np.bincount(sums.genre, sums.hits, len(sizes)) / np.where(asked, asked, np.nan),
        overall=float(sums.hits.mean()),
        other_artists=float(named.mean()) if len(named) else math.nan,
        chance=(sizes - 1) / (n - 1),
        chance_overall=float((sizes * (sizes - 1)).sum() / (n * (n - 1))),
        n_neighbours=sums.lists.shape[1],
    )


def _silhouette(sums: _Sums) -> float:
    """Mean silhouette; a song alone in its genre counts 0, as scikit-learn has it."""
    if sums.count.shape[1] < 2:
        return math.nan
    distance = 1.0 - sums.total / np.where(sums.count > 0, sums.count, np.nan)
    every = np.arange(len(distance))
    inside = distance[every, sums.genre]
    distance[every, sums.genre] = np.inf
    outside = distance.min(axis=1)
    larger = np.maximum(inside, outside)
    alone = np.isnan(inside) | (larger <= 0)
    return float(np.where(alone, 0.0, (outside - inside) / np.where(alone, 1.0, larger)).mean())


def _hubs(sums: _Sums, known: np.ndarray, most: int = 5) -> list[tuple[int, int]]:
    occurrences = np.bincount(sums.lists.ravel(), minlength=len(known))
    popular = np.argsort(-occurrences, kind="stable")[:most]
    return [(int(known[i]), int(occurrences[i])) for i in popular]


def _hubness(sums: _Sums, n_songs: int) -> float:
    """Skewness of how often a song is in a list of nearest neighbours."""
    occurrences = np.bincount(sums.lists.ravel(), minlength=n_songs).astype(np.float64)
    apart = occurrences - occurrences.mean()
    spread = float(np.sqrt((apart**2).mean()))
    return float((apart**3).mean()) / spread**3 if spread > 0 else 0.0
