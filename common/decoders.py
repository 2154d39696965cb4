"""The decoders: a file opened with the one that its format needs, and what they fail with.

Conventions
-----------
libsndfile decodes all that it can; FFmpeg, by the optional package ``av``, what it cannot. Which of them it
is follows from the file alone, so the same file gives the same samples everywhere. Whatever a decoder raises
becomes an `AudioError`.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from common import ogg
from common.console import UserError
from common.files import open_regular
from common.mixdown import between

SNDFILE_SUFFIXES = frozenset({".mp3", ".flac", ".wav", ".ogg", ".oga", ".opus", ".aiff", ".aif", ".aifc"})
"""Endings of the formats that libsndfile decodes."""

AV_SUFFIXES = frozenset({".m4a", ".m4b", ".mp4", ".aac", ".alac", ".wma"})
"""Endings of the formats that need FFmpeg, which the optional package ``av`` brings along."""

KINDS = {
    "unreadable": "the file cannot be opened, or is no audio that a decoder knows",
    "unsupported": "the format needs an optional package that is not installed",
    "empty": "the file has no bytes or no samples",
    "too_short": "shorter than a second",
    "silent": "nothing in it is louder than the silence threshold, its channels heard together",
    "not_finite": "samples are NaN, infinite, or so large that they may as well be",
    "truncated": "it breaks off, or decodes to much less than its header promises",
    "invalid": "its descriptors do not come out as the layout wants them",
    "too_large": "it holds more sound than a song may; see `audio.MAX_DURATION`",
    "too_slow": "decoding it takes longer than `audio.DECODE_SECONDS`",
    "out_of_memory": "the machine has too little memory for it",
    "changed": "it was written to or removed while it was read",
    "crashed": "the process that had it in work died, twice",
}
"""Why a file may not make it."""

BLOCK_FRAMES, BLOCK_SAMPLES = 1 << 18, 1 << 21
"""Frames that are decoded together, fewer in a file with more than eight channels."""

_SYSTEM_ERRORS = "ENOENT ENOTDIR EIO EACCES EPERM ENOMEM EMFILE ENFILE ESTALE ETIMEDOUT ENODEV ENXIO"
SYSTEM_ERRORS = frozenset(getattr(errno, name, -1) for name in _SYSTEM_ERRORS.split(" "))
"""Errors that say nothing about a file's content: the disk, the permissions or the load are to blame."""

_SNDFILE_SYSTEM_ERROR, _SNDFILE_NO_SOUND = 2, 7
"""libsndfile's SF_ERR_SYSTEM, and its SFE_BAD_FILE: so it calls an MP3 in which it finds no sound."""

_BROKEN = (
    soundfile.SoundFileError, OSError, EOFError, ValueError, LookupError, TypeError, AttributeError,
    ArithmeticError, AssertionError, RuntimeError,
)  # fmt: skip
"""What decoders and their Python sides raise on damaged and hostile files."""


class AudioError(UserError):
    """A file that did not make it.

    Attributes
    ----------
    kind
        A key of `KINDS`.
    reason
        What happened, in words; never empty.
    of_system
        Whether the system kept the file from being read, which says nothing about its content.
    """

    def __init__(self, kind: str, reason: str, of_system: bool = False) -> None:
        super().__init__(f"{kind}: {reason}")
        self.kind, self.reason, self.of_system = kind, reason, of_system

    def __reduce__(self) -> tuple[type, tuple[str, str, bool]]:
        return type(self), (self.kind, self.reason, self.of_system)


Decoded = tuple[int, int, float, Iterator[np.ndarray]]
"""Sample rate (Hz), channels, promised duration (s; 0 if unknown), blocks of (n_frames, channels)."""


def open_audio(path: Path, start: int) -> AbstractContextManager[Decoded]:
    """Open a file with the decoder that it needs, from a second on, as a context.

    Parameters
    ----------
    path
        The audio file.
    start
        The second of sound that the blocks begin with.
    """
    if path.suffix.lower() in AV_SUFFIXES:
        return _decode_av(path, start, f"{path.suffix} files need FFmpeg")
    if _runs_back(path):
        return _decode_av(path, start, "its pages are dated before their sound ends, which needs FFmpeg")
    return _decode_sndfile(path, start)


