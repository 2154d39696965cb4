"""Correlations and paths are what plain definitions say; planted passages are found where they lie."""

from __future__ import annotations

import numpy as np
import pytest
from melodies import STEP, chroma, melody, resampled

from common.fingerprint import alignment
from common.fingerprint.alignment import RATE, InEveryKey, contour, halved, passages, rough_contour
from common.fingerprint.alignment_kernels import best_path, diagonal_sums, highest_correlation


def contour_of(levels: np.ndarray, seed: int = 99) -> np.ndarray:
    return contour(chroma(levels, seed=seed).levels, STEP)


@pytest.mark.parametrize("shape", [(30, 40), (40, 30), (3, 50), (50, 3)])
def test_sums_along_diagonals(shape):
    rng, half = np.random.default_rng(0), 4
    one, turned = (rng.normal(size=size).astype(np.float32) for size in ((shape[0], 12), (12, shape[1])))
    products, found = one @ turned, np.empty(shape, np.float32)
    diagonal_sums(products, half, found)
    padded = np.pad(products, half)
    expected = sum(padded[t : t + shape[0], t : t + shape[1]] for t in range(2 * half + 1))
    np.testing.assert_allclose(found, expected, atol=1e-4)
    weights = np.linspace(0.5, 2, sum(shape)).astype(np.float32)
    rows, columns = weights[: shape[0]], weights[shape[0] :]
    highest = highest_correlation(one, turned, half, rows, columns)
    assert highest == pytest.approx((expected * rows[:, None] * columns).max(), abs=1e-4)


def test_the_best_path_gains_most():
    """Compared with every path there is, in small matrices."""
    rng = np.random.default_rng(1)

    def best_from(gains, i, j):
        steps = ((1, 1, 0.0), (2, 1, 0.3), (1, 2, 0.3))
        goes_on = [best_from(gains, i + down, j + right) - cost for down, right, cost in steps
                   if i + down < len(gains) and j + right < gains.shape[1]]  # fmt: skip
        return gains[i, j] + max(0.0, *goes_on, 0.0)

    for _ in range(20):
        gains = rng.normal(size=(7, 8)).astype(np.float32)
        rows, columns = np.empty((2, 15), dtype=np.int64)
        total, length = best_path(gains, 0.3, rows, columns)
        expected = max(best_from(gains, i, j) for i in range(7) for j in range(8))
        assert total == pytest.approx(expected, abs=1e-5)
        sidesteps = np.abs(np.diff(rows[:length]) - np.diff(columns[:length])).sum()
        along = gains[rows[:length], columns[:length]].sum() - 0.3 * sidesteps
        assert along == pytest.approx(total, abs=1e-5)


def test_nothing_gains_in_a_matrix_of_losses():
    places = np.zeros((2, 20), np.int64)
    assert best_path(np.full((9, 9), -1, np.float32), 0.1, *places) == (0, 0)


def test_correlation_is_that_of_vectors():
    """Far from the ends of songs it is the cosine of what lies around both moments."""
    one, other = contour_of(melody(40, 1)), contour_of(melody(40, 2))
    half, key = 12, 5
    found = alignment.correlations(one, other, key, half)
    for i, j in [(50, 60), (80, 30)]:
        here = np.roll(one, key, axis=1)[i - half : i + half + 1].ravel()
        there = other[j - half : j + half + 1].ravel()
        expected = here @ there / np.linalg.norm(here) / np.linalg.norm(there)
        assert found[i, j] == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("key", [0, 1, 7, 11])
def test_the_key_is_found_out(key):
    levels = melody(60, 3)
    one, other = contour_of(levels), contour_of(np.roll(levels[60:160], key, axis=1), seed=5)
    found = InEveryKey(halved(one), RATE / 2).likeness(halved(other))
    assert found.argmax() == key
    assert found[key] > 0.9
    assert np.delete(found, key).max() < 0.75


def test_a_rough_contour_has_a_column_a_second():
    levels = melody(60, 3)
    one, other = (rough_contour(chroma(part).levels, STEP) for part in (levels, levels[90:]))
    assert len(one) == 60
    found = InEveryKey(one, 1.0).likeness(other)
    assert found.argmax() == 0
    assert found[0] > 0.8
    assert rough_contour(chroma(levels[:200]).levels, 2 * STEP).shape == (93, 12)


def test_silence_and_held_chords_are_no_contour():
    held, silent = np.zeros((200, 12)), np.zeros((200, 12))
    held[:, [0, 4, 7]] = 1.0
    assert np.abs(contour(chroma(held, noise=0.0).levels, STEP)).max() < 1e-6
    assert not contour(chroma(silent).levels, STEP).any()
    assert not passages(contour_of(held, 1), contour_of(held, 2), 0)


def test_a_planted_passage_is_found_where_it_lies():
    shared = melody(25, 4)
    one = np.concatenate([melody(40, 5), shared, melody(30, 6)])
    other = np.concatenate([melody(15, 7), np.roll(shared, 2, axis=1), melody(60, 8)])
    (found,) = passages(contour_of(one), contour_of(other, 3), 2)
    ends = (found.start, found.end, found.other_start, found.other_end)
    assert ends == pytest.approx((40, 65, 15, 40), abs=2.0)
    assert found.speed == pytest.approx(1.0, abs=0.01)
    assert 12 < found.evidence <= found.length
    assert 0.8 < found.correlation <= 1.0


@pytest.mark.parametrize("speed", [0.92, 0.96, 1.04, 1.08])
def test_another_speed_is_found_and_told(speed):
    levels = melody(100, 9)
    found = passages(contour_of(levels), contour_of(resampled(levels, speed), 4), 0)
    assert found[0].speed == pytest.approx(speed, abs=0.01)
    assert sum(part.length for part in found) > 85


def test_a_cut_leaves_two_passages():
    levels = melody(100, 10)
    cut = np.concatenate([levels[: round(40 / STEP)], levels[round(70 / STEP) :]])
    first, second = passages(contour_of(cut), contour_of(levels, 6), 0)
    assert (first.start, first.end, first.other_start) == pytest.approx((0, 40, 0), abs=2.0)
    assert (second.start, second.other_start, second.other_end) == pytest.approx((40, 70, 100), abs=2.0)


def test_a_passage_goes_on_after_a_held_chord():
    levels = melody(80, 11)
    levels[round(35 / STEP) : round(45 / STEP)] = np.eye(12)[3]
    (found,) = passages(contour_of(levels), contour_of(levels, 7), 0)
    assert found.length == pytest.approx(80, abs=3)
