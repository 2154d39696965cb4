"""A file on disk to mono samples at 22 050 Hz, or a named reason why not.

Conventions
-----------
Samples are float32, shape (n_samples,), the mean of all channels, resampled as ``librosa.load`` does
(soxr, high quality), so both give the same numbers. A file is decoded in blocks: what stays in memory
is the mono signal alone. Every failure is an `AudioError` with one of `KINDS`.
"""

from __future__ import annotations

import math
import os
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path

import mutagen
import mutagen.mp3
import numpy as np
import soundfile
import soxr

from common.console import UserError
from common.layout import SAMPLE_RATE
from common.text import duration

SNDFILE_SUFFIXES = frozenset({".mp3", ".flac", ".wav", ".ogg", ".oga", ".opus", ".aiff", ".aif", ".aifc"})
"""Endings of the formats that libsndfile decodes."""

AV_SUFFIXES = frozenset({".m4a", ".m4b", ".mp4", ".aac", ".alac", ".wma"})
"""Endings of the formats that need FFmpeg, which the optional package ``av`` brings along."""

KINDS = {
    "unreadable": "the file cannot be opened, or is no audio that a decoder knows",
    "unsupported": "the format needs an optional package that is not installed",
    "empty": "the file has no bytes or no samples",
    "too_short": "shorter than a second",
    "silent": "nothing in it is louder than the silence threshold",
    "not_finite": "samples are NaN or infinite",
    "truncated": "it decodes to much less than its header promises",
    "invalid": "its descriptors do not come out as the layout wants them",
    "out_of_memory": "the machine has too little memory for it",
    "changed": "it was written to or removed while it was read",
    "crashed": "the process that had it in work died, twice",
}
"""Why a file may not make it."""

MIN_DURATION = 1.0
"""Seconds below which a file is no song."""

SILENCE_DBFS = -70.0
"""A file whose loudest tenth of a second has a lower RMS level, in dB of full scale, is silence."""

MISSING_SHARE, MISSING_SECONDS = 0.02, 1.0
"""How much a file may decode short of its header before it counts as truncated: both at once."""

SAMPLE_RATES = (2_000, 1_000_000)
"""Lowest and highest rate in Hz that a header is believed; soxr crashes on absurd ones."""

BLOCK_FRAMES = 1 << 18

Check = Callable[[], None]
"""Called between blocks of work; raises to stop it."""


class AudioError(UserError):
    """A file that did not make it.

    Attributes
    ----------
    kind
        A key of `KINDS`.
    reason
        What happened, in words; never empty.
    """

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(f"{kind}: {reason}")
        self.kind, self.reason = kind, reason

    def __reduce__(self) -> tuple[type, tuple[str, str]]:
        return type(self), (self.kind, self.reason)


@dataclass(frozen=True)
class Audio:
    """A decoded song.

    Attributes
    ----------
    samples
        float32, shape (n_samples,), mono at ``layout.SAMPLE_RATE``.
    duration
        Seconds that were decoded.
    sample_rate, channels
        What the file has, before resampling and mixing down.
    """

    samples: np.ndarray
    duration: float
    sample_rate: int
    channels: int


@dataclass(frozen=True)
class Tags:
    """What a file says about itself; None where it says nothing."""

    artist: str | None = None
    title: str | None = None
    album: str | None = None
    year: str | None = None
    genre: str | None = None


_TAG_NAMES = {
    "artist": ("artist", "TPE1", "Author"),
    "title": ("title", "TIT2", "Title"),
    "album": ("album", "TALB", "WM/AlbumTitle"),
    "year": ("date", "year", "TDRC", "TYER", "WM/Year"),
    "genre": ("genre", "TCON", "WM/Genre"),
}
"""Our name -> the names mutagen uses: easy ID3, Vorbis and MP4; raw ID3 (WAV, AIFF); ASF."""

_BROKEN_TAGS = (mutagen.MutagenError, OSError, EOFError, ValueError, LookupError, TypeError, struct.error)
"""What mutagen raises on damaged files."""


