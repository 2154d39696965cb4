"""Sentences and figures of the report agree with each other."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from common.classifier.report import compare_ways, overfitting, verdicts
from common.classifier.scores import Difference


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
