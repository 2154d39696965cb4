"""Sets of genres that contain the true one with a promised probability, on artists never heard.

Conventions
-----------
A set holds every genre whose probability is at least a threshold, and always the likeliest. The threshold is
conformal (M. Sadinle, J. Lei, L. Wasserman, J. American Statistical Association 114, 2019): of the songs that
were judged by models that had not heard them, the promised share has its own genre at or above it. On artists
(else albums) kept apart the promise holds for songs of artists never heard. A genre of which too few artists
are known cannot be ruled out for another's song, and is in every set.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from common.classifier.scores import LEAST_GROUPS, Scores
from common.classifier.songs import TrainingSet
from common.text import count

PROMISED = 0.9
"""Probability with which a set is to contain the true genre."""

LEAST_KNOWN = 3
"""Artists (albums, recordings) of a genre below which it is not ruled out."""


@dataclass(frozen=True)
class SetRule:
    """Which genres are in the set of a song.

    Attributes
    ----------
    promised
        Probability with which the set contains the true genre, 0 to 1.
    way
        Which songs were kept apart to find it: a key of ``TrainingSet.groups``.
    n_groups
        How many artists (albums, recordings) it was found on.
    least
        Least probability of a genre in the set; None where there are too few groups to promise anything.
    always
        Positions of the genres that cannot be ruled out.
    """

    promised: float
    way: str
    n_groups: int
    least: float | None
    always: tuple[int, ...]

    def genres(self, probability: np.ndarray) -> list[int]:
        """Positions of the genres in the set, likeliest first; empty where nothing can be promised.

        Parameters
        ----------
        probability
            The verdict on a song, shape (K,).
        """
        if self.least is None:
            return []
        inside = contained(probability[None, :], self.least, self.always)[0]
        return [int(k) for k in np.argsort(-probability, kind="stable") if inside[k]]

    @property
    def basis(self) -> str:
        """What the promise rests on, in words."""
        noun = {"plain": "recording", "artist": "artist", "album": "album"}[self.way]
        return f"measured on {count(self.n_groups, noun)} kept apart"


@dataclass(frozen=True)
class GenreSets:
    """A rule, and how its promise is kept.

    Attributes
    ----------
    rule
        The rule for new songs.
    coverage
        Way of splitting -> share of songs whose set contains their genre, each song's threshold found on
        all other artists (albums, recordings); 0 to 1. Only ways with enough of them.
    mean_size
        For each of these ways of splitting the mean number of genres in a set.
    """

    rule: SetRule
    coverage: dict[str, float]
    mean_size: dict[str, float]


def contained(probability: np.ndarray, least: float, always: Sequence[int]) -> np.ndarray:
    """Which genres are in the sets of songs, bool, shape (n, K), from probabilities, shape (n, K)."""
    inside = probability >= least
    inside[:, list(always)] = True
    inside[np.arange(len(probability)), probability.argmax(axis=1)] = True
    return inside


def least_probability(own: np.ndarray, promised: float) -> float:
    """The conformal threshold.

    Parameters
    ----------
    own
        Probability of each song's own genre by models that had not heard it, shape (n,).
    promised
        The share of songs that are to be at or above the threshold, 0 to 1.

    Returns
    -------
    float
        The ceil((n + 1) promised)-th largest of them; 0 where there are too few.
    """
    rank = int(np.ceil((len(own) + 1) * promised - 1e-9))
    return float(np.sort(own)[::-1][rank - 1]) if rank <= len(own) else 0.0


def judge_sets(training: TrainingSet, scores: Sequence[Scores], promised: float = PROMISED) -> GenreSets:
    """Find the rule, and measure in every way of splitting how the promise is kept.

    Parameters
    ----------
    training
        The labelled songs.
    scores
        Cross-validation in every way of splitting.
    promised
        Probability with which a set is to contain the true genre, 0 to 1.
    """
    by_way = {one.way: one for one in scores}
    coverage, mean_size = {}, {}
    for way, one in by_way.items():
        groups = training.groups[way]
        if len(set(groups)) >= LEAST_GROUPS:
            coverage[way], mean_size[way] = _kept(training, one, groups, promised)
    way = next((way for way in ("artist", "album") if way in by_way), "plain")
    groups, always = training.groups[way], uncertain_genres(training, way)
    n_groups = len(set(groups))
    least = (
        least_probability(_own(training, by_way[way], always), promised) if n_groups >= LEAST_GROUPS else None
    )
    return GenreSets(SetRule(promised, way, n_groups, least, always), coverage, mean_size)


def uncertain_genres(training: TrainingSet, way: str) -> tuple[int, ...]:
    """Genres of fewer than `LEAST_KNOWN` artists (albums, recordings)."""
    groups = training.groups[way]
    known = [len(set(groups[training.y == k])) for k in range(len(training.genres))]
    return tuple(k for k, n in enumerate(known) if n < LEAST_KNOWN)


def _own(training: TrainingSet, scores: Scores, always: Sequence[int]) -> np.ndarray:
    """Probability of each song's own genre, 1 where it is in every set, shape (n,)."""
    own = scores.probability[np.arange(len(training)), training.y]
    return np.where(np.isin(training.y, always), 1.0, own)


def _kept(training: TrainingSet, scores: Scores, groups: np.ndarray, promised: float) -> tuple[float, float]:
    """Coverage and mean size of sets whose threshold does not know the song's group."""
    always = uncertain_genres(training, scores.way)
    own = _own(training, scores, always)
    covered, sizes = np.zeros(len(training)), np.zeros(len(training))
    # Above so many groups, leaving them out by the hundred changes no threshold that anyone could see.
    parts = np.array_split(np.unique(groups), min(len(set(groups)), 200))
    for part in parts:
        here = np.isin(groups, part)
        inside = contained(scores.probability[here], least_probability(own[~here], promised), always)
        covered[here] = inside[np.arange(len(inside)), training.y[here]]
        sizes[here] = inside.sum(axis=1)
    return float(covered.mean()), float(sizes.mean())
