"""How far peaks stand above the average, band by band: the crest factor of a mix, window by window."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from scipy import fft

from common.reference.windows import Windows

Regions = tuple[tuple[float, float], ...]
"""Lowest and highest frequency of each band, in Hz."""

WINDOW_SECONDS, QUIET = 2.5, 20.0
"""Least seconds in a window of the crest factor, and dB under the loudest window from which one counts."""

WINDOWS_APART = 2
"""Lengths of a window from one to the next: half of a song is enough for the mean of its windows."""

CREST_RATE = 4.0
"""Samples in a period of a band's highest frequency when its peak is looked for, where the file has them."""


class CrestMeter:
    """How far peaks stand above the average in each of some bands, window by window.

    Parameters
    ----------
    rate
        Samples in a second.
    regions
        The bands.
    """

    def __init__(self, rate: int, regions: Regions) -> None:
        length = 1 << math.ceil(math.log2(rate * WINDOW_SECONDS))
        self._windows = Windows(length, length * WINDOWS_APART)
        self._filters = _filters(rate, length, regions)
        self._heard: list[list[tuple[float, float]]] = [[] for _ in regions]

    def add(self, samples: np.ndarray) -> None:
        """Hear the next samples, float32, shape (n_samples,)."""
        for (window,) in self._windows.add(samples[None]):
            lines = fft.rfft(window)
            for band, heard in zip(self._filters, self._heard, strict=True):
                if band is not None:
                    heard.append(self._peak_and_power(lines, *band))

    def _peak_and_power(
        self, lines: np.ndarray, last: int, n_out: int, gain: np.ndarray
    ) -> tuple[float, float]:
        # A filter of steep slopes rings into the ends of a window: a sixteenth on either side is not used.
        passed = fft.irfft(lines[:last] * gain[:last], n_out)[n_out // 16 : n_out * 15 // 16]
        return float(max(passed.max(), -passed.min())), float(np.dot(passed, passed) / passed.size)

    def finish(self) -> tuple[float | None, ...]:
        """Crest factors in dB; None where nothing was heard for a whole window."""
        return tuple(map(_mean_crest, self._heard))


def _mean_crest(heard: list[tuple[float, float]]) -> float | None:
    peaks, powers = np.array(heard).reshape(-1, 2).T
    counted = powers > max(powers.max(initial=0.0) * 10 ** (-QUIET / 10), 0.0)
    if not counted.any():
        return None
    return float(np.mean(10 * np.log10(peaks[counted] ** 2 / powers[counted])))


@lru_cache(maxsize=4)
def _filters(rate: int, length: int, regions: Regions) -> list[tuple[int, int, np.ndarray] | None]:
    """For each band how many lines pass, at how many samples it is heard, and its gain."""
    frequencies = np.arange(length // 2 + 1) * rate / length
    filters: list[tuple[int, int, np.ndarray] | None] = []
    for low, high in regions:
        if high > rate / 2:
            filters.append(None)
            continue
        gain = _band_pass(frequencies, low, high).astype(np.float32)
        last = int(np.flatnonzero(gain)[-1]) + 1
        n_out = min(length, 1 << math.ceil(math.log2(max(2, length * CREST_RATE * high / rate))))
        filters.append((min(last, n_out // 2 + 1), n_out, gain))
    return filters


def _band_pass(frequencies: np.ndarray, low: float, high: float) -> np.ndarray:
    """A gain that rises from 0 to 1 within a tenth around the lower edge, and falls around the upper."""
    rise = np.clip((frequencies / low - 0.9) / 0.2, 0, 1)
    fall = np.clip((1.1 - frequencies / high) / 0.2, 0, 1)
    return np.sin(np.pi / 2 * rise) ** 2 * np.sin(np.pi / 2 * fall) ** 2
