"""From a file's own channels and rate to the mono samples that everything is computed from."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import soxr

from common import kernels
from common.layout import SAMPLE_RATE


def mix_down(blocks: Iterator[np.ndarray], sample_rate: int) -> tuple[np.ndarray, int]:
    """Mix a file's channels down and resample them, block by block.

    Parameters
    ----------
    blocks
        The file's own channels, float32, shape (n_frames, n_channels) each.
    sample_rate
        Their sampling rate in Hz.

    Returns
    -------
    samples
        float32, shape (n_samples,), mono at ``SAMPLE_RATE``.
    n_decoded
        How many frames the blocks had.
    """
    resampler = None
    if sample_rate != SAMPLE_RATE:
        resampler = soxr.ResampleStream(sample_rate, SAMPLE_RATE, 1, dtype="float32", quality="soxr_hq")
    samples, n_decoded = _Growing(), 0
    for block in blocks:
        n_decoded += len(block)
        mono = _mean(block)
        samples.append(resampler.resample_chunk(mono) if resampler else mono)
    if resampler:
        samples.append(resampler.resample_chunk(np.empty(0, np.float32), last=True))
    return samples.finish(math.ceil(n_decoded * SAMPLE_RATE / sample_rate)), n_decoded


def between(blocks: Iterator[np.ndarray], first: int, last: int) -> Iterator[np.ndarray]:
    """Pass on the frames of blocks from one on to before another, and ask for no block after that."""
    begin = 0
    for block in blocks:
        part = block[max(0, first - begin) : last - begin]
        begin += len(block)
        if len(part):
            yield part
        if begin >= last:
            return


def _mean(block: np.ndarray) -> np.ndarray:
    """The mean of the channels, float32, shape (n_frames,)."""
    if block.shape[1] != 2:
        return block @ np.full(block.shape[1], 1 / block.shape[1], np.float32)
    mean = np.empty(len(block), np.float32)
    kernels.mean_of_two(np.ascontiguousarray(block), mean)
    return mean


class _Growing:
    """Samples that come in parts of unknown number, kept in one array that is never copied whole."""

    def __init__(self) -> None:
        self._samples, self._used = np.empty(SAMPLE_RATE * 600, np.float32), 0

    def append(self, part: np.ndarray) -> None:
        if self._used + part.size > self._samples.size:
            # By an eighth, not twofold: what is added is filled with zeros, so it is memory in use.
            size = self._used + part.size + max(self._used // 8, SAMPLE_RATE * 600)
            self._samples.resize(size, refcheck=False)
        self._samples[self._used : self._used + part.size] = part
        self._used += part.size

    def finish(self, length: int) -> np.ndarray:
        """Give the samples up, cut or filled with zeros to a length."""
        self._samples.resize(length, refcheck=False)
        self._samples[self._used :] = 0
        return self._samples
