"""Mixes that the tests measure: stereo float32 at 44.1 kHz, and filters whose response scipy knows."""

from __future__ import annotations

import numpy as np
import soundfile
from scipy import signal

RATE = 44_100


def mix(seconds: float = 20.0, seed: int = 0, rate: int = RATE, side: float = 0.3) -> np.ndarray:
    """Pink-like noise with a beat, its sides quieter than its middle; shape (n_frames, 2)."""
    rng = np.random.default_rng(seed)
    n = round(seconds * rate)
    time = np.arange(n) / rate
    coloured = signal.lfilter([0.049922, -0.095993, 0.050612, -0.004408], PINK, rng.standard_normal((2, n)))
    beat = 0.3 * np.exp(-12 * (time % 0.5)) * np.sin(2 * np.pi * 60 * time)
    middle, sides = coloured[0] + beat, side * coloured[1]
    return (0.4 * np.stack([middle + sides, middle - sides], axis=1)).astype(np.float32)


PINK = [1, -2.494956002, 2.017265875, -0.522189400]
"""Denominator of a filter that makes noise pink: J. O. Smith, Spectral Audio Signal Processing (2011)."""


def bell(frequency: float, gain: float, q: float = 1.0, rate: int = RATE) -> np.ndarray:
    """A peaking equaliser as second-order section: R. Bristow-Johnson, Audio EQ Cookbook."""
    level, angle = 10 ** (gain / 40), 2 * np.pi * frequency / rate
    alpha = np.sin(angle) / (2 * q)
    b = [1 + alpha * level, -2 * np.cos(angle), 1 - alpha * level]
    a = [1 + alpha / level, -2 * np.cos(angle), 1 - alpha / level]
    return np.array([[*b, *a]]) / a[0]


def response(sections: np.ndarray, frequencies: np.ndarray, rate: int = RATE) -> np.ndarray:
    """Gain of a filter in dB."""
    return 20 * np.log10(np.abs(signal.sosfreqz(sections, frequencies, fs=rate)[1]))


def filtered(samples: np.ndarray, sections: np.ndarray) -> np.ndarray:
    return signal.sosfilt(sections, samples, axis=0).astype(np.float32)


def write(path, samples: np.ndarray, rate: int = RATE):
    """Write a WAV of floats, so that nothing clips; give the path."""
    soundfile.write(path, samples, rate, subtype="FLOAT")
    return path
