"""Three sentences about a library: how many songs, what kinds, and what stands out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from common.files import write_text
from common.library import UNKNOWN_GENRE, Library
from common.music import MINOR, keys, tempos
from common.overview.trend import Trend
from common.paths import Output, Paths
from common.recordings import artist_numbers
from common.search.clusters import Grouping, find_traits
from common.text import clean, count, duration, shorten

MOST_GENRES = 4
"""Genres that are named, the largest first."""

MOST_CLUSTERS = 3
"""Clusters that are named, the largest first."""

LEAST_READ = 4
"""Songs of which something must be known before it is said of half of them."""

LEAST_COMPARED = 10
"""Songs from which one can be least like any other: of a handful none is like another, and the most typical
may have the farthest neighbour."""

LONGEST_NAME = 60


def three_sentences(
    library: Library,
    nearest: Mapping[int, tuple[int, float]],
    groupings: Sequence[Grouping],
    trends: Sequence[Trend] = (),
) -> list[str]:
    """Say how many songs there are, of what kinds, and what stands out.

    Parameters
    ----------
    library
        The songs, at least one; guests take no part.
    nearest
        Row of a song -> the row of its nearest song, and their similarity.
    groupings
        The clusters that were found, across genres first.
    trends
        How readings moved over the years.

    Returns
    -------
    list of str
        Two or three sentences; the last is missing where nothing stands out.
    """
    own = Library(
        library.embeddings[: library.n_own],
        {name: values[: library.n_own] for name, values in library.columns.items()},
    )
    sentences = [how_many(own), what_kinds(own), what_stands_out(library, nearest, groupings, trends)]
    return [sentence for sentence in sentences if sentence]


def how_many(library: Library) -> str:
    """Count songs, artists and hours."""
    artist = artist_numbers(library)
    artists, known = int(artist.max(initial=-1)) + 1, "" if (artist >= 0).all() else "known "
    by = f" by {count(artists, f'{known}artist')}" if artists else ""
    seconds = library.columns["duration"]
    length = f"{duration(sum(seconds))} of music, {duration(sum(seconds) / len(library))} on average"
    return f"{count(len(library), 'song')}{by}: {length}."


def what_kinds(library: Library) -> str:
    """Say which genres there are, how fast most songs are, how many are in minor, and how loud they are."""
    parts = [_genres(library.genres)]
    bpm = tempos(library)
    if middle := _middle_half(bpm[bpm > 0], "{:.0f}"):
        parts.append(f"half of those with a steady pulse run at {middle} BPM")
    known = [key for key in keys(library) if key is not None]
    if len(known) >= LEAST_READ:
        parts.append(f"{100 * np.mean([key.mode == MINOR for key in known]):.0f}% are in a minor key")
    loudness = np.array([value for value in library.columns["loudness"] if value is not None], dtype=float)
    if middle := _middle_half(loudness, "{:.1f}"):
        parts.append(f"half are at {middle} LUFS")
    return _sentence(parts)


def _genres(genres: Sequence[str]) -> str:
    sizes = Counter(clean(genre) for genre in genres if genre != UNKNOWN_GENRE)
    without = len(genres) - sizes.total()
    named = [f"{n} {genre}" for genre, n in sizes.most_common(MOST_GENRES)]
    if len(sizes) > MOST_GENRES:
        others = sizes.total() - sum(n for _, n in sizes.most_common(MOST_GENRES))
        named.append(f"{others} of {count(len(sizes) - MOST_GENRES, 'other genre')}")
    if without:
        named.append(f"{without} without a genre")
    return _listed(named)


def _middle_half(values: np.ndarray, form: str) -> str:
    """From where to where the middle half lies; empty where too few are known."""
    if len(values) < LEAST_READ:
        return ""
    low, high = (form.format(value).replace("-", "−") for value in np.quantile(values, [0.25, 0.75]))
    return low if low == high else f"{low} to {high}"


def what_stands_out(
    library: Library,
    nearest: Mapping[int, tuple[int, float]],
    groupings: Sequence[Grouping],
    trends: Sequence[Trend],
) -> str:
    """Say which groups there are, what moved over the years, and which song is least like any other."""
    parts = [*_groups(groupings), *_moves(trends)]
    if len(nearest) >= LEAST_COMPARED:
        row = min(nearest, key=lambda song: (nearest[song][1], song))
        parts.append(_odd_one(library, row, nearest[row]))
    return _sentence(parts)


def _groups(groupings: Sequence[Grouping]) -> list[str]:
    for grouping in groupings:
        if grouping.clusters:
            where = "the songs fall" if grouping.genre is None else f"{clean(grouping.genre)} falls"
            largest = [f"{len(one.songs)} with {one.name}" for one in grouping.clusters[:MOST_CLUSTERS]]
            groups = count(len(grouping.clusters), "group")
            return [f"{where} into {groups} that sound alike, such as {_listed(largest)}"]
    return []


def _moves(trends: Sequence[Trend]) -> list[str]:
    moved = [
        f"{one.reading.more if one.per_decade > 0 else one.reading.less} ({one.amount(one.per_decade)}"
        f"{' ' + one.reading.of_change if one.reading.of_change else ''} per decade)"
        for one in trends
        if one.moved and round(one.per_decade, one.reading.decimals)
    ]
    return [f"over the years the songs became {_listed(moved)}"] if moved else []


def _odd_one(library: Library, row: int, near: tuple[int, float]) -> str:
    """Name a song and what tells it from all others."""
    others = np.delete(np.arange(library.n_own), row)
    # Of very many songs, some thousand say well enough what is usual.
    others = others[:: max(1, len(others) // 5000)]
    traits = find_traits(library.standardised_rows([row]), library.standardised_rows(others))
    heard = f" ({', '.join(traits)})" if traits else ""
    name, other = (shorten(clean(library.names[one]), LONGEST_NAME) for one in (row, near[0]))
    return f"least like any other is {name}{heard}, nearest to it is {other} with {near[1]:.2f} of 1"


def _listed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _sentence(parts: Sequence[str]) -> str:
    told = "; ".join(part for part in parts if part)
    return f"{told[0].upper()}{told[1:]}." if told else ""


def write_summary(paths: Paths, sentences: Sequence[str]) -> Path:
    """Keep the sentences for the gallery, one per line."""
    file = paths.report(f"{Output.SUMMARY_LINES}.txt")
    write_text(file, "\n".join(sentences) + "\n")
    return file