def _runs_back(path: Path) -> bool:
    """Whether libsndfile would call a whole Opus file malformed for the dates of its pages."""
    with contextlib.suppress(OSError), open_regular(path) as file:
        return ogg.runs_back(file)
    return False


@contextmanager
def _explained() -> Iterator[None]:
    """Turn whatever a decoder raises into a failure of the file."""
    try:
        yield
    except AudioError:
        raise
    except _BROKEN as error:
        code, number = getattr(error, "code", None), getattr(error, "errno", None)
        of_system = code == _SNDFILE_SYSTEM_ERROR or number in SYSTEM_ERRORS
        words = getattr(error, "strerror", None) or str(error).partition(": ")[2] or str(error)
        words = "no sound is found in it" if code == _SNDFILE_NO_SOUND else words or type(error).__name__
        reason = words if of_system else f"not decodable as audio: {words}"
        raise AudioError("unreadable", reason, of_system) from error


@contextmanager
def _decode_sndfile(path: Path, start: int) -> Iterator[Decoded]:
    with contextlib.ExitStack() as stack:
        # As bytes, for a name in no known encoding; Windows has names in Unicode only.
        name = os.fspath(path) if os.name == "nt" else os.fsencode(path)
        with _explained():
            os.stat(path)  # says what libsndfile calls "System error"
            file = stack.enter_context(soundfile.SoundFile(name))
            # An MP3 without a table of contents promises what its first frame suggests: not to be trusted.
            promised = 0.0 if file.format == "MP3" else file.frames / file.samplerate
            if start:
                file.seek(start * file.samplerate)
        yield file.samplerate, file.channels, promised, _sndfile_blocks(file)


def _sndfile_blocks(file: soundfile.SoundFile) -> Iterator[np.ndarray]:
    """Read until nothing comes; soundfile's own ``blocks`` repeats old samples where a file ends early."""
    n_frames = min(BLOCK_FRAMES, BLOCK_SAMPLES // file.channels)
    while True:
        with _explained():
            block = file.read(n_frames, dtype="float32", always_2d=True)
        if not len(block):
            return
        yield block


@contextmanager
def _decode_av(path: Path, start: int, needed: str) -> Iterator[Decoded]:
    try:
        import av
    except ImportError:
        way_out = "run: pip install -r requirements-formats.txt"
        raise AudioError("unsupported", f"{needed}; {way_out}") from None
    with contextlib.ExitStack() as stack:
        with _explained():
            options = {"format_whitelist": _AV_CONTAINERS}
            opened = av.open(os.fspath(path), metadata_errors="replace", container_options=options)
            container = stack.enter_context(opened)
            if not container.streams.audio:
                raise AudioError("empty", "the file has no audio stream")
            stream = container.streams.audio[0]
            if stream.codec_context is None:
                raise AudioError("unreadable", "the audio stream names no codec that FFmpeg knows")
            told = stream.duration if container.format.name != "aac" else None  # there FFmpeg guesses
            promised = float(told * (stream.time_base or 0)) if told else 0.0
            found = int(stream.rate or 0), int(stream.channels or 0)
        # Its formats are not sought in: where that lands differs between them.
        yield *found, promised, between(_av_blocks(av, container, stream), start * found[0], sys.maxsize)


_AV_CONTAINERS = "mov,mp4,m4a,3gp,3g2,mj2,aac,asf,wav,mp3,flac,ogg,aiff,caf,matroska,webm"
"""Formats that FFmpeg may take a file for: none that names other files or addresses to play instead."""


def _av_blocks(av: Any, container: Any, stream: Any) -> Iterator[np.ndarray]:
    """Decode a stream to float blocks (n_frames, channels), all channels as they are."""
    with _explained():
        resampler = av.AudioResampler(format="fltp")
        frames = container.decode(stream)
    while True:
        with _explained():
            frame = next(frames, None)
            parts = [] if frame is None else [part.to_ndarray().T for part in resampler.resample(frame)]
        if frame is None:
            return
        yield from parts
