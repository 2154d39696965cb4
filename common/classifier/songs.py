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
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from common.arrays import stratified
from common.classifier.model import SEED
from common.classifier.names import GENRES, Subject
from common.console import UserError
from common.library import UNKNOWN_GENRE, Library, remedy
from common.paths import TRAIN, Paths
from common.recordings import album_numbers, artist_numbers, joined, recording_numbers, tag_genres
from common.text import count

FEWEST_GENRES, FEWEST_RECORDINGS = 2, 2
"""Genres that a classifier needs to tell apart, and different recordings that it needs of each."""


class TooFewGenresError(UserError):
    """There are not two genres that could be told apart."""


@dataclass(frozen=True)
class TrainingSet:
    """The songs that can be learned from.

    Attributes
    ----------
    rows
        The rows of the songs in the library, int, shape (n,).
    X
        The embeddings of the songs, float64, shape (n, ``N_FEATURES``).
    y
        The genre of each song as its position in ``genres``, int, shape (n,).
    genres
        The names of the K genres, sorted.
    units
        A number per song, int, shape (n,); songs with equal numbers are the same recording.
    groups
        For each way of splitting (see the module's text) a number per song, int, shape (n,); songs with
        equal numbers are left out together.
    left_out
        Sentences about genres that could not be used, without their full stop.
    drawn_from
        The number of songs with a genre that these were drawn from if they are a sample, None if they are
        all there are.
    subject
        What the genres are called where people read.
    """

    rows: np.ndarray
    X: np.ndarray
    y: np.ndarray
    genres: tuple[str, ...]
    units: np.ndarray
    groups: dict[str, np.ndarray]
    left_out: list[str]
    drawn_from: int | None = None
    subject: Subject = GENRES

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


def gather(library: Library, most: int | None = None, subject: Subject = GENRES) -> TrainingSet:
    """Collect the songs with a genre of at least two different recordings.

    Parameters
    ----------
    library
        The library whose songs are collected.
    most
        The largest number of songs to learn from; where more have a genre, a sample is drawn, each genre by
        its share. None takes all.
    subject
        What the library's genres are called where people read.

    Raises
    ------
    TooFewGenresError
        If fewer than two genres remain.
    """
    rows, names, drawn_from = _filed(library, most)
    if not len(rows):
        raise TooFewGenresError(f"no song has a {subject.noun}")
    units = recording_numbers(library, rows)
    recordings = _recordings(names, units)
    left_out = [
        f"{name} has {'one song' if (names == name).sum() == 1 else 'one recording'} only and is left out"
        for name, n in recordings.items()
        if n < FEWEST_RECORDINGS
    ]
    usable = [str(name) for name, n in recordings.items() if n >= FEWEST_RECORDINGS]
    if len(usable) < FEWEST_GENRES:
        found = ", ".join(f"{name} ({count(int((names == name).sum()), 'song')})" for name in recordings)
        raise TooFewGenresError(
            f"a classifier needs two {subject.noun}s with two different recordings each; "
            f"the library has {found}"
        )
    kept = np.isin(names, usable)
    rows, units = rows[kept], units[kept]
    y = np.searchsorted(usable, names[kept])
    groups = {"plain": units} | _groupings(library, rows, units)
    X = library.embeddings[rows].astype(np.float64)
    return TrainingSet(rows, X, y, tuple(usable), units, groups, left_out, drawn_from, subject)


def is_learnable(library: Library, most: int) -> bool:
    """Whether a library has genres enough for `gather`, judged by at most so many of its songs."""
    rows, names, _ = _filed(library, most)
    if len(set(names)) < FEWEST_GENRES:
        return False
    numbers = _recordings(names, recording_numbers(library, rows)).values()
    return sum(n >= FEWEST_RECORDINGS for n in numbers) >= FEWEST_GENRES


def _filed(library: Library, most: int | None) -> tuple[np.ndarray, np.ndarray, int | None]:
    """Rows and genres of the songs that have one, at most so many, and of how many they were drawn."""
    rows = np.array([i for i, genre in enumerate(library.genres) if genre != UNKNOWN_GENRE], dtype=int)
    names = np.array([library.genres[row] for row in rows])
    if most is None or most >= len(rows):
        return rows, names, None
    drawn = stratified(names, most, SEED, least=2)
    return rows[drawn], names[drawn], len(rows)


def _recordings(names: np.ndarray, units: np.ndarray) -> dict[str, int]:
    """Genre -> how many different recordings it has."""
    return {name: len(set(units[names == name])) for name in sorted(set(names))}


def more_genres(library: Library, paths: Paths) -> str:
    """Say what gives a library more genres: folders, tags where they name some, or a table of labels."""
    anew = remedy(paths)
    steps = [f"put the songs into one folder per genre and run: {anew}"]
    if (n_tags := len(tag_genres(library))) > 1:
        steps.append(f"or take the {n_tags} genres of the files' own tags: {anew} --genre-from tag")
    steps.append(
        f"or write labels of your own into a table: {paths.command(TRAIN, '--labels', 'labels.csv')}"
    )
    return "; ".join(steps)


def _groupings(library: Library, rows: np.ndarray, units: np.ndarray) -> dict[str, np.ndarray]:
    """Who is left out together; a song without artist goes by its album, one without album by its artist."""
    artist, album = artist_numbers(library, rows), album_numbers(library, rows)
    return {
        way: joined(own, np.where(own < 0, other, -1), units)
        for way, own, other in (("artist", artist, album), ("album", album, artist))
        if (own >= 0).any()
    }


def fingerprint(X: np.ndarray, labels: Sequence[str]) -> str:
    """Tell one set of training songs from another: SHA-256 of embeddings and genres, 16 digits."""
    digest = hashlib.sha256(np.ascontiguousarray(X, dtype="<f4").tobytes())
    digest.update(json.dumps(list(labels)).encode())
    return digest.hexdigest()[:16]


def song_key(embedding: np.ndarray) -> str:
    """Know a song by its content: SHA-256 of its embedding, 16 digits."""
    return hashlib.sha256(np.ascontiguousarray(embedding, dtype="<f4").tobytes()).hexdigest()[:16]
