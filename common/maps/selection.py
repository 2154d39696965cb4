"""The songs that a map shows, and the one among them that it points out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from common.arrays import stratified
from common.library import Library
from common.maps.projection import place

if TYPE_CHECKING:
    from common.maps.projection import Projection

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
    """

    library: Library
    rows: np.ndarray
    pointed_out: int | None = None

    @cached_property
    def songs(self) -> Library:
        """The shown songs as a library of their own, the guest included."""
        if len(self.rows) == self.library.n_own:
            return self.library
        return self.library.take(self.rows.tolist())

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


def choose_shown(library: Library, most: int, pointed_out: int | None = None) -> MapSongs:
    """Choose the songs that a map shows: all, or a sample in which each genre keeps its share.

    Parameters
    ----------
    library
        The songs.
    most
        The largest number of the library's own songs that is shown.
    pointed_out
        The row of a song that must be shown, a guest's or one of the library's own; None if there is none.
    """
    genres = library.genres[: library.n_own]
    rows = stratified(genres, most, SAMPLE_SEED)
    if pointed_out is not None and pointed_out < library.n_own and pointed_out not in rows:
        # It takes the place of one of its genre, or of the first song where there is none.
        own = np.flatnonzero(np.array(genres)[rows] == genres[pointed_out])
        rows[own[0] if len(own) else 0] = pointed_out
        rows = np.sort(rows)
    return MapSongs(library, rows, pointed_out)


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
    if row is None:
        return None
    songs = shown.songs
    if row < songs.n_own:
        return Star(projection.coordinates[row], songs.names[row], row)
    standardised = songs.standardised
    where = place(standardised[row], standardised[: songs.n_own], projection.coordinates)
    return Star(where, songs.names[row])
