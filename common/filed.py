"""What the files about a song are called: after it, with a number where another file of that name has them.

Conventions
-----------
The first file of a name has it bare, ``match_mix.png``; the next is ``match_mix_2.png``. A file keeps its
name from run to run, so a new bounce at the same place replaces what the old one gave. One that is gone gives
its name up.
"""

from __future__ import annotations

import os
from pathlib import Path

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
    holders, wanted = _read(paths.names), str(typed_path(file))
    names = [name, *(f"{name} {number}" for number in range(2, len(holders) + 2))]
    for filed in names:
        if holders.get(_key(filed)) == wanted:
            return filed
    filed = next(filed for filed in names if _is_free(holders.get(_key(filed))))
    write_json(paths.names, {**holders, _key(filed): wanted})
    return filed


def _key(filed: str) -> str:
    """What is one name to every file system; some tell no case."""
    return slug(filed).casefold()


def _is_free(holder: str | None) -> bool:
    return holder is None or not os.path.exists(holder)


def _read(kept: Path) -> dict[str, str]:
    """Which file has which name; nothing is known where that is damaged, and names are given anew."""
    try:
        told = read_json(kept)
    except (FileNotFoundError, ValueError):
        return {}
    files = told.values() if isinstance(told, dict) else [None]
    return told if all(isinstance(file, str) and "\0" not in file for file in files) else {}
