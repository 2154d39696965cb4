"""Spaces: what turns an embedding into the vector that songs are compared by.

Conventions
-----------
A *space* gives each song a row of length 1, so that the similarity of two songs is the cosine of the
angle between them, -1 to 1. A row is the sum of seven parts, one per musical group of the layout, so a
cosine is the sum of seven contributions, exactly.

All of it is relative to the library: a feature is measured by how far a song departs from the average
song, so 0 means "no more alike than any two songs", and in a library of two songs they are opposites.

A library whose similarity matrix fits into `MATRIX_LIMIT_MB` lives in memory. A larger one has its rows in
a file beside the embeddings, made once and mapped into memory, so that a song costs nothing until it is
looked at and the operating system keeps what fits.
"""

from __future__ import annotations

import math
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path

import numpy as np

from common.console import UserError, note
from common.files import checksum, replacing
from common.layout import GROUP_INDICES, LAYOUT_ID, N_FEATURES
from common.library import Library, load_manifest
from common.paths import TRAIN, Paths
from common.search.pairs import Pairs, sample_pairs

MATRIX_LIMIT_MB = 64
"""Largest similarity matrix that is computed in advance (4 096 songs); beyond it, rows on the fly."""

CHUNK = 4096
"""Songs held in float64 at a time."""

VERSION = 1
"""To be raised when a space comes to mean something else, so that files of the old one are made anew."""


@dataclass(frozen=True)
class Voice:
    """What one musical group says in a row.

    Attributes
    ----------
    features
        Positions of its numbers in the embedding, shape (m,).
    columns
        Coordinates of the row that it adds to, shape (k,).
    matrix
        What its standardised numbers are multiplied with, shape (m, k); None for the identity.
    length
        Length its vector is given, before the row is given length 1; None leaves it as it is.
    """

    features: np.ndarray
    columns: np.ndarray
    matrix: np.ndarray | None = None
    length: float | None = None

    def of(self, standardised: np.ndarray) -> np.ndarray:
        """Its vectors, float64, shape (n, k), of standardised embeddings."""
        values = standardised[:, self.features]
        if self.matrix is not None:
            values = values @ self.matrix
        return values if self.length is None else unit(values) * self.length


@dataclass(frozen=True)
class Lens:
    """How a space looks at any embedding, of the library or from outside.

    Attributes
    ----------
    mean, scale
        What standardises an embedding, shape (``N_FEATURES``,); see `library.scaling`.
    voices
        Musical group -> what it says; groups may share coordinates.
    """

    mean: np.ndarray
    scale: np.ndarray
    voices: Mapping[str, Voice]

    @property
    def n_columns(self) -> int:
        return 1 + max(int(voice.columns.max()) for voice in self.voices.values())

    def rows(self, embeddings: np.ndarray) -> np.ndarray:
        """Rows, float64, shape (n, n_columns): length 1, or 0 for a song that is average in everything."""
        return unit(self._sum(self._spoken(embeddings)))

    def parts(self, embeddings: np.ndarray) -> dict[str, np.ndarray]:
        """What each group adds to the rows, shape (n, number of its columns); they sum to the rows."""
        spoken = self._spoken(embeddings)
        lengths = np.linalg.norm(self._sum(spoken), axis=1, keepdims=True)
        return {group: _divide(values, lengths) for group, values in spoken.items()}

    def _spoken(self, embeddings: np.ndarray) -> dict[str, np.ndarray]:
        standardised = (np.asarray(embeddings, dtype=np.float64) - self.mean) / self.scale
        return {group: voice.of(standardised) for group, voice in self.voices.items()}

    def _sum(self, spoken: Mapping[str, np.ndarray]) -> np.ndarray:
        n = len(next(iter(spoken.values())))
        total = np.zeros((n, self.n_columns))
        for group, values in spoken.items():
            total[:, self.voices[group].columns] += values
        return total


