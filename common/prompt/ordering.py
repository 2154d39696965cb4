"""The commands that put songs in order: playlist, radio, shuffle and set."""

from __future__ import annotations

import itertools
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from common.console import UserError, note
from common.playlists import orders
from common.playlists.files import as_json
from common.playlists.transitions import FITTING, Step, Tracks, roughness, shown_energy, steps, tracks
from common.prompt.answers import Answer, facts, quoted, written
from common.prompt.session import Session
from common.prompt.song_table import song_table
from common.recordings import genre_label, genre_named
from common.search.space import Space
from common.text import clean, count, fold, whole


@dataclass(frozen=True)
class OrderAnswer(Answer):
    """Songs in an order, with the reason for every step.

    Attributes
    ----------
    name
        What the order is called.
    space
        The space that its songs are compared in.
    order
        The songs in their order, as row numbers of the library.
    steps
        The steps from song to song, one less than songs.
    first
        Place of the first song that is new; a radio that goes on shows its newest songs, numbered on.
    relative
        Whether the playlist has paths relative to its folder.
    files
        Whether a person wants to see the songs' files.
    formats
        The formats that it is written in; the usual ones if there are none.
    """

    name: str
    space: Space
    order: Tracks
    steps: list[Step]
    first: int
    relative: bool
    files: bool
    formats: Sequence[str]

    @property
    def songs(self) -> list[int]:
        """All songs, as numbers of the library."""
        return [int(song) for song in self.order.songs]

    def as_json(self) -> object:
        return as_json(self.name, facts(self.space.library, self.songs), self.steps)

    def as_text(self) -> str:
        similarities = self.space.distribution
        costs = [None, *(f"{step.cost:.2f}" for step in self.steps)]
        shares = [None, *(similarities.share(step.similarity) for step in self.steps)]
        reasons = [[], *([step.words] for step in self.steps)]
        levels = [shown_energy(energy) for energy in self.order.energy]
        columns: dict[str, Sequence[object]] = {
            "step": costs[self.first :],
            "pairs": shares[self.first :],
            "energy": levels[self.first :],
        }
        new = self.songs[self.first :]
        lines = [f"{clean(self.name)}  [{self.space.name}]"]
        under = reasons[self.first :]
        lines.append(song_table(self.space.library, new, columns, under, self.files, self.first + 1))
        if self.steps:
            lines.append(f"pairs: alike to the song before, more than this share of {similarities.all_pairs}")
            lines.append(self._flow())
        return "\n".join(lines)

    def _flow(self) -> str:
        costs = [step.cost for step in self.steps]
        by_chance = roughness(self.order.costs[np.triu_indices(len(self.order), k=1)])
        return (
            f"roughness {roughness(costs):.2f}, in any order {by_chance:.2f}; "
            f"the roughest step, {max(costs):.2f}, is into song {self._roughest + 2}"
        )

    @property
    def _roughest(self) -> int:
        return max(range(len(self.steps)), key=lambda place: self.steps[place].cost)

    def warnings(self) -> list[str]:
        percentiles = [step.percentile for step in self.steps]
        strangers = sum(percentile < FITTING for percentile in percentiles)
        if not strangers:
            return []
        worst = percentiles.index(min(percentiles))
        into = f"into song {worst + 2} is more alike than only {percentiles[worst]:.1f}% of pairs"
        return [f"{strangers} of {count(len(percentiles), 'step')} below {FITTING:.0f}%: the step {into}"]

    def write(self, session: Session) -> list[str]:
        songs = facts(self.space.library, self.songs)
        return [written(session.save_playlist(self.name, songs, self.steps, self.relative, self.formats))]

    def next_command(self) -> str:
        if not self.steps:
            return ""
        pair = self.songs[self._roughest :][:2]
        return "compare " + " ".join(quoted(self.space.library, song) for song in pair)


def _answer(
    session: Session, name: str, order: Tracks, arguments: Namespace, newest: int | None = None
) -> OrderAnswer:
    """Make the answer, and let the session know its songs, so that numbers stand for them."""
    first = len(order) - (newest or len(order))
    space = session.space(arguments.space)
    files, formats = arguments.verbose, arguments.formats
    answer = OrderAnswer(name, space, order, steps(order), first, arguments.relative, files, formats)
    session.listed, session.asked = answer.songs, None
    return answer


def playlist(session: Session, arguments: Namespace) -> OrderAnswer:
    """Find a way from one song to another."""
    words, n = _with_number(session, arguments)
    one, other = session.two_songs(words, "->")
    names = session.library.names
    order = orders.path(session.space(arguments.space), one, other, n, arguments.per_artist)
    return _answer(session, f"{names[one]} to {names[other]}", order, arguments)


def _with_number(session: Session, arguments: Namespace) -> tuple[list[str], int]:
    """The words that mean two songs, and how many songs: the number that ends them, unless it is a name's."""
    *before, last = arguments.songs or [""]
    start, _, number = last.rpartition(" ")
    one, title = session.two_names([*before, start] if start else before)
    n = whole(number)
    if one and title and n is not None and not session.is_named(f"{title} {number}"):
        return [one, title], n
    return arguments.songs, arguments.n


def radio(session: Session, arguments: Namespace) -> OrderAnswer:
    """Play the next songs of a radio; without a song, those that follow."""
    song = session.song(" ".join(arguments.song)) if arguments.song else None
    space = session.space(arguments.space)
    if song is not None:
        session.radio, session.heard = orders.radio(space, song), []
        session.radio_name = f"radio {session.library.names[song]}"
    if session.radio is None:
        raise UserError("which song does the radio start from? Write any part of its name")
    songs = list(itertools.islice(session.radio, arguments.n))
    if not songs:
        raise UserError("the radio has played every song")
    session.heard += songs
    return _answer(session, session.radio_name, tracks(space, session.heard), arguments, len(songs))


def shuffle(session: Session, arguments: Namespace) -> OrderAnswer:
    """Put all songs, or those of a genre, in an order that flows."""
    songs, name = _songs_of(session, " ".join(arguments.genre))
    if len(songs) > orders.MOST_ORDERED:
        note(f"{orders.MOST_ORDERED} of {count(len(songs), 'song')}, drawn at random")
    order = orders.shuffle(session.space(arguments.space), songs, arguments.seed)
    return _answer(session, f"shuffle {name}", order, arguments)


def climbing_set(session: Session, arguments: Namespace) -> OrderAnswer:
    """Build a set whose energy climbs or falls."""
    songs, name = _songs_of(session, " ".join(arguments.genre))
    rising = arguments.energy == "up"
    order = orders.climb(session.space(arguments.space), songs, arguments.n, arguments.bpm, rising)
    tempo = "" if arguments.bpm is None else " {:g}-{:g} BPM".format(*arguments.bpm)
    return _answer(session, f"set {name}{tempo} {arguments.energy}", order, arguments)


def _songs_of(session: Session, genre: str) -> tuple[list[int], str]:
    """The songs of a genre, or all, and what to call them."""
    library = session.library
    if not genre or fold(genre) == "all":
        return list(range(library.n_own)), "all"
    filed = genre_named(library, genre, "or all")
    return [row for row in library.indices_of(filed) if row < library.n_own], genre_label(filed)
