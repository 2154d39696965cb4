"""The preview: what it does to a known equaliser, to levels, and to a song's length."""

import numpy as np
import pytest
import soundfile
from mixes import RATE, bell, filtered, mix, write
from scipy import signal

from common.reference.compare import Band, Reading, compare
from common.reference.measure import CENTRES, EDGES, measure
from common.reference.preview import LARGEST_CHANGE, MOST_CHANGE, NEAR, TRUE_PEAK, render, wanted


@pytest.fixture
def matched(tmp_path):
    """Render the preview of samples against others; give it and the files."""

    def call(samples, reference):
        source, target = write(tmp_path / "mix.wav", samples), tmp_path / "preview.wav"
        other, _ = measure(write(tmp_path / "reference.wav", reference))
        own, lines = measure(source)
        preview = render(source, target, compare(own, [other]), lines, [other])
        return preview, *soundfile.read(target, always_2d=True)

    return call


@pytest.mark.parametrize(("frequency", "gain"), [(80.0, 4.0), (1000.0, -5.0), (9000.0, 3.0)])
def test_an_equaliser_is_undone(matched, frequency, gain):
    original = 0.5 * mix()
    preview, samples, rate = matched(filtered(original, bell(frequency, gain)), original)
    assert preview.left < 0.3
    assert preview.limited == ()
    assert abs(preview.left_loudness) < 0.1
    assert (samples.shape, rate) == (original.shape, RATE)
    # The filter has no delay: the samples lie where they lay.
    assert np.corrcoef(samples[:, 0], original[:, 0])[0, 1] > 0.97


def test_nothing_is_changed_by_more_than_the_limit(matched):
    original = 0.3 * mix()
    preview, *_ = matched(0.2 * filtered(original, bell(1000, 12)), original)
    assert (preview.gain, preview.held_by) == (pytest.approx(MOST_CHANGE), LARGEST_CHANGE)
    assert len(preview.limited) >= 3
    assert preview.left_loudness < -1


def test_what_is_too_long_for_a_wav_is_written_as_rf64(matched, monkeypatch, tmp_path):
    original = 0.5 * mix()
    changed = filtered(original, bell(1000, 3))
    _, expected, _ = matched(changed, original)
    assert (tmp_path / "preview.wav").read_bytes()[:4] == b"RIFF"
    monkeypatch.setattr("common.reference.preview.LARGEST_WAV", expected.size * 3 - 1)
    preview, samples, _ = matched(changed, original)
    assert (tmp_path / "preview.wav").read_bytes()[:4] == b"RF64"
    assert preview.left < 0.3
    np.testing.assert_array_equal(samples, expected)


def test_it_does_not_clip(matched):
    quiet = 0.3 * mix()
    quiet[RATE] = 0.9
    preview, samples, _ = matched(quiet, 2 * mix())
    assert np.abs(samples).max() < 10 ** (-0.9 / 20)
    assert preview.held_by == TRUE_PEAK
    assert preview.left_loudness < -1


def test_a_mix_that_matches_stays_as_it_is(matched):
    original = 0.3 * mix()
    preview, samples, _ = matched(original, original)
    assert preview.gain == pytest.approx(0, abs=0.05)
    assert (preview.held_by, preview.limited, preview.empty) == (None, (), ())
    np.testing.assert_allclose(samples, original, atol=0.01)


def test_where_the_mix_carries_nothing_nothing_is_wanted(matched):
    original = 0.3 * mix()
    mute = signal.butter(8, 50, "highpass", fs=RATE, output="sos")
    preview, *_ = matched(filtered(original, mute), original)
    assert preview.left < 0.3
    # The two lowest bands lie at the floor; the third stands over it, farther below than the limit.
    assert preview.limited == pytest.approx((35.48,), abs=0.01)
    assert preview.empty == pytest.approx((22.39, 28.18), abs=0.01)


def test_what_leaks_from_strong_bands_is_corrected(matched):
    """Narrow bells, side by side: a filter computed from the spectrum leaves a quarter of a dB."""
    original, changed = 0.2 * mix(), 0.2 * mix()
    for frequency, gain in ((28, -6), (56, 6), (112, -6), (40, 5)):
        changed = filtered(changed, bell(frequency, gain, 2.0))
    preview, *_ = matched(changed, original)
    assert preview.left < 2 * NEAR


def bands(differences):
    levels = [Reading(value, 0.0, None, None) for value in differences]
    return [Band(*edges, level) for edges, level in zip(EDGES, levels, strict=True)]


def test_what_is_within_the_limit_is_changed_by_its_difference():
    differences = np.linspace(-5, 5, len(CENTRES)) - np.linspace(-5, 5, len(CENTRES))[11]
    np.testing.assert_allclose(wanted(bands(differences)), -differences)


def test_where_most_bands_are_beyond_the_limit_the_others_go_to_their_level():
    differences = np.where(np.arange(len(CENTRES)) < 13, -20.0, np.linspace(-15.0, -10.0, len(CENTRES)))
    changes = wanted(bands(differences))
    left = differences + np.clip(changes, -MOST_CHANGE, MOST_CHANGE)
    np.testing.assert_allclose(left, -14.0)
