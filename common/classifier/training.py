"""How the classifier is fitted: representation, line, trees, and the search for their settings.

Conventions: ``X``, ``y``, ``k`` and ``M`` are those of `common.classifier.model`. Nothing here sees a song
that is not given to it, so that folds stay honest.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import xgboost
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from common.arrays import principal_axes, scaling, standardise, stratified
from common.classifier import folds
from common.classifier.folds import assign_folds
from common.classifier.model import (
    SEED,
    Familiarity,
    Line,
    Model,
    Representation,
    Settings,
    probabilities,
    squared_differences,
    tree_margins,
)
from common.classifier.scores import brier_score
from common.classifier.songs import TrainingSet

DEFAULT_COMPONENTS = 15


PENALTIES = (0.003, 0.01)
"""Inverse strengths of the line's L2 penalty that the search may choose from."""


ROUNDS = (40, 120)
"""Numbers of boosting rounds that the search may choose from."""


AUTO_COMPONENTS = (5, 15, 30)
"""Numbers of components that the search may choose from when it is asked to."""


TREES = {
    "max_depth": 2,
    "learning_rate": 0.1,
    "subsample": 0.7,
    "colsample_bynode": 0.5,
    "reg_lambda": 2.0,
    "tree_method": "hist",
    "max_bin": 64,
}


LEAF_SHARE = 0.1
"""Least evidence in a leaf, as a share of what one genre's songs carry before anything is known."""


PRIOR_SONGS = 10
"""How many songs' worth of ordinary variance moderates the variance within genres."""


LINE_FOLDS, SEARCH_FOLDS = 4, 3


def represent(X: np.ndarray, y: np.ndarray, n_components: int, weigh: bool = True) -> Representation:
    """Fit scaler, weights and components.

    Parameters
    ----------
    X, y
        Training songs and their genres.
    n_components
        Most components to keep; there are never more than songs minus one.
    weigh
        Whether features are weighted by genre; if not, these are ordinary principal components.
    """
    X = np.asarray(X, dtype=np.float64)
    mean, spread = scaling(X)
    constant = np.isinf(spread)
    scale = np.where(constant, 1.0, spread)
    values = standardise(X, (mean, scale))
    values[:, constant] = 0.0
    weights = np.where(constant, 0.0, genre_weights(values, y) if weigh else 1.0)
    level = np.sqrt(np.mean(weights[~constant] ** 2)) if (weights > 0).any() else 1.0
    weights = weights / level
    kept = max(1, min(n_components, len(X) - 1, int((weights > 0).sum())))
    values *= weights
    variances, axes = principal_axes(values, kept)
    shares = variances / (variances.sum() or 1.0)
    k = len(axes)
    return Representation(mean, scale, weights, axes, shares[:k], shares, np.sqrt(variances[:k]))


