"""Numbered songs as a table for a terminal: one line per song, as wide as the terminal and no wider."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from common.console import terminal_width
from common.library import UNKNOWN_GENRE, Library
from common.music import keys, shown_tempo, tempos
from common.recordings import genre_label
from common.text import clean, display_width, duration, shorten, table

_GAP = 2
"""Columns of the terminal between two columns of a table."""

_LONGEST_GENRE, _SHORTEST_NAME = len(genre_label(UNKNOWN_GENRE)), 20
"""Columns of the terminal that a genre takes at most, and that a song's name keeps however narrow it is."""

Columns = Mapping[str, Sequence[object]]
"""Header -> one cell per song."""


def song_table(
    library: Library,
    songs: Sequence[int],
    extra: Columns | None = None,
    under: Sequence[Sequence[str]] = (),
    files: bool = False,
    first: int = 1,
) -> str:
    """Lay out numbered songs, one line each.

    Where the terminal is too narrow, durations are left out first, then names are cut, and where that is not
    enough, genres and tempos are left out, too.

    Parameters
    ----------
    library
        The library that the songs are of.
    songs
        The songs, in order, at least one.
    extra
        Columns that stand before the songs' names.
    under
        Further lines that stand under each song, one sequence of lines per song.
    files
        Whether the path of its file stands under each song, whole.
    first
        The number of the first song.
    """
    columns: dict[str, Sequence[object]] = {
        "#": range(first, first + len(songs)),
        **(extra or {}),
        "song": [clean(library.names[song]) for song in songs],
        "genre": [shorten(genre_label(library.genres[song]), _LONGEST_GENRE) for song in songs],
        "time": [duration(library.columns["duration"][song]) for song in songs],
        "BPM": [shown_tempo(tempo) for tempo in tempos(library, songs)],
        "key": [key and key.short_label for key in keys(library, songs)],
    }
    columns = fitting(columns, "song", ["time"], ["genre", "BPM"])
    right = "".join("r" if header not in {"song", "genre", "key"} else " " for header in columns)
    head, rule, *lines = table(list(columns), zip(*columns.values(), strict=True), 1000, right).split("\n")
    indent = " " * (len(rule.split(" ", 1)[0]) + _GAP)
    shown = [head, rule]
    for line, song, more in zip(lines, songs, under or [[]] * len(songs), strict=True):
        file = [library.paths[song]] if files else []
        shown += [line, *(indent + clean(text) for text in [*file, *more])]
    return "\n".join(shown)


def fitting(
    columns: Columns, names: str, spare: Sequence[str], more: Sequence[str] = ()
) -> dict[str, Sequence[object]]:
    """The columns of a table that the terminal has room for, with names that are cut to fit.

    Parameters
    ----------
    columns
        The columns.
    names
        Header of the column of names.
    spare
        Columns that are left out together where not all fit with whole names.
    more
        Columns that are left out one by one where not all fit with names as short as they may be.
    """
    width, kept = terminal_width(), dict(columns)
    if _width(kept) > width:
        kept = {header: cells for header, cells in kept.items() if header not in spare}
    for header in more:
        if _width({**kept, names: _cut(kept[names], _SHORTEST_NAME)}) > width:
            del kept[header]
    others = _width({header: cells for header, cells in kept.items() if header != names}) + _GAP
    return {**kept, names: _cut(kept[names], max(_SHORTEST_NAME, width - others))}


def _cut(names: Sequence[object], room: int) -> list[str]:
    return [shorten(str(name), room) for name in names]


def _width(columns: Columns) -> int:
    """Columns of the terminal that a table takes."""
    widths = [
        max(display_width("–" if text is None else str(text)) for text in (header, *cells))
        for header, cells in columns.items()
    ]
    return sum(widths) + _GAP * (len(widths) - 1)
