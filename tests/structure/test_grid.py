"""Tempo and beat grid of loops whose beats are known, and how both must move when a loop is changed."""

import mir_eval
import numpy as np
import pytest
import soxr
from loops import RATE, loop, rubato, swayed
from signals import noise

from common.structure.grid import read_pulse
from common.structure.onsets import RATE as LEVELS_RATE
from common.structure.onsets import Drums, Envelopes, Hits, hear_drums


def pulse_of(samples):
    return read_pulse(hear_drums(samples), len(samples) / RATE)


def kicks_of(times, strengths, seconds):
    """Drums of which the kick alone is heard, in no order."""
    order, none = np.argsort(times), Hits(np.empty(0), np.empty(0))
    level = np.zeros(round(seconds * LEVELS_RATE), np.float32)
    return Drums(
        Hits(times[order], strengths[order]), none, none, none, Envelopes(level, level, level, level)
    )


def buried(seed, sway=0.0, seconds=110.0, bpm=118.0, others=14):
    """A beat that sways by some seconds, twice, among so many stronger and fainter hits a second."""
    rng = np.random.default_rng(seed)
    beats = np.arange(0.3, seconds - 1, 60 / bpm)
    beats += sway * np.sin(4 * np.pi * beats / seconds) + 0.004 * rng.standard_normal(beats.size)
    chance = rng.uniform(0, seconds, round(others * seconds))
    strengths = np.concatenate([np.full(beats.size, 0.75), rng.uniform(0.05, 1, chance.size)])
    return kicks_of(np.concatenate([beats, chance]), strengths, seconds), seconds


def beats_of(pulse, until):
    return np.arange(pulse.offset, until, 60 / pulse.bpm)


@pytest.fixture(scope="module")
def trance():
    """A loop whose bass sits between the kicks and is half as loud again."""
    return loop("offbeat", 138.37, seed=5, bass_gain=1.5)


@pytest.mark.parametrize("style", ["four", "offbeat", "rolling", "bare", "swing"])
@pytest.mark.parametrize(("bpm", "seed"), [(63.4, 1), (97.83, 2), (124.56, 3), (139.02, 4), (177.7, 5)])
def test_the_grid_sits_on_the_kick(style, bpm, seed):
    played = loop(style, bpm, seed, bass_gain=1.6 if style == "offbeat" else None)
    pulse = pulse_of(played.samples)
    assert pulse.bpm == pytest.approx(bpm, rel=3e-4)
    beats = beats_of(pulse, played.beats[-1] + 0.1)
    beats = beats[beats > played.beats[0] - 0.1]
    assert mir_eval.beat.f_measure(played.beats, beats, f_measure_threshold=0.07) > 0.98
    misses = np.abs(beats[:, None] - played.beats).min(axis=0)
    assert np.median(misses) < 0.010


@pytest.mark.parametrize(("bpm", "seed"), [(96.3, 2), (131.9, 3), (139.6, 9)])
def test_a_waltz_has_three_beats_not_one(bpm, seed):
    assert pulse_of(loop("waltz", bpm, seed).samples).bpm == pytest.approx(bpm, rel=1e-3)


def test_a_kick_on_one_and_three_is_not_counted_at_half_time():
    assert pulse_of(loop("rock", 131.3, seed=16).samples).bpm == pytest.approx(131.3, rel=1e-3)


@pytest.mark.parametrize("speed", [0.97, 1.03])
def test_a_faster_song_has_a_faster_beat(trance, speed):
    pulse = pulse_of(soxr.resample(trance.samples, RATE * speed, RATE))
    assert pulse.bpm == pytest.approx(138.37 * speed, abs=0.02)


def test_silence_in_front_moves_the_beats(trance):
    plain = pulse_of(trance.samples)
    late = pulse_of(np.concatenate([np.zeros(round(0.7 * RATE), np.float32), trance.samples]))
    assert late.bpm == pytest.approx(plain.bpm, abs=0.01)
    turn = (late.offset - plain.offset - 0.7) * plain.bpm / 60
    assert abs(turn - round(turn)) * 60 / plain.bpm < 0.002


def test_gain_moves_nothing(trance):
    plain, quiet = pulse_of(trance.samples), pulse_of(trance.samples / 4)
    assert quiet.bpm == pytest.approx(plain.bpm, abs=0.01)
    assert quiet.offset == pytest.approx(plain.offset, abs=0.002)


def test_a_pause_does_not_lose_the_grid(trance):
    samples = trance.samples.copy()
    samples[12 * RATE : 24 * RATE] = 0
    assert pulse_of(samples).bpm == pytest.approx(138.37, abs=0.02)


@pytest.mark.parametrize("seed", range(4))
def test_without_a_pulse_there_is_no_tempo_and_no_grid(seed):
    for samples in (rubato(seed), noise(40, seed=seed), np.zeros(10 * RATE, np.float32)):
        pulse = pulse_of(samples)
        assert (pulse.bpm, pulse.offset, pulse.confidence) == (0.0, None, 0.0)
        assert pulse.reason


@pytest.mark.parametrize("seed", range(100, 120))
def test_a_few_notes_are_no_pulse_by_chance(seed):
    assert pulse_of(rubato(seed, seconds=12.0)).bpm == 0


@pytest.mark.parametrize("sway", [0.05, 0.1, 0.2, 0.25, 0.3, 0.6])
def test_a_tempo_that_drifts_gets_no_grid(sway):
    pulse = pulse_of(swayed(loop("four", 120.0, seed=3, seconds=60).samples, sway))
    assert pulse.offset is None
    assert pulse.reason


@pytest.mark.parametrize("seconds", [1.0, 3.0])
def test_a_few_seconds_are_no_failure(seconds):
    pulse = pulse_of(loop("four", 128.0, seed=1, seconds=8).samples[: round(seconds * RATE)])
    assert pulse.bpm == 0 or pulse.bpm == pytest.approx(128, rel=0.02)


@pytest.mark.parametrize("seed", range(3))
def test_a_faint_pulse_that_every_part_of_a_song_tells_is_a_tempo_but_no_grid(seed):
    pulse = read_pulse(*buried(seed))
    assert pulse.bpm == pytest.approx(118.0, rel=1e-3)
    assert (pulse.offset, pulse.reason) == (None, "the pulse is faint")


@pytest.mark.parametrize("sway", [0.3, 0.6, 1.2])
def test_a_faint_pulse_that_sways_is_no_tempo(sway):
    assert read_pulse(*buried(0, sway)).bpm == 0


def test_hits_at_random_have_no_tempo_that_parts_of_a_song_agree_on():
    rng = np.random.default_rng(1)
    for seconds in (80.0, 150.0):
        times, strengths = (
            rng.uniform(0, seconds, round(10 * seconds)),
            rng.uniform(0.05, 1, round(10 * seconds)),
        )
        assert read_pulse(kicks_of(times, strengths, seconds), seconds).bpm == 0


@pytest.mark.parametrize("seed", [0, 1, 3])
def test_an_offbeat_as_strong_as_the_beat_does_not_bend_the_grid(seed):
    rng = np.random.default_rng(seed)
    times = np.arange(0.3, 59.9, 30 / 113.0)
    strengths = rng.uniform(0.5, 1, times.size)
    pulse = read_pulse(kicks_of(times + 0.003 * rng.standard_normal(times.size), strengths, 60.0), 60.0)
    assert pulse.offset is not None, pulse.reason
    assert pulse.bpm == pytest.approx(113.0, abs=0.01)
