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
4. margins, which are log-odds: a straight line through the components (a linear discriminant whose
   covariance is shrunk: J. Friedman, "Regularized Discriminant Analysis", J. American Statistical
   Association 84, 1989) that XGBoost, strongly regularised, bends where that helps on songs held out.
   XGBoost sees the first components and starts from the line's margins *on songs the line was not fitted
   to*, so it corrects mistakes instead of repeating what is known. One factor and one share then make
   the probabilities as sure as they are right (`Certainty`).

Absolute pitch (chroma and the axes of tonnetz) is no evidence of genre and is left out, so that a transposed
copy of a song keeps its verdict; so is what is noise (`LEFT_OUT`).

``M`` is the number of margins: 1 for two genres (towards the second), K for K > 2 genres. ``X`` is float,
shape (n_songs, ``N_FEATURES``); ``y`` is int, shape (n_songs,), positions in the list of genres.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import xgboost

from common import layout
from common.arrays import standardise
from common.layout import N_FEATURES

SEED = 20


TREE_COMPONENTS = 15
"""Components that XGBoost sees; the line sees all that are kept."""

UNFAMILIAR = 0.99
"""A song is unlike the training songs if more than this share of them lies nearer to a genre."""

LEFT_OUT = np.array(
    [layout.BLOCK_OF[i].source in {"chroma", "tonnetz"} or layout.BLOCK_OF[i].statistic == "delta_mean"
     for i in range(N_FEATURES)]
)  # fmt: skip
"""Numbers that the classifier does not read, bool, shape (``N_FEATURES``,): what changes when a song is
transposed and nothing else does, and the drift of the MFCC, which two halves of a song do not share."""


@dataclass(frozen=True)
class Settings:
    """What the search chooses.

    Attributes
    ----------
    n_components
        The number of principal components asked for, 1 or more; a model has fewer where its training songs
        allow no more.
    shrinkage
        The share, 0 to 1, by which the covariance within genres is drawn towards that of independent,
        equally variable components.
    rounds
        The number of XGBoost's boosting rounds, 0 or more; 0 leaves the line as it is.
    """

    n_components: int
    shrinkage: float
    rounds: int


@dataclass(frozen=True)
class Representation:
    """Scaler, genre weights and principal components.

    Attributes
    ----------
    mean, scale
        The mean and the standard deviation of each feature over the training songs, in the feature's own
        unit, shape (``N_FEATURES``,) each. A constant feature has scale 1.
    weights
        The factor of each standardised feature, 0 or more, shape (``N_FEATURES``,), their mean square 1; 0
        for a constant feature and for what is left out (`LEFT_OUT`).
    axes
        The loadings of the components, one orthonormal row each, shape (k, ``N_FEATURES``).
    variance
        The share of the weighted features' variance that each component carries, 0 to 1, shape (k,).
    spectrum
        The same shares for every component there is and not only for those kept, largest first, shape (m,)
        with m at least k.
    spread
        The standard deviation of each component over the training songs, shape (k,).
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
        The log-odds that each margin gains per unit of each component, shape (M, k).
    intercepts
        The log-odds of a song whose components are all 0, shape (M,).
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
        The mean of each genre's songs in standard deviations, shape (K, ``N_FEATURES``).
    distances
        The 0th to 100th percentile of the training songs' distances to the centre of their own genre (the
        song itself left out), in standard deviations, shape (101,).
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
class Certainty:
    """How margins become probabilities that are as sure as they are right.

    Attributes
    ----------
    sharpness
        The positive factor by which all margins are multiplied (temperature scaling: C. Guo et al., ICML
        2017).
    lapse
        The share of songs about which the margins say nothing, 0 to 1; as much probability is dealt out to
        all genres alike, so that nothing is certain that was not always right.
    """

    sharpness: float = 1.0
    lapse: float = 0.0

    def probabilities(self, margins: np.ndarray) -> np.ndarray:
        """Turn margins that are scaled already, shape (n, M), into probabilities, shape (n, K)."""
        found = probabilities(margins)
        return (1.0 - self.lapse) * found + self.lapse / found.shape[1]


@dataclass(frozen=True)
class Model:
    """A fitted classifier; see the module's text for the four steps.

    Attributes
    ----------
    genres
        The names of the K genres, sorted; their positions are the ``y`` of the training.
    representation, line
        The fitted steps 1 to 3, and the line of step 4.
    booster
        The trees in XGBoost's own serialisation, bytes.
    certainty
        The rule that makes probabilities as sure as they are right, found on songs that were not learned
        from.
    settings
        The settings that all of it was fitted with.
    familiarity
        The description of where the training songs lie.
    """

    genres: tuple[str, ...]
    representation: Representation
    line: Line
    booster: bytes = field(repr=False)
    certainty: Certainty
    settings: Settings
    familiarity: Familiarity = field(repr=False)

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
        return self.certainty.sharpness * (
            self.line.margins(components) + tree_margins(self.trees, components)
        )

    def probabilities(self, X: np.ndarray) -> np.ndarray:
        """Probability of each genre, shape (n, K), rows sum to 1."""
        return self.certainty.probabilities(self.margins(X))

    def share_nearer(self, X: np.ndarray) -> np.ndarray:
        """Share of the training songs that lie nearer to a genre's centre than songs do, shape (n,)."""
        return self.familiarity.share_nearer(self.representation.standardised(X))

    def compact(self) -> Model:
        """The same margins from fewer numbers: what the line reads beyond the trees' components is one axis
        per margin. Such axes are no principal components any more.
        """
        axes, slopes = self.representation.axes, self.line.slopes
        beyond, n_margins = slopes[:, TREE_COMPONENTS:] @ axes[TREE_COMPONENTS:], len(slopes)
        if len(axes) <= TREE_COMPONENTS + n_margins:
            return self
        representation = replace(
            self.representation.first(TREE_COMPONENTS),
            axes=np.vstack([axes[:TREE_COMPONENTS], beyond]),
        )
        slopes = np.hstack([slopes[:, :TREE_COMPONENTS], np.eye(n_margins)])
        return replace(self, representation=representation, line=Line(slopes, self.line.intercepts))


def tree_margins(trees: xgboost.Booster, components: np.ndarray, rounds: int = 0) -> np.ndarray:
    """What the trees (the first ``rounds`` rounds; 0 is all) add to the margins, shape (n, M)."""
    seen = xgboost.DMatrix(components[:, :TREE_COMPONENTS], nthread=1)
    added = trees.predict(seen, output_margin=True, iteration_range=(0, rounds))
    return added.astype(np.float64).reshape(len(components), -1)


def probabilities(margins: np.ndarray) -> np.ndarray:
    """Turn margins, shape (n, M), into probabilities, shape (n, K)."""
    if margins.shape[1] == 1:
        margins = np.hstack([np.zeros_like(margins), margins])
    powers = np.exp(margins - margins.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def is_unfamiliar(nearer: float) -> bool:
    """Whether a song is unlike the training songs, by the share of them that lies nearer (0 to 1)."""
    return nearer > UNFAMILIAR


def squared_differences(values: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Squared differences, in the memory of ``centres``: of many songs every copy weighs gigabytes."""
    np.subtract(values, centres, out=centres)
    return np.square(centres, out=centres)
