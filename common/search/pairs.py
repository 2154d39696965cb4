"""What a similarity is worth: where it stands among the similarities of all pairs of songs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from common.text import count

if TYPE_CHECKING:
    from common.search.spaces import Space

PAIR_SAMPLE = 200_000
"""Pairs a percentile is judged by where the matrix is not in memory."""

SEED = 0


@dataclass(frozen=True)
class Pairs:
    """Similarities of pairs of songs, to judge a score by.

    Attributes
    ----------
    scores
        Ascending, shape (n_pairs,).
    sampled
        Whether they are a sample of all pairs.
    """

    scores: np.ndarray = field(repr=False)
    sampled: bool = False

    def percentile(self, score: float) -> float:
        """Per cent of pairs that are less similar; equals count half. 0 to 100."""
        below, upto = (np.searchsorted(self.scores, score, side) for side in ("left", "right"))
        return 50.0 * float(below + upto) / len(self.scores)

    def strangeness(self, scores: np.ndarray) -> np.ndarray:
        """Share of pairs that are more alike, 0 to 1, shape as ``scores``.

        Straight between neighbouring pairs, so that rounding of a score changes nothing to speak of.
        """
        return 1.0 - np.interp(scores, self.scores, np.linspace(0.0, 1.0, len(self.scores)))

    def standing(self, score: float) -> str:
        """Say where a score stands, such as ``more alike than 98.2 % of 45 pairs``."""
        share = min(self.percentile(score), 99.9) if score < self.scores[-1] else self.percentile(score)
        what = count(len(self.scores), "sampled pair" if self.sampled else "pair")
        return f"more alike than {share:.1f} % of {what}"


def sample_pairs(space: Space) -> Pairs:
    """Similarities of all pairs of different songs, or of `PAIR_SAMPLE` random ones in a large library.

    Raises
    ------
    ValueError
        If there are fewer than two songs.
    """
    n = len(space)
    if n < 2:
        raise ValueError("a pair needs two songs")
    if space.matrix is not None:
        return Pairs(np.sort(space.matrix[np.triu_indices(n, k=1)]))
    rng = np.random.default_rng(SEED)
    one = rng.integers(n, size=PAIR_SAMPLE)
    other = (one + rng.integers(1, n, size=PAIR_SAMPLE)) % n
    chunks = np.array_split(np.arange(PAIR_SAMPLE), PAIR_SAMPLE // 4096)
    scores = [np.einsum("ij,ij->i", space.rows[one[c]], space.rows[other[c]]) for c in chunks]
    return Pairs(np.sort(np.concatenate(scores)), sampled=True)
