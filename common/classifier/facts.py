"""Findings as plain values: for the report in JSON, for the tables in CSV, and for the model file."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from common.classifier.doubts import BOUNDARY, MISLABELLED
from common.classifier.explanation import Explanation
from common.classifier.findings import DoubtfulSong, Findings, Prediction
from common.classifier.judgement import judgement_facts
from common.classifier.wording import ComponentMeaning


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
        "explanation": _explanation_facts(findings.explanation, findings.meanings),
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
            **{name: model.about[name] for name in ("training", "parameters", "versions")},
        },
        "components": [
            {"name": meanings[i].name, "mean_abs_log_odds": float(strength[i]), **asdict(meanings[i])}
            for i in contributions.by_strength()
        ],
    }


def _explanation_facts(explanation: Explanation, meanings: list[ComponentMeaning]) -> dict[str, Any]:
    """One song's explanation; contributions are in log-odds."""
    attribution, blind = explanation.attribution, explanation.blind

    def by_genre(probability: np.ndarray) -> dict[str, float]:
        return dict(zip(explanation.genres, probability.tolist(), strict=True))

    return {
        "song": explanation.name,
        "filed_under": explanation.label,
        "first": explanation.first,
        "second": explanation.second,
        "probability": by_genre(explanation.probability),
        "probability_before_seen": None if blind is None else by_genre(blind),
        "base": attribution.base,
        "margin": attribution.margin,
        "groups": [asdict(one) for one in attribution.groups],
        "remainder": attribution.remainder,
        "components": [
            {"name": meaning.name, "value": float(value), "contribution": float(contribution)}
            for meaning, value, contribution in zip(
                meanings, explanation.components, explanation.pair.values[0], strict=True
            )
        ],
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
    "for_first",
    "for_second",
    "file_path",
)

PREDICTION_COLUMNS = ("song", "first", "p_first", "second", "p_second", "warning", "file_path")


def doubt_row(song: DoubtfulSong) -> tuple[Any, ...]:
    """A boundary song, or one that may be mislabelled, in the order of `DOUBT_COLUMNS`."""
    return (
        song.name, song.doubt.kind, song.filed, song.first, round(song.doubt.p_first, 4),
        song.second, round(song.doubt.p_second, 4), round(song.doubt.p_own, 4),
        song.for_first, song.for_second, song.path,
    )  # fmt: skip


def prediction_row(one: Prediction) -> tuple[Any, ...]:
    """What a song without genre is taken for, in the order of `PREDICTION_COLUMNS`."""
    warning = "unlike the training songs" if one.unfamiliar else ""
    p_first, p_second = round(one.p_first, 4), round(one.p_second, 4)
    return (one.name, one.first, p_first, one.second, p_second, warning, one.path)
