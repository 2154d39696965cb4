"""The fixed windows, filter banks and matrices of the descriptors, as librosa defines them.

librosa itself is not imported: its first import on a machine compiles for a quarter of a minute, and every
import takes a second. Tests hold each function against librosa's own. Nothing here depends on a song but
its tuning.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np

from common.layout import BINS_PER_OCTAVE, HOP_LENGTH, N_FFT, N_MELS, N_OCTAVES, SAMPLE_RATE

A0 = 27.5
"""The frequency of A0 in Hz, from which octaves are counted."""

LOWEST_NOTE = 440.0 * 2.0 ** (-45 / 12)
"""The frequency of C1 in Hz, on which the constant-Q transform begins."""

SPARSITY = 0.01
"""Share of a constant-Q filter's magnitude that is left out, its smallest values."""

LINEAR_MEL, LOG_FROM, LOG_STEP = 200.0 / 3, 1000.0, math.log(6.4) / 27.0
"""Slaney's mel scale: Hz per mel in its linear part, where that ends (Hz), and logarithm of the ratio of two
frequencies a mel apart above that. Source: M. Slaney, Auditory Toolbox, 1998."""

USUAL_TEMPO, FASTEST_TEMPO = 120.0, 320.0
"""The tempo that librosa's ``tempo`` prefers, give or take an octave, and the one it stays below, in BPM."""


def fft_frequencies() -> np.ndarray:
    """The frequencies of the bins of a spectrum, in Hz, shape (N_FFT / 2 + 1,)."""
    return np.fft.rfftfreq(N_FFT, 1.0 / SAMPLE_RATE)


def hann(length: int) -> np.ndarray:
    """The periodic Hann window, float64, shape (length,)."""
    return (0.5 + 0.5 * np.cos(np.linspace(-np.pi, np.pi, length + 1)))[:-1]


@cache
def mel_filters() -> np.ndarray:
    """Triangular filters between 0 Hz and half the sampling rate, each of the same area.

    Returns
    -------
    ndarray
        float32, shape (``N_MELS``, n_bins).
    """
    edges = mel_frequencies(N_MELS + 2)
    widths = np.diff(edges)
    ramps = np.subtract.outer(edges, fft_frequencies())
    rising, falling = -ramps[:-2] / widths[:-1, None], ramps[2:] / widths[1:, None]
    weights = np.maximum(0, np.minimum(rising, falling)).astype(np.float32)
    weights *= (2.0 / (edges[2:] - edges[:-2]))[:, None]
    return weights


def mel_frequencies(number: int) -> np.ndarray:
    """Frequencies in Hz from 0 to half the sampling rate, at equal distances on the mel scale."""
    first_log = LOG_FROM / LINEAR_MEL
    highest = first_log + math.log(SAMPLE_RATE / 2 / LOG_FROM) / LOG_STEP
    mels = np.linspace(0.0, highest, number)
    return np.where(mels < first_log, LINEAR_MEL * mels, LOG_FROM * np.exp(LOG_STEP * (mels - first_log)))


