"""The genre classifier: what it is, how it is fitted, how it is saved and comes back bit for bit.

Conventions
-----------
A song enters as ``N_FEATURES`` numbers and leaves as one probability per genre, in four steps that are
all fitted on training songs alone:

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

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import xgboost
from sklearn.linear_model import LogisticRegression

from common.arrays import scaling
from common.files import ArtifactError, dump_plain, load_plain
from common.layout import LAYOUT_ID, N_FEATURES
from common.paths import TRAIN

SEED = 20

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
        values = np.asarray(X, dtype=np.float64) - self.mean
        values /= self.scale
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
    values = X - mean
    values /= scale
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


def principal_axes(values: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Principal component analysis of centred values.

    The smaller of the covariance matrix and the matrix of the songs' inner products is decomposed: for a
    few hundred songs of ``N_FEATURES`` that is ten times faster than a singular value decomposition.

    Parameters
    ----------
    values
        Shape (n, p), every column of mean 0.
    most
        Most axes to return.

    Returns
    -------
    variances
        Of all components, largest first, shape (min(n, p),).
    axes
        Orthonormal rows, shape (k, p); fewer than ``most`` where the others carry nothing. The sign of a
        component is anyone's choice: high is where most features are high.
    """
    n, p = values.shape
    by_song = n < p
    eigenvalues, vectors = np.linalg.eigh(values @ values.T if by_song else values.T @ values)
    eigenvalues, vectors = np.maximum(eigenvalues[::-1], 0.0), vectors[:, ::-1]
    # Below this, what is left is rounding, and its direction means nothing.
    kept = max(1, min(most, int((eigenvalues > 1e-10 * eigenvalues[0]).sum())))
    axes = vectors[:, :kept].T
    if by_song:
        axes = axes @ values
        length = np.linalg.norm(axes, axis=1, keepdims=True)
        axes = np.divide(axes, length, out=np.zeros_like(axes), where=length > 0)
    axes = axes * np.where(axes.sum(axis=1) < 0, -1.0, 1.0)[:, None]
    return eigenvalues / max(n - 1, 1), axes


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
    squares = _squares(standardised, means[np.searchsorted(genres, y)])
    within = (squares.sum(axis=0) + PRIOR_SONGS) / (freedom + PRIOR_SONGS)
    return means.var(axis=0) / within


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


def fit_line(components: np.ndarray, y: np.ndarray, penalty: float) -> Line:
    """Fit a logistic regression (multinomial for more than two genres) with an L2 penalty."""
    # The components' overall size is taken out, so that the solver converges whatever their number.
    size = float(np.sqrt(np.mean(components**2))) or 1.0
    solver = LogisticRegression(C=penalty * size**2, max_iter=5000, tol=1e-5).fit(components / size, y)
    return Line(solver.coef_ / size, solver.intercept_)


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


def _squares(values: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Squared differences, in the memory of ``centres``: of many songs every copy weighs gigabytes."""
    np.subtract(values, centres, out=centres)
    return np.square(centres, out=centres)


def familiarise(standardised: np.ndarray, y: np.ndarray) -> Familiarity:
    """Measure where the training songs lie."""
    genres, sizes = np.unique(y, return_counts=True)
    centres = np.array([standardised[y == genre].mean(axis=0) for genre in genres])
    apart = np.sqrt(_squares(standardised, centres[y]).mean(axis=1))
    # A song's distance to the mean of the others is n / (n - 1) times that to the mean with it.
    n = np.maximum(sizes[y], 2)
    return Familiarity(centres, np.percentile(apart * n / (n - 1), np.arange(101)))


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


def brier_score(probability: np.ndarray, y: np.ndarray) -> float:
    """Mean squared distance of the probabilities from the truth: 0 is perfect, 2 is certain and wrong.

    G. W. Brier, Monthly Weather Review 78, 1950. It punishes wrong probabilities as log-loss does, but one
    song that is certain and wrong does not outweigh all others.
    """
    return float(((probability - np.eye(probability.shape[1])[y]) ** 2).sum(axis=1).mean())


def assign_folds(y: np.ndarray, units: np.ndarray, n_folds: int, seed: int) -> np.ndarray:
    """Deal songs into folds so that genres are spread evenly and units stay whole.

    Units are dealt largest and most one-sided first, each to the fold where the genres come out most
    even (the greedy rule of scikit-learn's ``StratifiedGroupKFold``). A genre of at least two units is
    never wholly in one fold.

    Parameters
    ----------
    y
        Genres of the songs.
    units
        Songs with equal numbers must be in the same fold (artists, albums, duplicates).
    n_folds
        At least 2.
    seed
        Order in which equal units are dealt.

    Returns
    -------
    ndarray
        Fold of each song, int, shape (n_songs,).
    """
    names, unit_of = np.unique(units, return_inverse=True)
    counts = np.zeros((len(names), int(y.max()) + 1))
    np.add.at(counts, (unit_of, y), 1)
    counts = counts[:, counts.sum(axis=0) > 0]
    total = counts.sum(axis=0)
    shuffled = np.random.default_rng(seed).permutation(len(names))
    order = shuffled[np.argsort(-counts[shuffled].std(axis=1), kind="stable")]
    filled = np.zeros((n_folds, counts.shape[1]))
    fold_of = np.zeros(len(names), dtype=int)
    for unit in order:
        share = (filled + counts[unit]) / total
        # Adding to fold f changes its own spread alone; what counts is the change of the sum of squares.
        uneven = (share**2 - (filled / total) ** 2).sum(axis=1)
        fold_of[unit] = np.lexsort((filled.sum(axis=1), np.round(uneven, 9)))[0]
        filled[fold_of[unit]] += counts[unit]
    return fold_of[unit_of]


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
        folds = assign_folds(self._y, units, LINE_FOLDS, SEED)
        for fold in range(LINE_FOLDS):
            held = (folds == fold) & ~single
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
    folds = assign_folds(y, groups, SEARCH_FOLDS, SEED)
    for fold in range(SEARCH_FOLDS):
        held = folds == fold
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


def fingerprint(X: np.ndarray, labels: Sequence[str]) -> str:
    """Tell one set of training songs from another: SHA-256 of embeddings and genres, 16 digits."""
    digest = hashlib.sha256(np.ascontiguousarray(X, dtype="<f4").tobytes())
    digest.update(json.dumps(list(labels)).encode())
    return digest.hexdigest()[:16]
