"""Measures, intervals and differences."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from classifier_cases import judged

from common.classifier.scores import bootstrap, brier_scores, confusion, difference, per_genre
from common.classifier.songs import gather
from common.classifier.validation import cross_validate

pytestmark = pytest.mark.usefixtures("quick")


def test_brier_scores():
    probability = np.array([[0.8, 0.2], [0.3, 0.7]])
    expected = ((0.2**2 + 0.2**2) + (0.7**2 + 0.7**2)) / 2
    assert brier_scores(probability, np.array([0, 0])).mean() == pytest.approx(expected)


def test_the_difference_of_two_ways_is_that_of_their_accuracies(make_library):
    _, made = make_library({"A": 12, "B": 12}, artists_per_genre=4)
    made.embeddings[:] += np.random.default_rng(1).normal(scale=100, size=made.embeddings.shape)
    training, plain = judged(made)
    apart = cross_validate(training, "artist", (5,), lambda: None)
    found = difference(training, plain, apart)
    assert found.value == pytest.approx(plain.model.accuracy - apart.model.accuracy)
    assert found.interval[0] <= found.value <= found.interval[1]
    weight, right = apart.tally
    assert right.sum() / weight.sum() == pytest.approx(apart.model.accuracy)
    same = difference(training, apart, apart)
    assert (same.value, same.interval, same.is_clear) == (0.0, (0.0, 0.0), False)


def test_a_difference_in_every_artist_is_clear(make_library):
    _, made = make_library({"A": 12, "B": 12}, artists_per_genre=6)
    training, plain = judged(made)
    wrong = dataclasses.replace(plain, way="artist", tally=plain.tally * [[1.0], [0.5]])
    assert difference(training, plain, wrong).is_clear


def test_confusion_and_genres(make_library):
    _, made = make_library({"A": 3, "B": 3})
    training = gather(made)
    probability = np.eye(2)[[0, 0, 1, 1, 1, 1]]
    assert confusion(training, probability).tolist() == [[2, 1], [0, 3]]
    first, second = per_genre(training, probability)
    assert (first.precision, first.recall) == (1.0, pytest.approx(2 / 3))
    assert (second.precision, second.recall) == (0.75, 1.0)


def test_intervals_do_not_depend_on_how_many_are_drawn_at_a_time(monkeypatch):
    rng = np.random.default_rng(0)
    groups, tallies = rng.integers(0, 60, size=150), rng.random((2, 2, 150))
    at_once = bootstrap(groups, *tallies)
    monkeypatch.setattr("common.classifier.scores.DRAWN_TOGETHER", 700)
    assert all(map(np.array_equal, at_once, bootstrap(groups, *tallies)))
