"""One audio file analysed, from the library or not: the only way to do it.

Conventions
-----------
A file is identified by its `Stamp`, taken before anything else is read. Whatever keeps a file from becoming
a song is an `AudioError` with a kind and a reason. The same file gives the same numbers in every stage.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NewType

import numpy as np

from common import audio, compiled, features
from common.console import Check, UserError, quiet_decoders
from common.decoders import AudioError
from common.features import Series
from common.files import no_file, open_regular
from common.fingerprint.hearing import PeakFinder, sequences_of
from common.fingerprint.sequences import Sequences
from common.layout import SAMPLE_RATE
from common.library import COLUMNS
from common.mixdown import between, mix_down
from common.structure import readings
from common.structure.loudness import LoudnessMeter, measure
from common.tags import Tags

AROUND = 1
"""Seconds decoded before and after what is to be heard, in which decoders and resampling settle."""

SLOWEST_TAG, FASTEST_TAG = 20.0, 500.0
"""Tempos in BPM between which a tag is believed to be one."""

ContentHash = NewType("ContentHash", str)
"""SHA-256 of a file's bytes, hexadecimal."""


@dataclass(frozen=True)
class Stamp:
    """What a file was when it was looked at.

    Attributes
    ----------
    path
        Where the file lies.
    size, mtime_ns
        Number of bytes, and time of the last change in nanoseconds, as they were before the content was read.
    content
        The hash of its bytes.
    """

    path: Path
    size: int
    mtime_ns: int
    content: ContentHash


@dataclass(frozen=True)
class Song:
    """What is kept of an analysed file.

    Attributes
    ----------
    stamp
        The file as it was when it was read.
    embedding
        The numbers of the layout, float32, shape (``N_FEATURES``,).
    duration
        The length of what was decoded, in seconds.
    sample_rate, channels
        The sampling rate (Hz) and the number of channels of the file, before resampling and mixing down.
    tags
        What the file says about itself.
    readings
        What `structure.readings.Readings.plain` gives, a value for each of ``library.READING_COLUMNS``.
    sequences
        What sounds when; None in a song that the store gave back: see `extraction.sequence_reader`.
    """

    stamp: Stamp
    embedding: np.ndarray = field(repr=False)
    duration: float
    sample_rate: int
    channels: int
    tags: Tags
    readings: dict[str, Any] = field(repr=False)
    sequences: Sequences | None = field(default=None, repr=False)

    def metadata(self, genre: str) -> dict[str, Any]:
        """The song's row of the library's metadata, a value for each of ``library.COLUMNS``.

        Parameters
        ----------
        genre
            The genre that the song is filed under; that of its tag is kept beside it.
        """
        facts = {
            "song_name": self.stamp.path.stem,
            "file_path": str(self.stamp.path),
            "genre": genre,
            "duration": self.duration,
            "artist": self.tags.artist,
            "title": self.tags.title,
            "album": self.tags.album,
            "year": self.tags.year,
            "tag_genre": self.tags.genre,
            "tag_bpm": tagged_tempo(self.tags.bpm),
            "sample_rate": self.sample_rate,
            "channels": self.channels,
            **self.readings,
        }
        return {name: facts[name] for name in COLUMNS}


@dataclass(frozen=True)
class Analysis:
    """A song, and what its numbers were computed from.

    Attributes
    ----------
    song
        The song, as it is kept.
    samples
        What was decoded, float32, shape (n_samples,), mono at ``SAMPLE_RATE``.
    series
        What ``features.describe`` gives: descriptor -> array (size, n_frames).
    """

    song: Song
    samples: np.ndarray = field(repr=False)
    series: Series = field(repr=False)


def excerpt_embedding(series: Series, first: int, last: int) -> np.ndarray:
    """Take the numbers of the embedding of a part of an analysed song.

    Parameters
    ----------
    series
        The descriptors of the whole song, as `Analysis` holds them.
    first, last
        The frames that the part begins with and ends before.

    Returns
    -------
    ndarray
        float32, shape (``N_FEATURES``,): levels are counted from the part's own loudest value, as if it were
        a song; the tempo is that of the whole.
    """
    cut = {name: values if name == "tempo" else values[:, first:last] for name, values in series.items()}
    return features.summarise(cut | {"mel": cut["mel"] - cut["mel"].max()})


def tagged_tempo(text: str | None) -> float | None:
    """The tempo that a file's tag gives, in BPM; None where it gives none that a song can have.

    Parameters
    ----------
    text
        The tag as it is written, such as ``138`` or ``137.98``.
    """
    try:
        tempo = float((text or "").strip().replace(",", "."))
    except ValueError:
        return None
    return tempo if SLOWEST_TAG <= tempo <= FASTEST_TAG else None


def take_stamp(path: Path) -> Stamp:
    """Look at a file, and read it once for its hash.

    Raises
    ------
    AudioError
        Of the kind ``unreadable`` if that is not possible.
    """
    try:
        with open_regular(path) as file:
            before = os.fstat(file.fileno())
            content = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise AudioError("unreadable", error.strerror or type(error).__name__, of_system=True) from error
    return Stamp(path, before.st_size, before.st_mtime_ns, ContentHash(content))


