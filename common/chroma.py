"""Constant-Q chroma: how present each of the twelve notes is in every frame of a song.

Conventions: samples are mono float32 at ``layout.SAMPLE_RATE``, shape (n_samples,). One octave of filters
serves all octaves, because halving the sampling rate moves them down an octave.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
import soxr

from common import fourier, kernels
from common.console import Check
from common.filters import constant_q_filters, pitch_classes
from common.layout import HOP_LENGTH, N_OCTAVES
from common.spectrum import blocks_of, frame_count, support


class _OctaveFilters(NamedTuple):
    """One octave of constant-Q filters in the frequency domain, as `kernels.add_filtered` takes it.

    Every octave stretches the filters twofold; librosa divides by the root of their true length and
    multiplies by the root of the decimation, so the same scales serve all octaves.
    """

    bins: tuple[int, int]
    firsts: np.ndarray
    lasts: np.ndarray
    real: np.ndarray
    imaginary: np.ndarray
    notes: np.ndarray
    scales: np.ndarray


@cache
def _octave_filters(tuning: float) -> tuple[fourier.Plan, _OctaveFilters]:
    """What transforms frames, and the filters of the top octave, as librosa's ``cqt`` builds them."""
    spectra, lengths = constant_q_filters(tuning)
    firsts, lasts = support(spectra != 0)
    bins = int(firsts.min()), int(lasts.max())
    used = spectra[:, slice(*bins)]
    real, imaginary = np.ascontiguousarray(used.real), np.ascontiguousarray(used.imag)
    scales = (1 / np.sqrt(lengths)).astype(np.float32)
    plan = fourier.plan(np.ones(2 * (spectra.shape[1] - 1), np.float32))
    where = firsts - bins[0], lasts - bins[0]
    return plan, _OctaveFilters(bins, *where, real, imaginary, pitch_classes(), scales)


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
    plan, filters = _octave_filters(tuning)
    work = fourier.work_array(plan)
    chroma = np.zeros((frame_count(samples), 12), np.float32)
    n_frames = len(chroma)
    hop = HOP_LENGTH
    for octave in range(N_OCTAVES):
        if octave:
            samples, hop = _halve(samples), hop // 2
        n_frames = min(n_frames, 1 + samples.size // hop)
        for frames in blocks_of(n_frames):
            check()
            columns = fourier.in_columns(samples, frames, plan.window.size, hop)
            kernels.add_filtered(columns, plan, work, *filters, chroma[frames.start : frames.stop])
    chroma = chroma[:n_frames].T
    largest = chroma.max(axis=0)
    return chroma / np.where(largest < np.finfo(np.float32).tiny, 1, largest)


def _halve(samples: np.ndarray) -> np.ndarray:
    """Resample to half the rate, keeping the energy per sample."""
    halved = soxr.resample(samples, 2, 1, quality="soxr_hq")
    halved.resize((samples.size + 1) // 2, refcheck=False)
    # Divided as librosa divides: in digital silence what remains is rounding, and chroma normalises it.
    halved /= np.sqrt(0.5)
    return halved
