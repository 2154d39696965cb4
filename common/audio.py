"""A file on disk to mono samples at 22 050 Hz, or a named reason why not.

Conventions
-----------
Samples are float32, shape (n_samples,), the mean of all channels, resampled as ``librosa.load`` does
(soxr, high quality), so both give the same numbers. A file is decoded in blocks: what stays in memory
is the mono signal alone. Every failure is an `AudioError` with one of `decoders.KINDS`. A file has a
budget: `MAX_DURATION` of sound, `DECODE_SECONDS` of processor time, and together the songs in work keep
within `MEMORY_BUDGET`.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from common.budget import Budget, Claim, OutgrownError, machine_memory
from common.console import Check
from common.decoders import AV_SUFFIXES, SNDFILE_SUFFIXES, AudioError, Decoded, open_audio
from common.layout import SAMPLE_RATE
from common.mixdown import mix_down
from common.tags import Header, read_header
from common.text import duration

MIN_DURATION = 1.0
"""Seconds below which a file is no song."""

SILENCE_DBFS = -70.0
"""A file whose loudest tenth of a second has a lower RMS level, in dB of full scale, is silence."""

MISSING_SHARE, MISSING_SECONDS = 0.02, 1.0
"""How much a file may decode short of its header before it counts as truncated: both at once."""

LARGEST_SAMPLE = 1e6
"""Full scale is 1; a file of whole numbers that calls itself one of fractions reaches 32 768. What is larger
would overflow when it is squared."""

SAMPLE_RATES = (2_000, 1_000_000)
"""Lowest and highest rate in Hz that a header is believed; soxr crashes on absurd ones."""

MAX_DURATION = 6 * 3600.0
"""Seconds of sound above which a file is no song: room for the longest DJ sets."""

DECODE_SECONDS = 600.0
"""Processor time that decoding a file may take; six hours of MP3 take about one."""

MEMORY_PER_SECOND = 200_000
"""Bytes that a second of sound takes while a song is analysed: samples and every descriptor's series.
``benchmarks/memory.py`` measures it."""

MEMORY_BUDGET = round(MAX_DURATION * MEMORY_PER_SECOND)
"""Bytes that all songs in work in a process take together, as long as that is within half of the machine."""

SHORT_SONG = 600.0
"""Seconds that are set aside for a song that does not say how long it is."""


class Listener(Protocol):
    """Hears a file's own channels while it is decoded."""

    def add(self, block: np.ndarray) -> None:
        """Hear the next block, float32, shape (n_frames, n_channels)."""


@dataclass(frozen=True)
class Audio:
    """A decoded song.

    Attributes
    ----------
    samples
        The song, float32, shape (n_samples,), mono at ``layout.SAMPLE_RATE``.
    duration
        The length of what was decoded, in seconds.
    sample_rate, channels
        What the file has, before resampling and mixing down.
    listener
        What heard the file's own channels, if something was to hear them.
    """

    samples: np.ndarray
    duration: float
    sample_rate: int
    channels: int
    listener: Any = None


def find_songs(root: Path) -> list[Path]:
    """List the audio files under a folder, in the order of their relative paths.

    Parameters
    ----------
    root
        The folder to search; links to folders are followed, each real folder once.

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


BUDGET = Budget(min(MEMORY_BUDGET, machine_memory() // 2))


@contextmanager
def admitted(header: Header, check: Check = lambda: None) -> Iterator[Claim]:
    """Wait until the other songs in work leave enough memory for this one, and hold it.

    Parameters
    ----------
    header
        What is known of the audio file.
    check
        A function called while waiting; what it raises ends the wait.

    Raises
    ------
    AudioError
        If the file is too large for this machine.
    """
    seconds = min(header.estimated or SHORT_SONG, MAX_DURATION)
    size = round(seconds * MEMORY_PER_SECOND)
    if size > BUDGET.total:
        room = f"{BUDGET.total / 2**30:.1f} GB of memory for songs"
        raise AudioError("out_of_memory", f"{duration(seconds)} of sound is too large for the {room} here")
    with BUDGET.claim(size, check) as claim:
        yield claim


def look_into(path: Path) -> Header:
    """Read a file's header; see `tags.read_header`.

    Raises
    ------
    AudioError
        If it is no regular file, cannot be read, has no bytes, or breaks off.
    """
    try:
        header = read_header(path)
    except OSError as error:
        raise AudioError("unreadable", error.strerror or type(error).__name__, of_system=True) from error
    if not header.n_bytes:
        raise AudioError("empty", "the file has no bytes")
    if header.breaks_off:
        raise AudioError("truncated", "it breaks off: the page that ends an Ogg file is missing")
    return header


def load(
    path: Path,
    check: Check = lambda: None,
    claim: Claim | None = None,
    header: Header | None = None,
    listen: Callable[[int, int], Listener] | None = None,
) -> Audio:
    """Decode a whole file.

    Parameters
    ----------
    path
        The audio file to decode.
    check
        A function called between blocks; what it raises ends the decoding.
    claim
        What `admitted` gave; None for a song that is alone in work.
    header
        What is known of the file; None if it has not been looked into.
    listen
        A function of the sampling rate (Hz) and the number of channels that gives what hears the file's own
        channels block by block; None for nothing.

    Returns
    -------
    Audio

    Raises
    ------
    AudioError
        With the kind of failure; see `decoders.KINDS`.
    """
    header = header or look_into(path)
    with decode(path, check, claim) as (sample_rate, channels, promised, blocks):
        listener = listen(sample_rate, channels) if listen else None
        samples, n_decoded = mix_down(_heard(blocks, listener), sample_rate)
    audio = Audio(samples, n_decoded / sample_rate, sample_rate, channels, listener)
    try:
        validate(audio, max(promised, header.declared))
    except AudioError as error:
        if error.kind == "silent" and _cancels(path, check):
            raise _cancelled(channels) from None
        raise
    return audio


@contextmanager
def decode(
    path: Path, check: Check = lambda: None, claim: Claim | None = None, start: int = 0
) -> Iterator[Decoded]:
    """Decode a file from a second on, block by block, in its own channels and rate; see `load`."""
    with open_audio(path, start) as (sample_rate, channels, promised, blocks):
        if not SAMPLE_RATES[0] <= sample_rate <= SAMPLE_RATES[1]:
            raise AudioError("unreadable", f"its header claims a sample rate of {sample_rate} Hz")
        if promised > MAX_DURATION:
            raise _too_large(f"{duration(promised)} of sound in its header")
        yield sample_rate, channels, promised, _bounded(blocks, sample_rate, check, claim)


def _too_large(found: str) -> AudioError:
    return AudioError("too_large", f"{found}; a song is {duration(MAX_DURATION)} at most")


def _bounded(
    blocks: Iterator[np.ndarray], sample_rate: int, check: Check, claim: Claim | None
) -> Iterator[np.ndarray]:
    """Pass blocks on until they are more than the file's budget allows."""
    n_decoded, start = 0, time.thread_time()
    for block in blocks:
        check()
        n_decoded += len(block)
        seconds = n_decoded / sample_rate
        if seconds > MAX_DURATION:
            raise _too_large(f"more than {duration(MAX_DURATION)} of sound in it")
        if time.thread_time() - start > DECODE_SECONDS:
            took = f"after {duration(DECODE_SECONDS)} of work only {duration(seconds)} of it are decoded"
            raise AudioError("too_slow", took)
        if claim is not None and seconds * MEMORY_PER_SECOND > claim.size:
            _enlarge(claim, seconds)
        yield block


