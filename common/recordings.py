"""When two files hold the same recording, and when two songs are by the same artist."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from common.library import Library
from common.text import fold


class ArtistCap:
    """Lets at most so many songs of an artist through, in the order they are asked for.

    Parameters
    ----------
    library
        The songs; those without an artist are never held back.
    most
        How many; None for any number.
    """

    def __init__(self, library: Library, most: int | None) -> None:
        self._artists = library.artists if most else []
        self._most, self._heard = most, Counter()

    def admits(self, song: int) -> bool:
        """Whether one more song of its artist may come; if so, it counts as come."""
        artist = fold(self._artists[song]) if self._most else ""
        if not artist:
            return True
        self._heard[artist] += 1
        return self._heard[artist] <= self._most


COPY_DISTANCE = 0.3
"""Two songs whose standardised embeddings differ by less (root mean square) may be one recording. Measured:
a song and its 128 kbit/s MP3 differ by 0.06 to 0.29, the nearest two different songs of 46 by 0.34."""


COPY_SECONDS = 1.0
"""Copies of a recording differ by less in length (encoders pad), unless they have one title."""


class Copies:
    """Tells whether songs are one recording: near-identical embeddings, and the same length or title.

    Parameters
    ----------
    library
        The songs.
    """

    def __init__(self, library: Library) -> None:
        self._library = library
        self._duration = library.columns["duration"]
        self._titles: dict[int, str] = {}

    def same(self, one: int, other: int) -> bool:
        """Whether two songs are one recording."""
        if abs(self._duration[one] - self._duration[other]) > COPY_SECONDS and not self._same_title(
            one, other
        ):
            return False
        a, b = self._library.standardised_rows([one, other])
        return float(((a - b) ** 2).sum()) <= COPY_DISTANCE**2 * self._n_varying

    def first_of_each(self, songs: Sequence[int]) -> list[int]:
        """The songs without the copies of earlier ones, in order."""
        values = self._library.standardised_rows(songs)
        squares = (values**2).sum(axis=1)
        near = squares[:, None] + squares - 2.0 * values @ values.T <= COPY_DISTANCE**2 * self._n_varying
        kept: list[int] = []
        for place, song in enumerate(songs):
            earlier = [songs[i] for i in np.flatnonzero(near[place, :place])]
            if not any(self.same(other, song) for other in earlier):
                kept.append(int(song))
        return kept

    @property
    def _n_varying(self) -> int:
        return max(1, int(np.isfinite(self._library.scaling[1]).sum()))

    def _same_title(self, one: int, other: int) -> bool:
        return self._title(one) == self._title(other)

    def _title(self, song: int) -> str:
        if song not in self._titles:
            self._titles[song] = fold(self._library.columns["title"][song] or self._library.names[song])
        return self._titles[song]
