"""Which song the journey is of: the one asked for, analysed, and its place among the library's songs."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from common.arrays import unit_rows
from common.console import UserError
from common.filed import filed_as
from common.layout import SAMPLE_RATE
from common.library import UNKNOWN_GENRE, Library
from common.music import Key, keys, tempos
from common.paths import Paths
from common.song import Analysis, analyse, heard_or_told

CHUNK = 8192
"""Songs that are standardised at a time."""


@dataclass(frozen=True)
class ChosenSong:
    """The song whose journey is drawn.

    Attributes
    ----------
    library
        All songs, this one among them: a file from outside the library is its guest.
    row
        The song's row in the library, which for a guest comes after those of the library's own songs.
    analysis
        What the song's file was analysed into just now, with the code of stage 1.
    """

    library: Library
    row: int
    analysis: Analysis = field(repr=False)

    @property
    def is_guest(self) -> bool:
        """Whether the file is not one of the library's."""
        return self.row >= self.library.n_own

    @property
    def name(self) -> str:
        """What the song is called."""
        return self.library.names[self.row]

    def filed_in(self, paths: Paths) -> str:
        """What its pictures and pages are called; see `filed.filed_as`."""
        return filed_as(paths, self.name, self.library.paths[self.row])

    @property
    def genre(self) -> str | None:
        """The genre the song is filed under; None for a file from outside the library."""
        return None if self.is_guest else self.library.genres[self.row]

    @property
    def samples(self) -> np.ndarray:
        """The sound, float32, shape (n_samples,), mono at ``SAMPLE_RATE``."""
        return self.analysis.samples

    @property
    def series(self) -> dict[str, np.ndarray]:
        """The descriptors over time, as `features.describe` gives them."""
        return self.analysis.series

    @property
    def embedding(self) -> np.ndarray:
        """The numbers of the song, float32, shape (``N_FEATURES``,)."""
        return self.analysis.song.embedding

    @property
    def duration(self) -> float:
        """The length of the samples in seconds."""
        return self.samples.size / SAMPLE_RATE

    @property
    def facts(self) -> dict[str, Any]:
        """The song's metadata and readings, a value for each of ``library.COLUMNS``."""
        return self.library.song(self.row)

    @property
    def tempo(self) -> float:
        """The tempo in BPM; 0 where no steady pulse was found."""
        return float(tempos(self.library, [self.row])[0])

    @property
    def key(self) -> Key | None:
        """The estimated key; None where no key stands out."""
        return keys(self.library, [self.row])[0]


def choose(library: Library, wanted: str | None) -> tuple[Path, int | None] | None:
    """Decide whose journey to draw.

    Parameters
    ----------
    library
        The songs, without guests.
    wanted
        Any distinctive part of a song's name, or the path of an audio file; None for the most typical of
        the library's songs whose file exists.

    Returns
    -------
    tuple of Path and int, or None
        The song's file and its row in the library; the row is None for a file from outside. None alone
        if nothing was asked for and no song's file exists.

    Raises
    ------
    UserError
        If no song answers to the name, or its file is gone.
    """
    if wanted is None:
        rows = (int(row) for row in most_typical(library))
        return next(
            ((Path(library.paths[row]), row) for row in rows if Path(library.paths[row]).is_file()), None
        )
    found = library.find_or_file(wanted)
    if isinstance(found, Path):
        return found, None
    row, file = found, Path(library.paths[found])
    if not file.is_file():
        raise UserError(f"the file of {library.names[row]!r} is gone: {file}")
    return file, row


def analyse_chosen(library: Library, file: Path, row: int | None) -> ChosenSong:
    """Analyse the chosen song's file with stage 1's own code.

    Parameters
    ----------
    library
        The songs, without guests.
    file
        The path of the audio file.
    row
        The song's row in the library; None for a file from outside, which becomes the library's guest.

    Raises
    ------
    UserError
        If the file does not become a song; see `common.song.analyse`.
    """
    with heard_or_told(file):
        analysis = analyse(file)
    if row is None:
        song = analysis.song
        library = library.with_guest(song.embedding, song.metadata(UNKNOWN_GENRE))
        row = len(library) - 1
    return ChosenSong(library, row, analysis)


def most_typical(library: Library) -> np.ndarray:
    """Order the songs from the most to the least typical: by mean cosine similarity with all songs.

    Parameters
    ----------
    library
        The songs, without guests.

    Returns
    -------
    ndarray
        All rows, shape (n_songs,); the first is the library's medoid.
    """
    parts = [slice(start, start + CHUNK) for start in range(0, len(library), CHUNK)]
    middle = sum(unit_rows(library.standardised_rows(part)).sum(axis=0) for part in parts) / len(library)
    similarity = [unit_rows(library.standardised_rows(part)) @ middle for part in parts]
    return np.argsort(-np.concatenate(similarity), kind="stable")
