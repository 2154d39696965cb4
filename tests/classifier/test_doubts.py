"""Boundary songs and songs that may be mislabelled."""

from __future__ import annotations

import numpy as np
import pytest

from common.classifier.doubts import doubts
from common.classifier.songs import gather


def test_doubts_and_contradictions_are_kept_apart(make_library):
    _, made = make_library({"A": 3, "B": 3})
    training = gather(made)
    probability = np.array([[0.52, 0.48], [0.95, 0.05], [0.03, 0.97], [0.4, 0.6], [0.05, 0.95], [0.1, 0.9]])
    found = doubts(training, probability)
    assert [(d.row, d.kind) for d in found] == [(0, "boundary"), (3, "boundary"), (2, "mislabelled")]
    assert found[2].p_own == pytest.approx(0.03)
