"""Which settings the classifier gets: chosen inside the training songs, for the split that matters.

Conventions: ``X``, ``y``, ``k`` and ``M`` are those of `common.classifier.model`. Nothing here sees a song
that is not given to it, so that folds stay honest.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from threadpoolctl import threadpool_limits

from common.arrays import stratified
from common.classifier import folds
from common.classifier.calibration import calibrated, fair_certainty
from common.classifier.folds import assign_folds
from common.classifier.model import SEED, Model, Settings, probabilities, tree_margins
from common.classifier.scores import brier_scores
from common.classifier.songs import TrainingSet
from common.classifier.training import DEFAULT_COMPONENTS, Trainer
from common.layout import N_FEATURES

SEARCH_FOLDS = 5
"""Folds inside the training songs by which candidates are compared."""

ALL_COMPONENTS = N_FEATURES
"""As many components as there are."""

AUTO_COMPONENTS = (DEFAULT_COMPONENTS, ALL_COMPONENTS)
"""Numbers of components that the search may choose from unless told."""

SHRINKAGES = (0.1, 0.3, 0.6)
"""Shrinkages of the line's covariance that the search may choose from."""

ROUNDS = (0, 1, 10, 40, 120)
"""Numbers of boosting rounds that the search may choose from, ascending from 0."""


def component_choices(asked: str) -> list[int]:
    """Numbers of components that the search may choose from.

    Parameters
    ----------
    asked
        A number, ``auto`` for `AUTO_COMPONENTS`, or ``all`` for as many as there are.
    """
    if asked == "all":
        return [ALL_COMPONENTS]
    return list(AUTO_COMPONENTS) if asked == "auto" else [int(asked)]


@dataclass(frozen=True)
class Judged:
    """Songs held out of one inner fold.

    Attributes
    ----------
    trainer
        The trainer that knows the other songs and not these.
    components
        Values of the components of the held-out songs, shape (n, k).
    y
        The genres of these songs, as the trainer counts them, int, shape (n,).
    """

    trainer: Trainer
    components: np.ndarray
    y: np.ndarray

    def line_margins(self, settings: Settings) -> np.ndarray:
        """The line's margins of the songs, shape (n, M)."""
        return self.trainer.line(settings).margins(self.components[:, : settings.n_components])


def search(
    X: np.ndarray,
    y: np.ndarray,
    genres: Sequence[str],
    units: np.ndarray,
    groups: np.ndarray,
    components: Sequence[int],
) -> Settings:
    """Choose settings by cross-validation inside the training songs.

    The line is chosen first, then the number of rounds that help it; trees are grown only as long as more
    of them are better.

    Parameters
    ----------
    X, y, genres, units
        The training songs, as `Trainer` takes them.
    groups
        A number per song, int, shape (n,); songs with equal numbers (an artist's or an album's) are judged
        together, as in the outer split.
    components
        The numbers of components to try, each 1 or more.

    Returns
    -------
    Settings
        Those with the least Brier score on held-out songs; rounds only where they clearly help.
    """
    inner = list(_inner_folds(X, y, genres, units, groups, max(components)))
    choices = [Settings(k, shrinkage, 0) for k in sorted(components) for shrinkage in reversed(SHRINKAGES)]
    if not inner:
        return choices[0]
    lines = {one: [fold.line_margins(one) for fold in inner] for one in choices}
    truths = [fold.y for fold in inner]
    found = {one: losses_at_best(margins, truths) for one, margins in lines.items()}
    line = min(choices, key=lambda one: found[one].mean())
    best, losses = line, found[line]
    growing = [fold.trainer.growing(line) for fold in inner] if max(ROUNDS) else []
    for rounds in (one for one in ROUNDS if one):
        sums = [
            margins + tree_margins(trees.grow(rounds), fold.components[:, : line.n_components])
            for margins, trees, fold in zip(lines[line], growing, inner, strict=True)
        ]
        candidate = losses_at_best(sums, truths)
        if clearly_less(candidate, losses):
            best, losses = replace(line, rounds=rounds), candidate
        elif rounds > 1:
            break
    return best


def _inner_folds(
    X: np.ndarray,
    y: np.ndarray,
    genres: Sequence[str],
    units: np.ndarray,
    groups: np.ndarray,
    most: int,
) -> Iterator[Judged]:
    dealt = assign_folds(y, groups, SEARCH_FOLDS, SEED)
    for fold in range(SEARCH_FOLDS):
        held = dealt == fold
        present, local = np.unique(y[~held], return_inverse=True)
        judged = held & np.isin(y, present)
        if len(present) < 2 or not judged.any():
            continue
        trainer = Trainer(X[~held], local, [genres[i] for i in present], units[~held], most)
        components = trainer.representation.components(X[judged])
        yield Judged(trainer, components, np.searchsorted(present, y[judged]))


def clearly_less(losses: np.ndarray, others: np.ndarray) -> bool:
    """Whether some songs' losses are less than the same songs' others by more than one standard error.

    What is more complicated has to earn it (the one-standard-error rule: L. Breiman et al., "Classification
    and Regression Trees", 1984).
    """
    gain = others - losses
    return bool(gain.mean() > gain.std() / np.sqrt(len(gain)))


def losses_at_best(margins: Sequence[np.ndarray], truths: Sequence[np.ndarray]) -> np.ndarray:
    """Brier score of each song once its margins are as sure as they are right, shape (sum of all n,).

    Parameters
    ----------
    margins
        Margins of the songs of each inner fold, shape (n, M) each.
    truths
        The genres of these songs, int, shape (n,) each.
    """
    known = [np.log(np.maximum(probabilities(one), 1e-300)) for one in margins]
    widest = max(one.shape[1] for one in known)
    if any(one.shape[1] < widest for one in known):
        # A fold without some genre: its songs are judged by what it knows.
        return np.concatenate(
            [brier_scores(probabilities(one), y) for one, y in zip(margins, truths, strict=True)]
        )
    together, y = np.vstack(known), np.concatenate(truths)
    certainty = fair_certainty(together, y, len(y), lapses=(0.0,))
    return brier_scores(calibrated(together, certainty), y)


def fit(
    X: np.ndarray,
    y: np.ndarray,
    genres: Sequence[str],
    units: np.ndarray,
    groups: np.ndarray,
    components: Sequence[int],
) -> Model:
    """Search settings inside the given songs (at most `folds.MANY` of them), then fit on all.

    See `search`.
    """
    some = stratified(y, folds.MANY, SEED) if len(y) > folds.MANY else slice(None)
    settings = search(X[some], y[some], genres, units[some], groups[some], components)
    return Trainer(X, y, genres, units, settings.n_components).model(settings)


def fit_final(training: TrainingSet, components: Sequence[int]) -> Model:
    """Fit on all labelled songs, settings chosen as in the folds.

    Settings are judged with artists kept apart where that is possible, because new songs are mostly by
    artists the library does not have.

    Parameters
    ----------
    training
        The labelled songs.
    components
        Numbers of principal components that the search may choose from.
    """
    groups = training.groups.get("artist", training.units)
    if len(set(groups)) < SEARCH_FOLDS:
        groups = training.units
    with threadpool_limits(1):
        return fit(training.X, training.y, training.genres, training.units, groups, components)
