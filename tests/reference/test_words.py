"""Sentences: outside the spread alone, strongest first, each with a number."""

import re
from dataclasses import replace

import numpy as np
import pytest

from common.reference.compare import Reading, compare
from common.reference.measure import CENTRES, REGIONS, Measurement
from common.reference.words import MOST, nothing, sentences


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


def test_a_size_that_is_a_mean_is_called_one():
    bell = bump(150, 510, -2.0) + bump(240, 260, -3.0)
    first, _ = sentences(compare(measurement(bell), references()))
    assert first.text.startswith(
        "About 2 dB less than the references between 140 Hz and 560 Hz (mean; 5 dB at 250 Hz), "
    )
    assert "mean" not in sentences(compare(measurement(bump(150, 510, -2.0)), references()))[0].text


def test_one_reference_is_told_as_one():
    mix = measurement(bump(150, 510, -4.0), loudness=-19.0, correlation=0.2)
    told = sentences(compare(mix, references()[2:3]))
    assert len(told) == 4
    assert all("reference " in one.text or "reference's" in one.text for one in told[:-1])
    assert not any("the references" in one.text for one in told)
    assert nothing(1) == "Nothing lies far enough from the reference to act on."
    assert nothing(2) == "Nothing lies far enough from the references to act on."
    assert "spread" in nothing(3)


def test_nothing_is_said_inside_the_spread():
    assert sentences(compare(measurement(bump(900, 1100, 0.4), loudness=-12.5), references())) == []


@pytest.mark.parametrize(
    ("size", "words"), [(2.0, ("About 2 dB more", "cut")), (-3.2, ("About 3 dB less", "boost"))]
)
def test_a_bump_is_told_with_place_size_and_spread(size, words):
    first, caveat = sentences(compare(measurement(bump(240, 410, size)), references()))
    assert (first.low_hz, first.high_hz) == pytest.approx((223.9, 446.7), abs=0.1)
    for expected in (*words, "220 Hz", "450 Hz", "±0.6 dB"):
        assert expected in first.text
    assert "cannot be told from a spectrum" in caveat.text


def test_a_lopsided_spread_is_told_by_its_ends():
    """Half of it is larger than what the mix has more than all of them."""
    others = [measurement(bump(240, 410, step)) for step in (-20.0, -16.0, 0.0, 0.2, 0.4)]
    first, _ = sentences(compare(measurement(bump(240, 410, 6.0)), others))
    assert "where they lie from -18.4 to +0.3 dB around their median: try" in first.text


@pytest.mark.parametrize(
    ("low", "high", "words"), [(0, 70, "below 71 Hz"), (8500, 1e9, "between 8.9 kHz and 14 kHz")]
)
def test_the_ends_get_a_shelf(low, high, words):
    first, _ = sentences(compare(measurement(bump(low, high, 4.0)), references()))
    assert words in first.text
    assert "shelf down" in first.text


def test_what_the_mix_lacks_is_told_as_a_bound_and_not_to_be_boosted():
    first, _ = sentences(compare(measurement(bump(0, 36, -40.0)), references()))
    assert first.text.startswith("At least ")
    assert "below 35 Hz" in first.text
    assert "add a sound that has it" in first.text


@pytest.mark.parametrize(
    ("low", "size", "words"),
    [
        (1300, -3.0, "try a high shelf up; it finds nothing between 11 kHz and 14 kHz."),
        (4000, -10.0, "no boost makes up for that; look for what cuts it, or add a sound that has it."),
        (9500, -10.0, "a boost finds nothing between 11 kHz and 14 kHz; add a sound that has it."),
        (12_000, -10.0, "a boost finds nothing there; add a sound that has it."),
    ],
)
def test_no_shelf_is_advised_where_most_of_a_range_is_empty(low, size, words):
    lacking = bump(low, 14_000, size) + bump(11_500, 14_000, -80.0)
    first, *_ = sentences(compare(measurement(lacking), references()))
    assert first.text.startswith("At least ")
    assert first.text.endswith(words)


def test_a_mono_mix_is_told_once():
    first, caveat = sentences(compare(measurement(width=(-60.0, -60.0, None, -60.0)), references()))
    assert first.about == "width"
    assert first.text == (
        "Both channels are the same: the mix is mono. The references' sides lie at -10.0 dB against the"
        " middle between 120 Hz and 14 kHz: widen it, and check it in mono."
    )
    assert caveat.about == "caveat"
    mono = [measurement(width=(-60.0,) * 4)]
    assert sentences(compare(mono[0], mono)) == []


def test_a_width_at_its_end_is_told_as_a_bound():
    first, *_ = sentences(compare(measurement(width=(-10.0, -60.0, -10.0, -10.0)), references()))
    assert "Sides at least 50 dB weaker" in first.text
    assert "(≤ -60.0 against -10.0 dB; they run from" in first.text
    mono = measurement(width=(-60.0,) * 4)
    first, *_ = sentences(compare(measurement(), [mono]))
    assert "Sides at least 50 dB stronger" in first.text


