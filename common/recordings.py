"""When two files hold the same recording, and which songs share an artist or an album.

Two files hold the same recording if their spectra below 4 kHz differ by at most 1.5 dB and they agree in
length or title. The spectrum is what the embedding says of the mel bands: the usual level of each (the median
over time) and the level of its loud moments (the 75th percentile), both in dB below the loudest of the song,
so that the volume of a file does not matter. The difference is the root mean square over the levels that can
be heard in either file. No library sets its scale: what is one recording here is one in every library.

Conventions
-----------
Songs are rows of the library. A *numbering* is an int array with one number per song: songs with equal
numbers belong together, and -1 stands for a song of which nothing is known. Numbers count up from 0 in the
order in which they first appear, so a numbering depends on the order of the songs, but which songs belong
together does not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from common.arrays import principal_components
from common.console import UserError
from common.layout import SLICES, mel_frequencies
from common.library import UNKNOWN_GENRE, Library
from common.text import clean, count, fold

SAME_DECIBELS = 1.5
"""Copies of a recording differ by at most so much.

Measured by `benchmarks.recordings` on 40 s of each of 46 real songs, of which 23 chose the rule; the
figures are those of the other 23. Recognised are all 276 MP3 at 48 to 320 kbit/s, all softer, louder,
mono and trimmed copies, and 724 of 736 copies of all 32 kinds; those missed are in the lower qualities of
Vorbis, Opus and AAC. None of the 46 songs is taken for another, in 1.1 million pairs of files that are
all equally long: the nearest two differ by 2.1 dB. What sounds otherwise is not seen through: another
master (highs raised by 3 dB: 6 of 23 recognised), a limiter (4), another speed (3% faster: 5), a
fade-out over a quarter of the song (4), a cut of a tenth under another title (none)."""

SAME_SECONDS = 2.0
"""Copies of a recording differ by at most so much in length, unless they have one title: encoders add up to
0.1 s, and the usual gap between the tracks of a CD is 2 s."""

HIGHEST_HZ = 4000.0
"""Centre of the highest mel band that is compared: MP3 at 48 kbit/s leaves out what lies higher."""

LEVELS = np.concatenate(
    [
        SLICES[name].start + np.flatnonzero(np.array(mel_frequencies()) <= HIGHEST_HZ)
        for name in ("mel_median", "mel_p75")
    ]
)
"""Positions in the embedding of the levels that are compared."""

FLOOR_DB = -55.0
"""Level below the loudest of the song under which nothing is heard: encoders leave out what is masked."""

SCREEN = 32
"""Principal components by which songs are compared before all their levels are."""

BLOCK, PAIRS = 512, 2**14
"""Songs that are compared with others, and pairs whose levels are compared, at a time."""

Rows = Sequence[int] | np.ndarray
"""Rows of a library, shape (n,)."""


def recording_numbers(library: Library, rows: Rows | None = None) -> np.ndarray:
    """Number songs so that those which are the same recording share a number.

    Sameness is passed on: of a chain of songs each of which is the same as the next, all are one recording.

    Parameters
    ----------
    library
        The songs that are compared with each other.
    rows
        The songs to number, shape (n,); no other song counts. None for all, guests included.

    Returns
    -------
    ndarray
        Numbering of the rows, int, shape (n,), without -1.
    """
    where = np.arange(len(library)) if rows is None else np.asarray(rows, dtype=int)
    if len(where) < 2:
        return np.arange(len(where))
    levels, pairs = _levels(library, where), [np.empty((0, 2), dtype=int)]
    for candidates in _candidates(levels, _seconds(library, where), _titles(library, where)):
        first, second = candidates.T
        pairs.append(candidates[_difference(levels[first], levels[second]) <= SAME_DECIBELS])
    return _connected(len(where), np.concatenate(pairs))


def same_recording(library: Library, one: int, other: int) -> bool:
    """Whether two songs are the same recording by themselves, without a third song between them."""
    first, second = recording_numbers(library, [one, other])
    return bool(first == second)


def first_of_each(library: Library, rows: Rows) -> list[int]:
    """The songs without further copies of earlier ones, in their order."""
    _, first = np.unique(recording_numbers(library, rows), return_index=True)
    return [int(rows[place]) for place in np.sort(first)]


@dataclass(frozen=True)
class Traits:
    """What tells the recordings of some songs, so that copies are known where their library is not.

    Attributes
    ----------
    levels
        The levels that are compared, in dB, float16 (rounded by 0.02 dB at most), shape
        (n, n_levels).
    seconds
        The length of each song in seconds, shape (n,).
    titles
        The title of each song, without case or accents; empty where it has none.
    """

    levels: np.ndarray
    seconds: np.ndarray
    titles: tuple[str, ...]


def traits_of(library: Library, rows: Rows | None = None) -> Traits:
    """Take what tells recordings from some songs of a library, None for all."""
    where = np.arange(len(library)) if rows is None else np.asarray(rows, dtype=int)
    titles = tuple(fold(library.titles[row]) for row in where)
    return Traits(_levels(library, where).astype(np.float16), _seconds(library, where), titles)


def copies(song: Traits, others: Traits) -> np.ndarray:
    """Find the songs that are the same recording as one song, by the rule of `recording_numbers`.

    Parameters
    ----------
    song
        One song.
    others
        The songs among which copies of it are looked for, n of them.

    Returns
    -------
    ndarray
        The places of its copies among the others, int, the most alike first.
    """
    close = np.abs(others.seconds - song.seconds[0]) <= SAME_SECONDS
    if song.titles[0]:
        close |= np.array([title == song.titles[0] for title in others.titles], dtype=bool)
    places = np.flatnonzero(close)
    apart = _difference(song.levels.astype(np.float64), others.levels[places].astype(np.float64))
    same = apart <= SAME_DECIBELS
    return places[same][np.argsort(apart[same], kind="stable")]


def spectral_difference(library: Library, first: Rows, second: Rows) -> np.ndarray:
    """How far the spectra of songs differ from those of others; see the module's text.

    Parameters
    ----------
    library
        The library that the songs are rows of.
    first, second
        The two songs of each pair, shape (n,).

    Returns
    -------
    ndarray
        In dB, shape (n,). Infinite where nothing is heard in either song: such songs, silent for most of
        their length, are not compared.
    """
    return _difference(_levels(library, first), _levels(library, second))


def _levels(library: Library, rows: Rows) -> np.ndarray:
    """Levels in dB that tell a recording, none of them below the floor, float64, shape (n, n_levels)."""
    heard = library.embeddings[np.asarray(rows, dtype=int)][:, LEVELS]
    return np.maximum(heard.astype(np.float64), FLOOR_DB)


def _difference(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Root mean square difference over the levels that are heard in either of two songs, shape (n,)."""
    heard = ((one > FLOOR_DB) | (other > FLOOR_DB)).sum(axis=1)
    squares = ((one - other) ** 2).sum(axis=1)
    return np.sqrt(np.where(heard > 0, squares / np.maximum(heard, 1), np.inf))


