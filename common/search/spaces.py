"""The three similarity spaces, and how one is built for a library.

A library whose similarity matrix fits into `space.MATRIX_LIMIT_MB` lives in memory; a larger one has its
rows in a file, see `space_file`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from common.arrays import scaling
from common.console import UserError
from common.layout import BLOCK_OF, GROUP_INDICES, LAYOUT, N_FEATURES, Block, index_of
from common.library import Library
from common.music import tempo_circle
from common.paths import TRAIN, Output, Paths
from common.search import within_song
from common.search.space import PartTransform, Space, Transform, chunks, fits, library_rows
from common.search.space_file import mapped_rows


def standard(library: Library, paths: Paths | None = None) -> Transform:
    """Plain cosine of the standardised embeddings: every number counts the same, so mel rules."""
    places = {group: np.array(where) for group, where in GROUP_INDICES.items()}
    return Transform(
        *library.scaling, tuple(PartTransform(group, where, where) for group, where in places.items())
    )


SHRINKAGE = 0.1
"""Share of the identity in the correlation matrix that a part is whitened with."""

WANDERING = 1.0
"""How often the scatter within songs is added to that matrix; see `within_song`."""

LENGTH_EXPONENT = 0.375
"""A part's length is its number of independent directions to this power. Its weight in the cosine is the
square of that, and grows a little slower than the number."""

EMPHASIS = {"spectral_contrast": 1.3}
"""What a part's length is multiplied with: how peaks stand out in each octave tells songs apart best."""


def part_name(block: Block) -> str | None:
    """The part of `balanced` that a block of the layout belongs to; None for a block that says nothing.

    Parts are the musical groups, cut where one would drown the other: the mean of the MFCCs from how much
    they change, spectral contrast from the rest of the spectrum. The drift of the MFCCs over a song is left
    out: two halves of a song agree on it no better than two songs do. The tempo is read as a circle.
    """
    if block.name in {"mfcc_delta_mean", "tempo"}:
        return None
    if block.source == "mfcc":
        return block.name
    return block.source if block.source == "spectral_contrast" else block.group


@dataclass(frozen=True)
class Part:
    """A part of `balanced`: its name, its musical group, and where its numbers stand in what it reads."""

    name: str
    group: str
    features: np.ndarray


def balanced_parts() -> list[Part]:
    """The parts of `balanced`, in the order of the layout; positions are those of `with_tempo_circle`."""
    groups = {name: block.group for block in LAYOUT if (name := part_name(block))}
    names = np.array([*(part_name(block) or "" for block in BLOCK_OF), "rhythm", "rhythm"])
    return [Part(name, group, np.flatnonzero(names == name)) for name, group in groups.items()]


def balanced(
    library: Library,
    paths: Paths | None = None,
    shrinkage: float = SHRINKAGE,
    exponent: float = LENGTH_EXPONENT,
    wandering: float = WANDERING,
) -> Transform:
    """Let every part of the sound speak once for each independent thing it has to say.

    Within a part (see `part_name`) the standardised numbers are whitened with their correlation matrix shrunk
    towards the identity, so that 128 neighbouring mel bands that rise and fall together count about once.
    The scatter within songs is added to that matrix, so that what one song does not keep from half to half
    tells songs apart less. The part's vector is given one length for all songs, and its average over the
    library is taken away: otherwise songs near that average would be near to everything.

    The similarity is then a weighted mean of the parts' cosines, and a part weighs more the more independent
    directions it has (the participation ratio of its spectrum): more for mel and timbre, less for energy with
    its two numbers. Parts of one musical group add up to the group.

    Nothing is learned from labels; `benchmarks.retrieval` measures what the constants are worth, and
    docs/search.md tells what was tried. Sources: O. Ledoit and M. Wolf, "A well-conditioned estimator for
    large-dimensional covariance matrices", J. Multivariate Analysis 88 (2004), for shrinkage to the identity;
    A. Kessy et al., "Optimal whitening and decorrelation", The American Statistician 72 (2018), on the roots
    that whitening may take; A. Hatch et al., "Within-class covariance normalization", Interspeech 2006, for
    the scatter within songs; I. Suzuki et al., "Centering similarity measures to reduce hubs", EMNLP 2013,
    for the average.

    Parameters
    ----------
    library
        The songs that the space is fitted on and holds.
    paths
        Where files lie; nothing is read.
    shrinkage, exponent, wandering
        See `SHRINKAGE`, `LENGTH_EXPONENT` and `WANDERING`; others are for measuring.
    """
    parts = balanced_parts()
    plain = [PartTransform(part.group, part.features, part.features) for part in parts]
    read = Transform(*_scaling(library), tuple(plain), has_tempo_circle=True)
    made, start = [], 0
    for part, correlations in zip(parts, _correlations(read, library), strict=True):
        matrix, directions = _whitening(correlations, shrinkage, wandering * within_song.scatter(part.name))
        columns = np.arange(start, start + len(part.features))
        length = directions**exponent * EMPHASIS.get(part.name, 1.0)
        made.append(PartTransform(part.group, part.features, columns, matrix, length))
        start += len(columns)
    return _centred(replace(read, parts=tuple(made)), library)


