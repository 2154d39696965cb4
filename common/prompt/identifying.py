"""The command that tells which song a recording is of: identify."""

from __future__ import annotations

import contextlib
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common.console import UserError, note, note_if_slow
from common.extraction.sequence_reader import SequenceReader
from common.files import no_file, typed_file
from common.fingerprint.identification import ENOUGH, LONGEST, SHORTEST, SURE, Place
from common.fingerprint.identification import identify as places_of
from common.fingerprint.index import IN_MEMORY, LandmarkIndex
from common.library import Library, remedy
from common.prompt.answers import Answer, quoted, title
from common.prompt.session import Session
from common.song import Excerpt, heard_or_told, listen
from common.text import clean, count, moment

SAME_SPEED = 0.002
"""Share by which speeds may differ and be told as one."""

LONGEST_EXCERPT = 60.0
"""Seconds below which a recording may be cut from a song and too short for `versions` to tell. Of 138
excerpts of 3 s of 46 songs, a third of them under noise, each is told to be of its song, and one is told
to be of another song as well, which is no version of it."""


@dataclass(frozen=True)
class Identified(Answer):
    """Which song a clip is of.

    Attributes
    ----------
    library
        The library that the songs are of.
    found
        Songs as numbers of the library, each with the place in it that the clip may be of, the likeliest
        first.
    """

    library: Library
    found: list[tuple[int, Place]]

    @property
    def match(self) -> int | None:
        """The song that the clip is of; None if it is of none."""
        return self.found[0][0] if self.found and self.found[0][1].is_match else None

    def as_json(self) -> object:
        best, next_best, *_ = [*(self._facts(*one) for one in self.found), None, None]
        if best is None or self.match is None:
            nothing = {"match": None, "offset": None, "speed": None}
            return {**nothing, "score": best["score"] if best else 0.0, "next_best": best}
        path = best.pop("path")
        return {"match": path, **best, "next_best": next_best}

    def _facts(self, row: int, place: Place) -> dict[str, Any]:
        return {
            "path": self.library.paths[row],
            "offset": round(place.offset, 2),
            "speed": round(place.speed, 4),
            "score": round(place.score, 3),
        }

    def as_text(self) -> str:
        if not self.found:
            return "none of these: no song shares enough with it to be compared"
        (row, place), *others = self.found
        if self.match is None:
            name = clean(self.library.names[row])
            return f"none of these: {name} is nearest and agrees to {place.score:.0%}; {ENOUGH:.0%} is needed"
        agrees = f"the peaks of both agree to {place.score:.0%}"
        if others:
            row_of_next, next_best = others[0]
            agrees += f"; next is {clean(self.library.names[row_of_next])}, {next_best.score:.0%}"
        doubt = "" if place.score >= SURE else ", or another version of it"
        return f"{title(self.library, row)} from {_when(place)}{doubt}\n{agrees}"

    def next_command(self) -> str:
        return "" if self.match is None else f"search {quoted(self.library, self.match)}"


def _when(place: Place) -> str:
    """The second that a clip begins at, and its speed if that is another."""
    at = f"-{moment(-place.offset)}" if place.offset < 0 else moment(place.offset)
    if abs(place.speed - 1) <= SAME_SPEED:
        return at
    return f"{at}, {abs(place.speed - 1):.1%} {'faster' if place.speed > 1 else 'slower'}"


def identify(session: Session, arguments: Namespace) -> Identified:
    """Tell which song a clip is of."""
    clip = typed_file(" ".join(arguments.clip))
    if not clip.is_file():
        raise UserError(no_file(clip))
    library, paths = session.library, session.paths
    with SequenceReader(paths) as reader:
        rows = _rows(session, reader)
        heard = _heard(clip)
        with LandmarkIndex(paths.landmarks) as index:
            with note_if_slow("indexing the songs"):
                index.refresh(list(rows), reader.peaks)
            places = places_of(heard.samples, index, reader.peaks, heard.start)
    found = [(rows[place.content], place) for place in places if place.content in rows]
    answer = Identified(library, found)
    if answer.match is not None:
        session.listed, session.asked = [answer.match], None
    return answer


def excerpted_from(session: Session, song: int, rows: Sequence[int]) -> set[int]:
    """Which of some songs a short recording is cut from, or from another version; none that is not known.

    Parameters
    ----------
    session
        What holds the library.
    song, rows
        The recording, of the library or a guest, and the library's own songs that it may be cut from.
    """
    library = session.library
    if library.columns["duration"][song] >= LONGEST_EXCERPT:
        return set()
    with contextlib.suppress(UserError), SequenceReader(session.paths) as reader:
        contents = reader.contents([library.paths[row] for row in rows])
        heard = listen(Path(library.paths[song]), LONGEST)
        with LandmarkIndex(IN_MEMORY) as index:
            index.refresh([content for content in contents if content], reader.peaks)
            places = places_of(heard.samples, index, reader.peaks, heard.start)
        found = {place.content for place in places if place.is_match}
        return {row for row, content in zip(rows, contents, strict=True) if content in found}
    return set()


def _rows(session: Session, reader: SequenceReader) -> dict[str, int]:
    """Content of each song that has sequences -> its number in the library, the first of copies."""
    library = session.library
    contents = reader.present(library.paths[: library.n_own])
    rows: dict[str, int] = {}
    for row, content in enumerate(contents):
        if content is not None:
            rows.setdefault(content, row)
    if without := contents.count(None):
        left_out = f"left out: {count(without, 'song')} whose course is not kept yet"
        note(f"{left_out}; run again: {remedy(session.paths)}")
    return rows


def _heard(clip: Path) -> Excerpt:
    """What is listened to of a clip; raises UserError where it is no audio, silent or too short."""
    with heard_or_told(clip):
        heard = listen(clip, LONGEST)
    if heard.duration < SHORTEST - 0.05:
        raise UserError(f"{clip} lasts {heard.duration:.1f} s; {SHORTEST:g} s are needed")
    return heard
