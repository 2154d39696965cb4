"""How good predictions are: measures, bootstrap intervals, and differences between two ways of splitting.

Conventions
-----------
A score is the mean over folds, each fold counting the same. Probabilities have shape (n, K); ``K`` is the
number of genres. ``dealt`` is a list with one array per repeat: the fold of each song, int, shape (n,).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from scipy.stats import beta, norm
from scipy.stats import t as student
from sklearn.metrics import (
    balanced_accuracy_score,
    confusion_matrix,
    f1_score,
    precision_recall_fscore_support,
)

from common.classifier.calibration import Confidence, mean_distance
from common.classifier.model import SEED, Certainty, Model, Settings
from common.classifier.songs import TrainingSet

RESAMPLES = 2000
"""Bootstrap resamples behind an interval."""


LEAST_GROUPS = 10
"""Artists (albums, recordings) below which resampling them says nothing of those to come, and nothing is
promised: 90% of fewer is all of them."""


DRAWN_TOGETHER = 4_000_000
"""Numbers that are drawn at a time for them."""


@dataclass(frozen=True)
class Measure:
    """Accuracy and macro-F1 of one classifier in one way of splitting, each 0 to 1.

    Attributes
    ----------
    accuracy, macro_f1, balanced_accuracy
        Means over repeats; accuracy is a mean over folds, the others are taken over all songs at once.
    spread
        Standard deviation of the accuracy between folds.
    """

    accuracy: float
    macro_f1: float
    balanced_accuracy: float
    spread: float


@dataclass(frozen=True)
class Scores:
    """What one way of splitting shows.

    Attributes
    ----------
    way
        The name of the way: ``plain``, ``artist`` or ``album``.
    folds, repeats
        The numbers of folds of a split, and of splits with other seeds.
    measures
        For each of `names.CLASSIFIERS` how well it does.
    train_accuracy
        The accuracy of this classifier on the songs it was trained on, 0 to 1.
    interval
        The 95% interval of the accuracy; see `accuracy_interval`.
    bins
        The bins of confidence against success, every song calibrated by other recordings (artists, albums)
        alone.
    genres
        Precision, recall and F1 of every genre.
    brier
        The Brier score of the probabilities, 0 to 2; see `brier_scores`.
    unseen
        Genres all of whose songs were left out together at least once: no model can name them then.
    settings
        For each choice of settings how often the searches made it.
    probability
        Out-of-fold probabilities, from the mean margins of all repeats, calibrated, shape (n, K).
    calibrated_by_others
        The same probabilities, each calibrated by other recordings (artists, albums) alone, shape (n, K).
    uncalibrated
        The same probabilities from margins as they were fitted, shape (n, K).
    certainty
        The rule by which margins became the calibrated probabilities.
    tally
        The weight of each song in the accuracy, and how much of that it gets right, shape (2, n).
    models
        The models of the folds, each with the songs it has not seen, bool, shape (n,).
    """

    way: str
    folds: int
    repeats: int
    measures: dict[str, Measure]
    train_accuracy: float
    interval: tuple[float, float]
    bins: list[Confidence]
    genres: list[PerGenre]
    brier: float
    unseen: tuple[str, ...]
    settings: dict[Settings, int]
    probability: np.ndarray = field(repr=False)
    calibrated_by_others: np.ndarray = field(repr=False)
    uncalibrated: np.ndarray = field(repr=False)
    certainty: Certainty
    tally: np.ndarray = field(repr=False)
    models: list[tuple[np.ndarray, Model]] = field(repr=False)

    @cached_property
    def judges(self) -> list[tuple[np.ndarray, Model]]:
        """The models of the folds, as sure as they are right together, and the songs each has not seen."""
        return [(held, replace(model, certainty=self.certainty)) for held, model in self.models]

    def models_for(self, song: int) -> list[Model]:
        """The models of the folds that have not seen a song, as sure as its verdict."""
        return [model for held, model in self.judges if held[song]]

    @property
    def model(self) -> Measure:
        """How well this classifier does."""
        return self.measures["model"]

    @property
    def calibration_error(self) -> float:
        """Mean distance of confidence and success in the bins, 0 to 1."""
        return mean_distance(self.bins)

    @property
    def gap(self) -> float:
        """The overfitting monitor: train accuracy minus cross-validated accuracy."""
        return self.train_accuracy - self.model.accuracy


@dataclass(frozen=True)
class Difference:
    """How much higher the plain score is than one with artists or albums apart.

    Attributes
    ----------
    value
        The difference of the accuracies, -1 to 1.
    interval
        The 95% bootstrap interval of the difference; None where artists (albums) are too few to tell.
    """

    value: float
    interval: tuple[float, float] | None

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves out 0."""
        return self.interval is not None and not self.interval[0] <= 0.0 <= self.interval[1]


