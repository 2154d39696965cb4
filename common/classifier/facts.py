"""Findings as plain values: for the report in JSON, for the tables in CSV, and for the model file."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from common.classifier.advice import advice_facts
from common.classifier.doubts import BOUNDARY, MISLABELLED
from common.classifier.explanation import Explanation
from common.classifier.findings import DoubtfulSong, Findings, Prediction
from common.classifier.judgement import judgement_facts

MOST_COMPONENTS = 30
"""Components that are described, those that matter most first."""


def facts(findings: Findings) -> dict[str, Any]:
    """Everything that was found."""
    doubtful = {
        kind: [_as_dict(DOUBT_COLUMNS, doubt_row(song)) for song in findings.doubtful_of(kind)]
        for kind in (BOUNDARY, MISLABELLED)
    }
    predicted = [_as_dict(PREDICTION_COLUMNS, prediction_row(one)) for one in findings.predicted]
    return {
        **judgement_facts(findings.judgement),
        **_model_facts(findings),
        "boundary_songs": doubtful[BOUNDARY],
        "perhaps_mislabelled": doubtful[MISLABELLED],
        "predictions": predicted,
        "explanation": explanation_facts(findings.explanation),
        "advice": None if findings.advice is None else advice_facts(findings.advice),
    }


def _as_dict(columns: tuple[str, ...], row: tuple[Any, ...]) -> dict[str, Any]:
    return dict(zip(columns, row, strict=True))


def _model_facts(findings: Findings) -> dict[str, Any]:
    """The final model and what it listens to, strongest component first."""
    model, contributions, meanings = findings.model, findings.contributions, findings.meanings
    strength = np.abs(contributions.values).mean(axis=(0, 1))
    return {
        "final_model": {
            **asdict(model.settings),
            "components": len(meanings),
            "variance_retained": float(model.representation.variance.sum()),
            **{name: findings.trained.about[name] for name in ("training", "parameters", "versions")},
        },
        "components": [
            {"name": meanings[i].name, "mean_abs_log_odds": float(strength[i]), **asdict(meanings[i])}
            for i in contributions.by_strength()[:MOST_COMPONENTS]
        ],
    }


def explanation_facts(explanation: Explanation) -> dict[str, Any]:
    """One song's explanation; reasons are in log-odds."""
    reasons = explanation.reasons
    return {
        "song": explanation.name,
        "filed_under": explanation.label,
        "first": explanation.first,
        "second": explanation.second,
        "probability": dict(zip(explanation.genres, explanation.probability.tolist(), strict=True)),
        "genre_set": [explanation.genres[k] for k in explanation.genre_set],
        "unlike_the_training_songs": explanation.is_unfamiliar,
        "models_that_had_not_heard_it": explanation.n_held_out,
        "lapse": explanation.lapse,
        "base": reasons.base,
        "margin": reasons.margin,
        "groups": [asdict(one) for one in reasons.groups],
    }


DOUBT_COLUMNS = (
    "song",
    "kind",
    "filed_under",
    "first",
    "p_first",
    "second",
    "p_second",
    "p_own",
    "suspicion",
    "for_first",
    "for_second",
    "file_path",
)

PREDICTION_COLUMNS = ("song", "first", "p_first", "second", "p_second", "genre_set", "warning", "file_path")


def doubt_row(song: DoubtfulSong) -> tuple[Any, ...]:
    """A boundary song, or one that may be mislabelled, in the order of `DOUBT_COLUMNS`."""
    return (
        song.name, song.doubt.kind, song.filed, song.first, round(song.doubt.p_first, 4),
        song.second, round(song.doubt.p_second, 4), round(song.doubt.p_own, 4),
        round(song.doubt.suspicion, 4),
        song.for_first, song.for_second, song.path,
    )  # fmt: skip


def prediction_row(one: Prediction) -> tuple[Any, ...]:
    """What a song without genre is taken for, in the order of `PREDICTION_COLUMNS`."""
    warnings = {"unlike the training songs": one.unfamiliar, "a copy of a training song": one.copy}
    warning = "; ".join(words for words, applies in warnings.items() if applies)
    p_first, p_second = round(one.p_first, 4), round(one.p_second, 4)
    names = " or ".join(one.genre_set)
    return (one.name, one.first, p_first, one.second, p_second, names, warning, one.path)
