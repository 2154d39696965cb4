"""The classifier and its scores: fitted on training songs alone, saved bit for bit, judged honestly."""

from __future__ import annotations

import dataclasses
import pickle
import subprocess
import sys

import numpy as np
import pytest
import xgboost
from scipy.sparse.csgraph import connected_components
from scipy.spatial.distance import cdist
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, adjusted_rand_score, f1_score
from sklearn.preprocessing import StandardScaler

from common import library
from common.classifier import evaluation
from common.classifier import model as classifier
from common.classifier.model import Settings, Trainer
from common.console import UserError
from common.files import ArtifactError, dump_plain, load_plain
from common.layout import N_FEATURES
from common.paths import PROJECT, TRAIN

SETTINGS = Settings(n_components=6, penalty=0.01, rounds=15)


def songs(sizes, spread=1.0, seed=0):
    """Clustered songs: X, y."""
    rng = np.random.default_rng(seed)
    y = np.repeat(np.arange(len(sizes)), sizes)
    centres = rng.normal(size=(len(sizes), N_FEATURES)) * spread
    return centres[y] + rng.normal(size=(len(y), N_FEATURES)), y


def trained(sizes, settings=SETTINGS, **options):
    X, y = songs(sizes, **options)
    genres = [f"G{k}" for k in range(len(sizes))]
    return Trainer(X, y, genres, np.arange(len(y)), settings.n_components).model(settings), X, y


@pytest.fixture
def quick(monkeypatch):
    """One repeat of each way of splitting, and two candidates to search."""
    monkeypatch.setattr(evaluation, "REPEATS", dict.fromkeys(evaluation.REPEATS, 1))
    monkeypatch.setattr(classifier, "ROUNDS", (20,))


def judged(made, way="plain", components=(5,)):
    training = evaluation.gather(made)
    return training, evaluation.cross_validate(training, way, components, lambda: None)


class TestRepresentation:
    def test_without_weights_it_is_scaler_and_pca(self):
        X, y = songs([12, 14])
        ours = classifier.represent(X, y, 5, weigh=False)
        scaled = StandardScaler().fit_transform(X)
        theirs = PCA(5, svd_solver="full").fit(scaled)
        np.testing.assert_allclose(ours.standardised(X), scaled, atol=1e-9)
        np.testing.assert_allclose(np.abs(ours.axes), np.abs(theirs.components_), atol=1e-7)
        np.testing.assert_allclose(ours.variance, theirs.explained_variance_ratio_, atol=1e-9)
        np.testing.assert_allclose(ours.spread**2, theirs.explained_variance_, atol=1e-6)

    def test_weights_are_variance_between_over_within(self):
        X, y = songs([6, 9, 4])
        values = StandardScaler().fit_transform(X)
        feature = values[:, 17]
        groups = [feature[y == k] for k in range(3)]
        within = sum(((g - g.mean()) ** 2).sum() for g in groups) + classifier.PRIOR_SONGS
        within /= len(feature) - 3 + classifier.PRIOR_SONGS
        expected = np.var([g.mean() for g in groups]) / within
        assert classifier.genre_weights(values, y)[17] == pytest.approx(expected)

    def test_constant_features_count_for_nothing(self):
        X, y = songs([8, 8])
        X[:, ::2] = 7.0
        made = classifier.represent(X, y, 5)
        assert np.isfinite(made.components(X)).all()
        assert not made.weights[::2].any()
        np.testing.assert_allclose(made.axes[:, ::2], 0.0, atol=1e-12)

    def test_identical_songs_are_no_error(self):
        X = np.ones((6, N_FEATURES))
        made = classifier.represent(X, np.array([0, 0, 0, 1, 1, 1]), 5)
        assert np.isfinite(made.components(X)).all()

    def test_no_more_components_than_songs_allow(self):
        X, y = songs([3, 3])
        made = classifier.represent(X, y, 15)
        assert len(made.axes) == 5
        assert made.variance.sum() == pytest.approx(1.0)

    def test_components_for_a_share(self):
        X, y = songs([20, 20])
        made = classifier.represent(X, y, 15)
        n = made.components_for(0.85)
        assert made.spectrum[:n].sum() >= 0.85 > made.spectrum[: n - 1].sum()


