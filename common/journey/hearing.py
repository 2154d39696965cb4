"""What the machine hears in one song, how unusual that is in a library, and where its beats are.

Conventions: times are in seconds, tempos in BPM (0 where no pulse was found). How unusual a number is, is
its z-score: how many standard deviations of *this library* it lies above or below the library's mean.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from common import layout
from common.arrays import standardise
from common.layout import BLOCK_OF, HOP_LENGTH, SAMPLE_RATE, SLICES, is_audible
from common.library import UNKNOWN_GENRE, Library
from common.music import Key, estimate_key

if TYPE_CHECKING:
    from common.song import Analysis

MIN_SONGS_FOR_Z = 5
"""Songs below which a library cannot say what is usual."""

CLEAR_PULSE = 0.1
"""Rise of the onsets' autocorrelation at the beat above its surroundings from which beats are believed;
see `Pulse`."""

FRAME_SECONDS = HOP_LENGTH / SAMPLE_RATE


# ------------------------------------------------------------------------------------------ the song


@dataclass(frozen=True)
class Heard:
    """A song as the machine hears it.

    Attributes
    ----------
    analysis
        What stage 1's code found in the file.
    name, genre
        What to call it; ``genre`` is None for a file outside the library.
    """

    analysis: Analysis = field(repr=False)
    name: str
    genre: str | None

    @property
    def samples(self) -> np.ndarray:
        """float32, mono at ``SAMPLE_RATE``."""
        return self.analysis.samples

    @property
    def series(self) -> dict[str, np.ndarray]:
        """What ``features.describe`` gives."""
        return self.analysis.series

    @property
    def embedding(self) -> np.ndarray:
        """float32, shape (``N_FEATURES``,)."""
        return self.analysis.song.embedding

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return self.samples.size / SAMPLE_RATE

    @property
    def tempo(self) -> float:
        """In BPM; 0 where no pulse was found."""
        return float(self.embedding[SLICES["tempo"]][0])

    @property
    def key(self) -> Key | None:
        """The estimated key; None where all notes are equally present."""
        return estimate_key(self.embedding[SLICES["chroma_mean"]])


def hear(file: Path, name: str, genre: str | None) -> Heard:
    """Decode and describe a song with the code of stage 1.

    Raises
    ------
    AudioError
        If the file does not make it; see `common.song`.
    """
    from common import song

    return Heard(song.analyse(file), name, genre)


def as_guest(library: Library, heard: Heard) -> Library:
    """The library with a song from outside as its guest, which carries its file's tags."""
    return library.with_guest(heard.embedding, heard.analysis.song.metadata(UNKNOWN_GENRE))


@dataclass(frozen=True)
class Standing:
    """How a song stands in a library.

    Attributes
    ----------
    n_songs
        How many songs the library has.
    z
        Shape (``N_FEATURES``,); None in a library of fewer than `MIN_SONGS_FOR_Z` songs.
    below, above
        Share of the other songs, 0 to 1, that lie below and above this one, per number.
    stored
        What comparing the embedding with the library's row said, a value of `STORED`.
    """

    n_songs: int
    z: np.ndarray | None = field(repr=False)
    below: np.ndarray = field(repr=False)
    above: np.ndarray = field(repr=False)
    stored: str


EQUAL, CLOSE, DIFFERENT, OUTSIDE = "equal", "close", "different", "outside"
STORED = {
    EQUAL: "the embedding equals the stored row",
    CLOSE: "the embedding equals the stored row to within rounding",
    DIFFERENT: "THE EMBEDDING DIFFERS FROM THE STORED ROW: the file has changed since it was extracted",
    OUTSIDE: "the file is not in the library",
}


def compare(embedding: np.ndarray, library: Library, row: int | None) -> Standing:
    """Measure a song against a library.

    Parameters
    ----------
    embedding
        Shape (``N_FEATURES``,).
    library
        The songs to measure by.
    row
        The song's row, whose stored numbers the embedding is checked against; None for a song from
        outside.
    """
    others = library.embeddings if row is None else np.delete(library.embeddings, row, axis=0)
    count = max(len(others), 1)
    below = (others < embedding).sum(axis=0) / count
    above = (others > embedding).sum(axis=0) / count
    z = standardise(embedding[np.newaxis], library.embeddings)[0] if len(library) >= MIN_SONGS_FOR_Z else None
    stored = OUTSIDE if row is None else _stored(embedding, library.embeddings[row])
    return Standing(len(library), z, below, above, stored)


