"""Boundary songs, and labels that are suspected with a stated rate of false alarms."""

from __future__ import annotations

import numpy as np
import pytest
from cleanlab.rank import get_label_quality_scores
from sklearn.metrics import roc_auc_score

from common.classifier.doubts import doubts, expected_false_alarms, suspicions
from common.classifier.songs import gather


def test_doubts_and_contradictions_are_kept_apart(make_library):
    _, made = make_library({"A": 3, "B": 3})
    made.columns["album"] = made.columns["artist"] = [None] * 6
    made.columns["song_name"][:] = [f"Song {i}" for i in range(6)]
    training = gather(made)
    probability = np.array([[0.52, 0.48], [0.97, 0.03], [0.01, 0.99], [0.4, 0.6], [0.05, 0.95], [0.1, 0.9]])
    found = doubts(training, probability)
    assert [(d.row, d.kind) for d in found] == [(0, "boundary"), (3, "boundary"), (2, "mislabelled")]
    assert found[2].p_own == pytest.approx(0.01)
    assert expected_false_alarms(found) == pytest.approx(1 - found[2].suspicion)


def test_suspicion_is_bayes_rule():
    found = suspicions(np.array([0]), np.array([[0.2, 0.5, 0.3]]))
    wrong = 0.05 / 2 * 0.8  # one label in twenty is wrong, and falls on either other genre alike
    assert found[0] == pytest.approx(wrong / (wrong + 0.95 * 0.2))


def test_album_mates_count():
    """One song filed differently from its album is suspected more, one filed like all others less."""
    y = np.array([0, 1, 1, 1, 1, 1])
    probability = np.full((6, 2), 0.5)
    alone = suspicions(y, probability)
    together = suspicions(y, probability, np.zeros(6, dtype=int))
    assert together[0] > alone[0]
    assert (together[1:] < alone[1:]).all()


def flipped(seed, n=400, n_genres=4):
    """Genres, calibrated probabilities of them, and labels of which one in twenty is wrong."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, n_genres, n)
    margins = rng.normal(size=(n, n_genres)) * 2
    margins[np.arange(n), truth] += 4
    probability = np.exp(margins) / np.exp(margins).sum(axis=1, keepdims=True)
    wrong = rng.random(n) < 0.05
    y = np.where(wrong, (truth + rng.integers(1, n_genres, n)) % n_genres, truth)
    return y, probability, wrong


def test_false_alarms_are_as_many_as_stated():
    stated = found = alarms = 0.0
    for seed in range(20):
        y, probability, wrong = flipped(seed)
        suspicion = suspicions(y, probability)
        listed = suspicion >= 0.5
        stated += (1 - suspicion[listed]).sum()
        alarms += (listed & ~wrong).sum()
        found += (listed & wrong).sum()
    assert found > 200  # of about 400
    assert 0.3 * stated < alarms < 1.25 * stated


def test_the_order_is_no_worse_than_cleanlabs():
    ours, theirs = [], []
    for seed in range(10):
        y, probability, wrong = flipped(seed)
        ours.append(roc_auc_score(wrong, suspicions(y, probability)))
        theirs.append(roc_auc_score(wrong, -get_label_quality_scores(y, probability)))
    assert np.mean(ours) >= 0.95
    assert np.mean(ours) >= np.mean(theirs) - 0.005
