"""How the classifier is fitted: representation, line, trees, and the search for their settings.

Conventions: ``X``, ``y``, ``k`` and ``M`` are those of `common.classifier.model`. Nothing here sees a song
that is not given to it, so that folds stay honest.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import xgboost

from common.arrays import principal_axes, scaling, standardise
from common.classifier.folds import assign_folds
from common.classifier.model import (
    LEFT_OUT,
    SEED,
    TREE_COMPONENTS,
    Certainty,
    Familiarity,
    Line,
    Model,
    Representation,
    Settings,
    squared_differences,
)

DEFAULT_COMPONENTS = 15


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


LINE_FOLDS = 4
"""Folds that give margins on songs the line has not seen."""


def represent(X: np.ndarray, y: np.ndarray, n_components: int, weigh: bool = True) -> Representation:
    """Fit scaler, weights and components.

    Parameters
    ----------
    X, y
        The embeddings of the training songs, float, shape (n, ``N_FEATURES``), and their genres, int,
        shape (n,).
    n_components
        The largest number of components to keep; there are never more than songs minus one.
    weigh
        Whether features are weighted by genre, absolute pitch with 0; if not, these are ordinary principal
        components of all features.
    """
    X = np.asarray(X, dtype=np.float64)
    mean, spread = scaling(X)
    constant = np.isinf(spread)
    scale = np.where(constant, 1.0, spread)
    values = standardise(X, (mean, scale))
    values[:, constant] = 0.0
    left_out = constant | LEFT_OUT if weigh else constant
    weights = np.where(left_out, 0.0, genre_weights(values, y) if weigh else 1.0)
    level = np.sqrt(np.mean(weights[~left_out] ** 2)) if (weights > 0).any() else 1.0
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
        The features of the songs in standard deviations, float, shape (n_songs, n_features).
    y
        The genre of each song, int, shape (n_songs,); at least two genres.

    Returns
    -------
    ndarray
        The weights, 0 or more, shape (n_features,).
    """
    genres = np.unique(y)
    means = np.array([standardised[y == genre].mean(axis=0) for genre in genres])
    freedom = len(y) - len(genres)
    # A standardised feature has variance 1: the prior stands for a feature that knows no genres.
    squares = squared_differences(standardised, means[np.searchsorted(genres, y)])
    within = (squares.sum(axis=0) + PRIOR_SONGS) / (freedom + PRIOR_SONGS)
    return means.var(axis=0) / within