def _scaling(library: Library) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of `with_tempo_circle` over the library's own songs."""
    circle = scaling(tempo_circle(library.embeddings[: library.n_own, index_of("tempo")]))
    mean, scale = (np.concatenate(both) for both in zip(library.scaling, circle, strict=True))
    return mean, scale


def _correlations(read: Transform, library: Library) -> list[np.ndarray]:
    """Correlations of the numbers of every part of a transform, over the library's own songs."""
    sizes = [len(part.features) for part in read.parts]
    products = [np.zeros((size, size)) for size in sizes]
    for songs in chunks(library.n_own):
        values = read.read(library.embeddings[songs])
        for part, product in zip(read.parts, products, strict=True):
            product += values[:, part.features].T @ values[:, part.features]
    return [product / library.n_own for product in products]


def _centred(transform: Transform, library: Library) -> Transform:
    """The transform whose parts come to 0 on average over the library's own songs."""
    sums = [np.zeros(len(part.columns)) for part in transform.parts]
    for songs in chunks(library.n_own):
        values = transform.read(library.embeddings[songs])
        for part, total in zip(transform.parts, sums, strict=True):
            total += part.apply(values).sum(axis=0)
    means = [total / library.n_own for total in sums]
    parts = zip(transform.parts, means, strict=True)
    return replace(transform, parts=tuple(replace(part, centre=mean) for part, mean in parts))


def _whitening(correlations: np.ndarray, shrinkage: float, scatter: np.ndarray) -> tuple[np.ndarray, float]:
    """What decorrelates standardised numbers, and how many independent directions there are among them.

    With correlations C, shrinkage q and scatter W the matrix is S = (1 - q) C + q I + W, where W is left out
    for numbers that are the same in all songs. Any root of its inverse gives the same cosines; Cholesky's is
    the quickest. The participation ratio, the square of the sum of the eigenvalues of the whitened numbers'
    covariance over the sum of their squares, needs no eigenvalues: they are those of S⁻¹ C.

    Returns
    -------
    matrix, directions
        The matrix has the shape of ``correlations``; the ratio is 0 where nothing varies.
    """
    varies = np.diag(correlations) > 0
    size = len(correlations)
    shrunk = (1.0 - shrinkage) * correlations + shrinkage * np.eye(size) + scatter * np.outer(varies, varies)
    inverse = np.linalg.inv(shrunk)
    whitened = inverse @ correlations
    total, squares = np.trace(whitened), (whitened * whitened.T).sum()
    directions = total**2 / squares if squares > 1e-9 else 0.0
    return np.linalg.cholesky(inverse), float(directions)


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

    train = TRAIN if paths is None else paths.command(TRAIN)
    if paths is None or not paths.model.exists():
        raise UserError(f"the classifier space needs the model of stage 3; run: {train}")
    representation = load(paths.model, train).representation
    loadings = representation.axes.T * representation.weights[:, np.newaxis]
    columns = np.arange(loadings.shape[1])
    parts = (
        PartTransform(group, np.array(where), columns, loadings[list(where)])
        for group, where in GROUP_INDICES.items()
    )
    return Transform(representation.mean, representation.scale, tuple(parts))


DEFAULT_SPACE = "balanced"
"""The space that finds better neighbours."""


@dataclass(frozen=True)
class SpaceKind:
    """A similarity space, before there is a library.

    Attributes
    ----------
    make
        How its transform is made for a library.
    about
        What it is, for people.
    caution
        What a person should know before he reads genres off it; empty for nothing.
    """

    make: Callable[[Library, Paths | None], Transform]
    about: str
    caution: str = ""


SPACES = {
    "balanced": SpaceKind(balanced, "every part of the sound weighs by how much it has to say; the default"),
    "standard": SpaceKind(
        standard, f"plain cosine of the {N_FEATURES} standardised numbers, four fifths of it mel"
    ),
    "classifier": SpaceKind(
        classifier,
        "what the trained genre classifier listens to; needs stage 3's model",
        "circular: this space was made from the genres of the songs it was trained on, so they are nearer to "
        "their genre here than they sound; stage 3 tells how well genres are told apart",
    ),
}
"""Name -> the space."""


def output_of(output: Output, space: str) -> str:
    """How the name of a file about a space begins; the default space goes without saying."""
    return output if space == DEFAULT_SPACE else f"{output}_{space}"


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
    make = partial(SPACES[name].make, library, paths)
    if paths is None or fits(library.n_own):
        transform = make()
        rows = np.concatenate([part for _, part in library_rows(transform, library)])
    else:
        transform, rows = mapped_rows(name, make, library, paths)
    if not any(rows[part].any() for part in chunks(len(rows))):
        raise UserError("all songs of the library have the same embedding, so nothing tells them apart")
    return Space(name, rows, transform, library)
