"""What the model says: probabilities, and how familiar a song is."""

from __future__ import annotations

import numpy as np
import pytest
import xgboost
from classifier_cases import trained

from common.classifier.model import UNFAMILIAR, Certainty, Settings, is_unfamiliar


@pytest.mark.parametrize("sizes", [[10, 12], [8, 9, 10], [6, 6, 6, 6, 6]])
def test_probabilities_are_those_of_xgboost_started_from_the_line(sizes):
    model, X, _ = trained(sizes)
    components = model.components(X)
    line = model.line.margins(components)
    data = xgboost.DMatrix(components, base_margin=line[:, 0] if line.shape[1] == 1 else line)
    theirs = model.trees.predict(data)
    ours = model.probabilities(X)
    np.testing.assert_allclose(ours[:, 1] if len(sizes) == 2 else ours, theirs, atol=1e-5)
    np.testing.assert_allclose(ours.sum(axis=1), 1.0)


def test_a_strange_song_is_noticed():
    model, X, _ = trained([20, 20])
    usual = model.familiarity.share_nearer(model.representation.standardised(X))
    strange = model.representation.standardised(X[:1] + 30.0)
    assert usual.mean() < 0.6
    assert model.familiarity.share_nearer(strange)[0] == 1.0
    assert is_unfamiliar(1.0)
    assert not is_unfamiliar(UNFAMILIAR)


@pytest.mark.parametrize("sizes", [[20, 22], [20, 18, 21]])
def test_a_compact_model_says_the_same(sizes):
    model, X, _ = trained(sizes, Settings(40, 0.3, 10), spread=0.2)
    compact = model.compact()
    assert len(compact.representation.axes) < len(model.representation.axes)
    np.testing.assert_allclose(compact.margins(X), model.margins(X), atol=1e-9)


def test_a_lapse_keeps_every_genre_possible():
    certainty = Certainty(sharpness=0.5, lapse=0.1)
    found = certainty.probabilities(np.array([[40.0, 0.0, 0.0, 0.0, 0.0]]))
    np.testing.assert_allclose(found, [[0.92, 0.02, 0.02, 0.02, 0.02]], atol=1e-9)