def constant_q_filters(tuning: float) -> tuple[np.ndarray, np.ndarray]:
    """The top octave of the constant-Q transform in the frequency domain.

    Source: C. Schörkhuber, A. Klapuri, "Constant-Q transform toolbox for music processing", SMC 2010.

    Parameters
    ----------
    tuning
        How far the song is off concert pitch, in bins of the transform, -0.5 to 0.5.

    Returns
    -------
    filters
        complex64, shape (``BINS_PER_OCTAVE``, n_bins), the smallest values of each set to 0.
    lengths
        Length of each filter in samples, shape (``BINS_PER_OCTAVE``,).
    """
    bins = np.arange((N_OCTAVES - 1) * BINS_PER_OCTAVE, N_OCTAVES * BINS_PER_OCTAVE)
    lowest = LOWEST_NOTE * 2.0 ** (tuning / BINS_PER_OCTAVE)
    frequencies = lowest * 2.0 ** (bins / BINS_PER_OCTAVE)
    step = 2.0 ** (2 / BINS_PER_OCTAVE)
    lengths = (step + 1) / (step - 1) * SAMPLE_RATE / frequencies
    n_fft = 2 ** math.ceil(math.log2(lengths.max()))
    filters = np.zeros((BINS_PER_OCTAVE, n_fft), np.complex64)
    for row, length, frequency in zip(filters, lengths, frequencies, strict=True):
        wavelet = np.exp(1j * (np.arange(-length // 2, length // 2) * 2 * np.pi * frequency / SAMPLE_RATE))
        wavelet *= hann(len(wavelet))
        first = (n_fft - len(wavelet)) // 2
        row[first : first + len(wavelet)] = wavelet / np.abs(wavelet).sum()
    spectra = np.fft.fft(filters * lengths[:, None] / n_fft, axis=1)[:, : n_fft // 2 + 1]
    return _without_smallest(spectra).astype(np.complex64), lengths


def _without_smallest(rows: np.ndarray) -> np.ndarray:
    """Set the smallest values of every row to 0, which together are `SPARSITY` of its magnitude."""
    magnitudes = np.abs(rows)
    ascending = np.sort(magnitudes, axis=1)
    shares = np.cumsum(ascending / magnitudes.sum(axis=1, keepdims=True), axis=1)
    least = np.take_along_axis(ascending, (shares < SPARSITY).argmin(axis=1)[:, None], axis=1)
    return np.where(magnitudes >= least, rows, 0)


def pitch_classes() -> np.ndarray:
    """The note that each filter of an octave belongs to, 0 (C) to 11 (B), int64, (``BINS_PER_OCTAVE``,)."""
    per_note = BINS_PER_OCTAVE // 12
    return (np.arange(BINS_PER_OCTAVE) + per_note // 2) // per_note % 12


def tonal_centroids(chroma: np.ndarray) -> np.ndarray:
    """Place chroma on the circles of fifths, minor thirds and major thirds; librosa's ``tonnetz``.

    Source: C. Harte, M. Sandler, M. Gasser, "Detecting harmonic change in musical audio", 2006.

    Parameters
    ----------
    chroma
        float32, shape (12, n_frames).

    Returns
    -------
    ndarray
        Sine and cosine on each circle, float64, shape (6, n_frames).
    """
    turns = np.multiply.outer([7 / 6, 7 / 6, 3 / 2, 3 / 2, 2 / 3, 2 / 3], np.arange(12.0))
    turns[::2] -= 0.5
    circles = np.array([1, 1, 1, 1, 0.5, 0.5])[:, None] * np.cos(np.pi * turns)
    total = np.abs(chroma).sum(axis=0)
    return circles @ (chroma / np.where(total < np.finfo(chroma.dtype).tiny, 1, total))


def mean_delta(series: np.ndarray) -> np.ndarray:
    """Mean over time of the slope of a line through every nine frames; that of librosa's ``delta``.

    The first four frames and the last have the slope of the nearest whole nine.

    Parameters
    ----------
    series
        Shape (size, n_frames), at least nine frames.

    Returns
    -------
    ndarray
        float64, shape (size,), per frame.
    """
    n_frames, half = series.shape[1], 4
    n_whole = n_frames - 2 * half
    # The sum of the slopes of all whole nines, from sums of frames that lie alike in each of them.
    total = sum(
        place * series[:, half + place : half + place + n_whole].sum(axis=1, dtype=np.float64)
        for place in range(-half, half + 1)
    )
    slope = np.arange(-half, half + 1.0)
    ends = series[:, : 2 * half + 1] @ slope + series[:, -2 * half - 1 :] @ slope
    return (total + half * ends) / (slope @ slope) / n_frames


def likely_tempo(tempogram: np.ndarray) -> float:
    """The tempo of a mean autocorrelation of onsets, weighted by a log-normal prior; librosa's ``tempo``.

    Parameters
    ----------
    tempogram
        Correlation by lag in frames, shape (n_lags,).

    Returns
    -------
    float
        In BPM.
    """
    tempos = 60.0 * SAMPLE_RATE / (HOP_LENGTH * np.arange(1.0, tempogram.size))
    prior = -0.5 * (np.log2(tempos) - np.log2(USUAL_TEMPO)) ** 2
    prior[: int(np.argmax(tempos < FASTEST_TEMPO))] = -np.inf
    return float(tempos[np.argmax(np.log1p(1e6 * tempogram[1:]) + prior)])
