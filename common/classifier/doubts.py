"""Songs that the classifier, not having seen them, cannot decide about or contradicts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from common.classifier.songs import TrainingSet

BOUNDARY, MISLABELLED = KINDS = ("boundary", "mislabelled")
"""A song between two genres, and one that perhaps is filed under the wrong one."""

BOUNDARY_GAP = 0.3
"""A song is a boundary song if its two likeliest genres are less than this apart in probability."""

SURE = 0.8
"""Least probability at which the classifier contradicts a song's genre."""


@dataclass(frozen=True)
class Doubt:
    """A song that the classifier, not having seen it, is unsure about or contradicts.

    Attributes
    ----------
    row
        Row in the library.
    kind
        One of `KINDS`.
    first, second
        Positions of the two likeliest genres.
    p_first, p_second
        Their probabilities.
    p_own
        Probability of the genre the song is filed under.
    """

    row: int
    kind: str
    first: int
    second: int
    p_first: float
    p_second: float
    p_own: float


def doubts(training: TrainingSet, probability: np.ndarray) -> list[Doubt]:
    """Boundary songs, closest call first, then songs that may be mislabelled, most confident first.

    A song may be mislabelled if another genre is at least as probable as that genre's own songs are on
    average (C. Northcutt et al., "Confident Learning", J. Artificial Intelligence Research 70, 2021), and
    at least `SURE`.

    Parameters
    ----------
    training
        The labelled songs.
    probability
        Out-of-fold probabilities, shape (n, K).
    """
    usual = np.array([probability[training.y == k, k].mean() for k in range(len(training.genres))])
    found = []
    for i, row in enumerate(training.rows):
        second, first = (int(k) for k in np.argsort(probability[i], kind="stable")[-2:])
        p_first, p_second = float(probability[i, first]), float(probability[i, second])
        if p_first - p_second < BOUNDARY_GAP:
            kind = BOUNDARY
        elif first != training.y[i] and p_first >= max(usual[first], SURE):
            kind = MISLABELLED
        else:
            continue
        own = float(probability[i, training.y[i]])
        found.append(Doubt(int(row), kind, first, second, p_first, p_second, own))
    return sorted(found, key=_order)


def _order(doubt: Doubt) -> tuple[str, float, int]:
    closeness = doubt.p_first - doubt.p_second if doubt.kind == BOUNDARY else -doubt.p_first
    return doubt.kind, closeness, doubt.row
