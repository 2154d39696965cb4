"""What stage 3 finds on songs that were left out of training, as one value.

Conventions: probabilities, accuracies and other shares are 0 to 1; rows are those of the library.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from common.classifier.calibration import Experience, calibration_error
from common.classifier.doubts import Doubt, doubts, expected_false_alarms
from common.classifier.folds import n_folds, n_repeats
from common.classifier.genre_sets import GenreSets, judge_sets
from common.classifier.scores import Difference, Scores, confusion, difference
from common.classifier.songs import TrainingSet
from common.classifier.validation import Holdout, cross_validate, hold_out


@dataclass(frozen=True)
class Judgement:
    """What the songs that were left out of training show.

    Attributes
    ----------
    training
        The songs that were learned from.
    components
        Numbers of principal components that the search could choose from.
    holdout
        The result of one single split.
    scores
        Cross-validation in every way of splitting that the songs allow, the plain one first.
    differences
        Way of splitting -> by how much the plain accuracy is higher; every way but the plain one.
    confusion
        Songs of each genre (rows) that are taken for each genre (columns), int, shape (K, K).
    uncalibrated_error
        Mean distance of confidence and success, 0 to 1, for margins as they were fitted, from the plain way.
    sets
        Sets of genres that contain the true one with a promised probability.
    doubts
        Boundary songs and songs that may be mislabelled.
    """

    training: TrainingSet
    components: Sequence[int]
    holdout: Holdout
    scores: list[Scores]
    differences: dict[str, Difference]
    confusion: np.ndarray = field(repr=False)
    uncalibrated_error: float
    sets: GenreSets
    doubts: list[Doubt] = field(repr=False)

    @property
    def unheard(self) -> Scores:
        """Cross-validation nearest to songs to come: artists apart, else albums, else the plain one."""
        by_way = {one.way: one for one in self.scores}
        return by_way.get("artist") or by_way.get("album") or self.plain

    @property
    def experience(self) -> Experience:
        """Confidence against success, for songs of the library and for others."""
        return Experience(self.plain.bins, self.unheard.bins)

    @property
    def plain(self) -> Scores:
        """Cross-validation that may leave out any song."""
        return self.scores[0]


Progress = Callable[[str, int], AbstractContextManager[Any]]
"""Opens a progress display for one way of splitting (its name, its number of folds); what it yields has an
``update`` without arguments, which is called after every fold."""


def judge(training: TrainingSet, components: Sequence[int], progress: Progress) -> Judgement:
    """Judge the classifier on songs it has not seen.

    Parameters
    ----------
    training
        The songs to learn from, at least two genres.
    components
        Numbers of principal components that the search may choose from.
    progress
        A function that opens a display of how far cross-validation has come.
    """
    scores = []
    for way in training.groups:
        folds = n_folds(training, way)
        if folds >= 2:
            with progress(way, folds * n_repeats(training, way)) as bar:
                scores.append(cross_validate(training, way, components, bar.update))
    plain = scores[0]
    return Judgement(
        training=training,
        components=components,
        holdout=hold_out(training, components),
        scores=scores,
        differences={one.way: difference(training, plain, one) for one in scores[1:]},
        confusion=confusion(training, plain.probability),
        uncalibrated_error=calibration_error(training.y, plain.uncalibrated),
        sets=judge_sets(training, scores),
        doubts=doubts(training, plain.probability),
    )


def judgement_facts(judgement: Judgement) -> dict[str, Any]:
    """Everything that was measured on songs left out of training; it travels with the model, too."""
    training = judgement.training
    return {
        "songs": len(training),
        "genres": {name: int(n) for name, n in zip(training.genres, training.sizes, strict=True)},
        "near_identical_songs": training.n_duplicates,
        "left_out": list(training.left_out),
        "split": _split_facts(judgement.holdout),
        "cross_validation": {one.way: _score_facts(one) for one in judgement.scores},
        "plain_score_minus": {way: _difference_facts(one) for way, one in judgement.differences.items()},
        "per_genre": [asdict(one) for one in judgement.plain.genres],
        "confusion": judgement.confusion.tolist(),
        "calibration": [asdict(one) for one in judgement.plain.bins],
        "expected_calibration_error": judgement.plain.calibration_error,
        "expected_calibration_error_before": judgement.uncalibrated_error,
        "genre_sets": {
            "promised": judgement.sets.rule.promised,
            "coverage": judgement.sets.coverage,
            "mean_size": judgement.sets.mean_size,
        },
        "expected_false_alarms": expected_false_alarms(judgement.doubts),
    }


def _split_facts(holdout: Holdout) -> dict[str, Any]:
    representation = holdout.model.representation
    return {
        "components": len(representation.axes),
        "variance_retained": float(representation.variance.sum()),
        "components_for_85_percent": representation.components_for(0.85),
        "settings": asdict(holdout.model.settings),
        **{key: value for key, value in vars(holdout).items() if key != "model"},
    }


def _difference_facts(found: Difference) -> dict[str, Any]:
    interval = None if found.interval is None else list(found.interval)
    return {"accuracy": found.value, "interval_95": interval, "is_clear": found.is_clear}


def _score_facts(scores: Scores) -> dict[str, Any]:
    return {
        "folds": scores.folds,
        "repeats": scores.repeats,
        **{name: asdict(measure) for name, measure in scores.measures.items()},
        "train_accuracy": scores.train_accuracy,
        "train_minus_cv": scores.gap,
        "interval_95": list(scores.interval),
        "calibration": [asdict(one) for one in scores.bins],
        "expected_calibration_error": scores.calibration_error,
        "recall": {one.genre: one.recall for one in scores.genres},
        "brier": scores.brier,
        "genres_left_out_whole": list(scores.unseen),
        "settings": [{**asdict(settings), "times": n} for settings, n in scores.settings.items()],
    }
