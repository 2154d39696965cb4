"""The songs that a map shows, and the one among them that it points out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from common.arrays import neighbours, stratified
from common.library import Library
from common.maps.projection import NEIGHBOURS, place
from common.search import spaces

if TYPE_CHECKING:
    from common.maps.projection import Projection
    from common.paths import Paths
    from common.search.space import Space

SAMPLE_SEED = 2
"""For the sample of a library that is too large to be shown whole."""


@dataclass(frozen=True)
class MapSongs:
    """The songs that a map shows.

    Attributes
    ----------
    library
        All songs; a song from outside that the map points out is their guest.
    rows
        The rows of the library's own songs that are shown, ascending, shape (n_shown,).
    pointed_out
        The row in the library of the song to point out; None if there is none.
    space
        The default similarity space of the library; None where nothing tells its songs apart.
    """

    library: Library
    rows: np.ndarray
    pointed_out: int | None = None
    space: Space | None = None

    @cached_property
    def songs(self) -> Library:
        """The shown songs as a library of their own, the guest included."""
        if len(self.rows) == self.library.n_own:
            return self.library
        return self.library.take(self.rows.tolist())

    @cached_property
    def vectors(self) -> np.ndarray:
        """The shown songs in the space, float32, shape (n_shown, n_columns); zeros where there is none."""
        if self.space is None:
            return np.zeros((len(self.rows), 1), dtype=np.float32)
        return self.space.rows[self.rows]

    @cached_property
    def near(self) -> tuple[np.ndarray, np.ndarray]:
        """The nearest shown songs of every shown song, and their distances; see `neighbours`."""
        return neighbours(self.vectors, NEIGHBOURS)

    @property
    def place(self) -> int | None:
        """The row of the song to point out among `songs`; None if there is none."""
        if self.pointed_out is None or self.pointed_out >= self.library.n_own:
            return None if self.pointed_out is None else len(self.rows)
        return int(np.searchsorted(self.rows, self.pointed_out))

    @property
    def drawn_from(self) -> int | None:
        """How many songs the library has where only a sample is shown; None where all are."""
        return self.library.n_own if len(self.rows) < self.library.n_own else None


def choose_shown(
    library: Library, most: int, pointed_out: int | None = None, paths: Paths | None = None
) -> MapSongs:
    """Choose the songs that a map shows: all, or a sample in which each genre keeps its share.

    Parameters
    ----------
    library
        All songs of the library, with the guest if there is one.
    most
        The largest number of the library's own songs that is shown.
    pointed_out
        The row of a song that must be shown, a guest's or one of the library's own; None if there is none.
    paths
        The folders, where a large library's space may be kept; None for a library that is on no disk.
    """
    genres = library.genres[: library.n_own]
    rows = stratified(genres, most, SAMPLE_SEED)
    if pointed_out is not None and pointed_out < library.n_own and pointed_out not in rows:
        # It takes the place of one of its genre, or of the first song where there is none.
        own = np.flatnonzero(np.array(genres)[rows] == genres[pointed_out])
        rows[own[0] if len(own) else 0] = pointed_out
        rows = np.sort(rows)
    tells_apart = library.n_own > 1 and np.isfinite(library.scaling[1]).any()
    space = spaces.build(spaces.DEFAULT_SPACE, library, paths) if tells_apart else None
    return MapSongs(library, rows, pointed_out, space)


@dataclass(frozen=True)
class Star:
    """A song to point out on a map.

    Attributes
    ----------
    coordinates
        Where it lies, shape (dimensions,).
    name
        What to call it.
    row
        Its row among the songs of the map; None for a file from outside the library.
    """

    coordinates: np.ndarray
    name: str
    row: int | None = None


def locate(shown: MapSongs, projection: Projection) -> Star | None:
    """Find the place of the song to point out; a file from outside goes among the songs nearest to it.

    Parameters
    ----------
    shown
        The songs of the map.
    projection
        Where those of the library lie.

    Returns
    -------
    Star or None
        None if there is no song to point out.
    """
    row = shown.place
    if row is None or shown.pointed_out is None:
        return None
    songs = shown.songs
    if row < songs.n_own:
        return Star(projection.coordinates[row], songs.names[row], row)
    song = shown.vectors[0] if shown.space is None else shown.space.vector(shown.pointed_out)
    return Star(place(song, shown.vectors, projection.coordinates), songs.names[row])
