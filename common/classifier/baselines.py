"""What the classifier is compared with: the textbook's pipelines on the same songs.

Conventions: every baseline is fitted on songs ``X``, shape (n, ``N_FEATURES``), and their genres ``y``, and
gives probabilities of the songs outside, shape (n_outside, number of genres in ``y``).
"""

from __future__ import annotations

import numpy as np
import xgboost
from sklearn.linear_model import LogisticRegression

from common.classifier.training import DEFAULT_COMPONENTS, represent, tree_parameters

ROUNDS = 60
"""Boosting rounds of the pipeline that is scaler, principal components and XGBoost."""


def logistic_on_components(X: np.ndarray, y: np.ndarray, outside: np.ndarray) -> np.ndarray:
    """Scaler, ordinary principal components, logistic regression."""
    plain = represent(X, y, DEFAULT_COMPONENTS, weigh=False)
    inside = plain.components(X)
    # The components' overall size is taken out, so that the solver converges whatever their number.
    size = float(np.sqrt(np.mean(inside**2))) or 1.0
    solver = LogisticRegression(C=size**2, max_iter=5000, tol=1e-4).fit(inside / size, y)
    return solver.predict_proba(plain.components(outside) / size)


def xgboost_on_components(X: np.ndarray, y: np.ndarray, outside: np.ndarray) -> np.ndarray:
    """Scaler, ordinary principal components, strongly regularised XGBoost."""
    plain = represent(X, y, DEFAULT_COMPONENTS, weigh=False)
    data = xgboost.DMatrix(plain.components(X), y, nthread=1)
    trees = xgboost.train(tree_parameters(y), data, ROUNDS)
    found = trees.predict(xgboost.DMatrix(plain.components(outside), nthread=1))
    return np.column_stack([1.0 - found, found]) if found.ndim == 1 else found


BASELINES = {
    "described": xgboost_on_components,
    "logistic": logistic_on_components,
}
"""Name in `names.CLASSIFIERS` -> how it predicts."""
