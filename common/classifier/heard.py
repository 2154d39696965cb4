"""The songs that a classifier has learned from: it knows them again, and does not judge them by heart."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from common.classifier.scores import Scores
from common.classifier.songs import TrainingSet, song_key
from common.library import Library
from common.recordings import Traits, copies, recording_numbers, traits_of


@dataclass(frozen=True)
class Heard:
    """The training songs, and which models of cross-validation have not heard each.

    Attributes
    ----------
    names
        The name of each song.
    keys
        What its embedding is known by; see `songs.song_key`.
    traits
        What its recording is known by.
    judges
        The positions of the models that have not heard it.
    """

    names: list[str] = field(repr=False)
    keys: list[str] = field(repr=False)
    traits: Traits = field(repr=False)
    judges: list[list[int]] = field(repr=False)

    def find(self, song: Library) -> int | None:
        """The place of the training song that a song is, or is a copy of; None if it is neither.

        Parameters
        ----------
        song
            A library of one song.
        """
        key = song_key(song.embeddings[0])
        if key in self.keys:
            return self.keys.index(key)
        places = copies(traits_of(song), self.traits)
        return int(places[0]) if len(places) else None


def heard_songs(library: Library, training: TrainingSet, plain: Scores) -> Heard:
    """Remember the training songs.

    Parameters
    ----------
    library
        The library that they are from.
    training
        The labelled songs.
    plain
        Cross-validation that may leave out any song.
    """
    return Heard(
        names=[library.names[row] for row in training.rows],
        keys=[song_key(embedding) for embedding in training.X],
        traits=traits_of(library, training.rows),
        judges=[[k for k, (held, _) in enumerate(plain.models) if held[i]] for i in range(len(training))],
    )


def training_places(library: Library, training: TrainingSet, rows: list[int]) -> dict[int, int]:
    """Find the songs that are training songs or copies of one.

    Parameters
    ----------
    library
        The library that all of them are from.
    training
        The labelled songs.
    rows
        The songs that are looked at, rows of the library.

    Returns
    -------
    dict
        Row -> place of the song among the training songs.
    """
    known = {int(row): place for place, row in enumerate(training.rows)}
    others = [row for row in rows if row not in known]
    found = {row: known[row] for row in rows if row in known}
    if others:
        numbers = recording_numbers(library, np.concatenate([training.rows, others]))
        place_of = {int(number): place for place, number in enumerate(numbers[: len(training)])}
        copied = zip(others, numbers[len(training) :], strict=True)
        found |= {row: place_of[int(number)] for row, number in copied if int(number) in place_of}
    return found
