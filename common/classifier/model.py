"""The genre classifier, what it is: four steps from the numbers of a song to one probability per genre.

Conventions
-----------
A song enters as ``N_FEATURES`` numbers and leaves as one probability per genre, in four steps that are
all fitted on training songs alone (`common.classifier.training`):

1. every feature is scaled to mean 0 and standard deviation 1;
2. every feature is weighted by how much more it differs between genres than within them, so that the
   components describe what tells genres apart and not what 512 mel numbers happen to share (supervised
   principal components: E. Bair et al., J. American Statistical Association 101, 2006; the variance
   within genres is moderated as by G. Smyth, Statistical Applications in Genetics 3, 2004);
3. the principal components of that;
4. margins, which are log-odds: a straight line through the components (logistic regression) that
   XGBoost, strongly regularised, then bends. XGBoost starts from the line's margins *on songs the line
   was not fitted to*, so it corrects mistakes instead of repeating what is known.

``M`` is the number of margins: 1 for two genres (towards the second), K for K > 2 genres. ``X`` is float,
shape (n_songs, ``N_FEATURES``); ``y`` is int, shape (n_songs,), positions in the list of genres.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import xgboost

from common.arrays import standardise

SEED = 20


@dataclass(frozen=True)
class Settings:
    """What the search chooses.

    Attributes
    ----------
    n_components
        Number of principal components asked for; fewer where the training songs allow no more.
    penalty
        Inverse strength of the L2 penalty of the line (scikit-learn's ``C``).
    rounds
        Boosting rounds of XGBoost.
    """

    n_components: int
    penalty: float
    rounds: int


@dataclass(frozen=True)
class Representation:
    """Scaler, genre weights and principal components.

    Attributes
    ----------
    mean, scale
        Of each feature over the training songs, shape (``N_FEATURES``,). A constant feature has scale 1.
    weights
        Of each standardised feature, shape (``N_FEATURES``,), mean square 1; 0 for a constant feature.
    axes
        Loadings, orthonormal rows, shape (k, ``N_FEATURES``).
    variance
        Share of the weighted features' variance that each component carries, shape (k,).
    spectrum
        The same for every component there is, not only those kept.
    spread
        Standard deviation of each component over the training songs, shape (k,).
    """

    mean: np.ndarray
    scale: np.ndarray
    weights: np.ndarray
    axes: np.ndarray
    variance: np.ndarray
    spectrum: np.ndarray
    spread: np.ndarray

    def __post_init__(self) -> None:
        # A matrix product may round differently when a factor lies differently in memory, and a model that
        # comes back from a file must give the same bits.
        object.__setattr__(self, "axes", np.ascontiguousarray(self.axes))

    def standardised(self, X: np.ndarray) -> np.ndarray:
        """Features in standard deviations from the training mean, shape (n, ``N_FEATURES``)."""
        values = standardise(X, (self.mean, self.scale))
        values[:, self.weights == 0.0] = 0.0
        return values

    def weighted(self, X: np.ndarray) -> np.ndarray:
        """Standardised features times their weights: what the axes are multiplied with."""
        values = self.standardised(X)
        values *= self.weights
        return values

    def components(self, X: np.ndarray) -> np.ndarray:
        """Principal components of songs, shape (n, k)."""
        return self.weighted(X) @ self.axes.T

    def first(self, n_components: int) -> Representation:
        """The same with no more than ``n_components`` components."""
        k = n_components
        return replace(self, axes=self.axes[:k], variance=self.variance[:k], spread=self.spread[:k])

    def components_for(self, share: float) -> int:
        """How many components carry a share of the variance, 0 to 1."""
        return int(np.searchsorted(np.cumsum(self.spectrum), share - 1e-12) + 1)


@dataclass(frozen=True)
class Line:
    """A straight line through the components: margins = components @ slopes.T + intercepts.

    Attributes
    ----------
    slopes
        Shape (M, k).
    intercepts
        Shape (M,).
    """

    slopes: np.ndarray
    intercepts: np.ndarray

    def __post_init__(self) -> None:
        object.__setattr__(self, "slopes", np.ascontiguousarray(self.slopes))

    def margins(self, components: np.ndarray) -> np.ndarray:
        """Log-odds, shape (n, M)."""
        return components @ self.slopes.T + self.intercepts


@dataclass(frozen=True)
class Familiarity:
    """How far songs lie from what the classifier was trained on.

    Attributes
    ----------
    centres
        Mean of each genre in standardised features, shape (K, ``N_FEATURES``).
    distances
        0th to 100th percentile of the training songs' distances to their own genre's centre (the song
        itself left out), shape (101,).
    """

    centres: np.ndarray
    distances: np.ndarray

    def distance(self, standardised: np.ndarray) -> np.ndarray:
        """Root-mean-square distance to the nearest centre, in standard deviations, shape (n,)."""
        # One centre at a time: all at once would hold as many copies of the songs as there are genres.
        apart = [((standardised - centre) ** 2).mean(axis=1) for centre in self.centres]
        return np.sqrt(np.min(apart, axis=0))

    def share_nearer(self, standardised: np.ndarray) -> np.ndarray:
        """Share of the training songs that lie nearer to a centre, 0 to 1, shape (n,)."""
        return np.searchsorted(self.distances, self.distance(standardised)) / len(self.distances)


@dataclass(frozen=True)
class Model:
    """A fitted classifier; see the module's text for the four steps.

    Attributes
    ----------
    genres
        Names, sorted; positions are the ``y`` of the training.
    representation, line
        Steps 1 to 3, and the line of step 4.
    booster
        XGBoost's own serialisation of its trees.
    settings
        What they were fitted with.
    familiarity
        Where the training songs lie.
    about
        Scores, versions, fingerprint of the training songs: plain values that travel with the model.
    """

    genres: tuple[str, ...]
    representation: Representation
    line: Line
    booster: bytes = field(repr=False)
    settings: Settings
    familiarity: Familiarity = field(repr=False)
    about: dict[str, Any] = field(default_factory=dict, repr=False)

    @cached_property
    def trees(self) -> xgboost.Booster:
        """The trees; their margins add to the line's."""
        booster = xgboost.Booster({"nthread": 1})
        booster.load_model(bytearray(self.booster))
        return booster

    def components(self, X: np.ndarray) -> np.ndarray:
        """Principal components of songs, shape (n, k)."""
        return self.representation.components(X)

    def margins(self, X: np.ndarray) -> np.ndarray:
        """Log-odds of songs, shape (n, M)."""
        components = self.components(X)
        return self.line.margins(components) + tree_margins(self.trees, components)

    def probabilities(self, X: np.ndarray) -> np.ndarray:
        """Probability of each genre, shape (n, K), rows sum to 1."""
        return probabilities(self.margins(X))


def tree_margins(trees: xgboost.Booster, components: np.ndarray, rounds: int = 0) -> np.ndarray:
    """What the trees (the first ``rounds`` rounds; 0 is all) add to the margins, shape (n, M)."""
    added = trees.predict(xgboost.DMatrix(components), output_margin=True, iteration_range=(0, rounds))
    return added.astype(np.float64).reshape(len(components), -1)


def probabilities(margins: np.ndarray) -> np.ndarray:
    """Turn margins, shape (n, M), into probabilities, shape (n, K)."""
    if margins.shape[1] == 1:
        margins = np.hstack([np.zeros_like(margins), margins])
    powers = np.exp(margins - margins.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def squared_differences(values: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Squared differences, in the memory of ``centres``: of many songs every copy weighs gigabytes."""
    np.subtract(values, centres, out=centres)
    return np.square(centres, out=centres)
