"""Which songs of a library the many names of a table mean."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import PurePath

from common.library import Library
from common.text import fold


class SongNames:
    """Finds songs by the path or the name of their file, or by any distinctive part of their name.

    Files and names are looked up in an index, because a table may have a row for every song of a library;
    what is found in neither is searched for (`library.Library.matches`).

    Parameters
    ----------
    library
        The library whose songs are looked for.
    """

    def __init__(self, library: Library) -> None:
        self._library = library
        self._by_file: dict[str, list[int]] = defaultdict(list)
        self._by_name: dict[str, list[int]] = defaultdict(list)
        for row, (path, name) in enumerate(zip(library.paths, library.names, strict=True)):
            self._by_file[fold(PurePath(path).name)].append(row)
            self._by_name[fold(name)].append(row)

    def rows(self, name: str) -> list[int]:
        """The rows of all songs that a name may mean; empty if there is none.

        Parameters
        ----------
        name
            A path or its last parts, the name of a file, or a distinctive part of a song's name.
        """
        for found in (self._files(name), self._by_name.get(fold(name), [])):
            if found:
                return found
        return self._library.matches(name)

    def _files(self, name: str) -> list[int]:
        """The songs whose path ends with some parts, such as ``TRANCE/one.mp3``."""
        parts = [fold(part) for part in re.split(r"[/\\]", name) if part not in ("", ".")]
        if not parts:
            return []
        return [row for row in self._by_file.get(parts[-1], []) if self._ends_with(row, parts)]

    def _ends_with(self, row: int, parts: list[str]) -> bool:
        own = PurePath(self._library.paths[row]).parts[-len(parts) :]
        return [fold(part) for part in own] == parts
