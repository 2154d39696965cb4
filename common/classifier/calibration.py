"""Whether the classifier is as sure as it is right, on songs it has not seen."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

CONFIDENCE_EDGES = (0.0, 0.5, 0.7, 0.85, 0.95, 1.0)
"""Edges of the bins in which the model's confidence is compared with how often it is right."""


@dataclass(frozen=True)
class Confidence:
    """How often the model is right when it is so sure, on songs it has not seen.

    Attributes
    ----------
    low, high
        Range of the probability of the likeliest genre; the last bin contains its end.
    n
        Number of songs in the range, at least 1.
    said
        Mean probability of the likeliest genre, 0 to 1.
    right
        Share of the songs that are of the likeliest genre, 0 to 1.
    """

    low: float
    high: float
    n: int
    said: float
    right: float

    @property
    def n_right(self) -> int:
        """About how many of the songs the model was right."""
        return round(self.right * self.n)


def calibration(y: np.ndarray, probability: np.ndarray) -> list[Confidence]:
    """Compare confidence with success in bins of `CONFIDENCE_EDGES`; bins without songs are left out.

    Parameters
    ----------
    y
        The genre of each song, int, shape (n,).
    probability
        Out-of-fold probabilities, shape (n, K).
    """
    top, right = probability.max(axis=1), probability.argmax(axis=1) == y
    bins = []
    for low, high in itertools.pairwise(CONFIDENCE_EDGES):
        inside = (top >= low) & ((top < high) | (high == CONFIDENCE_EDGES[-1]))
        if inside.any():
            n, said, share = int(inside.sum()), float(top[inside].mean()), float(right[inside].mean())
            bins.append(Confidence(low, high, n, said, share))
    return bins


def bin_of(bins: Sequence[Confidence], probability: float) -> Confidence | None:
    """Find the bin that holds a probability of the likeliest genre; None if no judged song fell into it."""
    for one in bins:
        if one.low <= probability < one.high or probability >= one.high == CONFIDENCE_EDGES[-1]:
            return one
    return None


def expected_calibration_error(bins: Sequence[Confidence]) -> float:
    """Mean distance of confidence and success, each bin weighing its songs (M. Naeini et al., AAAI 2015)."""
    return sum(one.n * abs(one.said - one.right) for one in bins) / sum(one.n for one in bins)