def _stored(embedding: np.ndarray, row: np.ndarray) -> str:
    if np.array_equal(embedding, row):
        return EQUAL
    # Another processor may round the last bits of a sum differently.
    return CLOSE if np.allclose(embedding, row, rtol=1e-4, atol=1e-3) else DIFFERENT


def most_unusual(standing: Standing, n: int = 3) -> list[str]:
    """Say in words what is most unusual about a song, one sentence per descriptor.

    Timbre coefficients beyond the second and tonnetz axes are passed over: they have no words that a
    listener could check by ear.

    Returns
    -------
    list of str
        Such as ``darker than 93 % of the library``; empty if the library is too small to say.
    """
    if standing.z is None:
        return []
    sayings, sources = [], set()
    for index in np.argsort(-np.abs(standing.z), kind="stable"):
        source = BLOCK_OF[index].source
        if source in sources or not is_audible(int(index)) or standing.z[index] == 0:
            continue
        sources.add(source)
        sayings.append(_saying(int(index), standing))
        if len(sayings) == n:
            break
    return sayings


def _saying(index: int, standing: Standing) -> str:
    high = standing.z[index] > 0
    share = (standing.below if high else standing.above)[index]
    words = layout.words(index, high)
    others = "every other song" if share == 1 else f"{np.floor(share * 100):.0f} % of the library"
    said = words.removeprefix("usually ").split()
    compares = said[0].endswith("er") or said[0] in {"more", "less"} or said[-1] == "more"
    joint = " than" if compares else ", more so than"
    return f"{words}{joint} {others}"


# ------------------------------------------------------------------------------------------ the pulse


@dataclass(frozen=True)
class Pulse:
    """The beats of a song, and whether to believe them.

    Attributes
    ----------
    onsets
        Strength of what begins in each frame, shape (n_frames,).
    beats
        Frames of the beats.
    clarity
        Autocorrelation of the onsets at the distance of a beat, less its mean over all distances from
        0.2 to 2 s: near 0 without a pulse, 1 for a metronome. After O. Lartillot et al., "Multi-feature
        modeling of pulse clarity", ISMIR 2008.
    """

    onsets: np.ndarray = field(repr=False)
    beats: np.ndarray = field(repr=False)
    clarity: float

    @property
    def is_clear(self) -> bool:
        return self.clarity >= CLEAR_PULSE


def find_pulse(mel: np.ndarray, tempo: float) -> Pulse:
    """Track the beats by D. P. W. Ellis's method ("Beat tracking by dynamic programming", 2007).

    Parameters
    ----------
    mel
        Mel spectrogram in dB, shape (n_bands, n_frames).
    tempo
        In BPM; 0 where no pulse was found.
    """
    import librosa

    framing = {"sr": SAMPLE_RATE, "hop_length": HOP_LENGTH}
    onsets = librosa.onset.onset_strength(S=mel, aggregate=np.median, **framing)
    if tempo <= 0 or not onsets.any():
        return Pulse(onsets, np.empty(0, dtype=int), 0.0)
    _, beats = librosa.beat.beat_track(onset_envelope=onsets, bpm=tempo, **framing)
    return Pulse(onsets, beats, _clarity(onsets, 60.0 / tempo / FRAME_SECONDS))


def _clarity(onsets: np.ndarray, lag: float) -> float:
    centred = onsets - onsets.mean()
    spectrum = np.fft.rfft(centred, n=2 * len(centred))
    correlation = np.fft.irfft(np.abs(spectrum) ** 2)[: len(centred)]
    span = correlation[int(0.2 / FRAME_SECONDS) : int(2.0 / FRAME_SECONDS)]
    near = correlation[max(int(lag) - 1, 1) : int(lag) + 3]
    if correlation[0] <= 0 or not span.size or not near.size:
        return 0.0
    return float((near.max() - span.mean()) / correlation[0])
