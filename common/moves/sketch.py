"""A sketch of a song: some of its frames, which tell the numbers of a changed copy before it is made.

Conventions
-----------
Gains are applied to the spectra of the frames, from which every descriptor is computed as for a whole song;
what differs from the same frames without gains is what a move changes. Notes and chords are left as they are.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.fft

from common import song
from common.features import Series, spectral_series
from common.layout import HOP_LENGTH, LAYOUT, N_CONTRAST_BANDS, N_FFT, N_MELS, SAMPLE_RATE, SLICES
from common.moves.moves import Move, decibels, stretch
from common.rhythm import estimate_tempo, onset_strength
from common.song import Analysis
from common.spectrum import SpectralPass, measure_spectra, transform

FRAMES = 600
"""Frames, evenly spread, that stand for a song. On the demo four times as many tell no lead better; on a demo
of another seed the median error is 0.05 log-odds instead of 0.08 (`benchmarks.moves`)."""


class Sketch:
    """Tells the numbers of changed copies of one song.

    Parameters
    ----------
    analysis
        The song, analysed.
    frames
        How many frames stand for it, at most twice as many.
    """

    def __init__(self, analysis: Analysis, frames: int = FRAMES) -> None:
        series = analysis.series
        n_frames = series["rms"].shape[1]
        stride = max(1, n_frames // frames)
        spread = np.arange(0, n_frames, stride)
        # Levels are counted from the song's loudest value, which may lie between the frames that are kept.
        loudest = np.unique(series["mel"].argmax(axis=1))
        self._spectra = transform(_frames(analysis.samples, np.concatenate([spread, loudest])))
        self._n_spread = len(spread)
        self._kept = {name: series[name][:, spread] for name in ("chroma", "tonnetz", "rms")}
        self._onsets = onset_strength(series["mel"].T)
        self._tempo = float(series["tempo"][0, 0])
        self._embedding = analysis.song.embedding.astype(np.float64)
        self._before = self._numbers(np.ones(1 + N_FFT // 2, np.float32), self._tempo)

    def embedding(self, moves: Sequence[Move]) -> np.ndarray:
        """What the numbers of the song become.

        Returns
        -------
        ndarray
            float64, shape (``N_FEATURES``,).
        """
        if not moves:
            return self._embedding
        frequencies = np.arange(1 + N_FFT // 2) * SAMPLE_RATE / N_FFT
        gain = (10 ** (decibels(moves, frequencies) / 20)).astype(np.float32)
        return self._embedding + self._numbers(gain, self._tempo_of(stretch(moves))) - self._before

    def _tempo_of(self, faster: float) -> float:
        if faster == 1.0:
            return self._tempo
        places = np.arange(int((len(self._onsets) - 1) / faster) + 1) * faster
        stretched = np.interp(places, np.arange(len(self._onsets)), self._onsets)
        return estimate_tempo(stretched.astype(np.float32))

    def _numbers(self, gain: np.ndarray, tempo: float) -> np.ndarray:
        """The numbers of the frames that stand for the song, float64, shape (``N_FEATURES``,)."""
        changed, kept = self._spectra * gain, slice(self._n_spread)
        measured = _measured(np.abs(changed))
        series: Series = {name: values[:, kept] for name, values in measured.items()} | {
            "chroma": self._kept["chroma"],
            "tonnetz": self._kept["tonnetz"],
            "tempo": np.array([[tempo]]),
            "rms": self._kept["rms"] * _louder(changed[kept], self._spectra[kept]),
            "zero_crossing_rate": _crossings(changed[kept]),
        }
        numbers = song.excerpt_embedding(series, 0, self._n_spread).astype(np.float64)
        under_loudest = float(series["mel"].max() - measured["mel"].max())
        for block in LAYOUT:
            if block.source == "mel":
                numbers[SLICES[block.name]] += under_loudest
        return numbers


def _frames(samples: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """Samples of centred frames, shape (n, ``N_FFT``)."""
    padded = np.pad(samples, N_FFT // 2)
    return np.lib.stride_tricks.sliding_window_view(padded, N_FFT)[numbers * HOP_LENGTH]


def _measured(spectrum: np.ndarray) -> Series:
    """The descriptors of spectra; levels are in dB of power 1."""
    n_frames = len(spectrum)
    peaks, valleys = np.empty((2, n_frames, N_CONTRAST_BANDS))
    moments, mel = np.empty((n_frames, 4)), np.empty((n_frames, N_MELS), np.float32)
    measure_spectra(spectrum, moments, peaks, valleys, mel)
    return spectral_series(SpectralPass(moments, peaks, valleys, mel, tuning=0.0))


def _louder(after: np.ndarray, before: np.ndarray) -> np.ndarray:
    """How many times as loud every frame has become, shape (1, n_frames)."""
    then, now = (np.linalg.norm(one, axis=1).astype(np.float64) for one in (before, after))
    return np.divide(now, then, out=np.ones_like(now), where=then > 0)[None]


def _crossings(spectra: np.ndarray) -> np.ndarray:
    """Share of samples at which the sign changes in the middle half of every frame, shape (1, n_frames)."""
    middle = scipy.fft.irfft(spectra, N_FFT, axis=1)[:, N_FFT // 4 : N_FFT * 3 // 4]
    return (np.diff(np.signbit(middle), axis=1).sum(axis=1) / middle.shape[1])[None]
