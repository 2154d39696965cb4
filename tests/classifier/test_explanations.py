"""Explanations add up, agree with XGBoost's own, and say in music what the numbers mean."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import xgboost

from common import layout
from common.classifier import contributions, explanation, wording
from common.classifier.calibration import Confidence
from common.classifier.model import Settings
from common.classifier.training import Trainer
from common.layout import GROUPS, N_FEATURES, SLICES


def make_model(n_genres, size=14, spread=0.12, seed=1):
    rng = np.random.default_rng(seed)
    y = np.repeat(np.arange(n_genres), size)
    X = (rng.normal(size=(n_genres, N_FEATURES)) * spread)[y] + rng.normal(size=(len(y), N_FEATURES))
    genres = [f"G{k}" for k in range(n_genres)]
    trainer = Trainer(X, y, genres, np.arange(len(y)), 6)
    return trainer.model(Settings(6, 0.003, 40)), X


@pytest.fixture(scope="module", params=[2, 3, 5])
def fitted(request):
    model, X = make_model(request.param)
    return model, X, contributions.contribute(model, X)


class TestContributions:
    def test_they_add_up_to_the_margins(self, fitted):
        model, X, found = fitted
        np.testing.assert_allclose(found.margins, model.margins(X), atol=1e-5)

    def test_trees_agree_with_xgboosts_own(self, fitted):
        model, _, found = fitted
        own = model.trees.predict(xgboost.DMatrix(found.components), pred_contribs=True)
        own = own.reshape(len(own), -1, own.shape[-1])
        np.testing.assert_allclose(found.trees, own[..., :-1], atol=1e-5)
        np.testing.assert_allclose(found.base - model.line.intercepts, own[0, :, -1], atol=1e-5)
        assert np.abs(found.trees).max() > 0.01

    def test_the_line_is_explained_from_the_average_song(self, fitted):
        _, _, found = fitted
        np.testing.assert_allclose(found.line.mean(axis=0), 0.0, atol=1e-9)

    def test_a_pair_is_a_log_odds(self, fitted):
        model, X, found = fitted
        p = model.probabilities(X)
        for first, second in ((0, 1), (1, 0), (len(model.genres) - 1, 0)):
            pair = found.against(first, second)
            np.testing.assert_allclose(pair.margins, np.log(p[:, first] / p[:, second]), atol=1e-4)

    def test_towards_a_genre(self, fitted):
        model, _, found = fitted
        total = sum(found.towards(k) for k in range(len(model.genres)))
        np.testing.assert_allclose(total, 0.0, atol=1e-9)
        assert sorted(found.by_strength()) == list(range(6))


class TestAttribution:
    def test_groups_and_remainder_sum_exactly(self, fitted):
        model, X, found = fitted
        pair = found.against(1, 0)
        for song in range(0, len(X), 5):
            told = explanation.attribute(model, X, pair, song)
            assert {one.group for one in told.groups} == set(GROUPS)
            assert told.margin == pytest.approx(pair.margins[song], abs=1e-9)
            sizes = [abs(one.value) for one in told.groups]
            assert sizes == sorted(sizes, reverse=True)

    def test_a_line_leaves_no_remainder(self, fitted):
        model, X, found = fitted
        pair = dataclasses.replace(found.against(1, 0), trees=np.zeros((len(X), 6)))
        told = explanation.attribute(model, X, pair, 3)
        assert told.remainder == pytest.approx(0.0, abs=1e-9)
        features = model.representation.weighted(X[3:4])[0]
        slopes = model.line.slopes[0] if len(model.genres) == 2 else np.subtract(*model.line.slopes[[1, 0]])
        expected = layout.group_shares((slopes @ model.representation.axes) * features)
        for one in told.groups:
            assert one.value == pytest.approx(expected[one.group], abs=1e-9)

    def test_the_average_song_has_nothing_to_blame(self, fitted):
        model, _, _ = fitted
        average = model.representation.mean[None, :]
        pair = contributions.contribute(model, average).against(1, 0)
        told = explanation.attribute(model, average, pair)
        assert all(one.value == pytest.approx(0.0, abs=1e-9) for one in told.groups)


class TestWords:
    def test_shares_of_a_component_sum_to_one(self, fitted):
        for meaning in wording.describe_components(fitted[0].representation):
            assert sum(meaning.groups.values()) == pytest.approx(1.0)
            assert meaning.high
            assert meaning.low
            assert meaning.name in meaning.sentence()

    def strength(self, **blocks):
        strength, high = np.zeros(N_FEATURES), np.zeros(N_FEATURES, dtype=bool)
        for name, value in blocks.items():
            strength[SLICES[name]], high[SLICES[name]] = abs(value), value > 0
        return strength, high

    def test_a_bright_loud_axis(self):
        strength, high = self.strength(spectral_centroid_mean=2.0, rms_mean=1.0)
        assert wording.phrases(strength, high) == ["brighter", "louder"]
        assert wording.phrases(strength, ~high) == ["darker", "quieter"]

    def test_neighbouring_bands_are_one_phrase(self):
        frequencies = np.array(layout.mel_frequencies())
        inside = (frequencies > 2000) & (frequencies < 5000)
        strength, high = np.zeros(N_FEATURES), np.ones(N_FEATURES, dtype=bool)
        for name in ("mel_mean", "mel_median"):
            strength[SLICES[name]] = inside
        (phrase,) = wording.phrases(strength, high)
        assert phrase == "more energy between 2.0 kHz and 5.0 kHz"

    def test_the_ends_of_the_spectrum(self):
        strength, high = np.zeros(N_FEATURES), np.zeros(N_FEATURES, dtype=bool)
        strength[SLICES["mel_p75"]][:10] = 1.0
        assert wording.phrases(strength, high)[0].startswith("less energy below")
        strength[:] = 0
        strength[SLICES["mel_p75"]][-10:] = 1.0
        assert wording.phrases(strength, high)[0].startswith("less energy above")

    def test_what_no_ear_can_check_is_left_unsaid(self):
        strength, high = self.strength(mfcc_std=0.05, tonnetz_mean=0.2, tempo=0.5)
        assert wording.phrases(strength, high) == ["faster"]

    def test_it_is_said_where_there_is_nothing_else(self):
        strength, high = self.strength(tempo=0.1)
        strength[layout.index_of("mfcc_mean_18")] = 1.0
        colour = "another colour of the sound (MFCC 18 lower)"
        assert wording.phrases(strength, high) == [colour, "faster"]

    def test_what_is_faint_is_left_unsaid(self):
        strength, high = self.strength(spectral_centroid_mean=1.0, tempo=0.005)
        assert wording.phrases(strength, high) == ["brighter"]

    def test_nothing_is_said_twice(self):
        strength, high = self.strength(rms_mean=0.5)
        strength[layout.index_of("mfcc_mean_01")] = 1.0
        high[layout.index_of("mfcc_mean_01")] = True
        assert wording.phrases(strength, high) == ["louder overall"]

    def test_nothing_is_nothing(self):
        strength, high = self.strength()
        assert wording.phrases(strength, high) == []


class TestInteraction:
    def test_the_partner_is_found(self):
        model, _ = make_model(2)
        rng = np.random.default_rng(0)
        values = rng.normal(size=(400, 6))
        odd = (values[:, 1] > 0) ^ (values[:, 4] > 0)
        booster = xgboost.train(
            {"objective": "binary:logistic", "max_depth": 2, "base_score": 0.5},
            xgboost.DMatrix(values, odd.astype(int)),
            30,
        )
        model = dataclasses.replace(model, booster=bytes(booster.save_raw("ubj")))
        assert contributions.strongest_interaction(model, values, 1) == 4
        assert contributions.strongest_interaction(model, values, 4) == 1

    def test_stumps_have_none(self):
        model, _ = make_model(2)
        values = np.random.default_rng(0).normal(size=(100, 6))
        booster = xgboost.train(
            {"objective": "binary:logistic", "max_depth": 1, "base_score": 0.5},
            xgboost.DMatrix(values, (values[:, 0] > 0).astype(int)),
            3,
        )
        model = dataclasses.replace(model, booster=bytes(booster.save_raw("ubj")))
        assert contributions.strongest_interaction(model, values, 0) is None


class TestTelling:
    def test_it_names_genres_reasons_and_belief(self, fitted):
        model, X, _ = fitted
        blind = np.full(len(model.genres), 0.4 / (len(model.genres) - 1))
        blind[0] = 0.6
        found = explanation.explain(model, X[0], "Artist - Title", "G0", blind)
        text = "\n".join(explanation.sentences(found, [Confidence(0.5, 0.7, 12, 0.61, 0.75)]))
        assert "Artist - Title" in text
        assert found.first in text
        assert found.second in text
        assert "of the 12 unseen songs" in text
        assert "right about 9" in text
        assert "What would have to change" in text
        assert f"{found.attribution.margin:+.2f}" in text

    def test_every_song_can_be_told(self, fitted):
        model, X, _ = fitted
        for song in X[::4]:
            found = explanation.explain(model, song, "x")
            assert found.attribution.margin >= -1e-9
            assert found.probability[found.pair.first] == found.probability.max()
            assert explanation.sentences(found)[-1].startswith("What would have to change")
