"""The two sequences of a song by which recordings and versions are recognised, and how they are stored.

Conventions
-----------
*Chroma* says which of the twelve notes sound in each step of `CHROMA_STEP` seconds, on a fixed grid and not
on the beats: two readings of one song may disagree about its beats, never about the time. *Peaks* are the
points of the spectrogram that are higher than all around them. A peak is one number, ``frame << PITCH_BITS |
pitch``: frame ``i`` is centred on sample ``i * HOP_LENGTH``; a pitch counts `STEPS` to the octave above
`LOWEST`.

Both together take up to 40 000 bytes, however long a song is: one of more than ten minutes has longer steps,
one of more than five fewer peaks a second.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from common.layout import HOP_LENGTH, SAMPLE_RATE

SEQUENCES_VERSION = 1
"""Goes up with every change of a sequence, so that stored ones are made again."""

CHROMA_STEP, MOST_STEPS = 0.5, 1200
"""Seconds of a step, doubled until a song has at most so many of them: 14 400 bytes."""

PEAKS_PER_SECOND, MOST_PEAKS = 20, 6000
"""The highest peaks that are kept in every second, and in a song: 24 000 bytes."""

PITCH_BITS = 10
"""Bits of a pitch; the other 22 of 32 count frames, enough for 27 hours."""

LOWEST, STEPS = 150.0, 192
"""Hz of pitch 0, and pitches to the octave: six cents each, up to 6 kHz."""

FRAME_RATE = SAMPLE_RATE / HOP_LENGTH
"""Frames in a second."""


@dataclass(frozen=True)
class Sequences:
    """What is kept of a song's course.

    Attributes
    ----------
    chroma
        uint8, shape (n_steps, 12), C first: 255 where a note is the strongest throughout a step.
    step
        Seconds of a step: `CHROMA_STEP`, or twice, four times … that.
    peaks
        uint32, shape (n_peaks,), ascending; see the module's conventions.
    """

    chroma: np.ndarray = field(repr=False)
    step: float
    peaks: np.ndarray = field(repr=False)

    @property
    def frames(self) -> np.ndarray:
        """The frame of each peak, int64."""
        return (self.peaks >> PITCH_BITS).astype(np.int64)

    @property
    def pitches(self) -> np.ndarray:
        """The pitch of each peak, int64, 0 to 1023."""
        return (self.peaks & (2**PITCH_BITS - 1)).astype(np.int64)

    def packed(self) -> tuple[bytes, float, bytes]:
        """Chroma, step and peaks as they are stored, least significant byte first."""
        return self.chroma.tobytes(), self.step, self.peaks.astype("<u4").tobytes()


def unpacked(chroma: bytes, step: float, peaks: bytes) -> Sequences:
    """Make sequences of what `Sequences.packed` gave.

    Raises
    ------
    ValueError
        If they cannot have come from there.
    """
    steps = np.frombuffer(chroma, np.uint8).reshape(-1, 12)
    ascending = np.frombuffer(peaks, "<u4").astype(np.uint32)
    if len(steps) > MOST_STEPS or len(ascending) > MOST_PEAKS or not CHROMA_STEP <= step < np.inf:
        raise ValueError("the sequences are too long, or their steps have no length")
    if not np.all(ascending[1:] > ascending[:-1]):
        raise ValueError("the peaks are not in order")
    return Sequences(steps, float(step), ascending)
