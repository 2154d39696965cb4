"""Why one genre and not another: a verdict shared out exactly over the seven musical groups.

Conventions
-----------
Reasons are of *one genre against another*, in log-odds: 0 is an even chance, +1 multiplies the odds by 2.7.
They start from a song halfway between the average songs of the two genres. What a group adds is its Shapley
value on the margin (L. Shapley, 1953): every one of the 2⁷ coalitions of groups is taken from the song, the
others from the song halfway, so that interactions are shared out fairly and nothing is left over. Several
models that judge together are averaged, and so are their reasons.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from common.classifier.measured import describe_group
from common.classifier.model import Model, tree_margins
from common.layout import GROUP_INDICES, GROUPS, N_FEATURES

GROUP_MASKS = np.zeros((len(GROUPS), N_FEATURES), dtype=bool)
for _row, _indices in enumerate(GROUP_INDICES.values()):
    GROUP_MASKS[_row, list(_indices)] = True

COALITIONS = np.array(list(itertools.product((False, True), repeat=len(GROUPS))))
"""Every set of groups, bool, shape (2⁷, 7)."""


def _shapley_weights() -> np.ndarray:
    """What each coalition's margin counts in the value of each group, shape (7, 2⁷)."""
    n, sizes = len(GROUPS), COALITIONS.sum(axis=1)
    with_it = np.array([math.factorial(s - 1) * math.factorial(n - s) if s else 0 for s in sizes])
    without = np.array([math.factorial(s) * math.factorial(n - s - 1) if s < n else 0 for s in sizes])
    return np.where(COALITIONS.T, with_it, -without) / math.factorial(n)


WEIGHTS = _shapley_weights()


@dataclass(frozen=True)
class GroupReason:
    """What one musical group adds to the log-odds of one genre against another.

    Attributes
    ----------
    group
        The name of the group, a key of ``layout.GROUPS``.
    value
        The log-odds that the group adds.
    sentence
        What in the song does it, with its size; empty where it is many small things together.
    """

    group: str
    value: float
    sentence: str


@dataclass(frozen=True)
class Reasons:
    """The log-odds of genre ``first`` against genre ``second``, shared out over the groups.

    Attributes
    ----------
    first, second
        Positions of the two genres.
    base
        The log-odds of the song halfway between the two genres' averages.
    groups
        The reasons of all seven groups, the one that adds most (either way) first.
    """

    first: int
    second: int
    base: float
    groups: list[GroupReason]

    @property
    def margin(self) -> float:
        """The log-odds of the song: the base and what the groups add."""
        return self.base + math.fsum(one.value for one in self.groups)

    def pushing(self, sign: int, least: float) -> list[GroupReason]:
        """Groups that add at least so much towards ``first`` (sign 1) or ``second`` (sign -1)."""
        return [one for one in self.groups if one.value * sign >= least]


def give_reasons(models: Sequence[Model], embedding: np.ndarray, first: int, second: int) -> Reasons:
    """Share out a song's log-odds of one genre against another.

    Parameters
    ----------
    models
        Models that judge together; all of them know the same genres.
    embedding
        The embedding of the song, shape (``N_FEATURES``,).
    first, second
        Positions of the two genres.
    """
    shared = np.mean([_share_out(model, embedding, first, second) for model in models], axis=0)
    pushes = np.mean([_pushes(model, embedding, first, second) for model in models], axis=0)
    groups = [
        GroupReason(
            group=group,
            value=float(value),
            sentence=describe_group(group, float(value), pushes, models, embedding, first, second),
        )
        for group, value in zip(GROUPS, shared[1:], strict=True)
    ]
    groups.sort(key=lambda one: -abs(one.value))
    return Reasons(first, second, float(shared[0]), groups)


def _share_out(model: Model, embedding: np.ndarray, first: int, second: int) -> np.ndarray:
    """Base, then the Shapley value of each group, shape (8,)."""
    halfway, apart = halfway_and_apart(model, embedding, first, second)
    weights, axes = model.representation.weights, model.representation.axes
    steps = np.where(GROUP_MASKS, apart * weights, 0.0) @ axes.T
    components = (halfway * weights) @ axes.T + COALITIONS @ steps
    margins = model.certainty.sharpness * (
        model.line.margins(components) + tree_margins(model.trees, components)
    )
    log_odds = between(margins, first, second)
    return np.concatenate([log_odds[:1], WEIGHTS @ log_odds])


def halfway_and_apart(
    model: Model, embedding: np.ndarray, first: int, second: int
) -> tuple[np.ndarray, np.ndarray]:
    """A song halfway between two genres' averages, and how far another is from it.

    Returns
    -------
    tuple of ndarray
        Two of shape (``N_FEATURES``,), in standard deviations; the song is their sum.
    """
    halfway = (model.familiarity.centres[first] + model.familiarity.centres[second]) / 2.0
    return halfway, model.representation.standardised(embedding[None, :])[0] - halfway


def between(margins: np.ndarray, first: int, second: int) -> np.ndarray:
    """Log-odds of one genre against another, shape (n,), from margins, shape (n, M)."""
    if margins.shape[1] == 1:
        return margins[:, 0] * (first - second)
    return margins[:, first] - margins[:, second]


def _pushes(model: Model, embedding: np.ndarray, first: int, second: int) -> np.ndarray:
    """What each number of the song adds by the line alone, shape (``N_FEATURES``,)."""
    _, apart = halfway_and_apart(model, embedding, first, second)
    slopes = between(model.line.slopes.T, first, second) @ model.representation.axes
    return model.certainty.sharpness * slopes * model.representation.weights * apart