class TestFolds:
    @pytest.mark.parametrize("seed", range(5))
    def test_genres_are_spread_evenly(self, seed):
        y = np.repeat([0, 1, 2], [23, 10, 5])
        folds = classifier.assign_folds(y, np.arange(len(y)), 5, seed)
        for genre in range(3):
            counts = np.bincount(folds[y == genre], minlength=5)
            assert counts.max() - counts.min() <= 1
        sizes = np.bincount(folds, minlength=5)
        assert sizes.max() - sizes.min() <= 2

    @pytest.mark.parametrize("seed", range(5))
    def test_units_stay_whole(self, seed):
        rng = np.random.default_rng(seed)
        units, y = rng.integers(0, 12, 60), rng.integers(0, 3, 60)
        folds = classifier.assign_folds(y, units, 4, seed)
        assert all(len(set(folds[units == unit])) == 1 for unit in set(units))

    def test_a_genre_of_two_is_never_wholly_left_out(self):
        y = np.array([0] * 30 + [1] * 2)
        for seed in range(20):
            folds = classifier.assign_folds(y, np.arange(32), 5, seed)
            assert folds[30] != folds[31]


class TestModel:
    def test_the_line_is_a_logistic_regression(self):
        X, y = songs([15, 15, 15], spread=0.3)
        components = classifier.represent(X, y, 4).components(X)
        ours = classifier.probabilities(classifier.fit_line(components, y, 0.1).margins(components))
        theirs = LogisticRegression(C=0.1, max_iter=10_000, tol=1e-8).fit(components, y)
        np.testing.assert_allclose(ours, theirs.predict_proba(components), atol=1e-3)

    @pytest.mark.parametrize("sizes", [[10, 12], [8, 9, 10], [6, 6, 6, 6, 6]])
    def test_probabilities_are_those_of_xgboost_started_from_the_line(self, sizes):
        model, X, _ = trained(sizes)
        components = model.components(X)
        line = model.line.margins(components)
        data = xgboost.DMatrix(components, base_margin=line[:, 0] if line.shape[1] == 1 else line)
        theirs = model.trees.predict(data)
        ours = model.probabilities(X)
        np.testing.assert_allclose(ours[:, 1] if len(sizes) == 2 else ours, theirs, atol=1e-5)
        np.testing.assert_allclose(ours.sum(axis=1), 1.0)

    def test_ten_songs_per_genre_are_enough_for_a_leaf(self):
        model, _, _ = trained([10] * 10, Settings(15, 0.003, 20), spread=0.15)
        assert any("leaf" in tree and "<" in tree for tree in model.trees.get_dump())

    def test_the_trees_are_those_of_xgboosts_own_training(self):
        X, y = songs([9, 8, 7], spread=0.2)
        trainer = Trainer(X, y, ["A", "B", "C"], np.arange(len(y)), 6)
        _, margins = trainer.line(SETTINGS)
        data = xgboost.DMatrix(trainer.representation.components(X), y, base_margin=margins)
        theirs = xgboost.train(classifier.tree_parameters(y), data, SETTINGS.rounds)
        assert trainer.model(SETTINGS).booster == bytes(theirs.save_raw("ubj"))

    def test_the_same_songs_give_the_same_model(self):
        first, X, _ = trained([9, 11])
        second, _, _ = trained([9, 11])
        assert first.booster == second.booster
        assert (first.margins(X) == second.margins(X)).all()

    def test_brier_score(self):
        probability = np.array([[0.8, 0.2], [0.3, 0.7]])
        expected = ((0.2**2 + 0.2**2) + (0.7**2 + 0.7**2)) / 2
        assert classifier.brier_score(probability, np.array([0, 0])) == pytest.approx(expected)

    def test_a_strange_song_is_noticed(self):
        model, X, _ = trained([20, 20])
        usual = model.familiarity.share_nearer(model.representation.standardised(X))
        strange = model.representation.standardised(X[:1] + 30.0)
        assert usual.mean() < 0.6
        assert model.familiarity.share_nearer(strange)[0] == 1.0

    def test_search_prefers_what_predicts_unseen_songs(self):
        X, y = songs([20, 20], spread=0.05)
        units = np.arange(len(y))
        chosen = classifier.search(X, y, ["A", "B"], units, units, [2, 30])
        assert chosen in classifier.candidates([2, 30])


