"""The index of landmarks: in which songs, and where, something sounds as it does in a clip.

Conventions
-----------
All songs lie on one axis of frames, one after the other with `GAP` between them, so that a place is one
number. The index is an SQLite file made of the peaks in the store. It can be deleted at any time, and its
rows carry no checksums: what it finds is compared with the song's own peaks before anybody is told.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from common.console import UserError
from common.fingerprint.landmarks import LANDMARKS_VERSION, Landmarks, landmarks_of
from common.fingerprint.sequences import SEQUENCES_VERSION, Peaks
from common.fingerprint.votes import Places, most_voted, pack
from common.text import clean

VERSION = 1000 * LANDMARKS_VERSION + SEQUENCES_VERSION
"""Of what is in the file; another one is made anew."""

IN_MEMORY = Path(":memory:")
"""Instead of a file, for an index that is of no use later."""

GAP, LONGEST_AXIS = 1024, 2**32
"""Frames (24 s) between two songs, as a clip may begin before its song does; and all that there are."""

SONGS_PER_BATCH, MOST_BATCHES = 10_000, 24
"""Songs whose landmarks are put in order together (half a gigabyte of memory), and how many such batches a
search looks through; before there are more, all are made anew."""

MOST_GONE = 0.2
"""Share of the songs that may have left the library before the index is made anew."""

MOST_PLACES = 8_000_000
"""Places that are counted for a clip; of more, those of the rarest landmarks."""

FEWEST_VOTES = 3
"""Landmarks that a place must share with a clip to be looked at."""

APART = 32
"""Frames (0.7 s) within which two places of a song are one."""

PATIENCE = 30.0
"""Seconds that one process waits for another that writes."""

_TABLES = {
    "songs": "content TEXT PRIMARY KEY, start INTEGER NOT NULL, frames INTEGER NOT NULL",
    "landmarks": "key INTEGER, batch INTEGER, places BLOB NOT NULL, PRIMARY KEY (key, batch)",
}

FetchPeaks = Callable[[Sequence[str]], Iterator[tuple[str, Peaks]]]
"""Contents -> each of them, in any order, with its peaks."""


@dataclass(frozen=True)
class Candidate:
    """Where a clip may come from.

    Attributes
    ----------
    content
        The song's content.
    speed
        One of those that the clip was named at.
    frame
        The frame of the song that the clip begins with, give or take some.
    votes
        How many landmarks say so.
    """

    content: str
    speed: float
    frame: int
    votes: int


class LandmarkIndex:
    """The landmarks of a library's songs; use it as a context manager.

    Parameters
    ----------
    path
        The SQLite file; it is made if there is none, and made anew if it is damaged or of another version.
        Where no file can be written, the index is kept in memory.

    Raises
    ------
    UserError
        If another program is making the file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._connection = _opened(path)
        except sqlite3.DatabaseError as error:
            if _is_busy(error):
                raise UserError(
                    f"{path} is being written by another program; try again after that"
                ) from error
            _remove(path)
            try:
                self._connection = _opened(path)
            except sqlite3.DatabaseError:
                self._connection = _opened(IN_MEMORY)

    def __enter__(self) -> LandmarkIndex:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def missing(self, contents: Sequence[str]) -> list[str]:
        """Which contents are not in it yet, each once."""
        with self._explained():
            known = self._starts()
        return [content for content in dict.fromkeys(contents) if content not in known]

    def refresh(self, contents: Sequence[str], fetch: FetchPeaks) -> None:
        """Bring it up to date with a library; another process can search in it meanwhile.

        Parameters
        ----------
        contents
            The contents of the library's songs.
        fetch
            Where their peaks come from.

        Raises
        ------
        UserError
            If the file cannot be written, or the songs are more than it can hold.
        """
        if not self.missing(contents):
            return
        with self._explained(), self._transaction():
            if self._is_worn_out(contents):
                self._connection.execute("DELETE FROM landmarks")
                self._connection.execute("DELETE FROM songs")
            missing = self.missing(contents)
            for start in range(0, len(missing), SONGS_PER_BATCH):
                part = missing[start : start + SONGS_PER_BATCH]
                self._add(_complete(part, fetch(part)))

    def _is_worn_out(self, contents: Sequence[str]) -> bool:
        """Whether too many of its songs are gone, or too many batches would have to be looked through."""
        known, wanted = self._starts().keys(), set(contents)
        if len(known - wanted) > MOST_GONE * len(known):
            return True
        n_batches = self._next_batch() - (-len(wanted - known) // SONGS_PER_BATCH)
        return n_batches > max(MOST_BATCHES, 2 * len(wanted) // SONGS_PER_BATCH)

    def _add(self, peaks: Iterable[tuple[str, Peaks]]) -> None:
        """Add a batch of songs, each a content and its peaks."""
        batch, start = self._next_batch(), self._end()
        songs, packed = [], [np.empty(0, np.uint64)]
        for content, of_song in peaks:
            found, n_frames = landmarks_of(of_song), int(of_song.frames.max(initial=0)) + 1
            packed.append((found.keys << 32 | (found.frames + start)).astype(np.uint64))
            songs.append((content, start, n_frames))
            start += n_frames + GAP
        if start > LONGEST_AXIS:
            raise UserError(f"{self._path} has no room for more songs than the {len(self._starts())} in it")
        rows = pack(np.sort(np.concatenate(packed)))
        self._connection.executemany("INSERT INTO songs VALUES (?, ?, ?)", songs)
        self._connection.executemany(
            "INSERT INTO landmarks VALUES (?, ?, ?)", ((key, batch, places) for key, places in rows)
        )

    def candidates(self, clip: Sequence[tuple[float, Landmarks]], most: int) -> list[Candidate]:
        """Find the places that share most landmarks with a clip; a song that repeats itself has several.

        Parameters
        ----------
        clip
            Speeds, and the clip's landmarks named at each.
        most
            How many places are wanted.
        """
        with self._explained():
            starts = self._starts()
            places = self._places(np.unique(np.concatenate([landmarks.keys for _, landmarks in clip])))
        if not starts:
            return []
        contents, axis = np.array(sorted(starts, key=starts.__getitem__)), np.sort(list(starts.values()))
        found: dict[tuple[str, int], Candidate] = {}
        for speed, landmarks in clip:
            frames, votes = most_voted(places.begins(landmarks), most)
            songs = np.maximum(np.searchsorted(axis, frames + GAP // 2, side="right") - 1, 0)
            for frame, vote, song in zip(frames.tolist(), votes.tolist(), songs.tolist(), strict=True):
                one = Candidate(str(contents[song]), speed, frame - int(axis[song]), vote)
                place = one.content, one.frame // APART
                if vote >= FEWEST_VOTES and (place not in found or vote > found[place].votes):
                    found[place] = one
        return sorted(found.values(), key=lambda one: (-one.votes, one.content, one.frame))[:most]

    def _places(self, keys: np.ndarray) -> Places:
        """The places of landmarks with these keys: of the rarest, if all together are too many."""
        sizes = self._connection.execute(
            "SELECT key, sum(length(places)) FROM landmarks"
            f" WHERE key IN ({','.join(map(str, keys.tolist()))}) GROUP BY key ORDER BY 2"
        ).fetchall()
        totals = np.cumsum([size for _, size in sizes]).tolist()
        rare = [str(key) for (key, _), total in zip(sizes, totals, strict=True) if total <= 4 * MOST_PLACES]
        return Places.of(
            self._connection.execute(
                f"SELECT key, places FROM landmarks WHERE key IN ({','.join(rare)}) ORDER BY key"
            ).fetchall()
        )

    def _starts(self) -> dict[str, int]:
        """Content -> where its song begins on the axis."""
        return dict(self._connection.execute("SELECT content, start FROM songs"))

    def _end(self) -> int:
        """Where the next song may begin."""
        [(end,)] = self._connection.execute("SELECT max(start + frames) FROM songs").fetchall()
        return GAP + (end or 0)

    def _next_batch(self) -> int:
        [(last,)] = self._connection.execute("SELECT max(batch) FROM landmarks").fetchall()
        return 0 if last is None else last + 1

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            yield

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn what SQLite raises in the block into a sentence for people."""
        try:
            yield
        except sqlite3.Error as error:
            raise UserError(f"{self._path}: {clean(str(error))}; delete it, it is made anew") from error


def _complete(contents: Sequence[str], songs: Iterable[tuple[str, Peaks]]) -> Iterator[tuple[str, Peaks]]:
    """Songs with their peaks, and in the end those that have none, because they are damaged in the store."""
    left = dict.fromkeys(contents)
    for content, peaks in songs:
        del left[content]
        yield content, peaks
    for content in left:
        yield content, Peaks(np.empty(0, np.uint32))


def _opened(path: Path) -> sqlite3.Connection:
    """Open an index and make sure that it is one; raises sqlite3.DatabaseError otherwise."""
    connection = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None)
    with contextlib.ExitStack() as on_failure:
        on_failure.callback(connection.close)
        connection.execute("PRAGMA journal_mode=WAL")
        [(version,)] = connection.execute("PRAGMA user_version").fetchall()
        if version not in (0, VERSION):
            raise sqlite3.DatabaseError(f"an index of version {version}")
        if not version:
            for name, columns in _TABLES.items():
                connection.execute(f"CREATE TABLE IF NOT EXISTS {name} ({columns}) WITHOUT ROWID")
            connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("SELECT content, start, frames FROM songs LIMIT 1")
        connection.execute("SELECT key, batch, places FROM landmarks LIMIT 1")
        on_failure.pop_all()
    return connection


def _is_busy(error: sqlite3.DatabaseError) -> bool:
    return getattr(error, "sqlite_errorname", "").startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))


def _remove(path: Path) -> None:
    for ending in ("", "-wal", "-shm"):
        with contextlib.suppress(OSError):
            Path(f"{path}{ending}").unlink()
