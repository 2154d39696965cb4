"""Rows of a space in a file, for a library whose similarity matrix is too large to hold.

The rows lie beside the embeddings, are made once and mapped into memory, so that a song costs nothing until
it is looked at and the operating system keeps what fits. The transform that made them lies in a second
file, with a fingerprint of everything the rows depend on.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from common.console import note
from common.files import checksum, replacing
from common.layout import LAYOUT_ID
from common.library import Library, load_manifest
from common.paths import Paths
from common.search.space import PartTransform, Transform, library_rows

VERSION = 3
"""To be raised when a space comes to mean something else, so that files of the old one are made anew."""


def mapped_rows(
    name: str, make: Callable[[], Transform], library: Library, paths: Paths
) -> tuple[Transform, np.ndarray]:
    """Rows of a large library from their file, which is made first where it is missing or stale.

    Parameters
    ----------
    name
        The space, a key of `spaces.SPACES`.
    make
        Computes the transform of the space; called only where the file cannot be used.
    library
        The songs.
    paths
        Where the files lie.

    Returns
    -------
    transform, rows
        The rows are float32, shape (n_songs, n_columns), mapped into memory, or in memory where the file
        cannot be written.
    """
    path, stamp = paths.space(name), _stamp(name, paths)
    known = _load_transform(path.with_suffix(".npz"), stamp)
    if known is not None and path.exists():
        return known, _map(path)
    note(f"making the {name} space of {library.n_own} songs, once …")
    transform = make()
    try:
        # The stamp goes last, so that half of this is never taken for all of it.
        path.with_suffix(".npz").unlink(missing_ok=True)
        _write_rows(path, transform, library)
        _save_transform(path.with_suffix(".npz"), transform, stamp)
    except OSError as error:
        note(f"it cannot be kept for the next time: {error.strerror}")
        return transform, np.concatenate([rows for _, rows in library_rows(transform, library)])
    return transform, _map(path)


def _map(path: Path) -> np.ndarray:
    return np.load(path, mmap_mode="r", allow_pickle=False).view(np.ndarray)


def _stamp(name: str, paths: Paths) -> str:
    """Fingerprint of everything the rows depend on."""
    sources = [str(VERSION), LAYOUT_ID, load_manifest(paths)["checksums"][paths.embeddings.name]]
    if name == "classifier" and paths.model.exists():
        sources.append(checksum(paths.model.read_bytes()))
    return checksum("\n".join(sources).encode())


def _write_rows(path: Path, transform: Transform, library: Library) -> None:
    shape = (library.n_own, transform.n_columns)
    with replacing(path) as temporary:
        file = np.lib.format.open_memmap(temporary, mode="w+", dtype=np.float32, shape=shape)
        for part, rows in library_rows(transform, library):
            file[part] = rows
        file.flush()
        del file  # Windows renames no file that is mapped


def _save_transform(path: Path, transform: Transform, stamp: str) -> None:
    arrays: dict[str, Any] = {
        "stamp": np.array(stamp),
        "mean": transform.mean,
        "scale": transform.scale,
        "groups": np.array([part.group for part in transform.parts]),
    }
    for number, part in enumerate(transform.parts):
        arrays |= {f"{number} features": part.features, f"{number} columns": part.columns}
        if part.matrix is not None:
            arrays[f"{number} matrix"] = part.matrix
        if part.length is not None:
            arrays[f"{number} length"] = np.array(part.length)
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez(file, **arrays)


def _load_transform(path: Path, stamp: str) -> Transform | None:
    """The transform that was saved with this stamp; None if there is none, or it is another's or damaged."""
    try:
        with np.load(path, allow_pickle=False) as arrays:
            if str(arrays["stamp"]) != stamp:
                return None
            parts = tuple(_load_part(arrays, *part) for part in enumerate(arrays["groups"]))
            return Transform(arrays["mean"], arrays["scale"], parts)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None


def _load_part(arrays: Mapping[str, np.ndarray], number: int, group: str) -> PartTransform:
    length = arrays.get(f"{number} length")
    return PartTransform(
        str(group),
        arrays[f"{number} features"],
        arrays[f"{number} columns"],
        arrays.get(f"{number} matrix"),
        None if length is None else float(length),
    )
