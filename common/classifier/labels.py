"""A listener's own labels: a table of songs and labels, or folders inside the folders of genres.

Conventions: labels are the same that differ in case, accents or spacing alone, and are spelt as they first
appear. A song may have none, one or several.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path, PurePath

from common import library as libraries
from common.classifier.names import Subject
from common.classifier.song_names import SongNames
from common.console import UserError, describe_os_error
from common.files import read_csv
from common.library import UNKNOWN_GENRE, Library
from common.paths import Paths, typed_path
from common.recordings import artist_numbers
from common.text import clean, count, fold, shorten, slug

FOLDERS = "folders"
"""What stands for the folders inside the folders of genres where a table could be named."""

DELIMITERS = (",", ";", "\t")
"""What may lie between the cells of a table; spreadsheets write semicolons where the comma is decimal."""

BETWEEN_LABELS = re.compile(r"[;|]")
"""What may lie between the labels of one cell."""

NONE = ("", UNKNOWN_GENRE)
"""Cells that hold no label."""

LONGEST_NAME = 40
"""Bytes of a table's name, and of a label's, in the names of files, which hold a song's as well."""

MOST_NAMED = 5
"""Songs of the table that are named where no song, or more than one, answers to their names."""

MOST_LABELS = 200
"""Labels above which a table holds something else, such as titles."""


@dataclass(frozen=True)
class Labels:
    """The labels of a library's songs.

    Attributes
    ----------
    subject
        What they are called, and the files that are made of them.
    of_song
        The labels of each song of the library, in the order of its rows; empty for a song without any.
    notices
        Sentences about rows of the table that could not be used, without their full stop.
    """

    subject: Subject
    of_song: list[tuple[str, ...]]
    notices: list[str]

    @property
    def names(self) -> list[str]:
        """The different labels, sorted."""
        return sorted({label for labels in self.of_song for label in labels})

    @property
    def n_labelled(self) -> int:
        """The number of songs with a label."""
        return sum(map(bool, self.of_song))

    @property
    def n_several(self) -> int:
        """The number of songs with more than one label."""
        return sum(len(labels) > 1 for labels in self.of_song)


def subject_of(source: str) -> Subject:
    """What the labels of a source are called.

    Parameters
    ----------
    source
        `FOLDERS`, or the path of a table.
    """
    if source == FOLDERS:
        return Subject("sub-genre", "The sub-genre classifier", FOLDERS)
    name = Path(source).stem
    return Subject("label", f"The classifier of {clean(name)}", slug(name, LONGEST_NAME))


def read_labels(source: str, library: Library, paths: Paths) -> Labels:
    """Read the labels of a library's songs.

    Parameters
    ----------
    source
        `FOLDERS`, or the path of a table with a header that has the columns ``song`` and ``label``.
    library
        The library whose songs are labelled.
    paths
        Where the library lies.

    Raises
    ------
    UserError
        If there is no such table, or fewer than two labels.
    """
    if source == FOLDERS:
        made = folder_labels(library, libraries.root(paths))
    else:
        made = table_labels(typed_path(source), library)
    if len(made.names) < 2:
        only = f"one {made.subject.noun} only: {made.names[0]}" if made.names else f"no {made.subject.noun}"
        where = "the folders of genres hold" if source == FOLDERS else f"{source} gives the library's songs"
        hint = f", such as 'not {made.names[0]}' for the others" if made.names else ""
        unused = f"; {made.notices[0]}" if made.notices else ""
        raise UserError(f"{where} {only}; two are needed{hint}{unused}")
    return made


def table_labels(path: Path, library: Library) -> Labels:
    """Read the labels of a table; see `read_labels`."""
    names, given = SongNames(library), [dict[str, None]() for _ in library.names]
    unknown, ambiguous, spelling = dict[str, None](), dict[str, None](), dict[str, str]()
    for song, labels in _table_rows(path):
        rows = names.rows(song)
        if len(rows) == 1:
            given[rows[0]].update(dict.fromkeys(spelling.setdefault(fold(label), label) for label in labels))
        else:
            (ambiguous if rows else unknown)[song] = None
        if len(spelling) > MOST_LABELS:
            raise UserError(f"{path} has more than {MOST_LABELS} labels; is the column label the right one?")
    notices = [
        *_named(unknown, "is no song of the library", "are no songs of the library"),
        *_named(ambiguous, "could be several songs", "could be several songs each; write their paths"),
    ]
    return Labels(subject_of(str(path)), [tuple(labels) for labels in given], notices)


