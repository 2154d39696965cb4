"""Drum hits in four frequency bands, to a fraction of a frame: what tempo and beat grid are read from.

Conventions
-----------
Samples are mono float32 at ``layout.SAMPLE_RATE``. An envelope is a level over time, one value per `CELL`
samples (1.5 ms); value ``i`` belongs to second ``i / RATE``. Hits are times in seconds, ascending, with a
strength from 0 to 1, where 1 is the strongest within some seconds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import scipy.fft
import soxr

from common.layout import SAMPLE_RATE
from common.structure import kernels

CELL = 32
"""Samples per value of an envelope."""

RATE = SAMPLE_RATE / CELL
"""Values of an envelope in a second."""

BODY, PUNCH = (30.0, 110.0), (120.0, 330.0)
"""Hz in which a kick drum rings, and through which it falls in its first hundredth of a second."""

MIDDLE, HIGH = (400.0, 2500.0), 5000.0
"""Hz between which snares and claps, and from which cymbals are heard."""

HIT, BEFORE, AFTER = (0.0, 0.025), (-0.030, -0.005), (0.050, 0.090)
"""Seconds around a moment: a hit is louder in the first stretch than in both others. What goes on sounding,
such as a bass note, is no hit however loud it is."""

APART = 0.050
"""Seconds within which there is one hit in a band."""

NEIGHBOURHOOD = 6.0
"""Seconds in which hits are compared with the strongest."""

FAINTEST = 0.05
"""Hits fainter than this share of the strongest nearby are passed over."""

FLOOR = 1e-4
"""Level, of full scale, under which nothing is a hit."""


@dataclass(frozen=True)
class Hits:
    """Hits of one band: ``times`` in seconds and ``strengths`` from 0 to 1, float64, shape (n_hits,) each."""

    times: np.ndarray
    strengths: np.ndarray

    def between(self, start: float, stop: float) -> Hits:
        """Those from one second to another."""
        first, last = np.searchsorted(self.times, (start, stop))
        return Hits(self.times[first:last], self.strengths[first:last])

    def at(self, times: np.ndarray, tolerance: float) -> np.ndarray:
        """Strength of the hit nearest to each of some times, 0 where none is within a tolerance (s)."""
        if not self.times.size:
            return np.zeros(len(times))
        after = np.clip(np.searchsorted(self.times, times), 1, max(1, self.times.size - 1))
        before = after - 1
        after = np.minimum(after, self.times.size - 1)
        is_before = np.abs(self.times[before] - times) < np.abs(self.times[after] - times)
        nearest = np.where(is_before, before, after)
        return np.where(np.abs(self.times[nearest] - times) <= tolerance, self.strengths[nearest], 0.0)

    def to_the(self, power: float) -> Hits:
        """The same hits, their strengths raised to a power: strong ones stand out more."""
        return Hits(self.times, self.strengths**power)


@dataclass(frozen=True)
class Envelopes:
    """Levels of four bands over time, float32, shape (n,) each."""

    body: np.ndarray
    punch: np.ndarray
    middle: np.ndarray
    high: np.ndarray


@dataclass(frozen=True)
class Drums:
    """Hits by who may have played them (bass notes are every rise of the lowest band), and the levels."""

    kick: Hits
    snare: Hits
    cymbal: Hits
    bass: Hits
    levels: Envelopes

    def part(self, start: float, stop: float) -> Drums:
        """Those from one second to another, as a song of its own that begins at the first."""
        first, last = round(start * RATE), round(stop * RATE)
        levels = (self.levels.body, self.levels.punch, self.levels.middle, self.levels.high)
        heard = (band.between(start, stop) for band in (self.kick, self.snare, self.cymbal, self.bass))
        kick, snare, cymbal, bass = (Hits(hits.times - start, hits.strengths) for hits in heard)
        return Drums(kick, snare, cymbal, bass, Envelopes(*(level[first:last] for level in levels)))


def envelopes(samples: np.ndarray) -> Envelopes:
    """Follow the levels of four bands.

    Parameters
    ----------
    samples
        Mono float32, shape (n_samples,).
    """
    low = soxr.resample(samples, CELL, 1, quality="soxr_mq")
    n_cells = len(low)
    middle, high = np.zeros((2, n_cells), np.float32)
    whole = min(n_cells, samples.size // CELL)
    lowest, highest, top = (1 - math.exp(-2 * math.pi * hz / SAMPLE_RATE) for hz in (*MIDDLE, HIGH))
    kernels.cell_energies(samples, CELL, lowest, highest, top, middle[:whole], high[:whole])
    body, punch = _band_levels(low)
    return Envelopes(body, punch, np.sqrt(middle / CELL), np.sqrt(high / CELL))


def _band_levels(low: np.ndarray) -> list[np.ndarray]:
    """Levels of the two low bands of a signal at `RATE`: magnitude of the analytic signal, without delay."""
    size = scipy.fft.next_fast_len(low.size + round(RATE), real=False)
    spectrum = scipy.fft.rfft(low, size)
    frequencies = np.arange(spectrum.size) * (RATE / size)
    levels = []
    for lowest, highest in (BODY, PUNCH):
        gain = 2 / ((1 + (lowest / np.maximum(frequencies, 1e-3)) ** 8) * (1 + (frequencies / highest) ** 8))
        analytic = np.zeros(size, np.complex64)
        analytic[: spectrum.size] = spectrum * gain.astype(np.float32)
        levels.append(np.abs(scipy.fft.ifft(analytic, overwrite_x=True)[: low.size]))
    return levels


def hear_drums(samples: np.ndarray) -> Drums:
    """Find the hits of a song.

    Parameters
    ----------
    samples
        Mono float32, shape (n_samples,).
    """
    levels = envelopes(samples)
    return Drums(
        kick=find_hits(hit_curve(levels.punch)),
        snare=find_hits(hit_curve(levels.middle)),
        cymbal=find_hits(hit_curve(levels.high)),
        bass=find_hits(rise_curve(levels.body)),
        levels=levels,
    )


def hit_curve(level: np.ndarray) -> np.ndarray:
    """How much louder each moment is than what comes before it and after it, float32, shape (n,)."""
    return kernels.hit_curve(level, _cells(HIT), _cells(BEFORE), _cells(AFTER))


def rise_curve(level: np.ndarray) -> np.ndarray:
    """How much louder each moment is than what comes before it, float32, shape (n,)."""
    return kernels.hit_curve(level, _cells(HIT), _cells(BEFORE), (0, 0))


def _cells(stretch: tuple[float, float]) -> tuple[int, int]:
    return round(stretch[0] * RATE), round(stretch[1] * RATE)


def find_hits(curve: np.ndarray) -> Hits:
    """Pick the peaks of a curve that stand out among their neighbours.

    Parameters
    ----------
    curve
        float32, shape (n,), one value per cell.
    """
    apart, neighbourhood = round(APART / 2 * RATE), round(NEIGHBOURHOOD / 2 * RATE)
    places, strengths = kernels.find_peaks(curve, apart, neighbourhood, FAINTEST, FLOOR)
    return Hits(places / RATE, strengths)
