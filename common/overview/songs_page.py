"""The table of all songs as a page that can be sorted and searched, without a network.

The page holds its rows as JSON; ``assets/songs.js`` shows as many as have been scrolled to, so that it stays
quick with many songs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from common.library import UNKNOWN_GENRE
from common.overview.songs import COLUMNS, Row
from common.pages import address, escape, save_page, script_json
from common.recordings import genre_label
from common.text import count, duration, thousands

ASSETS = Path(__file__).parent / "assets"

MOST_LISTED = 20_000
"""Songs that the page lists; the CSV has all."""

TITLE = "All songs"


@dataclass(frozen=True)
class Shown:
    """A column of the page.

    Attributes
    ----------
    header
        What stands above it.
    column
        The column of the table that it shows.
    about
        What it says, for whoever rests on the header.
    unit
        Its unit; None for text.
    """

    header: str
    column: str
    about: str
    unit: str | None = None


SHOWN = (
    Shown("song", "song", "artist and title"),
    Shown("genre", "genre", "the folder it is filed under"),
    Shown(
        "guess",
        "guess",
        "what the classifier takes it for, not having heard it; ≠ if filed otherwise: its mistake or the "
        "label's (boundary_songs.html names the labels that are more likely wrong)",
    ),
    Shown("sure", "guess_probability", "how sure the classifier is", ""),
    Shown("nearest song", "nearest", "the song that sounds most like it"),
    Shown("alike", "nearest_similarity", "similarity to it, 1 for the same", "of 1"),
    Shown("tempo", "bpm", "beats per minute", "BPM"),
    Shown("key", "key", "with its place on the DJs' wheel, and its doubt"),
    Shown("loudness", "loudness", "integrated loudness", "LUFS"),
    Shown("range", "loudness_range", "loudness range", "LU"),
    Shown("energy", "energy", "loudness, brightness and density in one", "LU"),
    Shown("brightness", "brightness", "centre of the spectrum", "Hz"),
    Shown("year", "year", "as it is tagged", ""),
    Shown("length", "seconds", "minutes and seconds", ""),
    Shown("cluster", "cluster", "what its group of like-sounding songs has in common"),
)


@dataclass
class Listing:
    """Chooses the songs that the page lists while their rows pass by on the way to the table.

    Those are all songs, or those of the map where there are more than `MOST_LISTED`.

    Attributes
    ----------
    n_songs
        How many songs have passed by.
    first
        The first of them.
    of_map
        The first of those whose nearest song is known, as it is of the map's.
    """

    n_songs: int = 0
    first: list[Row] = field(default_factory=list)
    of_map: list[Row] = field(default_factory=list)

    def watch(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Hand the rows on, all of them and unchanged."""
        for row in rows:
            self.n_songs += 1
            if len(self.first) < MOST_LISTED:
                self.first.append(row)
            if len(self.of_map) < MOST_LISTED and row["nearest"] is not None:
                self.of_map.append(row)
            yield row

    @property
    def rows(self) -> list[Row]:
        """The songs that the page lists."""
        return self.of_map if self.n_songs > MOST_LISTED and self.of_map else self.first


def write_page(path: Path, listing: Listing, table: Path, about: str = "") -> Path:
    """Write the page.

    Parameters
    ----------
    path
        The page's file.
    listing
        The songs that it lists, after all have passed by.
    table
        The CSV file that has all of them.
    about
        What stands above the table.
    """
    rows = listing.rows
    used = [one for one in SHOWN if any(row[one.column] is not None for row in rows)]
    content = {
        "columns": [
            {
                "header": one.header, "about": one.about, "unit": one.unit, "kind": _kind(one),
                "decimals": DECIMALS[one.column],
            }
            for one in used
        ],
        "rows": [[_shown(one, row) for one in used] for row in rows],
        "genre": next((i for i, one in enumerate(used) if one.column == "genre"), None),
        "guess": next((i for i, one in enumerate(used) if one.column == "guess"), None),
        "nearest": next((i for i, one in enumerate(used) if one.column == "nearest"), None),
        "unfiled": genre_label(UNKNOWN_GENRE),
    }  # fmt: skip
    body = _asset("songs.html").format(
        title=escape(TITLE),
        about=escape(about),
        listed=escape(_listed(len(rows), listing.n_songs)),
        table=escape(address(table, path.parent)),
        content=script_json(content),
        script=_asset("songs.js"),
    )
    return save_page(path, TITLE, body, styles=_asset("songs.css"))


DECIMALS = {column.name: column.decimals for column in COLUMNS}


def _kind(shown: Shown) -> str:
    if shown.column in ("seconds", "guess_probability"):
        return "time" if shown.column == "seconds" else "share"
    return "text" if shown.unit is None else "number"


def _shown(shown: Shown, row: Row) -> object:
    """A cell as the page sorts it; a length goes with what is shown of it."""
    value = row[shown.column]
    if shown.column == "seconds" and value is not None:
        return [value, duration(value)]
    return genre_label(value) if shown.column == "genre" else value


def _listed(n_listed: int, n_songs: int) -> str:
    if n_listed == n_songs:
        return count(n_songs, "song")
    return f"{thousands(n_listed)} of {count(n_songs, 'song')}, those of the map; the CSV has all"


def _asset(name: str) -> str:
    return (ASSETS / name).read_text(encoding="utf-8")
