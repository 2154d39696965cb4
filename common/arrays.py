"""Arrays of songs: standardising, unit rows, principal components, exact neighbours, stratified samples."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence

import numpy as np


def scaling(embeddings: np.ndarray, chunk: int = 8192) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of every feature over the songs.

    Parameters
    ----------
    embeddings
        The embeddings of the songs, shape (n_songs, n_features).
    chunk
        How many songs are held in float64 at a time.

    Returns
    -------
    tuple of ndarray
        Two of float64, shape (n_features,). The deviation of a feature that is the same in every song is
        infinite, so that whatever is divided by it becomes 0.
    """
    values = np.asarray(embeddings)
    mean = values.mean(axis=0, dtype=np.float64)
    squares, largest = np.zeros_like(mean), np.zeros_like(mean)
    for start in range(0, len(values), chunk):
        part = values[start : start + chunk].astype(np.float64)
        squares += ((part - mean) ** 2).sum(axis=0)
        largest = np.maximum(largest, np.abs(part).max(axis=0))
    spread = np.sqrt(squares / len(values))
    # Rounding leaves a constant feature a spread of a few units in the last place.
    return mean, np.where(spread <= 1e-6 * np.maximum(largest, 1e-12), np.inf, spread)


def standardise(embeddings: np.ndarray, by: tuple[np.ndarray, np.ndarray] | None = None) -> np.ndarray:
    """Give every feature mean 0 and standard deviation 1 over the songs.

    Parameters
    ----------
    embeddings
        Array of shape (n_songs, n_features).
    by
        Means and deviations to use, as `scaling` gives them, so that a song from outside a library can be
        measured by it; those of ``embeddings`` themselves if None.

    Returns
    -------
    ndarray
        float64, same shape. A feature that is the same in every song measured by becomes 0.
    """
    mean, spread = scaling(embeddings) if by is None else by
    values = np.asarray(embeddings, dtype=np.float64) - mean
    values /= spread
    return values


def stratified(labels: Sequence[object] | np.ndarray, n: int, seed: int, least: int = 1) -> np.ndarray:
    """Choose rows at random so that every label keeps its share, and none is lost that there is room for.

    Parameters
    ----------
    labels
        The label of each row, such as its genre.
    n
        How many rows to choose, at least 1.
    seed
        The seed of the random numbers.
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


BLOCK, BLOCK_ENTRIES = 1024, 2**24
"""Most songs, and most similarities, that are computed at a time when neighbours are looked for."""

FEW = 4096
"""Songs up to which neighbours are looked for on one processor, which takes about a second."""


def neighbours(standardised: np.ndarray, k: int, block: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Find the nearest songs of every song, exactly.

    Parameters
    ----------
    standardised
        The songs, every feature with mean 0 and standard deviation 1, shape (n_songs, n_features).
    k
        How many, not counting the song itself; at most ``n_songs - 1`` are found.
    block
        Songs compared at a time, so that no n × n matrix is ever held; as many as `BLOCK` allows if None.

    Returns
    -------
    rows, distances
        Shape (n_songs, k): nearest first, equally near ones in the library's order; cosine distances,
        0 to 2.
    """
    units = unit_rows(standardised).astype(np.float32)
    k = min(k, len(units) - 1)
    block = block or max(1, min(BLOCK, BLOCK_ENTRIES // max(len(units), 1)))
    found = np.empty((len(units), k), dtype=np.int32)
    distances = np.empty((len(units), k), dtype=np.float32)
    with _processors(len(units)):
        for start in range(0, len(units), block):
            part = np.clip(1.0 - units[start : start + block] @ units.T, 0.0, 2.0)
            here = np.arange(len(part))
            part[here, start + here] = np.inf
            order = _smallest(part, k)
            found[start : start + block] = order
            distances[start : start + block] = np.take_along_axis(part, order, axis=1)
    return found, distances


def _processors(n_songs: int) -> contextlib.AbstractContextManager:
    """While it is open, products are shared out among all processors where they are worth it."""
    if n_songs <= FEW:
        return contextlib.nullcontext()
    from threadpoolctl import threadpool_limits

    return threadpool_limits(os.cpu_count(), user_api="blas")


def _smallest(values: np.ndarray, k: int) -> np.ndarray:
    """Positions of the k smallest of every row, ascending, ties in order of position."""
    if k < values.shape[1] - 1:
        candidates = np.sort(np.argpartition(values, k, axis=1)[:, : k + 1], axis=1)
    else:
        candidates = np.broadcast_to(np.arange(values.shape[1]), values.shape)
    order = np.argsort(np.take_along_axis(values, candidates, axis=1), axis=1, kind="stable")[:, :k]
    return np.take_along_axis(candidates, order, axis=1)


LEAST_LENGTH = 1e-9
"""A row that is shorter is rounding error, and points nowhere."""


def unit_rows(rows: np.ndarray, lengths: np.ndarray | None = None) -> np.ndarray:
    """Scale every row to length 1; a row of nothing but rounding error becomes 0.

    Parameters
    ----------
    rows
        The rows, floats of shape (n, k), or one of them of shape (k,).
    lengths
        What the rows are divided by instead of their own lengths, shape (n, 1): that of a sum, for example,
        which they are parts of.
    """
    if lengths is None:
        lengths = np.linalg.norm(rows, axis=-1, keepdims=True)
    return np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > LEAST_LENGTH)


def principal_components(values: np.ndarray, dimensions: int) -> np.ndarray:
    """Project songs on the directions of largest variance; those that do not exist are 0.

    Parameters
    ----------
    values
        Array of shape (n_songs, n_features), every feature with mean 0.
    dimensions
        How many directions there should be.

    Returns
    -------
    ndarray
        Shape (n_songs, dimensions); the sign is such that the largest entry is positive.
    """
    variances, vectors, by_song = _decompose(values)
    kept = vectors[:, :dimensions]
    scores = kept * np.sqrt(variances[:dimensions]) if by_song else values @ kept
    scores = scores * np.sign(scores[np.abs(scores).argmax(axis=0), np.arange(scores.shape[1])])
    return np.pad(scores, [(0, 0), (0, dimensions - scores.shape[1])])


def principal_axes(values: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """The directions of largest variance themselves, and how much variance they carry.

    Parameters
    ----------
    values
        Array of shape (n_songs, n_features), every feature with mean 0.
    most
        The largest number of axes to return.

    Returns
    -------
    variances
        Of all components, largest first, shape (min(n_songs, n_features),).
    axes
        Orthonormal rows, shape (k, n_features); fewer than ``most`` where the others carry nothing. The sign
        of a component is anyone's choice: high is where most features are high.
    """
    variances, vectors, by_song = _decompose(values)
    # Below this, what is left is rounding, and its direction means nothing.
    kept = max(1, min(most, int((variances > 1e-10 * variances[0]).sum())))
    axes = vectors[:, :kept].T
    if by_song:
        axes = unit_rows(axes @ values)
    axes = axes * np.where(axes.sum(axis=1) < 0, -1.0, 1.0)[:, None]
    return variances / max(len(values) - 1, 1), axes


def _decompose(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, bool]:
    """Eigenvalues, largest first, and eigenvectors of the smaller product of values with themselves.

    For a few hundred songs of ``N_FEATURES`` that is ten times faster than a singular value decomposition.
    The vectors are in columns, and the last value tells whether they belong to the songs or to the features.
    """
    by_song = values.shape[0] <= values.shape[1]
    eigenvalues, vectors = np.linalg.eigh(values @ values.T if by_song else values.T @ values)
    return np.maximum(eigenvalues[::-1], 0.0), vectors[:, ::-1], by_song
