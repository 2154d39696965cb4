"""Which songs of the library are a mix's references."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from common.console import UserError
from common.library import Library
from common.recordings import genre_named
from common.search.nearest import search
from common.search.space import Space
from common.text import fold

Heard = Callable[[Sequence[int]], set[int]]
"""Songs of the library -> which of them sound like versions of the mix."""


def nearest_references(
    space: Space, song: int, n: int, genre: str | None = None, heard: Heard = lambda _: set()
) -> list[int]:
    """The nearest songs, without copies and other versions of the song itself.

    Parameters
    ----------
    space
        What songs are compared in.
    song
        The mix, a song of the library or a guest.
    n
        How many are wanted, at least 1.
    genre
        The genre that they must be of; None for any.
    heard
        Finds versions by their sound, among the nearest; without it titles alone tell.

    Raises
    ------
    UserError
        If there is no such genre, or no other song in it.
    """
    library = space.library
    allowed = _of_genre(library, genre) & ~_versions(library, song)
    cleared: set[int] = set()
    while True:
        found = [match.row for match in search(space, song, n, allowed).matches]
        if not (unheard := [row for row in found if row not in cleared]):
            break
        versions = heard(unheard)
        allowed[list(versions)] = False
        cleared |= set(unheard) - versions
    if not found:
        raise UserError("there is no other song to compare it with; name references with --to")
    return found


def _of_genre(library: Library, genre: str | None) -> np.ndarray:
    """Which of the library's own songs are of a genre, bool, shape (n_own,)."""
    filed = None if genre is None else genre_named(library, genre)
    return np.array([filed in (None, own) for own in library.genres[: library.n_own]], dtype=bool)


def _versions(library: Library, song: int) -> np.ndarray:
    """Which own songs are by its artist and bear its title, with or without words after it."""
    artist, title = fold(library.artists[song]), _title(library, song)

    def is_version(row: int) -> bool:
        one, other = sorted([title, _title(library, row)], key=len)
        same_artist = bool(artist) and fold(library.artists[row]) == artist
        return same_artist and bool(one) and other[: len(one)] == one

    return np.array([is_version(row) for row in range(library.n_own)], dtype=bool)


def _title(library: Library, row: int) -> list[str]:
    """The words of a song's title."""
    return fold(library.titles[row]).replace("(", " ").replace("[", " ").replace("-", " ").split()
