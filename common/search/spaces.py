"""The three similarity spaces, and how one is built for a library.

A library whose similarity matrix fits into `space.MATRIX_LIMIT_MB` lives in memory; a larger one has its
rows in a file, see `space_file`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from common.console import UserError
from common.layout import GROUP_INDICES, N_FEATURES
from common.library import Library
from common.paths import TRAIN, Paths
from common.search.space import PartTransform, Space, Transform, chunks, fits, library_rows
from common.search.space_file import mapped_rows


def standard(library: Library, paths: Paths | None = None) -> Transform:
    """Plain cosine of the standardised embeddings: every number counts the same, so mel rules."""
    places = {group: np.array(where) for group, where in GROUP_INDICES.items()}
    return Transform(
        *library.scaling, tuple(PartTransform(group, where, where) for group, where in places.items())
    )


def balanced(library: Library, paths: Paths | None = None) -> Transform:
    """Let every musical group speak once for each independent thing it has to say.

    Within a group the standardised numbers are whitened with their correlation matrix shrunk half-way to
    the identity, so that 128 neighbouring mel bands that rise and fall together count about once, and the
    group's vector is given length 1. The similarity is then a weighted mean of seven cosines, and a
    group's weight is the square root of its number of independent directions (the participation ratio of
    its spectrum): more for mel and timbre, less for energy with its two numbers.

    Nothing is learned from labels. Sources: O. Ledoit and M. Wolf, "A well-conditioned estimator for
    large-dimensional covariance matrices", J. Multivariate Analysis 88 (2004), for shrinkage to the
    identity; A. Kessy et al., "Optimal whitening and decorrelation", The American Statistician 72 (2018),
    on the roots that whitening may take.
    """
    products = {group: np.zeros((len(where), len(where))) for group, where in GROUP_INDICES.items()}
    for part in chunks(library.n_own):
        values = library.standardised_rows(part)
        for group, where in GROUP_INDICES.items():
            products[group] += values[:, where].T @ values[:, where]
    parts = []
    for group, where in GROUP_INDICES.items():
        matrix, directions = _whitening(products[group] / library.n_own)
        # The weight of a cosine is the square of the lengths.
        parts.append(PartTransform(group, np.array(where), np.array(where), matrix, directions**0.25))
    return Transform(*library.scaling, tuple(parts))


def _whitening(correlations: np.ndarray) -> tuple[np.ndarray, float]:
    """What decorrelates standardised numbers, and how many independent directions there are among them.

    With correlations C the shrunk matrix is (C + I) / 2. Any root of its inverse gives the same cosines;
    Cholesky's is the quickest. The participation ratio, the square of the sum of the eigenvalues s of the
    whitened numbers' covariance over the sum of their squares, needs no eigenvalues: they are
    s = 2 - 2 m, with m those of the inverse of C + I.

    Returns
    -------
    matrix, directions
        The matrix has the shape of ``correlations``; the ratio is 0 where nothing varies.
    """
    size = len(correlations)
    inverse = np.linalg.inv(correlations + np.eye(size))
    total, squares = size - np.trace(inverse), size - 2 * np.trace(inverse) + (inverse**2).sum()
    directions = total**2 / squares if squares > 1e-9 else 0.0
    return np.linalg.cholesky(2.0 * inverse), float(directions)


def classifier(library: Library, paths: Paths | None = None) -> Transform:
    """Let the genre classifier say what matters: its scaler, its genre weights, its components.

    Songs are alike where the classifier could hardly tell them apart. The model knows the genres of the
    songs it was trained on, so neighbours of those songs flatter it.

    Raises
    ------
    UserError
        If there is no model, or it was not made by stage 3.
    """
    from common.classifier.model_file import load

    if paths is None or not paths.model.exists():
        raise UserError(f"the classifier space needs the model of stage 3; run: {TRAIN}")
    representation = load(paths.model).representation
    loadings = representation.axes.T * representation.weights[:, np.newaxis]
    columns = np.arange(loadings.shape[1])
    parts = (
        PartTransform(group, np.array(where), columns, loadings[list(where)])
        for group, where in GROUP_INDICES.items()
    )
    return Transform(representation.mean, representation.scale, tuple(parts))


DEFAULT_SPACE = "balanced"
"""The space that finds better neighbours."""

SPACES: dict[str, tuple[Callable[[Library, Paths | None], Transform], str]] = {
    "balanced": (balanced, "musical groups weigh by how much each has to say; the default"),
    "standard": (standard, f"plain cosine of the {N_FEATURES} standardised numbers, four fifths of it mel"),
    "classifier": (classifier, "what the trained genre classifier listens to; needs stage 3's model"),
}
"""Name -> (how its transform is made, what it is for)."""


def build(name: str, library: Library, paths: Paths | None = None) -> Space:
    """Build a space by name.

    Parameters
    ----------
    name
        The space, a key of `SPACES`.
    library
        The songs; its guests are measured, but change nothing.
    paths
        Where the model and the rows of a large library lie; None for a library that is on no disk.

    Raises
    ------
    UserError
        If the library has nothing to compare: fewer than two songs, or songs that are all the same.
    """
    if library.n_own < 2:
        raise UserError("the library holds a single song, so there is nothing to compare it with")
    make = partial(SPACES[name][0], library, paths)
    if paths is None or fits(library.n_own):
        transform = make()
        rows = np.concatenate([part for _, part in library_rows(transform, library)])
    else:
        transform, rows = mapped_rows(name, make, library, paths)
    if not any(rows[part].any() for part in chunks(len(rows))):
        raise UserError("all songs of the library have the same embedding, so nothing tells them apart")
    return Space(name, rows, transform, library)
