"""Why the classifier says what it says: contributions that add up, and words for them.

Conventions
-----------
Every contribution is in log-odds (a margin of 0 is an even chance, +1 multiplies the odds by 2.7, +2 by
7.4), never in percent. An explanation is always of *one genre against another*, because only such a
difference of margins is a true log-odds. ``k`` is the number of components, ``M`` the number of margins of
the model (1 for two genres, else one per genre), ``n`` the number of songs.

Contributions are Shapley values: of the straight line in closed form (slope times value, as the
components' mean is 0), of the trees by TreeSHAP (S. Lundberg et al., Nature Machine Intelligence 2, 2020).
They add, as the margins do.
"""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import xgboost

from common import layout
from common.classifier.evaluation import Confidence
from common.classifier.model import Model, Representation, probabilities
from common.layout import GROUPS, N_FEATURES, SLICES

if TYPE_CHECKING:
    import shap

FLATTEN = 0.05
"""Share of a component's variance below which a tree's contribution is no longer blamed on its value."""

OPAQUE_WEIGHT = 0.3
"""How much a phrase that no ear can check (`layout.is_audible`) counts beside one that a listener can."""

FAINT = 0.01
"""What carries less than this share of the whole is not spoken of, unless there is nothing else."""

RUN_SHARE = 0.5
"""Neighbouring mel bands are spoken of together as far as they carry this share of the strongest."""


@dataclass(frozen=True)
class Contributions:
    """What each component adds to each margin of each song.

    Attributes
    ----------
    genres
        Names, as in the model.
    components
        Values of the components, shape (n, k).
    line, trees
        Shapley values of the two parts of the model, shape (n, M, k).
    base
        Margins before anything is known of a song, shape (M,).
    """

    genres: tuple[str, ...]
    components: np.ndarray
    line: np.ndarray
    trees: np.ndarray
    base: np.ndarray

    @property
    def values(self) -> np.ndarray:
        """Shapley values of the whole model, shape (n, M, k)."""
        return self.line + self.trees

    @property
    def margins(self) -> np.ndarray:
        """Base and contributions together, shape (n, M): the model's margins."""
        return self.base + self.values.sum(axis=2)

    def one(self, song: int) -> Contributions:
        """The same of one song alone."""
        part = slice(song, song + 1)
        return replace(self, components=self.components[part], line=self.line[part], trees=self.trees[part])

    def against(self, first: int, second: int) -> PairContributions:
        """Contributions to the log-odds of one genre against another."""
        return PairContributions(
            first=first,
            second=second,
            line=self._difference(self.line, first, second),
            trees=self._difference(self.trees, first, second),
            base=float(self._difference(self.base[None, :, None], first, second)[0, 0]),
        )

    def towards(self, genre: int, trees_alone: bool = False) -> np.ndarray:
        """Contributions to one genre, of all or of the trees alone: shape (n, k).

        Against the other genre where there are two, else against the average of all.
        """
        values = self.trees if trees_alone else self.values
        if values.shape[1] == 1:
            return values[:, 0] if genre == 1 else -values[:, 0]
        return values[:, genre] - values.mean(axis=1)

    def by_strength(self) -> list[int]:
        """Components, the one with the largest mean absolute contribution first."""
        return np.argsort(-np.abs(self.values).mean(axis=(0, 1)), kind="stable").tolist()

    @staticmethod
    def _difference(values: np.ndarray, first: int, second: int) -> np.ndarray:
        if values.shape[1] == 1:
            return values[:, 0] * (first - second)
        return values[:, first] - values[:, second]


@dataclass(frozen=True)
class PairContributions:
    """Contributions to the log-odds of genre ``first`` against genre ``second``.

    Attributes
    ----------
    first, second
        Positions of the genres.
    line, trees
        Shape (n, k).
    base
        Log-odds before anything is known of a song.
    """

    first: int
    second: int
    line: np.ndarray
    trees: np.ndarray
    base: float

    @property
    def values(self) -> np.ndarray:
        """Of the whole model, shape (n, k)."""
        return self.line + self.trees

    @property
    def margins(self) -> np.ndarray:
        """Log-odds, shape (n,)."""
        return self.base + self.values.sum(axis=1)


def contribute(model: Model, X: np.ndarray) -> Contributions:
    """Compute the Shapley values of songs.

    Parameters
    ----------
    model
        A fitted classifier.
    X
        Embeddings, shape (n, ``N_FEATURES``).
    """
    explainer = _tree_explainer(model)
    components = model.components(X)
    line = components[:, None, :] * model.line.slopes
    trees = np.asarray(explainer.shap_values(components), dtype=np.float64)
    # One margin comes as (n, k), several as (n, k, M).
    trees = trees[:, None, :] if trees.ndim == 2 else trees.transpose(0, 2, 1)
    base = model.line.intercepts + np.atleast_1d(np.asarray(explainer.expected_value, dtype=np.float64))
    return Contributions(model.genres, components, line, trees, base)