def _heard(blocks: Iterator[np.ndarray], listener: Listener | None) -> Iterator[np.ndarray]:
    """Pass blocks on, after the listener has heard them."""
    for block in blocks:
        if listener is not None:
            listener.add(block)
        yield block


def _enlarge(claim: Claim, seconds: float) -> None:
    """Hold memory for a quarter more than the sound that has come out of a file that said less."""
    size = min(round(1.25 * seconds * MEMORY_PER_SECOND), MEMORY_BUDGET)
    try:
        claim.resize(size)
    except OutgrownError:
        reason = "it holds more sound than its header says, and other songs have the memory; run this again"
        raise AudioError("out_of_memory", reason) from None


def validate(audio: Audio, promised: float) -> None:
    """Refuse what is no song, or shorter than promised, before descriptors make plausible numbers of it."""
    if not audio.samples.size:
        raise AudioError("empty", "the file has no samples")
    lowest, highest = float(audio.samples.min()), float(audio.samples.max())  # NaN if any sample is
    if not math.isfinite(lowest) or not math.isfinite(highest):
        raise AudioError("not_finite", "some samples are NaN or infinite")
    largest = max(-lowest, highest)
    if largest > LARGEST_SAMPLE:
        raise AudioError("not_finite", f"samples reach {largest:.0e} times full scale")
    missing = promised - audio.duration
    if missing > MISSING_SECONDS and missing > MISSING_SHARE * promised:
        found = f"decodes to {duration(audio.duration)} of the {duration(promised)} in its header"
        raise AudioError("truncated", found)
    if audio.duration < MIN_DURATION:
        raise AudioError("too_short", f"{audio.duration:.2f} s; a song needs at least {MIN_DURATION:g} s")
    loudest = _loudest_level(audio.samples)
    if loudest < SILENCE_DBFS:
        heard = "every sample is zero" if largest == 0.0 else f"nothing is louder than {loudest:.0f} dBFS"
        raise AudioError("silent", heard)


def _cancelled(channels: int) -> AudioError:
    which = "left and right cancel each other" if channels == 2 else "the channels cancel each other"
    return AudioError("silent", f"{which} in mono (a channel with its polarity flipped?)")


def _cancels(path: Path, check: Check) -> bool:
    """Whether a channel of a file would be heard in the mean of all by itself, but not with the others.

    Asked of files whose mean is silent at the rate of songs; they are read twice.
    """
    alone, together = -math.inf, -math.inf
    with decode(path, check) as (sample_rate, channels, _, blocks):
        for block in blocks:
            alone = max(alone, *(_loudest_level(channel / channels, sample_rate) for channel in block.T))
            together = max(together, _loudest_level(block.mean(axis=1), sample_rate))
    return together < SILENCE_DBFS <= alone


def _loudest_level(samples: np.ndarray, sample_rate: int = SAMPLE_RATE) -> float:
    """RMS level of the loudest tenth of a second, in dB of full scale."""
    length = sample_rate // 10
    parts = samples[: samples.size // length * length].reshape(-1, length)
    power = np.einsum("ij,ij->i", parts, parts).max(initial=0.0) / length
    return 10 * math.log10(power) if power > 0 else -math.inf
