"""How well the classifier does on songs it has not seen: folds, baselines, intervals, calibration.

Conventions
-----------
Every score comes from folds in which scaler, weights, components, model *and the choice of its settings*
see the training songs alone. Songs that are the same recording are never on both sides. There are up to
three ways to split, and their difference says what a score is made of:

``plain``    any song may be left out;
``artist``   all songs of an artist are left out together;
``album``    all songs of an album are left out together.

A score is the mean over folds, each fold counting the same. ``K`` is the number of genres.
"""

from __future__ import annotations

import itertools
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from typing import Any

import numpy as np
from sklearn.metrics import (
    balanced_accuracy_score,
    confusion_matrix,
    f1_score,
    precision_recall_fscore_support,
)
from threadpoolctl import threadpool_limits

from common.arrays import principal_components, standardise, stratified
from common.classifier import model as classifier
from common.classifier.model import SEED, Settings
from common.console import UserError
from common.library import UNKNOWN_GENRE, Library
from common.text import count, fold

FOLDS = 5

REPEATS = {"plain": 3, "artist": 2, "album": 2}
"""How often each way of splitting is repeated with other seeds; see `n_repeats`."""

DUPLICATE_DISTANCE = 0.2
"""Songs whose standardised features differ by less (root mean square, in standard deviations) are taken
for the same recording."""

RESAMPLES = 2000
"""Bootstrap resamples behind an interval."""

DRAWN_TOGETHER = 4_000_000
"""Numbers that are drawn at a time for them."""

MANY = 5000
"""Songs above which a split is not repeated, and settings are searched on a sample of so many training
songs: repeats are for what chance does to few songs, and a handful of candidates needs no more to be told
apart."""

SCREEN = 32
"""Principal components by which songs are first compared when the same recording is looked for."""

BLOCK = 512
"""Songs that are compared with the others at a time."""

BOUNDARY_GAP = 0.3
"""A song is a boundary song if its two likeliest genres are less than this apart in probability."""

SURE = 0.8
"""Least probability at which the classifier contradicts a song's genre."""

CONFIDENCE_EDGES = (0.0, 0.5, 0.7, 0.85, 0.95, 1.0)
"""Edges of the bins in which the model's confidence is compared with how often it is right."""


@dataclass(frozen=True)
class TrainingSet:
    """The songs that can be learned from.

    Attributes
    ----------
    rows
        Rows in the library, shape (n,).
    X
        Their embeddings, float64, shape (n, ``N_FEATURES``).
    y
        Their genres, positions in ``genres``, shape (n,).
    genres
        Names, sorted.
    units
        Equal numbers are the same recording, shape (n,).
    groups
        Way of splitting -> what is left out together, shape (n,); see the module's text.
    left_out
        Notices about what could not be used.
    drawn_from
        How many songs with a genre these were drawn from, where they are a sample; None for all.
    """

    rows: np.ndarray
    X: np.ndarray
    y: np.ndarray
    genres: tuple[str, ...]
    units: np.ndarray
    groups: dict[str, np.ndarray]
    left_out: list[str]
    drawn_from: int | None = None

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def sizes(self) -> np.ndarray:
        """Songs per genre, shape (K,)."""
        return np.bincount(self.y, minlength=len(self.genres))

    @property
    def recordings(self) -> np.ndarray:
        """Different recordings per genre, shape (K,)."""
        return np.array([len(set(self.units[self.y == k])) for k in range(len(self.genres))])

    @property
    def n_duplicates(self) -> int:
        """Songs that are another song's recording once more."""
        return len(self.units) - len(set(self.units))


