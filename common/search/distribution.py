"""Where a similarity stands among the similarities of all pairs of songs.

Conventions: similarities are cosines, -1 to 1; a pair is two different songs, in either order.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from common.text import count

PAIR_SAMPLE = 200_000
"""Pairs that stand for all where the similarity matrix is not in memory."""

ALIKE = 90.0
"""Percentile from which the best song found counts as like the one that was asked for. A song that is like no
other still has a nearest one. Of 46 and of 260 real songs 4% and none have a best one below it, of 15 songs
a sixth."""

ROUNDING = 1e-6
"""Similarities that differ by less are equal: they are computed in float32 here and exactly there."""

SAMPLE_SEED = 0
"""Seed of every random sample of songs or pairs that a search measures or orders."""


@dataclass(frozen=True)
class SimilarityDistribution:
    """The similarities of the pairs of songs in one space.

    Attributes
    ----------
    scores
        The similarities, ascending, shape (n_pairs,).
    sampled
        Whether they are a random sample of all pairs.
    """

    scores: np.ndarray = field(repr=False)
    sampled: bool = False

    def percentile(self, score: float) -> float:
        """Per cent of pairs that are less similar, equals counting half, 0 to 100."""
        below, upto = np.searchsorted(self.scores, (score - ROUNDING, score + ROUNDING))
        return 50.0 * float(below + upto) / len(self.scores)

    def is_alike(self, score: float) -> bool:
        """Whether songs so similar count as alike; see `ALIKE`. Below 0 they are not, whatever others are."""
        return score > 0 and self.percentile(score) >= ALIKE

    def upper_tail(self, scores: np.ndarray) -> np.ndarray:
        """Share of pairs that are more similar, 0 to 1, of the same shape as ``scores``.

        Straight between neighbouring pairs, so that rounding of a score changes nothing to speak of.
        """
        return 1.0 - np.interp(scores, self.scores, np.linspace(0.0, 1.0, len(self.scores)))

    def share(self, score: float) -> str:
        """The percentile for people, such as ``98.2%``; below the highest score at most ``99.9%``.

        Among the pairs of two songs nothing has a place: ``–``.
        """
        if len(self.scores) == 1:
            return "–"
        is_highest = score >= self.scores[-1] - ROUNDING
        return f"{self.percentile(score) if is_highest else min(self.percentile(score), 99.9):.1f}%"

    def standing(self, score: float) -> str:
        """Say where a score stands, such as ``more alike than 98.2% of 45 pairs``."""
        if len(self.scores) == 1:
            return "two songs have no other pair to compare it with"
        return f"more alike than {self.share(score)} of {self.all_pairs}"

    @property
    def all_pairs(self) -> str:
        """What a score is compared with, such as ``45 pairs``."""
        return count(len(self.scores), "sampled pair" if self.sampled else "pair")


def similarity_distribution(rows: np.ndarray, matrix: np.ndarray | None) -> SimilarityDistribution:
    """Collect the similarities of all pairs of different songs, or of `PAIR_SAMPLE` random ones.

    Parameters
    ----------
    rows
        The songs as rows of length 1, shape (n_songs, n_columns).
    matrix
        Their similarities, shape (n_songs, n_songs), or None where they are not in memory; then pairs
        are drawn at random.

    Raises
    ------
    ValueError
        If there are fewer than two songs.
    """
    n = len(rows)
    if n < 2:
        raise ValueError("a pair needs two songs")
    if matrix is not None:
        return SimilarityDistribution(np.sort(matrix[np.triu_indices(n, k=1)]))
    rng = np.random.default_rng(SAMPLE_SEED)
    one = rng.integers(n, size=PAIR_SAMPLE)
    other = (one + rng.integers(1, n, size=PAIR_SAMPLE)) % n
    chunks = np.array_split(np.arange(PAIR_SAMPLE), PAIR_SAMPLE // 4096)
    scores = [np.einsum("ij,ij->i", rows[one[c]], rows[other[c]]) for c in chunks]
    return SimilarityDistribution(np.sort(np.concatenate(scores)), sampled=True)
