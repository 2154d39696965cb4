"""What is written is what was asked for: scipy's response, length and level."""

import numpy as np
import pytest
import soundfile
from mixes import RATE, bell, filtered, mix, response, write
from scipy import signal

from common.moves.moves import Move, decibels
from common.moves.render import render


def rendered(tmp_path, samples, moves):
    source, target = write(tmp_path / "song.wav", samples), tmp_path / "changed.wav"
    render(source, target, moves)
    return soundfile.read(target, always_2d=True, dtype="float32")


def test_an_equaliser_is_heard_as_it_is_written(tmp_path):
    original = mix(8.0)
    moves = [Move("tilt", -0.5), Move("bell", 4.0, 250.0), Move("level", -1.0)]
    samples, rate = rendered(tmp_path, original, moves)
    assert (samples.shape, rate) == (original.shape, RATE)
    frequencies, before = signal.welch(original[:, 0], RATE, nperseg=8192)
    _, after = signal.welch(samples[:, 0], RATE, nperseg=8192)
    heard = (frequencies > 60) & (frequencies < 16_000)
    expected = decibels(moves, frequencies)
    np.testing.assert_allclose(10 * np.log10(after / before)[heard], expected[heard], atol=0.3)


def test_a_bell_is_that_of_any_equaliser(tmp_path):
    frequencies = np.geomspace(40, 4000, 60)
    theirs = response(bell(500.0, 5.0), frequencies)
    np.testing.assert_allclose(decibels([Move("bell", 5.0, 500.0)], frequencies), theirs, atol=0.05)
    original = mix(6.0)
    samples, _ = rendered(tmp_path, original, [Move("bell", 5.0, 500.0)])
    other = filtered(original, bell(500.0, 5.0))
    powers = [signal.welch(one[:, 1], RATE, nperseg=8192)[1] for one in (samples, other)]
    assert np.abs(10 * np.log10(powers[0] / powers[1]))[20:740].max() < 0.4


def test_a_level_alone_changes_nothing_else(tmp_path):
    original = mix(2.0)
    samples, _ = rendered(tmp_path, original, [Move("level", -6.0)])
    np.testing.assert_allclose(samples, original * 10 ** (-6 / 20), atol=1e-6)


def test_nothing_clips(tmp_path):
    samples, _ = rendered(tmp_path, mix(2.0) * 4, [Move("bell", 6.0, 63.0)])
    assert np.abs(samples).max() > 1.0


def test_a_tempo_changes_the_length(tmp_path):
    original = mix(4.0)
    samples, _ = rendered(tmp_path, original, [Move("tempo", 8.0), Move("level", -1.0)])
    assert len(samples) == pytest.approx(len(original) / 1.08, rel=0.02)
