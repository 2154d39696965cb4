"""What is measured on a mix, against pyloudnorm, scipy and what sines must read."""

import math

import numpy as np
import pyloudnorm
import pytest
from mixes import RATE, mix, write
from scipy import signal

from common.decoders import AudioError
from common.reference.measure import CENTRES, EDGES, REGIONS, measure, shares
from common.reference.windows import Windows


@pytest.fixture
def listen(tmp_path):
    """Measure samples through a file."""

    def call(samples, rate=RATE):
        return measure(write(tmp_path / "mix.wav", samples, rate))[0]

    return call


def sine(frequency, amplitude=0.5, seconds=8.0, rate=RATE):
    return (amplitude * np.sin(2 * np.pi * frequency * np.arange(round(seconds * rate)) / rate)).astype(
        np.float32
    )


def test_bands_are_thirds_of_an_octave_without_gaps():
    assert len(CENTRES) == 29
    assert [round(CENTRES[i]) for i in (0, 16, 28)] == [25, 1000, 15849]
    np.testing.assert_allclose(EDGES[1:, 0], EDGES[:-1, 1])


@pytest.mark.parametrize("rate", [44_100, 48_000, 96_000])
@pytest.mark.parametrize("band", [3, 16, 27])
def test_a_sine_lights_its_band_at_its_level(listen, rate, band):
    heard = listen(np.repeat(sine(CENTRES[band], rate=rate)[:, None], 2, axis=1), rate)
    assert int(np.argmax(heard.spectrum)) == band
    assert heard.spectrum[band] == pytest.approx(20 * math.log10(0.5) - 3.01, abs=0.1)
    assert heard.loudest[band] == pytest.approx(heard.spectrum[band], abs=0.1)


def test_loudness_is_that_of_pyloudnorm(listen):
    samples = mix()
    oracle = pyloudnorm.Meter(RATE, filter_class="DeMan").integrated_loudness(samples)
    assert listen(samples).loudness == pytest.approx(oracle, abs=0.1)


def test_spectrum_is_that_of_welch(listen):
    samples = mix()
    lines, density = signal.welch(samples.mean(axis=1), RATE, "hann", 16_384, detrend=False)
    oracle = 10 * np.log10(density @ shares(lines, EDGES) * lines[1])
    np.testing.assert_allclose(listen(samples).spectrum, oracle, atol=0.05)


def test_width_is_side_over_middle(listen):
    heard = listen(mix(side=0.1))
    assert heard.width[2] == pytest.approx(-20, abs=0.5)
    assert listen(mix(side=0.0)).width == (-60.0,) * len(REGIONS)


def test_correlation_of_the_lows(listen):
    left = sine(60)
    assert listen(np.stack([left, left], axis=1)).correlation == pytest.approx(1)
    assert listen(np.stack([left, -left], axis=1) + mix(8) / 1000).correlation == pytest.approx(-1, abs=0.01)
    assert listen(np.stack([left, sine(80)], axis=1)).correlation == pytest.approx(0, abs=0.02)


def test_the_crest_factor_of_a_sine_is_three_decibels(listen):
    heard = listen(np.repeat((sine(60) + sine(400) + sine(3000))[:, None] / 3, 2, axis=1))
    np.testing.assert_allclose(heard.crest[:3], 3.01, atol=0.1)


@pytest.mark.parametrize(("length", "hop"), [(10, 5), (7, 7), (10, 20), (10, 33)])
@pytest.mark.parametrize("step", [1, 8, 300])
def test_windows_lie_where_they_should_however_the_blocks_come(length, hop, step):
    signals = np.arange(300.0)[None]
    windows = Windows(length, hop)
    found = [one.copy() for at in range(0, 300, step) for one in windows.add(signals[:, at : at + step])]
    np.testing.assert_array_equal(found, [signals[:, at : at + length] for at in range(0, 301 - length, hop)])


def test_gain_moves_levels_alone(listen):
    samples = mix()
    loud, soft = listen(samples), listen(samples * np.float32(10 ** (-6 / 20)))
    assert soft.loudness - loud.loudness == pytest.approx(-6, abs=0.01)
    np.testing.assert_allclose(np.subtract(soft.spectrum, loud.spectrum), -6, atol=0.01)
    np.testing.assert_allclose(soft.crest, loud.crest, atol=0.01)
    np.testing.assert_allclose(soft.width, loud.width, atol=0.01)
    assert soft.correlation == pytest.approx(loud.correlation, abs=1e-3)