def genre_weights(standardised: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Weigh every feature by its variance between genres over its variance within them.

    Every genre counts the same, whatever its size.

    Parameters
    ----------
    standardised
        Shape (n_songs, n_features).
    y
        Genres, at least two.

    Returns
    -------
    ndarray
        Shape (n_features,), 0 or more.
    """
    genres = np.unique(y)
    means = np.array([standardised[y == genre].mean(axis=0) for genre in genres])
    freedom = len(y) - len(genres)
    # A standardised feature has variance 1: the prior stands for a feature that knows no genres.
    squares = squared_differences(standardised, means[np.searchsorted(genres, y)])
    within = (squares.sum(axis=0) + PRIOR_SONGS) / (freedom + PRIOR_SONGS)
    return means.var(axis=0) / within


def fit_line(components: np.ndarray, y: np.ndarray, penalty: float) -> Line:
    """Fit a logistic regression (multinomial for more than two genres) with an L2 penalty."""
    # The components' overall size is taken out, so that the solver converges whatever their number.
    size = float(np.sqrt(np.mean(components**2))) or 1.0
    solver = LogisticRegression(C=penalty * size**2, max_iter=5000, tol=1e-5).fit(components / size, y)
    return Line(solver.coef_ / size, solver.intercept_)


def familiarise(standardised: np.ndarray, y: np.ndarray) -> Familiarity:
    """Measure where the training songs lie."""
    genres, sizes = np.unique(y, return_counts=True)
    centres = np.array([standardised[y == genre].mean(axis=0) for genre in genres])
    apart = np.sqrt(squared_differences(standardised, centres[y]).mean(axis=1))
    # A song's distance to the mean of the others is n / (n - 1) times that to the mean with it.
    n = np.maximum(sizes[y], 2)
    return Familiarity(centres, np.percentile(apart * n / (n - 1), np.arange(101)))


class Trainer:
    """Fits candidates on one set of training songs and keeps what they share.

    Parameters
    ----------
    X, y
        Training songs; every position of ``genres`` occurs in ``y``.
    genres
        Names, at least two.
    units
        Songs that are the same recording have the same number.
    max_components
        Most components that will be asked for.
    """

    def __init__(
        self, X: np.ndarray, y: np.ndarray, genres: Sequence[str], units: np.ndarray, max_components: int
    ) -> None:
        self._X, self._y, self._genres = X, y, tuple(str(genre) for genre in genres)
        self.representation = represent(X, y, max_components)
        self._components = self.representation.components(X)
        self._parts = list(self._hold_out(X, units, max_components))

    def _hold_out(
        self, X: np.ndarray, units: np.ndarray, max_components: int
    ) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]]:
        """Split the training songs for margins on songs the line has not seen.

        A genre's only song stays in training, where its margin is the fitted one.
        """
        single = np.bincount(self._y)[self._y] < 2
        dealt = assign_folds(self._y, units, LINE_FOLDS, SEED)
        for fold in range(LINE_FOLDS):
            held = (dealt == fold) & ~single
            kept = ~held
            if held.any() and len(np.unique(self._y[kept])) == len(self._genres):
                part = represent(X[kept], self._y[kept], max_components)
                yield held, kept, part.components(X[kept]), part.components(X[held])

    def line(self, settings: Settings) -> tuple[Line, np.ndarray]:
        """Fit the line; also its margins on the training songs as if it had not seen them."""
        k = settings.n_components
        line = fit_line(self._components[:, :k], self._y, settings.penalty)
        margins = line.margins(self._components[:, :k])
        for held, kept, inside, outside in self._parts:
            margins[held] = fit_line(inside[:, :k], self._y[kept], settings.penalty).margins(outside[:, :k])
        return line, margins

    def boost(self, settings: Settings, margins: np.ndarray) -> xgboost.Booster:
        """Grow trees that correct the margins."""
        data = xgboost.DMatrix(
            self._components[:, : settings.n_components], self._y, base_margin=np.squeeze(margins)
        )
        # The same trees, bit for bit, as from ``xgboost.train``, without its bookkeeping, which on so few
        # songs takes a third of the time.
        booster = xgboost.Booster(tree_parameters(self._y), [data])
        for iteration in range(settings.rounds):
            booster.update(data, iteration)
        return booster

    def model(self, settings: Settings) -> Model:
        """Fit the whole classifier."""
        line, margins = self.line(settings)
        booster = self.boost(settings, margins)
        return Model(
            self._genres,
            self.representation.first(settings.n_components),
            line,
            bytes(booster.save_raw("ubj")),
            settings,
            familiarise(self.representation.standardised(self._X), self._y),
        )


def tree_parameters(y: np.ndarray) -> dict[str, Any]:
    """XGBoost's parameters, with the least evidence of a leaf scaled to the songs per genre.

    A leaf's evidence is the sum of p(1-p) over its songs. The fixed thresholds in common use ask for more
    than a whole genre of ten songs has, so that no tree can split at all.
    """
    n_genres = len(np.unique(y))
    share = 1.0 / n_genres
    evidence = share * (1.0 - share) * (1.0 if n_genres == 2 else 2.0)
    objective = (
        {"objective": "binary:logistic", "base_score": 0.5}
        if n_genres == 2
        else {"objective": "multi:softprob", "num_class": n_genres, "base_score": 0.0}
    )
    least = LEAF_SHARE * len(y) / n_genres * evidence
    return {**TREES, **objective, "min_child_weight": least, "seed": SEED, "nthread": 1, "verbosity": 1}


def component_choices(asked: str, n_songs: int) -> list[int]:
    """Numbers of components that the search may choose from.

    Parameters
    ----------
    asked
        A number, ``auto`` for `AUTO_COMPONENTS`, or ``all`` for as many as there are.
    n_songs
        Number of songs to learn from.
    """
    if asked == "all":
        return [n_songs]
    return list(AUTO_COMPONENTS) if asked == "auto" else [int(asked)]


def candidates(components: Sequence[int]) -> list[Settings]:
    """Every combination the search tries, simplest first."""
    return [Settings(k, c, rounds) for k in sorted(components) for c in PENALTIES for rounds in ROUNDS]


def search(
    X: np.ndarray,
    y: np.ndarray,
    genres: Sequence[str],
    units: np.ndarray,
    groups: np.ndarray,
    components: Sequence[int],
) -> Settings:
    """Choose settings by cross-validation inside the training songs.

    Parameters
    ----------
    X, y, genres, units
        As of `Trainer`.
    groups
        Songs with equal numbers are judged together (artist or album), as the outer split does.
    components
        Numbers of components to try.

    Returns
    -------
    Settings
        Those with the least Brier score on held-out songs; of equals the simplest.
    """
    losses: dict[Settings, list[float]] = {settings: [] for settings in candidates(components)}
    dealt = assign_folds(y, groups, SEARCH_FOLDS, SEED)
    for fold in range(SEARCH_FOLDS):
        held = dealt == fold
        present, local = np.unique(y[~held], return_inverse=True)
        judged = held & np.isin(y, present)
        if len(present) < 2 or not judged.any():
            continue
        trainer = Trainer(X[~held], local, [genres[i] for i in present], units[~held], max(components))
        truth = np.searchsorted(present, y[judged])
        for settings, loss in _judge(trainer, X[judged], truth, components):
            losses[settings].append(loss)
    return min(losses, key=lambda settings: np.mean(losses[settings]) if losses[settings] else 0.0)


def _judge(
    trainer: Trainer, X: np.ndarray, y: np.ndarray, components: Sequence[int]
) -> Iterator[tuple[Settings, float]]:
    values = trainer.representation.components(X)
    for k in components:
        for penalty in PENALTIES:
            most = Settings(k, penalty, max(ROUNDS))
            line, margins = trainer.line(most)
            trees = trainer.boost(most, margins)
            for rounds in ROUNDS:
                sums = line.margins(values[:, :k]) + tree_margins(trees, values[:, :k], rounds)
                yield Settings(k, penalty, rounds), brier_score(probabilities(sums), y)


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
