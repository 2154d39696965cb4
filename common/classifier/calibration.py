"""Whether the classifier is as sure as it is right, on songs it has not seen."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from common.classifier.model import Certainty, probabilities

CONFIDENCE_EDGES = (0.0, 0.5, 0.7, 0.85, 0.95, 1.0)
"""Edges of the bins in which the model's confidence is compared with how often it is right."""


SHARPNESSES = np.geomspace(0.05, 1.0, 40)
"""Factors that margins may be multiplied with."""


LAPSES = (0.0, 0.01, 0.02, 0.04, 0.07, 0.1, 0.15, 0.2, 0.3, 0.4)
"""Shares of songs about which margins may say nothing."""


SHARPNESS_SPREAD = 2.0
"""Standard deviation of the sharpness's logarithm before any song is known; chosen on generated libraries and
on parts of the embeddings (`docs/classifier.md`)."""


PARTS = 10
"""Parts of the groups of songs that are calibrated by the others, one after the other."""


def fair_certainty(
    margins: np.ndarray, y: np.ndarray, n_groups: int, lapses: Sequence[float] = LAPSES
) -> Certainty:
    """Find what makes probabilities as sure as they are right.

    The two numbers are means over everything the songs leave possible, each choice weighted by its posterior
    probability: a best choice would be as sure of twelve artists as of a thousand. Songs of an artist (an
    album) succeed or fail together, so that all of them tell as much as so many single songs as there are
    artists.

    Parameters
    ----------
    margins
        Margins of songs that were not learned from, shape (n, M).
    y
        The genre of each song, int, shape (n,).
    n_groups
        The number of recordings, artists or albums that the songs are of, 1 to n.
    lapses
        The lapses that may be chosen, each from 0 up to less than 1.
    """
    losses = _losses(margins, y, lapses, np.zeros(len(y), dtype=int))[:, :, 0]
    return _mean_certainty(losses / len(y), n_groups, lapses)


def _losses(margins: np.ndarray, y: np.ndarray, lapses: Sequence[float], part: np.ndarray) -> np.ndarray:
    """Log-loss of every part's songs (parts count from 0), by sharpness and lapse, shape (40, L, parts)."""
    losses = []
    for sharpness in SHARPNESSES:
        found = probabilities(sharpness * margins)
        own, chance = found[np.arange(len(y)), y], 1.0 / found.shape[1]
        said = [np.maximum((1.0 - lapse) * own + lapse * chance, 1e-12) for lapse in lapses]
        losses.append([np.bincount(part, -np.log(one)) for one in said])
    return np.array(losses)


def _mean_certainty(losses: np.ndarray, n_groups: int, lapses: Sequence[float]) -> Certainty:
    """The posterior mean of sharpness (of its logarithm) and lapse, from mean log-losses of shape (40, L)."""
    log_sharpness, shares = np.log(SHARPNESSES), np.array(lapses)
    log_prior = -0.5 * (log_sharpness[:, None] / SHARPNESS_SPREAD) ** 2 + np.log(1.0 - shares)
    log_posterior = log_prior - n_groups * losses
    posterior = np.exp(log_posterior - log_posterior.max())
    posterior /= posterior.sum()
    sharpness = np.exp(posterior.sum(axis=1) @ log_sharpness)
    return Certainty(float(sharpness), float(posterior.sum(axis=0) @ shares))


def calibrated(margins: np.ndarray, certainty: Certainty) -> np.ndarray:
    """Probabilities as sure as they are right, shape (n, K), from fitted margins, shape (n, M)."""
    return certainty.probabilities(certainty.sharpness * margins)


def calibrated_by_others(margins: np.ndarray, y: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Probabilities of songs, each calibrated by the songs of other groups alone, shape (n, K).

    Parameters
    ----------
    margins
        Margins of songs that were not learned from, shape (n, K).
    y
        The genre of each song, int, shape (n,).
    groups
        A number per song, int, shape (n,), the same for songs of a recording, an artist or an album.
    """
    group = np.unique(groups, return_inverse=True)[1]
    n_groups = int(group.max()) + 1
    n_parts = min(PARTS, n_groups)
    part = group * n_parts // n_groups
    losses, sizes, found = _losses(margins, y, LAPSES, part), np.bincount(part), np.empty_like(margins)
    for one in range(n_parts):
        here = part == one
        others = np.delete(losses, one, axis=2).sum(axis=2) / (len(y) - sizes[one])
        n_others = len(np.unique(group[~here]))
        found[here] = calibrated(margins[here], _mean_certainty(others, n_others, LAPSES))
    return found


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


@dataclass(frozen=True)
class Experience:
    """How far verdicts have been right, by how sure they were.

    Attributes
    ----------
    own
        Bins of verdicts on songs of the library, by models that had not heard the song.
    strangers
        Bins of verdicts on artists (else albums) that no model had heard, as is the rule for other songs.
    """

    own: list[Confidence]
    strangers: list[Confidence]

    def like(self, held_out: bool) -> list[Confidence]:
        """The bins of songs of the library (held out), or of others."""
        return self.own if held_out else self.strangers


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


def calibration_error(y: np.ndarray, probability: np.ndarray) -> float:
    """Mean distance of confidence and success, each bin weighing its songs (M. Naeini et al., AAAI 2015).

    Parameters
    ----------
    y, probability
        As `calibration` takes them.
    """
    return mean_distance(calibration(y, probability))


def mean_distance(bins: Sequence[Confidence]) -> float:
    """The calibration error that bins of at least one song show, 0 to 1."""
    return sum(one.n * abs(one.said - one.right) for one in bins) / sum(one.n for one in bins)
