"""Confidence against success, and what brings the two together."""

from __future__ import annotations

import numpy as np
import pytest

from common.classifier.calibration import (
    SHARPNESSES,
    calibrated,
    calibrated_by_others,
    calibration,
    calibration_error,
    fair_certainty,
)
from common.classifier.model import probabilities


def test_calibration():
    probability = np.array([[0.6, 0.4], [0.9, 0.1], [0.1, 0.9], [0.0, 1.0]])
    y = np.array([0, 0, 0, 1])
    bins = calibration(y, probability)
    by_low = {b.low: b for b in bins}
    assert (by_low[0.5].n, by_low[0.5].right) == (1, 1.0)
    assert (by_low[0.85].n, by_low[0.85].right) == (2, 0.5)
    assert by_low[0.95].n == 1
    assert set(by_low) == {0.5, 0.85, 0.95}  # no song was 70% to 85% sure
    assert calibration_error(y, probability) == pytest.approx((1 * 0.4 + 2 * 0.4 + 0) / 4)


def planted(n, sharpness, lapse, seed=0):
    """Margins that are too sure by a known factor, of songs of which a known share is dealt at random."""
    rng = np.random.default_rng(seed)
    honest = rng.normal(0.0, 3.0, n)
    y = (rng.random(n) < 1.0 / (1.0 + np.exp(-honest))).astype(int)
    random = rng.random(n) < lapse
    y[random] = rng.integers(0, 2, random.sum())
    return honest[:, None] / sharpness, y


@pytest.mark.parametrize(("sharpness", "lapse"), [(0.3, 0.0), (0.7, 0.1), (0.15, 0.2)])
def test_many_songs_tell_both_numbers(sharpness, lapse):
    margins, y = planted(20_000, sharpness, lapse)
    found = fair_certainty(margins, y, len(y))
    assert found.sharpness == pytest.approx(sharpness, rel=0.15)
    assert found.lapse == pytest.approx(lapse, abs=0.03)


def test_songs_of_few_artists_tell_less_than_as_many_single_songs():
    """Five hundred songs that are always right make surer than the same songs by ten artists."""
    margins, y = np.full((500, 1), 8.0), np.ones(500, dtype=int)
    many, few = (fair_certainty(margins, y, n_groups) for n_groups in (500, 10))
    assert calibrated(margins, few)[0, 1] < calibrated(margins, many)[0, 1]
    # As many copies of everything say nothing new.
    again = fair_certainty(np.tile(margins, (3, 1)), np.tile(y, 3), 10)
    assert again.sharpness == pytest.approx(few.sharpness)
    assert SHARPNESSES[0] < again.sharpness < SHARPNESSES[-1]


def test_a_song_is_calibrated_by_others_alone():
    """Other labels for one artist's songs leave their own probabilities as they are, and move the others'."""
    margins, y = planted(60, 0.5, 0.1)
    both, groups = np.hstack([np.zeros_like(margins), margins]), np.arange(60) // 12
    mine = groups == 2
    before, after = (calibrated_by_others(both, labels, groups) for labels in (y, np.where(mine, 1 - y, y)))
    np.testing.assert_allclose(after[mine], before[mine])
    assert np.abs(after[~mine] - before[~mine]).max() > 0.01


def test_few_artists_are_calibrated_better_by_others_than_not_at_all():
    """Artists are easier or harder as a whole; over many such libraries calibration has to pay."""
    rng = np.random.default_rng(1)
    gains = []
    for _ in range(60):
        groups = np.repeat(np.arange(12), 4)
        towards_truth = rng.normal(1.5, 1.0, 12)[groups] + rng.normal(0.0, 1.5, 48)
        y = rng.integers(0, 2, 48)
        margins = np.zeros((48, 2))
        margins[:, 1] = 4.0 * np.where(y == 1, towards_truth, -towards_truth)
        before = calibration_error(y, probabilities(margins))
        gains.append(before - calibration_error(y, calibrated_by_others(margins, y, groups)))
    assert np.mean(gains) > 0.02
