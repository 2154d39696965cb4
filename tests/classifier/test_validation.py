"""Cross-validation judges honestly: nothing of a left-out song is seen."""

from __future__ import annotations

import numpy as np
import pytest
from classifier_cases import SETTINGS, judged
from sklearn.metrics import accuracy_score, f1_score

from common.classifier import folds
from common.classifier.explanation import verdict
from common.classifier.folds import n_repeats
from common.classifier.songs import gather
from common.classifier.validation import cross_validate, hold_out, judge_fold

pytestmark = pytest.mark.usefixtures("quick")


@pytest.mark.parametrize("sizes", [{"A": 8, "B": 9}, {"A": 8, "B": 8, "C": 8}, {"A": 36, "B": 4}])
def test_clear_genres_are_learned(make_library, sizes):
    _, made = make_library(sizes)
    training, scores = judged(made)
    assert scores.model.accuracy > 0.9 >= scores.measures["majority"].accuracy
    assert scores.interval[0] <= scores.model.accuracy <= scores.interval[1]
    np.testing.assert_allclose(scores.probability.sum(axis=1), 1.0)
    said = scores.probability.argmax(axis=1)
    assert scores.model.macro_f1 == pytest.approx(f1_score(training.y, said, average="macro"))
    assert scores.model.accuracy == pytest.approx(accuracy_score(training.y, said), abs=0.05)


def test_five_genres_with_artists_apart(make_library):
    _, made = make_library(dict.fromkeys("ABCDE", 8), artists_per_genre=4)
    _, scores = judged(made, "artist")
    assert scores.model.accuracy > 0.9
    assert scores.unseen == ()


def test_chance_is_chance(make_library):
    """Genres that mean nothing are not predicted, though there are ten times as many numbers as songs."""
    _, made = make_library({"A": 60})
    made.columns["genre"][:] = ["A", "B"] * 30
    _, scores = judged(made)
    assert scores.model.accuracy < 0.72


def test_two_songs_per_genre(make_library):
    _, made = make_library({"A": 2, "B": 2})
    training, scores = judged(made, components=(15,))
    assert scores.folds == 2
    assert np.isfinite(scores.probability).all()
    assert hold_out(training, (15,)).n_test >= 1


def test_constant_features_and_duplicates(make_library):
    _, made = make_library({"A": 8, "B": 8})
    made.embeddings[:, 100:500] = 3.0
    made.embeddings[1] = made.embeddings[0]
    training, scores = judged(made)
    assert training.n_duplicates == 1
    assert scores.model.accuracy > 0.9


def test_a_poisoned_test_row_changes_no_fitted_number(make_library):
    _, made = make_library({"A": 10, "B": 10})
    training = gather(made)
    held = np.zeros(20, dtype=bool)
    held[[3, 4, 15]] = True
    clean = judge_fold(training, held, training.units, (5,))
    training.X[3] = 1e6
    poisoned = judge_fold(training, held, training.units, (5,))
    assert poisoned.model.settings == clean.model.settings
    assert poisoned.train_accuracy == clean.train_accuracy
    for name in clean.by:
        assert (poisoned.by[name][1:] == clean.by[name][1:]).all()


def test_what_is_left_out_together_is_never_learned_from(make_library, monkeypatch):
    _, made = make_library({"A": 9, "B": 9}, artists_per_genre=3)
    training = gather(made)
    seen = []
    original = judge_fold

    def spy(training, held, groups, components):
        seen.append(set(groups[held]) & set(groups[~held]))
        return original(training, held, groups, components)

    monkeypatch.setattr("common.classifier.validation.judge_fold", spy)
    cross_validate(training, "artist", (3,), lambda: None)
    assert seen
    assert not any(seen)


def test_a_genre_by_one_artist_is_named(make_library):
    _, made = make_library({"A": 8, "B": 8, "SOLO": 5}, artists_per_genre=4)
    for row in made.indices_of("SOLO"):
        made.columns["artist"][row] = "Solo"
    _, scores = judged(made, "artist")
    assert "SOLO" in scores.unseen


def test_holdout_is_stratified(make_library):
    _, made = make_library({"A": 30, "B": 10})
    training = gather(made)
    found = hold_out(training, (5,))
    assert (found.n_train, found.n_test) == (32, 8)
    assert found.test_accuracy > 0.8


def test_many_songs_are_split_once_and_searched_on_a_sample(make_library, monkeypatch):
    _, made = make_library({"A": 20, "B": 30})
    searched = []

    def search(X, y, *others):
        searched.append(np.bincount(y).tolist())
        return SETTINGS

    monkeypatch.setattr("common.classifier.selection.search", search)
    monkeypatch.setattr("common.classifier.folds.MANY", 10)
    training, scores = judged(made)
    assert (scores.repeats, scores.folds) == (1, 5)
    assert scores.probability.shape == (50, 2)
    assert searched == [[4, 6]] * 5
    monkeypatch.setattr("common.classifier.folds.MANY", 50)
    assert n_repeats(training, "plain") == folds.REPEATS["plain"]


def test_a_song_is_told_what_it_was_judged(make_library):
    """The table of all songs and the explanation of one agree, however sure the models of the folds are."""
    _, made = make_library({"A": 14, "B": 14, "C": 14})
    rng = np.random.default_rng(3)
    made.embeddings[:] += rng.normal(scale=4.0, size=made.embeddings.shape)
    made.embeddings[::3] *= 2.0  # far out, where margins are large
    training, scores = judged(made)
    assert scores.uncalibrated.min() < 1e-14
    told = [verdict(scores.models_for(i), training.X[i : i + 1])[0] for i in range(len(training))]
    np.testing.assert_allclose(told, scores.probability, atol=1e-6)
