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

from common.classifier.folds import FOLDS, assign_folds, n_folds, n_repeats
from common.classifier.labels import CLASSIFIERS
from common.classifier.model import SEED, Model, Settings, probabilities
from common.classifier.scores import (
    Scores,
    bootstrap,
    brier_score,
    measure,
    percentiles,
    tally_songs,
    unseen_genres,
)
from common.classifier.songs import TrainingSet
from common.classifier.training import fit, fit_line, represent


@dataclass(frozen=True)
class _FoldResult:
    """Probabilities of the songs that were left out, by each classifier, shape (n_held, K)."""

    held: np.ndarray
    by: dict[str, np.ndarray]
    train_accuracy: float
    settings: Settings | None


def judge_fold(
    training: TrainingSet, held: np.ndarray, groups: np.ndarray, components: Sequence[int]
) -> _FoldResult:
    """Fit everything on the songs that are not held out, and predict those that are.

    Parameters
    ----------
    training
        All songs.
    held
        bool, shape (n,).
    groups
        Who is judged together when settings are searched.
    components
        Numbers of components the search may choose from.
    """
    K = len(training.genres)
    present, y = np.unique(training.y[~held], return_inverse=True)
    X, outside = training.X[~held], training.X[held]
    majority = np.zeros((len(outside), K))
    majority[:, present[np.bincount(y).argmax()]] = 1.0
    if len(present) < 2:
        return _FoldResult(held, dict.fromkeys(CLASSIFIERS, majority), 1.0, None)
    genres = [training.genres[i] for i in present]
    model = fit(X, y, genres, training.units[~held], groups[~held], components)
    line = probabilities(model.line.margins(model.components(outside)))
    found = {
        "model": model.probabilities(outside),
        "line": line,
        "logistic": _plain_logistic(X, y, outside, max(components)),
    }
    spread = {name: np.zeros((len(outside), K)) for name in found}
    for name, values in found.items():
        spread[name][:, present] = values
    right = float((model.probabilities(X).argmax(axis=1) == y).mean())
    return _FoldResult(held, {**spread, "majority": majority}, right, model.settings)


def _plain_logistic(X: np.ndarray, y: np.ndarray, outside: np.ndarray, n_components: int) -> np.ndarray:
    """Logistic regression on ordinary principal components: the textbook's pipeline."""
    plain = represent(X, y, n_components, weigh=False)
    line = fit_line(plain.components(X), y, 1.0)
    return probabilities(line.margins(plain.components(outside)))


def cross_validate(
    training: TrainingSet, way: str, components: Sequence[int], done: Callable[[], None]
) -> Scores:
    """Judge the classifier in one way of splitting.

    Parameters
    ----------
    training
        At least two genres.
    way
        A key of ``training.groups`` for which `n_folds` is at least 2.
    components
        Numbers of components the search may choose from.
    done
        Called after each fold.
    """
    groups, folds = training.groups[way], n_folds(training, way)
    seeds = range(SEED, SEED + n_repeats(training, way))
    dealt = [assign_folds(training.y, groups, folds, seed) for seed in seeds]
    held = [numbers == fold for numbers in dealt for fold in range(folds) if (numbers == fold).any()]

    def judge(one: np.ndarray) -> _FoldResult:
        result = judge_fold(training, one, groups, components)
        done()
        return result

    # Small matrices gain nothing from threads of their own; folds side by side do.
    with threadpool_limits(1), ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        results = list(pool.map(judge, held))
    return _sum_up(training, way, folds, dealt, results)


def _sum_up(
    training: TrainingSet, way: str, folds: int, dealt: list[np.ndarray], results: list[_FoldResult]
) -> Scores:
    n, K = len(training), len(training.genres)
    probability = {name: np.zeros((len(dealt), n, K)) for name in CLASSIFIERS}
    queue = iter(results)
    for repeat, numbers in enumerate(dealt):
        for _ in np.unique(numbers):
            result = next(queue)
            for name in CLASSIFIERS:
                probability[name][repeat, result.held] = result.by[name]
    mean = probability["model"].mean(axis=0)
    tally = tally_songs(training.y, dealt, probability["model"])
    return Scores(
        way=way,
        folds=folds,
        repeats=len(dealt),
        measures={name: measure(training.y, dealt, probability[name]) for name in CLASSIFIERS},
        train_accuracy=float(np.mean([result.train_accuracy for result in results])),
        interval=percentiles(bootstrap(training.groups[way], tally)[0]),
        brier=brier_score(mean, training.y),
        unseen=unseen_genres(training, dealt),
        settings=dict(Counter(result.settings for result in results if result.settings)),
        probability=mean,
        tally=tally,
    )


@dataclass(frozen=True)
class Holdout:
    """One stratified split: a fifth of the songs is never seen in training.

    Attributes
    ----------
    n_train, n_test
        Songs on each side.
    train_accuracy, train_f1, test_accuracy, test_f1
        Accuracy and macro-F1 on each side.
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
