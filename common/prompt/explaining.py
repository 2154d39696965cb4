"""The commands that explain a similarity: compare and why."""

from __future__ import annotations

import textwrap
from argparse import Namespace
from dataclasses import dataclass

import numpy as np

from common import gallery
from common.console import UserError, terminal_width
from common.filed import filed_as
from common.layout import GROUPS
from common.music import keys, tempos
from common.paths import Output
from common.prompt.answers import Answer, facts, query_facts, query_title, quoted, title
from common.prompt.session import Session
from common.search.figures import draw_comparison
from common.search.query import Query
from common.search.reasons import key_relation, tempo_relation, traits
from common.search.space import Space
from common.search.spaces import output_of
from common.text import clean, table

_ROOMY = 79
"""Columns of the terminal from which bars have their full length."""


@dataclass(frozen=True)
class Explanation(Answer):
    """How similar two songs are, what that is made of, and what it sounds like.

    Attributes
    ----------
    space
        The space that the songs are compared in.
    one, other
        The two songs, as row numbers of the library.
    similarity
        Their cosine, -1 to 1.
    contributions
        What each musical group adds to it; the sum is the similarity.
    both, one_not_other
        What both songs have, and what the first is against the second, as phrases.
    relations
        How their tempos and their keys relate: ``tempo`` and ``key`` -> a phrase.
    """

    space: Space
    one: int
    other: int
    similarity: float
    contributions: dict[str, float]
    both: list[str]
    one_not_other: list[str]
    relations: dict[str, str]

    def as_json(self) -> object:
        one, other = facts(self.space.library, [self.one, self.other])
        similarities = self.space.distribution
        return {
            "one": one,
            "other": other,
            "space": self.space.name,
            "similarity": self.similarity,
            "standing": similarities.standing(self.similarity),
            "percentile": similarities.percentile(self.similarity),
            "contributions": self.contributions,
            "both": self.both,
            "one_not_other": self.one_not_other,
            **self.relations,
        }

    def as_text(self) -> str:
        library, lines = self.space.library, []
        for label, song in (("A", self.one), ("B", self.other)):
            lines += [f"{label}  {title(library, song)}", f"   {clean(library.paths[song])}"]
        standing = self.space.distribution.standing(self.similarity)
        lines += [f"\nsimilarity {self.similarity:z.3f}, {standing}  [{self.space.name}]", self._groups()]
        for what, phrases in (("both", self.both), ("A, not B", self.one_not_other)):
            lines += [_line("" if place else what, phrase) for place, phrase in enumerate(phrases)]
        lines += [_line(name, relation) for name, relation in self.relations.items()]
        return "\n".join(lines)

    def _groups(self) -> str:
        """The contributions as a table with a bar each."""
        longest = max(map(abs, self.contributions.values())) or 1.0
        width = terminal_width()
        half = 12 if width >= _ROOMY else 6
        rows = [
            [group, f"{value:+z.3f}", _bar(value / longest, half), GROUPS[group]]
            for group, value in self.contributions.items()
        ]
        rows.append(["sum", f"{sum(self.contributions.values()):+z.3f}", "", ""])
        return table(["group", "adds", "", "which is"], rows, right=" r", fit=width)

    def write(self, session: Session) -> list[str]:
        names = self.space.library.names
        one, other = names[self.one], names[self.other]
        space, pairs = self.space.name, self.space.distribution
        files = [self.space.library.paths[song] for song in (self.one, self.other)]
        filed = [filed_as(session.paths, *song) for song in zip((one, other), files, strict=True)]
        path = session.paths.plot(output_of(Output.COMPARE, space), " | ".join(filed))
        draw_comparison(path, space, one, other, self.similarity, self.contributions, pairs)
        gallery.refresh(session.paths)
        return [f"chart: {path}"]

    def next_command(self) -> str:
        return f"search {quoted(self.space.library, self.other)}"


@dataclass(frozen=True)
class MixedExplanation(Answer):
    """What the similarity of a song to a mixture of songs is made of.

    Attributes
    ----------
    space
        The space that the songs are compared in.
    query
        The songs that were asked for together.
    found
        The song that is explained.
    similarity
        Its cosine with the mixture, -1 to 1.
    contributions
        What each musical group of each asked song adds to it; all of them sum to the similarity.
    """

    space: Space
    query: Query
    found: int
    similarity: float
    contributions: list[dict[str, float]]

    def as_json(self) -> object:
        return {
            "query": query_facts(self.space.library, self.query),
            "other": facts(self.space.library, [self.found])[0],
            "space": self.space.name,
            "similarity": self.similarity,
            "percentile": self.space.distribution.percentile(self.similarity),
            "contributions": self.contributions,
        }

    def as_text(self) -> str:
        library = self.space.library
        standing = self.space.distribution.standing(self.similarity)
        lines = [query_title(library, self.query), f"B  {title(library, self.found)}"]
        lines.append(f"\nsimilarity {self.similarity:z.3f}, {standing}  [{self.space.name}]")
        labels = [
            f"{'−' if sign < 0 else '+'}{place}" for place, sign in enumerate(self.query.signs, start=1)
        ]
        songs = zip(labels, self.query.songs, strict=True)
        lines += [f"{label}  {title(library, song)}" for label, song in songs]
        rows = [
            [group, *(f"{of_song[group]:+z.3f}" for of_song in self.contributions), f"{total:+z.3f}"]
            for group, total in self._totals().items()
        ]
        sums = [sum(of_song.values()) for of_song in self.contributions]
        rows.append(["sum", *(f"{value:+z.3f}" for value in [*sums, sum(sums)])])
        lines.append(table(["group", *labels, "adds"], rows, right=" " + "r" * (len(labels) + 1)))
        return "\n".join(lines)

    def _totals(self) -> dict[str, float]:
        return {group: sum(of_song[group] for of_song in self.contributions) for group in GROUPS}

    def next_command(self) -> str:
        return f"search {quoted(self.space.library, self.found)}"


def compare(session: Session, arguments: Namespace) -> Explanation:
    """Explain how similar two songs are."""
    one, other = session.two_songs(arguments.songs)
    if one == other:
        raise UserError("a comparison is of two songs, and these are the same")
    return explain(session.space(arguments.space), one, other)


def why(session: Session, arguments: Namespace) -> Explanation | MixedExplanation:
    """Explain why a song was found."""
    query, found = session.neighbour(arguments.words, arguments.space)
    space = session.space(arguments.space)
    if not query.is_mixed:
        return explain(space, query.song, found)
    similarity = float(query.exact(space, np.array([found]))[0])
    return MixedExplanation(space, query, found, similarity, query.contributions(space, found))


def explain(space: Space, one: int, other: int) -> Explanation:
    """Explain the similarity of two songs in a space."""
    library, contributions = space.library, space.contributions(one, other)
    both, one_not_other = traits(library, one, other, contributions)
    relations = {
        "tempo": tempo_relation(*tempos(library, [one, other])),
        "key": key_relation(*keys(library, [one, other])),
    }
    similarity = space.similarity(one, other)
    return Explanation(space, one, other, similarity, contributions, both, one_not_other, relations)


def _line(what: str, phrase: str) -> str:
    """A phrase beside what it is about, broken where the terminal ends."""
    return textwrap.fill(f"{what:9} {phrase}", terminal_width(), subsequent_indent=" " * 10)


def _bar(share: float, width: int) -> str:
    """Draw -1 to 1 as blocks left or right of a middle line."""
    length = round(abs(share) * width)
    left = ("█" * length if share < 0 else "").rjust(width)
    return f"{left}│{'█' * length if share > 0 else ''}".ljust(2 * width + 1)
