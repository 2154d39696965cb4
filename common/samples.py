"""Samples of a library: so many songs that each genre keeps its share."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def stratified(labels: Sequence[object] | np.ndarray, n: int, seed: int, least: int = 1) -> np.ndarray:
    """Choose rows at random so that every label keeps its share, and none is lost that there is room for.

    Parameters
    ----------
    labels
        One per row, such as its genre.
    n
        How many rows to choose, at least 1.
    seed
        For the random numbers.
    least
        Rows of a label that are chosen before any label gets more, where there are so many.

    Returns
    -------
    ndarray
        Ascending, shape (min(n, number of rows),).
    """
    if n < 1:
        raise ValueError(f"a sample has at least one row, got {n}")
    if n >= len(labels):
        return np.arange(len(labels))
    _, label, sizes = np.unique(np.asarray(labels), return_inverse=True, return_counts=True)
    # In random order, the rows of a label divide the line from 0 to 1 evenly; the first rows of each come
    # before all others. The n rows nearest to 0 are then a share of every label.
    shuffled = np.random.default_rng(seed).permutation(len(label))
    order = shuffled[np.argsort(label[shuffled], kind="stable")]
    rank = np.arange(len(label)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    place = np.where(rank < least, 0.0, (rank + 0.5) / np.repeat(sizes, sizes))
    return np.sort(order[np.argsort(place, kind="stable")[:n]])
