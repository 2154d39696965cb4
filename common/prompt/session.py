"""What the commands of stage 4 share: the library, its spaces, its guests, and what was listed last."""

from __future__ import annotations

import os
import re
from argparse import Namespace
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

from common import library
from common.console import UserError, note
from common.files import typed_file
from common.fingerprint.sequences import Sequences
from common.library import AmbiguousSongError, Library, SongNotFoundError
from common.paths import Paths
from common.playlists.files import export, last_written
from common.playlists.transitions import Step
from common.search.nearest import search
from common.search.query import Query
from common.search.space import Space
from common.search.spaces import DEFAULT_SPACE, build
from common.text import count, fold, whole

_BAR, _ARROWS = "|", ("->", "→")
_BETWEEN = re.compile(rf"[{_BAR}]|(?:^|(?<=\s))(?:{'|'.join(_ARROWS)})(?=\s)")
"""What stands between two songs: a bar, or an arrow between spaces."""

MOST_OFFERED = 30
"""Songs that an ambiguous name offers at most."""


class OfferedSongs(UserError):  # noqa: N818  (it carries an offer)
    """A text may mean several songs; they were listed, so that a number can be typed.

    Attributes
    ----------
    text
        The text.
    songs
        The first of them, `MOST_OFFERED` at most, as numbers of the library.
    listed, asked
        What was listed and asked for before; see `Session`.
    """

    def __init__(self, text: str, meant: list[int], listed: list[int], asked: Query | None) -> None:
        self.text, self.songs, self.listed, self.asked = text, meant[:MOST_OFFERED], listed, asked
        could_be, way = "any of these", "type its number"
        if len(meant) > MOST_OFFERED:
            could_be = f"{count(len(meant), 'song')}, of which these are the first"
            way += ", or more of its name"
        super().__init__(f"{text!r} could be {could_be}; {way}")


