"""Cuts sound that comes block by block into windows."""

from __future__ import annotations

import numpy as np


class Windows:
    """Cuts a signal that comes in blocks into windows that overlap or lie apart.

    Parameters
    ----------
    length, hop
        Samples in a window, and from one window to the next.
    """

    def __init__(self, length: int, hop: int) -> None:
        self._length, self._hop, self._skipped = length, hop, 0
        self._rest: np.ndarray | None = None

    def add(self, block: np.ndarray) -> np.ndarray:
        """Windows that are whole now, a view of shape (n_windows, n_signals, length).

        Parameters
        ----------
        block
            The next samples, shape (n_signals, n_samples).
        """
        joined = block if self._rest is None else np.concatenate([self._rest, block], axis=1)
        joined, self._skipped = joined[:, self._skipped :], max(0, self._skipped - joined.shape[1])
        n_windows = max(0, (joined.shape[1] - self._length) // self._hop + 1)
        used = n_windows * self._hop
        self._rest, self._skipped = joined[:, used:], self._skipped + max(0, used - joined.shape[1])
        if not n_windows:
            return np.empty((0, len(block), self._length), block.dtype)
        views = np.lib.stride_tricks.sliding_window_view(joined, self._length, axis=1)
        return views[:, :: self._hop][:, :n_windows].transpose(1, 0, 2)
