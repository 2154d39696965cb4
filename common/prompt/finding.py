"""The commands that find songs: search and diverse."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import dataclass, replace

import numpy as np

from common.console import UserError
from common.prompt.answers import Answer, facts, query_facts, query_title, quoted, written
from common.prompt.session import Session
from common.prompt.song_table import song_table
from common.search import filters, nearest
from common.search.nearest import Match
from common.search.query import Query
from common.search.space import Space
from common.text import clean

GENRE_FILTERS = ("same_genre", "other_genre")
KEPT_FILTERS = (
    "other_artist", "other_album", "per_artist", "same_tempo", "bpm", "mixable_key", "duration", "space",
)  # fmt: skip
"""Options of a search that go on when it is refined, unless others are given; of the first two, one only."""


@dataclass(frozen=True)
class SearchAnswer(Answer):
    """Songs that are like one song, or like a mixture of songs.

    Attributes
    ----------
    space
        The space that was searched.
    query
        What was searched for.
    copies
        Other copies of the recordings that were searched for.
    matches
        The songs found, best first.
    playlist
        Name of the playlist that they shall be saved as; None for none.
    files
        Whether a person wants to see the songs' files.
    """

    space: Space
    query: Query
    copies: tuple[int, ...]
    matches: list[Match]
    playlist: str | None = None
    files: bool = False

    def as_json(self) -> object:
        library, percentile = self.space.library, self.space.distribution.percentile
        found = facts(library, [match.row for match in self.matches])
        results = [
            {"rank": rank, "similarity": match.score, "percentile": percentile(match.score), **of_song,
             "copies": [library.paths[row] for row in match.copies]}
            for rank, (match, of_song) in enumerate(zip(self.matches, found, strict=True), start=1)
        ]  # fmt: skip
        copies = [library.paths[row] for row in self.copies]
        if not self.query.is_mixed:
            (asked,) = facts(library, [self.query.song])
            return {"song": {**asked, "copies": copies}, "space": self.space.name, "results": results}
        parts = self.query.parts(self.space, np.array([match.row for match in self.matches], dtype=int))
        for result, of_songs in zip(results, parts.T.tolist(), strict=True):
            result["parts"] = of_songs
        asked_for = query_facts(library, self.query)
        return {"query": asked_for, "copies": copies, "space": self.space.name, "results": results}

    def as_text(self) -> str:
        library, matches, similarities = self.space.library, self.matches, self.space.distribution
        lines = [f"{query_title(library, self.query)}  [{self.space.name}]"]
        lines += [f"= {clean(library.paths[row])}" for row in self.copies]
        if not matches:
            return "\n".join([*lines, "no other song passes these filters"])
        columns: dict[str, list[str | None]] = {
            "alike": [f"{match.score:z.3f}" for match in matches],
            "pairs": [similarities.share(match.score) for match in matches],
        }
        legend = f"pairs: more alike than this share of {similarities.all_pairs} of songs"
        if len(matches) > 1 and matches[1].closest is not None:
            columns["above"] = [None if m.closest is None else f"{m.closest:z.3f}" for m in matches]
            legend += "\nabove: how alike to the song above it that is most alike"
        if self.copies or any(match.copies for match in matches):
            legend += "\n=: a copy, by length or title and spectrum; versions SONG compares them note by note"
        copies = [[f"= {library.paths[row]}" for row in match.copies] for match in matches]
        songs = [match.row for match in matches]
        return "\n".join([*lines, song_table(library, songs, columns, copies, self.files), legend])

    def warnings(self) -> list[str]:
        if not self.matches:
            return []
        best, similarities = max(match.score for match in self.matches), self.space.distribution
        if similarities.is_alike(best):
            return []
        if best <= 0:
            return [f"not alike: even the best has a similarity below 0, {best:.3f}"]
        return [f"not alike: even the best is more alike than only {similarities.share(best)} of pairs"]

    def write(self, session: Session) -> list[str]:
        if not self.playlist or not self.matches:
            return []
        songs = facts(self.space.library, [match.row for match in self.matches])
        return [written(session.save_playlist(self.playlist, songs))]

    def next_command(self) -> str:
        library = self.space.library
        if not self.matches:
            return f"search {quoted(library, self.query.song)}"
        return f"compare {quoted(library, self.query.song)} {quoted(library, self.matches[0].row)}"


def search(session: Session, arguments: Namespace) -> SearchAnswer:
    """Find the songs most similar to one."""
    return _search(session, session.query(" ".join(arguments.song)), arguments)


def like(session: Session, arguments: Namespace) -> SearchAnswer:
    """Search again for what was asked for, and for more like some of the songs found."""
    return _refine(session, arguments, 1)


def less(session: Session, arguments: Namespace) -> SearchAnswer:
    """Search again for what was asked for, and for less like some of the songs found."""
    return _refine(session, arguments, -1)


def _refine(session: Session, arguments: Namespace, sign: int) -> SearchAnswer:
    """Search with the songs that were asked for and some of those found, with the filters of that search."""
    if session.asked is None:
        here = "search first" if session.interactive else "do so at the prompt, or write search A + B - C"
        if session.listed:
            raise UserError("the last list is of no search, so there is none to refine; search again")
        raise UserError(f"there is no search to refine by the number of a result; {here}")
    words = arguments.song
    if not words:
        raise UserError(f"write the number of a result; {session.results()}")
    numbers = all(word.isdecimal() for word in words)
    songs = [session.result(word) for word in words] if numbers else [session.song(" ".join(words))]
    query = session.asked.refined(songs, sign)
    return _search(session, query, _with_filters_of(session.asked_with, arguments))


def _with_filters_of(before: Namespace, arguments: Namespace) -> Namespace:
    """The arguments, with the filters of an earlier search where they have none of their own."""
    options = {name: getattr(arguments, name) or getattr(before, name) for name in KEPT_FILTERS}
    if not any(getattr(arguments, name) for name in GENRE_FILTERS):
        options |= {name: getattr(before, name) for name in GENRE_FILTERS}
    return Namespace(**{**vars(arguments), **options})


def _search(session: Session, query: Query, arguments: Namespace) -> SearchAnswer:
    space, allowed = session.space(arguments.space), _allowed(session, query.song, arguments)
    found = nearest.search(space, query, arguments.n, allowed, arguments.per_artist)
    return _answer(session, arguments, SearchAnswer(space, query, found.copies, found.matches))


def diverse(session: Session, arguments: Namespace) -> SearchAnswer:
    """Find songs that are similar to one, but not to each other."""
    query = session.query(" ".join(arguments.song))
    space, allowed = session.space(arguments.space), _allowed(session, query.song, arguments)
    pool = max(arguments.n, arguments.pool or nearest.pool_size(arguments.n))
    found = nearest.search(space, query, pool, allowed, arguments.per_artist)
    picked = nearest.diverse(space, found.matches, arguments.n, arguments.diversity)
    return _answer(session, arguments, SearchAnswer(space, query, found.copies, picked))


def _answer(session: Session, arguments: Namespace, answer: SearchAnswer) -> SearchAnswer:
    """Let the session know what was found, so that numbers stand for it, and the answer what is wanted."""
    session.asked, session.asked_with = answer.query, arguments
    session.listed = [match.row for match in answer.matches]
    return replace(answer, playlist=arguments.save, files=arguments.verbose)


def _allowed(session: Session, song: int, arguments: Namespace) -> np.ndarray:
    """Which songs the filters of a search let through, bool, shape (n_songs,)."""
    chosen = filters.Filters(
        same_genre=arguments.same_genre,
        other_genre=arguments.other_genre,
        other_artist=arguments.other_artist,
        other_album=arguments.other_album,
        same_tempo=arguments.same_tempo,
        mixable_key=arguments.mixable_key,
        tempo=arguments.bpm,
        duration=arguments.duration,
    )
    return filters.allowed(session.library, song, chosen)
