"""How alike songs are: spaces, nearest songs, diverse songs, and the reasons for every score.

Conventions
-----------
A *space* turns each song into a vector of length 1, so that the similarity of two songs is the cosine of
the angle between them, -1 to 1. Every coordinate belongs to one musical group of the layout, so a cosine
is the sum of seven contributions, exactly. Rows are in the order of the library, and of two songs that
are equally similar the earlier row comes first, so an answer never depends on how it was computed.

All of it is relative to the library: a feature is measured by how far a song departs from the average
song, so 0 means "no more alike than any two songs", and in a library of two songs they are opposites.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from common.console import UserError, count
from common.layout import GROUP_INDICES
from common.library import Library

MATRIX_LIMIT_MB = 64
"""Largest similarity matrix that is computed in advance (4 096 songs); beyond it, rows on the fly."""

PAIR_SAMPLE = 200_000
"""Pairs a percentile is judged by where the matrix is not in memory."""

SEED = 0


@dataclass(frozen=True)
class Space:
    """A library as unit vectors whose coordinates belong to musical groups.

    Attributes
    ----------
    name
        What the user calls it, a key of `SPACES`.
    rows
        float32, shape (n_songs, n_coordinates); length 1, or 0 for a song that is average in everything.
    columns
        Group -> its coordinates; together they are all coordinates, each once.
    """

    name: str
    rows: np.ndarray = field(repr=False)
    columns: dict[str, np.ndarray] = field(repr=False)

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def matrix(self) -> np.ndarray | None:
        """float32, shape (n_songs, n_songs); None where it would exceed `MATRIX_LIMIT_MB`."""
        size = len(self) ** 2 * self.rows.itemsize
        return self.rows @ self.rows.T if size <= MATRIX_LIMIT_MB * 2**20 else None

    def similarities(self, row: int) -> np.ndarray:
        """Cosine of one song with every song: float32, shape (n_songs,), good to `rounding`."""
        return self.rows @ self.rows[row] if self.matrix is None else self.matrix[row]

    @property
    def rounding(self) -> float:
        """Bound on the error of a float32 dot product of unit vectors: n u.

        N. J. Higham, "Accuracy and Stability of Numerical Algorithms", 2002, section 3.1.
        """
        return self.rows.shape[1] * float(np.finfo(np.float32).eps)

    def exact(self, row: int, others: np.ndarray, chunk: int = 4096) -> np.ndarray:
        """Cosine of one song with some, the same to the last bit however the songs are picked.

        Parameters
        ----------
        row
            The song.
        others
            Rows, shape (m,).
        chunk
            How many are held in float64 at a time.

        Returns
        -------
        ndarray
            float64, shape (m,), clipped to [-1, 1].
        """
        song = self.rows[row].astype(np.float64)
        parts = [
            (self.rows[others[start : start + chunk]] * song).sum(axis=1)
            for start in range(0, len(others), chunk)
        ]
        return np.clip(np.concatenate([*parts, np.empty(0)]), -1.0, 1.0)

    def similarity(self, one: int, other: int) -> float:
        """Cosine of two songs, -1 to 1."""
        return float(self.exact(one, np.array([other]))[0])

    def contributions(self, one: int, other: int) -> dict[str, float]:
        """What each musical group adds to the cosine of two songs; the sum is the cosine.

        Returns
        -------
        dict
            Group -> contribution, in the order of ``GROUPS``.
        """
        products = self.rows[one].astype(np.float64) * self.rows[other]
        return {group: math.fsum(products[where]) for group, where in self.columns.items()}

    @cached_property
    def pairs(self) -> Pairs:
        """Similarities of the pairs of songs, to judge a score by."""
        return sample_pairs(self)


def standard(library: Library) -> Space:
    """Plain cosine of the standardised embeddings: every number counts the same, so mel rules."""
    columns = {group: np.array(where) for group, where in GROUP_INDICES.items()}
    return Space("standard", _unit(library.standardised).astype(np.float32), columns)


def balanced(library: Library) -> Space:
    """Let every musical group speak once for each independent thing it has to say.

    Within a group the standardised numbers are whitened with their correlation matrix shrunk half-way to
    the identity, so that 128 neighbouring mel bands that rise and fall together count about once, and the
    group's vector is given length 1. The similarity is then a weighted mean of seven cosines, and a
    group's weight is the square root of its number of independent directions (the participation ratio of
    its spectrum): more for mel and timbre, less for energy with its two numbers.

    Nothing is learned from labels. Sources: O. Ledoit and M. Wolf, "A well-conditioned estimator for
    large-dimensional covariance matrices", J. Multivariate Analysis 88 (2004), for shrinkage to the
    identity; A. Kessy et al., "Optimal whitening and decorrelation", The American Statistician 72 (2018),
    on the roots that whitening may take.
    """
    parts = {group: _whiten(library.standardised[:, where]) for group, where in GROUP_INDICES.items()}
    weights = {group: math.sqrt(directions) for group, (_, directions) in parts.items()}
    rows = np.empty_like(library.standardised)
    for group, (values, _) in parts.items():
        rows[:, GROUP_INDICES[group]] = _unit(values) * math.sqrt(weights[group])
    columns = {group: np.array(where) for group, where in GROUP_INDICES.items()}
    return Space("balanced", _unit(rows).astype(np.float32), columns)


DEFAULT_SPACE = "balanced"
"""The space that finds better neighbours."""

SPACES: dict[str, tuple[Callable[[Library], Space], str]] = {
    "balanced": (balanced, "musical groups weigh by how much each has to say; the default"),
    "standard": (standard, "plain cosine of the standardised 641 numbers, four fifths of it mel bands"),
}
"""Name -> (how it is built, what it is for)."""


def build(name: str, library: Library) -> Space:
    """Build a space by name.

    Raises
    ------
    UserError
        If the library has nothing to compare: fewer than two songs, or songs that are all the same.
    """
    if len(library) < 2:
        raise UserError("the library holds a single song, so there is nothing to compare it with")
    space = SPACES[name][0](library)
    if not space.rows.any():
        raise UserError("all songs of the library have the same embedding, so nothing tells them apart")
    return space


def _whiten(values: np.ndarray) -> tuple[np.ndarray, float]:
    """Decorrelate standardised numbers, and count the independent directions among them.

    With correlations C the shrunk matrix is (C + I) / 2. Any root of its inverse gives the same cosines;
    Cholesky's is the quickest. The participation ratio, the square of the sum of the eigenvalues s of the
    whitened numbers' covariance over the sum of their squares, needs no eigenvalues: they are
    s = 2 - 2 m, with m those of the inverse of C + I.

    Returns
    -------
    tuple
        The whitened numbers, shape as ``values``; the ratio, 0 where nothing varies.
    """
    size = values.shape[1]
    inverse = np.linalg.inv(values.T @ values / len(values) + np.eye(size))
    total, squares = size - np.trace(inverse), size - 2 * np.trace(inverse) + (inverse**2).sum()
    directions = total**2 / squares if squares > 1e-9 else 0.0
    return values @ np.linalg.cholesky(2.0 * inverse), float(directions)


def _unit(rows: np.ndarray) -> np.ndarray:
    """Give rows length 1; what is shorter than rounding error is 0."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.where(lengths > 1e-9, rows / np.where(lengths > 1e-9, lengths, 1.0), 0.0)