def analyse(path: Path, check: Check = lambda: None, stamp: Stamp | None = None) -> Analysis:
    """Decode and describe a whole file.

    Parameters
    ----------
    path
        The audio file to analyse.
    check
        A function called between blocks of work; what it raises ends the work.
    stamp
        The file's stamp if it has just been taken; otherwise it is taken here.

    Raises
    ------
    AudioError
        If the file does not become a song, or was written to meanwhile; see ``decoders.KINDS``.
    """
    stamp = stamp or take_stamp(path)
    try:
        analysis = _analyse(stamp, check)
    except AudioError:
        # A disk that fails half-way looks like a damaged file: it is one if it can be read again.
        _check_unchanged(stamp)
        if take_stamp(stamp.path).content != stamp.content:
            raise AudioError("changed", "it reads differently each time; its disk may be failing") from None
        raise
    _check_unchanged(stamp)
    return analysis


class UnheardError(UserError):
    """A file that cannot be heard.

    Parameters
    ----------
    path
        The file.
    error
        What keeps it from being heard.
    """

    def __init__(self, path: Path, error: AudioError) -> None:
        super().__init__(f"{path}: {error.reason}")
        self.path, self.reason = path, error.reason


@contextlib.contextmanager
def heard_or_told(path: Path) -> Iterator[None]:
    """Let decoders work quietly in the block, and tell in one line what keeps a file from being heard.

    Raises
    ------
    UserError
        For an `AudioError` of the block; `UnheardError` unless the file is gone.
    """
    try:
        with quiet_decoders():
            yield
    except AudioError as error:
        raise (UnheardError(path, error) if path.exists() else UserError(no_file(path))) from error


@dataclass(frozen=True)
class Excerpt:
    """The middle of a recording, or all of one that is little longer.

    Attributes
    ----------
    samples
        What was decoded, float32, shape (n_samples,), mono at ``SAMPLE_RATE``.
    start
        Seconds of the recording before them.
    duration
        The length of the recording in seconds; where not all was decoded, what its header says.
    """

    samples: np.ndarray = field(repr=False)
    start: int
    duration: float


def listen(path: Path, seconds: float) -> Excerpt:
    """Decode the middle of a file, for what needs no more than some seconds of its sound.

    Parameters
    ----------
    path
        The audio file.
    seconds
        How much is to be heard; there is at least `AROUND` more at either end.

    Raises
    ------
    AudioError
        If the file is no song; see ``decoders.KINDS``.
    """
    header = audio.look_into(path)
    start = int((header.estimated - seconds) / 2) - AROUND
    if start > 0:
        # What is wrong with a part, such as a header that promised more, is told by the whole.
        with contextlib.suppress(AudioError):
            return Excerpt(_part(path, start, seconds + 2 * AROUND), start, header.estimated)
    decoded = audio.load(path, header=header)
    return Excerpt(decoded.samples, 0, decoded.duration)


def _part(path: Path, start: int, seconds: float) -> np.ndarray:
    """Samples of so many seconds of a file."""
    with audio.decode(path, start=start) as (sample_rate, channels, _, blocks):
        wanted = between(blocks, 0, round(seconds * sample_rate))
        samples, n_decoded = mix_down(wanted, sample_rate)
    audio.validate(audio.Audio(samples, n_decoded / sample_rate, sample_rate, channels), seconds)
    return samples


def _analyse(stamp: Stamp, check: Check) -> Analysis:
    warm_up()
    try:
        header = audio.look_into(stamp.path)
        with audio.admitted(header, check) as claim:
            decoded = audio.load(stamp.path, check, claim, header, LoudnessMeter)
            finder = PeakFinder()
            series = features.describe(decoded.samples, check, finder.add)
            embedding = features.summarise(series)
            check()
            read = readings.read(decoded.samples, series, decoded.listener.finish())
            sequences = sequences_of(series, finder)
    except features.FeatureError as error:
        raise AudioError("invalid", str(error)) from error
    except MemoryError:
        reason = "not enough memory; close programs or use fewer --workers"
        raise AudioError("out_of_memory", reason) from None
    measured = decoded.duration, decoded.sample_rate, decoded.channels
    song = Song(stamp, embedding, *measured, header.tags, read.plain(), sequences)
    return Analysis(song, decoded.samples, series)


def _check_unchanged(stamp: Stamp) -> None:
    try:
        now = stamp.path.stat()
    except OSError as error:
        raise AudioError("changed", "it was removed while it was read") from error
    if (now.st_size, now.st_mtime_ns) != (stamp.size, stamp.mtime_ns):
        raise AudioError("changed", "it was written to while it was read; run this again when it is whole")


_warming = threading.Lock()


def warm_up() -> None:
    """Compile what has to be compiled, once per process: in one thread, and in one process at a time."""
    with _warming:
        _compiled()


@functools.cache
def _compiled() -> None:
    with compiled.one_at_a_time():
        noise = np.random.default_rng(0).normal(0, 0.1, SAMPLE_RATE).astype(np.float32)
        finder = PeakFinder()
        series = features.describe(noise, listen=finder.add)
        finder.finish()
        features.summarise(series)
        readings.read(noise, series, measure(noise, SAMPLE_RATE))
        mix_down(iter([np.zeros((1, 2), np.float32)]), SAMPLE_RATE)
