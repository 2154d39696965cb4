"""The extracted library: where every file lies, how songs are saved, checked, loaded and looked up.

Conventions
-----------
``embeddings.npy`` is float32, shape (n_songs, ``N_FEATURES``), rows in the order of the sorted relative
path; ``metadata.pkl`` is a dict of column lists in the same order; ``manifest.json`` vouches for both by
SHA-256.
"""

from __future__ import annotations

import difflib
import hashlib
import io
import json
import math
import os
import pickle
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from tokenize import TokenError
from typing import Any, BinaryIO

import numpy as np

from common.arrays import scaling, standardise
from common.columns import COLUMNS as COLUMNS  # known under the name of the library, whose they are
from common.columns import READING_COLUMNS as READING_COLUMNS
from common.columns import validate_columns
from common.console import UserError
from common.files import ArtifactError, check_plain, checksum, no_file, open_bytes, read_plain, typed_file
from common.layout import LAYOUT_ID, N_FEATURES, SETTINGS
from common.paths import EXTRACT, Paths, folders_apart, typed_path
from common.text import clean, fold, title_in, whole
from common.together import read_together, write_together

UNKNOWN_GENRE = "UNKNOWN"

MOST_MANIFEST = 1 << 30
"""Bytes that a manifest may have; a million songs take a quarter of it."""

SKIPPED_COLUMNS = ("path", "kind", "reason")


class SongNotFoundError(UserError):
    """No song answers to a name; the message suggests the closest ones."""


class AmbiguousSongError(UserError):
    """More than one song answers to a name; the message lists them."""