def _named(songs: Collection[str], one: str, more: str) -> list[str]:
    """Say which names of a table answer to no song, or to more than one."""
    shown = [shorten(clean(song), 60) for song in list(songs)[:MOST_NAMED]]
    if len(songs) <= MOST_NAMED:
        return [f"{song!r} {one}" for song in shown]
    return [f"{count(len(songs), 'name')} of the table {more}, such as {'; '.join(shown)}"]


def _table_rows(path: Path) -> Iterator[tuple[str, list[str]]]:
    """The name of a song and its labels, row by row; rows without either are passed over."""
    try:
        with closing(read_csv(path, delimiter=_delimiter(path))) as rows:
            header = [fold(cell) for cell in next(rows, [])]
            song, label = _columns(path, header)
            for row in rows:
                last = None if label == len(header) - 1 else label + 1  # more cells than heads: more labels
                cells = [part for cell in row[label:last] for part in BETWEEN_LABELS.split(cell)]
                labels = [clean(" ".join(cell.split())) for cell in cells if cell.strip() not in NONE]
                if labels and len(row) > song and row[song].strip():
                    yield row[song].strip(), labels
    except OSError as error:
        raise UserError(describe_os_error(error)) from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is no text in UTF-8; save it as CSV in UTF-8") from error
    except ValueError as error:
        raise UserError(str(error)) from error


def _delimiter(path: Path) -> str:
    """What lies between the cells of a table's first row."""
    with path.open("rb") as file:
        first = file.readline(10_000)
    return max(DELIMITERS, key=lambda one: first.count(one.encode()))


def _columns(path: Path, header: Sequence[str]) -> tuple[int, int]:
    """Where a table has its songs and its labels."""
    if not any(header):
        raise UserError(f"{path} is empty; it needs a first row with the heads song and label")
    missing = [head for head in ("song", "label") if head not in header]
    if missing:
        found = shorten(clean(", ".join(header)), 60)
        raise UserError(
            f"{path} has no column {' and no column '.join(missing)}; its first row should be: song,label "
            f"(it is: {found})"
        )
    return header.index("song"), header.index("label")


def folder_labels(library: Library, root: Path | None) -> Labels:
    """Take the folders inside the folders of genres for sub-genres: ``TRANCE/UPLIFTING``.

    Parameters
    ----------
    library
        The library whose songs are labelled.
    root
        The folder that holds the folders of genres.
    """
    of_song: list[tuple[str, ...]] = [
        () if folders is None else ("/".join(folders),) for folders in _two_folders(library, root)
    ]
    return Labels(subject_of(FOLDERS), of_song, [])


def _two_folders(library: Library, root: Path | None) -> Iterator[tuple[str, str] | None]:
    """The two outermost folders inside the root in which each song lies; None for one that lies elsewhere."""
    for path in library.paths:
        below = root is not None and PurePath(path).is_relative_to(root)
        inside = PurePath(path).parts[len(root.parts) :] if root is not None and below else ()
        yield (clean(inside[0].upper()), clean(inside[1].upper())) if len(inside) > 2 else None


def offered_folders(library: Library, root: Path | None) -> list[str]:
    """Sub-genres that the folders offer, the largest first.

    A folder of one artist's songs is an artist's or an album's, and is not offered.

    Parameters
    ----------
    library
        The library whose songs lie in the folders.
    root
        The folder that holds the folders of genres.

    Returns
    -------
    list of str
        Empty unless two folders hold songs of two artists each.
    """
    songs: dict[str, list[int]] = {}
    for row, labels in enumerate(folder_labels(library, root).of_song):
        for label in labels:
            songs.setdefault(label, []).append(row)
    artists = artist_numbers(library)
    offered = {label: len(rows) for label, rows in songs.items() if len(set(artists[rows])) > 1}
    return sorted(offered, key=lambda label: (-offered[label], label)) if len(offered) > 1 else []
