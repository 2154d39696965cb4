from __future__ import annotations

import itertools

import numpy as np
import pytest
from libraries import random_library
from scipy.stats import percentileofscore

from common.search import space as space_module
from common.search.distribution import SimilarityDistribution
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


def test_the_pairs_of_two_songs_give_nothing_a_place():
    space = build("balanced", random_library(2))
    similarity = space.similarity(0, 1)
    found = space.distribution
    assert similarity == pytest.approx(-1.0)
    assert found.percentile(similarity) == 50.0
    assert found.share(similarity) == "–"
    assert "no other pair" in found.standing(similarity)
    assert not found.is_alike(similarity)


def test_a_similarity_below_0_is_not_alike_however_few_are_above_it():
    found = SimilarityDistribution(np.linspace(-0.9, -0.1, 20))
    assert found.percentile(-0.1) > 90
    assert not found.is_alike(-0.1)
    assert SimilarityDistribution(np.linspace(-0.9, 0.1, 20)).is_alike(0.1)


def test_a_pair_is_never_above_itself():
    space = build("balanced", random_library(9))
    scores = np.sort(space.matrix[np.triu_indices(9, 1)])
    for place, (one, other) in enumerate(sorted(pairs(9), key=lambda pair: space.matrix[pair])):
        expected = percentileofscore(scores, scores[place], kind="mean")
        assert space.distribution.percentile(space.similarity(one, other)) == pytest.approx(expected)


def pairs(n: int) -> list[tuple[int, int]]:
    return list(itertools.combinations(range(n), 2))
