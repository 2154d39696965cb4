"""Contributions of components add up and agree with XGBoost's own."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import xgboost
from classifier_cases import reasoned

from common.classifier.contributions import contribute, strongest_interaction
from common.classifier.model import TREE_COMPONENTS


@pytest.fixture(scope="module", params=[2, 3, 5])
def fitted(request):
    model, X = reasoned(request.param)
    return model, X, contribute(model, X)


class TestContributions:
    def test_they_add_up_to_the_margins(self, fitted):
        model, X, found = fitted
        np.testing.assert_allclose(found.margins, model.margins(X), atol=1e-5)

    def test_trees_agree_with_xgboosts_own(self, fitted):
        model, _, found = fitted
        own = model.trees.predict(xgboost.DMatrix(found.components[:, :TREE_COMPONENTS]), pred_contribs=True)
        own = own.reshape(len(own), -1, own.shape[-1])
        sharp = model.certainty.sharpness
        np.testing.assert_allclose(found.trees[..., :TREE_COMPONENTS], sharp * own[..., :-1], atol=1e-5)
        base = sharp * (model.line.intercepts + own[0, :, -1])
        np.testing.assert_allclose(found.base, base, atol=1e-5)
        assert np.abs(found.trees).max() > 0.01

    def test_the_line_is_explained_from_the_average_song(self, fitted):
        _, _, found = fitted
        np.testing.assert_allclose(found.line.mean(axis=0), 0.0, atol=1e-9)

    def test_towards_a_genre(self, fitted):
        model, _, found = fitted
        total = sum(found.towards(k) for k in range(len(model.genres)))
        np.testing.assert_allclose(total, 0.0, atol=1e-9)
        assert sorted(found.by_strength()) == list(range(20))


class TestInteraction:
    def test_the_partner_is_found(self):
        model, _ = reasoned(2)
        rng = np.random.default_rng(0)
        values = rng.normal(size=(400, 6))
        odd = (values[:, 1] > 0) ^ (values[:, 4] > 0)
        booster = xgboost.train(
            {"objective": "binary:logistic", "max_depth": 2, "base_score": 0.5},
            xgboost.DMatrix(values, odd.astype(int)),
            30,
        )
        model = dataclasses.replace(model, booster=bytes(booster.save_raw("ubj")))
        assert strongest_interaction(model, values, 1) == 4
        assert strongest_interaction(model, values, 4) == 1

    def test_stumps_have_none(self):
        model, _ = reasoned(2)
        values = np.random.default_rng(0).normal(size=(100, 6))
        booster = xgboost.train(
            {"objective": "binary:logistic", "max_depth": 1, "base_score": 0.5},
            xgboost.DMatrix(values, (values[:, 0] > 0).astype(int)),
            3,
        )
        model = dataclasses.replace(model, booster=bytes(booster.save_raw("ubj")))
        assert strongest_interaction(model, values, 0) is None
