"""Playlists as files that players, programs, spreadsheets and DJ software read; one table of the formats.

Conventions: a playlist is UTF-8 without byte-order mark, one path per line, as absolute path or relative
to the playlist's folder. A path that such a line cannot hold (a line break, a name in no known encoding,
a leading ``#``) is written in another form that means the same file.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common.console import UserError
from common.files import write_csv, write_json, write_text
from common.paths import PLAYLIST, Paths
from common.playlists.rekordbox import rekordbox
from common.playlists.traktor import traktor
from common.playlists.transitions import Step, roughness
from common.playlists.xspf import xspf
from common.text import clean

Songs = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Playlist:
    """What a playlist holds.

    Attributes
    ----------
    name
        What it is called.
    songs
        Facts of the songs, in order: a value for each of `library.COLUMNS`, their readings and cue points.
    steps
        The steps between the songs, one less than songs; empty for a plain list.
    folder
        The folder that paths are relative to, in the formats that know such paths; None for absolute paths.
    """

    name: str
    songs: Songs
    steps: Sequence[Step] = ()
    folder: Path | None = None


@dataclass(frozen=True)
class Format:
    """A form in which a playlist can be written.

    Attributes
    ----------
    ending
        What the file's name ends in.
    write
        Function that writes a playlist to a path.
    plays
        Whether players open it.
    """

    ending: str
    write: Callable[[Path, Playlist], None]
    plays: bool = False


def export(
    paths: Paths,
    name: str,
    songs: Songs,
    steps: Sequence[Step] = (),
    relative: bool = False,
    formats: Sequence[str] = (),
) -> list[Path]:
    """Write a playlist.

    Parameters
    ----------
    paths
        The folders; the playlist is written below its outputs.
    name
        What the playlist is called.
    songs
        Facts of the songs, in order: `library.COLUMNS`, tempo and key.
    steps
        The steps between the songs, one less than songs; empty for a plain list.
    relative
        Whether paths are relative to the playlist, so that both can be moved together, in the formats that
        know such paths.
    formats
        Keys of `FORMATS`; `USUAL` if there are none.

    Returns
    -------
    list of Path
        The files, in the order of ``formats``.
    """
    written = []
    for form in dict.fromkeys(formats or USUAL):
        path = paths.playlist(name, FORMATS[form].ending)
        FORMATS[form].write(path, Playlist(name, songs, steps, path.parent if relative else None))
        written.append(path)
    return written


def last_written(paths: Paths) -> list[Path]:
    """The files of the playlist that was written last, in the order of `FORMATS`; empty if there is none."""
    folder, endings = paths.playlist("any").parent, [form.ending for form in FORMATS.values()]
    files = [file for file in folder.glob("*") if file.name.endswith(tuple(endings)) and file.is_file()]
    if not files:
        return []
    newest = max(files, key=lambda file: (file.stat().st_mtime_ns, file.name)).name
    (name,) = (newest.removesuffix(ending) for ending in endings if newest.endswith(ending))
    return [file for ending in endings if (file := folder / f"{name}{ending}") in files]


def playable(files: Sequence[Path]) -> Path:
    """The first of a playlist's files that players open.

    Raises
    ------
    UserError
        If there is none.
    """
    endings = {name: form.ending for name, form in FORMATS.items() if form.plays}
    for file in files:
        if file.name.endswith(tuple(endings.values())):
            return file
    raise UserError(f"no player opens {files[0].name}; write it --as {' or '.join(endings)} as well")


def m3u8(name: str, songs: Sequence[Mapping[str, Any]], folder: Path | None = None) -> str:
    """Text of an extended M3U playlist.

    Parameters
    ----------
    name, songs
        The playlist's name and the facts of its songs, as in `export`.
    folder
        The folder that paths are relative to; None for absolute paths.
    """
    lines = ["#EXTM3U", f"#PLAYLIST:{_one_line(name)}"]
    for song in songs:
        lines.append(f"#EXTINF:{round(song['duration'])},{_one_line(_title(song))}")
        lines.append(location(song["file_path"], folder))
    return "\n".join(lines) + "\n"


def location(file: str, folder: Path | None = None) -> str:
    """A line of a playlist that leads to a file, whatever its name.

    Parameters
    ----------
    file
        The absolute path of the file.
    folder
        The folder that it shall be relative to; None for an absolute path.
    """
    if clean(file) != file or file != file.strip():
        return Path(file).as_uri()  # percent-encoded: line breaks, odd bytes, spaces at the end
    if folder is None:
        return file
    try:
        relative = os.path.relpath(file, folder)
    except ValueError:  # another drive
        return file
    relative = Path(relative).as_posix()
    # A name that begins like a comment, or has a colon like an address, is no name to a player.
    return f"./{relative}" if relative.startswith("#") or ":" in relative.split("/")[0] else relative


def _title(song: Mapping[str, Any]) -> str:
    if song["artist"] and song["title"]:
        return f"{song['artist']} - {song['title']}"
    return song["song_name"]


def _one_line(text: str) -> str:
    return clean(" ".join(str(text).split()))


def as_json(name: str, songs: Sequence[Mapping[str, Any]], steps: Sequence[Step] = ()) -> dict[str, Any]:
    """A playlist for programs: its songs, and how each is reached from the one before."""
    reached = [None, *steps] if steps else [None] * len(songs)
    listed = [
        {
            **song,
            "step": step and dataclasses.asdict(step),
        }
        for song, step in zip(songs, reached, strict=True)
    ]
    found: dict[str, Any] = {"name": name}
    if steps:
        found["roughness"] = roughness([step.cost for step in steps])
    return {**found, "songs": listed}


_TAGS = ("song_name", "artist", "title", "album", "genre")
_COLUMNS = (*_TAGS, "duration", "tempo", "key", "camelot", "file_path")


def _as_table(songs: Sequence[Mapping[str, Any]], steps: Sequence[Step]) -> tuple[list[str], list[list[Any]]]:
    reached = [None, *steps] if steps else [None] * len(songs)
    rows = [
        [place, *(song[column] for column in _COLUMNS), *(_step_cells(step) if step else [None] * 4)]
        for place, (song, step) in enumerate(zip(songs, reached, strict=True), start=1)
    ]
    return ["position", *_COLUMNS, "step_similarity", "step_percentile", "step_cost", "step"], rows


def _step_cells(step: Step) -> list[Any]:
    return [round(step.similarity, 4), round(step.percentile, 1), round(step.cost, 4), step.words]


def _write_m3u8(path: Path, playlist: Playlist) -> None:
    write_text(path, m3u8(playlist.name, playlist.songs, playlist.folder))


def _write_json(path: Path, playlist: Playlist) -> None:
    write_json(path, as_json(playlist.name, playlist.songs, playlist.steps))


def _write_csv(path: Path, playlist: Playlist) -> None:
    write_csv(path, *_as_table(playlist.songs, playlist.steps))


def _write_xspf(path: Path, playlist: Playlist) -> None:
    write_text(path, xspf(playlist.name, playlist.songs, playlist.folder))


def _write_rekordbox(path: Path, playlist: Playlist) -> None:
    write_text(path, rekordbox(playlist.name, playlist.songs))


def _write_traktor(path: Path, playlist: Playlist) -> None:
    write_text(path, traktor(playlist.name, playlist.songs))


FORMATS: dict[str, Format] = {
    "m3u8": Format(PLAYLIST, _write_m3u8, plays=True),
    "json": Format(".json", _write_json),
    "csv": Format(".csv", _write_csv),
    "xspf": Format(".xspf", _write_xspf, plays=True),
    "rekordbox": Format(".rekordbox.xml", _write_rekordbox),
    "traktor": Format(".nml", _write_traktor),
}
"""Name of a format -> how it is written."""

USUAL = ("m3u8", "json", "csv")
"""The formats that are written unless others are asked for."""
