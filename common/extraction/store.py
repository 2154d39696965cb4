"""The durable store of finished songs: what was computed once is never computed again.

Conventions
-----------
A song is keyed by the SHA-256 of its file's content and by the layout id, so renaming, moving or copying
a file costs nothing and another layout mixes with nothing. Every result is committed at once, in an SQLite
file in write-ahead mode: a crash or ``kill -9`` loses the songs in work, never a finished one. Only the
thread that opened the store uses it; workers hand their results to that thread.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

import filelock
import numpy as np

from common.console import UserError
from common.extraction.database import Database, Table
from common.extraction.tables import CHROMA, FAILURES, FILES, PEAKS, READINGS, SIZES, SONGS
from common.extraction.worker import Failure
from common.fingerprint.sequences import SEQUENCES_VERSION
from common.layout import LAYOUT_ID, N_FEATURES
from common.library import READING_COLUMNS
from common.song import ContentHash, Song, Stamp
from common.structure.readings import READINGS_VERSION
from common.tags import Tags
from common.text import clean


@dataclass(frozen=True)
class Part:
    """What is kept of a song under a version of its own: a table, the present version, and what it serves."""

    table: Table
    version: int
    purpose: str

    @property
    def present(self) -> str:
        """The query for the contents that have it."""
        return f"SELECT content FROM {self.table.name} WHERE version = {self.version}"


PARTS = (
    Part(READINGS, READINGS_VERSION, "tempo, key and sections"),
    Part(CHROMA, SEQUENCES_VERSION, "recognising recordings"),
    Part(PEAKS, SEQUENCES_VERSION, "recognising recordings"),
)
"""A song that lacks one of these is read once more."""

SONGS_PER_QUERY = 500
"""Songs fetched with one query."""

_LATEST = 2**63 - 1
"""Largest number of SQLite; a modification time after the year 2262 is kept as this."""


class KnownFile(NamedTuple):
    """A file as it was when it was last read: size in bytes, modification time in ns, hash of the content."""

    size: int
    mtime_ns: int
    content: ContentHash


@contextlib.contextmanager
def only_run(path: Path, what: str = "extraction") -> Iterator[None]:
    """Make sure that no other run works on the same data folder.

    The lock is the system's, so it goes with the process however that ends.

    Parameters
    ----------
    path
        What the runs would get in each other's way at; the lock lies beside it.
    what
        What a run is called.

    Raises
    ------
    UserError
        If another run holds it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = filelock.FileLock(path.with_suffix(".lock"), blocking=False)
    try:
        lock.acquire()
    except filelock.Timeout:
        raise UserError(f"another {what} is working in {path.parent}; wait for it or end it") from None
    try:
        yield
    finally:
        lock.release()


