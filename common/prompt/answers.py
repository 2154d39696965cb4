"""What a command found, as one value; how songs are shown in text and in JSON.

Conventions: songs are numbers of the library; a number that is shown to a person counts from 1. Text goes
to stdout, and what was written on the way to stderr.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from common.console import flush, note, say, to_output
from common.library import Library
from common.paths import SEARCH
from common.recordings import genre_label
from common.search.query import Query
from common.text import clean, duration

if TYPE_CHECKING:
    from common.prompt.session import Session


class Answer:
    """What a command found. Text and JSON are read from the same value."""

    def as_json(self) -> object:
        """Plain values for a program."""
        raise NotImplementedError

    def as_text(self) -> str:
        """Lines for a person; empty where what was written says it all."""
        raise NotImplementedError

    def warnings(self) -> list[str]:
        """What a person should know before relying on the answer, a line each."""
        return []

    def write(self, session: Session) -> list[str]:
        """Write the files that a person gets with the answer, and say in a line each what was written."""
        return []

    def next_command(self) -> str:
        """A command that leads on from here, without the script's name; empty for none."""
        return ""


def show(answer: Answer, session: Session, as_json: bool) -> None:
    """Print an answer: as JSON for a program, or as text, its files and what to do next for a person."""
    if as_json:
        with to_output():
            print(json.dumps(answer.as_json(), ensure_ascii=True, indent=1, allow_nan=False))
        return
    if text := answer.as_text():
        say(text)
    flush()  # the answer is there; charts take a moment
    for line in [*answer.warnings(), *answer.write(session)]:
        note(line)
    if not session.interactive and (command := answer.next_command()):
        note(f"next: {session.paths.command(SEARCH)} {command}")


def title(library: Library, song: int) -> str:
    """Name a song with its genre and length, such as ``Hidden Voyage (TRANCE, 1:06)``."""
    where = genre_label(library.genres[song]) if song < library.n_own else "not in the library"
    return f"{clean(library.names[song])} ({where}, {duration(library.columns['duration'][song])})"


def query_title(library: Library, query: Query) -> str:
    """Name what is asked for: a song with genre and length, or the names of several with their signs."""
    if not query.is_mixed:
        return title(library, query.song)
    signed = zip(query.signs, query.songs, strict=True)
    named = " ".join(f"{'+' if sign > 0 else '−'} {clean(library.names[song])}" for sign, song in signed)
    return named.removeprefix("+ ")


def query_facts(library: Library, query: Query) -> list[dict[str, Any]]:
    """What is known of the songs that are asked for, each with its sign, 1 or -1."""
    found = zip(query.signs, facts(library, query.songs), strict=True)
    return [{"sign": sign, **of_song} for sign, of_song in found]


def quoted(library: Library, song: int) -> str:
    """Write a song's name as the command line wants it, or its file if that alone means it there."""
    name = clean(library.names[song])
    is_meant = song < library.n_own and library.matches(name) == [song] and not name.startswith("-")
    return shlex.quote(name if is_meant else library.paths[song])


def written(files: Sequence[Path]) -> str:
    """Say which files of a playlist were written, the first one in full."""
    others = " and ".join("".join(path.suffixes) for path in files[1:])
    return f"written: {files[0]}" + (f" (and {others})" if others else "")


def facts(library: Library, songs: Sequence[int]) -> list[dict[str, Any]]:
    """What is known of some songs, for JSON: metadata, readings, and the tempo once more, or None."""
    return [{**library.song(song), "tempo": library.columns["bpm"][song] or None} for song in songs]
