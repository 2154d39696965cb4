"""The classifier beside simpler ones on the same folds, its sets, its audit and its time, on real songs.

Conventions: a *song set* is what is learned from at once, such as the demo; every figure is measured on songs
that were left out of training, in each way of splitting that the songs allow.
"""

from __future__ import annotations

import csv
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from cleanlab.rank import get_label_quality_scores
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from xgboost import XGBClassifier

from common import library
from common.classifier.calibration import calibration_error
from common.classifier.doubts import suspicions
from common.classifier.folds import assign_folds, n_folds, n_repeats
from common.classifier.genre_sets import judge_sets
from common.classifier.model import SEED
from common.classifier.names import CLASSIFIERS, WAYS
from common.classifier.scores import Scores, bootstrap, percentiles, tally_songs
from common.classifier.selection import AUTO_COMPONENTS
from common.classifier.songs import TrainingSet, gather
from common.classifier.validation import cross_validate
from common.paths import Paths
from common.text import table

FLIPPED = 0.05
"""Share of labels that are made wrong to see whether the audit finds them."""

AUDITS = 4
"""How often labels are flipped, with other seeds."""

SIMPLE = {
    "logistic regression on all numbers": lambda: LogisticRegression(C=0.01, max_iter=2000),
    "shrinkage LDA on all numbers": lambda: LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto"),
    "linear SVM on all numbers": lambda: LinearSVC(C=0.001),
    "XGBoost on all numbers": lambda: XGBClassifier(
        n_estimators=60, max_depth=3, learning_rate=0.1, subsample=0.7, colsample_bynode=0.2, n_jobs=1
    ),
}
"""Simpler classifiers, on standardised numbers; a logistic regression on principal components, and the form
that is scaler, PCA and XGBoost, are among `names.CLASSIFIERS`."""


@dataclass(frozen=True)
class Column:
    """What is found on one song set in one way of splitting.

    Attributes
    ----------
    accuracy
        Name of a classifier -> its accuracy, 0 to 1.
    behind
        By how much the best of the simpler ones is more accurate than ours, and the 95% interval of that.
    interval
        The 95% interval of our accuracy.
    error, error_apart, error_before
        Our calibration error, the same with every song calibrated by those of other artists (albums,
        recordings) alone, and what it was before calibration, 0 to 1.
    coverage, size
        Coverage and mean size of our sets; None where nothing can be promised.
    audit
        AUROC of finding flipped labels: by sound alone, with album mates, and by cleanlab's score.
    seconds, cpu_seconds
        Time that our cross-validation took, and that of the processor.
    """

    accuracy: dict[str, float]
    behind: tuple[float, float, float]
    interval: tuple[float, float]
    error: float
    error_apart: float
    error_before: float
    coverage: float | None
    size: float | None
    audit: tuple[float, float, float]
    seconds: float
    cpu_seconds: float


def of_library(data: Path) -> TrainingSet:
    """The songs of a library that stage 1 made, from its folder of data."""
    return gather(library.load(Paths(data, data)))


