"""How the classifier is fitted: on training songs alone, and as the libraries would."""

from __future__ import annotations

import numpy as np
import pytest
import xgboost
from classifier_cases import SETTINGS, clustered_songs, trained
from scipy.stats import multivariate_normal
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler

from common.classifier.model import Settings, probabilities
from common.classifier.training import (
    PRIOR_SONGS,
    Discriminant,
    Growing,
    Trainer,
    genre_weights,
    represent,
    tree_parameters,
)
from common.layout import N_FEATURES, SLICES


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


@pytest.mark.parametrize("sizes", [[15, 10], [15, 12, 9]])
@pytest.mark.parametrize("shrinkage", [0.1, 0.6])
def test_the_line_is_a_linear_discriminant(sizes, shrinkage):
    X, y = clustered_songs(sizes, spread=0.3)
    components = represent(X, y, 8).components(X)
    ours = probabilities(Discriminant(components, y).line(shrinkage).margins(components))
    shares = np.bincount(y) / len(y)
    within = sum(p * np.cov(components[y == k].T, bias=True) for k, p in enumerate(shares))
    level = np.trace(within) / len(within) * np.eye(len(within))
    covariance = (1 - shrinkage) * within + shrinkage * level
    densities = [
        p * multivariate_normal(components[y == k].mean(axis=0), covariance).pdf(components)
        for k, p in enumerate(shares)
    ]
    np.testing.assert_allclose(ours, np.transpose(densities) / np.sum(densities, axis=0)[:, None], atol=1e-9)


def test_ten_songs_per_genre_are_enough_for_a_leaf():
    model, _, _ = trained([10] * 10, Settings(15, 0.3, 20), spread=0.15)
    assert any("leaf" in tree and "<" in tree for tree in model.trees.get_dump())


def test_the_trees_are_those_of_xgboosts_own_training():
    X, y = clustered_songs([9, 8, 7], spread=0.2)
    trainer = Trainer(X, y, ["A", "B", "C"], np.arange(len(y)), 6)
    margins = trainer.held_out_margins(SETTINGS)
    data = xgboost.DMatrix(trainer.representation.components(X), y, base_margin=margins)
    theirs = xgboost.train(tree_parameters(y), data, SETTINGS.rounds)
    assert trainer.model(SETTINGS).booster == bytes(theirs.save_raw("ubj"))


def test_the_same_songs_give_the_same_model():
    first, X, _ = trained([9, 11])
    second, _, _ = trained([9, 11])
    assert first.booster == second.booster
    assert (first.margins(X) == second.margins(X)).all()


def test_pitch_and_drift_are_not_read():
    X, _ = clustered_songs([12, 12])
    model = trained([12, 12])[0]
    changed = X.copy()
    for name in ("chroma_mean", "chroma_std", "tonnetz_mean", "tonnetz_std", "mfcc_delta_mean"):
        changed[:, SLICES[name]] = np.random.default_rng(0).normal(size=changed[:, SLICES[name]].shape)
    assert (model.margins(changed) == model.margins(X)).all()


def test_trees_that_grow_later_are_the_same_trees():
    X, y = clustered_songs([10, 10, 10], spread=0.2)
    components = represent(X, y, 6).components(X)
    growing = Growing(components, y)
    growing.grow(3)
    assert growing.grow(9).save_raw("ubj") == Growing(components, y).grow(9).save_raw("ubj")