def unit(rows: np.ndarray) -> np.ndarray:
    """Give rows length 1; what is shorter than rounding error is 0."""
    return _divide(rows, np.linalg.norm(rows, axis=1, keepdims=True))


def _divide(rows: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    some = lengths > 1e-9
    return np.where(some, rows / np.where(some, lengths, 1.0), 0.0)


@dataclass(frozen=True)
class Space:
    """A library as rows of length 1.

    A song is its row in the library; guests of the library have the numbers after its own songs.

    Attributes
    ----------
    name
        What the user calls it, a key of `SPACES`.
    rows
        float32, shape (n_songs, n_columns): the library's own songs, in memory or mapped into it.
    lens
        What made the rows.
    embeddings
        What they were made of, guests included, shape (n_songs + n_guests, ``N_FEATURES``).
    """

    name: str
    rows: np.ndarray = field(repr=False)
    lens: Lens = field(repr=False)
    embeddings: np.ndarray = field(repr=False)

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def guests(self) -> np.ndarray:
        """Rows of the guests, float32, shape (n_guests, n_columns)."""
        return self.lens.rows(self.embeddings[len(self) :]).astype(np.float32)

    @cached_property
    def matrix(self) -> np.ndarray | None:
        """float32, shape (n_songs, n_songs); None where it would exceed `MATRIX_LIMIT_MB`."""
        return self.rows @ self.rows.T if fits(len(self)) else None

    @cached_property
    def pairs(self) -> Pairs:
        """Similarities of the pairs of songs, to judge a score by."""
        return sample_pairs(self)

    def vectors(self, songs: np.ndarray) -> np.ndarray:
        """Rows of some songs, guests among them or not, float32, shape (m, n_columns)."""
        songs = np.asarray(songs, dtype=int)
        own = songs < len(self)
        if own.all():
            return self.rows[songs]
        picked = np.empty((len(songs), self.rows.shape[1]), dtype=np.float32)
        picked[own], picked[~own] = self.rows[songs[own]], self.guests[songs[~own] - len(self)]
        return picked

    def vector(self, song: int) -> np.ndarray:
        """Row of one song, shape (n_columns,)."""
        return self.rows[song] if song < len(self) else self.guests[song - len(self)]

    def similarities(self, song: int) -> np.ndarray:
        """Cosine of one song with every song: float32, shape (n_songs,), good to `rounding`."""
        if self.matrix is None or song >= len(self):
            return self.rows @ self.vector(song)
        return self.matrix[song]

    @property
    def rounding(self) -> float:
        """Bound on the error of a float32 dot product of unit vectors: n u.

        N. J. Higham, "Accuracy and Stability of Numerical Algorithms", 2002, section 3.1.
        """
        return self.rows.shape[1] * float(np.finfo(np.float32).eps)

    def exact(self, song: int, others: np.ndarray) -> np.ndarray:
        """Cosine of one song with some, the same to the last bit however the songs are picked.

        Parameters
        ----------
        song
            The song.
        others
            Songs, shape (m,).

        Returns
        -------
        ndarray
            float64, shape (m,), clipped to [-1, 1].
        """
        vector = self.vector(song).astype(np.float64)
        parts = [
            (self.vectors(others[start : start + CHUNK]) * vector).sum(axis=1)
            for start in range(0, len(others), CHUNK)
        ]
        return np.clip(np.concatenate([*parts, np.empty(0)]), -1.0, 1.0)

    def similarity(self, one: int, other: int) -> float:
        """Cosine of two songs, -1 to 1."""
        return float(self.exact(one, np.array([other]))[0])

    def contributions(self, one: int, other: int) -> dict[str, float]:
        """What each musical group adds to the cosine of two songs; the sum is the cosine.

        A group's part of one song times the whole other song, and the reverse, count half each: where
        groups have coordinates of their own this is the product of their parts; where they share them
        (components) it gives each of two groups half of what they say together.

        Returns
        -------
        dict
            Group -> contribution, in the order of ``GROUPS``.
        """
        embeddings = self.embeddings[[one, other]]
        a, b = self.lens.rows(embeddings)
        found = {}
        for group, (of_a, of_b) in self.lens.parts(embeddings).items():
            where = self.lens.voices[group].columns
            found[group] = 0.5 * (math.fsum(of_a * b[where]) + math.fsum(of_b * a[where]))
        return found


def fits(n_songs: int) -> bool:
    """Whether the similarity matrix of so many songs is small enough to be computed in advance."""
    return n_songs**2 * np.dtype(np.float32).itemsize <= MATRIX_LIMIT_MB * 2**20


# --- the three spaces --------------------------------------------------------------------------------


def standard(library: Library, paths: Paths | None = None) -> Lens:
    """Plain cosine of the standardised embeddings: every number counts the same, so mel rules."""
    places = {group: np.array(where) for group, where in GROUP_INDICES.items()}
    return Lens(*library.scaling, {group: Voice(where, where) for group, where in places.items()})


def balanced(library: Library, paths: Paths | None = None) -> Lens:
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
    for part in _chunks(library.n_own):
        values = library.standardised_rows(part)
        for group, where in GROUP_INDICES.items():
            products[group] += values[:, where].T @ values[:, where]
    voices = {}
    for group, where in GROUP_INDICES.items():
        matrix, directions = _whitening(products[group] / library.n_own)
        # The weight of a cosine is the square of the lengths.
        voices[group] = Voice(np.array(where), np.array(where), matrix, directions**0.25)
    return Lens(*library.scaling, voices)


def _whitening(correlations: np.ndarray) -> tuple[np.ndarray, float]:
    """What decorrelates standardised numbers, and how many independent directions there are among them.

    With correlations C the shrunk matrix is (C + I) / 2. Any root of its inverse gives the same cosines;
    Cholesky's is the quickest. The participation ratio, the square of the sum of the eigenvalues s of the
    whitened numbers' covariance over the sum of their squares, needs no eigenvalues: they are
    s = 2 - 2 m, with m those of the inverse of C + I.

    Returns
    -------
    tuple
        The matrix, shape as ``correlations``; the ratio, 0 where nothing varies.
    """
    size = len(correlations)
    inverse = np.linalg.inv(correlations + np.eye(size))
    total, squares = size - np.trace(inverse), size - 2 * np.trace(inverse) + (inverse**2).sum()
    directions = total**2 / squares if squares > 1e-9 else 0.0
    return np.linalg.cholesky(2.0 * inverse), float(directions)


def classifier(library: Library, paths: Paths | None = None) -> Lens:
    """Let the genre classifier say what matters: its scaler, its genre weights, its components.

    Songs are alike where the classifier could hardly tell them apart. The model knows the genres of the
    songs it was trained on, so neighbours of those songs flatter it.

    Raises
    ------
    UserError
        If there is no model, or it was not made by stage 3.
    """
    from common.classifier.model import load

    if paths is None or not paths.model.exists():
        raise UserError(f"the classifier space needs the model of stage 3; run: {TRAIN}")
    representation = load(paths.model).representation
    loadings = representation.axes.T * representation.weights[:, np.newaxis]
    columns = np.arange(loadings.shape[1])
    voices = {
        group: Voice(np.array(where), columns, loadings[list(where)])
        for group, where in GROUP_INDICES.items()
    }
    return Lens(representation.mean, representation.scale, voices)


DEFAULT_SPACE = "balanced"
"""The space that finds better neighbours."""

SPACES: dict[str, tuple[Callable[[Library, Paths | None], Lens], str]] = {
    "balanced": (balanced, "musical groups weigh by how much each has to say; the default"),
    "standard": (standard, f"plain cosine of the {N_FEATURES} standardised numbers, four fifths of it mel"),
    "classifier": (classifier, "what the trained genre classifier listens to; needs stage 3's model"),
}
"""Name -> (how its lens is made, what it is for)."""


# --- making them -------------------------------------------------------------------------------------


def build(name: str, library: Library, paths: Paths | None = None) -> Space:
    """Build a space by name.

    Parameters
    ----------
    name
        A key of `SPACES`.
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
        lens = make()
        rows = np.concatenate([part for _, part in _rows(lens, library)])
    else:
        lens, rows = _mapped(name, make, library, paths)
    if not any(rows[part].any() for part in _chunks(len(rows))):
        raise UserError("all songs of the library have the same embedding, so nothing tells them apart")
    return Space(name, rows, lens, library.embeddings)


def _chunks(n: int) -> Iterator[slice]:
    return (slice(start, min(start + CHUNK, n)) for start in range(0, n, CHUNK))


def _rows(lens: Lens, library: Library) -> Iterator[tuple[slice, np.ndarray]]:
    for part in _chunks(library.n_own):
        yield part, lens.rows(library.embeddings[part]).astype(np.float32)


def _mapped(name: str, make: Callable[[], Lens], library: Library, paths: Paths) -> tuple[Lens, np.ndarray]:
    """Rows of a large library from their file, which is made first where it is missing or stale."""
    path, stamp = paths.space(name), _stamp(name, paths)
    lens = _load_lens(path.with_suffix(".npz"), stamp)
    if lens is not None and path.exists():
        return lens, _map(path)
    note(f"making the {name} space of {library.n_own} songs, once …")
    lens = make()
    try:
        # The stamp goes last, so that half of this is never taken for all of it.
        path.with_suffix(".npz").unlink(missing_ok=True)
        _write_rows(path, lens, library)
        _save_lens(path.with_suffix(".npz"), lens, stamp)
    except OSError as error:
        note(f"it cannot be kept for the next time: {error.strerror}")
        return lens, np.concatenate([part for _, part in _rows(lens, library)])
    return lens, _map(path)


def _map(path: Path) -> np.ndarray:
    return np.load(path, mmap_mode="r", allow_pickle=False).view(np.ndarray)


def _stamp(name: str, paths: Paths) -> str:
    """Fingerprint of everything the rows depend on."""
    sources = [str(VERSION), LAYOUT_ID, load_manifest(paths)["checksums"][paths.embeddings.name]]
    if name == "classifier" and paths.model.exists():
        sources.append(checksum(paths.model.read_bytes()))
    return checksum("\n".join(sources).encode())


def _write_rows(path: Path, lens: Lens, library: Library) -> None:
    shape = (library.n_own, lens.n_columns)
    with replacing(path) as temporary:
        file = np.lib.format.open_memmap(temporary, mode="w+", dtype=np.float32, shape=shape)
        for part, rows in _rows(lens, library):
            file[part] = rows
        file.flush()
        del file  # Windows renames no file that is mapped


def _save_lens(path: Path, lens: Lens, stamp: str) -> None:
    arrays = {"stamp": np.array(stamp), "mean": lens.mean, "scale": lens.scale}
    for group, voice in lens.voices.items():
        arrays |= {f"{group} features": voice.features, f"{group} columns": voice.columns}
        if voice.matrix is not None:
            arrays[f"{group} matrix"] = voice.matrix
        if voice.length is not None:
            arrays[f"{group} length"] = np.array(voice.length)
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez(file, **arrays)


def _load_lens(path: Path, stamp: str) -> Lens | None:
    """The lens that was saved with this stamp; None if there is none, or it is another's or damaged."""
    try:
        with np.load(path, allow_pickle=False) as arrays:
            if str(arrays["stamp"]) != stamp:
                return None
            voices = {group: _load_voice(arrays, group) for group in GROUP_INDICES}
            return Lens(arrays["mean"], arrays["scale"], voices)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None


def _load_voice(arrays: Mapping[str, np.ndarray], group: str) -> Voice:
    length = arrays.get(f"{group} length")
    return Voice(
        arrays[f"{group} features"],
        arrays[f"{group} columns"],
        arrays.get(f"{group} matrix"),
        None if length is None else float(length),
    )
