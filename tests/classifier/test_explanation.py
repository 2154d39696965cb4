"""One verdict per song, told in plain language."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from classifier_cases import RULE, reasoned

from common.classifier.calibration import Confidence, Experience
from common.classifier.explanation import explain, sentences


@pytest.fixture(scope="module", params=[2, 3])
def fitted(request):
    return reasoned(request.param)


def test_it_names_genres_reasons_sets_and_belief(fitted):
    model, X = fitted
    rule = dataclasses.replace(RULE, least=0.001)
    found = explain([model], X[0], "Artist - Title", rule, "G0", held_out=True)
    experience = Experience([Confidence(0.0, 1.0, 12, 0.61, 0.75)], [])
    text = "\n".join(sentences(found, experience, rule))
    assert "Artist - Title, filed under G0, sounds like" in text
    assert "That is the verdict of the model of cross-validation that had not heard it." in text
    assert "of the 12 songs of the library about which, not having heard them, it was" in text
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
        told = sentences(found, Experience([], []), rule)
        assert told[-1].startswith("What it hangs on")
        assert not any("certainty" in line or "had not heard" in line for line in told)


def test_a_stranger_is_believed_as_artists_never_heard_were(fitted):
    model, X = fitted
    experience = Experience([Confidence(0.0, 1.0, 12, 0.61, 0.75)], [Confidence(0.0, 1.0, 10, 0.61, 0.4)])
    own, stranger = (
        "\n".join(sentences(explain([model], X[0], "x", RULE, held_out=held_out), experience, RULE))
        for held_out in (True, False)
    )
    assert "of the 12 songs of the library about which, not having heard them," in own
    assert "of the 10 songs of the library about which, not having heard their artists," in stranger
    assert "right about 4" in stranger
    once = Experience([], [Confidence(0.0, 1.0, 1, 0.61, 1.0)])
    told = "\n".join(sentences(explain([model], X[0], "x", RULE), once, RULE))
    assert "of the 1 song of the library about which" in told


def test_nothing_is_promised_of_a_song_unlike_all_others(fitted):
    model, X = fitted
    usual, strange = (explain([model], song, "x", RULE) for song in (X[0], X[0] + 20.0))
    assert usual.genre_set
    assert not strange.genre_set
    experience = Experience([], [Confidence(0.0, 1.0, 10, 0.61, 1.0)])
    told = sentences(strange, experience, RULE)
    assert told[0].startswith("x is unlike the training songs: 100% of them lie nearer to an average one.")
    assert "Nothing is promised of it" in told[0]
    assert not any("How far to believe it" in line for line in told)
    assert any("How far to believe it" in line for line in sentences(usual, experience, RULE))
    assert explain([model], X[0] + 20.0, "x", RULE, held_out=True).genre_set


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


def test_a_verdict_less_sure_than_its_log_odds_says_why(fitted):
    """Far out the share of songs of which log-odds say nothing is all that is left of doubt."""
    model, X = fitted
    far, lapse = explain([model], 30.0 * X[0], "x", RULE, held_out=True), model.certainty.lapse
    most = 1.0 - lapse + lapse / len(model.genres)
    assert far.reasons.margin > 10
    assert far.p_first == pytest.approx(most, abs=1e-4)
    told = "\n".join(sentences(far, Experience([], []), RULE))
    assert f"no verdict is surer than {most:.0%}" in told
    assert f"say nothing of {lapse:.0%} of songs" in told
    certain = dataclasses.replace(far, lapse=0.0, probability=np.eye(len(model.genres))[far.reasons.first])
    assert certain.limit == ""


def test_what_is_left_of_the_two_is_as_sure_as_the_verdict(fitted):
    model, X = fitted
    for song in X[::4]:
        found = explain([model], song, "x", RULE)
        share = found.p_first / (found.p_first + found.p_second)
        assert found.of_the_two(found.reasons.margin) == pytest.approx(share)
        assert found.of_the_two(0.0) == pytest.approx(0.5)
        assert found.of_the_two(1000.0) <= 1.0 - model.certainty.lapse / len(model.genres)


def test_log_odds_of_nothing_have_no_minus(fitted):
    model, X = fitted
    found = explain([model], X[0], "x", RULE)
    level = dataclasses.replace(found, reasons=dataclasses.replace(found.reasons, base=-0.001))
    assert "starts at +0.00 log-odds" in "\n".join(sentences(level, Experience([], []), RULE))