def _tree_explainer(model: Model) -> shap.TreeExplainer:
    with warnings.catch_warnings():
        # shap's palette uses methods that matplotlib 3.11 announces to deprecate.
        warnings.filterwarnings("ignore", r"The set_\w+ function will be", PendingDeprecationWarning)
        import shap
    return shap.TreeExplainer(model.trees)


def strongest_interaction(model: Model, components: np.ndarray, component: int) -> int | None:
    """The component that changes most what another one contributes, or None if none does.

    Parameters
    ----------
    model
        A fitted classifier; only its trees can have interactions.
    components
        Values of songs, shape (n, k).
    component
        The other one.
    """
    values = model.trees.predict(xgboost.DMatrix(components), pred_interactions=True)
    between = np.abs(values[..., component, :-1])
    strength = between.reshape(-1, between.shape[-1]).mean(axis=0)
    strength[component] = 0.0
    return int(strength.argmax()) if strength.max() > 0 else None


@dataclass(frozen=True)
class ComponentMeaning:
    """A component in musical words, from its own loadings.

    Attributes
    ----------
    number
        From 1, as people count.
    variance
        Share of the (weighted) variance, 0 to 1.
    groups
        Group -> share of the squared loadings; they sum to 1.
    high, low
        What a high and a low value sound like, strongest first.
    """

    number: int
    variance: float
    groups: dict[str, float]
    high: list[str]
    low: list[str]

    @property
    def name(self) -> str:
        """``PC3``."""
        return f"PC{self.number}"

    def sentence(self) -> str:
        """All of it in a line."""
        carried = [f"{g} {share:.0%}" for g, share in _largest(self.groups, 3) if share >= 0.05]
        return (
            f"{self.name}, {self.variance:.1%} of the variance, made of {', '.join(carried)}: "
            f"high is {', '.join(self.high)}; low is {', '.join(self.low)}"
        )


def _largest(values: dict[str, float], n: int) -> list[tuple[str, float]]:
    return sorted(values.items(), key=lambda item: -abs(item[1]))[:n]


def describe_components(representation: Representation, most: int = 3) -> list[ComponentMeaning]:
    """Put every component into words.

    Parameters
    ----------
    representation
        Whose axes to describe.
    most
        How many phrases for each end.
    """
    return [
        ComponentMeaning(
            number=i + 1,
            variance=float(representation.variance[i]),
            groups=layout.group_shares(axis**2),
            high=phrases(axis**2, axis > 0, most),
            low=phrases(axis**2, axis < 0, most),
        )
        for i, axis in enumerate(representation.axes)
    ]


SMOOTH_BANDS = 9
"""Mel bands that are averaged before the strongest run is looked for: no ear hears one alone."""


def phrases(strength: np.ndarray, high: np.ndarray, most: int = 3) -> list[str]:
    """Say in a few words what numbers that are high, and others that are low, sound like together.

    Parameters
    ----------
    strength
        How much each number matters, 0 or more, shape (``N_FEATURES``,).
    high
        Whether each is high, shape (``N_FEATURES``,).
    most
        Most phrases to return; each is about another descriptor, and none only repeats another.

    Returns
    -------
    list of str
        Strongest first; empty if nothing matters. What no ear can check is said in the first place or not
        at all: where nothing audible comes near it.
    """
    found: dict[tuple[str, bool], tuple[float, str]] = {}
    for source, audible, weight, phrase in [*_mel_phrases(strength, high), *_other_phrases(strength, high)]:
        if weight > found.get((source, audible), (0.0, ""))[0]:
            found[source, audible] = (weight, phrase)
    ranked = sorted((-weight, not audible, phrase) for (_, audible), (weight, phrase) in found.items())
    said: list[str] = []
    for weight, opaque, phrase in ranked:
        passed_over = said and (opaque or -weight < FAINT * strength.sum())
        if not passed_over and not any(phrase in other or other in phrase for other in said):
            said.append(phrase)
    return said[:most]


Phrase = tuple[str, bool, float, str]
"""Descriptor, whether an ear can check it, how much it matters, words."""


def _mel_phrases(strength: np.ndarray, high: np.ndarray) -> Iterator[Phrase]:
    """The strongest run of neighbouring mel bands, in whatever statistics of them."""
    blocks = [SLICES[block.name] for block in layout.LAYOUT if block.source == "mel"]
    if not any(strength[place].any() for place in blocks):
        return
    for is_high, amount in ((True, "more"), (False, "less")):
        bands = sum(np.where(high[place] == is_high, strength[place], 0.0) for place in blocks)
        bands = np.convolve(bands, np.full(SMOOTH_BANDS, 1 / SMOOTH_BANDS), mode="same")
        top = int(bands.argmax())
        if bands[top] <= 0:
            continue
        strong = bands >= RUN_SHARE * bands[top]
        first, last = top, top
        while first > 0 and strong[first - 1]:
            first -= 1
        while last < len(bands) - 1 and strong[last + 1]:
            last += 1
        weight = float(bands[first : last + 1].sum())
        yield "mel", True, weight, f"{amount} energy {_spoken_bands(first, last)}"


