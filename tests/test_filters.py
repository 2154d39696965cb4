"""Windows, filter banks and matrices against librosa's own."""

import librosa
import numpy as np
import pytest

from common import filters
from common.layout import BINS_PER_OCTAVE, HOP_LENGTH, N_FFT, N_MELS, N_OCTAVES, SAMPLE_RATE


def test_frequencies_and_windows_are_librosas():
    np.testing.assert_array_equal(
        filters.fft_frequencies(), librosa.fft_frequencies(sr=SAMPLE_RATE, n_fft=N_FFT)
    )
    for length in (344, N_FFT, 7):
        np.testing.assert_array_equal(filters.hann(length), librosa.filters.get_window("hann", length))


def test_mel_filters_are_librosas():
    expected = librosa.filters.mel(sr=SAMPLE_RATE, n_fft=N_FFT, n_mels=N_MELS)
    np.testing.assert_array_equal(filters.mel_filters(), expected)


@pytest.mark.parametrize("tuning", [-0.5, -0.07, 0.0, 0.23, 0.5])
def test_constant_q_filters_are_librosas(tuning):
    lowest = librosa.note_to_hz("C1") * 2.0 ** (tuning / BINS_PER_OCTAVE)
    n_bins = N_OCTAVES * BINS_PER_OCTAVE
    frequencies = librosa.cqt_frequencies(n_bins, fmin=lowest, bins_per_octave=BINS_PER_OCTAVE)
    step = 2.0 ** (2 / BINS_PER_OCTAVE)
    basis, lengths = librosa.filters.wavelet(
        freqs=frequencies[-BINS_PER_OCTAVE:], sr=SAMPLE_RATE, alpha=(step - 1) / (step + 1), gamma=0, norm=1
    )
    n_fft = basis.shape[1]
    basis = np.fft.fft(basis * lengths[:, None] / n_fft, axis=1)[:, : n_fft // 2 + 1]
    expected = librosa.util.sparsify_rows(basis, quantile=0.01, dtype=np.complex64).toarray()
    found, found_lengths = filters.constant_q_filters(tuning)
    np.testing.assert_allclose(found_lengths, lengths, rtol=1e-12)
    np.testing.assert_array_equal(found == 0, expected == 0)
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-9)


def test_pitch_classes_are_librosas():
    expected = librosa.filters.cq_to_chroma(N_OCTAVES * BINS_PER_OCTAVE, bins_per_octave=BINS_PER_OCTAVE)
    np.testing.assert_array_equal(filters.pitch_classes(), expected.argmax(axis=0)[-BINS_PER_OCTAVE:])


@pytest.mark.parametrize("n_frames", [9, 10, 500])
def test_tonal_centroids_and_deltas_are_librosas(n_frames):
    chroma = np.random.default_rng(0).random((12, n_frames)).astype(np.float32)
    chroma[:, 3] = 0
    np.testing.assert_allclose(
        filters.tonal_centroids(chroma), librosa.feature.tonnetz(chroma=chroma), atol=1e-6
    )
    np.testing.assert_allclose(
        filters.mean_delta(chroma), librosa.feature.delta(chroma).mean(axis=1, dtype=float), atol=1e-7
    )


def test_the_likely_tempo_is_librosas():
    rng = np.random.default_rng(1)
    for _ in range(20):
        tempogram = rng.random(344)
        expected = librosa.feature.tempo(tg=tempogram[:, None], sr=SAMPLE_RATE, hop_length=HOP_LENGTH)
        assert filters.likely_tempo(tempogram) == expected[0]
