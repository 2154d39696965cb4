"""What each component adds to a verdict: Shapley values, which add up to the model's margins.

Conventions
-----------
Every contribution is in log-odds (a margin of 0 is an even chance, +1 multiplies the odds by 2.7, +2 by
7.4), never in percent. ``k`` is the number of components, ``M`` the number of margins of
the model (1 for two genres, else one per genre), ``n`` the number of songs.

Contributions are Shapley values: of the straight line in closed form (slope times value, as the
components' mean is 0), of the trees by TreeSHAP (S. Lundberg et al., Nature Machine Intelligence 2, 2020).
They add, as the margins do.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import xgboost

from common.classifier.model import TREE_COMPONENTS, Model

if TYPE_CHECKING:
    import shap


@dataclass(frozen=True)
class Contributions:
    """What each component adds to each margin of each song.

    Attributes
    ----------
    genres
        The names of the genres, in the order of the model.
    components
        The values of each song's components, float, shape (n, k).
    line, trees
        The Shapley values of the two parts of the model in log-odds, shape (n, M, k).
    base
        The margins in log-odds before anything is known of a song, shape (M,).
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


def contribute(model: Model, X: np.ndarray) -> Contributions:
    """Compute the Shapley values of songs.

    Parameters
    ----------
    model
        A fitted classifier.
    X
        The embeddings of the songs, float, shape (n, ``N_FEATURES``).
    """
    components = model.components(X)
    line = components[:, None, :] * model.line.slopes
    trees, base = np.zeros_like(line), model.line.intercepts
    if model.settings.rounds:
        explainer = _tree_explainer(model)
        found = np.asarray(explainer.shap_values(components[:, :TREE_COMPONENTS]), dtype=np.float64)
        # One margin comes as (n, k), several as (n, k, M).
        found = found[:, None, :] if found.ndim == 2 else found.transpose(0, 2, 1)
        trees[:, :, : found.shape[2]] = found
        base = base + np.atleast_1d(np.asarray(explainer.expected_value, dtype=np.float64))
    sharpness = model.certainty.sharpness
    return Contributions(model.genres, components, sharpness * line, sharpness * trees, sharpness * base)


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
        The values of the songs' components, float, shape (n, k).
    component
        The position of the component whose partner is looked for.
    """
    seen = components[:, :TREE_COMPONENTS]
    if component >= seen.shape[1] or not model.trees.num_boosted_rounds():
        return None
    values = model.trees.predict(xgboost.DMatrix(seen), pred_interactions=True)
    between = np.abs(values[..., component, :-1])
    strength = between.reshape(-1, between.shape[-1]).mean(axis=0)
    strength[component] = 0.0
    return int(strength.argmax()) if strength.max() > 0 else None
