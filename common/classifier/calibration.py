"""Whether the classifier is as sure as it is right, on songs it has not seen."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar

from common.classifier.model import Certainty

CONFIDENCE_EDGES = (0.0, 0.5, 0.7, 0.85, 0.95, 1.0)
"""Edges of the bins in which the model's confidence is compared with how often it is right."""


SHARPNESS = (0.05, 1.0)
"""Least and greatest factor that margins are multiplied with."""


LAPSES = (0.0, 0.01, 0.02, 0.04, 0.07, 0.1, 0.15, 0.2, 0.3, 0.4)
"""Shares of songs about which margins may say nothing."""


def best_certainty(margins: np.ndarray, y: np.ndarray, lapses: Sequence[float] = LAPSES) -> Certainty:
    """Find what makes probabilities as sure as they are right: the least log-loss.

    Two numbers for all songs cannot know any of them. Weak priors hold the factor near 1 (its logarithm has
    a standard deviation of 1) and the lapse small, until a few dozen songs overrule them.

    Parameters
    ----------
    margins
        Margins of songs that were not learned from, shape (n, M).
    y
        The genre of each song, int, shape (n,).
    lapses
        The lapses that may be chosen, each from 0 up to less than 1.
    """
    low, high = np.log(SHARPNESS)

    def cost(log_factor: float, lapse: float) -> float:
        found = Certainty(lapse=lapse).probabilities(np.exp(log_factor) * margins)
        own = np.maximum(found[np.arange(len(y)), y], 1e-12)
        return float(-np.log(own).sum() + 0.5 * log_factor**2 - np.log(1.0 - lapse))

    fits = [minimize_scalar(cost, (low, high), (low, high), (lapse,), method="bounded") for lapse in lapses]
    best = min(range(len(lapses)), key=lambda i: fits[i].fun)
    return Certainty(float(np.exp(fits[best].x)), float(lapses[best]))


@dataclass(frozen=True)
class Confidence:
    """How often the model is right when it is so sure, on songs it has not seen.

    Attributes
    ----------
    low, high
        The range of the probability of the likeliest genre, 0 to 1; the last bin contains its end.
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
