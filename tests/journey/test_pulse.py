"""Beats lie where the clicks are, and are not believed where there are none."""

import numpy as np

from common import features
from common.journey.figure import tempo_words
from common.journey.pulse import track_pulse
from common.layout import HOP_LENGTH, SAMPLE_RATE


def test_beats_of_a_click_track_are_where_the_clicks_are(choose):
    song = choose(1)
    pulse = track_pulse(song.series["mel"], song.tempo)
    assert pulse.is_clear
    seconds = pulse.beats * HOP_LENGTH / SAMPLE_RATE
    assert np.abs((seconds + 0.25) % 0.5 - 0.25).max() < 0.06


def test_noise_has_no_clear_pulse():
    noise = np.random.default_rng(0).normal(scale=0.1, size=30 * SAMPLE_RATE).astype(np.float32)
    series = features.describe(noise)
    pulse = track_pulse(series["mel"], float(series["tempo"][0, 0]))
    assert not pulse.is_clear
    assert "no clear pulse" in tempo_words(100.0, pulse)


def test_no_tempo_means_no_beats():
    pulse = track_pulse(np.full((128, 200), -80.0), 0.0)
    assert pulse.beats.size == 0
    assert tempo_words(0.0, pulse) == "no pulse found"
