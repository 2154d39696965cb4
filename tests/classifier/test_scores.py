"""Measures, intervals and differences."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from classifier_cases import judged
from sklearn.metrics import balanced_accuracy_score, f1_score

from common.classifier.calibration import calibration_error
from common.classifier.scores import (
    accuracy_interval,
    bootstrap,
    brier_scores,
    confusion,
    difference,
    most_frequent,
    per_genre,
)
from common.classifier.songs import gather
from common.classifier.validation import cross_validate

pytestmark = pytest.mark.usefixtures("quick")


def test_brier_scores():
    probability = np.array([[0.8, 0.2], [0.3, 0.7]])
    expected = ((0.2**2 + 0.2**2) + (0.7**2 + 0.7**2)) / 2
    assert brier_scores(probability, np.array([0, 0])).mean() == pytest.approx(expected)


def test_the_difference_of_two_ways_is_that_of_their_accuracies(make_library):
    _, made = make_library({"A": 12, "B": 12}, artists_per_genre=5)
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


def test_too_few_artists_tell_no_difference_from_chance(make_library):
    _, made = make_library({"A": 12, "B": 12}, artists_per_genre=4)
    training, plain = judged(made)
    wrong = dataclasses.replace(plain, way="artist", tally=plain.tally * [[1.0], [0.5]])
    found = difference(training, plain, wrong)
    assert (found.interval, found.is_clear) == (None, False)


@pytest.mark.parametrize(
    ("groups", "right", "expected"),
    [
        # The exact interval of 4 and 5 of 5, and of 12 of 12: published tables give these to three digits.
        (np.arange(5), [1, 1, 1, 1, 1], (0.478, 1.0)),
        (np.arange(5), [1, 1, 1, 1, 0], (0.284, 0.995)),
        (np.arange(12), np.ones(12), (0.735, 1.0)),
        (np.arange(12), np.zeros(12), (0.0, 0.265)),
        # Forty songs of four artists say no more than four songs.
        (np.arange(40) // 10, np.ones(40), (0.398, 1.0)),
    ],
)
def test_what_few_songs_leave_possible_is_a_wide_interval(groups, right, expected):
    found = accuracy_interval(groups, np.array([np.ones(len(groups)), right]))
    assert found == pytest.approx(expected, abs=0.001)


def test_many_artists_are_resampled():
    rng, groups = np.random.default_rng(0), np.arange(40) // 2
    weight, right = rng.uniform(0.9, 1.1, 40), rng.random(40) < 0.75
    tally = np.array([weight, weight * right])
    low, high = accuracy_interval(groups, tally)
    assert low < right.mean() < high
    # Twenty artists: a little wider than the percentiles of as many as one could wish.
    least, most = np.percentile(bootstrap(groups, tally)[0], [2.5, 97.5])
    assert least - 0.05 < low < least
    assert most < high < most + 0.05


def test_intervals_of_few_artists_hold_the_truth_nearly_as_often_as_they_say(monkeypatch):
    """Twelve artists of four songs each, of whom some are easier; plain percentiles hold it less often."""
    monkeypatch.setattr("common.classifier.scores.RESAMPLES", 500)
    rng, groups, held, plain = np.random.default_rng(0), np.arange(48) // 4, [], []
    for _ in range(500):
        right = rng.random(48) < rng.beta(0.86 * 4, 0.14 * 4, 12)[groups]
        tally = np.array([np.ones(48), right])
        low, high = accuracy_interval(groups, tally)
        held.append(low <= 0.86 <= high)
        low, high = np.percentile(bootstrap(groups, tally)[0], [2.5, 97.5])
        plain.append(low <= 0.86 <= high)
    assert np.mean(plain) < 0.9 < np.mean(held)


def test_the_most_frequent_is_counted_as_readers_count():
    y = np.repeat([0, 1, 2], [14, 20, 12])
    said = np.ones(46, dtype=int)
    found = most_frequent(y)
    assert found.accuracy == 20 / 46
    assert found.macro_f1 == pytest.approx(f1_score(y, said, average="macro", zero_division=0))
    assert found.balanced_accuracy == pytest.approx(balanced_accuracy_score(y, said))


def test_the_most_frequent_is_the_same_in_every_way_of_splitting(make_library):
    _, made = make_library({"A": 9, "B": 6}, artists_per_genre=3)
    assert {judged(made, way)[1].measures["majority"].accuracy for way in ("plain", "artist")} == {0.6}


def test_the_calibration_error_is_that_of_the_bins_that_are_shown(make_library):
    _, made = make_library({"A": 12, "B": 12})
    made.embeddings[:] += np.random.default_rng(2).normal(scale=100, size=made.embeddings.shape)
    training, scores = judged(made)
    off = sum(one.n * abs(one.said - one.right) for one in scores.bins) / len(training)
    assert scores.calibration_error == pytest.approx(off)
    assert scores.calibration_error == calibration_error(training.y, scores.calibrated_by_others)


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
