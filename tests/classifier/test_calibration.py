"""Confidence against success."""

from __future__ import annotations

import numpy as np
import pytest

from common.classifier.calibration import calibration, expected_calibration_error


def test_calibration():
    probability = np.array([[0.6, 0.4], [0.9, 0.1], [0.1, 0.9], [0.0, 1.0]])
    bins = calibration(np.array([0, 0, 0, 1]), probability)
    by_low = {b.low: b for b in bins}
    assert (by_low[0.5].n, by_low[0.5].right) == (1, 1.0)
    assert (by_low[0.85].n, by_low[0.85].right) == (2, 0.5)
    assert by_low[0.95].n == 1
    assert set(by_low) == {0.5, 0.85, 0.95}  # no song was 70 % to 85 % sure
    expected = (1 * 0.4 + 2 * 0.4 + 0) / 4
    assert expected_calibration_error(bins) == pytest.approx(expected)
