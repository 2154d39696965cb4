"""The pulse of a song: what begins in each frame, and where its beat grid lies.

Conventions: times are in seconds or in frames of ``layout.HOP_LENGTH`` samples; tempos in BPM, 0 where no
pulse was found.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from common.layout import HOP_LENGTH, SAMPLE_RATE
from common.rhythm import onset_strength

FRAME_SECONDS = HOP_LENGTH / SAMPLE_RATE


@dataclass(frozen=True)
class Pulse:
    """What is drawn of a song's beat.

    Attributes
    ----------
    onsets
        The strength of what begins in each frame, shape (n_frames,), without unit.
    beats
        The beats of the grid in frames, fractions included, ascending, shape (n_beats,); empty for none.
    """

    onsets: np.ndarray = field(repr=False)
    beats: np.ndarray = field(repr=False)

    @property
    def has_grid(self) -> bool:
        """Whether one steady beat goes through the whole song."""
        return self.beats.size > 0


def read_pulse(mel: np.ndarray, tempo: float, beat_offset: float | None) -> Pulse:
    """Lay the beat grid that was read from a song over the onsets of its frames.

    Parameters
    ----------
    mel
        The mel spectrogram in dB, shape (n_bands, n_frames).
    tempo
        The tempo in BPM; 0 where no steady pulse was found.
    beat_offset
        The seconds of the first beat; None where there is no grid.
    """
    onsets = onset_strength(mel.T)
    if tempo <= 0 or beat_offset is None:
        return Pulse(onsets, np.empty(0))
    beats = np.arange(beat_offset, mel.shape[1] * FRAME_SECONDS, 60.0 / tempo)
    return Pulse(onsets, beats / FRAME_SECONDS)