@dataclass(frozen=True)
class Library:
    """All songs that stage 1 extracted.

    Attributes
    ----------
    embeddings
        The embeddings of the songs, float32, shape (n_songs, ``N_FEATURES``).
    columns
        The metadata: column name -> one value per song, see `COLUMNS`.
    n_guests
        How many of the last songs are guests: looked up and compared like the others, but measured by
        them, and never saved.
    """

    embeddings: np.ndarray
    columns: dict[str, list] = field(repr=False)
    n_guests: int = 0

    def __len__(self) -> int:
        return len(self.embeddings)

    @property
    def names(self) -> list[str]:
        return self.columns["song_name"]

    @property
    def paths(self) -> list[str]:
        return self.columns["file_path"]

    @property
    def genres(self) -> list[str]:
        return self.columns["genre"]

    @cached_property
    def artists(self) -> list[str]:
        """Artist of every song: its tag, or the part of its name before `` - ``; empty if unknown."""
        return [
            tag or (name.split(" - ")[0] if " - " in name else "")
            for tag, name in zip(self.columns["artist"], self.names, strict=True)
        ]

    @cached_property
    def titles(self) -> list[str]:
        """Title of every song: its tag, or the part of its name after `` - ``, or all of its name."""
        tags = zip(self.columns["title"], self.names, strict=True)
        return [tag or title_in(name) for tag, name in tags]

    @property
    def genre_names(self) -> list[str]:
        """The different genres that the library's own songs are filed under, sorted."""
        return sorted(set(self.genres[: self.n_own]))

    def song(self, index: int) -> dict[str, Any]:
        """One song's metadata as a dict of `COLUMNS`."""
        return {name: values[index] for name, values in self.columns.items()}

    def indices_of(self, genre: str) -> list[int]:
        """Rows of one genre, in order."""
        return [index for index, other in enumerate(self.genres) if other == genre]

    def take(self, rows: Sequence[int]) -> Library:
        """Some of the library's own songs, in this order, and all its guests, measured by these songs."""
        kept = [*map(int, rows), *range(self.n_own, len(self))]
        columns = {name: [values[row] for row in kept] for name, values in self.columns.items()}
        return Library(self.embeddings[kept], columns, self.n_guests)

    @property
    def n_own(self) -> int:
        """How many songs are the library's own; guests come after them."""
        return len(self) - self.n_guests

    @cached_property
    def scaling(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation of every feature over the library's own songs; see `arrays.scaling`."""
        return scaling(self.embeddings[: self.n_own])

    @cached_property
    def standardised(self) -> np.ndarray:
        """float64, shape (n_songs, ``N_FEATURES``); see `arrays.standardise`."""
        return self.standardise(self.embeddings)

    def standardised_rows(self, rows: slice | Sequence[int] | np.ndarray) -> np.ndarray:
        """The same for some songs only, without computing it for all."""
        return self.standardise(self.embeddings[rows])

    def standardise(self, embeddings: np.ndarray) -> np.ndarray:
        """Embeddings of any songs, shape (n, ``N_FEATURES``), measured by the library's own songs."""
        return standardise(embeddings, self.scaling)

    def with_guest(self, embedding: np.ndarray, facts: Mapping[str, Any]) -> Library:
        """The library and one more song, which is measured by it; see ``n_guests``.

        Parameters
        ----------
        embedding
            The song's embedding, shape (``N_FEATURES``,).
        facts
            The song's metadata, a value for each of `COLUMNS`.
        """
        columns = {name: [*values, facts[name]] for name, values in self.columns.items()}
        return Library(np.vstack([self.embeddings, embedding]), columns, self.n_guests + 1)

    @cached_property
    def _keys(self) -> list[str]:
        return [fold(name) for name in self.names]

    @cached_property
    def _title_keys(self) -> list[str]:
        return [fold(title) for title in self.titles]

    @cached_property
    def _word_keys(self) -> list[str]:
        folders = folders_apart(self.paths[: self.n_own]) + [os.sep] * self.n_guests
        facts = zip(self.genres, self._keys, folders, strict=True)
        return [f"{fold(genre)}{fold(folder)}{key}" for genre, key, folder in facts]

    def find(self, query: str) -> int:
        """Find the one song a person means.

        A number is never a row; it is part of a name. Tried in this order: the path of a file of the library,
        or its end, such as the file's name; the whole name; the whole title; every word in genre, name and
        the folders that not all songs share. Where several songs answer, ``#2`` after it means the second.

        Parameters
        ----------
        query
            Any distinctive part of the name, in any case, with or without accents.

        Returns
        -------
        int
            Row of the song.

        Raises
        ------
        AmbiguousSongError, SongNotFoundError
        """
        matches = self.matches(query)
        if len(matches) == 1:
            return matches[0]
        if matches:
            raise AmbiguousSongError(self._ambiguity(query, matches))
        raise SongNotFoundError(self._miss(query))

    def find_or_file(self, query: str) -> int | Path:
        """Find the one song a person means, or the audio file outside the library whose path he wrote.

        Raises
        ------
        AmbiguousSongError, SongNotFoundError
        """
        path = typed_file(query)
        if os.path.isfile(path):
            return self.find(str(path)) if str(path) in self.paths else path
        try:
            return self.find(query)
        except SongNotFoundError as error:
            if len(Path(query).parts) == 1 or not (path.suffix or os.path.exists(path)):
                raise
            raise SongNotFoundError(f"{no_file(path)}, and {error}") from None

    def matches(self, query: str) -> list[int]:
        """Rows of all songs a query may mean, best kind of match only; see `find`."""
        wanted = fold(query)
        if not wanted:
            return []
        for find in (self._by_path, self._by_name, self._by_title, self._by_words, self._by_choice):
            if candidates := find(query):
                return candidates
        return []

    def _by_path(self, query: str) -> list[int]:
        path, end = str(typed_path(query)), os.sep + query.strip()
        exact = [index for index, other in enumerate(self.paths) if other in (query, path)]
        return exact or [index for index, other in enumerate(self.paths) if other.endswith(end)]

    def _by_name(self, query: str) -> list[int]:
        wanted = fold(query)
        return [index for index, key in enumerate(self._keys) if key == wanted]

    def _by_title(self, query: str) -> list[int]:
        wanted = fold(query)
        return [index for index, title in enumerate(self._title_keys) if title == wanted]

    def _by_choice(self, query: str) -> list[int]:
        """The song of that number among those that the query before ``#`` may mean."""
        choice = re.fullmatch(r"(.*[^\s#])\s*#(\d+)", query.strip())
        if choice is None:
            return []
        candidates, number = self.matches(choice[1]), whole(choice[2])
        return candidates[number - 1 : number] if number else []

    def _by_words(self, query: str) -> list[int]:
        wanted = fold(query)
        inside = [index for index, key in enumerate(self._keys) if wanted in key]
        if inside:
            return inside
        words = wanted.split()
        return [index for index, key in enumerate(self._word_keys) if all(word in key for word in words)]

    def _ambiguity(self, query: str, matches: list[int], most: int = 8) -> str:
        alike = len({self._keys[index] for index in matches}) == 1
        shown = [self.paths[i] if alike else f"{self.names[i]} ({self.genres[i]})" for i in matches[:most]]
        numbered = "; ".join(f"#{number} {clean(text)}" for number, text in enumerate(shown, start=1))
        more = f"; and {len(matches) - most} more" if len(matches) > most else ""
        choice = f"write its number after it, such as '{clean(query)} #2'"
        return f"{clean(query)!r} could be {len(matches)} songs, {choice}: {numbered}{more}"

    def _miss(self, query: str) -> str:
        close = difflib.get_close_matches(fold(query), self._keys, n=3, cutoff=0.4)
        names = list(dict.fromkeys(clean(self.names[self._keys.index(key)]) for key in close))
        hint = f"; did you mean: {'; '.join(names)}?" if names else ""
        return f"no song is called {clean(query)!r}{hint}"


def library_of_one(embedding: np.ndarray, facts: Mapping[str, Any]) -> Library:
    """A library of one song; parameters as for `Library.with_guest`."""
    return Library(embedding[np.newaxis], {name: [facts[name]] for name in COLUMNS})


def save(
    paths: Paths, library: Library, manifest: dict[str, Any], beside: Mapping[str, bytes] | None = None
) -> None:
    """Write ``embeddings.npy``, ``metadata.pkl`` and ``manifest.json``; whoever reads finds old or new ones.

    Parameters
    ----------
    paths
        The folders that the files are written to.
    library
        The library that is saved; it is validated first.
    manifest
        What else the manifest should hold (versions, files); layout, settings and checksums are added.
    beside
        Name of another file that changes with them -> what it is to hold.

    Raises
    ------
    ValueError
        If the library breaks the contract (shape, dtype, order of columns, finiteness).
    """
    validate(library)
    buffer = io.BytesIO()
    np.save(buffer, library.embeddings, allow_pickle=False)
    # A view, not a copy: a million songs are 2.6 GB. It is given back even if writing fails.
    with buffer.getbuffer() as embeddings:
        contents: dict[str, bytes | memoryview] = {
            paths.embeddings.name: embeddings,
            paths.metadata.name: pickle.dumps(library.columns, protocol=4),
        }
        described = {
            "layout_id": LAYOUT_ID,
            "n_features": N_FEATURES,
            "settings": SETTINGS,
            "checksums": {name: checksum(content) for name, content in contents.items()},
            **manifest,
        }
        text = json.dumps(described, ensure_ascii=True, indent=1, allow_nan=False) + "\n"
        contents[paths.manifest.name] = text.encode("ascii")
        write_together(paths.processed, {**contents, **(beside or {})})


def validate(library: Library) -> None:
    """Check a library against the contract of DESIGN: shape, dtype, finiteness, columns.

    Raises
    ------
    ValueError
        With a sentence that says what is wrong.
    """
    embeddings, columns = library.embeddings, library.columns
    if embeddings.ndim != 2 or embeddings.shape[1] != N_FEATURES:
        raise ValueError(f"embeddings have shape {embeddings.shape}, not (n_songs, {N_FEATURES})")
    if embeddings.dtype != np.float32:
        raise ValueError(f"embeddings are {embeddings.dtype}, not float32")
    if not np.isfinite(embeddings).all():
        raise ValueError("embeddings hold NaN or infinity")
    validate_columns(columns)
    if {len(values) for values in columns.values()} != {len(embeddings)}:
        raise ValueError("embeddings and metadata do not have the same number of songs")
    check_plain(columns, "metadata")


def load(paths: Paths) -> Library:
    """Load and verify what stage 1 wrote.

    Raises
    ------
    ArtifactError
        If a file is missing, damaged, half-written, of another layout, or the files do not belong
        together; the message names the command that mends it.
    """
    return read_together(paths.processed, lambda place: _load(paths, place))


def _load(paths: Paths, place: Callable[[str], Path]) -> Library:
    manifest = _read_manifest(paths, place)
    anew = _anew(paths, manifest)
    if manifest.get("layout_id") != LAYOUT_ID:
        raise ArtifactError(
            f"{paths.processed} was extracted with another layout of the embedding; run: {anew}"
        )
    with (
        _opened(paths.embeddings, place, anew) as embeddings,
        _opened(paths.metadata, place, anew) as metadata,
    ):
        for path, file in ((paths.embeddings, embeddings), (paths.metadata, metadata)):
            if manifest["checksums"].get(path.name) != hashlib.file_digest(file, "sha256").hexdigest():
                raise ArtifactError(
                    f"{path} is damaged or does not belong to {paths.manifest.name}; run: {anew}"
                )
            file.seek(0)
        try:
            # Straight from the file, so that a large library is in memory once and not twice.
            columns = read_plain(metadata, paths.metadata, anew)
            if isinstance(columns, dict) and (version := _other_version(columns)):
                raise ArtifactError(f"{paths.processed} was made by {version} version; run: {anew}")
            library = Library(_read_embeddings(embeddings), columns)
            validate(library)
        except (ValueError, TypeError, EOFError) as error:
            raise ArtifactError(f"{paths.processed} breaks the contract: {error}; run: {anew}") from error
    return library


def remedy(paths: Paths) -> str:
    """The command that extracts a library anew, from the folder that it was made from if that is known."""
    try:
        music = root(paths)
    except ArtifactError:
        music = None
    return _anew(paths, {} if music is None else {"root": str(music)})


def _anew(paths: Paths, manifest: Mapping[str, Any]) -> str:
    music = manifest.get("root")
    return paths.command(EXTRACT, *([music] if isinstance(music, str) and music != str(paths.raw) else []))


def _other_version(columns: Iterable[str]) -> str:
    """Which version made a library that is not damaged, by its columns; empty for this one, or for none."""
    found, ours = {*columns}, {*COLUMNS}
    if found == ours or len(found & ours) < len(ours) / 2:
        return ""
    return "an older" if found < ours else "another"


def root(paths: Paths) -> Path | None:
    """The folder whose files became the library, as its manifest says; None where it does not say.

    Raises
    ------
    ArtifactError
        If the manifest is missing or damaged.
    """
    found = read_together(paths.processed, lambda place: _read_manifest(paths, place)).get("root")
    return Path(found) if isinstance(found, str) else None


def _opened(path: Path, place: Callable[[str], Path], anew: str) -> io.BufferedReader:
    """Open one of the files where it lies; one that is missing is named by the name it should have."""
    try:
        return open_bytes(place(path.name), anew)
    except ArtifactError:
        return open_bytes(path, anew)


def _read_embeddings(file: BinaryIO) -> np.ndarray:
    """Read an array, if the file holds as many numbers as its header says; memory is taken only then."""
    try:
        version = np.lib.format.read_magic(file)
        if version != (1, 0):
            raise ValueError(f"embeddings are in version {version} of the format")
        shape, in_columns, dtype = np.lib.format.read_array_header_1_0(file)
    except (SyntaxError, TokenError, RecursionError, MemoryError, LookupError, AttributeError) as error:
        raise ValueError("embeddings have a header that cannot be read") from error
    start = file.tell()
    n_bytes = file.seek(0, io.SEEK_END) - start
    if dtype != np.float32 or in_columns or math.prod(shape) * dtype.itemsize != n_bytes:
        raise ValueError(f"embeddings are {dtype} of shape {shape} in {n_bytes} bytes")
    file.seek(0)
    return np.load(file, allow_pickle=False)


def _read_manifest(paths: Paths, place: Callable[[str], Path]) -> dict[str, Any]:
    anew = paths.command(EXTRACT)
    with _opened(paths.manifest, place, anew) as file:
        content = file.read(MOST_MANIFEST + 1)
    try:
        manifest = json.loads(content) if len(content) <= MOST_MANIFEST else None
    except (ValueError, RecursionError):
        manifest = None
    if not isinstance(manifest, dict) or not isinstance(manifest.get("checksums"), dict):
        raise ArtifactError(f"{paths.manifest} is damaged; run: {anew}")
    return manifest
