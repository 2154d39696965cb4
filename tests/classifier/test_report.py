"""Sentences and figures of the report agree with each other."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from common.classifier.doubts import BOUNDARY, MISLABELLED
from common.classifier.report import compare_ways, mislabelled, overfitting, split_section, verdicts
from common.classifier.scores import Difference
from common.classifier.selection import component_choices


class Songs(tuple):
    """So many songs, sorted by genre."""

    subject = SimpleNamespace(noun="genre")

    def __new__(cls, n):
        return super().__new__(cls, range(n))


def test_points_are_the_difference_of_the_percentages_that_are_read():
    told = compare_ways("artist", 0.864, Difference(0.032, (-0.01, 0.08)))
    assert "it reaches 86%, 4 points less than on any song" in told  # which is 90%, of 89.6
    model = SimpleNamespace(accuracy=0.896)
    monitor = overfitting(SimpleNamespace(train_accuracy=0.974, model=model, gap=0.078))
    assert "97% on training songs, 90% on unseen ones, a gap of 7 points" in monitor


@pytest.mark.parametrize(("repeats", "judges"), [(3, ", of all 3 splits together"), (1, "")])
def test_the_matrix_and_the_mean_over_folds_are_told_apart(repeats, judges):
    plain = SimpleNamespace(repeats=repeats, model=SimpleNamespace(accuracy=0.65))
    judgement = SimpleNamespace(training=range(46), plain=plain, confusion=np.diag([20, 11]))
    expected = f"Each song has one verdict{judges}: 31 of 46 are right, 67% (the mean over folds is 65%)"
    assert verdicts(judgement) == expected
    judgement.confusion = np.diag([0, 1])
    assert ": 1 of 46 is right, 2% (" in verdicts(judgement)


@pytest.mark.parametrize(
    ("suspicions", "n_right", "expected"),
    [
        ([], 44, "Of 4 songs taken for another genre, none is more likely mislabelled than misheard"),
        ([0.6], 47, "Of 1 song taken for another genre, one is more likely mislabelled than misheard"),
        ([0.9, 0.7, 0.6], 44, "Of 4 songs taken for another genre, 3 are more likely mislabelled"),
        ([], 48, "No song is taken for another genre."),
    ],
)
def test_why_songs_taken_for_another_genre_are_not_all_mislabelled(suspicions, n_right, expected):
    doubts = [SimpleNamespace(kind=MISLABELLED, suspicion=value) for value in suspicions]
    confusion = np.array([[n_right, 48 - n_right], [0, 0]])
    boundary = SimpleNamespace(kind=BOUNDARY, suspicion=0.4)
    training = Songs(48)
    judgement = SimpleNamespace(training=training, confusion=confusion, doubts=[boundary, *doubts])
    told = mislabelled(judgement)
    assert told.startswith(expected)
    alarms = f"Expected false alarms among these: {sum(1 - value for value in suspicions):.1f}."
    assert told.endswith(alarms) == bool(suspicions)


@pytest.mark.parametrize(
    ("asked", "n", "expected"),
    [
        ("auto", 641, "All components were chosen by the search; 36 songs allow no more than 35."),
        ("all", 641, "All components were asked for; 36 songs allow no more than 35."),
        ("300", 300, "300 components were asked for; 36 songs allow no more than 35."),
        ("auto", 15, None),
        ("20", 20, None),
    ],
)
def test_nobody_is_told_to_have_asked_for_what_the_search_chose(asked, n, expected):
    kept = min(n, 35)
    representation = SimpleNamespace(
        axes=np.eye(kept), variance=np.full(kept, 1 / kept), components_for=lambda share: 9
    )
    model = SimpleNamespace(representation=representation, settings=SimpleNamespace(n_components=n))
    figures = dict.fromkeys(("train_accuracy", "train_f1", "test_accuracy", "test_f1"), 0.5)
    holdout = SimpleNamespace(model=model, n_train=36, n_test=10, **figures)
    section = split_section(SimpleNamespace(holdout=holdout, components=component_choices(asked)))
    assert section.lines[2:] == ([] if expected is None else [expected])