@dataclass(frozen=True)
class Match:
    """A song that answers a search.

    Attributes
    ----------
    row
        Row in the library.
    score
        Cosine with the song searched for, -1 to 1.
    closest
        Highest cosine with the songs above it in the list, the redundancy of MMR; None for the first,
        and where nobody asked.
    """

    row: int
    score: float
    closest: float | None = None


def nearest(space: Space, row: int, n: int, allowed: np.ndarray | None = None) -> list[Match]:
    """Find the most similar songs, exactly, best first.

    Parameters
    ----------
    space
        The songs.
    row
        The song searched for; it is not its own neighbour.
    n
        How many, at least 1.
    allowed
        bool, shape (n_songs,): which songs may be found; None means all.

    Returns
    -------
    list of Match
        Fewer than ``n`` where there are fewer. Float32 finds the candidates, with a margin for its
        rounding; float64 ranks them.

    Raises
    ------
    ValueError
        If ``n`` is less than 1.
    """
    if n < 1:
        raise ValueError(f"n must be at least 1, got {n}")
    candidates = np.arange(len(space)) if allowed is None else np.flatnonzero(allowed)
    candidates = candidates[candidates != row]
    if n < len(candidates):
        rough = space.similarities(row)[candidates]
        last = np.partition(rough, -n)[-n]
        candidates = candidates[rough >= last - 2 * space.rounding]
    scores = space.exact(row, candidates)
    order = np.lexsort((candidates, -scores))[:n]
    return [Match(int(candidates[i]), float(scores[i])) for i in order]


def pool_size(n: int) -> int:
    """How many of the nearest songs MMR chooses ``n`` from, unless told."""
    return max(100, 10 * n)


def diverse(
    space: Space,
    row: int,
    n: int,
    diversity: float,
    allowed: np.ndarray | None = None,
    pool: int | None = None,
) -> list[Match]:
    """Find songs that are similar to one song but not to each other: maximal marginal relevance.

    J. Carbonell and J. Goldstein, "The use of MMR, diversity-based reranking", SIGIR 1998: from the
    songs retrieved, pick again and again the one that maximises
    ``(1 - diversity) * similarity to the query - diversity * highest similarity to a song picked``
    (their λ is ``1 - diversity``). The first pick is the most similar song. A pick costs one dot
    product per candidate.

    Parameters
    ----------
    space, row, n, allowed
        As in `nearest`.
    diversity
        0 (the nearest songs) to 1 (songs of the pool that spread as far as they can).
    pool
        How many of the nearest songs to choose from, at least ``n``; `pool_size` unless given.

    Raises
    ------
    ValueError
        If ``diversity`` lies outside 0 to 1, or ``n`` is less than 1.
    """
    if not 0.0 <= diversity <= 1.0:
        raise ValueError(f"diversity must lie between 0 and 1, got {diversity}")
    found = nearest(space, row, max(n, pool_size(n) if pool is None else pool), allowed)
    rows = np.array([match.row for match in found], dtype=int)
    relevance = np.array([match.score for match in found])
    closest = np.full(len(found), -np.inf)
    left = np.ones(len(found), dtype=bool)
    picked: list[Match] = []
    while left.any() and len(picked) < n:
        gain = (1.0 - diversity) * relevance - diversity * closest if picked else relevance
        best = int(np.argmax(np.where(left, gain, -np.inf)))
        picked.append(
            Match(int(rows[best]), float(relevance[best]), float(closest[best]) if picked else None)
        )
        left[best] = False
        closest = np.maximum(closest, space.exact(int(rows[best]), rows))
    return picked


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