def gather(library: Library, most: int | None = None) -> TrainingSet:
    """Collect the songs with a genre of at least two different recordings.

    Parameters
    ----------
    library
        The songs.
    most
        How many songs to learn from; where more have a genre, a sample is drawn. None for all.

    Raises
    ------
    UserError
        If fewer than two genres remain.
    """
    rows = np.array([i for i, genre in enumerate(library.genres) if genre != UNKNOWN_GENRE], dtype=int)
    if not len(rows):
        raise UserError("no song has a genre: put songs into one folder per genre")
    names, drawn_from = np.array([library.genres[row] for row in rows]), None
    if most is not None and most < len(rows):
        drawn, drawn_from = stratified(names, most, SEED, least=2), len(rows)
        rows, names = rows[drawn], names[drawn]
    units = same_recordings(library.embeddings[rows])
    recordings = {name: len(set(units[names == name])) for name in sorted(set(names))}
    left_out = [
        f"{name} has {'one song' if (names == name).sum() == 1 else 'one recording'} only and is left out"
        for name, n in recordings.items()
        if n < 2
    ]
    usable = [str(name) for name, n in recordings.items() if n >= 2]
    if len(usable) < 2:
        found = ", ".join(f"{name} ({count(int((names == name).sum()), 'song')})" for name in recordings)
        raise UserError(
            f"a classifier needs two genres with two different recordings each; the library has {found}"
        )
    kept = np.isin(names, usable)
    rows, units = rows[kept], units[kept]
    y = np.searchsorted(usable, names[kept])
    groups = {"plain": units} | _groupings(library, rows, units)
    X = library.embeddings[rows].astype(np.float64)
    return TrainingSet(rows, X, y, tuple(usable), units, groups, left_out, drawn_from)


def same_recordings(embeddings: np.ndarray) -> np.ndarray:
    """Number songs so that near-identical ones share a number.

    Returns
    -------
    ndarray
        int, shape (n_songs,). Nearness is passed on: a chain of near songs is one recording.
    """
    values = standardise(embeddings)
    limit = DUPLICATE_DISTANCE**2 * max(1, int((values.std(axis=0) > 0).sum()))
    pairs: list[tuple[int, int]] = []
    for first, second in _candidates(values, limit):
        for start in range(0, len(first), BLOCK):
            a, b = first[start : start + BLOCK], second[start : start + BLOCK]
            near = ((values[a] - values[b]) ** 2).sum(axis=1) < limit
            pairs += zip(np.minimum(a, b)[near].tolist(), np.maximum(a, b)[near].tolist(), strict=True)
    return _join(len(values), sorted(pairs))


