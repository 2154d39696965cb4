"""The songs that a classifier can learn from, and which of them must be left out together.

Conventions
-----------
There are up to three ways to split songs into those that are learned from and those that are judged, and
their difference says what a score is made of. Songs that are the same recording are never on both sides.

``plain``    any song may be left out;
``artist``   all songs of an artist are left out together;
``album``    all songs of an album are left out together.

``K`` is the number of genres, ``n`` the number of songs.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from common.arrays import principal_components, standardise, stratified
from common.classifier.model import SEED
from common.console import UserError
from common.library import UNKNOWN_GENRE, Library
from common.text import count, fold

DUPLICATE_DISTANCE = 0.2
"""Songs whose standardised features differ by less (root mean square, in standard deviations) are taken
for the same recording."""


SCREEN = 32
"""Principal components by which songs are first compared when the same recording is looked for."""


BLOCK = 512
"""Songs that are compared with the others at a time."""


@dataclass(frozen=True)
class TrainingSet:
    """The songs that can be learned from.

    Attributes
    ----------
    rows
        Rows in the library, shape (n,).
    X
        Their embeddings, float64, shape (n, ``N_FEATURES``).
    y
        Their genres, positions in ``genres``, shape (n,).
    genres
        Names, sorted.
    units
        Equal numbers are the same recording, shape (n,).
    groups
        Way of splitting -> what is left out together, shape (n,); see the module's text.
    left_out
        Notices about what could not be used.
    drawn_from
        How many songs with a genre these were drawn from, where they are a sample; None for all.
    """

    rows: np.ndarray
    X: np.ndarray
    y: np.ndarray
    genres: tuple[str, ...]
    units: np.ndarray
    groups: dict[str, np.ndarray]
    left_out: list[str]
    drawn_from: int | None = None

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def sizes(self) -> np.ndarray:
        """Songs per genre, shape (K,)."""
        return np.bincount(self.y, minlength=len(self.genres))

    @property
    def recordings(self) -> np.ndarray:
        """Different recordings per genre, shape (K,)."""
        return np.array([len(set(self.units[self.y == k])) for k in range(len(self.genres))])

    @property
    def n_duplicates(self) -> int:
        """Songs that are another song's recording once more."""
        return len(self.units) - len(set(self.units))


def gather(library: Library, most: int | None = None) -> TrainingSet:
    """Collect the songs with a genre of at least two different recordings.

    Parameters
    ----------
    library
        The songs.
    most
        How many songs to learn from; where more have a genre, a sample is drawn. None for all.

    Raises
    ------
    UserError
        If fewer than two genres remain.
    """
    rows = np.array([i for i, genre in enumerate(library.genres) if genre != UNKNOWN_GENRE], dtype=int)
    if not len(rows):
        raise UserError("no song has a genre: put songs into one folder per genre")
    names, drawn_from = np.array([library.genres[row] for row in rows]), None
    if most is not None and most < len(rows):
        drawn, drawn_from = stratified(names, most, SEED, least=2), len(rows)
        rows, names = rows[drawn], names[drawn]
    units = same_recordings(library.embeddings[rows])
    recordings = {name: len(set(units[names == name])) for name in sorted(set(names))}
    left_out = [
        f"{name} has {'one song' if (names == name).sum() == 1 else 'one recording'} only and is left out"
        for name, n in recordings.items()
        if n < 2
    ]
    usable = [str(name) for name, n in recordings.items() if n >= 2]
    if len(usable) < 2:
        found = ", ".join(f"{name} ({count(int((names == name).sum()), 'song')})" for name in recordings)
        raise UserError(
            f"a classifier needs two genres with two different recordings each; the library has {found}"
        )
    kept = np.isin(names, usable)
    rows, units = rows[kept], units[kept]
    y = np.searchsorted(usable, names[kept])
    groups = {"plain": units} | _groupings(library, rows, units)
    X = library.embeddings[rows].astype(np.float64)
    return TrainingSet(rows, X, y, tuple(usable), units, groups, left_out, drawn_from)


