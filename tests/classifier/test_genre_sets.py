"""Genre sets keep their promise on artists never heard, or promise nothing."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from classifier_cases import RULE, judged
from mapie.classification import SplitConformalClassifier
from sklearn.base import BaseEstimator, ClassifierMixin

from common.classifier.genre_sets import LEAST_GROUPS, judge_sets, least_probability


class Stated(ClassifierMixin, BaseEstimator):
    """A classifier that says what it is given."""

    classes_ = np.arange(4)

    def fit(self, X, y):
        self.fitted_ = True
        return self

    def predict_proba(self, X):
        return X

    def predict(self, X):
        return X.argmax(axis=1)


def made_up(n, seed):
    rng = np.random.default_rng(seed)
    probability = rng.dirichlet(np.full(4, 0.5), size=n)
    y = np.array([rng.choice(4, p=0.7 * row + 0.075) for row in probability])
    return probability, y


def test_sets_are_those_of_mapie():
    probability, y = made_up(200, 0)
    fresh, _ = made_up(100, 1)
    theirs = SplitConformalClassifier(Stated().fit(None, None), confidence_level=0.9, conformity_score="lac",
                                      prefit=True)  # fmt: skip
    theirs.conformalize(probability, y)
    sets = theirs.predict_set(fresh)[1][:, :, 0]
    ours = fresh >= least_probability(probability[np.arange(200), y], 0.9)
    assert (ours == sets).mean() > 0.995


@pytest.mark.parametrize("promised", [0.8, 0.9])
def test_the_promise_is_kept(promised):
    covered = []
    for seed in range(60):
        probability, y = made_up(100, seed)
        least = least_probability(probability[np.arange(100), y], promised)
        fresh, truth = made_up(200, 1000 + seed)
        covered.append((fresh[np.arange(200), truth] >= least).mean())
    assert np.mean(covered) == pytest.approx(promised, abs=0.02)


def test_too_few_songs_allow_no_threshold():
    assert least_probability(np.array([0.9, 0.8, 0.7]), 0.9) == 0.0


@pytest.mark.usefixtures("quick")
def test_a_library_of_few_artists_promises_nothing(make_library):
    _, made = make_library({"A": 12, "B": 12}, artists_per_genre=LEAST_GROUPS // 2 - 1)
    training, apart = judged(made, "artist")
    sets = judge_sets(training, [apart])
    assert sets.rule.least is None
    assert sets.coverage == {}
    assert sets.rule.genres(np.array([0.6, 0.4])) == []


@pytest.mark.usefixtures("quick")
def test_artists_apart_are_what_a_promise_rests_on(make_library):
    _, made = make_library({"A": 24, "B": 24}, artists_per_genre=8)
    training, plain = judged(made)
    _, apart = judged(made, "artist")
    sets = judge_sets(training, [plain, apart])
    assert (sets.rule.way, sets.rule.n_groups) == ("artist", 16)
    assert "16 artists" in sets.rule.basis
    assert set(sets.coverage) == {"plain", "artist"}
    assert min(sets.coverage.values()) >= 0.88


def test_a_set_has_the_likeliest_and_what_cannot_be_ruled_out():
    rule = dataclasses.replace(RULE, least=0.3, always=(2,))
    assert rule.genres(np.array([0.1, 0.85, 0.05])) == [1, 2]
    assert rule.genres(np.array([0.28, 0.26, 0.24, 0.22])) == [0, 2]
    assert rule.genres(np.array([0.45, 0.5, 0.05])) == [1, 0, 2]
