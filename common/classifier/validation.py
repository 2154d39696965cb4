"""Judging the classifier on songs it has not seen: cross-validation, and one single split.

Conventions: every score comes from folds in which scaler, weights, components, model *and the choice of its
settings* see the training songs alone.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
from sklearn.metrics import f1_score
from threadpoolctl import threadpool_limits

from common.classifier.baselines import BASELINES
from common.classifier.calibration import calibrated, calibrated_by_others, calibration, fair_certainty
from common.classifier.folds import FOLDS, assign_folds, n_folds, n_repeats
from common.classifier.model import SEED, Model, probabilities
from common.classifier.scores import (
    Scores,
    accuracy_interval,
    brier_scores,
    measure,
    most_frequent,
    per_genre,
    tally_songs,
    unseen_genres,
)
from common.classifier.selection import fit
from common.classifier.songs import TrainingSet

UNKNOWN = 1e-12
"""The probability that a model gives a genre it does not know."""


@dataclass(frozen=True)
class FoldResult:
    """What one fold shows.

    Attributes
    ----------
    held
        Which songs were left out of training, bool, shape (n,).
    by
        For each of `names.CLASSIFIERS` that learns, the probabilities of these songs, shape (n_held, K).
    train_accuracy
        The share of the other songs that the model gets right, 0 to 1.
    model
        The model of this fold, which has not seen the songs left out; None where only one genre was left.
    """

    held: np.ndarray
    by: dict[str, np.ndarray]
    train_accuracy: float
    model: Model | None


def judge_fold(
    training: TrainingSet, held: np.ndarray, groups: np.ndarray, components: Sequence[int]
) -> FoldResult:
    """Fit everything on the songs that are not held out, and predict those that are.

    Parameters
    ----------
    training
        The songs, held out or not.
    held
        Which songs are held out, bool, shape (n,).
    groups
        A number per song, int, shape (n,); songs with equal numbers are judged together when settings are
        searched.
    components
        Numbers of components the search may choose from.
    """
    present, y = np.unique(training.y[~held], return_inverse=True)
    X, outside = training.X[~held], training.X[held]

    def spread(found: np.ndarray) -> np.ndarray:
        probability = np.zeros((len(outside), len(training.genres)))
        probability[:, present] = found
        return probability

    if len(present) < 2:
        only = spread(np.ones((len(outside), 1)))
        return FoldResult(held, dict.fromkeys(["model", "line", *BASELINES], only), 1.0, None)
    genres = [training.genres[i] for i in present]
    model = fit(X, y, genres, training.units[~held], groups[~held], components)
    line = probabilities(model.line.margins(model.components(outside)))
    by = {"model": model.probabilities(outside), "line": line}
    by |= {name: predict(X, y, outside) for name, predict in BASELINES.items()}
    return FoldResult(
        held=held,
        by={name: spread(found) for name, found in by.items()},
        train_accuracy=float((model.probabilities(X).argmax(axis=1) == y).mean()),
        model=model.compact(),
    )


def cross_validate(
    training: TrainingSet, way: str, components: Sequence[int], done: Callable[[], None]
) -> Scores:
    """Judge the classifier in one way of splitting.

    Parameters
    ----------
    training
        The labelled songs, of at least two genres.
    way
        The way of splitting: a key of ``training.groups`` for which `n_folds` is at least 2.
    components
        Numbers of components the search may choose from.
    done
        A function that is called after each fold.
    """
    groups, folds = training.groups[way], n_folds(training, way)
    seeds = range(SEED, SEED + n_repeats(training, way))
    dealt = [assign_folds(training.y, groups, folds, seed) for seed in seeds]
    held = [numbers == fold for numbers in dealt for fold in range(folds) if (numbers == fold).any()]

    def judge(one: np.ndarray) -> FoldResult:
        result = judge_fold(training, one, groups, components)
        done()
        return result

    # Small matrices gain nothing from threads of their own; folds side by side do.
    with threadpool_limits(1), ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        results = list(pool.map(judge, held))
    return _sum_up(training, way, folds, dealt, results)


def _sum_up(
    training: TrainingSet, way: str, folds: int, dealt: list[np.ndarray], results: list[FoldResult]
) -> Scores:
    shape = (len(dealt), len(training), len(training.genres))
    probability = {name: np.zeros(shape) for name in results[0].by}
    queue = iter(results)
    for repeat, numbers in enumerate(dealt):
        for _ in np.unique(numbers):
            result = next(queue)
            for name, found in result.by.items():
                probability[name][repeat, result.held] = found
    margins = average_margins(probability["model"])
    groups = training.groups[way]
    certainty = fair_certainty(margins, training.y, len(set(groups)))
    said = calibrated(margins, certainty)
    tally = tally_songs(training.y, dealt, probability["model"])
    by_others = calibrated_by_others(margins, training.y, groups)
    models = [(result.held, result.model) for result in results if result.model is not None]
    return Scores(
        way=way,
        folds=folds,
        repeats=len(dealt),
        measures={name: measure(training.y, dealt, found) for name, found in probability.items()}
        | {"majority": most_frequent(training.y)},
        train_accuracy=float(np.mean([result.train_accuracy for result in results])),
        interval=accuracy_interval(groups, tally),
        bins=calibration(training.y, by_others),
        genres=per_genre(training, said),
        brier=float(brier_scores(said, training.y).mean()),
        unseen=unseen_genres(training, dealt),
        settings=dict(Counter(model.settings for _, model in models)),
        probability=said,
        calibrated_by_others=by_others,
        uncalibrated=probabilities(margins),
        certainty=certainty,
        tally=tally,
        models=models,
    )


def average_margins(probability: np.ndarray) -> np.ndarray:
    """The mean margins of models that are asked together, shape (n, K).

    Parameters
    ----------
    probability
        Probabilities by each model, shape (n_models, n, K); 0 where a model does not know a genre.
    """
    return np.log(np.where(probability > 0.0, probability, UNKNOWN)).mean(axis=0)


@dataclass(frozen=True)
class Holdout:
    """One stratified split: a fifth of the songs is never seen in training.

    Attributes
    ----------
    n_train, n_test
        The number of songs on each side.
    train_accuracy, train_f1, test_accuracy, test_f1
        The accuracy and the macro-F1 on each side, 0 to 1.
    model
        The model of this split.
    """

    n_train: int
    n_test: int
    train_accuracy: float
    train_f1: float
    test_accuracy: float
    test_f1: float
    model: Model = field(repr=False)


def hold_out(training: TrainingSet, components: Sequence[int]) -> Holdout:
    """Train on four fifths of every genre and test on the rest."""
    parts = min(FOLDS, len(set(training.units)))
    test = assign_folds(training.y, training.units, parts, SEED) == 0
    X, y, units = training.X[~test], training.y[~test], training.units[~test]
    with threadpool_limits(1):
        model = fit(X, y, training.genres, units, units, components)
    inside, outside = (model.probabilities(part).argmax(axis=1) for part in (X, training.X[test]))
    truth = training.y[test]
    return Holdout(
        n_train=len(y),
        n_test=len(truth),
        train_accuracy=float((inside == y).mean()),
        train_f1=float(f1_score(y, inside, average="macro", zero_division=0)),
        test_accuracy=float((outside == truth).mean()),
        test_f1=float(f1_score(truth, outside, average="macro", labels=np.unique(truth), zero_division=0)),
        model=model,
    )
