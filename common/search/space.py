"""A similarity space: every song as a row of length 1, and what each musical group adds to a cosine.

Conventions
-----------
The similarity of two songs is the cosine of the angle between their rows, -1 to 1. A row is the sum of
parts, each made of some numbers of one musical group of the layout, so a cosine is the sum of one
contribution per group, exactly.

All of it is relative to the library: a feature is measured by how far a song departs from the average
song, so 0 means "no more alike than any two songs", and in a library of two songs they are opposites.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from common.arrays import standardise, unit_rows
from common.layout import GROUPS, index_of
from common.library import Library
from common.music import tempo_circle
from common.search.distribution import SimilarityDistribution, similarity_distribution

MATRIX_LIMIT_MB = 64
"""Largest similarity matrix that is computed in advance (4 096 songs); beyond it, rows on the fly."""

CHUNK = 4096
"""Songs held in float64 at a time."""


def with_tempo_circle(embeddings: np.ndarray) -> np.ndarray:
    """Embeddings, and after their numbers the two of `music.tempo_circle`: float64."""
    return np.hstack([embeddings, tempo_circle(embeddings[:, index_of("tempo")])])


@dataclass(frozen=True)
class PartTransform:
    """How some numbers of one musical group become coordinates of a row.

    Attributes
    ----------
    group
        The musical group that the numbers belong to, a key of ``GROUPS``.
    features
        Positions of the numbers in what the transform reads, shape (m,).
    columns
        Coordinates of the row that the part adds to, shape (k,).
    matrix
        What the standardised numbers are multiplied with, shape (m, k); None for the identity.
    length
        Length that the part is given before the row is given length 1; None leaves it as it is.
    centre
        What the part comes to on average over the library, which is taken away, shape (k,); None for nothing.
    """

    group: str
    features: np.ndarray
    columns: np.ndarray
    matrix: np.ndarray | None = None
    length: float | None = None
    centre: np.ndarray | None = None

    def apply(self, standardised: np.ndarray) -> np.ndarray:
        """The part of every song.

        Parameters
        ----------
        standardised
            What the transform reads of the songs, standardised, shape (n_songs, n_read).

        Returns
        -------
        ndarray
            float64, shape (n_songs, k).
        """
        values = standardised[:, self.features]
        if self.matrix is not None:
            values = values @ self.matrix
        if self.length is not None:
            values = unit_rows(values) * self.length
        return values if self.centre is None else values - self.centre


@dataclass(frozen=True)
class Transform:
    """What turns any embedding, of the library or from outside, into a row of a space.

    Attributes
    ----------
    mean, scale
        The mean and the standard deviation that standardise each number it reads, float64, shape (n_read,);
        see `arrays.scaling`.
    parts
        The parts that a row is the sum of; parts may share coordinates.
    has_tempo_circle
        Whether it reads `with_tempo_circle`; if not, the ``N_FEATURES`` numbers of the embedding.
    """

    mean: np.ndarray
    scale: np.ndarray
    parts: tuple[PartTransform, ...]
    has_tempo_circle: bool = False

    @property
    def n_columns(self) -> int:
        return 1 + max(int(part.columns.max()) for part in self.parts)

    def rows(self, embeddings: np.ndarray) -> np.ndarray:
        """Rows of songs: float64, shape (n_songs, n_columns), of length 1.

        Where no part has a centre, a song that is average in everything gets length 0.
        """
        return unit_rows(self._sum(self._values(embeddings)))

    def values(self, embeddings: np.ndarray) -> list[np.ndarray]:
        """What each part adds to the rows, one array of shape (n_songs, k) per part; they sum to the rows."""
        values = self._values(embeddings)
        lengths = np.linalg.norm(self._sum(values), axis=1, keepdims=True)
        return [unit_rows(of_part, lengths) for of_part in values]

    def _values(self, embeddings: np.ndarray) -> list[np.ndarray]:
        standardised = self.read(embeddings)
        return [part.apply(standardised) for part in self.parts]

    def read(self, embeddings: np.ndarray) -> np.ndarray:
        """What the parts are made of: float64, shape (n_songs, n_read), standardised."""
        read = with_tempo_circle(embeddings) if self.has_tempo_circle else embeddings
        return standardise(read, (self.mean, self.scale))

    def _sum(self, values: list[np.ndarray]) -> np.ndarray:
        total = np.zeros((len(values[0]), self.n_columns))
        for part, of_part in zip(self.parts, values, strict=True):
            total[:, part.columns] += of_part
        return total


@dataclass(frozen=True)
class Space:
    """A library as rows of length 1.

    A song is its row in the library; guests of the library have the numbers after its own songs.

    Attributes
    ----------
    name
        The name that a user calls it by, a key of `spaces.SPACES`.
    rows
        The library's own songs: float32, shape (n_songs, n_columns), in memory or mapped into it.
    transform
        The transform that made the rows of embeddings.
    library
        The songs that the rows were made of, guests included.
    """

    name: str
    rows: np.ndarray = field(repr=False)
    transform: Transform = field(repr=False)
    library: Library = field(repr=False)

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def guests(self) -> np.ndarray:
        """Rows of the guests, float32, shape (n_guests, n_columns)."""
        return self.transform.rows(self.library.embeddings[len(self) :]).astype(np.float32)

    @cached_property
    def matrix(self) -> np.ndarray | None:
        """Similarities of all songs, float32, shape (n_songs, n_songs); None beyond `MATRIX_LIMIT_MB`."""
        return self.rows @ self.rows.T if fits(len(self)) else None

    @cached_property
    def distribution(self) -> SimilarityDistribution:
        """Similarities of the pairs of songs, to judge a score by."""
        return similarity_distribution(self.rows, self.matrix)

    def vectors(self, songs: np.ndarray) -> np.ndarray:
        """Rows of some songs, guests among them or not, float32, shape (n_songs, n_columns)."""
        songs = np.asarray(songs, dtype=int)
        own = songs < len(self)
        if own.all():
            return self.rows[songs]
        picked = np.empty((len(songs), self.rows.shape[1]), dtype=np.float32)
        picked[own], picked[~own] = self.rows[songs[own]], self.guests[songs[~own] - len(self)]
        return picked

    def vector(self, song: int) -> np.ndarray:
        """Row of one song, shape (n_columns,)."""
        return self.rows[song] if song < len(self) else self.guests[song - len(self)]

    def similarities(self, song: int) -> np.ndarray:
        """Cosine of one song with every song: float32, shape (n_songs,), good to `rounding`."""
        if self.matrix is None or song >= len(self):
            return self.rows @ self.vector(song)
        return self.matrix[song]

    @property
    def rounding(self) -> float:
        """Bound on the error of a float32 dot product of unit vectors: n u.

        N. J. Higham, "Accuracy and Stability of Numerical Algorithms", 2002, section 3.1.
        """
        return self.rows.shape[1] * float(np.finfo(np.float32).eps)

    def exact(self, song: int, others: np.ndarray) -> np.ndarray:
        """Cosine of one song with some, the same to the last bit however the songs are picked.

        Parameters
        ----------
        song
            The one song, a number of the library.
        others
            The songs it is compared with, shape (m,).

        Returns
        -------
        ndarray
            float64, shape (m,), clipped to [-1, 1].
        """
        vector = self.vector(song).astype(np.float64)
        parts = [
            (self.vectors(others[start : start + CHUNK]) * vector).sum(axis=1)
            for start in range(0, len(others), CHUNK)
        ]
        return np.clip(np.concatenate([*parts, np.empty(0)]), -1.0, 1.0)

    def similarity(self, one: int, other: int) -> float:
        """Cosine of two songs, -1 to 1."""
        return float(self.exact(one, np.array([other]))[0])

    def contributions(self, one: int, other: int) -> dict[str, float]:
        """What each musical group adds to the cosine of two songs; the sum is the cosine.

        A group's part of one song times the whole other song, and the reverse, count half each: where
        groups have coordinates of their own this is the product of their parts; where they share them
        (components) it gives each of two groups half of what they say together.

        Returns
        -------
        dict
            Group -> contribution, in the order of ``GROUPS``.
        """
        embeddings = self.library.embeddings[[one, other]]
        a, b = self.transform.rows(embeddings)
        found = dict.fromkeys(GROUPS, 0.0)
        values = self.transform.values(embeddings)
        for part, (of_a, of_b) in zip(self.transform.parts, values, strict=True):
            products = math.fsum(of_a * b[part.columns]) + math.fsum(of_b * a[part.columns])
            found[part.group] += 0.5 * products
        return found


def fits(n_songs: int) -> bool:
    """Whether the similarity matrix of so many songs is small enough to be computed in advance."""
    return n_songs**2 * np.dtype(np.float32).itemsize <= MATRIX_LIMIT_MB * 2**20


def chunks(n_songs: int) -> Iterator[slice]:
    """The songs in runs of at most `CHUNK`."""
    return (slice(start, min(start + CHUNK, n_songs)) for start in range(0, n_songs, CHUNK))


def library_rows(transform: Transform, library: Library) -> Iterator[tuple[slice, np.ndarray]]:
    """Rows of the library's own songs, run by run: where they belong, and float32 rows."""
    for part in chunks(library.n_own):
        yield part, transform.rows(library.embeddings[part]).astype(np.float32)