def difference(training: TrainingSet, plain: Scores, apart: Scores) -> Difference:
    """Compare the plain score with one of another way of splitting, song by song.

    Both accuracies are resampled with the same artists (albums), so that what is easy or hard in both does
    not count (paired percentile bootstrap: B. Efron and R. Tibshirani, "An Introduction to the Bootstrap",
    1993).
    """
    groups, value = training.groups[apart.way], plain.model.accuracy - apart.model.accuracy
    if len(set(groups)) < LEAST_GROUPS:
        return Difference(value, None)
    first, second = bootstrap(groups, plain.tally, apart.tally)
    return Difference(value, percentiles(first - second, len(set(groups))))


def measure(y: np.ndarray, dealt: list[np.ndarray], probability: np.ndarray) -> Measure:
    """Measure predictions of all repeats.

    Parameters
    ----------
    y
        The genre of each song, int, shape (n,).
    dealt
        For each repeat, the fold of each song, int, shape (n,).
    probability
        Out-of-fold probabilities, shape (repeats, n, K).
    """
    said = probability.argmax(axis=2)
    accuracies = [
        np.mean(one[numbers == fold] == y[numbers == fold])
        for one, numbers in zip(said, dealt, strict=True)
        for fold in np.unique(numbers)
    ]
    return Measure(
        accuracy=float(np.mean(accuracies)),
        macro_f1=float(np.mean([f1_score(y, one, average="macro", zero_division=0) for one in said])),
        balanced_accuracy=float(np.mean([balanced_accuracy_score(y, one) for one in said])),
        spread=float(np.std(accuracies)),
    )


def most_frequent(y: np.ndarray) -> Measure:
    """Measure naming the most frequent genre always: it learns nothing, so that all songs count, and no fold.

    Parameters
    ----------
    y
        The genre of each song, int, shape (n,); every genre occurs.
    """
    sizes = np.bincount(y)
    share = float(sizes.max() / len(y))
    return Measure(share, 2.0 * share / (1.0 + share) / len(sizes), 1.0 / len(sizes), 0.0)


def tally_songs(y: np.ndarray, dealt: list[np.ndarray], probability: np.ndarray) -> np.ndarray:
    """What each song counts, each fold counting the same, and how much of it is right, shape (2, n)."""
    weight, right = np.zeros(len(y)), np.zeros(len(y))
    for one, numbers in zip(probability.argmax(axis=2), dealt, strict=True):
        share = 1.0 / np.bincount(numbers)[numbers]
        weight += share
        right += share * (one == y)
    return np.array([weight, right])


def accuracy_interval(groups: np.ndarray, tally: np.ndarray) -> tuple[float, float]:
    """The 95% interval of an accuracy.

    Recordings (artists, albums) are resampled. Where they are fewer than `LEAST_GROUPS`, or all or none is
    right, resampling sees too little: the interval is then that of so many songs which are right as often (C.
    Clopper and E. Pearson, Biometrika 26, 1934), each recording (artist, album) counting one.

    Parameters
    ----------
    groups
        A number per song, int, shape (n,), the same for songs of a recording, an artist or an album.
    tally
        The weight of each song and how much of it is right, shape (2, n); see `tally_songs`.
    """
    n_groups, (weight, right) = len(set(groups)), tally.sum(axis=1)
    if n_groups >= LEAST_GROUPS and 0.0 < right < weight:
        return percentiles(bootstrap(groups, tally)[0], n_groups)
    n_right = n_groups * right / weight
    low = beta.ppf(0.025, n_right, n_groups - n_right + 1) if n_right > 0 else 0.0
    high = beta.ppf(0.975, n_right + 1, n_groups - n_right) if n_right < n_groups else 1.0
    return float(low), float(high)


