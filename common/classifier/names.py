"""What the classifiers and the ways of splitting are called wherever people read; each name once."""

from __future__ import annotations

CLASSIFIERS = {
    "model": "this classifier",
    "line": "its straight line, without XGBoost",
    "described": "scaler, PCA, XGBoost",
    "logistic": "logistic regression, plain PCA",
    "majority": "always the largest genre",
}
"""Who is judged: this classifier; its straight line; XGBoost, strongly regularised, and a logistic
regression on ordinary principal components; always the most frequent genre."""

WAYS = {"plain": "any song", "artist": "artists apart", "album": "albums apart"}
"""What is left out of training together (see `common.classifier.songs`), in a few words."""
