"""The sequences of a song say what sounds when: compared with plain definitions and known signals."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.ndimage
import scipy.signal
from signals import chords, noise, sine

from common import features
from common.fingerprint import hearing
from common.fingerprint.hearing import PeakFinder, chroma_steps, find_peaks, sequences_of
from common.fingerprint.sequences import FRAME_RATE, LOWEST, STEPS, Chroma, Peaks, Sequences
from common.layout import HOP_LENGTH, N_FFT, SAMPLE_RATE


def heard(samples: np.ndarray) -> Sequences:
    finder = PeakFinder()
    series = features.describe(samples.astype(np.float32), listen=finder.add)
    return sequences_of(series, finder)


def test_peaks_are_the_maxima_of_their_surroundings():
    """Compared with scipy's transform of the whole signal, and its filter of maxima."""
    samples = noise(14.0)
    _, _, spectrum = scipy.signal.stft(
        samples, SAMPLE_RATE, "hann", N_FFT, N_FFT - HOP_LENGTH, boundary="zeros", padded=False
    )
    level = np.abs(spectrum).T
    size = 2 * hearing.REACH_FRAMES + 1, 2 * hearing.REACH_BINS + 1
    # Bins just outside are looked at as well, and no further ones.
    seen = level[:, hearing.FIRST_BIN - 1 : hearing.LAST_BIN + 2]
    around = scipy.ndimage.maximum_filter(seen, size, mode="constant")
    frames, bins = np.nonzero((seen == around)[:, 1:-1])
    found = find_peaks(samples.astype(np.float32), 10_000)
    assert len(found) == len(frames)
    np.testing.assert_array_equal(np.sort(found.frames), frames)
    exact = STEPS * np.log2((bins + hearing.FIRST_BIN) * SAMPLE_RATE / N_FFT / LOWEST)
    half_a_bin = STEPS * np.log2(1 + 0.5 / (bins + hearing.FIRST_BIN)) + 1
    order = np.lexsort((exact, frames))
    assert np.all(np.abs(found.pitches - exact[order]) <= half_a_bin[order] + 1)


def test_the_highest_peaks_of_every_second_are_kept():
    samples = noise(10.0).astype(np.float32)
    everything, few = find_peaks(samples, 10_000), find_peaks(samples, 5)
    assert set(few.points) <= set(everything.points)
    per_second = np.bincount(few.frames * 10 // (1 + 10 * SAMPLE_RATE // HOP_LENGTH))
    assert per_second.tolist() == [5] * 10


@pytest.mark.parametrize("hertz", [220.0, 1000.0, 3333.0])
def test_a_tone_has_its_pitch(hertz):
    tone = sine(hertz, 3.0) * np.hanning(3 * SAMPLE_RATE)
    peaks = heard(tone).peaks
    strongest = peaks.pitches[np.argmin(np.abs(peaks.frames - 1.5 * FRAME_RATE))]
    assert LOWEST * 2 ** (strongest / STEPS) == pytest.approx(hertz, rel=0.004)


def test_chroma_is_the_mean_of_every_step():
    samples = chords(6.3).astype(np.float32)
    samples[: SAMPLE_RATE // 2] = 0
    series = features.describe(samples)
    chroma = chroma_steps(series["chroma"], series["rms"][0])
    n_frames = series["chroma"].shape[1]
    assert (chroma.frames, chroma.levels.shape) == (10, (-(-n_frames // 10), 12))
    assert not chroma.levels[0].any()
    for number, step in enumerate(chroma.levels[3:], start=3):
        mean = series["chroma"][:, 10 * number : 10 * (number + 1)].mean(axis=1)
        np.testing.assert_allclose(step / 15, mean / mean.max(), atol=0.5 / 15 + 1e-6)


@pytest.mark.parametrize(("hours", "frames"), [(1, 80), (10, 1280)])
def test_the_steps_of_a_long_mix_are_longer(hours, frames):
    n_frames = round(hours * 3600 * FRAME_RATE)
    chroma = chroma_steps(np.ones((12, n_frames), np.float32), np.ones(n_frames))
    assert chroma.frames == frames
    assert 1_200 < len(chroma.levels) <= 2_400


@pytest.mark.parametrize(("minutes", "frames"), [(1, 10), (9, 10), (12, 20)])
def test_a_song_of_any_length_takes_up_to_forty_thousand_bytes(minutes, frames):
    n_frames = round(minutes * 60 * FRAME_RATE)
    chroma = chroma_steps(np.full((12, n_frames), 0.5, np.float32), np.ones(n_frames))
    assert chroma.frames == frames
    finder, rng = PeakFinder(), np.random.default_rng(0)
    block = rng.random((4096, N_FFT // 2 + 1), dtype=np.float32)
    for start in range(0, n_frames, len(block)):
        finder.add(block[: n_frames - start])
    size = len(chroma.packed()[1]) + len(finder.finish().packed()[0])
    assert 6_000 * min(minutes, 5) < size <= 40_000


def test_silence_has_no_peaks():
    silent = np.zeros(3 * SAMPLE_RATE, np.float32)
    assert len(find_peaks(silent)) == 0
    assert not heard(silent).chroma.levels.any()


def test_level_moves_no_peak():
    samples = (chords(5.0) + noise(5.0, 0.02)).astype(np.float32)
    np.testing.assert_array_equal(find_peaks(samples).points, find_peaks(samples / 4).points)


def test_what_is_packed_comes_back():
    sequences = heard(chords(4.0))
    chroma = Chroma.unpacked(*sequences.chroma.packed())
    np.testing.assert_array_equal(chroma.levels, sequences.chroma.levels)
    assert (chroma.frames, chroma.seconds) == (10, pytest.approx(0.2322, abs=1e-4))
    peaks = Peaks.unpacked(*sequences.peaks.packed())
    np.testing.assert_array_equal(peaks.points, sequences.peaks.points)


@pytest.mark.parametrize(
    ("kind", "packed"),
    [
        (Peaks, (b"123",)),
        (Peaks, (b"aaaabaaaaaaa",)),
        (Peaks, (np.arange(6001, dtype="<u4").tobytes(),)),
        (Chroma, (10, b"1")),
        (Chroma, (0, b"")),
        (Chroma, (10, bytes(6 * 2401))),
    ],
    ids=["part of a peak", "not ascending", "too many", "part of a step", "no frames", "too long"],
)
def test_what_was_never_packed_is_refused(kind, packed):
    with pytest.raises(ValueError, match=r"buffer|reshape|step|peaks"):
        kind.unpacked(*packed)