def bootstrap(groups: np.ndarray, *tallies: np.ndarray) -> list[np.ndarray]:
    """Bootstrap accuracies, shape (`RESAMPLES`,) each; groups are drawn whole, the same for every tally."""
    group = np.unique(groups, return_inverse=True)[1]
    n = int(group.max()) + 1
    of_group = [[np.bincount(group, values) for values in tally] for tally in tallies]
    rng, found = np.random.default_rng(SEED), np.empty((len(tallies), RESAMPLES))
    together = max(1, DRAWN_TOGETHER // n)
    for start in range(0, RESAMPLES, together):
        part = slice(start, min(start + together, RESAMPLES))
        drawn = rng.integers(0, n, (part.stop - start, n))
        for one, (weight, right) in zip(found, of_group, strict=True):
            one[part] = right[drawn].sum(axis=1) / weight[drawn].sum(axis=1)
    return list(found)


def percentiles(values: np.ndarray, n_groups: int) -> tuple[float, float]:
    """The 95% interval of resampled values.

    Few groups spread less when they are resampled than such groups do, so that the percentiles lie further
    out by as much as Student's t is wider (T. Hesterberg, The American Statistician 69, 2015).

    Parameters
    ----------
    values
        The resampled values, shape (`RESAMPLES`,).
    n_groups
        How many recordings (artists, albums) were resampled, 2 or more.
    """
    tail = norm.sf(np.sqrt(n_groups / (n_groups - 1)) * student.isf(0.025, n_groups - 1))
    low, high = np.quantile(values, [tail, 1.0 - tail])
    return float(low), float(high)


def unseen_genres(training: TrainingSet, dealt: list[np.ndarray]) -> tuple[str, ...]:
    """Names of the genres that lie wholly in one fold in some repeat."""
    return tuple(
        name
        for k, name in enumerate(training.genres)
        if any(len(np.unique(numbers[training.y == k])) == 1 for numbers in dealt)
    )


@dataclass(frozen=True)
class PerGenre:
    """How well one genre is told from the others, each 0 to 1."""

    genre: str
    songs: int
    precision: float
    recall: float
    f1: float


def per_genre(training: TrainingSet, probability: np.ndarray) -> list[PerGenre]:
    """Precision, recall and F1 of every genre."""
    labels = np.arange(len(training.genres))
    values = precision_recall_fscore_support(
        training.y, probability.argmax(axis=1), labels=labels, zero_division=0
    )
    return [
        PerGenre(name, int(n), float(p), float(r), float(f))
        for name, p, r, f, n in zip(training.genres, *values, strict=True)
    ]


def confusion(training: TrainingSet, probability: np.ndarray) -> np.ndarray:
    """Songs of each genre (rows) that are taken for each genre (columns), shape (K, K)."""
    return confusion_matrix(training.y, probability.argmax(axis=1), labels=np.arange(len(training.genres)))


def brier_scores(probability: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Squared distance of each song's probabilities from the truth: 0 is perfect, 2 is certain and wrong.

    G. W. Brier, Monthly Weather Review 78, 1950. It punishes wrong probabilities as log-loss does, but one
    song that is certain and wrong does not outweigh all others.

    Parameters
    ----------
    probability
        Probabilities of the genres, shape (n, K).
    y
        The genre of each song, int, shape (n,).
    """
    return ((probability - np.eye(probability.shape[1])[y]) ** 2).sum(axis=1)
