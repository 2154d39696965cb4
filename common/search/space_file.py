"""Rows of a space in a file, for a library whose similarity matrix is too large to hold.

The rows lie beside the embeddings, are made once and mapped into memory, so that a song costs nothing until
it is looked at and the operating system keeps what fits. The transform that made them lies in a second
file, with a fingerprint of everything the rows depend on, and a checksum of every run of rows: they are
verified when they are mapped, which costs one reading of them (a quarter of a second for 100 000 songs).
What is damaged is made anew.
"""

from __future__ import annotations

import io
import math
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from tokenize import TokenError
from typing import Any

import numpy as np

from common.console import note
from common.files import checksum, replacing
from common.layout import LAYOUT_ID, N_FEATURES
from common.library import Library
from common.paths import Paths
from common.search.space import PartTransform, Transform, chunks, library_rows

VERSION = 5
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
        The songs whose rows are wanted; a guest's is not in the file.
    paths
        Where the files lie.

    Returns
    -------
    transform, rows
        The rows are float32, shape (n_songs, n_columns), mapped into memory, or in memory where the file
        cannot be written.
    """
    path, stamp = paths.space(name), _stamp(name, library, paths)
    known = _load_transform(path.with_suffix(".npz"), stamp)
    rows = None if known is None else _map(path, (library.n_own, known[0].n_columns), known[1])
    if known is not None and rows is not None:
        return known[0], rows
    if known is not None:
        note(f"{path} is missing or damaged, so it is made anew")
    note(f"making the {name} space of {library.n_own} songs, once …")
    transform = make()
    try:
        # The stamp goes last, so that half of this is never taken for all of it.
        path.with_suffix(".npz").unlink(missing_ok=True)
        checksums = _write_rows(path, transform, library)
        _save_transform(path.with_suffix(".npz"), transform, stamp, checksums)
    except OSError as error:
        note(f"it cannot be kept for the next time: {error.strerror}")
    else:
        rows = _map(path, (library.n_own, transform.n_columns), checksums)
    if rows is None:
        rows = np.concatenate([rows for _, rows in library_rows(transform, library)])
    return transform, rows


def _map(path: Path, shape: tuple[int, int], checksums: np.ndarray) -> np.ndarray | None:
    """Map the rows of a file, if it holds what was written; None if not."""
    header = _header(shape)
    try:
        with path.open("rb") as file:
            if file.read(len(header)) != header or _size(path) != len(header) + math.prod(shape) * 4:
                return None
        rows = np.memmap(path, np.float32, "r", len(header), shape).view(np.ndarray)
    except (OSError, ValueError):
        return None
    return rows if np.array_equal(_checksums(rows), checksums) else None


def _size(path: Path) -> int:
    return path.stat().st_size


def _header(shape: tuple[int, int]) -> bytes:
    """The start of a .npy file of float32 with this shape."""
    buffer = io.BytesIO()
    described = {"descr": "<f4", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(buffer, described)
    return buffer.getvalue()


def _checksums(rows: np.ndarray) -> np.ndarray:
    """CRC-32 of every run of rows."""
    return np.array([zlib.crc32(rows[part].data) for part in chunks(len(rows))], np.uint32)


def _stamp(name: str, library: Library, paths: Paths) -> str:
    """Fingerprint of everything the rows depend on; of the songs in memory, whatever their file is by now."""
    songs = np.ascontiguousarray(library.embeddings[: library.n_own])
    sources = [str(VERSION), LAYOUT_ID, checksum(songs.data.cast("B"))]
    if name == "classifier" and paths.model.exists():
        sources.append(checksum(paths.model.read_bytes()))
    return checksum("\n".join(sources).encode())


def _write_rows(path: Path, transform: Transform, library: Library) -> np.ndarray:
    """Write the rows; returns the checksum of every run of them."""
    checksums = []
    with replacing(path) as temporary, temporary.open("wb") as file:
        file.write(_header((library.n_own, transform.n_columns)))
        for _, rows in library_rows(transform, library):
            content = np.ascontiguousarray(rows)
            checksums.append(zlib.crc32(content.data))
            file.write(content.data)
    return np.array(checksums, np.uint32)


def _save_transform(path: Path, transform: Transform, stamp: str, checksums: np.ndarray) -> None:
    arrays: dict[str, Any] = {
        "stamp": np.array(stamp),
        "checksums": checksums,
        "mean": transform.mean,
        "scale": transform.scale,
        "has tempo circle": np.array(transform.has_tempo_circle),
        "groups": np.array([part.group for part in transform.parts]),
    }
    for number, part in enumerate(transform.parts):
        arrays |= {f"{number} features": part.features, f"{number} columns": part.columns}
        if part.matrix is not None:
            arrays[f"{number} matrix"] = part.matrix
        if part.length is not None:
            arrays[f"{number} length"] = np.array(part.length)
        if part.centre is not None:
            arrays[f"{number} centre"] = part.centre
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez(file, **arrays)


_BROKEN = (
    OSError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    EOFError,
    RuntimeError,
    MemoryError,
    OverflowError,
    SyntaxError,
    TokenError,
    struct.error,
    zlib.error,
    zipfile.BadZipFile,
)
"""What numpy and zipfile raise on damaged files; NotImplementedError is a RuntimeError."""


def _load_transform(path: Path, stamp: str) -> tuple[Transform, np.ndarray] | None:
    """The transform that was saved with this stamp, and the checksums of its rows.

    None if there is none, or it is another's, or damaged: then it is made anew.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            if str(arrays["stamp"]) != stamp:
                return None
            parts = tuple(_load_part(arrays, *part) for part in enumerate(arrays["groups"]))
            circle = bool(arrays["has tempo circle"])
            transform = Transform(arrays["mean"], arrays["scale"], parts, circle)
            # Used once, so that arrays which do not fit together are noticed here.
            transform.rows(np.zeros((1, N_FEATURES), np.float32))
            return transform, arrays["checksums"]
    except _BROKEN:
        return None


def _load_part(arrays: Mapping[str, np.ndarray], number: int, group: str) -> PartTransform:
    length = arrays.get(f"{number} length")
    return PartTransform(
        str(group),
        arrays[f"{number} features"],
        arrays[f"{number} columns"],
        arrays.get(f"{number} matrix"),
        None if length is None else float(length),
        arrays.get(f"{number} centre"),
    )
