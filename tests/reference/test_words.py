"""Sentences: outside the spread alone, strongest first, each with a number."""

import re

import numpy as np
import pytest

from common.reference.compare import compare
from common.reference.measure import CENTRES, REGIONS, Measurement
from common.reference.words import MOST, sentences


def measurement(spectrum=0.0, **changes):
    """A mix with a tilted spectrum, and something else about it."""
    levels = tuple(np.broadcast_to(spectrum, CENTRES.shape) - 20.0 - np.log2(CENTRES / 1000))
    facts = {
        "duration": 200.0, "rate": 44_100, "channels": 2, "spectrum": levels, "loudest": levels,
        "loudness": -12.0, "loudness_range": 6.0, "true_peak": -1.5,
        "crest": (12.0,) * len(REGIONS), "width": (-10.0,) * len(REGIONS), "correlation": 0.9,
    }  # fmt: skip
    return Measurement(**{**facts, **changes})


SPREAD = np.where(CENTRES.round() == 1000, 0.0, np.where(np.arange(CENTRES.size) % 2, 0.7, -0.7))
"""Every band but the middle one goes up or down; half of them each, so that the level stays."""


def references():
    """Five records whose bands differ by ±0.7 dB, and everything else by one."""
    return [
        measurement(step * SPREAD, loudness=-12.0 + step,
                    crest=(12.0 + step,) * 4, width=(-10.0 + step,) * 4, true_peak=-1.5 + step / 10)
        for step in (-1.0, -0.5, 0.0, 0.5, 1.0)
    ]  # fmt: skip


def bump(low, high, size):
    return np.where((low < CENTRES) & (high > CENTRES), size, 0.0)


def test_nothing_is_said_inside_the_spread():
    assert sentences(compare(measurement(bump(900, 1100, 0.4), loudness=-12.5), references())) == []


@pytest.mark.parametrize(("size", "words"), [(2.0, ("2.0 dB more", "cut")), (-3.0, ("3.0 dB less", "boost"))])
def test_a_bump_is_told_with_place_size_and_spread(size, words):
    first, caveat = sentences(compare(measurement(bump(240, 410, size)), references()))
    assert (first.low_hz, first.high_hz) == pytest.approx((223.9, 446.7), abs=0.1)
    for expected in (*words, "220 Hz", "450 Hz", "±0.6 dB"):
        assert expected in first.text
    assert "cannot be told from a spectrum" in caveat.text


@pytest.mark.parametrize(("low", "high", "words"), [(0, 70, "below 71 Hz"), (8500, 1e9, "above 8.9 kHz")])
def test_the_ends_get_a_shelf(low, high, words):
    first, _ = sentences(compare(measurement(bump(low, high, 4.0)), references()))
    assert words in first.text
    assert "shelf down" in first.text


@pytest.mark.parametrize(
    ("changes", "about", "words"),
    [
        ({"loudness": -18.0}, "loudness", "6.0 LU quieter"),
        ({"loudness_range": 9.0}, "range", "3.0 LU wider"),
        ({"true_peak": 1.5}, "peak", "3.0 dB above"),
        ({"crest": (8.0, 12.0, 12.0, 12.0)}, "crest", "4.0 dB lower"),
        ({"width": (-10.0, -10.0, -10.0, -16.0)}, "width", "6.0 dB weaker"),
        ({"correlation": 0.2}, "correlation", "0.20"),
    ],
)
def test_everything_else_is_told_with_its_size(changes, about, words):
    first, _ = sentences(compare(measurement(**changes), references()))
    assert first.about == about
    assert words in first.text


def test_at_most_six_and_the_strongest_first():
    odd = measurement(
        bump(60, 70, 5) + bump(390, 410, -3) + bump(3000, 3300, 8), loudness=-20.0, loudness_range=12.0,
        crest=(2.0, 20.0, 6.0, 30.0), width=(0.0, -30.0, 5.0, -3.0), correlation=-0.5,
    )  # fmt: skip
    told = sentences(compare(odd, references()))
    assert len(told) == MOST
    strengths = [sentence.strength for sentence in told]
    assert strengths == sorted(strengths, reverse=True)
    assert all(re.search(r"\d", sentence.text) for sentence in told)
    assert sum("arrangement" in sentence.text for sentence in told) == 1


def test_without_a_spread_it_says_so():
    first, *_ = sentences(compare(measurement(bump(240, 410, 3.0)), references()[2:3]))
    assert "no spread" in first.text
    assert "nan" not in first.text