def _spoken_bands(first: int, last: int) -> str:
    frequencies = layout.mel_frequencies()
    low, high = layout.spoken_hz(frequencies[first]), layout.spoken_hz(frequencies[last])
    if low == high:
        return f"at {low}"
    if first == 0:
        return f"below {high}"
    return f"above {low}" if last == len(frequencies) - 1 else f"between {low} and {high}"


AUDIBLE = np.array([layout.is_audible(index) for index in range(N_FEATURES)])


def _other_phrases(strength: np.ndarray, high: np.ndarray) -> Iterator[Phrase]:
    """For every block but mel: its strongest element that an ear can check, and that it cannot."""
    for block in layout.LAYOUT:
        if block.source == "mel":
            continue
        place = SLICES[block.name]
        if not strength[place].any():
            continue
        for is_high, is_audible in itertools.product((True, False), repeat=2):
            meant = (high[place] == is_high) & (AUDIBLE[place] == is_audible)
            inside = np.where(meant, strength[place], 0.0)
            if inside.max() > 0:
                phrase = layout.words(place.start + int(inside.argmax()), is_high)
                weight = float(inside.sum()) * (1.0 if is_audible else OPAQUE_WEIGHT)
                yield block.source, is_audible, weight, phrase


@dataclass(frozen=True)
class GroupContribution:
    """What one musical group adds to the log-odds of one genre against another.

    Attributes
    ----------
    group
        A key of ``layout.GROUPS``.
    value
        In log-odds.
    words
        What in the song does it, strongest first.
    """

    group: str
    value: float
    words: list[str]


@dataclass(frozen=True)
class Attribution:
    """The log-odds of one song, spread over the musical groups.

    Attributes
    ----------
    base
        Log-odds before anything is known of the song.
    groups
        Strongest first.
    remainder
        What cannot be blamed on any number: where a component is near its mean, the trees' contribution
        has no direction.
    """

    base: float
    groups: list[GroupContribution]
    remainder: float

    @property
    def margin(self) -> float:
        """The sum, which is the model's log-odds."""
        return self.base + math.fsum(one.value for one in self.groups) + self.remainder


def attribute(model: Model, X: np.ndarray, pair: PairContributions, song: int = 0) -> Attribution:
    """Spread a song's log-odds over the musical groups.

    The line's share of a component is slope times value, and the value is the sum of loading times
    weighted feature: the chain is exact. A tree's contribution is spread in the same proportions, less so
    the nearer the component is to its mean; what is held back there is the remainder.

    Parameters
    ----------
    model
        A fitted classifier.
    X
        Embeddings, shape (n, ``N_FEATURES``).
    pair
        Contributions of the same songs.
    song
        Which of them.
    """
    representation = model.representation
    features = representation.weighted(X[song : song + 1])[0]
    values = representation.axes @ features
    damping = values**2 + FLATTEN * representation.spread**2
    line = np.divide(pair.line[song], values, out=np.zeros_like(values), where=values != 0)
    trees = np.divide(pair.trees[song] * values, damping, out=np.zeros_like(values), where=damping > 0)
    by_feature = (line + trees) @ representation.axes * features
    remainder = float(pair.values[song].sum() - by_feature.sum())
    groups = [
        GroupContribution(group, value, _group_words(group, value, by_feature, features))
        for group, value in _largest(layout.group_shares(by_feature), len(GROUPS))
    ]
    return Attribution(pair.base, groups, remainder)


def _group_words(group: str, value: float, by_feature: np.ndarray, features: np.ndarray) -> list[str]:
    """What in a group pushes the way the group as a whole does."""
    meant = np.zeros(len(by_feature), dtype=bool)
    meant[list(layout.GROUP_INDICES[group])] = True
    meant &= np.sign(by_feature) == np.sign(value)
    return phrases(np.where(meant, np.abs(by_feature), 0.0), features > 0, most=2)


@dataclass(frozen=True)
class Explanation:
    """Everything there is to say about one song.

    Attributes
    ----------
    name, label
        The song, and the genre it is filed under (None outside the library).
    genres
        Names, as in the model.
    probability
        Of each genre by the model, shape (K,).
    blind
        The same by models that had not seen the song, or None.
    pair
        Contributions to the likeliest genre against the runner-up; one song.
    attribution
        Of the same log-odds.
    components
        Values of the components, shape (k,).
    """

    name: str
    label: str | None
    genres: tuple[str, ...]
    probability: np.ndarray
    blind: np.ndarray | None
    pair: PairContributions
    attribution: Attribution
    components: np.ndarray

    @property
    def first(self) -> str:
        """The likeliest genre."""
        return self.genres[self.pair.first]

    @property
    def second(self) -> str:
        """The runner-up."""
        return self.genres[self.pair.second]