def _candidates(values: np.ndarray, limit: float) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Pairs of songs whose squared distance may be less than the limit, each once.

    Songs are at least as far apart as their first principal components, so a pair that is too far apart
    there need not be looked at: of 100 000 songs that leaves next to none, at a twentieth of the work.
    """
    components = principal_components(values, min(SCREEN, values.shape[1]))
    order = np.argsort(components[:, 0], kind="stable")
    rows = components[order].astype(np.float32)
    reach = np.searchsorted(components[order, 0], components[order, 0] + 1.001 * np.sqrt(limit), "right")
    # Less than a song's square by more than float32 may round, so that no pair is lost.
    squares = (rows**2).sum(axis=1) * np.float32(1.0 - 1e-5)
    for start in range(0, len(rows), BLOCK):
        block, end = slice(start, start + BLOCK), int(reach[min(start + BLOCK, len(rows)) - 1])
        apart = squares[block, np.newaxis] + squares[start:end] - 2.0 * rows[block] @ rows[start:end].T
        first, second = np.nonzero(apart < limit)
        later = first < second
        yield order[start + first[later]], order[start + second[later]]


def _join(n: int, pairs: Sequence[tuple[int, int]]) -> np.ndarray:
    """Number the connected parts of a graph, shape (n,)."""
    root = list(range(n))

    def find(i: int) -> int:
        while root[i] != i:
            root[i] = root[root[i]]
            i = root[i]
        return i

    for a, b in pairs:
        root[find(b)] = find(a)
    return np.unique([find(i) for i in range(n)], return_inverse=True)[1]


def _groupings(library: Library, rows: np.ndarray, units: np.ndarray) -> dict[str, np.ndarray]:
    """Who is left out together; a song without artist goes by its album, one without album by its artist."""
    artists = [fold(library.artists[row]) for row in rows]
    albums = [fold(library.columns["album"][row] or "") for row in rows]
    found = {}
    for way, first, second in (("artist", artists, albums), ("album", albums, artists)):
        if not any(first):
            continue
        keys = [
            a or (f"\0{b}" if b else f"\0\0{i}") for i, (a, b) in enumerate(zip(first, second, strict=True))
        ]
        number = np.unique(keys, return_inverse=True)[1]
        found[way] = _join(len(rows), [*_chain(number), *_chain(units)])
    return found


def _chain(numbers: np.ndarray) -> Iterator[tuple[int, int]]:
    """Pairs that connect all songs of the same number."""
    last: dict[int, int] = {}
    for i, number in enumerate(numbers.tolist()):
        if number in last:
            yield last[number], i
        last[number] = i


def n_folds(training: TrainingSet, way: str) -> int:
    """How many folds a way of splitting allows: five, or what the smallest genre or the groups allow.

    Returns
    -------
    int
        0 if the songs cannot be split this way: fewer than two genres would be left to learn and to judge.
    """
    if way == "plain":
        return min(FOLDS, int(training.recordings.min()))
    groups = training.groups[way]
    divisible = sum(len(set(groups[training.y == k])) > 1 for k in range(len(training.genres)))
    return min(FOLDS, len(set(groups))) if divisible > 1 else 0


def n_repeats(training: TrainingSet, way: str) -> int:
    """How often a way of splitting is repeated with other seeds: once where there are `MANY` songs."""
    return 1 if len(training) > MANY else REPEATS[way]


@dataclass(frozen=True)
class Measure:
    """Accuracy and macro-F1 of one classifier in one way of splitting, each 0 to 1.

    Attributes
    ----------
    accuracy, macro_f1, balanced_accuracy
        Means over repeats; accuracy is a mean over folds, the others are taken over all songs at once.
    spread
        Standard deviation of the accuracy between folds.
    """

    accuracy: float
    macro_f1: float
    balanced_accuracy: float
    spread: float


@dataclass(frozen=True)
class Scores:
    """What one way of splitting shows.

    Attributes
    ----------
    way
        ``plain``, ``artist`` or ``album``.
    folds, repeats
        How often the songs were split.
    model, line, logistic, majority
        This classifier; its straight line without XGBoost; a logistic regression on as many ordinary
        principal components; always the most frequent genre.
    train_accuracy
        Of this classifier on the songs it was trained on.
    interval
        95 % bootstrap interval of the accuracy: recordings (artists, albums) are resampled.
    brier
        Brier score of the probabilities, 0 to 2; see `classifier.brier_score`.
    unseen
        Genres all of whose songs were left out together at least once: no model can name them then.
    settings
        What the searches chose: settings -> how often.
    probability
        Out-of-fold probabilities, mean over repeats, shape (n, K).
    tally
        What each song counts in the accuracy, and how much of that it gets right, shape (2, n).
    """

    way: str
    folds: int
    repeats: int
    model: Measure
    line: Measure
    logistic: Measure
    majority: Measure
    train_accuracy: float
    interval: tuple[float, float]
    brier: float
    unseen: tuple[str, ...]
    settings: dict[Settings, int]
    probability: np.ndarray = field(repr=False)
    tally: np.ndarray = field(repr=False)

    @property
    def gap(self) -> float:
        """The overfitting monitor: train accuracy minus cross-validated accuracy."""
        return self.train_accuracy - self.model.accuracy


@dataclass(frozen=True)
class _FoldResult:
    """Probabilities of the songs that were left out, by each classifier, shape (n_held, K)."""

    held: np.ndarray
    by: dict[str, np.ndarray]
    train_accuracy: float
    settings: Settings | None


CLASSIFIERS = ("model", "line", "logistic", "majority")


def judge_fold(
    training: TrainingSet, held: np.ndarray, groups: np.ndarray, components: Sequence[int]
) -> _FoldResult:
    """Fit everything on the songs that are not held out, and predict those that are.

    Parameters
    ----------
    training
        All songs.
    held
        bool, shape (n,).
    groups
        Who is judged together when settings are searched.
    components
        Numbers of components the search may choose from.
    """
    K = len(training.genres)
    present, y = np.unique(training.y[~held], return_inverse=True)
    X, outside = training.X[~held], training.X[held]
    majority = np.zeros((len(outside), K))
    majority[:, present[np.bincount(y).argmax()]] = 1.0
    if len(present) < 2:
        return _FoldResult(held, dict.fromkeys(CLASSIFIERS, majority), 1.0, None)
    genres = [training.genres[i] for i in present]
    model = fit(X, y, genres, training.units[~held], groups[~held], components)
    line = classifier.probabilities(model.line.margins(model.components(outside)))
    found = {
        "model": model.probabilities(outside),
        "line": line,
        "logistic": _plain_logistic(X, y, outside, max(components)),
    }
    spread = {name: np.zeros((len(outside), K)) for name in found}
    for name, values in found.items():
        spread[name][:, present] = values
    right = float((model.probabilities(X).argmax(axis=1) == y).mean())
    return _FoldResult(held, {**spread, "majority": majority}, right, model.settings)


def fit(
    X: np.ndarray,
    y: np.ndarray,
    genres: Sequence[str],
    units: np.ndarray,
    groups: np.ndarray,
    components: Sequence[int],
) -> classifier.Model:
    """Search settings inside the given songs (at most `MANY` of them), then fit on all.

    See `classifier.search`.
    """
    some = stratified(y, MANY, SEED) if len(y) > MANY else slice(None)
    settings = classifier.search(X[some], y[some], genres, units[some], groups[some], components)
    return classifier.Trainer(X, y, genres, units, settings.n_components).model(settings)


def fit_final(training: TrainingSet, components: Sequence[int], found: dict[str, Any]) -> classifier.Model:
    """Fit on all labelled songs, settings chosen as in the folds, and note what it was made of.

    Settings are judged with artists kept apart where that is possible, because new songs are mostly by
    artists the library does not have.

    Parameters
    ----------
    training
        All of it.
    components
        Numbers of components the search may choose from.
    found
        Scores, as plain values, to travel with the model.
    """
    groups = training.groups.get("artist", training.units)
    if len(set(groups)) < classifier.SEARCH_FOLDS:
        groups = training.units
    with threadpool_limits(1):
        model = fit(training.X, training.y, training.genres, training.units, groups, components)
    labels = [training.genres[k] for k in training.y]
    about = {
        "scores": found,
        "training": {"songs": len(training), "fingerprint": classifier.fingerprint(training.X, labels)},
        "versions": {name: version(name) for name in ("numpy", "scikit-learn", "xgboost", "shap")},
        "parameters": classifier.tree_parameters(training.y),
    }
    return replace(model, about=about)


def _plain_logistic(X: np.ndarray, y: np.ndarray, outside: np.ndarray, n_components: int) -> np.ndarray:
    """Logistic regression on ordinary principal components: the textbook's pipeline."""
    plain = classifier.represent(X, y, n_components, weigh=False)
    line = classifier.fit_line(plain.components(X), y, 1.0)
    return classifier.probabilities(line.margins(plain.components(outside)))


