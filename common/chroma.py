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

from common import kernels
from common.console import Check
from common.filters import constant_q_filters, pitch_classes
from common.layout import HOP_LENGTH, N_OCTAVES
from common.spectrum import frame_count, frames_of, support


@dataclass(frozen=True)
class _OctaveFilters:
    """One octave of constant-Q filters in the frequency domain.

    Attributes
    ----------
    real, imaginary
        The filters, float32, shape (``BINS_PER_OCTAVE``, n_bins).
    first, last
        First bin of each filter that is not 0, and one past the last.
    n_fft
        Samples of the frames that they are multiplied with.
    lengths
        Length of each filter in samples.
    pitch_class
        The note that each filter belongs to, 0 (C) to 11 (B).
    """

    real: np.ndarray
    imaginary: np.ndarray
    first: np.ndarray
    last: np.ndarray
    n_fft: int
    lengths: np.ndarray
    pitch_class: np.ndarray


@cache
def _octave_filters(tuning: float) -> _OctaveFilters:
    """Filters of the top octave in the frequency domain, as librosa's ``cqt`` builds them."""
    spectra, lengths = constant_q_filters(tuning)
    return _OctaveFilters(
        np.ascontiguousarray(spectra.real),
        np.ascontiguousarray(spectra.imag),
        *support(spectra != 0),
        2 * (spectra.shape[1] - 1),
        lengths,
        pitch_classes(),
    )


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
    # Every octave stretches the filters twofold; librosa divides by the root of their true length and
    # multiplies by the root of the decimation, so the same scale serves all octaves.
    scale = (1 / np.sqrt(filters.lengths)).astype(np.float32)
    chroma = np.zeros((frame_count(samples), 12), np.float32)
    n_frames = len(chroma)
    hop = HOP_LENGTH
    for octave in range(N_OCTAVES):
        if octave:
            samples, hop = _halve(samples), hop // 2
        n_frames = min(n_frames, 1 + samples.size // hop)
        for where, frames in frames_of(samples, filters.n_fft, hop):
            check()
            _add_octave(filters, scale, frames, chroma[where])
    chroma = chroma[:n_frames].T
    largest = chroma.max(axis=0)
    return chroma / np.where(largest < np.finfo(np.float32).tiny, 1, largest)


def _add_octave(filters: _OctaveFilters, scale: np.ndarray, frames: np.ndarray, chroma: np.ndarray) -> None:
    """Add one octave's magnitudes of a block of frames to its rows of the chroma."""
    kernels.constant_q_chroma(
        scipy.fft.rfft(frames[: len(chroma)], axis=1),
        filters.real,
        filters.imaginary,
        filters.first,
        filters.last,
        scale,
        filters.pitch_class,
        chroma,
    )


def _halve(samples: np.ndarray) -> np.ndarray:
    """Resample to half the rate, keeping the energy per sample."""
    halved = soxr.resample(samples, 2, 1, quality="soxr_hq")
    halved.resize((samples.size + 1) // 2, refcheck=False)
    # Divided as librosa divides: in digital silence what remains is rounding, and chroma normalises it.
    halved /= np.sqrt(0.5)
    return halved
