"""Constant-Q chroma: how present each of the twelve notes is in every frame of a song.

Conventions: samples are mono float32 at ``layout.SAMPLE_RATE``, shape (n_samples,). One octave of filters
serves all octaves, because halving the sampling rate moves them down an octave.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import scipy.fft
import soxr

from common.console import Check
from common.filters import constant_q_filters, pitch_classes
from common.layout import HOP_LENGTH, N_OCTAVES
from common.spectrum import frame_count, frames_of, support


@dataclass(frozen=True)
class _OctaveFilters:
    """One octave of constant-Q filters in the frequency domain.

    Attributes
    ----------
    n_fft
        Samples of the frames whose spectra are filtered.
    bins
        The bins of a spectrum that some filter weighs.
    product
        What real and imaginary parts of those bins, one after the other, are multiplied with: float32, shape
        (2 n_bins, 2 ``BINS_PER_OCTAVE``), real parts of what the filters let through, then imaginary parts.
    to_chroma
        Takes the filters' magnitudes to the twelve notes: float32, shape (``BINS_PER_OCTAVE``, 12). Every
        octave stretches the filters twofold; librosa divides by the root of their true length and multiplies
        by the root of the decimation, so the same scale serves all octaves.
    """

    n_fft: int
    bins: slice
    product: np.ndarray
    to_chroma: np.ndarray


@cache
def _octave_filters(tuning: float) -> _OctaveFilters:
    """Filters of the top octave in the frequency domain, as librosa's ``cqt`` builds them."""
    spectra, lengths = constant_q_filters(tuning)
    first, last = support(spectra != 0)
    bins = slice(int(first.min()), int(last.max()))
    used = spectra[:, bins].T
    product = np.empty((len(used), 2, 2, len(lengths)), np.float32)
    product[:, 0, 0], product[:, 0, 1] = used.real, used.imag
    product[:, 1, 0], product[:, 1, 1] = -used.imag, used.real
    to_chroma = np.zeros((len(lengths), 12), np.float32)
    to_chroma[np.arange(len(lengths)), pitch_classes()] = 1 / np.sqrt(lengths)
    n_fft = 2 * (spectra.shape[1] - 1)
    return _OctaveFilters(n_fft, bins, product.reshape(2 * len(used), 2 * len(lengths)), to_chroma)


def constant_q_chroma(samples: np.ndarray, tuning: float, check: Check) -> np.ndarray:
    """Compute what librosa's ``chroma_cqt`` gives.

    Source: C. Schörkhuber, A. Klapuri, "Constant-Q transform toolbox for music processing", SMC 2010.

    Parameters
    ----------
    samples
        The samples of the song, float32, shape (n_samples,), mono at ``SAMPLE_RATE``.
    tuning
        How far it is off concert pitch, in bins of the transform, -0.5 to 0.5.
    check
        A function called between blocks of frames; what it raises ends the work.

    Returns
    -------
    ndarray
        float32, shape (12, n_frames), C first; each frame's largest value is 1.
    """
    filters = _octave_filters(tuning)
    chroma = np.zeros((frame_count(samples), 12), np.float32)
    n_frames = len(chroma)
    hop = HOP_LENGTH
    for octave in range(N_OCTAVES):
        if octave:
            samples, hop = _halve(samples), hop // 2
        n_frames = min(n_frames, 1 + samples.size // hop)
        for where, frames in frames_of(samples, filters.n_fft, hop):
            check()
            _add_octave(filters, frames, chroma[where])
    chroma = chroma[:n_frames].T
    largest = chroma.max(axis=0)
    return chroma / np.where(largest < np.finfo(np.float32).tiny, 1, largest)


def _add_octave(filters: _OctaveFilters, frames: np.ndarray, chroma: np.ndarray) -> None:
    """Add one octave's magnitudes of a block of frames to its rows of the chroma."""
    spectra = scipy.fft.rfft(frames[: len(chroma)], axis=1)
    parts = np.ascontiguousarray(spectra[:, filters.bins]).view(np.float32)
    real, imaginary = (parts @ filters.product).reshape(len(chroma), 2, -1).swapaxes(0, 1)
    chroma += np.sqrt(real**2 + imaginary**2) @ filters.to_chroma


def _halve(samples: np.ndarray) -> np.ndarray:
    """Resample to half the rate, keeping the energy per sample."""
    halved = soxr.resample(samples, 2, 1, quality="soxr_hq")
    halved.resize((samples.size + 1) // 2, refcheck=False)
    # Divided as librosa divides: in digital silence what remains is rounding, and chroma normalises it.
    halved /= np.sqrt(0.5)
    return halved
