"""Rhythm: when something begins, and the tempo of that.

Conventions: times are in frames of ``layout.HOP_LENGTH`` samples; a tempo is in BPM, 0 where no pulse was
found.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from common import filters, fourier, kernels
from common.lanes import LANES
from common.layout import HOP_LENGTH, N_FFT, N_MELS, PULSE_SIGNIFICANCE, SAMPLE_RATE
from common.spectrum import BLOCK

TEMPO_WINDOW = 8.0
"""Seconds over which librosa's ``tempo`` correlates onsets."""


def onset_strength(level: np.ndarray) -> np.ndarray:
    """Compute how strongly something begins in each frame: the median rise over the mel bands.

    Source: librosa's ``onset_strength(aggregate=np.median)``, S. Böck, G. Widmer, DAFx 2013.

    Parameters
    ----------
    level
        The mel levels of the song in dB, shape (n_frames, ``N_MELS``).

    Returns
    -------
    ndarray
        float32, shape (n_frames,), in dB.
    """
    strength = np.zeros(len(level), np.float32)
    lag = 1 + N_FFT // (2 * HOP_LENGTH)
    for start in range(1, len(level), BLOCK):
        block = level[start - 1 : start + BLOCK]
        rise = np.maximum(0, np.diff(block, axis=0))
        where = slice(start - 1 + lag, start - 1 + lag + len(rise))
        rise.sort(axis=1)
        median = rise[:, N_MELS // 2 - 1 : N_MELS // 2 + 1].mean(axis=1)
        strength[where] = median[: strength[where].size]
    return strength


def estimate_tempo(onsets: np.ndarray) -> float:
    """Estimate a song's tempo in BPM; 0 if its onsets have no pulse.

    Source: librosa's ``feature.tempo``: mean local autocorrelation, weighted by a log-normal prior. On
    noise or silence that returns what the prior prefers; here the lag it chose has to stand out.

    Parameters
    ----------
    onsets
        What `onset_strength` gives, shape (n_frames,).
    """
    if not onsets.any():
        return 0.0
    tempo = filters.likely_tempo(_mean_tempogram(onsets))
    lag = round(60 * SAMPLE_RATE / (HOP_LENGTH * tempo))
    return tempo if _pulse_significance(onsets, lag) > PULSE_SIGNIFICANCE else 0.0


def _pulse_significance(onsets: np.ndarray, lag: int) -> float:
    """Autocorrelation of onsets (n_frames,) at a lag in frames, in standard errors of white noise.

    Source: M. S. Bartlett, J. R. Statist. Soc. Suppl. 8, 1946: the standard error is 1 / sqrt(n_frames).
    """
    deviation = onsets - onsets.mean(dtype=np.float64)
    energy = deviation @ deviation
    if not energy or lag >= onsets.size:
        return 0.0
    return deviation[lag:] @ deviation[:-lag] / energy * np.sqrt(onsets.size)


def _mean_tempogram(onsets: np.ndarray) -> np.ndarray:
    """Mean over time of the normalised local autocorrelation, one value per lag in frames."""
    length = int(TEMPO_WINDOW * SAMPLE_RATE) // HOP_LENGTH
    padded = np.pad(onsets, length // 2, mode="linear_ramp", end_values=0)
    n_fft = 1 << (2 * length - 2).bit_length()
    plan = _tempogram_plan(length, n_fft)
    work, total = fourier.work_array(plan), np.zeros(n_fft // 2 + 1)
    for start in range(0, onsets.size, BLOCK):
        n_frames = min(BLOCK, onsets.size - start)
        columns = np.empty((1, fourier.n_groups(n_frames) * LANES + n_fft - 1), np.float32)
        fourier.lay_out(padded, start, 1, columns)
        kernels.add_power(columns, n_frames, plan, work, total)
    # A sum of correlations is the correlation that belongs to the sum of their spectra.
    return np.fft.irfft(total)[:length] / onsets.size


@cache
def _tempogram_plan(length: int, n_fft: int) -> fourier.Plan:
    """What transforms frames of onsets under a Hann window, with zeros behind them."""
    return fourier.plan(np.pad(filters.hann(length), (0, n_fft - length)).astype(np.float32))
