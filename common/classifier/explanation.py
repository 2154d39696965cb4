"""Why the classifier says of one song what it says, in plain language.

Conventions: contributions are those of `common.classifier.contributions`, in log-odds of one genre against
another.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from common import layout
from common.classifier.calibration import Confidence, bin_of
from common.classifier.contributions import PairContributions, contribute
from common.classifier.model import Model, probabilities
from common.classifier.wording import largest, phrases
from common.layout import GROUPS

FLATTEN = 0.05
"""Share of a component's variance below which a tree's contribution is no longer blamed on its value."""


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
        for group, value in largest(layout.group_shares(by_feature), len(GROUPS))
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


def sentences(explanation: Explanation, experience: Sequence[Confidence] = ()) -> list[str]:
    """Put an explanation into plain language.

    Parameters
    ----------
    explanation
        The explanation of one song.
    experience
        Bins of confidence against success, from which a sentence says how far to believe the verdict.

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
    found = bin_of(experience, float(p.max()))
    if found:
        yield (
            f"How far to believe it: of the {found.n} unseen songs about which it was "
            f"{found.low:.0%} to {found.high:.0%} sure, it was right about {found.n_right}."
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
