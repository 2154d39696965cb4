"""One pass over the spectra of a song: moments, contrast, mel levels, cepstral coefficients and tuning.

Conventions
-----------
Samples are mono float32 at ``layout.SAMPLE_RATE``, shape (n_samples,); frame ``i`` is centred on sample
``i * HOP_LENGTH``. Arrays have the frame as their first axis. Everything equals what the librosa function of
its name gives; the work is done in blocks of frames, which stay in the processor's cache.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
import scipy.fft

from common import filters, fourier, kernels
from common.console import Check
from common.lanes import LANES
from common.layout import (
    BINS_PER_OCTAVE,
    CONTRAST_FMIN,
    HOP_LENGTH,
    N_CONTRAST_BANDS,
    N_FFT,
    N_MELS,
    N_MFCC,
    ROLLOFF,
    SAMPLE_RATE,
)

BLOCK = 256
"""Frames analysed together: small enough to stay in the processor's cache."""

POWER_FLOOR, DYNAMIC_RANGE = 1e-10, 80.0
"""``amin`` and ``top_db`` (dB) of librosa's ``power_to_db``."""

CONTRAST_QUANTILE = 0.02
"""Share of a band's bins that make its peak or its valley."""

PEAK_RANGE, PEAK_THRESHOLD, TUNING_RESOLUTION = (150.0, 4000.0), 0.1, 0.01
"""Where librosa's ``piptrack`` looks for pitches (Hz), how high they must be, and how finely its
``pitch_tuning`` counts them."""


Listen = Callable[[np.ndarray], None]
"""Is given the magnitudes of every block of frames, float32, shape (n_frames_of_block, n_bins)."""


def frame_count(samples: np.ndarray) -> int:
    """Number of frames of a song: one per started hop."""
    return 1 + len(samples) // HOP_LENGTH


def blocks_of(n_frames: int) -> Iterator[range]:
    """The frames of a song, block by block."""
    for start in range(0, n_frames, BLOCK):
        yield range(start, min(start + BLOCK, n_frames))


@dataclass(frozen=True)
class SpectralPass:
    """What one pass over the spectra leaves behind.

    Attributes
    ----------
    moments
        Centroid, bandwidth, roll-off (Hz) and flatness (0 to 1), shape (n_frames, 4).
    peaks, valleys
        Mean magnitude of the loudest and of the quietest bins of each contrast band, shape (n_frames,
        ``N_CONTRAST_BANDS``).
    mel
        Power in each mel band, float32, shape (n_frames, ``N_MELS``).
    tuning
        How far the song is off concert pitch, in bins of the constant-Q transform, -0.5 to 0.5.
    """

    moments: np.ndarray
    peaks: np.ndarray
    valleys: np.ndarray
    mel: np.ndarray
    tuning: float


def spectral_pass(samples: np.ndarray, check: Check, listen: Listen = lambda spectrum: None) -> SpectralPass:
    """Transform every frame once, and take from its spectrum what the descriptors need.

    Parameters
    ----------
    samples
        The samples of the song, float32, shape (n_samples,), mono at ``SAMPLE_RATE``.
    check
        A function called between blocks of frames; what it raises ends the work.
    listen
        A function that is given the magnitudes of every block as well.
    """
    n_frames = frame_count(samples)
    moments = np.empty((n_frames, 4))
    peaks, valleys = np.empty((2, n_frames, N_CONTRAST_BANDS))
    mel = np.empty((n_frames, N_MELS), np.float32)
    found: list[tuple[np.ndarray, np.ndarray]] = []
    for frames, side_by_side in _spectra(samples, check):
        where = slice(frames.start, frames.stop)
        _measure(side_by_side, moments[where], peaks[where], valleys[where], mel[where])
        found.append(_pitch_deviations(side_by_side, len(frames)))
        listen(_in_rows(side_by_side, len(frames)))
    deviations, heights = (np.concatenate(part) for part in zip(*found, strict=True))
    return SpectralPass(moments, peaks, valleys, mel, _tuning(deviations, heights))


def spectra(samples: np.ndarray) -> Iterator[np.ndarray]:
    """Transform every frame, block by block.

    Parameters
    ----------
    samples
        The samples of the song, as in `spectral_pass`.

    Yields
    ------
    ndarray
        The magnitudes of the next frames, float32, shape (n_frames_of_block, ``N_FFT // 2 + 1``).
    """
    for frames, side_by_side in _spectra(samples):
        yield _in_rows(side_by_side, len(frames))