def explain(
    model: Model, embedding: np.ndarray, name: str, label: str | None = None, blind: np.ndarray | None = None
) -> Explanation:
    """Explain one song: likeliest genre against runner-up.

    Parameters
    ----------
    model
        A fitted classifier.
    embedding
        Shape (``N_FEATURES``,).
    name, label, blind
        As of `Explanation`.
    """
    X = np.asarray(embedding, dtype=np.float64)[None, :]
    contributions = contribute(model, X)
    probability = probabilities(model.margins(X))[0]
    second, first = (int(k) for k in np.argsort(probability, kind="stable")[-2:])
    pair = contributions.against(first, second)
    return Explanation(
        name=name,
        label=label,
        genres=model.genres,
        probability=probability,
        blind=blind,
        pair=pair,
        attribution=attribute(model, X, pair),
        components=contributions.components[0],
    )


def even_odds(margin: float) -> float:
    """Probability that belongs to log-odds of 0 or more."""
    return 1.0 / (1.0 + math.exp(-margin))


def tell(explanation: Explanation, experience: Sequence[Confidence] = ()) -> list[str]:
    """Tell an explanation in plain language.

    Parameters
    ----------
    explanation
        What to tell.
    experience
        Bins of confidence against success (`evaluation.Confidence`), to say how far to believe it.

    Returns
    -------
    list of str
        Paragraphs of one line each.
    """
    lines = [_verdict(explanation), *_belief(explanation, experience)]
    lines += _pushes(explanation)
    lines += _change(explanation)
    return lines


def _verdict(explanation: Explanation) -> str:
    p = explanation.probability
    first, second = explanation.pair.first, explanation.pair.second
    filed = f", filed under {explanation.label}," if explanation.label else ""
    text = (
        f"{explanation.name}{filed} sounds like {explanation.first} to the classifier ({p[first]:.0%}), "
        f"then {explanation.second} ({p[second]:.0%})."
    )
    if explanation.blind is not None:
        guess = int(explanation.blind.argmax())
        text += (
            f" Before it had seen the song it said {explanation.genres[guess]} "
            f"({explanation.blind[guess]:.0%})."
        )
    return text


def _belief(explanation: Explanation, experience: Sequence[Confidence]) -> Iterator[str]:
    """How often the model was right when it was as sure, on songs it had not seen."""
    p = explanation.probability if explanation.blind is None else explanation.blind
    top = float(p.max())
    for bin_ in experience:
        if bin_.n and bin_.low <= top and (top < bin_.high or bin_.high == 1.0):
            yield (
                f"How far to believe it: of the {bin_.n} unseen songs about which it was "
                f"{bin_.low:.0%} to {bin_.high:.0%} sure, it was right about {round(bin_.right * bin_.n)}."
            )


def _pushes(explanation: Explanation) -> Iterator[str]:
    attribution = explanation.attribution
    yield (
        f"Why {explanation.first} and not {explanation.second}: the average song starts at "
        f"{attribution.base:+.2f} log-odds, this one ends at {attribution.margin:+.2f} "
        f"(more than 0 is {explanation.first})."
    )
    for sign, genre in ((1, explanation.first), (-1, explanation.second)):
        pushing = [one for one in attribution.groups if one.value * sign >= 0.05]
        for one in pushing:
            because = f": {', '.join(one.words)}" if one.words else ""
            yield f"  {one.value:+.2f} towards {genre} by {one.group}{because}."
    if abs(attribution.remainder) >= 0.005:
        yield f"  {attribution.remainder:+.2f} that no single group can be blamed for."


def _change(explanation: Explanation) -> Iterator[str]:
    """What the verdict hangs on: a group that would turn it if it were average, or a little more so."""
    attribution = explanation.attribution
    strongest = max(attribution.groups, key=lambda one: one.value)
    without = attribution.margin - strongest.value
    if without < 0:
        yield (
            f"What would have to change: with average {strongest.group} it would be {explanation.second} "
            f"({even_odds(-without):.0%} of the two)."
        )
        return
    against = min(attribution.groups, key=lambda one: one.value)
    if -against.value > attribution.margin:
        yield (
            f"What would have to change: {against.group} alone could turn it; "
            f"{1 - attribution.margin / against.value:.1f} times as far from average, and it would be "
            f"{explanation.second}."
        )
        return
    yield (
        f"What would have to change: no single group decides it; even with average {strongest.group} it "
        f"would be {explanation.first} ({even_odds(without):.0%} of the two)."
    )
