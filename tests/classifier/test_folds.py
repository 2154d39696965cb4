"""Folds: genres spread evenly, units kept whole."""

from __future__ import annotations

import numpy as np
import pytest

from common.classifier.folds import assign_folds, n_folds
from common.classifier.songs import gather


@pytest.mark.parametrize("seed", range(5))
def test_genres_are_spread_evenly(seed):
    y = np.repeat([0, 1, 2], [23, 10, 5])
    folds = assign_folds(y, np.arange(len(y)), 5, seed)
    for genre in range(3):
        counts = np.bincount(folds[y == genre], minlength=5)
        assert counts.max() - counts.min() <= 1
    sizes = np.bincount(folds, minlength=5)
    assert sizes.max() - sizes.min() <= 2


@pytest.mark.parametrize("seed", range(5))
def test_units_stay_whole(seed):
    rng = np.random.default_rng(seed)
    units, y = rng.integers(0, 12, 60), rng.integers(0, 3, 60)
    folds = assign_folds(y, units, 4, seed)
    assert all(len(set(folds[units == unit])) == 1 for unit in set(units))


def test_a_genre_of_two_is_never_wholly_left_out():
    y = np.array([0] * 30 + [1] * 2)
    for seed in range(20):
        folds = assign_folds(y, np.arange(32), 5, seed)
        assert folds[30] != folds[31]


def test_folds_drop_to_the_smallest_genre(make_library):
    _, made = make_library({"A": 9, "B": 3})
    training = gather(made)
    assert n_folds(training, "plain") == 3


def test_one_artist_per_genre_gives_no_grouped_score(make_library):
    _, made = make_library({"A": 9, "B": 5}, artists_per_genre=1)
    assert n_folds(gather(made), "artist") == 0
