"""Which songs are alike: nearest songs, diverse songs, each recording once.

Conventions: songs are numbers, rows of the library; similarity is the cosine of a `Space`, -1 to 1. Of two
songs that are equally similar the earlier row comes first, so an answer never depends on how it was
computed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from common.library import Library
from common.recordings import artist_numbers, recording_numbers
from common.search.query import Query, as_query
from common.search.space import Space


@dataclass(frozen=True)
class Match:
    """A song that answers a search.

    Attributes
    ----------
    row
        The song, as its row in the library.
    score
        Its cosine with the song searched for, -1 to 1.
    closest
        Its highest cosine with the songs above it in the list, the redundancy of MMR; None for the first,
        and where nobody asked.
    copies
        Other songs that are the same recording, as rows in the library.
    """

    row: int
    score: float
    closest: float | None = None
    copies: tuple[int, ...] = ()


def nearest(space: Space, asked: Query | int, n: int, allowed: np.ndarray | None = None) -> list[Match]:
    """Find the most similar songs, exactly, best first.

    Parameters
    ----------
    space
        The space that songs are compared in.
    asked
        The song searched for, of the library or a guest, or a mixture of songs; what is asked for is not
        found.
    n
        How many songs are wanted, at least 1.
    allowed
        Which songs may be found, bool, shape (n_songs,); None means all.

    Returns
    -------
    list of Match
        Fewer than ``n`` where there are fewer. Float32 finds the candidates, with a margin for its
        rounding; float64 ranks them.

    Raises
    ------
    ValueError
        If ``n`` is less than 1.
    """
    if n < 1:
        raise ValueError(f"n must be at least 1, got {n}")
    open_to = np.ones(len(space), dtype=bool) if allowed is None else np.array(allowed, dtype=bool)
    query = as_query(asked)
    open_to[[song for song in query.songs if song < len(space)]] = False
    candidates = np.flatnonzero(open_to)
    if n < len(candidates):
        rough = np.where(open_to, query.similarities(space), -np.inf)
        last = np.partition(rough, -n)[-n]
        candidates = np.flatnonzero(rough >= last - 2 * query.rounding(space))
    scores = query.exact(space, candidates)
    order = np.lexsort((candidates, -scores))[:n]
    return [Match(int(candidates[i]), float(scores[i])) for i in order]


@dataclass(frozen=True)
class Found:
    """What `search` finds.

    Attributes
    ----------
    matches
        The songs that were found, best first.
    copies
        Other copies of the songs that were searched for, as rows in the library.
    """

    matches: list[Match]
    copies: tuple[int, ...] = ()


def search(
    space: Space,
    asked: Query | int,
    n: int,
    allowed: np.ndarray | None = None,
    per_artist: int | None = None,
) -> Found:
    """Find the most similar songs, each recording once: its copies are named with it.

    Parameters
    ----------
    space, asked, n, allowed
        The space, what is searched for, how many songs are wanted and which may be found, as in `nearest`.
    per_artist
        How many songs of one artist may be found; None for any number.
    """
    wanted = n + _MARGIN
    while True:
        ranked = nearest(space, asked, wanted, allowed)
        found = _fold(ranked, n, as_query(asked).songs, space.library, per_artist)
        if len(found.matches) == n or len(ranked) < wanted:
            return found
        wanted *= 4


_MARGIN = 10
"""Songs looked at beyond those asked for, some of which may be copies."""


def _fold(
    ranked: Sequence[Match], n: int, asked: Sequence[int], library: Library, per_artist: int | None
) -> Found:
    """Gather ranked songs by recording; the best copy stands for all."""
    rows = [match.row for match in ranked]
    numbers = recording_numbers(library, [*asked, *rows]).tolist()
    itself, recordings = set(numbers[: len(asked)]), numbers[len(asked) :]
    own: list[int] = []
    gathered: dict[int, list[Match]] = {}
    heard: Counter[int] = Counter()
    for match, recording, artist in zip(ranked, recordings, artist_numbers(library, rows), strict=True):
        if recording in itself:
            own.append(match.row)
        elif recording in gathered:
            gathered[recording].append(match)
        elif per_artist is None or artist < 0 or heard[artist] < per_artist:
            heard[artist] += 1
            gathered[recording] = [match]
    best = [
        replace(first, copies=tuple(sorted(copy.row for copy in copies)))
        for first, *copies in list(gathered.values())[:n]
    ]
    return Found(best, tuple(own))


def pool_size(n: int) -> int:
    """How many of the nearest songs MMR chooses ``n`` from, unless told."""
    return max(100, 10 * n)


def diverse(space: Space, found: Sequence[Match], n: int, diversity: float) -> list[Match]:
    """Pick songs that are similar to one song but not to each other: maximal marginal relevance.

    J. Carbonell and J. Goldstein, "The use of MMR, diversity-based reranking", SIGIR 1998: from the
    songs retrieved, pick again and again the one that maximises
    ``(1 - diversity) * similarity to the query - diversity * highest similarity to a song picked``
    (their λ is ``1 - diversity``). The first pick is the most similar song. A pick costs one dot
    product per candidate.

    Parameters
    ----------
    space
        The space that songs are compared in.
    found
        The songs retrieved, best first; see `pool_size`.
    n
        How many songs to pick.
    diversity
        How much the songs shall differ, from 0 (the nearest songs) to 1 (songs that spread as far as they
        can).

    Raises
    ------
    ValueError
        If ``diversity`` lies outside 0 to 1.
    """
    if not 0.0 <= diversity <= 1.0:
        raise ValueError(f"diversity must lie between 0 and 1, got {diversity}")
    rows = np.array([match.row for match in found], dtype=int)
    relevance = np.array([match.score for match in found])
    closest = np.full(len(found), -np.inf)
    left = np.ones(len(found), dtype=bool)
    picked: list[Match] = []
    while left.any() and len(picked) < n:
        gain = (1.0 - diversity) * relevance - diversity * closest if picked else relevance
        best = int(np.argmax(np.where(left, gain, -np.inf)))
        picked.append(replace(found[best], closest=float(closest[best]) if picked else None))
        left[best] = False
        closest = np.maximum(closest, space.exact(int(rows[best]), rows))
    return picked
