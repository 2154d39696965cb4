"""How the classifier is fitted: on training songs alone, and as the libraries would."""

from __future__ import annotations

import numpy as np
import pytest
import xgboost
from classifier_cases import SETTINGS, clustered_songs, trained
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from common.classifier.model import Settings, probabilities
from common.classifier.training import (
    PRIOR_SONGS,
    Trainer,
    candidates,
    fit_line,
    genre_weights,
    represent,
    search,
    tree_parameters,
)
from common.layout import N_FEATURES


class TestRepresentation:
    def test_without_weights_it_is_scaler_and_pca(self):
        X, y = clustered_songs([12, 14])
        ours = represent(X, y, 5, weigh=False)
        scaled = StandardScaler().fit_transform(X)
        theirs = PCA(5, svd_solver="full").fit(scaled)
        np.testing.assert_allclose(ours.standardised(X), scaled, atol=1e-9)
        np.testing.assert_allclose(np.abs(ours.axes), np.abs(theirs.components_), atol=1e-7)
        np.testing.assert_allclose(ours.variance, theirs.explained_variance_ratio_, atol=1e-9)
        np.testing.assert_allclose(ours.spread**2, theirs.explained_variance_, atol=1e-6)

    def test_weights_are_variance_between_over_within(self):
        X, y = clustered_songs([6, 9, 4])
        values = StandardScaler().fit_transform(X)
        feature = values[:, 17]
        groups = [feature[y == k] for k in range(3)]
        within = sum(((g - g.mean()) ** 2).sum() for g in groups) + PRIOR_SONGS
        within /= len(feature) - 3 + PRIOR_SONGS
        expected = np.var([g.mean() for g in groups]) / within
        assert genre_weights(values, y)[17] == pytest.approx(expected)

    def test_constant_features_count_for_nothing(self):
        X, y = clustered_songs([8, 8])
        X[:, ::2] = 7.0
        made = represent(X, y, 5)
        assert np.isfinite(made.components(X)).all()
        assert not made.weights[::2].any()
        np.testing.assert_allclose(made.axes[:, ::2], 0.0, atol=1e-12)

    def test_identical_songs_are_no_error(self):
        X = np.ones((6, N_FEATURES))
        made = represent(X, np.array([0, 0, 0, 1, 1, 1]), 5)
        assert np.isfinite(made.components(X)).all()

    def test_no_more_components_than_songs_allow(self):
        X, y = clustered_songs([3, 3])
        made = represent(X, y, 15)
        assert len(made.axes) == 5
        assert made.variance.sum() == pytest.approx(1.0)

    def test_components_for_a_share(self):
        X, y = clustered_songs([20, 20])
        made = represent(X, y, 15)
        n = made.components_for(0.85)
        assert made.spectrum[:n].sum() >= 0.85 > made.spectrum[: n - 1].sum()


def test_the_line_is_a_logistic_regression():
    X, y = clustered_songs([15, 15, 15], spread=0.3)
    components = represent(X, y, 4).components(X)
    ours = probabilities(fit_line(components, y, 0.1).margins(components))
    theirs = LogisticRegression(C=0.1, max_iter=10_000, tol=1e-8).fit(components, y)
    np.testing.assert_allclose(ours, theirs.predict_proba(components), atol=1e-3)


def test_ten_songs_per_genre_are_enough_for_a_leaf():
    model, _, _ = trained([10] * 10, Settings(15, 0.003, 20), spread=0.15)
    assert any("leaf" in tree and "<" in tree for tree in model.trees.get_dump())


def test_the_trees_are_those_of_xgboosts_own_training():
    X, y = clustered_songs([9, 8, 7], spread=0.2)
    trainer = Trainer(X, y, ["A", "B", "C"], np.arange(len(y)), 6)
    _, margins = trainer.line(SETTINGS)
    data = xgboost.DMatrix(trainer.representation.components(X), y, base_margin=margins)
    theirs = xgboost.train(tree_parameters(y), data, SETTINGS.rounds)
    assert trainer.model(SETTINGS).booster == bytes(theirs.save_raw("ubj"))


def test_the_same_songs_give_the_same_model():
    first, X, _ = trained([9, 11])
    second, _, _ = trained([9, 11])
    assert first.booster == second.booster
    assert (first.margins(X) == second.margins(X)).all()


def test_search_prefers_what_predicts_unseen_songs():
    X, y = clustered_songs([20, 20], spread=0.05)
    units = np.arange(len(y))
    chosen = search(X, y, ["A", "B"], units, units, [2, 30])
    assert chosen in candidates([2, 30])
