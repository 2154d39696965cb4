from __future__ import annotations

import numpy as np
import pytest
from libraries import random_library
from scipy.stats import percentileofscore

from common.search import space as space_module
from common.search.spaces import SPACES, build

UNTRAINED = sorted(set(SPACES) - {"classifier"})


@pytest.fixture(params=UNTRAINED)
def space_name(request) -> str:
    return request.param


def test_percentile_counts_all_pairs(space_name):
    space = build(space_name, random_library(30))
    scores = space.matrix[np.triu_indices(30, 1)]
    for score in (-2.0, -0.1, 0.0, float(scores[17]), 2.0):
        expected = percentileofscore(scores, score, kind="mean")
        assert space.distribution.percentile(score) == pytest.approx(expected)
    assert "435 pairs" in space.distribution.standing(0.1)


def test_a_large_library_is_judged_by_a_sample(monkeypatch):
    library = random_library(60)
    every = build("balanced", library).distribution
    monkeypatch.setattr(space_module, "MATRIX_LIMIT_MB", 0)
    sample = build("balanced", library).distribution
    assert sample.sampled
    assert "sampled" in sample.standing(0.1)
    assert sample.percentile(0.1) == pytest.approx(every.percentile(0.1), abs=1.0)