class Store:
    """The store of a data folder; use it as a context manager.

    Parameters
    ----------
    path
        The SQLite file; it is made if it does not exist.

    Raises
    ------
    UserError
        If the file is damaged or cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._database = Database(path, (SONGS, READINGS, CHROMA, PEAKS, FAILURES, FILES, SIZES))
        with self._database.explained(), self._database.transaction():
            self._add_sizes()

    def _add_sizes(self) -> None:
        """Tell the sizes of files that were read before there was a table of them."""
        [(n_sizes,)] = self._database.rows("SELECT count(*) FROM sizes")
        if not n_sizes:
            for size, content in self._database.rows("SELECT DISTINCT size, content FROM files"):
                self._database.put(SIZES, size, content)

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *error: object) -> None:
        self._database.__exit__(*error)

    def contents(self) -> frozenset[ContentHash]:
        """Hashes of all songs stored under the present layout with all their parts in the present version."""
        complete = " ".join(f"AND content IN ({part.present})" for part in PARTS)
        rows = self._database.rows(f"SELECT content FROM songs WHERE layout = ? {complete}", LAYOUT_ID)
        return frozenset(content for (content,) in rows)

    def incomplete(self) -> tuple[int, list[str]]:
        """How many songs stored under the present layout lack a part, and what the lacking parts serve."""
        lacking: set[str] = set()
        purposes: dict[str, None] = {}
        for part in PARTS:
            without = f"SELECT content FROM songs WHERE layout = ? AND content NOT IN ({part.present})"
            if found := self._database.rows(without, LAYOUT_ID):
                lacking.update(content for (content,) in found)
                purposes[part.purpose] = None
        return len(lacking), list(purposes)

    def failures(self) -> dict[ContentHash, Failure]:
        """Content hash -> why that content failed before."""
        rows = self._database.rows("SELECT content, kind, reason FROM failures")
        return {content: Failure(kind, reason) for content, kind, reason in rows}

    def known_files(self) -> dict[bytes, KnownFile]:
        """Path as bytes -> what the file was when it was last read."""
        rows = self._database.rows("SELECT path, size, mtime_ns, content FROM files")
        return {path: KnownFile(*found) for path, *found in rows}

    def sizes(self) -> Iterator[tuple[int, ContentHash]]:
        """Size in bytes and content hash of everything ever read, under whatever layout."""
        yield from self._database.each_row("SELECT size, content FROM sizes")

    def songs(self, stamps: Sequence[Stamp]) -> Iterator[Song]:
        """Fetch the stored songs of files, in that order, without their sequences."""
        for start in range(0, len(stamps), SONGS_PER_QUERY):
            part = stamps[start : start + SONGS_PER_QUERY]
            marks = ",".join("?" * len(part))
            rows = self._database.rows(
                "SELECT content, embedding, facts, told FROM songs JOIN readings USING (content)"
                f" WHERE layout = ? AND version = ? AND content IN ({marks})",
                LAYOUT_ID,
                READINGS_VERSION,
                *(stamp.content for stamp in part),
            )
            found = {content: told for content, *told in rows}
            yield from (self._song(stamp, *found.get(stamp.content, (b"", "", ""))) for stamp in part)

    def _song(self, stamp: Stamp, blob: bytes, facts: str, told: str) -> Song:
        try:
            return _read_song(stamp, blob, facts, told)
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
            with self._database.explained(), self._database.transaction():
                self._database.delete(SONGS, content=stamp.content, layout=LAYOUT_ID)
            name = clean(stamp.path.name)
            raise UserError(f"{self._path} held no sound row for {name}; run this again") from error

    def record(self, stamp: Stamp, result: Song | Failure) -> None:
        """Keep what became of a file; it is on disk when this returns.

        Parameters
        ----------
        stamp
            The file, under its absolute path, as it was before it was read.
        result
            The song that its content is, or why it is none.
        """
        with self._database.explained(), self._database.transaction():
            if isinstance(result, Song):
                self._put_song(result)
            else:
                self._database.put(FAILURES, stamp.content, result.kind, result.reason)
            self._put_file(stamp)

    def record_known(self, stamp: Stamp) -> None:
        """Keep that a file holds a content that has been dealt with before."""
        with self._database.explained(), self._database.transaction():
            self._put_file(stamp)

    def _put_song(self, song: Song) -> None:
        facts = {
            "duration": song.duration,
            "sample_rate": song.sample_rate,
            "channels": song.channels,
            "tags": asdict(song.tags),
        }
        blob = song.embedding.astype("<f4").tobytes()
        self._database.put(SONGS, song.stamp.content, LAYOUT_ID, blob, json.dumps(facts))
        self._database.put(READINGS, song.stamp.content, READINGS_VERSION, json.dumps(song.readings))
        if song.sequences is not None:
            for table, sequence in ((CHROMA, song.sequences.chroma), (PEAKS, song.sequences.peaks)):
                self._database.delete(table, content=song.stamp.content)
                self._database.put(table, song.stamp.content, SEQUENCES_VERSION, *sequence.packed())
        self._database.delete(FAILURES, content=song.stamp.content)

    def _put_file(self, stamp: Stamp) -> None:
        mtime_ns = min(stamp.mtime_ns, _LATEST)
        self._database.put(FILES, os.fsencode(stamp.path), stamp.size, mtime_ns, stamp.content)
        self._database.put(SIZES, stamp.size, stamp.content)


def _read_song(stamp: Stamp, blob: bytes, facts: str, readings: str) -> Song:
    """Make a song of a row's values; raises whatever shows that they are none."""
    told, read = json.loads(facts), json.loads(readings)
    if set(read) != set(READING_COLUMNS):
        raise ValueError("the readings have other names")
    embedding = np.frombuffer(blob, dtype="<f4").astype(np.float32)
    if embedding.shape != (N_FEATURES,) or not np.isfinite(embedding).all():
        raise ValueError("the embedding has another size, or is not finite")
    tags = Tags(**told["tags"])
    if not all(isinstance(value, str | None) for value in asdict(tags).values()):
        raise TypeError("a tag is no text")
    numbers = float(told["duration"]), int(told["sample_rate"]), int(told["channels"])
    return Song(stamp, embedding, *numbers, tags, read)