def of_table(folder: Path) -> TrainingSet:
    """The songs of a folder of embeddings that have a style, which is taken for their genre.

    The folder holds ``embeddings.npy`` and ``songs.csv`` with the columns row, album, artist and style.
    """
    with (folder / "songs.csv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["style"]]
    X = np.load(folder / "embeddings.npy")[[int(row["row"]) for row in rows]].astype(np.float64)
    genres, y = np.unique([row["style"] for row in rows], return_inverse=True)
    artists = np.unique([row["artist"] or row["album"] for row in rows], return_inverse=True)[1]
    albums = np.unique([row["album"] for row in rows], return_inverse=True)[1]
    groups = {"plain": np.arange(len(y)), "artist": artists, "album": albums}
    return TrainingSet(groups["plain"], X, y, tuple(map(str, genres)), groups["plain"], groups, [])


def judge(training: TrainingSet) -> dict[str, Column]:
    """Judge all contestants on one song set: way of splitting -> what is found."""
    timed = {way: _timed(training, way) for way in training.groups if n_folds(training, way) > 1}
    sets = judge_sets(training, [scores for scores, _, _ in timed.values()])
    return {
        way: _column(training, scores, sets.coverage.get(way), sets.mean_size.get(way), seconds, cpu_seconds)
        for way, (scores, seconds, cpu_seconds) in timed.items()
    }


def _timed(training: TrainingSet, way: str) -> tuple[Scores, float, float]:
    start, cpu_start = time.perf_counter(), time.process_time()
    scores = cross_validate(training, way, AUTO_COMPONENTS, lambda: None)
    return scores, time.perf_counter() - start, time.process_time() - cpu_start


def _column(
    training: TrainingSet,
    scores: Scores,
    coverage: float | None,
    size: float | None,
    seconds: float,
    cpu_seconds: float,
) -> Column:
    accuracy = {CLASSIFIERS[name]: found.accuracy for name, found in scores.measures.items()}
    tallies = {name: simple_tally(training, scores.way, made) for name, made in SIMPLE.items()}
    accuracy |= {name: float(right.sum() / weight.sum()) for name, (weight, right) in tallies.items()}
    best = max(tallies, key=lambda name: accuracy[name])
    groups = training.groups[scores.way]
    theirs, ours = bootstrap(groups, tallies[best], scores.tally)
    return Column(
        accuracy=accuracy,
        behind=(accuracy[best] - scores.model.accuracy, *percentiles(theirs - ours, len(set(groups)))),
        interval=scores.interval,
        error=calibration_error(training.y, scores.probability),
        error_apart=calibration_error(training.y, scores.calibrated_by_others),
        error_before=calibration_error(training.y, scores.uncalibrated),
        coverage=coverage,
        size=size,
        audit=audit(training, scores.way, AUDITS),
        seconds=seconds,
        cpu_seconds=cpu_seconds,
    )


def simple_tally(training: TrainingSet, way: str, made: Callable[[], Any]) -> np.ndarray:
    """What each song counts, and how much of that a simpler classifier gets right, on the folds of ours."""
    groups, dealt, said = training.groups[way], [], []
    for repeat in range(n_repeats(training, way)):
        dealt.append(assign_folds(training.y, groups, n_folds(training, way), SEED + repeat))
        said.append(np.zeros((len(training), len(training.genres))))
        for fold in np.unique(dealt[-1]):
            held = dealt[-1] == fold
            found = _predicted(training, held, made)
            said[-1][held, found] = 1.0
    return tally_songs(training.y, dealt, np.array(said))


def _predicted(training: TrainingSet, held: np.ndarray, made: Callable[[], Any]) -> np.ndarray:
    """The genres that a classifier names for songs it has not seen, int, shape (n_held,)."""
    scaler = StandardScaler().fit(training.X[~held])
    present, y = np.unique(training.y[~held], return_inverse=True)
    with warnings.catch_warnings():
        # A genre of which one song is left has no covariance, which the shrinkage is there for.
        warnings.filterwarnings("ignore", message="Only one sample available", category=UserWarning)
        fitted = made().fit(scaler.transform(training.X[~held]), y)
    return present[fitted.predict(scaler.transform(training.X[held]))]


def audit(training: TrainingSet, way: str, rounds: int) -> tuple[float, float, float]:
    """AUROC of finding flipped labels: by sound alone, with album mates, and by cleanlab's score.

    Parameters
    ----------
    training
        The songs, rightly labelled.
    way
        Which songs are left out of training together.
    rounds
        How often `FLIPPED` of the labels are made wrong, with the seeds 0, 1, …
    """
    found = []
    for seed in range(rounds):
        y, wrong = flip(training, seed)
        probability = cross_validate(replace(training, y=y), way, AUTO_COMPONENTS, lambda: None).probability
        quality = get_label_quality_scores(y, probability)
        together = suspicions(y, probability, training.groups.get("album"))
        ranked = (suspicions(y, probability), together, -quality)
        found.append([roc_auc_score(wrong, scores) for scores in ranked])
    alone, mates, theirs = np.mean(found, axis=0)
    return float(alone), float(mates), float(theirs)


def flip(training: TrainingSet, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Labels of which a share is wrong, and which are, shape (n,) each."""
    rng = np.random.default_rng(seed)
    wrong = np.zeros(len(training), dtype=bool)
    wrong[rng.choice(len(training), round(FLIPPED * len(training)), replace=False)] = True
    shift = rng.integers(1, len(training.genres), len(training))
    return np.where(wrong, (training.y + shift) % len(training.genres), training.y), wrong


def side_by_side(name: str, judged: dict[str, Column]) -> str:
    """A table of one song set with a column per way of splitting, as text."""
    found = list(judged.values())
    rows = [(one, *(f"{column.accuracy[one]:.3f}" for column in found)) for one in found[0].accuracy]
    return table((name, *(WAYS[way] for way in judged)), [*rows, *_rows(found)], right=" " + "r" * len(found))


def _rows(found: Sequence[Column]) -> list[tuple[str, ...]]:
    told: dict[str, Callable[[Column], str]] = {
        "95% interval of this one": lambda one: f"{one.interval[0]:.2f} to {one.interval[1]:.2f}",
        "best on all numbers minus this one": lambda one: f"{one.behind[0]:+.3f}",
        "… its 95% interval": lambda one: f"{one.behind[1]:+.2f} to {one.behind[2]:+.2f}",
        "calibration error (before)": lambda one: f"{one.error:.3f} ({one.error_before:.3f})",
        "… calibrated on other groups": lambda one: f"{one.error_apart:.3f}",
        "sets: coverage (mean size)": lambda one: (
            "–" if one.coverage is None else f"{one.coverage:.3f} ({one.size:.2f})"
        ),
        "flipped labels, AUROC by sound": lambda one: f"{one.audit[0]:.3f}",
        "… and by album mates": lambda one: f"{one.audit[1]:.3f}",
        "… by cleanlab": lambda one: f"{one.audit[2]:.3f}",
        "seconds (of the processor)": lambda one: f"{one.seconds:.1f} ({one.cpu_seconds:.1f})",
    }
    return [(name, *map(tell, found)) for name, tell in told.items()]


def is_behind(judged: dict[str, Column]) -> bool:
    """Whether a simpler classifier is more accurate than ours beyond an interval in any way of splitting."""
    components = (CLASSIFIERS["described"], CLASSIFIERS["logistic"])
    return any(
        one.behind[1] > 0 or max(one.accuracy[name] for name in components) > one.interval[1]
        for one in judged.values()
    )
