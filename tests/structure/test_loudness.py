"""Loudness against the standards' own test signals, pyloudnorm and scipy's interpolation."""

import math

import numpy as np
import pyloudnorm
import pytest
from scipy import signal

from common.structure.loudness import LoudnessMeter, measure

RATES = (8_000, 22_050, 44_100, 48_000, 96_000)


def sine(frequency, seconds, level_db, rate, channels=2, phase=0.0):
    time = np.arange(round(seconds * rate)) / rate
    wave = 10 ** (level_db / 20) * np.sin(2 * np.pi * frequency * time + phase)
    return np.repeat(wave[:, None], channels, axis=1).astype(np.float32)


def music(rate, channels, seed=0, seconds=12.0):
    """Noise in two colours, swelling, with drum-like hits: something whose peaks lie anywhere."""
    rng = np.random.default_rng(seed)
    n = round(seconds * rate)
    time = np.arange(n) / rate
    dark = signal.lfilter([0.05], [1, -0.95], rng.standard_normal((channels, n)))
    hits = np.exp(-20 * (time % 0.5)) * np.sin(2 * np.pi * 60 * time)
    swell = 0.1 + 0.3 * np.sin(2 * np.pi * time / seconds) ** 2
    return (swell * (dark + 0.2 * rng.standard_normal((channels, n))) + 0.4 * hits).T.astype(np.float32)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("channels", [1, 2])
def test_loudness_is_that_of_pyloudnorm(rate, channels):
    samples = music(rate, channels, seed=rate)
    oracle = pyloudnorm.Meter(rate, filter_class="DeMan").integrated_loudness(samples)
    assert measure(samples, rate).integrated == pytest.approx(oracle, abs=0.02)


def test_five_channels_are_weighted_as_the_standard_says():
    samples = music(48_000, 5)
    oracle = pyloudnorm.Meter(48_000, filter_class="DeMan").integrated_loudness(samples)
    assert measure(samples, 48_000).integrated == pytest.approx(oracle, abs=0.02)
    with_subwoofer = np.insert(samples, 3, 1.0, axis=1)
    assert measure(with_subwoofer, 48_000).integrated == pytest.approx(oracle, abs=0.02)


@pytest.mark.parametrize("rate", [44_100, 48_000])
def test_a_sine_reads_what_the_standard_says(rate):
    """ITU-R BS.1770-4: 997 Hz at 0 dBFS in one channel is -3.01 LUFS; two channels are 3 dB more."""
    assert measure(sine(997, 5, 0, rate, 1), rate).integrated == pytest.approx(-3.01, abs=0.05)
    assert measure(sine(1000, 20, -23, rate), rate).integrated == pytest.approx(-23, abs=0.1)


def test_quiet_stretches_are_gated_away():
    """EBU Tech 3341, test signal 3: 10 s at -36, 60 s at -23, 10 s at -36 dBFS read -23 LUFS."""
    parts = [sine(1000, seconds, level, 48_000) for seconds, level in ((10, -36), (60, -23), (10, -36))]
    assert measure(np.concatenate(parts), 48_000).integrated == pytest.approx(-23, abs=0.1)


@pytest.mark.parametrize(
    ("levels", "expected"),
    [((-20, -30), 10), ((-20, -15), 5), ((-40, -20), 20), ((-50, -35, -20, -35, -50), 15)],
)
def test_loudness_range_of_the_standards_signals(levels, expected):
    """EBU Tech 3342, test signals 1 to 4: steps of 20 s."""
    samples = np.concatenate([sine(1000, 20, level, 48_000) for level in levels])
    assert measure(samples, 48_000).range == pytest.approx(expected, abs=1)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("seed", [0, 1])
def test_true_peak_is_that_of_fourfold_interpolation(rate, seed):
    samples = music(rate, 2, seed)
    factor = 4 if rate < 96_000 else 2
    oracle = 20 * math.log10(np.abs(signal.resample_poly(samples, factor, 1)).max())
    assert measure(samples, rate).true_peak == pytest.approx(oracle, abs=0.05)


@pytest.mark.parametrize("rate", [192_000, 384_000, 655_350])
def test_above_the_oversampled_rate_the_samples_are_peaks_enough(rate):
    samples = music(rate, 2, seconds=1.0)
    assert measure(samples, rate).true_peak == pytest.approx(20 * math.log10(np.abs(samples).max()), abs=1e-3)


def test_a_peak_between_samples_is_found():
    """A sine of a quarter of the rate, sampled at 45 degrees, peaks 3 dB above its samples."""
    samples = sine(12_000, 1, -6, 48_000, phase=math.pi / 4)
    assert 20 * math.log10(np.abs(samples).max()) == pytest.approx(-9, abs=0.05)
    assert measure(samples * np.hanning(48_000)[:, None], 48_000).true_peak == pytest.approx(-6, abs=0.1)


@pytest.mark.parametrize("block", [1, 7, 4_410, 100_000])
def test_blocks_of_any_length_give_the_same(block):
    samples = music(44_100, 2, seconds=1.0 if block < 10 else 12.0)
    meter = LoudnessMeter(44_100, 2)
    for start in range(0, len(samples), block):
        meter.add(samples[start : start + block])
    assert meter.finish() == measure(samples, 44_100)


def test_every_channel_has_a_loudness_by_itself():
    samples = np.random.default_rng(0).normal(0, 0.1, (48_000, 3)) * [1, 0, 0.1]
    one, none, other = measure(samples, 48_000).channels
    assert none is None
    assert one - other == pytest.approx(20, abs=0.1)
    assert one == pytest.approx(measure(samples[:, 0], 48_000).integrated, abs=0.1)
    assert measure(samples[:10], 48_000).channels == (None, None, None)


def test_gain_moves_loudness_and_peak_and_nothing_else():
    samples = music(44_100, 2)
    full, half = measure(samples, 44_100), measure(samples / 2, 44_100)
    assert half.integrated == pytest.approx(full.integrated - 6.02, abs=0.01)
    assert half.true_peak == pytest.approx(full.true_peak - 6.02, abs=0.01)
    assert half.range == pytest.approx(full.range, abs=0.01)


def test_what_is_not_defined_is_unknown():
    silence = measure(np.zeros((44_100, 2), np.float32), 44_100)
    assert (silence.integrated, silence.range, silence.true_peak) == (None, None, None)
    assert measure(music(44_100, 2, seconds=0.3), 44_100).integrated is None
    short = measure(music(44_100, 1, seconds=2.0), 44_100)
    assert short.integrated is not None
    assert short.range is None
