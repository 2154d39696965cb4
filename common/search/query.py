"""What is searched for: one song, or a mixture of songs that are wanted and songs that are not.

Conventions: a mixture is the sum of its songs' rows, those that are not wanted taken away, scaled to length
1. Its similarity to a song is the cosine of that, which is the weighted sum of the asked songs' own
similarities, so what each asked song and each musical group adds to it sums to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from common.console import UserError
from common.search.space import Space

LEAST_LENGTH = 0.1
"""Length of a sum of rows below which the songs cancel out: what is left of a song less a copy of itself."""


@dataclass(frozen=True)
class Query:
    """Songs that are searched for together.

    Attributes
    ----------
    songs
        The songs, as numbers of the library, at least one.
    signs
        For each song 1 if songs like it are wanted, -1 if they are not.
    """

    songs: tuple[int, ...]
    signs: tuple[int, ...] = (1,)

    @property
    def song(self) -> int:
        """The song that filters and what is done next refer to: the first one that is wanted."""
        return self.songs[self.signs.index(1)] if 1 in self.signs else self.songs[0]

    @property
    def is_mixed(self) -> bool:
        return len(self.songs) > 1

    def refined(self, songs: Sequence[int], sign: int) -> Query:
        """The query and more songs that are wanted (1) or not (-1)."""
        return replace(self, songs=(*self.songs, *map(int, songs)), signs=(*self.signs, *[sign] * len(songs)))

    def weights(self, space: Space) -> np.ndarray:
        """What the similarity of each asked song is multiplied with, float64, shape (n_asked,).

        Raises
        ------
        UserError
            If the songs cancel out.
        """
        if not self.is_mixed:
            return np.array([float(self.signs[0])])
        signs = np.array(self.signs, dtype=np.float64)
        length = float(np.linalg.norm(signs @ space.vectors(np.array(self.songs)).astype(np.float64)))
        if length < LEAST_LENGTH:
            raise UserError("these songs cancel out, so that nothing is asked for")
        return signs / length

    def similarities(self, space: Space) -> np.ndarray:
        """Cosine with every song, float32, shape (n_songs,), good to `rounding`."""
        found = [
            np.float32(weight) * space.similarities(song)
            for weight, song in zip(self.weights(space), self.songs, strict=True)
        ]
        return np.sum(found, axis=0)

    def rounding(self, space: Space) -> float:
        """Bound on the error of `similarities`."""
        return float(np.abs(self.weights(space)).sum()) * space.rounding * (1 if not self.is_mixed else 2)

    def exact(self, space: Space, others: np.ndarray) -> np.ndarray:
        """Cosine with some songs, float64, shape (m,), the same however they are picked."""
        return np.clip(self.parts(space, others).sum(axis=0), -1.0, 1.0)

    def parts(self, space: Space, others: np.ndarray) -> np.ndarray:
        """What each asked song adds to the cosine with some songs, float64, shape (n_asked, m)."""
        return np.array(
            [
                weight * space.exact(song, others)
                for weight, song in zip(self.weights(space), self.songs, strict=True)
            ]
        )

    def contributions(self, space: Space, other: int) -> list[dict[str, float]]:
        """What each musical group of each asked song adds to the cosine with a song.

        Returns
        -------
        list of dict
            Group -> contribution, one per asked song; all of them sum to the cosine.
        """
        return [
            {group: float(weight) * value for group, value in space.contributions(song, other).items()}
            for weight, song in zip(self.weights(space), self.songs, strict=True)
        ]


def as_query(asked: Query | int) -> Query:
    """A song as the query for it alone; a query as it is."""
    return asked if isinstance(asked, Query) else Query((int(asked),))
