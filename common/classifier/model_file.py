"""The model as a file: plain values, a checksum, and bit for bit the same model when it comes back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import xgboost

from common.classifier.calibration import Confidence, Experience
from common.classifier.genre_sets import SetRule
from common.classifier.heard import Heard
from common.classifier.model import Certainty, Familiarity, Line, Model, Representation, Settings
from common.classifier.names import Subject
from common.classifier.scores import Scores
from common.classifier.songs import TrainingSet, fingerprint
from common.classifier.training import tree_parameters
from common.files import ArtifactError, dump_plain, load_plain
from common.layout import LAYOUT_ID, N_FEATURES
from common.recordings import Traits

FORMAT = 4


ARRAYS = {
    "representation": ("mean", "scale", "weights", "axes", "variance", "spectrum", "spread"),
    "line": ("slopes", "intercepts"),
    "familiarity": ("centres", "distances"),
}
"""Parts of a model and the arrays in them."""


@dataclass(frozen=True)
class Trained:
    """What stage 3 leaves behind for songs to come.

    Attributes
    ----------
    model
        The final model, fitted on all labelled songs.
    fold_models
        The models of cross-validation, each fitted without the songs of its fold, as sure as they are right
        together.
    heard
        The training songs, and which of the fold models have not heard each.
    experience
        Confidence against success, measured on songs left out.
    rule
        The rule that says which genres a set contains.
    about
        Scores, versions, fingerprint of the training songs: plain values.
    """

    model: Model
    fold_models: list[Model]
    heard: Heard
    experience: Experience
    rule: SetRule
    about: dict[str, Any]

    @property
    def subject(self) -> Subject:
        """What songs are sorted by."""
        return Subject(**self.about["subject"])

    def judges_of(self, place: int) -> list[Model]:
        """The models that have not heard a training song, as sure as its verdict."""
        return [self.fold_models[i] for i in self.heard.judges[place]]


def trained(training: TrainingSet, heard: Heard, model: Model, plain: Scores,
            experience: Experience, rule: SetRule, facts: dict[str, Any]) -> Trained:  # fmt: skip
    """Put together what is saved.

    Parameters
    ----------
    training, heard
        The labelled songs, and what they are known by.
    model
        The final model.
    plain
        Cross-validation that may leave out any song.
    experience, rule
        The attributes of `Trained` of these names.
    facts
        What was measured on songs left out of training, as plain values.
    """
    return Trained(
        model, [one for _, one in plain.judges], heard, experience, rule, describe(training, facts)
    )


def save(found: Sequence[Trained], path: Path) -> None:
    """Write classifiers as plain values: arrays and trees as bytes, and a checksum over all.

    Parameters
    ----------
    found
        One classifier, or one for each label that is judged by itself.
    path
        The file to write.
    """
    content = {
        "format": FORMAT,
        "layout_id": LAYOUT_ID,
        "classifiers": [_trained_content(one) for one in found],
    }
    dump_plain({**content, "checksum": _checksum(content)}, path)


def _trained_content(found: Trained) -> dict[str, Any]:
    heard = found.heard
    return {
        "model": _model_content(found.model),
        "fold_models": [_model_content(one) for one in found.fold_models],
        "heard": {
            "names": heard.names,
            "keys": heard.keys,
            "levels": _pack(heard.traits.levels, "<f2"),
            "seconds": _pack(heard.traits.seconds),
            "titles": list(heard.traits.titles),
            "judges": heard.judges,
        },
        "experience": asdict(found.experience),
        "rule": {**asdict(found.rule), "always": list(found.rule.always)},
        "about": found.about,
    }


def _model_content(model: Model) -> dict[str, Any]:
    arrays = {
        f"{part}.{name}": _pack(getattr(getattr(model, part), name))
        for part, names in ARRAYS.items()
        for name in names
    }
    return {
        "genres": list(model.genres),
        "settings": asdict(model.settings),
        "certainty": asdict(model.certainty),
        "arrays": arrays,
        "booster": model.booster,
    }


def _pack(array: np.ndarray, dtype: str = "<f8") -> dict[str, Any]:
    values = np.ascontiguousarray(array, dtype=dtype)
    return {"dtype": dtype, "shape": list(values.shape), "data": values.tobytes()}


def _unpack(packed: dict[str, Any], dtype: str = "<f8") -> np.ndarray:
    if packed["dtype"] != dtype:
        raise ValueError(f"numbers are {packed['dtype']}, not {dtype}")
    return np.frombuffer(packed["data"], dtype=dtype).reshape(packed["shape"]).astype(dtype[1:])


def _checksum(content: dict[str, Any]) -> str:
    """SHA-256 over everything: bytes as their own digest, the rest as JSON."""
    text = json.dumps(content, sort_keys=True, default=lambda raw: hashlib.sha256(raw).hexdigest())
    return hashlib.sha256(text.encode()).hexdigest()


def load(path: Path, remedy: str) -> Model:
    """Read the final model alone, of the first classifier; see `load_trained`."""
    return load_trained(path, remedy)[0].model


def load_trained(path: Path, remedy: str) -> list[Trained]:
    """Read the classifiers that were saved; their probabilities come back bit for bit.

    Parameters
    ----------
    path
        The file.
    remedy
        The command that writes it anew.

    Raises
    ------
    ArtifactError
        If it is missing, damaged, or was made with another layout; the message names the remedy.
    """
    content = load_plain(path, remedy)
    damaged = ArtifactError(f"{path} is damaged; run: {remedy}")
    if not isinstance(content, dict) or "checksum" not in content:
        raise damaged
    if content.get("layout_id") != LAYOUT_ID or content.get("format") != FORMAT:
        raise ArtifactError(f"{path} was made with another layout of the embedding; run: {remedy}")
    checksum = content.pop("checksum")
    try:
        if checksum != _checksum(content):
            raise damaged
        return [_rebuild(one) for one in content["classifiers"]]
    except (KeyError, ValueError, TypeError, xgboost.core.XGBoostError) as error:
        raise damaged from error


def _rebuild(content: dict[str, Any]) -> Trained:
    rule, heard = content["rule"], content["heard"]
    traits = Traits(_unpack(heard["levels"], "<f2"), _unpack(heard["seconds"]), tuple(heard["titles"]))
    return Trained(
        model=_rebuild_model(content["model"]),
        fold_models=[_rebuild_model(one) for one in content["fold_models"]],
        heard=Heard(heard["names"], heard["keys"], traits, heard["judges"]),
        experience=Experience(
            **{of: [Confidence(**one) for one in bins] for of, bins in content["experience"].items()}
        ),
        rule=SetRule(**{**rule, "always": tuple(rule["always"])}),
        about=content["about"],
    )


def _rebuild_model(content: dict[str, Any]) -> Model:
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
        certainty=Certainty(**content["certainty"]),
        settings=Settings(**content["settings"]),
        familiarity=Familiarity(**parts["familiarity"]),
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
    versions = {name: version(name) for name in ("numpy", "scikit-learn", "shap")}
    return {
        "scores": scores,
        "subject": asdict(training.subject),
        "training": {"songs": len(training), "fingerprint": fingerprint(training.X, labels)},
        # Two packages bring xgboost, so it is asked itself.
        "versions": versions | {"xgboost": xgboost.__version__},
        "parameters": tree_parameters(training.y),
    }