class TestSaved:
    def test_it_comes_back_bit_for_bit_in_another_process(self, tmp_path):
        model, X, _ = trained([9, 8, 7])
        path = tmp_path / "model.pkl"
        classifier.save(dataclasses.replace(model, about={"scores": {"a": 1}}), path)
        np.save(tmp_path / "X.npy", X)
        code = (
            "import sys, numpy as np; from common.classifier import model as classifier\n"
            "model = classifier.load(__import__('pathlib').Path(sys.argv[1]))\n"
            "np.save(sys.argv[3], model.probabilities(np.load(sys.argv[2])))"
        )
        arguments = [str(path), str(tmp_path / "X.npy"), str(tmp_path / "P.npy")]
        subprocess.run([sys.executable, "-c", code, *arguments], check=True, cwd=PROJECT)
        assert (np.load(tmp_path / "P.npy") == model.probabilities(X)).all()
        again = classifier.load(path)
        assert (again.genres, again.settings) == (model.genres, model.settings)
        assert again.about == {"scores": {"a": 1}}

    def change(self, path, **changes):
        content = load_plain(path, "")
        dump_plain({**content, **changes}, path)

    def refused(self, path):
        with pytest.raises(ArtifactError) as caught:
            classifier.load(path)
        assert TRAIN in str(caught.value)
        assert "\n" not in str(caught.value)
        return str(caught.value)

    def test_another_layout_is_refused(self, tmp_path):
        path = tmp_path / "model.pkl"
        classifier.save(trained([5, 5])[0], path)
        self.change(path, layout_id="0" * 16)
        assert "layout" in self.refused(path)

    def test_damage_is_refused(self, tmp_path):
        path = tmp_path / "model.pkl"
        classifier.save(trained([5, 5])[0], path)
        whole = path.read_bytes()
        for position in (len(whole) // 3, len(whole) // 2, len(whole) - 60):
            path.write_bytes(whole[:position] + bytes([whole[position] ^ 1]) + whole[position + 1 :])
            self.refused(path)
        for length in (0, 10, len(whole) // 2):
            path.write_bytes(whole[:length])
            self.refused(path)
        path.unlink()
        assert "does not exist" in self.refused(path)

    def test_a_strangers_pickle_is_refused(self, tmp_path):
        path = tmp_path / "model.pkl"
        path.write_bytes(pickle.dumps(np.float64(1.0)))
        self.refused(path)
        for content in ([], {"checksum": ""}, {"layout_id": 1}):
            path.write_bytes(pickle.dumps(content))
            self.refused(path)

    def test_the_fingerprint_knows_songs_and_genres(self):
        X, _ = songs([2, 2])
        same = classifier.fingerprint(X, ["A", "B"])
        assert same == classifier.fingerprint(X.copy(), ["A", "B"])
        assert same != classifier.fingerprint(X + 1, ["A", "B"])
        assert same != classifier.fingerprint(X, ["A", "C"])


class TestGather:
    def test_unknown_and_single_songs_are_left_out(self, make_library):
        _, made = make_library({"A": 4, "B": 5, "LONELY": 1, "UNKNOWN": 3})
        training = evaluation.gather(made)
        assert training.genres == ("A", "B")
        assert {made.genres[row] for row in training.rows} == {"A", "B"}
        assert any("LONELY" in notice for notice in training.left_out)

    @pytest.mark.parametrize("genres", [{"A": 6}, {"A": 6, "B": 1}, {"UNKNOWN": 4}, {"A": 1}])
    def test_one_genre_is_one_sentence(self, make_library, genres):
        _, made = make_library(genres)
        with pytest.raises(UserError, match="genre"):
            evaluation.gather(made)

    def test_the_same_recording_is_one_unit(self, make_library):
        _, made = make_library({"A": 6, "B": 6})
        made.embeddings[7] = made.embeddings[2] * (1 + 1e-4)
        training = evaluation.gather(made)
        assert training.n_duplicates == 1
        assert training.units[7] == training.units[2]
        assert len(set(training.units)) == 11
        for groups in training.groups.values():
            assert groups[7] == groups[2]

    def test_artists_come_from_tag_name_or_album(self, make_library):
        _, made = make_library({"A": 6, "B": 6}, artists_per_genre=2)
        made.columns["artist"][0] = None  # the name still says "A Artist 1 - Song 001"
        made.columns["artist"][1], made.columns["song_name"][1] = None, "untitled"
        groups = evaluation.gather(made).groups["artist"]
        assert groups[0] == groups[2]
        assert groups[1] not in {groups[0], groups[2]}

    def test_folds_drop_to_the_smallest_genre(self, make_library):
        _, made = make_library({"A": 9, "B": 3})
        training = evaluation.gather(made)
        assert evaluation.n_folds(training, "plain") == 3

    def test_one_artist_per_genre_gives_no_grouped_score(self, make_library):
        _, made = make_library({"A": 9, "B": 5}, artists_per_genre=1)
        assert evaluation.n_folds(evaluation.gather(made), "artist") == 0


@pytest.mark.usefixtures("quick")
class TestEvaluation:
    @pytest.mark.parametrize("sizes", [{"A": 8, "B": 9}, {"A": 8, "B": 8, "C": 8}, {"A": 36, "B": 4}])
    def test_clear_genres_are_learned(self, make_library, sizes):
        _, made = make_library(sizes)
        training, scores = judged(made)
        assert scores.model.accuracy > 0.9 >= scores.majority.accuracy
        assert scores.interval[0] <= scores.model.accuracy <= scores.interval[1]
        np.testing.assert_allclose(scores.probability.sum(axis=1), 1.0)
        said = scores.probability.argmax(axis=1)
        assert scores.model.macro_f1 == pytest.approx(f1_score(training.y, said, average="macro"))
        assert scores.model.accuracy == pytest.approx(accuracy_score(training.y, said), abs=0.05)

    def test_five_genres_with_artists_apart(self, make_library):
        _, made = make_library(dict.fromkeys("ABCDE", 8), artists_per_genre=4)
        _, scores = judged(made, "artist")
        assert scores.model.accuracy > 0.9
        assert scores.unseen == ()

    def test_chance_is_chance(self, make_library):
        """Genres that mean nothing are not predicted, though there are ten times as many numbers as songs."""
        _, made = make_library({"A": 60})
        made.columns["genre"][:] = ["A", "B"] * 30
        _, scores = judged(made)
        assert scores.model.accuracy < 0.72

    def test_two_songs_per_genre(self, make_library):
        _, made = make_library({"A": 2, "B": 2})
        training, scores = judged(made, components=(15,))
        assert scores.folds == 2
        assert np.isfinite(scores.probability).all()
        assert evaluation.hold_out(training, (15,)).n_test >= 1

    def test_constant_features_and_duplicates(self, make_library):
        _, made = make_library({"A": 8, "B": 8})
        made.embeddings[:, 100:500] = 3.0
        made.embeddings[1] = made.embeddings[0]
        training, scores = judged(made)
        assert training.n_duplicates == 1
        assert scores.model.accuracy > 0.9

    def test_a_poisoned_test_row_changes_no_fitted_number(self, make_library):
        _, made = make_library({"A": 10, "B": 10})
        training = evaluation.gather(made)
        held = np.zeros(20, dtype=bool)
        held[[3, 4, 15]] = True
        clean = evaluation.judge_fold(training, held, training.units, (5,))
        training.X[3] = 1e6
        poisoned = evaluation.judge_fold(training, held, training.units, (5,))
        assert poisoned.settings == clean.settings
        assert poisoned.train_accuracy == clean.train_accuracy
        for name in evaluation.CLASSIFIERS:
            assert (poisoned.by[name][1:] == clean.by[name][1:]).all()

    def test_what_is_left_out_together_is_never_learned_from(self, make_library, monkeypatch):
        _, made = make_library({"A": 9, "B": 9}, artists_per_genre=3)
        training = evaluation.gather(made)
        seen = []
        original = evaluation.judge_fold

        def spy(training, held, groups, components):
            seen.append(set(groups[held]) & set(groups[~held]))
            return original(training, held, groups, components)

        monkeypatch.setattr(evaluation, "judge_fold", spy)
        evaluation.cross_validate(training, "artist", (3,), lambda: None)
        assert seen
        assert not any(seen)

    def test_the_difference_of_two_ways_is_that_of_their_accuracies(self, make_library):
        _, made = make_library({"A": 12, "B": 12}, artists_per_genre=4)
        made.embeddings[:] += np.random.default_rng(1).normal(scale=25, size=made.embeddings.shape)
        training, plain = judged(made)
        apart = evaluation.cross_validate(training, "artist", (5,), lambda: None)
        found = evaluation.difference(training, plain, apart)
        assert found.value == pytest.approx(plain.model.accuracy - apart.model.accuracy)
        assert found.interval[0] <= found.value <= found.interval[1]
        weight, right = apart.tally
        assert right.sum() / weight.sum() == pytest.approx(apart.model.accuracy)
        same = evaluation.difference(training, apart, apart)
        assert (same.value, same.interval, same.is_clear) == (0.0, (0.0, 0.0), False)

    def test_a_difference_in_every_artist_is_clear(self, make_library):
        _, made = make_library({"A": 12, "B": 12}, artists_per_genre=6)
        training, plain = judged(made)
        wrong = dataclasses.replace(plain, way="artist", tally=plain.tally * [[1.0], [0.5]])
        assert evaluation.difference(training, plain, wrong).is_clear

    def test_a_genre_by_one_artist_is_named(self, make_library):
        _, made = make_library({"A": 8, "B": 8, "SOLO": 5}, artists_per_genre=4)
        for row in made.indices_of("SOLO"):
            made.columns["artist"][row] = "Solo"
        _, scores = judged(made, "artist")
        assert "SOLO" in scores.unseen

    def test_holdout_is_stratified(self, make_library):
        _, made = make_library({"A": 30, "B": 10})
        training = evaluation.gather(made)
        found = evaluation.hold_out(training, (5,))
        assert (found.n_train, found.n_test) == (32, 8)
        assert found.test_accuracy > 0.8

    def test_the_final_model_knows_what_it_was_made_of(self, make_library):
        _, made = make_library({"A": 6, "B": 6})
        training = evaluation.gather(made)
        model = evaluation.fit_final(training, (4,), {"x": 1})
        assert model.about["training"]["songs"] == 12
        assert model.about["scores"] == {"x": 1}
        assert set(model.about["versions"]) >= {"xgboost", "numpy"}


class TestCounting:
    def test_calibration(self):
        probability = np.array([[0.6, 0.4], [0.9, 0.1], [0.1, 0.9], [0.0, 1.0]])
        bins = evaluation.calibration(np.array([0, 0, 0, 1]), probability)
        by_low = {b.low: b for b in bins}
        assert (by_low[0.5].n, by_low[0.5].right) == (1, 1.0)
        assert (by_low[0.85].n, by_low[0.85].right) == (2, 0.5)
        assert by_low[0.95].n == 1
        assert by_low[0.7].said is None
        expected = (1 * 0.4 + 2 * 0.4 + 0) / 4
        assert evaluation.expected_calibration_error(bins) == pytest.approx(expected)

    def test_doubts_and_contradictions_are_kept_apart(self, make_library):
        _, made = make_library({"A": 3, "B": 3})
        training = evaluation.gather(made)
        probability = np.array(
            [[0.52, 0.48], [0.95, 0.05], [0.03, 0.97], [0.4, 0.6], [0.05, 0.95], [0.1, 0.9]]
        )
        found = evaluation.doubts(training, probability)
        assert [(d.row, d.kind) for d in found] == [(0, "boundary"), (3, "boundary"), (2, "mislabelled")]
        assert found[2].p_own == pytest.approx(0.03)

    def test_confusion_and_genres(self, make_library):
        _, made = make_library({"A": 3, "B": 3})
        training = evaluation.gather(made)
        probability = np.eye(2)[[0, 0, 1, 1, 1, 1]]
        assert evaluation.confusion(training, probability).tolist() == [[2, 1], [0, 3]]
        first, second = evaluation.per_genre(training, probability)
        assert (first.precision, first.recall) == (1.0, pytest.approx(2 / 3))
        assert (second.precision, second.recall) == (0.75, 1.0)


def test_near_recordings_are_found_in_blocks():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(1100, 20)).astype(np.float32)
    values[1050] = values[3] + 1e-3
    units = evaluation.same_recordings(values)
    assert units[1050] == units[3]
    assert len(set(units)) == 1099


def naive_recordings(values):
    """Every distance, and scipy's connected parts."""
    standardised = StandardScaler().fit_transform(values.astype(np.float64))
    varying = (values.std(axis=0) > 0).sum()
    near = cdist(standardised, standardised) < evaluation.DUPLICATE_DISTANCE * np.sqrt(varying)
    return connected_components(near)[1]


@pytest.mark.parametrize("screen", [1, 3, 32])
def test_near_recordings_are_those_of_all_distances(monkeypatch, screen):
    monkeypatch.setattr(evaluation, "SCREEN", screen)
    monkeypatch.setattr(evaluation, "BLOCK", 16)
    rng = np.random.default_rng(1)
    values = rng.normal(size=(300, 40)) * rng.uniform(0.1, 30, size=40)
    # Copies, copies of copies, one song far from all, and a number that is the same in every song.
    values[100:200] = values[:100] * (1 + rng.normal(scale=0.15, size=(100, 1)))
    values[200:260] = values[140:200] * (1 + rng.normal(scale=0.15, size=(60, 1)))
    values[299] *= 30
    values[:, 7] = 3.0
    units, expected = evaluation.same_recordings(values.astype(np.float32)), naive_recordings(values)
    assert 60 < len(values) - len(set(expected.tolist())) < 160
    assert adjusted_rand_score(expected, units) == 1.0


def test_intervals_do_not_depend_on_how_many_are_drawn_at_a_time(monkeypatch):
    rng = np.random.default_rng(0)
    groups, tallies = rng.integers(0, 60, size=150), rng.random((2, 2, 150))
    at_once = evaluation._resampled(groups, *tallies)
    monkeypatch.setattr(evaluation, "DRAWN_TOGETHER", 700)
    assert all(map(np.array_equal, at_once, evaluation._resampled(groups, *tallies)))


def test_many_songs_are_split_once_and_searched_on_a_sample(make_library, monkeypatch):
    _, made = make_library({"A": 20, "B": 30})
    searched = []

    def search(X, y, *others):
        searched.append(np.bincount(y).tolist())
        return SETTINGS

    monkeypatch.setattr(classifier, "search", search)
    monkeypatch.setattr(evaluation, "MANY", 10)
    training, scores = judged(made)
    assert (scores.repeats, scores.folds) == (1, 5)
    assert scores.probability.shape == (50, 2)
    assert searched == [[4, 6]] * 5
    monkeypatch.setattr(evaluation, "MANY", 50)
    assert evaluation.n_repeats(training, "plain") == evaluation.REPEATS["plain"]


def test_library_is_not_touched(make_library):
    paths, made = make_library({"A": 4, "B": 4})
    before = made.embeddings.copy()
    evaluation.gather(made)
    assert (made.embeddings == before).all()
    assert len(library.load(paths)) == 8