def test_the_loudest_passage_is_found(listen):
    quiet, loud = 0.1 * mix(40, seed=1), mix(32, seed=2)
    heard = listen(np.concatenate([quiet, loud, quiet]))
    alone = listen(loud)
    np.testing.assert_allclose(heard.loudest, alone.spectrum, atol=1.0)


def test_the_loudest_section_is_one_of_those_given(tmp_path):
    parts = [0.1 * mix(8, seed=1), 0.5 * mix(8, seed=2), 0.2 * mix(8, seed=3)]
    file = write(tmp_path / "mix.wav", np.concatenate(parts))
    heard, _ = measure(file, [(0.0, 8.0), (8.0, 16.0), (16.0, 24.0)])
    alone, _ = measure(write(tmp_path / "part.wav", parts[1]))
    np.testing.assert_allclose(heard.loudest, alone.spectrum, atol=1.0)


def test_one_channel_has_no_width(listen):
    heard = listen(mix()[:, 0])
    assert heard.width == (None,) * len(REGIONS)
    assert heard.correlation is None
    assert None not in heard.spectrum


def test_of_more_than_two_channels_their_mean_is_measured_and_no_width(listen):
    samples = mix()
    stereo, surround = listen(samples), listen(np.pad(samples, ((0, 0), (0, 4))))
    assert surround.width == (None,) * len(REGIONS)
    assert surround.correlation is None
    np.testing.assert_allclose(np.subtract(stereo.spectrum, surround.spectrum), 20 * math.log10(3), atol=0.01)


@pytest.mark.parametrize("silent", [0, 1])
@pytest.mark.parametrize("rest", [0.0, 1e-4])
def test_beside_a_silent_channel_there_is_no_width(listen, silent, rest):
    samples = mix()
    samples[:, silent] *= np.float32(rest)
    samples[:, silent] += np.float32(0.001)  # an offset is not heard
    heard = listen(samples)
    assert heard.silent == (silent,)
    assert (heard.width, heard.correlation) == ((None,) * len(REGIONS), None)
    samples[:, silent] = samples[:, 1 - silent] / 500
    assert listen(samples).silent == ()


def test_a_band_without_energy_has_no_crest_factor_and_no_width(listen):
    rng = np.random.default_rng(0)
    heard = listen(np.repeat(sine(440)[:, None], 2, axis=1) + 1e-5 * rng.normal(size=(8 * RATE, 2)))
    assert [crest is None for crest in heard.crest] == [True, False, True, True]
    assert [width is None for width in heard.width] == [True, False, True, True]
    assert heard.correlation is None


def test_sides_alone_have_a_width(listen):
    low, high = sine(60), sine(3000)
    heard = listen(np.stack([low + high, low - high], axis=1))
    assert heard.width[2] == 60.0
    assert heard.crest[2] is None


def test_what_is_below_hearing_does_not_count_for_the_correlation(listen):
    samples = np.repeat(sine(60)[:, None], 2, axis=1)
    assert listen(samples + np.array([0.2, -0.2], np.float32)).correlation == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize(("seconds", "is_told"), [(59.0, False), (60.0, True)])
def test_a_loudness_range_is_told_from_a_minute(listen, seconds, is_told):
    samples = 0.1 * np.random.default_rng(0).normal(size=round(8000 * seconds)).astype(np.float32)
    assert (listen(samples, 8000).loudness_range is not None) == is_told


def test_a_low_rate_has_no_high_bands(listen):
    heard = listen(mix(rate=8000), 8000)
    assert [level is None for level in heard.spectrum] == [high > 4000 for _, high in EDGES]
    for readings in (heard.crest, heard.width):  # half a band is not compared with a whole one
        assert [reading is None for reading in readings] == [False, False, True, True]


def test_silence_and_what_is_no_number_are_refused(listen):
    with pytest.raises(AudioError, match="silent"):
        listen(np.zeros((RATE * 5, 2), np.float32))
    broken = mix(5)
    broken[1000] = np.nan
    with pytest.raises(AudioError, match="not_finite"):
        listen(broken)


def test_less_than_a_window_is_measured(listen):
    assert listen(mix(1.0)).spectrum[16] is not None
