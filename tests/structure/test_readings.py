"""All readings of a song together: values of music, and of what is hardly music."""

import json

import numpy as np
import pytest
from loops import RATE, loop, rubato
from signals import noise, sine

from common import features
from common.structure import loudness
from common.structure.readings import read


def readings_of(samples):
    samples = np.ascontiguousarray(samples, dtype=np.float32)
    return read(samples, features.describe(samples), loudness.measure(samples, RATE))


def test_readings_of_a_loop_are_what_was_played():
    played = loop("four", 127.3, seed=11, seconds=60)
    told = readings_of(played.samples)
    assert told.bpm == pytest.approx(127.3, abs=0.02)
    assert np.abs(played.beats - told.beat_offset).min() < 0.01
    assert np.abs(played.downbeats - told.downbeat_offset).min() < 0.01
    assert told.meter == 4
    assert told.sections[0].start == told.downbeat_offset
    assert told.bpm_confidence > 0.5
    assert set(told.unknown) == {"labels"}  # nothing but one section from beginning to end
    json.dumps(told.plain())


def quiet_middle():
    samples = loop("four", 127.3, seed=11, seconds=60).samples.copy()
    samples[20 * RATE : 40 * RATE] = 0
    return samples


STRANGE = {
    "a second": sine(440, 1.0),
    "three seconds": loop("four", 120.0, seed=1, seconds=8).samples[: 3 * RATE],
    "a tone": sine(440, 20.0),
    "noise": noise(20),
    "rubato": rubato(1),
    "nearly silent": noise(20, amplitude=1e-6),
    "a click": np.eye(1, 10 * RATE, 5 * RATE, dtype=np.float32)[0],
    "silence in the middle": quiet_middle(),
    "clipped": np.sign(noise(10)),
}


@pytest.mark.parametrize("name", STRANGE)
def test_strange_songs_get_values_or_reasons(name):
    told = readings_of(STRANGE[name]).plain()
    for reading, value in told.items():
        if value is None and reading not in {"bpm_alternative", "key_alternative"}:
            assert told["unknown"][reading]
        if isinstance(value, float):
            assert np.isfinite(value)
    assert told["bpm"] > 0 or told["unknown"]["bpm"]
    json.dumps(told)


def test_onsets_are_counted_once():
    """Clicks twice a second are two onsets a second, though every band hears them."""
    samples = 1e-4 * noise(20)
    for start in range(RATE, 19 * RATE, RATE // 2):
        samples[start : start + 400] += np.hanning(400) * np.sin(np.arange(400) * 0.5)
    assert readings_of(samples).onset_rate == pytest.approx(1.85, abs=0.2)


@pytest.mark.slow
def test_two_hours_are_read():
    played = loop("four", 127.3, seed=11, seconds=60)
    once = played.samples[: round(100 * 240 / 127.3 * RATE)]
    told = readings_of(np.tile(once, 120))
    assert told.bpm == 0 or told.bpm > 60