def cross_validate(
    training: TrainingSet, way: str, components: Sequence[int], done: Callable[[], None]
) -> Scores:
    """Judge the classifier in one way of splitting.

    Parameters
    ----------
    training
        At least two genres.
    way
        A key of ``training.groups`` for which `n_folds` is at least 2.
    components
        Numbers of components the search may choose from.
    done
        Called after each fold.
    """
    groups, folds = training.groups[way], n_folds(training, way)
    seeds = range(SEED, SEED + n_repeats(training, way))
    dealt = [classifier.assign_folds(training.y, groups, folds, seed) for seed in seeds]
    held = [numbers == fold for numbers in dealt for fold in range(folds) if (numbers == fold).any()]

    def judge(one: np.ndarray) -> _FoldResult:
        result = judge_fold(training, one, groups, components)
        done()
        return result

    # Small matrices gain nothing from threads of their own; folds side by side do.
    with threadpool_limits(1), ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        results = list(pool.map(judge, held))
    return _sum_up(training, way, folds, dealt, results)


def _sum_up(
    training: TrainingSet, way: str, folds: int, dealt: list[np.ndarray], results: list[_FoldResult]
) -> Scores:
    n, K = len(training), len(training.genres)
    probability = {name: np.zeros((len(dealt), n, K)) for name in CLASSIFIERS}
    queue = iter(results)
    for repeat, numbers in enumerate(dealt):
        for _ in np.unique(numbers):
            result = next(queue)
            for name in CLASSIFIERS:
                probability[name][repeat, result.held] = result.by[name]
    mean = probability["model"].mean(axis=0)
    tally = _tally(training.y, dealt, probability["model"])
    return Scores(
        way=way,
        folds=folds,
        repeats=len(dealt),
        **{name: _measure(training.y, dealt, probability[name]) for name in CLASSIFIERS},
        train_accuracy=float(np.mean([result.train_accuracy for result in results])),
        interval=_percentiles(_resampled(training.groups[way], tally)[0]),
        brier=classifier.brier_score(mean, training.y),
        unseen=_unseen(training, dealt),
        settings=dict(Counter(result.settings for result in results if result.settings)),
        probability=mean,
        tally=tally,
    )