def _spectra(samples: np.ndarray, check: Check = lambda: None) -> Iterator[tuple[range, np.ndarray]]:
    """Which frames, and what `kernels.magnitudes` gives for them, valid until the next are asked for."""
    work = fourier.work_array(_plan())
    room = np.empty((fourier.n_groups(BLOCK), N_FFT // 2 + 1, LANES), np.float32)
    for frames in blocks_of(frame_count(samples)):
        check()
        side_by_side = room[: fourier.n_groups(len(frames))]
        columns = fourier.in_columns(samples, frames, N_FFT, HOP_LENGTH)
        kernels.magnitudes(columns, _plan(), work, side_by_side)
        yield frames, side_by_side


def _in_rows(side_by_side: np.ndarray, n_frames: int) -> np.ndarray:
    rows = np.empty((n_frames, side_by_side.shape[1]), np.float32)
    kernels.in_rows(side_by_side, rows)
    return rows


def transform(frames: np.ndarray) -> np.ndarray:
    """Window frames of ``N_FFT`` samples and transform them: complex64, shape (n_frames, 1 + N_FFT / 2)."""
    return scipy.fft.rfft(frames * _plan().window, axis=1, overwrite_x=True).astype(np.complex64)


def measure_spectra(
    spectrum: np.ndarray, moments: np.ndarray, peaks: np.ndarray, valleys: np.ndarray, mel: np.ndarray
) -> None:
    """Fill in what the descriptors need of some frames; see `SpectralPass`.

    Parameters
    ----------
    spectrum
        Magnitudes, float32, shape (n_frames, 1 + N_FFT / 2).
    moments, peaks, valleys, mel
        What is filled in, of n_frames rows each.
    """
    rows = np.zeros((fourier.n_groups(len(spectrum)), LANES, spectrum.shape[1]), np.float32)
    rows.reshape(-1, spectrum.shape[1])[: len(spectrum)] = spectrum
    _measure(np.ascontiguousarray(rows.swapaxes(1, 2)), moments, peaks, valleys, mel)


def _measure(
    side_by_side: np.ndarray, moments: np.ndarray, peaks: np.ndarray, valleys: np.ndarray, mel: np.ndarray
) -> None:
    edges, counts = _contrast_bands()
    kernels.spectral_moments(side_by_side, SAMPLE_RATE / N_FFT, ROLLOFF, moments)
    kernels.band_extremes(side_by_side, edges, counts, peaks, valleys)
    kernels.mel_power(side_by_side, *_mel_filters(), mel)


@cache
def _plan() -> fourier.Plan:
    # librosa transforms in double precision and keeps single: flatness and contrast can tell.
    return fourier.plan(filters.hann(N_FFT))


@cache
def _mel_filters() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    weights = filters.mel_filters()
    return weights, *support(weights != 0)


def support(used: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First used column of every row, and one past the last."""
    return used.argmax(axis=1), used.shape[1] - used[:, ::-1].argmax(axis=1)


@cache
def _contrast_bands() -> tuple[np.ndarray, np.ndarray]:
    """Bins of the contrast bands as librosa cuts them, and how many make a peak or a valley.

    A band includes its lower neighbour's last bin, and all but the last band give up their own last.
    """
    frequencies = filters.fft_frequencies()
    octaves = CONTRAST_FMIN * 2.0 ** np.arange(N_CONTRAST_BANDS)
    edges, counts = [], []
    for band, (low, high) in enumerate(zip([0.0, *octaves[:-1]], octaves, strict=True)):
        inside = np.flatnonzero((frequencies >= low) & (frequencies <= high))
        is_last = band == N_CONTRAST_BANDS - 1
        first = inside[0] - (band > 0)
        last = frequencies.size if is_last else inside[-1] + 1
        counts.append(max(1, int(np.rint(CONTRAST_QUANTILE * (last - first)))))
        edges.append((first, last if is_last else last - 1))
    return np.array(edges), np.array(counts)


def _pitch_deviations(side_by_side: np.ndarray, n_frames: int) -> tuple[np.ndarray, np.ndarray]:
    """How far a block's spectral peaks are from the nearest constant-Q bin, and how high they are.

    Returns
    -------
    deviations
        uint8, the index into `_tunings` below the deviation.
    heights
        float32, interpolated magnitudes.
    """
    frequencies = filters.fft_frequencies()
    first, last = np.searchsorted(frequencies, PEAK_RANGE)
    positions, heights = np.empty((2, n_frames * (last - first)), np.float32)
    found = kernels.spectral_peaks(side_by_side, n_frames, first, last, PEAK_THRESHOLD, positions, heights)
    pitches = positions[:found] * np.float32(SAMPLE_RATE) / np.float32(N_FFT)
    deviations = BINS_PER_OCTAVE * np.log2(pitches / filters.A0)
    deviations -= np.floor(deviations)
    deviations[deviations >= 0.5] -= 1.0
    below = np.searchsorted(_tunings(), deviations, side="right") - 1
    return below.astype(np.uint8), heights[:found].copy()


@cache
def _tunings() -> np.ndarray:
    """Deviations that are told apart, in constant-Q bins, -0.5 to 0.5."""
    return np.linspace(-0.5, 0.5, round(1 / TUNING_RESOLUTION) + 1)


def _tuning(deviations: np.ndarray, heights: np.ndarray) -> float:
    """Most frequent deviation of the higher half of the peaks; librosa's ``estimate_tuning``."""
    if not deviations.size:
        return 0.0
    counts = np.bincount(deviations[heights >= np.median(heights)])
    return float(_tunings()[counts.argmax()])


def to_decibels(power: np.ndarray) -> np.ndarray:
    """Turn power into dB in place, no lower than 80 dB under its maximum; librosa's ``power_to_db``."""
    np.maximum(POWER_FLOOR, power, out=power)
    np.log10(power, out=power)
    power *= 10
    return np.maximum(power, power.max() - DYNAMIC_RANGE, out=power)


def mfcc(level: np.ndarray) -> np.ndarray:
    """Cepstral coefficients (N_MFCC, n_frames) of mel levels (n_frames, N_MELS) in dB."""
    coefficients = np.empty((level.shape[0], N_MFCC), level.dtype)
    for start in range(0, level.shape[0], BLOCK):
        block = slice(start, start + BLOCK)
        coefficients[block] = scipy.fft.dct(level[block], axis=1, type=2, norm="ortho")[:, :N_MFCC]
    return coefficients.T
