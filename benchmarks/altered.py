"""Songs as other versions of themselves: softer, encoded, equalised, faster, higher, cut, begun otherwise.

Conventions: sound is float32, shape (n_frames, n_channels). What is written is FLAC, mono, at
``layout.SAMPLE_RATE``, one file per song and kind, kept between runs.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

import librosa
import numpy as np
import soundfile
import soxr
from scipy import signal

from benchmarks.recordings import write_lame
from common import audio, decoders
from common.demo import compose, perform, synth
from common.layout import SAMPLE_RATE

Change = Callable[[np.ndarray, int], np.ndarray]
"""Sound and its rate in Hz -> other sound of that rate."""

KILOBITS = 64
SPEED = 0.04
SEMITONES = 2
CUT = 0.2
"""Share of a song that is cut out of its middle."""

INTRO = (30.0, 0.25)
"""Seconds of a song's beginning that are replaced, at most, and the largest share of it."""

EXCERPT = 30.0
"""Seconds from the middle."""


def changes() -> dict[str, Change]:
    """Kind -> what is done to a song."""
    return {
        "6 dB softer": lambda sound, rate: sound * np.float32(10 ** (-6 / 20)),
        f"MP3 at {KILOBITS} kbit/s": encoded,
        "equalised": equalised,
        "4% faster and higher": partial(played, 1 + SPEED),
        "4% slower and lower": partial(played, 1 - SPEED),
        "4% faster": partial(stretched, 1 + SPEED),
        "4% slower": partial(stretched, 1 - SPEED),
        "2 semitones up": partial(shifted, SEMITONES),
        "2 semitones down": partial(shifted, -SEMITONES),
        "a fifth cut out": without_middle,
        "another intro": with_other_intro,
        "30 s from the middle": excerpt,
    }


def altered(path: Path, kind: str, folder: Path) -> Path:
    """Write a version of a song, unless it is there from an earlier run.

    Parameters
    ----------
    path
        A file that libsndfile decodes.
    kind
        One of `changes`.
    folder
        Where versions are kept.
    """
    target = folder / kind.replace("/", " per ") / f"{path.stem}.flac"
    if not target.exists():
        sound, rate = soundfile.read(path, dtype="float32", always_2d=True)
        mono = _mono(changes()[kind](sound, rate), rate)
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_suffix(".part")
        soundfile.write(
            part, mono * np.float32(0.99 / max(0.99, np.abs(mono).max())), SAMPLE_RATE, format="FLAC"
        )
        part.replace(target)
    return target


def _mono(sound: np.ndarray, rate: int) -> np.ndarray:
    mono = sound.mean(axis=1)
    return mono if rate == SAMPLE_RATE else soxr.resample(mono, rate, SAMPLE_RATE)


def encoded(sound: np.ndarray, rate: int) -> np.ndarray:
    """Encoded as MP3 and decoded; the rate stays, because LAME would lower it by itself."""
    with tempfile.TemporaryDirectory() as folder:
        decoded, back = soundfile.read(
            write_lame(KILOBITS, sound, rate, Path(folder) / "song"), dtype="float32", always_2d=True
        )
    return decoded if back == rate else soxr.resample(decoded, back, rate)


def equalised(sound: np.ndarray, rate: int) -> np.ndarray:
    """6 dB less below 150 Hz, 6 dB more at 1 kHz, 6 dB less above 4 kHz: as a small loudspeaker sounds."""
    low = signal.sosfilt(signal.butter(1, 150, fs=rate, output="sos"), sound, axis=0)
    high = sound - signal.sosfilt(signal.butter(1, 4000, fs=rate, output="sos"), sound, axis=0)
    middle = signal.lfilter(*signal.iirpeak(1000, 0.7, fs=rate), sound, axis=0)
    return (sound - 0.5 * low - 0.5 * high + middle).astype(np.float32)


def played(speed: float, sound: np.ndarray, rate: int) -> np.ndarray:
    """As a turntable plays it: at another speed and pitch."""
    return soxr.resample(sound, rate * speed, rate)


def stretched(speed: float, sound: np.ndarray, rate: int) -> np.ndarray:
    """Faster by a factor at the same pitch, by librosa's phase vocoder, at the analysis's rate."""
    return _at_rate(librosa.effects.time_stretch(_mono(sound, rate), rate=speed), rate)


def shifted(semitones: float, sound: np.ndarray, rate: int) -> np.ndarray:
    """Higher at the same speed, by librosa's phase vocoder, at the analysis's rate."""
    mono = _mono(sound, rate)
    return _at_rate(librosa.effects.pitch_shift(mono, sr=SAMPLE_RATE, n_steps=semitones), rate)


def _at_rate(mono: np.ndarray, rate: int) -> np.ndarray:
    return soxr.resample(mono, SAMPLE_RATE, rate)[:, np.newaxis]


def without_middle(sound: np.ndarray, rate: int) -> np.ndarray:
    """Without a fifth of it, around the middle."""
    first, last = (round(len(sound) * share) for share in (0.5 - CUT / 2, 0.5 + CUT / 2))
    return np.concatenate([sound[:first], sound[last:]])


def with_other_intro(sound: np.ndarray, rate: int) -> np.ndarray:
    """Begun by a composed song, which no library here holds."""
    n = round(min(INTRO[0] * rate, INTRO[1] * len(sound)))
    intro = soxr.resample(_intro(), synth.SAMPLE_RATE, rate)[:n, np.newaxis]
    return np.concatenate([intro.astype(np.float32) * np.ones_like(sound[:1]), sound[n:]])


@cache
def _intro() -> np.ndarray:
    return perform.render(compose.compose_library(3)[2]).mean(axis=1)


def excerpt(sound: np.ndarray, rate: int) -> np.ndarray:
    """Half a minute around the middle; all of a shorter song."""
    n = round(EXCERPT * rate)
    start = max(0, (len(sound) - n) // 2)
    return sound[start : start + n]


def songs_of(folder: Path) -> list[Path]:
    """The songs of a folder that libsndfile decodes, in the order of their paths."""
    return [path for path in audio.find_songs(folder) if path.suffix.lower() in decoders.SNDFILE_SUFFIXES]
