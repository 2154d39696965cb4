"""Instruments and effects do what their names say."""

import numpy as np
import pytest

from common.demo import synth


@pytest.mark.parametrize("wave", ["saw", "square", "pulse", "triangle", "organ"])
def test_an_oscillator_plays_its_pitch_and_nothing_above_the_limit(wave):
    cycle = synth.single_cycle(wave, 1000.0, 20_000.0)
    sound = synth.read_cycles(cycle[np.newaxis], 1000.0, synth.SAMPLE_RATE, 0.25)[0]
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(sound.size)))
    assert np.argmax(spectrum) == 1000
    assert spectrum[int(synth.HIGHEST_PARTIAL) + 100 :].max() < 1e-3 * spectrum.max()


def test_an_unknown_wave_is_refused():
    with pytest.raises(ValueError, match="theremin"):
        synth.harmonics("theremin", 4)


def test_a_supersaw_sounds_its_chord():
    chord = synth.supersaw([220.0, 330.0], 2.0, 400.0, 10.0, np.random.default_rng(0))
    spectrum = np.abs(np.fft.rfft(chord.mean(axis=0), synth.SAMPLE_RATE))
    assert spectrum[215:226].max() > 20 * spectrum[250:300].max()
    assert spectrum[322:339].max() > 20 * spectrum[250:300].max()
    assert np.sqrt(np.mean(chord**2)) == pytest.approx(0.25, rel=1e-3)


@pytest.mark.parametrize("n", [4000, 4001])
def test_half_the_rate_and_back_keeps_what_a_room_needs(n):
    sound = np.sin(2.0 * np.pi * 1000.0 * np.arange(n) / synth.SAMPLE_RATE).astype(np.float32)
    back = synth.double_rate(synth.halve_rate(sound)[np.newaxis])[0, :n]
    np.testing.assert_allclose(back[20:-20], sound[20:-20], atol=1e-3)


def test_a_room_rings_on_after_the_sound():
    send = np.zeros(synth.SAMPLE_RATE, dtype=np.float32)
    send[1000] = 1.0
    wet = synth.reverberate(send, synth.reverb_impulse(0.8, 3.0, np.random.default_rng(0)))
    assert wet.shape == (2, synth.SAMPLE_RATE)
    energy = [np.sum(wet[:, start : start + 8000] ** 2) for start in (1000, 9000, 17_000, 25_000)]
    assert energy == sorted(energy, reverse=True)
    assert np.abs(wet[:, :1000]).max() < 1e-4


def test_echoes_swap_sides():
    sound = np.zeros((2, 100), dtype=np.float32)
    sound[0, 0] = 1.0
    echoed = synth.ping_pong(sound, 30, 0.5)
    assert (echoed[0, 0], echoed[1, 30], echoed[0, 60], echoed[1, 90]) == (1.0, 0.5, 0.25, 0.125)
    assert echoed.sum() == 1.875
