"""Songs that the classifier, not having heard them, cannot decide about, or that seem to be misfiled.

Conventions: a label is suspected by its posterior probability of being wrong, given what the models that
had not heard the song say and how the other songs of its album are filed, if one label in twenty is wrong.
What the suspects lack to certainty is the expected share of false alarms among them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from common.classifier.songs import TrainingSet

BOUNDARY, MISLABELLED = KINDS = ("boundary", "mislabelled")
"""A song between two genres, and one that perhaps is filed under the wrong one."""

BOUNDARY_ODDS = 1.5
"""A song is a boundary song if its likeliest genre is at most so many times as likely as the second."""

WRONG_LABELS = 0.05
"""Share of labels that are taken to be wrong before anything is known of a song."""

SUSPECTED = 0.5
"""Least posterior probability of a wrong label at which a song is listed."""

LEAST_EVIDENCE = 0.01
"""No probability is believed to be less: models are wrong about one song in a hundred whatever they say."""

ALBUM_PRIOR = 2.0
"""How many songs of no particular genre are added to those of an album before its labels count."""


@dataclass(frozen=True)
class Doubt:
    """A song that the classifier, not having heard it, is unsure about or contradicts.

    Attributes
    ----------
    row
        The row of the song in the library.
    kind
        Whether the song lies between genres or may be misfiled, one of `KINDS`.
    first, second
        The positions of the two likeliest genres.
    p_first, p_second
        The probabilities of these two genres, 0 to 1.
    p_own
        The probability of the genre the song is filed under, 0 to 1.
    suspicion
        The posterior probability that its label is wrong, 0 to 1.
    """

    row: int
    kind: str
    first: int
    second: int
    p_first: float
    p_second: float
    p_own: float
    suspicion: float


def suspicions(y: np.ndarray, probability: np.ndarray, albums: np.ndarray | None = None) -> np.ndarray:
    """Posterior probability that each song's label is wrong.

    Bayes' rule with a share of `WRONG_LABELS` that fall on any other genre alike. Sound and album mates count
    as independent evidence.

    Parameters
    ----------
    y
        The genre each song is filed under, int, shape (n,).
    probability
        Out-of-fold probabilities, shape (n, K).
    albums
        A number per song, int, shape (n,), the same for songs of one album; None where albums are not
        known.

    Returns
    -------
    ndarray
        The probabilities, 0 to 1, shape (n,).
    """
    n_genres = probability.shape[1]
    evidence = np.maximum(probability, LEAST_EVIDENCE)
    if albums is not None:
        evidence = evidence * _album_shares(y, albums, n_genres)
    own = evidence[np.arange(len(y)), y] / evidence.sum(axis=1)
    wrong = WRONG_LABELS * (1.0 - own) / (n_genres - 1)
    return wrong / (wrong + (1.0 - WRONG_LABELS) * own)


def _album_shares(y: np.ndarray, albums: np.ndarray, n_genres: int) -> np.ndarray:
    """How the other songs of each song's album are filed, shape (n, K)."""
    album = np.unique(albums, return_inverse=True)[1]
    filed = np.zeros((album.max() + 1, n_genres))
    np.add.at(filed, (album, y), 1.0)
    others = filed[album] - np.eye(n_genres)[y] + ALBUM_PRIOR / n_genres
    return others / others.sum(axis=1, keepdims=True)


def doubts(training: TrainingSet, probability: np.ndarray) -> list[Doubt]:
    """Boundary songs, closest call first, then songs that may be mislabelled, the most suspect first.

    Parameters
    ----------
    training
        The labelled songs.
    probability
        Out-of-fold probabilities, shape (n, K).
    """
    suspicion = suspicions(training.y, probability, training.groups.get("album"))
    found = []
    for i, row in enumerate(training.rows):
        second, first = (int(k) for k in np.argsort(probability[i], kind="stable")[-2:])
        p_first, p_second = float(probability[i, first]), float(probability[i, second])
        if first != training.y[i] and suspicion[i] >= SUSPECTED:
            kind = MISLABELLED
        elif p_first <= BOUNDARY_ODDS * p_second:
            kind = BOUNDARY
        else:
            continue
        own = float(probability[i, training.y[i]])
        found.append(Doubt(int(row), kind, first, second, p_first, p_second, own, float(suspicion[i])))
    return sorted(found, key=_order)


def expected_false_alarms(found: Sequence[Doubt]) -> float:
    """How many of the songs that may be mislabelled are expected to be rightly filed."""
    return sum(1.0 - doubt.suspicion for doubt in found if doubt.kind == MISLABELLED)


def _order(doubt: Doubt) -> tuple[str, float, int]:
    closeness = doubt.p_first / doubt.p_second if doubt.kind == BOUNDARY else -doubt.suspicion
    return doubt.kind, closeness, doubt.row
