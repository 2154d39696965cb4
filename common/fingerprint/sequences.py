"""The two sequences of a song by which recordings and versions are recognised, and how they are stored.

Conventions
-----------
*Chroma* says which of the twelve notes sound in each step of `CHROMA_FRAMES` frames, on a fixed grid and not
on the beats: two readings of one song may disagree about its beats, never about the time. *Peaks* are the
points of the spectrogram that are higher than all around them. Frame ``i`` is centred on sample ``i *
HOP_LENGTH``; a pitch counts `STEPS` to the octave above `LOWEST`.

Both together take up to 40 000 bytes, however long a song is: one of more than nine minutes has longer steps,
one of more than five fewer peaks a second.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from common.layout import HOP_LENGTH, SAMPLE_RATE

SEQUENCES_VERSION = 2
"""Goes up with every change of a sequence, so that stored ones are made again."""

FRAME_RATE = SAMPLE_RATE / HOP_LENGTH
"""Frames in a second."""

CHROMA_FRAMES, MOST_STEPS = 10, 2400
"""Frames of a step (0.23 s), doubled until a song has at most so many steps: 14 400 bytes."""

LOUDEST_NOTE = 15
"""Level of a step's strongest note: four bits each, two notes to a byte."""

PEAKS_PER_SECOND, MOST_PEAKS = 20, 6000
"""The highest peaks that are kept in every second, and in a song: 24 000 bytes."""

PITCH_BITS = 10
"""Bits of a pitch; the other 22 of 32 count frames, enough for 27 hours."""

LOWEST, STEPS = 150.0, 192
"""Hz of pitch 0, and pitches to the octave: six cents each, up to 6 kHz."""


@dataclass(frozen=True)
class Chroma:
    """Which notes sound when.

    Attributes
    ----------
    levels
        uint8, shape (n_steps, 12), C first, 0 to `LOUDEST_NOTE`, which each step's strongest note has; all 0
        in silence.
    frames
        Frames of a step: `CHROMA_FRAMES`, or twice, four times … that.
    """

    levels: np.ndarray = field(repr=False)
    frames: int

    @property
    def seconds(self) -> float:
        """The length of a step."""
        return self.frames / FRAME_RATE

    def packed(self) -> tuple[int, bytes]:
        """Frames of a step, and the notes of all steps, the first of two in the upper half of a byte."""
        return self.frames, (self.levels[:, ::2] << 4 | self.levels[:, 1::2]).tobytes()

    @staticmethod
    def unpacked(frames: int, notes: bytes) -> Chroma:
        """Make chroma of what `packed` gave; raises ValueError where it cannot have come from there."""
        pairs = np.frombuffer(notes, np.uint8).reshape(-1, 6)
        if frames < 1 or len(pairs) > MOST_STEPS:
            raise ValueError("a step has no frames, or there are too many steps")
        return Chroma(np.stack([pairs >> 4, pairs & 15], axis=2).reshape(-1, 12), frames)


@dataclass(frozen=True)
class Peaks:
    """The points of a spectrogram that are higher than all around them.

    Attributes
    ----------
    points
        uint32, shape (n_peaks,), ascending: ``frame << PITCH_BITS | pitch``.
    """

    points: np.ndarray = field(repr=False)

    def __len__(self) -> int:
        return len(self.points)

    @property
    def frames(self) -> np.ndarray:
        """The frame of each peak, int64."""
        return (self.points >> PITCH_BITS).astype(np.int64)

    @property
    def pitches(self) -> np.ndarray:
        """The pitch of each peak, int64, 0 to 1023."""
        return (self.points & (2**PITCH_BITS - 1)).astype(np.int64)

    def packed(self) -> tuple[bytes]:
        """The points, least significant byte first."""
        return (self.points.astype("<u4").tobytes(),)

    @staticmethod
    def unpacked(points: bytes) -> Peaks:
        """Make peaks of what `packed` gave; raises ValueError where it cannot have come from there."""
        found = np.frombuffer(points, "<u4").astype(np.uint32)
        if len(found) > MOST_PEAKS or not np.all(found[1:] > found[:-1]):
            raise ValueError("there are too many peaks, or they are not in order")
        return Peaks(found)


@dataclass(frozen=True)
class Sequences:
    """What is kept of a song's course: its chroma and its peaks."""

    chroma: Chroma
    peaks: Peaks
