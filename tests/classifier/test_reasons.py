"""Reasons are exact Shapley values of the seven groups, and say what is true of the song."""

from __future__ import annotations

import itertools
import re

import librosa
import numpy as np
import pytest
from classifier_cases import reasoned

from common.classifier.measured import spoken_run, strongest_run
from common.classifier.model import Settings
from common.classifier.reasons import between, give_reasons, halfway_and_apart
from common.classifier.training import Trainer
from common.layout import GROUP_INDICES, GROUPS, N_FEATURES, SLICES, index_of, mel_frequencies


@pytest.fixture(scope="module", params=[2, 3])
def fitted(request):
    return reasoned(request.param)


def margin_of(model, standardised, first, second):
    """Through the front door: numbers of a song, from standard deviations."""
    made = model.representation
    return between(model.margins((made.mean + standardised * made.scale)[None, :]), first, second)[0]


def by_orders(model, song, first, second):
    """Shapley values from their definition: what a group adds, on average over all 7! orders."""
    halfway, apart = halfway_and_apart(model, song, first, second)
    known = {}

    def margin(groups):
        if groups not in known:
            values = halfway.copy()
            for group in groups:
                values[list(GROUP_INDICES[group])] += apart[list(GROUP_INDICES[group])]
            known[groups] = margin_of(model, values, first, second)
        return known[groups]

    sums = dict.fromkeys(GROUPS, 0.0)
    orders = list(itertools.permutations(GROUPS))
    for order in orders:
        for place, group in enumerate(order):
            sums[group] += margin(frozenset(order[: place + 1])) - margin(frozenset(order[:place]))
    return {group: value / len(orders) for group, value in sums.items()}


def test_groups_get_what_they_add_on_average_over_all_orders(fitted):
    model, X = fitted
    found = give_reasons([model], X[3], 1, 0)
    expected = by_orders(model, X[3], 1, 0)
    assert {one.group: one.value for one in found.groups} == pytest.approx(expected, abs=1e-4)


def test_nothing_is_left_over(fitted):
    model, X = fitted
    for song in X[::7]:
        found = give_reasons([model], song, 0, 1)
        assert found.margin == pytest.approx(between(model.margins(song[None, :]), 0, 1)[0], abs=1e-4)
        sizes = [abs(one.value) for one in found.groups]
        assert sizes == sorted(sizes, reverse=True)
        assert {one.group for one in found.groups} == set(GROUPS)


def test_models_that_judge_together_are_averaged():
    (one, X), (other, _) = reasoned(2), reasoned(2, seed=5)
    together = give_reasons([one, other], X[0], 1, 0)
    alone = [give_reasons([model], X[0], 1, 0) for model in (one, other)]
    assert together.margin == pytest.approx(np.mean([found.margin for found in alone]))


def test_absolute_pitch_adds_nothing_and_a_transposed_copy_keeps_its_verdict(fitted):
    model, X = fitted
    transposed = X[5].copy()
    for name in ("chroma_mean", "chroma_std"):
        transposed[SLICES[name]] = np.roll(transposed[SLICES[name]], 3)
    before, after = (give_reasons([model], song, 0, 1) for song in (X[5], transposed))
    assert before == after
    for one in before.groups:
        if one.group in {"harmony", "tonnetz"}:
            assert one.value == pytest.approx(0.0, abs=1e-12)
            assert one.sentence == ""


def test_a_level_is_told_in_decibels():
    model, _ = reasoned(2, size=30, spread=0.3)
    made = model.representation
    song = made.mean + (model.familiarity.centres[1]) * made.scale
    run = SLICES["mel_mean"]
    sentences = [one.sentence for one in give_reasons([model], song, 1, 0).groups if one.group == "mel"]
    decibels = float(re.search(r"(\d+\.\d) dB", sentences[0])[1])
    apart = np.abs((model.familiarity.centres[1] - model.familiarity.centres[0]) * made.scale)[run]
    assert apart.min() - 0.1 <= decibels <= apart.max() + 0.1


def test_twice_the_amplitude_is_six_decibels_louder_overall():
    """By librosa's own MFCC of a sound and of the same sound louder."""
    noise = np.random.default_rng(0).normal(size=22_050) * 0.1
    quiet, loud = (librosa.feature.mfcc(y=noise * gain, sr=22_050)[0].mean() for gain in (1.0, 2.0))
    rng, y, place = np.random.default_rng(1), np.repeat([0, 1], 20), index_of("mfcc_mean_01")
    X = rng.normal(size=(40, N_FEATURES))
    X[:, place] = np.where(y == 1, loud, quiet)
    X[:, place] += np.tile([-0.1, 0.1], 20)
    model = Trainer(X, y, ["SOFT", "LOUD"], np.arange(40), 5).model(Settings(5, 0.3, 0))
    song = X[y == 1].mean(axis=0)
    (told,) = [one.sentence for one in give_reasons([model], song, 1, 0).groups if one.group == "timbre"]
    assert told.startswith("louder overall, by 6.0 dB (")
    assert told.endswith("sd) against the average SOFT song's")


@pytest.mark.parametrize(
    ("tempo", "words"),
    [(0.0, "librosa finds no pulse in it, where the average FAST song has 140 BPM"),
     (90.0, "slower, by 50 BPM of librosa's tempo (")],
)  # fmt: skip
def test_a_song_without_a_pulse_is_not_slower(tempo, words):
    rng, y, place = np.random.default_rng(1), np.repeat([0, 1], 20), index_of("tempo")
    X = rng.normal(size=(40, N_FEATURES))
    X[:, place] = np.where(y == 1, 140.0, 100.0) + np.tile([-1, 1], 20)
    model = Trainer(X, y, ["SLOW", "FAST"], np.arange(40), 5).model(Settings(5, 0.3, 0))
    song = X[y == 0].mean(axis=0)
    song[place] = tempo
    (told,) = [one.sentence for one in give_reasons([model], song, 0, 1).groups if one.group == "rhythm"]
    assert told.startswith(words)


def test_bands_are_named():
    frequencies = np.array(mel_frequencies())
    low, high = int((frequencies < 80).sum()), int((frequencies < 200).sum())
    assert spoken_run(low, high).startswith("bass from ")
    near = int(np.abs(frequencies - 3000).argmin())
    assert spoken_run(near, near).startswith("upper mids around 3.")
    assert strongest_run(np.array([0.0, 0.2, 1.0, 0.6, 0.1])) == slice(2, 4)
    assert index_of("mel_mean_001") == SLICES["mel_mean"].start
