"""Several files of a folder that change together: whoever reads them finds the old ones or the new ones.

Conventions
-----------
A save writes all new files beside the old ones and then a list of them, the *journal*; with that it has
happened. Only then the new files take the old ones' places, and the journal goes. A process that ends in
between leaves old files and no journal, or new files and a journal that says where they lie: a reader finds
either, and the next save finishes the work or sweeps it away.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from common.files import TEMPORARY, ArtifactError, flush_to_disk, read_json, write_bytes, written

Found = TypeVar("Found")

JOURNAL = ".saving.json"

ATTEMPTS, PAUSE = 100, 0.02
"""How often, and after how many seconds, a reader looks again while a save goes on under its hands."""


def write_together(folder: Path, contents: Mapping[str, bytes | memoryview]) -> None:
    """Write several files of a folder at once; the caller sees to it that nobody else does.

    Parameters
    ----------
    folder
        Where they lie; it is made if needed.
    contents
        Name of a file -> what it is to hold.
    """
    folder.mkdir(parents=True, exist_ok=True)
    finish(folder)
    with contextlib.ExitStack() as on_failure:
        places = {}
        for name, content in contents.items():
            temporary = written(folder / name, content)
            on_failure.callback(temporary.unlink, missing_ok=True)
            places[name] = temporary.name
        write_bytes(folder / JOURNAL, json.dumps(places).encode())
        on_failure.pop_all()
    _flush_folder(folder)
    finish(folder)


def finish(folder: Path) -> None:
    """Bring a save to its end that was interrupted, and remove what other interrupted writes left behind.

    Parameters
    ----------
    folder
        Where it was; nobody else writes there meanwhile.
    """
    for name, place in _journal(folder).items():
        with contextlib.suppress(FileNotFoundError):
            os.replace(folder / place, folder / name)
    _flush_folder(folder)
    (folder / JOURNAL).unlink(missing_ok=True)
    for left in folder.glob(f"{TEMPORARY}*"):
        left.unlink(missing_ok=True)


def read_together(folder: Path, read: Callable[[Callable[[str], Path]], Found]) -> Found:
    """Read several files of a folder as one save left them.

    Parameters
    ----------
    folder
        The folder that the files lie in.
    read
        A function that reads them, each from the place that it is told for its name, and raises an
        `ArtifactError` if they do not belong together. It is called again if they changed meanwhile.

    Returns
    -------
    object
        What ``read`` returns.
    """
    for attempt in range(ATTEMPTS):
        before = _state(folder)
        try:
            return read(_places(folder))
        except (ArtifactError, FileNotFoundError):
            if _state(folder) == before or attempt == ATTEMPTS - 1:
                raise
        time.sleep(PAUSE)
    raise AssertionError("the last attempt returns or raises")


def _places(folder: Path) -> Callable[[str], Path]:
    journal = _journal(folder)

    def place(name: str) -> Path:
        moved = folder / journal.get(name, name)
        return moved if moved.exists() else folder / name

    return place


def _journal(folder: Path) -> dict[str, str]:
    """Name of a file -> name of what is to take its place; empty if no save is going on."""
    try:
        places = read_json(folder / JOURNAL)
    except (OSError, ValueError):
        return {}
    if not isinstance(places, dict):
        return {}
    return {name: str(place) for name, place in places.items() if _is_plain(name) and _is_temporary(place)}


def _is_plain(name: str) -> bool:
    return name == os.path.basename(name) and not name.startswith(".")


def _is_temporary(place: object) -> bool:
    return isinstance(place, str) and place.startswith(TEMPORARY) and place == os.path.basename(place)


def _state(folder: Path) -> list[tuple[str, int, int]]:
    """What tells whether files have been replaced: their names, numbers and times."""
    try:
        with os.scandir(folder) as entries:
            stats = [(entry.name, entry.stat()) for entry in entries if entry.is_file()]
    except OSError:
        return []
    return sorted((name, stat.st_ino, stat.st_mtime_ns) for name, stat in stats)


def _flush_folder(folder: Path) -> None:
    """Make renames lasting, where the system lets a folder be flushed."""
    with contextlib.suppress(OSError):
        flush_to_disk(folder)
