"""One verdict per song, told in plain language."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from classifier_cases import RULE, reasoned

from common.classifier.calibration import Confidence
from common.classifier.explanation import explain, sentences


@pytest.fixture(scope="module", params=[2, 3])
def fitted(request):
    return reasoned(request.param)


def test_it_names_genres_reasons_sets_and_belief(fitted):
    model, X = fitted
    rule = dataclasses.replace(RULE, least=0.001)
    found = explain([model], X[0], "Artist - Title", rule, "G0", held_out=True)
    text = "\n".join(sentences(found, [Confidence(0.0, 1.0, 12, 0.61, 0.75)], rule))
    assert "Artist - Title, filed under G0, sounds like" in text
    assert "That is the verdict of the model of cross-validation that had not heard it." in text
    assert "of the 12 unseen songs" in text
    assert "right about 9" in text
    assert f"With 90% certainty: {' or '.join(found.genres[k] for k in found.genre_set)} (measured on" in text
    assert len(found.genre_set) == len(model.genres)
    assert f"ends at {found.reasons.margin:+.2f}" in text
    assert "What it hangs on" in text


def test_every_song_can_be_told(fitted):
    model, X = fitted
    rule = dataclasses.replace(RULE, least=None)
    for song in X[::4]:
        found = explain([model], song, "x", rule)
        assert found.reasons.margin >= -1e-9
        assert found.p_first == found.probability.max()
        assert found.probability == pytest.approx(model.probabilities(song[None, :])[0])
        told = sentences(found, [], rule)
        assert told[-1].startswith("What it hangs on")
        assert not any("certainty" in line or "had not heard" in line for line in told)


def test_no_two_sentences_say_opposite_things_about_a_band(fitted):
    model, X = fitted
    for song in X[::5]:
        told = [one.sentence for one in explain([model], song, "x", RULE).reasons.groups]
        assert sum(" dB (" in line and line.startswith("its ") for line in told) <= 1


def test_the_verdict_of_several_models_is_that_of_their_mean_margins():
    (one, X), (other, _) = reasoned(3), reasoned(3, seed=4)
    found = explain([one, other], X[1], "x", RULE)
    mean = (one.margins(X[1:2]) + other.margins(X[1:2])) / 2
    powers = np.exp(mean - mean.max())
    assert found.probability == pytest.approx((0.95 * powers / powers.sum() + 0.05 / 3)[0])