def same_recordings(embeddings: np.ndarray) -> np.ndarray:
    """Number songs so that near-identical ones share a number.

    Returns
    -------
    ndarray
        int, shape (n_songs,). Nearness is passed on: a chain of near songs is one recording.
    """
    values = standardise(embeddings)
    limit = DUPLICATE_DISTANCE**2 * max(1, int((values.std(axis=0) > 0).sum()))
    pairs: list[tuple[int, int]] = []
    for first, second in _candidates(values, limit):
        for start in range(0, len(first), BLOCK):
            a, b = first[start : start + BLOCK], second[start : start + BLOCK]
            near = ((values[a] - values[b]) ** 2).sum(axis=1) < limit
            pairs += zip(np.minimum(a, b)[near].tolist(), np.maximum(a, b)[near].tolist(), strict=True)
    return _join(len(values), sorted(pairs))


def _candidates(values: np.ndarray, limit: float) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Pairs of songs whose squared distance may be less than the limit, each once.

    Songs are at least as far apart as their first principal components, so a pair that is too far apart
    there need not be looked at: of 100 000 songs that leaves next to none, at a twentieth of the work.
    """
    components = principal_components(values, min(SCREEN, values.shape[1]))
    order = np.argsort(components[:, 0], kind="stable")
    rows = components[order].astype(np.float32)
    reach = np.searchsorted(components[order, 0], components[order, 0] + 1.001 * np.sqrt(limit), "right")
    # Less than a song's square by more than float32 may round, so that no pair is lost.
    squares = (rows**2).sum(axis=1) * np.float32(1.0 - 1e-5)
    for start in range(0, len(rows), BLOCK):
        block, end = slice(start, start + BLOCK), int(reach[min(start + BLOCK, len(rows)) - 1])
        apart = squares[block, np.newaxis] + squares[start:end] - 2.0 * rows[block] @ rows[start:end].T
        first, second = np.nonzero(apart < limit)
        later = first < second
        yield order[start + first[later]], order[start + second[later]]


def _join(n: int, pairs: Sequence[tuple[int, int]]) -> np.ndarray:
    """Number the connected parts of a graph, shape (n,)."""
    root = list(range(n))

    def find(i: int) -> int:
        while root[i] != i:
            root[i] = root[root[i]]
            i = root[i]
        return i

    for a, b in pairs:
        root[find(b)] = find(a)
    return np.unique([find(i) for i in range(n)], return_inverse=True)[1]


def _groupings(library: Library, rows: np.ndarray, units: np.ndarray) -> dict[str, np.ndarray]:
    """Who is left out together; a song without artist goes by its album, one without album by its artist."""
    artists = [fold(library.artists[row]) for row in rows]
    albums = [fold(library.columns["album"][row] or "") for row in rows]
    found = {}
    for way, first, second in (("artist", artists, albums), ("album", albums, artists)):
        if not any(first):
            continue
        keys = [
            a or (f"\0{b}" if b else f"\0\0{i}") for i, (a, b) in enumerate(zip(first, second, strict=True))
        ]
        number = np.unique(keys, return_inverse=True)[1]
        found[way] = _join(len(rows), [*_chain(number), *_chain(units)])
    return found


def _chain(numbers: np.ndarray) -> Iterator[tuple[int, int]]:
    """Pairs that connect all songs of the same number."""
    last: dict[int, int] = {}
    for i, number in enumerate(numbers.tolist()):
        if number in last:
            yield last[number], i
        last[number] = i


def fingerprint(X: np.ndarray, labels: Sequence[str]) -> str:
    """Tell one set of training songs from another: SHA-256 of embeddings and genres, 16 digits."""
    digest = hashlib.sha256(np.ascontiguousarray(X, dtype="<f4").tobytes())
    digest.update(json.dumps(list(labels)).encode())
    return digest.hexdigest()[:16]
