"""The pulse of a song: where its beats are, and whether to believe them.

Conventions: times are in seconds or in frames of ``layout.HOP_LENGTH`` samples; tempos in BPM, 0 where no
pulse was found.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from common.layout import HOP_LENGTH, SAMPLE_RATE

CLEAR_PULSE = 0.1
"""Rise of the onsets' autocorrelation at the beat above its surroundings from which beats are believed;
see `Pulse`."""

FRAME_SECONDS = HOP_LENGTH / SAMPLE_RATE


@dataclass(frozen=True)
class Pulse:
    """The beats of a song, and whether to believe them.

    Attributes
    ----------
    onsets
        The strength of what begins in each frame, shape (n_frames,), without unit.
    beats
        The frames of the beats, ascending, shape (n_beats,).
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
        """Whether the beats are worth drawing."""
        return self.clarity >= CLEAR_PULSE


def track_pulse(mel: np.ndarray, tempo: float) -> Pulse:
    """Track the beats by D. P. W. Ellis's method ("Beat tracking by dynamic programming", 2007).

    Parameters
    ----------
    mel
        The mel spectrogram in dB, shape (n_bands, n_frames).
    tempo
        The tempo in BPM; 0 where no pulse was found, and then there are no beats.
    """
    import librosa

    onsets = librosa.onset.onset_strength(S=mel, aggregate=np.median, sr=SAMPLE_RATE, hop_length=HOP_LENGTH)
    if tempo <= 0 or not onsets.any():
        return Pulse(onsets, np.empty(0, dtype=int), 0.0)
    _, beats = librosa.beat.beat_track(
        onset_envelope=onsets, bpm=tempo, sr=SAMPLE_RATE, hop_length=HOP_LENGTH
    )
    return Pulse(onsets, beats, _clarity(onsets, 60.0 / tempo / FRAME_SECONDS))


def _clarity(onsets: np.ndarray, lag: float) -> float:
    """Clarity of a pulse, see `Pulse`, whose beats are ``lag`` frames apart."""
    centred = onsets - onsets.mean()
    spectrum = np.fft.rfft(centred, n=2 * len(centred))
    correlation = np.fft.irfft(np.abs(spectrum) ** 2)[: len(centred)]
    span = correlation[int(0.2 / FRAME_SECONDS) : int(2.0 / FRAME_SECONDS)]
    near = correlation[max(int(lag) - 1, 1) : int(lag) + 3]
    if correlation[0] <= 0 or not span.size or not near.size:
        return 0.0
    return float((near.max() - span.mean()) / correlation[0])