def _seconds(library: Library, rows: np.ndarray) -> np.ndarray:
    return np.array([library.columns["duration"][row] for row in rows], dtype=np.float64)


def _titles(library: Library, rows: np.ndarray) -> np.ndarray:
    """Number the titles; a blank one is like no other."""
    return joined(_numbers([library.titles[row] for row in rows]))


def _candidates(levels: np.ndarray, seconds: np.ndarray, titles: np.ndarray) -> Iterator[np.ndarray]:
    """Pairs of songs that may be one recording: places in ``levels``, shape (n_pairs, 2).

    Only songs of one length or title are compared. They are at least as far apart as their first principal
    components, so most pairs need not be looked at any closer.
    """
    components = principal_components(levels - levels.mean(axis=0), min(SCREEN, levels.shape[1]))
    screen = (components / np.sqrt(levels.shape[1])).astype(np.float32)
    yield from _near_in_line(screen, seconds, SAME_SECONDS)
    yield from _near_in_line(screen, titles, 0)


def _near_in_line(screen: np.ndarray, values: np.ndarray, most: float) -> Iterator[np.ndarray]:
    """Pairs whose values differ by at most ``most`` and whose distance on the screen is small, each once."""
    order = np.argsort(values, kind="stable")
    rows, line = screen[order], values[order]
    reach = np.searchsorted(line, line + most, "right")
    # Less than a song's square by more than float32 may round, so that no pair is lost.
    squares = (rows**2).sum(axis=1) * np.float32(1.0 - 1e-5)
    for start in range(0, len(rows), BLOCK):
        block, end = slice(start, start + BLOCK), int(reach[min(start + BLOCK, len(rows)) - 1])
        apart = squares[block, np.newaxis] + squares[start:end] - 2.0 * rows[block] @ rows[start:end].T
        first, second = np.nonzero(apart <= SAME_DECIBELS**2)
        wanted = (first < second) & (start + second < reach[start + first])
        pairs = order[start + np.column_stack([first[wanted], second[wanted]])]
        yield from (pairs[part : part + PAIRS] for part in range(0, len(pairs), PAIRS))


