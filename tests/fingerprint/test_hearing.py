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
from common.fingerprint.sequences import FRAME_RATE, LOWEST, STEPS, Sequences, unpacked
from common.layout import HOP_LENGTH, N_FFT, SAMPLE_RATE


def heard(samples: np.ndarray) -> Sequences:
    finder = PeakFinder()
    series = features.describe(samples.astype(np.float32), listen=finder.add)
    return sequences_of(series["chroma"], finder)


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
    found = Sequences(np.empty((0, 12), np.uint8), 0.5, find_peaks(samples.astype(np.float32), 10_000))
    assert len(found.peaks) == len(frames)
    np.testing.assert_array_equal(np.sort(found.frames), frames)
    exact = STEPS * np.log2((bins + hearing.FIRST_BIN) * SAMPLE_RATE / N_FFT / LOWEST)
    half_a_bin = STEPS * np.log2(1 + 0.5 / (bins + hearing.FIRST_BIN)) + 1
    order = np.lexsort((exact, frames))
    assert np.all(np.abs(found.pitches - exact[order]) <= half_a_bin[order] + 1)


def test_the_highest_peaks_of_every_second_are_kept():
    samples = noise(10.0).astype(np.float32)
    everything, few = find_peaks(samples, 10_000), find_peaks(samples, 5)
    assert len(few) == 50
    assert set(few) <= set(everything)
    per_second = np.bincount((few >> 10) * 10 // (1 + 10 * SAMPLE_RATE // HOP_LENGTH))
    assert per_second.tolist() == [5] * 10


@pytest.mark.parametrize("hertz", [220.0, 1000.0, 3333.0])
def test_a_tone_has_its_pitch(hertz):
    tone = sine(hertz, 3.0) * np.hanning(3 * SAMPLE_RATE)
    sequences = heard(tone)
    strongest = sequences.pitches[np.argmin(np.abs(sequences.frames - 1.5 * FRAME_RATE))]
    assert LOWEST * 2 ** (strongest / STEPS) == pytest.approx(hertz, rel=0.004)


def test_chroma_is_the_mean_of_every_half_second():
    samples = chords(6.3).astype(np.float32)
    chroma = features.describe(samples)["chroma"]
    steps, seconds = chroma_steps(chroma)
    assert (seconds, steps.shape, steps.dtype) == (0.5, (13, 12), np.uint8)
    for number, step in enumerate(steps):
        first, last = int(number * 0.5 * FRAME_RATE), int((number + 1) * 0.5 * FRAME_RATE)
        np.testing.assert_allclose(step / 255, chroma[:, first:last].mean(axis=1), atol=0.5 / 255 + 1e-6)


@pytest.mark.parametrize(("minutes", "step"), [(1, 0.5), (9.9, 0.5), (11, 1.0), (60, 4.0), (600, 32.0)])
def test_a_song_of_any_length_takes_up_to_forty_thousand_bytes(minutes, step):
    n_frames = round(minutes * 60 * FRAME_RATE)
    steps, seconds = chroma_steps(np.full((12, n_frames), 0.5, np.float32))
    assert seconds == step
    finder, rng = PeakFinder(), np.random.default_rng(0)
    block = rng.random((4096, N_FFT // 2 + 1), dtype=np.float32)
    for start in range(0, n_frames, len(block)):
        finder.add(block[: n_frames - start])
    packed = Sequences(steps, seconds, finder.finish()).packed()
    assert 1_000 * min(minutes, 5) < len(packed[0]) + len(packed[2]) <= 40_000


def test_silence_has_no_peaks():
    silent = np.zeros(3 * SAMPLE_RATE, np.float32)
    assert find_peaks(silent).size == 0


def test_level_moves_no_peak():
    samples = (chords(5.0) + noise(5.0, 0.02)).astype(np.float32)
    np.testing.assert_array_equal(find_peaks(samples), find_peaks(samples / 4))


def test_what_is_packed_comes_back():
    sequences = heard(chords(4.0))
    again = unpacked(*sequences.packed())
    np.testing.assert_array_equal(again.chroma, sequences.chroma)
    np.testing.assert_array_equal(again.peaks, sequences.peaks)
    assert again.step == sequences.step


@pytest.mark.parametrize(
    "packed",
    [
        (b"", 0.5, b"123"),
        (b"1", 0.5, b""),
        (b"", 0.0, b""),
        (b"", float("nan"), b""),
        (b"", 0.5, b"aaaabaaaaaaa"),
        (bytes(12 * 1201), 0.5, b""),
    ],
    ids=["part of a peak", "part of a step", "no step", "no number", "not ascending", "too long"],
)
def test_what_was_never_packed_is_refused(packed):
    with pytest.raises(ValueError, match=r"buffer|reshape|sequences|peaks"):
        unpacked(*packed)
