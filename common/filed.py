"""What the files about a song are called: after it, with a number where another file of that name has them.

Conventions
-----------
The first file of a name has it bare, ``match_mix.png``; the next is ``match_mix_2.png``. A file keeps its
name from run to run, so a new bounce at the same place replaces what the old one gave. One that is gone gives
its name up. Runs at the same time give no name twice.
"""

from __future__ import annotations

import os
from pathlib import Path

import filelock

from common.files import read_json, write_json
from common.paths import Paths, typed_path
from common.text import slug


def filed_as(paths: Paths, name: str, file: str | Path) -> str:
    """The name that pictures, pages and mixes about a song are filed under.

    Parameters
    ----------
    paths
        The folders; which file has which name is kept among the outputs.
    name
        The song's name.
    file
        Its file.
    """
    wanted = str(typed_path(file))
    holders = _read(paths.names)
    for filed in _names(name, holders):
        if holders.get(_key(filed)) == wanted:
            return filed
    paths.outputs.mkdir(parents=True, exist_ok=True)
    # Read again: another run may have given the name away meanwhile.
    with filelock.FileLock(paths.names.with_name(".names.lock")):
        holders = _read(paths.names)
        filed = next(filed for filed in _names(name, holders) if _is_free(holders.get(_key(filed)), wanted))
        write_json(paths.names, {**holders, _key(filed): wanted})
    return filed


def _names(name: str, holders: dict[str, str]) -> list[str]:
    """The names that a file may have, the first choice first; one of them is free."""
    return [name, *(f"{name} {number}" for number in range(2, len(holders) + 2))]


def _key(filed: str) -> str:
    """What is one name to every file system; some tell no case."""
    return slug(filed).casefold()


def _is_free(holder: str | None, wanted: str) -> bool:
    """Whether a file may have a name that another one, or none, has."""
    return holder in (None, wanted) or not os.path.exists(str(holder))


def _read(kept: Path) -> dict[str, str]:
    """Which file has which name; nothing is known where that is damaged, and names are given anew."""
    try:
        told = read_json(kept)
    except (FileNotFoundError, ValueError):
        return {}
    files = told.values() if isinstance(told, dict) else [None]
    return told if all(isinstance(file, str) and "\0" not in file for file in files) else {}
