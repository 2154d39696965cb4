"""The model as a file: plain values, a checksum, and bit for bit the same model when it comes back."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import xgboost

from common.classifier.calibration import Confidence
from common.classifier.model import Familiarity, Line, Model, Representation, Settings
from common.classifier.songs import TrainingSet, fingerprint
from common.classifier.training import tree_parameters
from common.files import ArtifactError, dump_plain, load_plain
from common.layout import LAYOUT_ID, N_FEATURES
from common.paths import TRAIN

FORMAT = 1


ARRAYS = {
    "representation": ("mean", "scale", "weights", "axes", "variance", "spectrum", "spread"),
    "line": ("slopes", "intercepts"),
    "familiarity": ("centres", "distances"),
}
"""Parts of a model and the arrays in them."""


def save(model: Model, path: Path) -> None:
    """Write a model as plain values: arrays and trees as bytes, and a checksum over all."""
    arrays = {
        f"{part}.{name}": _pack(getattr(getattr(model, part), name))
        for part, names in ARRAYS.items()
        for name in names
    }
    content = {
        "format": FORMAT,
        "layout_id": LAYOUT_ID,
        "genres": list(model.genres),
        "settings": asdict(model.settings),
        "about": model.about,
        "arrays": arrays,
        "booster": model.booster,
    }
    dump_plain({**content, "checksum": _checksum(content)}, path)


def _pack(array: np.ndarray) -> dict[str, Any]:
    values = np.ascontiguousarray(array, dtype="<f8")
    return {"dtype": "<f8", "shape": list(values.shape), "data": values.tobytes()}


def _unpack(packed: dict[str, Any]) -> np.ndarray:
    if packed["dtype"] != "<f8":
        raise ValueError(f"unknown number format {packed['dtype']}")
    return np.frombuffer(packed["data"], dtype="<f8").reshape(packed["shape"]).astype(np.float64)


def _checksum(content: dict[str, Any]) -> str:
    """SHA-256 over everything: bytes as their own digest, the rest as JSON."""
    text = json.dumps(content, sort_keys=True, default=lambda raw: hashlib.sha256(raw).hexdigest())
    return hashlib.sha256(text.encode()).hexdigest()


def load(path: Path) -> Model:
    """Read a model; its probabilities are those of the one that was saved, bit for bit.

    Raises
    ------
    ArtifactError
        If it is missing, damaged, or was made with another layout; the message names the remedy.
    """
    content = load_plain(path, TRAIN)
    damaged = ArtifactError(f"{path} is damaged; run: {TRAIN}")
    if not isinstance(content, dict) or "checksum" not in content:
        raise damaged
    if content.get("layout_id") != LAYOUT_ID or content.get("format") != FORMAT:
        raise ArtifactError(f"{path} was made with another layout of the embedding; run: {TRAIN}")
    checksum = content.pop("checksum")
    try:
        if checksum != _checksum(content):
            raise damaged
        return _rebuild(content)
    except (KeyError, ValueError, TypeError, xgboost.core.XGBoostError) as error:
        raise damaged from error


def _rebuild(content: dict[str, Any]) -> Model:
    parts = {
        part: {name: _unpack(content["arrays"][f"{part}.{name}"]) for name in names}
        for part, names in ARRAYS.items()
    }
    if parts["representation"]["axes"].shape[1:] != (N_FEATURES,):
        raise ValueError("the axes do not have one loading per feature")
    model = Model(
        genres=tuple(content["genres"]),
        representation=Representation(**parts["representation"]),
        line=Line(**parts["line"]),
        booster=content["booster"],
        settings=Settings(**content["settings"]),
        familiarity=Familiarity(**parts["familiarity"]),
        about=content["about"],
    )
    model.trees.num_boosted_rounds()  # fails here, and not later, if the bytes hold no trees
    return model


def describe(training: TrainingSet, scores: dict[str, Any]) -> dict[str, Any]:
    """What travels with a model beside its numbers, as plain values.

    Parameters
    ----------
    training
        The songs it was fitted on.
    scores
        What was measured on songs left out of training (`judgement.judgement_facts`).
    """
    labels = [training.genres[k] for k in training.y]
    return {
        "scores": scores,
        "training": {"songs": len(training), "fingerprint": fingerprint(training.X, labels)},
        "versions": {name: version(name) for name in ("numpy", "scikit-learn", "xgboost", "shap")},
        "parameters": tree_parameters(training.y),
    }


def remembered_bins(model: Model) -> list[Confidence]:
    """The calibration that was measured when the model was made."""
    return [Confidence(**one) for one in model.about["scores"]["calibration"]]
