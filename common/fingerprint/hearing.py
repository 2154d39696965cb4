"""Spectra and chroma to the sequences of a song.

Conventions: spectra are the magnitudes that ``spectrum.spectra`` yields, float32, shape (n_frames, n_bins),
block by block, so that a ten-hour mix needs little more memory than its samples.

Sources: A. Wang, "An industrial-strength audio search algorithm", ISMIR 2003 (peaks of the spectrogram);
J. Six, M. Leman, "Panako", ISMIR 2014 (pitches on a logarithmic scale: another speed only moves them).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from common.fingerprint import kernels
from common.fingerprint.sequences import (
    CHROMA_FRAMES,
    FRAME_RATE,
    LOUDEST_NOTE,
    LOWEST,
    MOST_PEAKS,
    MOST_STEPS,
    PEAKS_PER_SECOND,
    PITCH_BITS,
    STEPS,
    Chroma,
    Peaks,
    Sequences,
)
from common.lanes import LANES
from common.layout import N_FFT, SAMPLE_RATE
from common.spectrum import spectra

FIRST_BIN, LAST_BIN = 14, 511
"""Bins of the spectrum between which peaks are sought: 151 Hz to 5.5 kHz."""

N_BINS = LAST_BIN - FIRST_BIN + 3
"""Those, and one on either side."""

REACH_BINS, REACH_FRAMES = 8, 4
"""Bins and frames to either side among which a peak is the highest: 86 Hz and 93 ms."""

FAINTEST = 0.01
"""Magnitude under which nothing is a peak: a tone of -94 dB of full scale."""


SILENT = 1e-4
"""Root mean square under which a step has no notes: -80 dB of full scale."""


class PeakFinder:
    """Finds the points of a spectrogram that are higher than all around them, as its blocks come.

    Parameters
    ----------
    per_second
        How many are kept: the highest of every second, or of every 300th of what is longer than five minutes.
    """

    def __init__(self, per_second: int = PEAKS_PER_SECOND) -> None:
        self._per_second = per_second
        self._n_frames = 0
        # Before the first frame there is silence, as after the last.
        self._last = np.zeros((REACH_FRAMES, N_BINS), np.float32)
        self._found: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []

    def add(self, spectrum: np.ndarray) -> None:
        """Take the next frames."""
        self._look_through(spectrum[:, FIRST_BIN - 1 : LAST_BIN + 2])
        self._n_frames += len(spectrum)

    def finish(self) -> Peaks:
        """The peaks of all frames."""
        self._look_through(np.zeros((REACH_FRAMES, self._last.shape[1]), np.float32))
        frames, pitches, levels = (np.concatenate(part) for part in zip(*self._found, strict=True))
        n_spans = min(max(1, round(self._n_frames / FRAME_RATE)), MOST_PEAKS // PEAKS_PER_SECOND)
        kept = _highest(frames * n_spans // self._n_frames, levels, self._per_second)
        return Peaks(
            np.unique(frames[kept].astype(np.uint32) << PITCH_BITS | pitches[kept].astype(np.uint32))
        )

    def _look_through(self, spectrum: np.ndarray) -> None:
        """Look for peaks in what came before and is surrounded now, and in all but the end of what comes."""
        first = self._n_frames - len(self._last)
        joined = np.zeros((len(self._last) + len(spectrum), -(-N_BINS // LANES) * LANES), np.float32)
        joined[: len(self._last), :N_BINS], joined[len(self._last) :, :N_BINS] = self._last, spectrum
        frames, bins = np.empty((2, joined.size), np.int64)
        found = kernels.highest_points(joined, N_BINS, REACH_FRAMES, REACH_BINS, FAINTEST, frames, bins)
        frames, bins = frames[:found].copy(), bins[:found].copy()
        self._found.append((first + frames, _pitches(joined, frames, bins), joined[frames, bins]))
        self._last = joined[-2 * REACH_FRAMES :, :N_BINS]


def find_peaks(samples: np.ndarray, per_second: int = PEAKS_PER_SECOND) -> Peaks:
    """Find the peaks of samples, float32, shape (n_samples,), mono at ``SAMPLE_RATE``; see `PeakFinder`."""
    finder = PeakFinder(per_second)
    for spectrum in spectra(samples):
        finder.add(spectrum)
    return finder.finish()


def sequences_of(series: Mapping[str, np.ndarray], finder: PeakFinder) -> Sequences:
    """Put the sequences of a song together.

    Parameters
    ----------
    series
        What ``features.describe`` gives; ``chroma`` and ``rms`` are used.
    finder
        What has heard the whole song.
    """
    return Sequences(chroma_steps(series["chroma"], series["rms"][0]), finder.finish())


def chroma_steps(chroma: np.ndarray, rms: np.ndarray) -> Chroma:
    """Mean chroma of every step.

    Parameters
    ----------
    chroma
        Shape (12, n_frames), 0 to 1.
    rms
        Root mean square of every frame, shape (n_frames,).
    """
    n_frames, length = chroma.shape[1], CHROMA_FRAMES
    while n_frames > MOST_STEPS * length:
        length *= 2
    edges = np.arange(0, n_frames, length)
    means = np.add.reduceat(chroma, edges, axis=1, dtype=np.float64)
    means[:, np.add.reduceat(rms[:n_frames], edges) < SILENT * np.diff(edges, append=n_frames)] = 0
    means /= np.maximum(means.max(axis=0), np.finfo(float).tiny)
    return Chroma(np.rint(LOUDEST_NOTE * means).astype(np.uint8).T.copy(), length)


def _pitches(spectrum: np.ndarray, frames: np.ndarray, bins: np.ndarray) -> np.ndarray:
    """Pitch of every peak, int64, from the vertex of the parabola through its level and those beside it."""
    below, here, above = (np.log(np.maximum(spectrum[frames, bins + move], 1e-9)) for move in (-1, 0, 1))
    shift = 0.5 * (below - above) / np.minimum(below - 2 * here + above, -1e-9)
    hertz = (bins + FIRST_BIN - 1 + shift) * SAMPLE_RATE / N_FFT
    pitches = np.rint(STEPS * np.log2(hertz / LOWEST)).astype(np.int64)
    return np.clip(pitches, 0, 2**PITCH_BITS - 1)


def _highest(groups: np.ndarray, levels: np.ndarray, number: int) -> np.ndarray:
    """Places of the highest levels of every group, which are in order; up to a number of them."""
    order = np.lexsort((-levels, groups))
    begin = np.searchsorted(groups, groups)  # those of a group are as many places apart in both orders
    return order[np.arange(len(order)) - begin < number]
