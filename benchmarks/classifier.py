"""How long does the genre classifier take to be judged, fitted and explained, and how does that grow?

Libraries are generated (`benchmarks.libraries`), without audio. Measured is what stage 3 does with them but
for reading, drawing and writing: one split, cross-validation in the three ways, the final model, SHAP values
and reasons of all songs. The budget is 30 s for 300 songs. One small library is worked through first, so that
imports are warm.

With --embeddings, the accuracy of this classifier beside simpler ones, the coverage of its genre sets and
how well flipped labels are found are measured on the songs of a folder that holds ``embeddings.npy`` and
``songs.csv`` (columns row, album, artist, style).

Run     python -m benchmarks.classifier [--songs 48 300 3000] [--genres 10]
        python -m benchmarks.classifier --embeddings FOLDER
"""

from __future__ import annotations

import argparse
import csv
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
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

from benchmarks.libraries import make_library
from common.classifier.calibration import calibration, expected_calibration_error
from common.classifier.contributions import contribute
from common.classifier.doubts import suspicions
from common.classifier.folds import assign_folds, n_folds, n_repeats
from common.classifier.genre_sets import judge_sets
from common.classifier.model import SEED, Model
from common.classifier.names import CLASSIFIERS, WAYS
from common.classifier.reasons import give_reasons
from common.classifier.selection import AUTO_COMPONENTS, fit_final
from common.classifier.songs import TrainingSet, gather
from common.classifier.validation import cross_validate, hold_out
from common.classifier.wording import describe_components
from common.text import table

BUDGET = 30.0

FLIPPED = 0.05
"""Share of labels that are made wrong to see whether the audit finds them."""


def get_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--songs", type=int, nargs="+", default=[48, 300, 3000], metavar="N")
    parser.add_argument("--genres", type=int, default=10, metavar="N", help="(default: 10)")
    parser.add_argument("--embeddings", type=Path, metavar="FOLDER", help="judge on the songs of this folder")
    return parser


def measure(n_songs: int, n_genres: int) -> dict[str, float]:
    """Seconds of every step."""
    library, found = make_library(n_songs, n_genres), {}

    def timed(step: str, task: Callable[[], Any]) -> Any:
        start = time.perf_counter()
        result = task()
        found[step] = time.perf_counter() - start
        return result

    components = list(AUTO_COMPONENTS)
    training = timed("gather", lambda: gather(library))
    timed("one split", lambda: hold_out(training, components))
    for way in training.groups:
        if n_folds(training, way) > 1:
            timed(way, partial(cross_validate, training, way, components, lambda: None))
    model = timed("final fit", lambda: fit_final(training, components))
    timed("SHAP", lambda: explain_all(model, training.X))
    return found


def explain_all(model: Model, X: np.ndarray) -> None:
    """SHAP values, the components' meanings, and every song's reasons for one genre against another."""
    contribute(model, X)
    describe_components(model.representation)
    for song in X:
        give_reasons([model], song, 0, 1)


def report(sizes: list[int], n_genres: int) -> int:
    """Print seconds, and what they are of the budget and per song; 1 if 300 songs exceed the budget."""
    measure(4 * n_genres, n_genres)
    late = False
    for n_songs in sizes:
        found = measure(n_songs, n_genres)
        total = sum(found.values())
        late |= n_songs <= 300 and total > BUDGET
        print(
            f"{n_songs} songs in {n_genres} genres: {total:.1f} s, {total / BUDGET:.2f} of the "
            f"{BUDGET:.0f} s for 300 songs, {1000 * total / n_songs:.0f} ms per song"
        )
        rows = [(step, f"{time:.2f}", f"{time / total:.0%}") for step, time in found.items()]
        print(table(("step", "seconds", "of all"), rows, right="lrr") + "\n", flush=True)
    return 1 if late else 0


