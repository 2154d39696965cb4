"""What the classifiers, the ways of splitting and what songs are sorted by are called where people read."""

from __future__ import annotations

from dataclasses import dataclass

CLASSIFIERS = {
    "model": "this classifier",
    "line": "its straight line, without XGBoost",
    "described": "scaler, PCA, XGBoost",
    "logistic": "logistic regression, plain PCA",
    "majority": "always the most frequent",
}
"""Who is judged: this classifier; its straight line; XGBoost, strongly regularised, and a logistic
regression on ordinary principal components; always the most frequent genre."""

WAYS = {"plain": "any song", "artist": "artists apart", "album": "albums apart"}
"""What is left out of training together (see `common.classifier.songs`), in a few words."""


@dataclass(frozen=True)
class Subject:
    """What songs are sorted by: their genres, or labels that a listener gave them.

    Code calls either a genre; people read the noun.

    Attributes
    ----------
    noun
        What one of them is called, such as ``genre`` or ``label``.
    title
        The heading of the report.
    labels
        What the names of files begin with (see `paths.Paths.of_labels`); None for genres.
    label
        The label that is told from all others, where each is judged by itself; None otherwise.
    """

    noun: str = "genre"
    title: str = "The genre classifier"
    labels: str | None = None
    label: str | None = None


GENRES = Subject()
"""What songs are sorted by unless told."""
