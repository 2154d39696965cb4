"""What the tests of the classifier share: clustered songs, a fitted model, one judged library."""

from __future__ import annotations

import numpy as np

from common.classifier.model import Settings
from common.classifier.songs import gather
from common.classifier.training import Trainer
from common.classifier.validation import cross_validate
from common.layout import N_FEATURES

SETTINGS = Settings(n_components=6, penalty=0.01, rounds=15)


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


def judged(made, way="plain", components=(5,)):
    training = gather(made)
    return training, cross_validate(training, way, components, lambda: None)