def _measure(y: np.ndarray, dealt: list[np.ndarray], probability: np.ndarray) -> Measure:
    said = probability.argmax(axis=2)
    accuracies = [
        np.mean(one[numbers == fold] == y[numbers == fold])
        for one, numbers in zip(said, dealt, strict=True)
        for fold in np.unique(numbers)
    ]
    return Measure(
        accuracy=float(np.mean(accuracies)),
        macro_f1=float(np.mean([f1_score(y, one, average="macro", zero_division=0) for one in said])),
        balanced_accuracy=float(np.mean([balanced_accuracy_score(y, one) for one in said])),
        spread=float(np.std(accuracies)),
    )


def _tally(y: np.ndarray, dealt: list[np.ndarray], probability: np.ndarray) -> np.ndarray:
    """What each song counts, each fold counting the same, and how much of it is right, shape (2, n)."""
    weight, right = np.zeros(len(y)), np.zeros(len(y))
    for one, numbers in zip(probability.argmax(axis=2), dealt, strict=True):
        share = 1.0 / np.bincount(numbers)[numbers]
        weight += share
        right += share * (one == y)
    return np.array([weight, right])


def _resampled(groups: np.ndarray, *tallies: np.ndarray) -> list[np.ndarray]:
    """Bootstrap accuracies, shape (`RESAMPLES`,) each; groups are drawn whole, the same for every tally."""
    group = np.unique(groups, return_inverse=True)[1]
    n = int(group.max()) + 1
    of_group = [[np.bincount(group, values) for values in tally] for tally in tallies]
    rng, found = np.random.default_rng(SEED), np.empty((len(tallies), RESAMPLES))
    together = max(1, DRAWN_TOGETHER // n)
    for start in range(0, RESAMPLES, together):
        part = slice(start, min(start + together, RESAMPLES))
        drawn = rng.integers(0, n, (part.stop - start, n))
        for one, (weight, right) in zip(found, of_group, strict=True):
            one[part] = right[drawn].sum(axis=1) / weight[drawn].sum(axis=1)
    return list(found)


def _percentiles(values: np.ndarray) -> tuple[float, float]:
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)


