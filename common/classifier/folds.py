"""How songs are dealt into folds: genres spread evenly, recordings, artists or albums kept whole."""

from __future__ import annotations

import numpy as np

from common.classifier.songs import TrainingSet

FOLDS = 5


REPEATS = {"plain": 3, "artist": 2, "album": 2}
"""How often each way of splitting is repeated with other seeds; see `n_repeats`."""


MANY = 2000
"""Songs above which a split is not repeated, and settings are searched on a sample of so many training
songs: repeats are for what chance does to few songs, and a handful of candidates needs no more to be told
apart."""


def assign_folds(y: np.ndarray, units: np.ndarray, n_folds: int, seed: int) -> np.ndarray:
    """Deal songs into folds so that genres are spread evenly and units stay whole.

    Units are dealt largest and most one-sided first, each to the fold where the genres come out most
    even (the greedy rule of scikit-learn's ``StratifiedGroupKFold``). A genre of at least two units is
    never wholly in one fold.

    Parameters
    ----------
    y
        The genre of each song, int, shape (n_songs,).
    units
        A number per song, int, shape (n_songs,); songs with equal numbers (an artist's, an album's, copies)
        come into the same fold.
    n_folds
        The number of folds, 2 or more.
    seed
        The seed of the order in which equal units are dealt.

    Returns
    -------
    ndarray
        The fold of each song, from 0, int, shape (n_songs,).
    """
    names, unit_of = np.unique(units, return_inverse=True)
    counts = np.zeros((len(names), int(y.max()) + 1))
    np.add.at(counts, (unit_of, y), 1)
    counts = counts[:, counts.sum(axis=0) > 0]
    total = counts.sum(axis=0)
    shuffled = np.random.default_rng(seed).permutation(len(names))
    order = shuffled[np.argsort(-counts[shuffled].std(axis=1), kind="stable")]
    filled = np.zeros((n_folds, counts.shape[1]))
    fold_of = np.zeros(len(names), dtype=int)
    for unit in order:
        share = (filled + counts[unit]) / total
        # Adding to fold f changes its own spread alone; what counts is the change of the sum of squares.
        uneven = (share**2 - (filled / total) ** 2).sum(axis=1)
        fold_of[unit] = np.lexsort((filled.sum(axis=1), np.round(uneven, 9)))[0]
        filled[fold_of[unit]] += counts[unit]
    return fold_of[unit_of]


def n_folds(training: TrainingSet, way: str) -> int:
    """How many folds a way of splitting allows: five, or what the smallest genre or the groups allow.

    Returns
    -------
    int
        The number of folds; 0 if the songs cannot be split this way, because fewer than two genres would be
        left to learn and to judge.
    """
    if way == "plain":
        return min(FOLDS, int(training.recordings.min()))
    groups = training.groups[way]
    divisible = sum(len(set(groups[training.y == k])) > 1 for k in range(len(training.genres)))
    return min(FOLDS, len(set(groups))) if divisible > 1 else 0


def n_repeats(training: TrainingSet, way: str) -> int:
    """How often a way of splitting is repeated with other seeds: once where there are `MANY` songs."""
    return 1 if len(training) > MANY else REPEATS[way]
