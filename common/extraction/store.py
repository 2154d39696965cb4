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
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

import filelock
import numpy as np

from common.console import UserError
from common.extraction.worker import Failure
from common.layout import LAYOUT_ID, N_FEATURES
from common.song import ContentHash, Song, Stamp
from common.tags import Tags

_SCHEMA = """
CREATE TABLE IF NOT EXISTS songs (
    content TEXT NOT NULL, layout TEXT NOT NULL, embedding BLOB NOT NULL, facts TEXT NOT NULL,
    PRIMARY KEY (content, layout)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS failures (
    content TEXT PRIMARY KEY, kind TEXT NOT NULL, reason TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS files (
    path BLOB PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, content TEXT NOT NULL)
    WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sizes (
    size INTEGER NOT NULL, content TEXT NOT NULL, PRIMARY KEY (size, content)) WITHOUT ROWID;
"""

SONGS_PER_QUERY = 500
"""Songs fetched with one query."""

_VERSION = 1
"""Of the schema. Stores of version 0 have no sizes; the files they know bring them."""

_UPGRADE = "INSERT OR IGNORE INTO sizes SELECT size, content FROM files"


class KnownFile(NamedTuple):
    """A file as it was when it was last read: size in bytes, modification time in ns, hash of the content."""

    size: int
    mtime_ns: int
    content: ContentHash


@contextlib.contextmanager
def only_run(path: Path) -> Iterator[None]:
    """Make sure that no other run works on the same data folder.

    The lock is the system's, so it goes with the process however that ends.

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
        raise UserError(f"another extraction is working in {path.parent}; wait for it or end it") from None
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
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        with self._explained(), contextlib.ExitStack() as on_failure:
            self._database = sqlite3.connect(path, isolation_level=None)
            on_failure.callback(self._database.close)
            self._database.execute("PRAGMA journal_mode=WAL")
            self._database.execute("PRAGMA synchronous=FULL")
            self._database.executescript(_SCHEMA)
            self._upgrade()
            on_failure.pop_all()

    def _upgrade(self) -> None:
        [(version,)] = self._database.execute("PRAGMA user_version").fetchall()
        if version < _VERSION:
            with self._transaction():
                self._database.execute(_UPGRADE)
                self._database.execute(f"PRAGMA user_version = {_VERSION}")

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            damaged = error.sqlite_errorname in {"SQLITE_CORRUPT", "SQLITE_NOTADB"}
            remedy = "delete it to extract anew" if damaged else "make room or check its permissions"
            raise UserError(f"{self._path}: {error}; {remedy}") from error

    def contents(self) -> frozenset[ContentHash]:
        """Hashes of all songs stored under the present layout."""
        rows = self._rows("SELECT content FROM songs WHERE layout = ?", LAYOUT_ID)
        return frozenset(content for (content,) in rows)

    def failures(self) -> dict[ContentHash, Failure]:
        """Content hash -> why that content failed before."""
        rows = self._rows("SELECT content, kind, reason FROM failures")
        return {content: Failure(kind, reason) for content, kind, reason in rows}

    def known_files(self) -> dict[bytes, KnownFile]:
        """Path as bytes -> what the file was when it was last read."""
        rows = self._rows("SELECT path, size, mtime_ns, content FROM files")
        return {path: KnownFile(*found) for path, *found in rows}

    def sizes(self) -> Iterator[tuple[int, ContentHash]]:
        """Size in bytes and content hash of everything ever read, under whatever layout."""
        with self._explained():
            yield from self._database.execute("SELECT size, content FROM sizes")

    def songs(self, stamps: Sequence[Stamp]) -> Iterator[Song]:
        """Fetch the stored songs of files, in that order."""
        for start in range(0, len(stamps), SONGS_PER_QUERY):
            part = stamps[start : start + SONGS_PER_QUERY]
            marks = ",".join("?" * len(part))
            rows = self._rows(
                f"SELECT content, embedding, facts FROM songs WHERE layout = ? AND content IN ({marks})",
                LAYOUT_ID,
                *(stamp.content for stamp in part),
            )
            found = {content: (blob, facts) for content, blob, facts in rows}
            yield from (self._song(stamp, *found[stamp.content]) for stamp in part)

    def _song(self, stamp: Stamp, blob: bytes, facts: str) -> Song:
        told = json.loads(facts)
        embedding = np.frombuffer(blob, dtype="<f4").astype(np.float32)
        if embedding.shape != (N_FEATURES,):
            raise UserError(f"{self._path} holds a row of another size; delete it to extract anew")
        return Song(stamp, embedding, tags=Tags(**told.pop("tags")), **told)

    def record(self, stamp: Stamp, result: Song | Failure) -> None:
        """Keep what became of a file; it is on disk when this returns.

        Parameters
        ----------
        stamp
            The file, under its absolute path, as it was before it was read.
        result
            The song that its content is, or why it is none.
        """
        with self._explained(), self._transaction():
            if isinstance(result, Song):
                self._put_song(result)
            else:
                row = (stamp.content, result.kind, result.reason)
                self._database.execute("INSERT OR REPLACE INTO failures VALUES (?, ?, ?)", row)
            self._put_file(stamp)

    def record_known(self, stamp: Stamp) -> None:
        """Keep that a file holds a content that has been dealt with before."""
        with self._explained(), self._transaction():
            self._put_file(stamp)

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")

    def _put_song(self, song: Song) -> None:
        facts = {
            "duration": song.duration,
            "sample_rate": song.sample_rate,
            "channels": song.channels,
            "tags": asdict(song.tags),
        }
        row = (song.stamp.content, LAYOUT_ID, song.embedding.astype("<f4").tobytes(), json.dumps(facts))
        self._database.execute("INSERT OR REPLACE INTO songs VALUES (?, ?, ?, ?)", row)
        self._database.execute("DELETE FROM failures WHERE content = ?", (song.stamp.content,))

    def _put_file(self, stamp: Stamp) -> None:
        row = (os.fsencode(stamp.path), stamp.size, stamp.mtime_ns, stamp.content)
        self._database.execute("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?)", row)
        self._database.execute("INSERT OR IGNORE INTO sizes VALUES (?, ?)", (stamp.size, stamp.content))

    def _rows(self, statement: str, *values: object) -> list[tuple]:
        with self._explained():
            return self._database.execute(statement, values).fetchall()
