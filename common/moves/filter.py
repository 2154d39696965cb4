"""A filter of linear phase and without delay, and how a file's own channels pass it block by block."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy import fft, signal


def taps_of(gain: np.ndarray) -> np.ndarray:
    """Make the taps of a gain at evenly spaced frequencies.

    Parameters
    ----------
    gain
        dB at 0 Hz up to half the sampling rate, shape (n_lines,); the filter resolves as much.

    Returns
    -------
    ndarray
        float64, shape (2 * (n_lines - 1),), symmetric around its middle.
    """
    taps = fft.fftshift(fft.irfft(10 ** (gain / 20)))
    return taps * signal.get_window("hann", len(taps))


def filtered(blocks: Iterator[np.ndarray], taps: np.ndarray) -> Iterator[np.ndarray]:
    """Filter blocks, shape (n_frames, n_channels), without the filter's delay; as many frames come out."""
    delay, tail = len(taps) // 2, None
    for block in blocks:
        passed = signal.oaconvolve(block, taps[:, None], axes=0).astype(np.float32)
        if tail is not None:
            passed[: len(tail)] += tail[: len(passed)]
        ready, tail = passed[: len(block)], passed[len(block) :]
        skipped = min(delay, len(ready))
        delay -= skipped
        yield ready[skipped:]
    if tail is not None:
        yield tail[: len(taps) // 2]