class Session:
    """The state of one run.

    Parameters
    ----------
    paths
        The folders of the library and the outputs.
    space
        Name of the space that commands use unless told; None for the default.
    interactive
        Whether this is a prompt, where a number can be typed for a song that was listed.

    Attributes
    ----------
    listed
        Songs that were listed last; a number from 1 stands for one of them.
    asked
        What they are neighbours of, a song or a mixture of songs; None if of none.
    asked_with
        The arguments of that search.
    chosen
        Text that may mean several songs -> the one that was chosen, while the line it stands in is run.
    playlist
        Files of the playlist that this session wrote last; see `last_playlist`.
    guest_sequences
        What sounds when in the guests of the library: their number -> their sequences.
    radio
        The radio that goes on playing, None before the first one; ``radio_name`` is what it is called,
        ``heard`` what it has played.
    """

    def __init__(self, paths: Paths, space: str | None = None, interactive: bool = False) -> None:
        self.paths = paths
        self.space_name = space or DEFAULT_SPACE
        self.interactive = interactive
        self.listed: list[int] = []
        self.asked: Query | None = None
        self.asked_with = Namespace()
        self.chosen: dict[str, int] = {}
        self.playlist: list[Path] = []
        self.radio: Iterator[int] | None = None
        self.radio_name = ""
        self.heard: list[int] = []
        self._spaces: dict[str, Space] = {}
        self.guest_sequences: dict[int, Sequences] = {}
        self._guests: dict[Path, int] = {}
        self._without_guests: Library | None = None

    @cached_property
    def library(self) -> Library:
        """The library, loaded when the first command asks for it; its guests are the files asked for."""
        return library.load(self.paths)

    def space(self, name: str | None = None) -> Space:
        """The space of that name, or the session's own; built once."""
        name = name or self.space_name
        if name not in self._spaces:
            self._spaces[name] = build(name, self.library, self.paths)
        return self._spaces[name]

    def save_playlist(
        self,
        name: str,
        songs: Sequence[Mapping[str, Any]],
        steps: Sequence[Step] = (),
        relative: bool = False,
        formats: Sequence[str] = (),
    ) -> list[Path]:
        """Write a playlist, which ``play`` then plays; see `playlists.files.export`."""
        files = export(self.paths, name, songs, steps, relative, formats)
        self.playlist = files
        return files

    def last_playlist(self) -> list[Path]:
        """Files of the playlist written last, in this session or an earlier one."""
        return self.playlist or last_written(self.paths)

    def song(self, text: str) -> int:
        """The song a text means: the number of a song listed before, part of a name, or an audio file.

        Raises
        ------
        UserError
            If it means none, or more than one.
        """
        if not text:
            raise UserError("which song? Write any part of its name")
        if text in self.chosen:
            return self.chosen[text]
        if self.is_number(text):
            return self.result(text)
        try:
            found = self._find(text)
        except SongNotFoundError as error:
            if not text.isdecimal():
                raise
            raise SongNotFoundError(f"{error}; {self._numbers()}") from None
        except AmbiguousSongError:
            if not self.interactive:
                raise
            meant = self._own.matches(text) or self.library.matches(text)
            offer = OfferedSongs(text, meant, self.listed, self.asked)
            self.listed, self.asked = offer.songs, None
            raise offer from None
        return self._guest(found) if isinstance(found, Path) else found

    @property
    def _own(self) -> Library:
        """The library without guests."""
        return self._without_guests or self.library

    def _find(self, text: str) -> int | Path:
        """The song or the file that a text means; a name means what it did before a file was listened to."""
        try:
            return self._own.find_or_file(text)
        except SongNotFoundError:
            return self.library.find_or_file(text)

    def choose(self, offer: OfferedSongs, number: str) -> None:
        """Let a text mean the song that an offer has under a number; list again what was listed before."""
        self.chosen[offer.text] = self.result(number)
        self.listed, self.asked = offer.listed, offer.asked

    def query(self, text: str) -> Query:
        """What a text asks for: a song, or songs with `` + `` and `` - `` between them.

        Titles have such signs as well, so as many words as mean a song are one.

        Raises
        ------
        UserError
            If a part means no song, or more than one.
        """
        words = re.split(r"\s+([+−-])\s+", text.strip())
        songs, signs, start = [], [], 0
        while start < len(words):
            longer = (end for end in range(len(words), start + 1, -2) if self._is_one_name(words[start:end]))
            end = next(longer, start + 1)
            songs.append(self._part(" ".join(words[start:end]), text))
            signs.append(1 if start == 0 or words[start - 1] == "+" else -1)
            start = end + 1
        return Query(tuple(songs), tuple(signs))

    def _part(self, part: str, text: str) -> int:
        """The song that a part of a text means; a text with no part added to it is missed as a whole."""
        try:
            return self.song(part)
        except SongNotFoundError:
            if part != text and "+" not in text:
                self.library.find(text)
            raise

    def _is_one_name(self, words: Sequence[str]) -> bool:
        """Whether words with signs between them are one name: as written, or parts of artist and title."""
        text = " ".join(words)
        if self.is_named(text) or text in self.library.paths or os.path.isfile(typed_file(text)):
            return True
        if len(words) != 3 or words[1] != "-" or not self.library.matches(text):
            return False
        return not all(self.is_number(part) or len(self.library.matches(part)) == 1 for part in words[::2])

    def _guest(self, path: Path) -> int:
        """Extract a song from outside the library and let it in for this run."""
        if path not in self._guests:
            from common import song

            note(f"listening to {path.name}, which is not in the library …")
            with song.heard_or_told(path):
                guest = song.analyse(path).song
            self._guests[path] = len(self.library)
            if guest.sequences:
                self.guest_sequences[self._guests[path]] = guest.sequences
            self._without_guests = self._own
            self.library = self.library.with_guest(guest.embedding, guest.metadata(library.UNKNOWN_GENRE))
            self._spaces = {
                name: replace(space, library=self.library) for name, space in self._spaces.items()
            }
        return self._guests[path]

    def two_songs(self, words: Sequence[str], sign: str = _BAR) -> tuple[int, int]:
        """The two songs that ``A | B`` or two words mean; ``| B`` and a number follow the song asked for.

        Where they mean none, the sign says how the command's line is written.
        """
        one, other = self.two_names(words)
        begins_with_bar = _BETWEEN.match(" ".join(words))
        if self.asked is not None and not one and (begins_with_bar or self.is_number(other)):
            return self.asked.song, self.song(other)
        if not one:
            raise UserError(f"which two songs? Write A {sign} B, not {other!r}")
        return self.song(one), self.song(other)

    def two_names(self, words: Sequence[str]) -> tuple[str, str]:
        """What stands before and after a bar or an arrow, or two words; the first is empty without them.

        Names have bars and arrows as well, so the first way to part the words in which both sides mean a
        song is the one.
        """
        text = " ".join(words)
        apart = [
            (text[: sign.start()].strip(), text[sign.end() :].strip()) for sign in _BETWEEN.finditer(text)
        ]
        as_words = [(words[0], words[1])] if len(words) == 2 and not {_BAR, *_ARROWS} & {*words} else []
        meant = (way for way in [*as_words, *apart] if self._may_be_first(way[0]) and self._is_song(way[1]))
        return next(meant, (apart or as_words or [("", text.strip())])[0])

    def _may_be_first(self, text: str) -> bool:
        """Whether a text may be the first of two songs; nothing stands for the song that was asked for."""
        return self._is_song(text) if text else self.asked is not None

    def _is_song(self, text: str) -> bool:
        """Whether a text means a song, or one of several."""
        return self.is_number(text) or bool(self.library.matches(text)) or os.path.isfile(typed_file(text))

    def neighbour(self, words: Sequence[str], space: str | None) -> tuple[Query, int]:
        """What was asked for and its n-th neighbour: ``N`` of the songs listed last, or ``SONG N``."""
        *name, last = words or [""]
        number = whole(last)
        if not name and self.asked is not None and number is not None:
            return self.asked, self.result(last)
        if not name or not number:
            raise UserError("why which result? Write its number after a search, or SONG and a number")
        query = self.query(" ".join(name))
        found = search(self.space(space), query, number).matches
        if len(found) < number:
            raise UserError(f"there are only {len(found)} other songs; write 1 to {len(found)}")
        return query, found[-1].row

    def result(self, number: str) -> int:
        """The song that was listed last under a number."""
        place = self._place(number)
        if place is None:
            raise UserError(f"there is no result {number}; {self.results()}")
        return self.listed[place]

    def results(self) -> str:
        """Say which numbers the results of the last search have."""
        return (
            f"the last search lists 1 to {len(self.listed)}" if self.listed else "the last search found none"
        )

    def _numbers(self) -> str:
        """Say which numbers stand for songs now."""
        if not self.interactive:
            return "a number stands for a song at the prompt only, after a list"
        if not self.listed:
            return "a number stands for a song after a list"
        return f"the last list has the numbers 1 to {len(self.listed)}"

    def is_number(self, text: str) -> bool:
        """Whether a text is the number of a song that was listed last."""
        return self._place(text) is not None

    def _place(self, text: str) -> int | None:
        """The place in the last list that a number stands for; None if it stands for none."""
        number = whole(text)
        return number - 1 if number and number <= len(self.listed) else None

    def is_named(self, text: str) -> bool:
        """Whether a text stands somewhere in a song's name as it is."""
        wanted = fold(text)
        return any(wanted in fold(name) for name in self.library.names)