def test_a_bound_is_never_told_as_more_than_it_is():
    """Also where the references differ so much that sizes are told in steps of 2 dB."""
    found = compare(measurement(bump(0, 36, -40.0)), references()[:3])
    wide = replace(found.bands[0].level, value=-1.6, median=0.0, low=0.0, high=4.0)
    lowest = replace(found.bands[0], level=wide)
    first, *_ = sentences(
        replace(found, bands=(lowest, replace(found.bands[1], level=wide), *found.bands[2:]))
    )
    assert "At least 1 dB less" in first.text


def test_a_peak_just_below_nothing_has_no_minus():
    found = compare(measurement(), references())
    first, _ = sentences(replace(found, true_peak=Reading(-0.02, -4.0, -5.0, -3.0)))
    assert "(0.0 against -4.0 dBTP; they run from -5.0 to -3.0)" in first.text


@pytest.mark.parametrize(
    ("changes", "about", "words"),
    [
        ({"loudness": -18.0}, "loudness", "about 6 LU quieter"),
        ({"loudness_range": 9.0}, "range", "about 3 LU wider"),
        ({"true_peak": 1.5}, "peak", "about 3 dB above"),
        ({"crest": (8.0, 12.0, 12.0, 12.0)}, "crest", "about 4 dB lower"),
        ({"width": (-10.0, -10.0, -10.0, -16.0)}, "width", "about 6 dB weaker"),
        ({"correlation": 0.2}, "correlation", "0.20"),
    ],
)
def test_everything_else_is_told_with_its_size(changes, about, words):
    first, _ = sentences(compare(measurement(**changes), references()))
    assert first.about == about
    assert words in first.text[0].lower() + first.text[1:]


def test_one_band_inside_the_spread_does_not_part_a_range():
    whole = bump(390, 1300, 4.0)
    first, _ = sentences(compare(measurement(np.where(CENTRES.round() == 794, 1.2, whole)), wide_at(794)))
    assert (first.low_hz, first.high_hz) == pytest.approx((354.8, 1412.5), abs=0.1)
    first, second, _ = sentences(
        compare(measurement(np.where(CENTRES.round() == 794, 0.0, whole)), wide_at(794))
    )
    assert first.high_hz < second.low_hz


def wide_at(centre):
    """The references, with one band that differs by ±3 dB."""
    bump = np.where(CENTRES.round() == centre, 3.0, 0.0)
    return [measurement(step * (SPREAD + bump)) for step in (-1.0, -0.5, 0.0, 0.5, 1.0)]


def test_what_an_encoder_cuts_above_14_khz_changes_nothing_below():
    high = bump(5000, 13_000, 3.0)
    whole, cut = (sentences(compare(measurement(high + bump(15_000, 17_000, size)), references()))
                  for size in (3.0, -1.0))  # fmt: skip
    assert whole[0] == cut[0]
    alone, _ = sentences(compare(measurement(bump(15_000, 17_000, -6.0)), references()))
    assert "above 14 kHz" in alone.text


@pytest.mark.parametrize(
    ("n_references", "half_spread", "size"),
    [(1, 0.0, "5.5"), (9, 1.5, "5"), (9, 2.5, "6"), (100, 2.5, "5.5")],
)
def test_a_size_is_as_fine_as_the_references_allow(n_references, half_spread, size):
    """The median of n references that differ by ±s is known to about ±s / sqrt(n)."""
    steps = np.linspace(-1.25, 1.25, n_references) if n_references > 1 else [0.0]
    others = [measurement(loudness=-12.0 + half_spread * step) for step in steps]
    first, _ = sentences(compare(measurement(loudness=-17.3), others))
    assert f"About {size} LU quieter" in first.text


def test_bass_that_is_nearer_to_mono_is_no_fault():
    narrow = measurement(width=(-30.0, -10.0, -10.0, -10.0))
    assert sentences(compare(narrow, references())) == []
    assert len(sentences(compare(measurement(width=(-3.0, -10.0, -10.0, -10.0)), references()))) == 2


@pytest.mark.parametrize(("width", "strength"), [(-22.0, None), (-15.0, 2.0)])
def test_bass_that_is_mono_to_the_ear_is_mono(width, strength):
    """Sides of the bass 22 dB under the middle are no fault where the references' lie at 34."""
    narrow = measurement(width=(-34.0, -10.0, -10.0, -10.0))
    told = sentences(compare(measurement(width=(width, -10.0, -10.0, -10.0)), [narrow, narrow]))
    assert [one.strength for one in told[:1]] == ([] if strength is None else [strength])


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
    assert "Hz, too few references to tell their spread: try" in first.text
    assert "nan" not in first.text