class Discriminant:
    """A linear discriminant for any shrinkage of its covariance, which is decomposed once.

    Parameters
    ----------
    components
        Values of the training songs' components, shape (n, k).
    y
        The genre of each song, int, shape (n,); at least two genres.
    """

    def __init__(self, components: np.ndarray, y: np.ndarray) -> None:
        sizes = np.bincount(y)
        self._means = np.array([components[y == genre].mean(axis=0) for genre in range(len(sizes))])
        self._log_share = np.log(sizes / len(y))
        apart = components - self._means[y]
        self._variances, self._axes = np.linalg.eigh(apart.T @ apart / len(y))

    def line(self, shrinkage: float) -> Line:
        """The margins: log-odds under normal distributions of one covariance, up to a constant."""
        # With one song per genre nothing varies within them, and what is between them sets the level.
        level = max(float(self._variances.mean()), 1e-3 * float(self._means.var()), 1e-12)
        variances = (1.0 - shrinkage) * np.maximum(self._variances, 0.0) + shrinkage * level
        slopes = (self._means @ self._axes / variances) @ self._axes.T
        intercepts = self._log_share - 0.5 * (self._means * slopes).sum(axis=1)
        if len(slopes) == 2:
            return Line(slopes[1:] - slopes[:1], intercepts[1:] - intercepts[:1])
        return Line(slopes - slopes.mean(axis=0), intercepts - intercepts.mean())


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
        Training songs, shape (n, ``N_FEATURES``), and their genres; every position of ``genres`` occurs.
    genres
        The names of the genres, at least two.
    units
        A number per song, int, shape (n,), the same for songs that are the same recording.
    max_components
        The largest number of components that will be asked for.
    """

    def __init__(
        self, X: np.ndarray, y: np.ndarray, genres: Sequence[str], units: np.ndarray, max_components: int
    ) -> None:
        self._X, self._y, self._units = X, y, units
        self._genres = tuple(str(genre) for genre in genres)
        self._most = max_components
        self.representation = represent(X, y, max_components)
        self._components = self.representation.components(X)
        self._discriminants: dict[int, Discriminant] = {}

    def line(self, settings: Settings) -> Line:
        """Fit the line."""
        k = min(settings.n_components, self._components.shape[1])
        if k not in self._discriminants:
            self._discriminants[k] = Discriminant(self._components[:, :k], self._y)
        return self._discriminants[k].line(settings.shrinkage)

    def held_out_margins(self, settings: Settings) -> np.ndarray:
        """The line's margins on the training songs as if it had not seen them, shape (n, M).

        A genre's only song stays in training, where its margin is the fitted one.
        """
        k = settings.n_components
        margins = self.line(settings).margins(self._components[:, :k])
        for held, kept, inside, outside in self._parts:
            line = Discriminant(inside[:, :k], self._y[kept]).line(settings.shrinkage)
            margins[held] = line.margins(outside[:, :k])
        return margins

    @cached_property
    def _parts(self) -> list[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]]:
        """Splits of the training songs: which are held out and kept, and the components of both."""
        single = np.bincount(self._y)[self._y] < 2
        dealt, parts = assign_folds(self._y, self._units, LINE_FOLDS, SEED), []
        for fold in range(LINE_FOLDS):
            held = (dealt == fold) & ~single
            kept = ~held
            if held.any() and len(np.unique(self._y[kept])) == len(self._genres):
                part = represent(self._X[kept], self._y[kept], self._most)
                parts.append((held, kept, part.components(self._X[kept]), part.components(self._X[held])))
        return parts

    def growing(self, settings: Settings) -> Growing:
        """Trees that start from the line's margins on songs it has not seen; none has grown yet."""
        k = min(settings.n_components, TREE_COMPONENTS)
        return Growing(self._components[:, :k], self._y, self.held_out_margins(settings))

    def model(self, settings: Settings) -> Model:
        """Fit the whole classifier; how sharp it may be is for songs to say that it has not seen."""
        k = min(settings.n_components, TREE_COMPONENTS)
        # Without trees nobody asks where they would start, which of many songs costs more than all the rest.
        growing = self.growing(settings) if settings.rounds else Growing(self._components[:, :k], self._y)
        return Model(
            self._genres,
            self.representation.first(settings.n_components),
            self.line(settings),
            bytes(growing.grow(settings.rounds).save_raw("ubj")),
            Certainty(),
            settings,
            familiarise(self.representation.standardised(self._X), self._y),
        )


class Growing:
    """Trees that grow round by round.

    Parameters
    ----------
    components
        Values of the components that the trees see, shape (n, k).
    y
        The genre of each song, int, shape (n,).
    margins
        The margins in log-odds at which the trees start, shape (n, M); None for 0.
    """

    def __init__(self, components: np.ndarray, y: np.ndarray, margins: np.ndarray | None = None) -> None:
        start = None if margins is None else np.squeeze(margins)
        self._data = xgboost.DMatrix(components, y, base_margin=start, nthread=1)
        # The same trees, bit for bit, as from ``xgboost.train``, without its bookkeeping, which on so few
        # songs takes a third of the time.
        self._trees, self._rounds = xgboost.Booster(tree_parameters(y), [self._data]), 0

    def grow(self, rounds: int) -> xgboost.Booster:
        """The trees with so many rounds, of which those that are there already are kept."""
        for iteration in range(self._rounds, rounds):
            self._trees.update(self._data, iteration)
        self._rounds = max(self._rounds, rounds)
        return self._trees


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
