"""The table of a layout, ``map_2d.csv``: where every song lies, for other programs and for the next map.

Columns: ``file_path``; ``x``, ``y`` and for a solid map ``z``, without unit; ``kept``, the share of the
song's nearest songs that the map keeps, empty where places mean nothing. Which version of the method laid the
songs out stands in a hidden file beside it, ``.map_2d.json``, with the checksum of the table that is meant.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from common.files import checksum, read_csv, read_json, write_csv, write_json
from common.text import clean

AXES = ("x", "y", "z")


@dataclass(frozen=True)
class Layout:
    """Where an earlier map had some songs.

    Attributes
    ----------
    coordinates
        The places, float64, shape (n_songs, dimensions); NaN for a song that it did not have.
    kept
        The shares of nearest songs that it kept, 0 to 1, shape (n_songs,); NaN likewise.
    version
        Of the method that laid it out; None where that is not known, or the table was changed since.
    """

    coordinates: np.ndarray = field(repr=False)
    kept: np.ndarray = field(repr=False)
    version: int | None = None

    @property
    def is_known(self) -> np.ndarray:
        """Which songs it had, bool, shape (n_songs,)."""
        return ~np.isnan(self.coordinates).any(axis=1)


def write_layout(
    path: Path, files: Sequence[str], coordinates: np.ndarray, kept: np.ndarray | None, version: int
) -> Path:
    """Write the table of a layout.

    Parameters
    ----------
    path
        The file to write.
    files
        The path of every song's audio file.
    coordinates
        Where the songs lie, shape (n_songs, dimensions).
    kept
        The shares of nearest songs that the map keeps, 0 to 1, shape (n_songs,); None where places mean
        nothing.
    version
        Of the method that laid the songs out.
    """
    shares = [None] * len(files) if kept is None else [round(float(share), 3) for share in kept]
    places = (map(float, where) for where in coordinates)
    rows = ([file, *where, share] for file, where, share in zip(files, places, shares, strict=True))
    write_csv(path, ["file_path", *AXES[: coordinates.shape[1]], "kept"], rows)
    write_json(_stamp(path), {"version": version, "table": checksum(path.read_bytes())})
    return path


def _stamp(path: Path) -> Path:
    """The file that says how a table came about; the gallery does not show what is hidden."""
    return path.with_name(f".{path.stem}.json")


def read_layout(path: Path, files: Sequence[str], dimensions: int) -> Layout | None:
    """Read where an earlier map had the songs of a new one.

    Parameters
    ----------
    path
        The table, as `write_layout` writes it.
    files
        The path of every song's audio file.
    dimensions
        How many dimensions the map has.

    Returns
    -------
    Layout or None
        None if there is no such table, or it cannot be read: then the map is made anew.
    """
    wanted = [*AXES[:dimensions], "kept"]
    try:
        header, *rows = read_csv(path)
        place, places = header.index("file_path"), [header.index(name) for name in wanted]
        found = {row[place]: [float(row[number]) for number in places] for row in rows}
    except (OSError, ValueError, LookupError):
        return None
    unknown = [np.nan] * len(wanted)
    values = np.array([found.get(clean(file), unknown) for file in files])
    return Layout(values[:, :-1], values[:, -1], _version(path))


def _version(path: Path) -> int | None:
    """Which version of the method a table is of; None if nothing says so of this very table."""
    try:
        told = read_json(_stamp(path))
        version, table = told["version"], told["table"]
        return version if isinstance(version, int) and table == checksum(path.read_bytes()) else None
    except (OSError, ValueError, LookupError, TypeError):
        return None
