"""Transforms of eight frames at once against numpy's, one frame at a time."""

import numpy as np
import pytest

from common import fourier, kernels
from common.lanes import LANES


def literal(samples: np.ndarray, n_frames: int, window: np.ndarray, hop: int) -> np.ndarray:
    """Magnitudes of centred frames, by numpy, from samples with zeros beyond both ends."""
    padded = np.pad(samples.astype(np.float64), (window.size // 2, n_frames * hop + window.size))
    frames = [padded[i * hop : i * hop + window.size] * window for i in range(n_frames)]
    return np.abs(np.fft.rfft(frames, axis=1))


def side_by_side(samples: np.ndarray, frames: range, window: np.ndarray, hop: int) -> np.ndarray:
    """The same as the extractor computes it, shape (n_frames, n_bins)."""
    plan = fourier.plan(window)
    columns = fourier.in_columns(samples, frames, window.size, hop)
    spectra = np.empty((fourier.n_groups(len(frames)), window.size // 2 + 1, LANES), np.float32)
    kernels.magnitudes(columns, plan, fourier.work_array(plan), spectra)
    rows = np.empty((len(frames), spectra.shape[1]), np.float32)
    kernels.in_rows(spectra, rows)
    return rows


@pytest.mark.parametrize(("length", "hop"), [(16, 4), (32, 32), (128, 8), (1024, 8), (2048, 512)])
def test_equals_numpy(length, hop):
    samples = np.random.default_rng(length).normal(size=13 * hop + 5).astype(np.float32)
    window = np.random.default_rng(hop).uniform(0.5, 1, length)
    expected = literal(samples, 14, window, hop)
    got = side_by_side(samples, range(14), window, hop)
    np.testing.assert_allclose(got, expected, rtol=1e-6, atol=3e-7 * expected.max())


def test_a_frame_is_the_same_in_every_lane():
    samples = np.random.default_rng(0).normal(size=40 * 64).astype(np.float32)
    window = np.hanning(256)
    whole = side_by_side(samples, range(40), window, 64)
    for first in range(1, LANES):
        np.testing.assert_array_equal(side_by_side(samples, range(first, 40), window, 64), whole[first:])


def test_faint_bins_beside_loud_ones_are_exact_in_double_precision():
    time = np.arange(4096)
    samples = (np.sin(2 * np.pi * 0.25 * time) + 1e-7 * np.sin(2 * np.pi * 0.1 * time)).astype(np.float32)
    window = np.blackman(2048) ** 4
    expected = literal(samples, 5, window, 512)
    got = side_by_side(samples, range(5), window, 512)
    np.testing.assert_allclose(got[2], expected[2], rtol=1e-6, atol=1e-13 * expected.max())


@pytest.mark.parametrize("level", [1e-10, 1e-18, 1e-25, 1e-33])
def test_what_is_too_faint_to_be_squared_keeps_its_magnitude(level):
    samples = np.random.default_rng(1).normal(0, level, 2048).astype(np.float32)
    samples[1500:] *= np.float32(0.1 / level)
    expected = literal(samples, 4, np.hanning(512), 512)
    got = side_by_side(samples, range(4), np.hanning(512), 512)
    np.testing.assert_allclose(got, expected, rtol=2e-6, atol=1e-6 * level)
