"""Landmarks: triplets of peaks whose names are the same wherever a recording is heard.

A name holds the pitch of the first peak coarsely, the intervals to two peaks that follow it finely, and how
much later they come. A recording played a little faster is higher and shorter, so that a clip's peaks are
named at a few speeds.

Sources: A. Wang, "An industrial-strength audio search algorithm", ISMIR 2003; J. Six, M. Leman, "Panako",
ISMIR 2014 (triplets).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from common.fingerprint import kernels
from common.fingerprint.sequences import STEPS, Peaks

LANDMARKS_VERSION = 1
"""Goes up with every change of a name, so that an index of others is made anew."""

FAN, CLIP_FAN = 4, 8
"""Peaks that follow and are combined: in a song, and in a clip, where some that follow are noise."""

NEAREST, FARTHEST, WIDEST = 2, 64, 128
"""Frames (46 ms to 1.5 s) and pitches (eight semitones) within which a peak follows."""

CELLS = (10, 4, 3)
"""Pitches of a cell of the first peak (4%), pitches of a cell of an interval, frames of a cell of a time.
Chosen, as `CLIP_FAN` and `KEPT`, on 138 clips of 8 s under noise, as MP3 and at other speeds, of songs of
both halves of ``benchmarks.identify``."""

KEPT = 8
"""One in so many landmarks is kept, by its name: 14 a second, of which a clip of 8 s finds enough."""

KEY_BITS = 22
"""Bits of a key, what is left of a name."""

SPEEDS = (0.985, 1.0, 1.015)
"""Speeds at which a clip is named; between them and a little beyond, names stay the same."""


@dataclass(frozen=True)
class Landmarks:
    """Landmarks of a song or a clip.

    Attributes
    ----------
    keys
        Their names, int64, shape (n_landmarks,), 0 to ``2 ** KEY_BITS - 1``.
    frames
        The frame of the first peak of each, int64, shape (n_landmarks,).
    """

    keys: np.ndarray = field(repr=False)
    frames: np.ndarray = field(repr=False)


def landmarks_of(peaks: Peaks, speed: float = 1.0, fan: int = FAN) -> Landmarks:
    """Name the landmarks of peaks.

    Parameters
    ----------
    peaks
        The peaks of a song or a clip.
    speed
        How much faster than the song the clip is played: it is named as it would be at the song's speed.
    fan
        How many of the peaks that follow one are combined.
    """
    room = len(peaks) * fan * (fan - 1) // 2
    names, frames = np.empty((2, room), np.int64)
    n_found = kernels.triplets(
        peaks.frames, peaks.pitches, speed, pitch_shift(speed), fan,
        NEAREST, FARTHEST, WIDEST, CELLS, names, frames,
    )  # fmt: skip
    names, frames = names[:n_found], frames[:n_found]
    kept = names < 2**32 // KEPT
    return Landmarks(names[kept] >> (32 - KEPT.bit_length() + 1 - KEY_BITS), frames[kept])


def pitch_shift(speed: float) -> int:
    """Pitches to be added to what is played at a speed, so that it is as high as at speed 1."""
    return -round(STEPS * math.log2(speed))
