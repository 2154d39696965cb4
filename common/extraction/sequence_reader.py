"""The sequences that stage 1 keeps, for whoever only reads them: nothing is loaded that computes them."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence

from common.console import UserError
from common.extraction.database import Reader, Table
from common.extraction.tables import CHROMA, FILES, PEAKS
from common.files import no_file
from common.fingerprint.sequences import SEQUENCES_VERSION, Chroma, Peaks
from common.library import remedy
from common.paths import Paths

SONGS_PER_QUERY = 200
"""Songs whose sequences are fetched with one query."""


class SequenceReader:
    """The sequences of a data folder's songs; use it as a context manager.

    Parameters
    ----------
    paths
        The folders of the library and its store.

    Raises
    ------
    UserError
        If the store is missing or cannot be read.
    """

    def __init__(self, paths: Paths) -> None:
        if not paths.store.is_file():
            raise UserError(f"{no_file(paths.store)}, which keeps how songs sound; run: {remedy(paths)}")
        self._paths, self._reader = paths, Reader(paths.store)

    def __enter__(self) -> SequenceReader:
        return self

    def __exit__(self, *error: object) -> None:
        self._reader.__exit__(*error)

    def contents(self, files: Sequence[str]) -> list[str | None]:
        """Tell under which content the sequences of files are kept.

        Parameters
        ----------
        files
            Absolute paths, as ``Library.paths`` has them.

        Returns
        -------
        list
            Of each file the hash of its content, ``song.ContentHash``; None where no sequences of the present
            version are kept.
        """
        if not all(self._reader.has(table) for table in (CHROMA, PEAKS)):
            return [None] * len(files)
        rows = self._reader.rows(
            f"SELECT path, content FROM {FILES.name} JOIN {CHROMA.name} USING (content)"
            f" JOIN {PEAKS.name} USING (content, version) WHERE version = ?",
            SEQUENCES_VERSION,
        )
        kept = dict(rows)
        return [kept.get(os.fsencode(file)) for file in files]

    def present(self, files: Sequence[str]) -> list[str | None]:
        """Tell what `contents` does, for a command that can do nothing without.

        Raises
        ------
        UserError
            If of no file anything is kept, because it was extracted by an older version.
        """
        contents = self.contents(files)
        if not any(contents):
            raise UserError(
                f"{self._paths.store} keeps the course of no song yet; run again: {remedy(self._paths)}"
            )
        return contents

    def chroma(self, contents: Sequence[str]) -> Iterator[tuple[str, Chroma]]:
        """Fetch the chroma of songs: each content, in any order, with it; damaged rows are passed over.

        Parameters
        ----------
        contents
            Hashes as `contents` gives them.
        """
        for content, *kept in self._rows(CHROMA, contents):
            with contextlib.suppress(ValueError, TypeError):
                yield content, Chroma.unpacked(*kept)

    def peaks(self, contents: Sequence[str]) -> Iterator[tuple[str, Peaks]]:
        """Fetch the peaks of songs, as `chroma` does."""
        for content, *kept in self._rows(PEAKS, contents):
            with contextlib.suppress(ValueError, TypeError):
                yield content, Peaks.unpacked(*kept)

    def _rows(self, table: Table, contents: Sequence[str]) -> Iterator[tuple]:
        """The sound rows of contents, without their version."""
        names = ", ".join(name for name in table.columns if name != "version")
        for start in range(0, len(contents), SONGS_PER_QUERY):
            part = contents[start : start + SONGS_PER_QUERY]
            yield from self._reader.rows(
                f"SELECT {names} FROM {table.name} WHERE version = ?"
                f" AND content IN ({','.join('?' * len(part))}) AND {table.is_sound}",
                SEQUENCES_VERSION,
                *part,
            )