def find_songs(root: Path) -> list[Path]:
    """List the audio files under a folder, in the order of their relative paths.

    Parameters
    ----------
    root
        Folder to search; links to folders are followed, each real folder once.

    Returns
    -------
    list of Path
        Files whose ending is one of `SNDFILE_SUFFIXES` or `AV_SUFFIXES` in any case. Hidden files and
        folders (``.name``, such as the ``._`` twins that macOS leaves behind) are passed over.
    """
    found: list[Path] = []
    seen: set[str] = set()
    for folder, subfolders, names in os.walk(root, followlinks=True):
        real = os.path.realpath(folder)
        if real in seen:
            subfolders.clear()
            continue
        seen.add(real)
        subfolders[:] = sorted(name for name in subfolders if not name.startswith("."))
        found += [Path(folder, name) for name in names if _is_song(name)]
    return sorted(found, key=lambda path: path.relative_to(root).as_posix())


def _is_song(name: str) -> bool:
    suffix = os.path.splitext(name)[1].lower()
    return not name.startswith(".") and (suffix in SNDFILE_SUFFIXES or suffix in AV_SUFFIXES)


def load(path: Path, check: Check = lambda: None) -> Audio:
    """Decode a whole file.

    Parameters
    ----------
    path
        The file.
    check
        Called between blocks; what it raises ends the decoding.

    Returns
    -------
    Audio

    Raises
    ------
    AudioError
        With the kind of failure; see `KINDS`.
    """
    path = Path(path)
    if not _size(path):
        raise AudioError("empty", "the file has no bytes")
    decode = _decode_av if path.suffix.lower() in AV_SUFFIXES else _decode_sndfile
    with decode(path) as (sample_rate, channels, promised, blocks):
        if not SAMPLE_RATES[0] <= sample_rate <= SAMPLE_RATES[1]:
            raise AudioError("unreadable", f"its header claims a sample rate of {sample_rate} Hz")
        samples, n_decoded = _mono(blocks, sample_rate, check)
    audio = Audio(samples, n_decoded / sample_rate, sample_rate, channels)
    _validate(audio, max(promised, _declared_duration(path)))
    return audio


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        raise AudioError("unreadable", error.strerror or type(error).__name__) from error


Decoded = tuple[int, int, float, Iterator[np.ndarray]]
"""Sample rate (Hz), channels, promised duration (s; 0 if unknown), blocks of (n_frames, channels)."""


@contextmanager
def _decode_sndfile(path: Path) -> Iterator[Decoded]:
    try:
        # As bytes, for a name in no known encoding; Windows has names in Unicode only.
        name = os.fspath(path) if os.name == "nt" else os.fsencode(path)
        with soundfile.SoundFile(name) as file:
            # An MP3 without a table of contents promises what its first frame suggests: not to be trusted.
            promised = 0.0 if file.format == "MP3" else file.frames / file.samplerate
            yield file.samplerate, file.channels, promised, _sndfile_blocks(file)
    except (soundfile.LibsndfileError, soundfile.SoundFileRuntimeError, OSError) as error:
        reason = str(error).partition(": ")[2] or str(error) or type(error).__name__
        raise AudioError("unreadable", f"not decodable as audio: {reason}") from error


def _sndfile_blocks(file: soundfile.SoundFile) -> Iterator[np.ndarray]:
    """Read until nothing comes; soundfile's own ``blocks`` repeats old samples where a file ends early."""
    while len(block := file.read(BLOCK_FRAMES, dtype="float32", always_2d=True)):
        yield block