def read_songs(folder: Path) -> TrainingSet:
    """Songs of a folder that have a style, which is taken for their genre."""
    with (folder / "songs.csv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["style"]]
    X = np.load(folder / "embeddings.npy")[[int(row["row"]) for row in rows]].astype(np.float64)
    genres, y = np.unique([row["style"] for row in rows], return_inverse=True)
    artists = np.unique([row["artist"] or row["album"] for row in rows], return_inverse=True)[1]
    albums = np.unique([row["album"] for row in rows], return_inverse=True)[1]
    groups = {"plain": np.arange(len(y)), "artist": artists, "album": albums}
    return TrainingSet(groups["plain"], X, y, tuple(map(str, genres)), groups["plain"], groups, [])


def judge(training: TrainingSet) -> int:
    """Print accuracies of all contestants, calibration, coverage of sets and the audit's AUROC."""
    scores = [cross_validate(training, way, AUTO_COMPONENTS, lambda: None) for way in training.groups]
    rows: dict[str, list[str]] = {CLASSIFIERS[name]: [] for name in CLASSIFIERS}
    for one in scores:
        for name, label in CLASSIFIERS.items():
            rows[label].append(f"{one.measures[name].accuracy:.3f}")
        for label, made in CONTESTANTS.items():
            rows.setdefault(label, []).append(f"{accuracy(training, one.way, made):.3f}")
        low, high = one.interval
        rows.setdefault("95 % interval of this one", []).append(f"{low:.2f} to {high:.2f}")
        error = expected_calibration_error(calibration(training.y, one.probability))
        before = expected_calibration_error(calibration(training.y, one.uncalibrated))
        rows.setdefault("calibration error (before)", []).append(f"{error:.3f} ({before:.3f})")
        rows.setdefault("flipped labels found, AUROC", []).append(audit(training, one.way))
    sets = judge_sets(training, scores)
    for way in training.groups:
        rows.setdefault("sets: coverage (mean size)", []).append(
            f"{sets.coverage[way]:.3f} ({sets.mean_size[way]:.2f})" if way in sets.coverage else "–"
        )
    headers = ("", *(WAYS[way] for way in training.groups))
    print(table(headers, [(label, *cells) for label, cells in rows.items()], right=" rrr"))
    return 0


CONTESTANTS: dict[str, Callable[[], Any]] = {
    "logistic regression on all numbers": lambda: LogisticRegression(C=0.01, max_iter=2000),
    "shrinkage LDA on all numbers": lambda: LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto"),
    "linear SVM on all numbers": lambda: LinearSVC(C=0.001),
    "XGBoost on all numbers": lambda: XGBClassifier(
        n_estimators=60, max_depth=3, learning_rate=0.1, subsample=0.7, colsample_bynode=0.2, n_jobs=1
    ),
}
"""Simpler classifiers, on standardised numbers."""


def accuracy(training: TrainingSet, way: str, made: Callable[[], Any]) -> float:
    """Mean accuracy of a contestant over the folds that ours is judged on."""
    groups, found = training.groups[way], []
    for repeat in range(n_repeats(training, way)):
        dealt = assign_folds(training.y, groups, n_folds(training, way), SEED + repeat)
        for fold in np.unique(dealt):
            held = dealt == fold
            scaler = StandardScaler().fit(training.X[~held])
            present, y = np.unique(training.y[~held], return_inverse=True)
            fitted = made().fit(scaler.transform(training.X[~held]), y)
            said = present[fitted.predict(scaler.transform(training.X[held]))]
            found.append(float((said == training.y[held]).mean()))
    return float(np.mean(found))


def audit(training: TrainingSet, way: str, rounds: int = 4) -> str:
    """AUROC of finding flipped labels: by sound alone, with album mates, and by cleanlab's score."""
    found = []
    for seed in range(rounds):
        rng = np.random.default_rng(seed)
        wrong = np.zeros(len(training), dtype=bool)
        wrong[rng.choice(len(training), round(FLIPPED * len(training)), replace=False)] = True
        shift = rng.integers(1, len(training.genres), len(training))
        y = np.where(wrong, (training.y + shift) % len(training.genres), training.y)
        probability = cross_validate(replace(training, y=y), way, AUTO_COMPONENTS, lambda: None).probability
        albums = training.groups["album"]
        found.append(
            [
                roc_auc_score(wrong, suspicions(y, probability)),
                roc_auc_score(wrong, suspicions(y, probability, albums)),
                roc_auc_score(wrong, -get_label_quality_scores(y, probability)),
            ]
        )
    alone, together, theirs = np.mean(found, axis=0)
    return f"{alone:.3f}, {together:.3f}, cleanlab {theirs:.3f}"


def main() -> int:
    arguments = get_parser().parse_args()
    if arguments.embeddings:
        return judge(read_songs(arguments.embeddings))
    return report(arguments.songs, arguments.genres)


if __name__ == "__main__":
    sys.exit(main())