def _connected(n: int, pairs: np.ndarray) -> np.ndarray:
    """Number the connected parts of a graph of n songs, whose edges are pairs, shape (n_pairs, 2)."""
    edges = np.unique(np.sort(pairs[pairs[:, 0] != pairs[:, 1]], axis=1), axis=0)
    if len(np.unique(edges)) == edges.size:
        # Pairs apart from each other, as copies mostly are: no need of an import that takes 0.2 s.
        root = np.arange(n)
        root[edges[:, 1]] = edges[:, 0]
        return np.unique(root, return_inverse=True)[1]
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    first, second = edges.T
    graph = coo_array((np.ones(len(edges), dtype=bool), (first, second)), shape=(n, n))
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


def known_genres(library: Library) -> list[str]:
    """The different genres that songs are filed under, sorted; having none is no genre."""
    return sorted({*library.genres} - {UNKNOWN_GENRE})


def filed_under(own: str | None) -> str:
    """The genre of a song whose folder, or tag, has a name or none.

    It is a name on every picture; a folder's may be in no encoding, a tag's hold anything.
    """
    return clean((own or UNKNOWN_GENRE).upper())


def tag_genres(library: Library) -> set[str]:
    """The different genres of the files' own tags, in whatever case; none if songs are filed by them."""
    tags = library.columns["tag_genre"]
    if [filed_under(tag) for tag in tags] == [*library.genres]:
        return set()
    return {fold(tag) for tag in tags if tag}


def genre_label(genre: str) -> str:
    """What a song's genre is called where people read; genres are in capitals, so none is called so."""
    return "without a genre" if genre == UNKNOWN_GENRE else clean(genre)


def genre_named(library: Library, text: str, *others: str) -> str:
    """The genre of the library's own songs that a person means, as they are filed.

    Parameters
    ----------
    library
        The songs.
    text
        The genre, as it is filed or as people read it, in any case, its accents or not.
    *others
        What else could be asked for, for the message.

    Raises
    ------
    UserError
        If no song is filed so; the message says what there is.
    """
    names = library.genre_names
    alike = [genre for genre in names if fold(text) in {fold(genre), fold(genre_label(genre))}]
    if alike:
        return text.upper() if text.upper() in alike else alike[0]
    there = ", ".join([*map(genre_label, names), *others])
    raise UserError(f"no genre is called {text!r}; there are {there}")


def in_genres(filed: Sequence[str]) -> str:
    """Say how many genres songs are in; having none is not counted as one.

    Parameters
    ----------
    filed
        What they are filed under, each once.
    """
    genres = set(filed) - {UNKNOWN_GENRE}
    if not genres:
        return genre_label(UNKNOWN_GENRE)
    return f"in {count(len(genres), 'genre')}" + (" and without one" if len(genres) < len(filed) else "")


def artist_numbers(library: Library, rows: Rows | None = None) -> np.ndarray:
    """Number songs by their artists; see `Library.artists`. Case, accents and spacing do not matter.

    Parameters
    ----------
    library
        The songs whose artists are told apart.
    rows
        Which of them, shape (n,); None for all, guests included.

    Returns
    -------
    ndarray
        Numbering of the rows, int, shape (n,): -1 where no artist is known.
    """
    return _numbers(_of(library.artists, rows))


def album_numbers(library: Library, rows: Rows | None = None) -> np.ndarray:
    """Number songs by the titles of their albums; parameters and result as for `artist_numbers`.

    The title alone counts, because the songs of a compilation have one album and many artists.
    """
    return _numbers(_of(library.columns["album"], rows))


def _of(values: Sequence[str | None], rows: Rows | None) -> Sequence[str | None]:
    return values if rows is None else [values[row] for row in rows]


def _numbers(spelt: Sequence[str | None]) -> np.ndarray:
    """Number texts so that those which differ in case, accents or spacing alone share a number."""
    key = {text: fold(text or "") for text in dict.fromkeys(spelt)}
    number = {name: i for i, name in enumerate(dict.fromkeys(name for name in key.values() if name))}
    return np.array([number.get(key[text], -1) for text in spelt], dtype=int)