@dataclass(frozen=True)
class Difference:
    """How much higher the plain score is than one with artists or albums apart.

    Attributes
    ----------
    value
        Difference of the accuracies, -1 to 1.
    interval
        Its 95 % bootstrap interval.
    """

    value: float
    interval: tuple[float, float]

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves out 0."""
        return not self.interval[0] <= 0.0 <= self.interval[1]


def difference(training: TrainingSet, plain: Scores, apart: Scores) -> Difference:
    """Compare the plain score with one of another way of splitting, song by song.

    Both accuracies are resampled with the same artists (albums), so that what is easy or hard in both does
    not count (paired percentile bootstrap: B. Efron and R. Tibshirani, "An Introduction to the Bootstrap",
    1993).
    """
    first, second = _resampled(training.groups[apart.way], plain.tally, apart.tally)
    return Difference(plain.model.accuracy - apart.model.accuracy, _percentiles(first - second))


def _unseen(training: TrainingSet, dealt: list[np.ndarray]) -> tuple[str, ...]:
    return tuple(
        name
        for k, name in enumerate(training.genres)
        if any(len(np.unique(numbers[training.y == k])) == 1 for numbers in dealt)
    )


@dataclass(frozen=True)
class Holdout:
    """One stratified split: a fifth of the songs is never seen in training.

    Attributes
    ----------
    n_train, n_test
        Songs on each side.
    train_accuracy, train_f1, test_accuracy, test_f1
        Accuracy and macro-F1 on each side.
    model
        The model of this split.
    """

    n_train: int
    n_test: int
    train_accuracy: float
    train_f1: float
    test_accuracy: float
    test_f1: float
    model: classifier.Model = field(repr=False)


def hold_out(training: TrainingSet, components: Sequence[int]) -> Holdout:
    """Train on four fifths of every genre and test on the rest."""
    parts = min(FOLDS, len(set(training.units)))
    test = classifier.assign_folds(training.y, training.units, parts, SEED) == 0
    X, y, units = training.X[~test], training.y[~test], training.units[~test]
    with threadpool_limits(1):
        model = fit(X, y, training.genres, units, units, components)
    inside, outside = (model.probabilities(part).argmax(axis=1) for part in (X, training.X[test]))
    truth = training.y[test]
    return Holdout(
        n_train=len(y),
        n_test=len(truth),
        train_accuracy=float((inside == y).mean()),
        train_f1=float(f1_score(y, inside, average="macro", zero_division=0)),
        test_accuracy=float((outside == truth).mean()),
        test_f1=float(f1_score(truth, outside, average="macro", labels=np.unique(truth), zero_division=0)),
        model=model,
    )


@dataclass(frozen=True)
class Confidence:
    """How often the model is right when it is so sure, on songs it has not seen.

    Attributes
    ----------
    low, high
        Range of the probability of the likeliest genre.
    n
        Songs in the range.
    said, right
        Mean probability, and share of songs that are of the likeliest genre; None where ``n`` is 0.
    """

    low: float
    high: float
    n: int
    said: float | None
    right: float | None


def calibration(y: np.ndarray, probability: np.ndarray) -> list[Confidence]:
    """Compare confidence with success in bins of `CONFIDENCE_EDGES`."""
    top, right = probability.max(axis=1), probability.argmax(axis=1) == y
    bins = []
    for low, high in itertools.pairwise(CONFIDENCE_EDGES):
        inside = (top >= low) & ((top < high) | (high == 1.0))
        n = int(inside.sum())
        said, share = (float(top[inside].mean()), float(right[inside].mean())) if n else (None, None)
        bins.append(Confidence(low, high, n, said, share))
    return bins


def expected_calibration_error(bins: Sequence[Confidence]) -> float:
    """Mean distance of confidence and success, each bin weighing its songs (M. Naeini et al., AAAI 2015)."""
    total = sum(one.n for one in bins)
    return sum(one.n * abs(one.said - one.right) for one in bins if one.n) / total


@dataclass(frozen=True)
class PerGenre:
    """How well one genre is told from the others, each 0 to 1."""

    genre: str
    songs: int
    precision: float
    recall: float
    f1: float


def per_genre(training: TrainingSet, probability: np.ndarray) -> list[PerGenre]:
    """Precision, recall and F1 of every genre."""
    labels = np.arange(len(training.genres))
    values = precision_recall_fscore_support(
        training.y, probability.argmax(axis=1), labels=labels, zero_division=0
    )
    return [
        PerGenre(name, int(n), float(p), float(r), float(f))
        for name, p, r, f, n in zip(training.genres, *values, strict=True)
    ]


def confusion(training: TrainingSet, probability: np.ndarray) -> np.ndarray:
    """Songs of each genre (rows) that are taken for each genre (columns), shape (K, K)."""
    return confusion_matrix(training.y, probability.argmax(axis=1), labels=np.arange(len(training.genres)))


@dataclass(frozen=True)
class Doubt:
    """A song that the classifier, not having seen it, is unsure about or contradicts.

    Attributes
    ----------
    row
        Row in the library.
    kind
        ``boundary`` between two genres, or ``mislabelled`` perhaps: confidently another genre.
    first, second
        Positions of the two likeliest genres.
    p_first, p_second
        Their probabilities.
    p_own
        Probability of the genre the song is filed under.
    """

    row: int
    kind: str
    first: int
    second: int
    p_first: float
    p_second: float
    p_own: float


def doubts(training: TrainingSet, probability: np.ndarray) -> list[Doubt]:
    """Boundary songs, closest call first, then songs that may be mislabelled, most confident first.

    A song may be mislabelled if another genre is at least as probable as that genre's own songs are on
    average (C. Northcutt et al., "Confident Learning", J. Artificial Intelligence Research 70, 2021), and
    at least `SURE`.
    """
    usual = np.array([probability[training.y == k, k].mean() for k in range(len(training.genres))])
    found = []
    for i, row in enumerate(training.rows):
        second, first = (int(k) for k in np.argsort(probability[i], kind="stable")[-2:])
        p_first, p_second = float(probability[i, first]), float(probability[i, second])
        if p_first - p_second < BOUNDARY_GAP:
            kind = "boundary"
        elif first != training.y[i] and p_first >= max(usual[first], SURE):
            kind = "mislabelled"
        else:
            continue
        own = float(probability[i, training.y[i]])
        found.append(Doubt(int(row), kind, first, second, p_first, p_second, own))
    return sorted(
        found,
        key=lambda d: (d.kind, d.p_first - d.p_second if d.kind == "boundary" else -d.p_first, d.row),
    )