@contextmanager
def _decode_av(path: Path) -> Iterator[Decoded]:
    try:
        import av
    except ImportError:
        raise AudioError(
            "unsupported", f"{path.suffix} files need FFmpeg; run: pip install -r requirements-formats.txt"
        ) from None
    try:
        with av.open(os.fspath(path), metadata_errors="replace") as container:
            if not container.streams.audio:
                raise AudioError("empty", "the file has no audio stream")
            stream = container.streams.audio[0]
            if stream.codec_context is None:
                raise AudioError("unreadable", "the audio stream names no codec that FFmpeg knows")
            promised = float(stream.duration * stream.time_base) if stream.duration else 0.0
            yield stream.rate, stream.channels, promised, _av_blocks(av, container, stream)
    except (av.FFmpegError, UnicodeEncodeError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise AudioError("unreadable", f"not decodable as audio: {reason}") from error


def _av_blocks(av, container, stream) -> Iterator[np.ndarray]:
    """Decode a stream to float blocks (n_frames, channels), all channels as they are."""
    resampler = av.AudioResampler(format="fltp")
    for frame in container.decode(stream):
        for part in resampler.resample(frame):
            yield part.to_ndarray().T


def _mono(blocks: Iterator[np.ndarray], sample_rate: int, check: Check) -> tuple[np.ndarray, int]:
    """Mix down and resample block by block; returns the samples and how many frames were decoded."""
    resampler = None
    if sample_rate != SAMPLE_RATE:
        resampler = soxr.ResampleStream(sample_rate, SAMPLE_RATE, 1, dtype="float32", quality="soxr_hq")
    samples, n_decoded = _Growing(), 0
    for block in blocks:
        check()
        n_decoded += len(block)
        mono = block @ np.full(block.shape[1], 1 / block.shape[1], np.float32)
        samples.append(resampler.resample_chunk(mono) if resampler else mono)
    if resampler:
        samples.append(resampler.resample_chunk(np.empty(0, np.float32), last=True))
    return samples.finish(math.ceil(n_decoded * SAMPLE_RATE / sample_rate)), n_decoded


class _Growing:
    """Samples that come in parts of unknown number, kept in one array that is never copied whole."""

    def __init__(self) -> None:
        self._samples, self._used = np.empty(SAMPLE_RATE * 600, np.float32), 0

    def append(self, part: np.ndarray) -> None:
        while self._used + part.size > self._samples.size:
            self._samples.resize(2 * self._samples.size, refcheck=False)
        self._samples[self._used : self._used + part.size] = part
        self._used += part.size

    def finish(self, length: int) -> np.ndarray:
        """Give the samples up, cut or filled with zeros to a length."""
        self._samples.resize(length, refcheck=False)
        self._samples[self._used :] = 0
        return self._samples


def _validate(audio: Audio, promised: float) -> None:
    """Refuse what is no song, before any descriptor makes plausible numbers of it."""
    if not audio.samples.size:
        raise AudioError("empty", "the file has no samples")
    if not np.isfinite(audio.samples).all():
        raise AudioError("not_finite", "some samples are NaN or infinite")
    missing = promised - audio.duration
    if missing > MISSING_SECONDS and missing > MISSING_SHARE * promised:
        raise AudioError(
            "truncated", f"decodes to {duration(audio.duration)} of the {duration(promised)} in its header"
        )
    if audio.duration < MIN_DURATION:
        raise AudioError("too_short", f"{audio.duration:.2f} s; a song needs at least {MIN_DURATION:g} s")
    loudest = _loudest_level(audio.samples)
    if loudest < SILENCE_DBFS:
        raise AudioError("silent", f"nothing is louder than {loudest:.0f} dBFS")


def _loudest_level(samples: np.ndarray) -> float:
    """RMS level of the loudest tenth of a second, in dB of full scale."""
    length = SAMPLE_RATE // 10
    parts = samples[: samples.size // length * length].reshape(-1, length)
    power = np.einsum("ij,ij->i", parts, parts).max() / length
    return 10 * math.log10(power) if power > 0 else -math.inf


def _declared_duration(path: Path) -> float:
    """Seconds that a file's header promises; 0 where it promises nothing that can be trusted."""
    try:
        file = mutagen.File(path)
    except _BROKEN_TAGS:
        return 0.0
    info = getattr(file, "info", None)
    if info is None or _is_estimate(info):
        return 0.0
    return float(getattr(info, "length", 0.0) or 0.0)


def _is_estimate(info: object) -> bool:
    """Whether a length is guessed from the first MP3 frame, or a WAV header left open by a recorder."""
    mode = getattr(info, "bitrate_mode", None)
    if mode is not None:
        return mode == mutagen.mp3.BitrateMode.UNKNOWN
    n_bytes = getattr(info, "length", 0.0) * getattr(info, "bitrate", 0) / 8
    return n_bytes >= 2**31 - 1


def read_tags(path: Path) -> Tags:
    """Read artist, title, album, year and genre; broken tags are as good as none.

    Parameters
    ----------
    path
        The file.
    """
    try:
        file = mutagen.File(path, easy=True)
        tags = {} if file is None or file.tags is None else file.tags
        return Tags(**{field.name: _first(tags, _TAG_NAMES[field.name]) for field in fields(Tags)})
    except _BROKEN_TAGS:
        return Tags()


def _first(tags: mutagen.Tags, names: tuple[str, ...]) -> str | None:
    """First value of the first of several tags that is there, as stripped text."""
    for name in names:
        values = tags.get(name) if name in tags else None
        value = values[0] if isinstance(values, list) and values else values
        text = str(value).strip() if value is not None else ""
        if text:
            return text
    return None
