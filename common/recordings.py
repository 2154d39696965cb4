"""When two files hold the same recording, and which songs share an artist or an album.

Conventions
-----------
Songs are rows of the library. A *numbering* is an int array with one number per song: songs with equal
numbers belong together, and -1 stands for a song of which nothing is known. Numbers count up from 0 in the
order in which they first appear, so a numbering depends on the order of the songs, but which songs belong
together does not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from common.arrays import principal_components
from common.library import Library
from common.text import fold

SAME_DISTANCE = 0.3
"""Two songs whose standardised embeddings differ by less (root mean square) may be one recording. Measured:
a song and its 128 kbit/s MP3 differ by 0.06 to 0.29, the nearest two different songs of 46 by 0.34."""

SAME_SECONDS = 1.0
"""Copies of a recording differ by at most so much in length (encoders pad), unless they have one title."""

SCREEN = 32
"""Principal components by which songs are compared before their embeddings are."""

BLOCK = 512
"""Songs that are compared with others at a time."""


def recording_numbers(library: Library, rows: Sequence[int] | np.ndarray | None = None) -> np.ndarray:
    """Number songs so that those which are the same recording share a number.

    Nearness is passed on: of a chain of songs each of which is the same as the next, all are one recording.

    Parameters
    ----------
    library
        The songs.
    rows
        Which of them, shape (n,); no other song counts. None for all, guests included.

    Returns
    -------
    ndarray
        Numbering of the rows, int, shape (n,), without -1.
    """
    where = np.arange(len(library)) if rows is None else np.asarray(rows, dtype=int)
    if len(where) < 2:
        return np.arange(len(where))
    points, seconds, titles = _points(library, where), _seconds(library, where), _titles(library, where)
    pairs = []
    for first, second in _candidates(points, seconds, titles):
        near = ((points[first] - points[second]) ** 2).sum(axis=1) <= SAME_DISTANCE**2
        pairs.append(np.column_stack([first[near], second[near]]))
    return _connected(len(where), np.concatenate(pairs) if pairs else np.empty((0, 2), dtype=int))


def same_recording(library: Library, one: int, other: int) -> bool:
    """Whether two songs are the same recording by themselves, without a third song between them."""
    return len(set(recording_numbers(library, [one, other]).tolist())) == 1


def first_of_each(library: Library, rows: Sequence[int] | np.ndarray) -> list[int]:
    """The songs without further copies of earlier ones, in their order."""
    _, first = np.unique(recording_numbers(library, rows), return_index=True)
    return [int(rows[place]) for place in np.sort(first)]


def _points(library: Library, rows: np.ndarray) -> np.ndarray:
    """Songs as points whose distance tells whether they are one recording, float64, shape (n, n_numbers)."""
    n_varying = max(1, int(np.isfinite(library.scaling[1]).sum()))
    return library.standardised_rows(rows) / np.sqrt(n_varying)


def _seconds(library: Library, rows: np.ndarray) -> np.ndarray:
    return np.array([library.columns["duration"][row] for row in rows], dtype=np.float64)


def _titles(library: Library, rows: np.ndarray) -> np.ndarray:
    """Number the titles; a song without one goes by its name."""
    return _numbers([library.columns["title"][row] or library.names[row] for row in rows])


def _candidates(
    points: np.ndarray, seconds: np.ndarray, titles: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Pairs of songs that may be one recording, as two arrays of places.

    Only songs of one length or title are compared. They are at least as far apart as their first principal
    components, so most pairs need not be looked at any closer.
    """
    screen = principal_components(points - points.mean(axis=0), min(SCREEN, points.shape[1]))
    screen = screen.astype(np.float32)
    yield from _near_in_line(screen, np.argsort(seconds, kind="stable"), seconds, SAME_SECONDS)
    yield from _near_in_line(screen, np.argsort(titles, kind="stable"), titles, 0)


def _near_in_line(
    screen: np.ndarray, order: np.ndarray, values: np.ndarray, most: float
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Pairs whose values differ by at most so much and whose distance on the screen is small, each once."""
    rows, line = screen[order], values[order]
    reach = np.searchsorted(line, line + most, "right")
    # Less than a song's square by more than float32 may round, so that no pair is lost.
    squares = (rows**2).sum(axis=1) * np.float32(1.0 - 1e-5)
    for start in range(0, len(rows), BLOCK):
        block, end = slice(start, start + BLOCK), int(reach[min(start + BLOCK, len(rows)) - 1])
        apart = squares[block, np.newaxis] + squares[start:end] - 2.0 * rows[block] @ rows[start:end].T
        first, second = np.nonzero(apart <= SAME_DISTANCE**2)
        wanted = (first < second) & (start + second < reach[start + first])
        yield order[start + first[wanted]], order[start + second[wanted]]


def _connected(n: int, pairs: np.ndarray) -> np.ndarray:
    """Number the connected parts of a graph of n songs, whose edges are pairs, shape (n_pairs, 2)."""
    if not len(pairs):
        return np.arange(n)
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    first, second = pairs.T
    graph = coo_array((np.ones(len(pairs), dtype=bool), (first, second)), shape=(n, n))
    return connected_components(graph, directed=False)[1].astype(int)


def joined(*numberings: np.ndarray) -> np.ndarray:
    """Number songs so that those which share a number in any of several numberings share one.

    Parameters
    ----------
    *numberings
        Each of shape (n,). Sharing is passed on, from one numbering to another too; nobody shares -1.

    Returns
    -------
    ndarray
        Numbering of the songs, int, shape (n,), without -1.
    """
    n, pairs = len(numberings[0]), [np.empty((0, 2), dtype=int)]
    for numbers in numberings:
        known = np.flatnonzero(numbers >= 0)
        # A song and the first one with its number.
        _, first, place = np.unique(numbers[known], return_index=True, return_inverse=True)
        pairs.append(np.column_stack([known[first[place]], known]))
    return _connected(n, np.concatenate(pairs))


def artist_numbers(library: Library, rows: Sequence[int] | np.ndarray | None = None) -> np.ndarray:
    """Number songs by their artists; see `Library.artists`. Case, accents and spacing do not matter.

    Parameters
    ----------
    library
        The songs.
    rows
        Which of them, shape (n,); None for all, guests included.

    Returns
    -------
    ndarray
        Numbering of the rows, int, shape (n,): -1 where no artist is known.
    """
    return _numbers(_of(library.artists, rows))


def album_numbers(library: Library, rows: Sequence[int] | np.ndarray | None = None) -> np.ndarray:
    """Number songs by the titles of their albums; parameters and result as for `artist_numbers`.

    The title alone counts, because the songs of a compilation have one album and many artists.
    """
    return _numbers(_of(library.columns["album"], rows))


def _of(values: Sequence[str | None], rows: Sequence[int] | np.ndarray | None) -> Sequence[str | None]:
    return values if rows is None else [values[row] for row in rows]


def _numbers(spelt: Sequence[str | None]) -> np.ndarray:
    """Number texts so that those which differ in case, accents or spacing alone share a number."""
    key = {text: fold(text or "") for text in dict.fromkeys(spelt)}
    number = {name: i for i, name in enumerate(dict.fromkeys(name for name in key.values() if name))}
    return np.array([number.get(key[text], -1) for text in spelt], dtype=int)
