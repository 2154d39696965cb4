"""All songs in one table: readings, genre, the guess of stage 3, cluster and nearest song.

Conventions
-----------
Stage 2 writes the table; stage 3 fills in its guesses. Both read the other's file if it is there, so the
order in which the stages run does not matter. What is unknown is None in a row and empty in the CSV.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common.classifier.guesses import Guess, read_guesses
from common.files import read_csv, write_csv
from common.layout import index_of
from common.library import Library
from common.music import energies, keys, shown_tempo, year_of
from common.paths import Output, Paths
from common.search.clusters import Grouping
from common.text import clean

Row = dict[str, Any]
"""A song: name of a column -> text, number or None."""


@dataclass(frozen=True)
class Column:
    """A column of the table.

    Attributes
    ----------
    name
        What it is called in the CSV.
    decimals
        Decimals of its numbers; None for a column of text.
    """

    name: str
    decimals: int | None = None


COLUMNS = (
    Column("song"), Column("artist"), Column("title"), Column("album"), Column("year", 0), Column("genre"),
    Column("guess"), Column("guess_probability", 2), Column("seconds", 1), Column("bpm", 1), Column("key"),
    Column("key_confidence", 3), Column("loudness", 1), Column("loudness_range", 1), Column("true_peak", 1),
    Column("energy", 1), Column("brightness", 0), Column("onset_rate", 1), Column("cluster"),
    Column("nearest"), Column("nearest_similarity", 3), Column("file_path"),
)  # fmt: skip
"""``key`` carries its doubt (see `music.Key.label`); loudness is in LUFS, its range in LU, the peak in dBTP,
energy as in `music.energies`, brightness (spectral centroid) in Hz, onsets are per second."""

AS_READ = ("loudness", "loudness_range", "true_peak", "onset_rate")
"""Columns that the library has under the same name."""

Nearest = Mapping[int, tuple[int, float]]
"""Row of a song -> the row of its nearest song, and their similarity (cosine, -1 to 1)."""


def song_rows(
    library: Library, nearest: Nearest, groupings: Sequence[Grouping], guesses: Mapping[str, Guess]
) -> Iterator[Row]:
    """Give the row of every song of the library, in its order; guests have none.

    Parameters
    ----------
    library
        The songs.
    nearest
        The nearest song of every song that it is known of.
    groupings
        The clusters that were found among the songs.
    guesses
        Path of a song's file -> what stage 3 takes it for.
    """
    cluster_of = cluster_names(groupings)
    for start in range(0, library.n_own, CHUNK):
        part = slice(start, min(start + CHUNK, library.n_own))
        brightness = library.embeddings[part, index_of("spectral_centroid_mean")]
        told = zip(keys(library, part), energies(library, part), brightness, strict=True)
        for row, (key, energy, bright) in enumerate(told, start):
            near, similarity = nearest.get(row, (None, None))
            yield {
                **_told(library, row),
                "key": key and key.label,
                "energy": _rounded(energy, 1),
                "brightness": _rounded(bright, 0),
                **_guessed(guesses.get(clean(library.paths[row]))),
                "cluster": cluster_of.get(row),
                "nearest": None if near is None else clean(library.names[near]),
                "nearest_similarity": _rounded(similarity, 3),
            }


CHUNK = 10_000
"""Songs whose readings are taken at a time."""


def _told(library: Library, row: int) -> Row:
    """What the metadata says of a song."""
    song = library.song(row)
    return {
        "song": clean(song["song_name"]),
        "artist": clean(library.artists[row]) or None,
        "title": clean(library.titles[row]) or None,
        "album": clean(song["album"] or "") or None,
        "year": year_of(song["year"]),
        "genre": clean(song["genre"]),
        "seconds": _rounded(song["duration"], 1),
        "bpm": shown_tempo(song["bpm"] or 0.0),
        "key_confidence": _rounded(song["key_confidence"], 3),
        **{name: _rounded(song[name], 1) for name in AS_READ},
        "file_path": clean(song["file_path"]),
    }


def _guessed(guess: Guess | None) -> Row:
    if guess is None:
        return {"guess": None, "guess_probability": None}
    return {"guess": guess.genre, "guess_probability": _rounded(guess.probability, 2)}


def _rounded(value: float | None, decimals: int) -> float | int | None:
    if value is None:
        return None
    return round(value) if decimals == 0 else round(float(value), decimals) + 0.0


def cluster_names(groupings: Sequence[Grouping]) -> dict[int, str]:
    """Row of a song -> the name of its cluster: the one across genres, or else the one within its genre."""
    names: dict[int, str] = {}
    for grouping in groupings:
        where = "" if grouping.genre is None else f"{grouping.genre}: "
        for cluster in grouping.clusters:
            for row in cluster.songs:
                names.setdefault(row, clean(where + cluster.name))
    return names


def table_file(paths: Paths) -> Path:
    """Where the table lies."""
    return paths.report(f"{Output.SONGS}.csv")


def write_table(paths: Paths, rows: Iterable[Row]) -> Path:
    """Write the table as CSV."""
    names = [column.name for column in COLUMNS]
    write_csv(table_file(paths), names, ([row[name] for name in names] for row in rows))
    return table_file(paths)


def read_table(paths: Paths) -> Iterator[Row]:
    """Read the table's rows; none where there is no table, or it is not one of ours.

    Raises
    ------
    ValueError
        If a cell that should hold a number does not.
    """
    if not table_file(paths).is_file():
        return
    reader = read_csv(table_file(paths), errors="replace")
    if next(reader, None) != [column.name for column in COLUMNS]:
        return
    for cells in reader:
        if len(cells) == len(COLUMNS):
            yield {column.name: _cell(column, cell) for column, cell in zip(COLUMNS, cells, strict=True)}


def _cell(column: Column, cell: str) -> str | float | int | None:
    if not cell:
        return None
    if column.decimals is None:
        return cell
    return int(cell) if column.decimals == 0 else float(cell)


def with_guesses(rows: Iterable[Row], paths: Paths) -> Iterator[Row]:
    """The rows with what stage 3 takes their songs for now."""
    guesses = read_guesses(paths)
    for row in rows:
        yield {**row, **_guessed(guesses.get(row["file_path"] or ""))}
