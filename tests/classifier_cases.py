"""What the tests of the classifier share: clustered songs, a fitted model, one judged library."""

from __future__ import annotations

import dataclasses

import numpy as np

from common.classifier.calibration import Experience
from common.classifier.genre_sets import SetRule
from common.classifier.heard import Heard
from common.classifier.model import Certainty, Settings
from common.classifier.model_file import Trained
from common.classifier.songs import gather
from common.classifier.training import Trainer
from common.classifier.validation import cross_validate
from common.layout import N_FEATURES
from common.recordings import LEVELS, Traits

SETTINGS = Settings(n_components=6, shrinkage=0.3, rounds=15)


def clustered_songs(sizes, spread=1.0, seed=0):
    """Clustered songs: X, y."""
    rng = np.random.default_rng(seed)
    y = np.repeat(np.arange(len(sizes)), sizes)
    centres = rng.normal(size=(len(sizes), N_FEATURES)) * spread
    return centres[y] + rng.normal(size=(len(y), N_FEATURES)), y


def trained(sizes, settings=SETTINGS, **options):
    X, y = clustered_songs(sizes, **options)
    genres = [f"G{k}" for k in range(len(sizes))]
    return Trainer(X, y, genres, np.arange(len(y)), settings.n_components).model(settings), X, y


def reasoned(n_genres, size=14, spread=0.12, seed=1):
    """A model with a line of 20 components and trees, calibrated, and its songs."""
    rng = np.random.default_rng(seed)
    y = np.repeat(np.arange(n_genres), size)
    X = (rng.normal(size=(n_genres, N_FEATURES)) * spread)[y] + rng.normal(size=(len(y), N_FEATURES))
    trainer = Trainer(X, y, [f"G{k}" for k in range(n_genres)], np.arange(len(y)), 20)
    model = trainer.model(Settings(20, 0.3, 40))
    return dataclasses.replace(model, certainty=Certainty(0.7, 0.05)), X


NOTHING_HEARD = Heard([], [], Traits(np.empty((0, len(LEVELS)), np.float16), np.empty(0), ()), [])

RULE = SetRule(0.9, "artist", 12, 0.2, ())


def saved(model, **parts):
    """What is saved of a model, with nothing measured unless told."""
    nothing = {"fold_models": [], "heard": NOTHING_HEARD, "experience": Experience([], []), "about": {}}
    return Trained(**{"model": model, "rule": RULE, **nothing, **parts})


def judged(made, way="plain", components=(5,)):
    training = gather(made)
    return training, cross_validate(training, way, components, lambda: None)
