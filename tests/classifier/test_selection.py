"""Settings are chosen inside the training songs, and what is more complicated has to earn it."""

from __future__ import annotations

import numpy as np
import pytest
from classifier_cases import clustered_songs

from common.classifier import selection
from common.classifier.selection import clearly_less, component_choices, search
from common.layout import N_FEATURES, SLICES


def test_search_chooses_among_what_it_is_given():
    X, y = clustered_songs([20, 20], spread=0.05)
    units = np.arange(len(y))
    chosen = search(X, y, ["A", "B"], units, units, [2, 30])
    assert chosen.n_components in {2, 30}
    assert chosen.shrinkage in selection.SHRINKAGES
    assert chosen.rounds in selection.ROUNDS


def test_hardly_a_tree_grows_where_a_line_is_enough():
    X, y = clustered_songs([20, 20, 20], spread=0.2)
    units = np.arange(len(y))
    assert search(X, y, ["A", "B", "C"], units, units, [10]).rounds <= 1


def test_trees_grow_where_a_line_is_not_enough():
    """A genre between the two sounds of another, which no straight line can tell apart."""
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], 90)
    place = np.where(y == 0, 0.0, rng.choice([-2.0, 3.0], size=180, p=[0.3, 0.7]))
    X = rng.normal(size=(180, N_FEATURES)) * 0.5
    X[:, SLICES["mel_mean"]] += place[:, None]
    assert search(X, y, ["A", "B"], np.arange(180), np.arange(180), [15]).rounds > 1


def test_a_gain_must_exceed_its_standard_error():
    losses = np.full(100, 0.5)
    assert clearly_less(losses - 0.1, losses)
    assert not clearly_less(losses, losses)
    noisy = losses - np.random.default_rng(0).normal(0.01, 1.0, 100)
    assert not clearly_less(noisy, losses) or (losses - noisy).mean() > 0.1


@pytest.mark.parametrize(
    ("asked", "expected"), [("auto", [15, N_FEATURES]), ("all", [N_FEATURES]), ("7", [7])]
)
def test_components(asked, expected):
    assert component_choices(asked) == expected
