"""From files to rows: what a worker does with one file, and the loop that does it with all of them.

Conventions: a file that fails is a `Failure`, never an exception; results come back in the order of the
files, never of completion; whatever is finished is in the store before the next result is looked at.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from common import audio, features
from common.layout import SAMPLE_RATE
from common.store import Failure, Song, Store, content_hash

TRANSIENT_KINDS = frozenset({"unsupported", "out_of_memory"})
"""Failures that are not the content's fault: tried again on every run."""

FILES_AHEAD = 4
"""Files handed to the workers ahead of time, per worker."""


class Stopped(Exception):  # noqa: N818 - it reports a wish, not an error
    """The run was asked to end while a file was in work."""


@dataclass(frozen=True)
class Outcome:
    """What a worker found out about a file.

    Attributes
    ----------
    path
        The file.
    size, mtime_ns
        As they were before the file was read; 0 if it could not be.
    result
        The song, the failure, or the content hash of a file whose content is known already.
    """

    path: Path
    size: int
    mtime_ns: int
    result: Song | Failure | str


@dataclass(frozen=True)
class Known:
    """What need not be computed again.

    Attributes
    ----------
    songs
        Content hashes of songs in the store.
    failures
        Content hash -> failure.
    """

    songs: Container[str]
    failures: Mapping[str, Failure]

    def __contains__(self, content: str) -> bool:
        return content in self.songs or content in self.failures


def analyse(path: Path, known: Known, check: audio.Check) -> Outcome:
    """Turn one file into a song, or a failure that says why not.

    Parameters
    ----------
    path
        The file.
    known
        Contents not to compute again.
    check
        Called between blocks of work; raises to stop.
    """
    check()
    try:
        before = path.stat()
        content = content_hash(path)
    except OSError as error:
        return Outcome(path, 0, 0, Failure(None, "unreadable", error.strerror or type(error).__name__))
    result = content if content in known else _compute(path, content, check)
    return Outcome(path, before.st_size, before.st_mtime_ns, result)


def _compute(path: Path, content: str, check: audio.Check) -> Song | Failure:
    try:
        decoded = audio.load(path, check)
        embedding = features.extract(decoded.samples, check)
    except audio.AudioError as error:
        return Failure(content, error.kind, error.reason)
    except features.FeatureError as error:
        return Failure(content, "invalid", str(error))
    except MemoryError:
        return Failure(content, "out_of_memory", "not enough memory; close programs or use fewer --workers")
    tags = audio.read_tags(path)
    return Song(content, embedding, decoded.duration, decoded.sample_rate, decoded.channels, tags)


def warm_up() -> None:
    """Compile what has to be compiled, in this thread alone, by analysing a second of noise."""
    features.extract(np.random.default_rng(0).normal(0, 0.1, SAMPLE_RATE).astype(np.float32))


def extract_all(
    files: Sequence[Path],
    store: Store,
    executor: Executor,
    workers: int,
    known: Known,
    on_outcome: Callable[[Outcome], None] = lambda outcome: None,
) -> list[str | Failure]:
    """Bring every file into the store.

    Parameters
    ----------
    files
        Absolute paths.
    store
        Where finished songs go, at once.
    executor, workers
        Who does the work, and how many of them.
    known
        Contents not to compute again.
    on_outcome
        Called in this thread after each file.

    Returns
    -------
    list
        For each file, in order: the content hash of its song in the store, or its failure.
    """
    settled = _untouched(files, store, known)
    for path in settled:
        on_outcome(Outcome(path, 0, 0, settled[path]))
    left = (path for path in files if path not in settled)
    for outcome in _outcomes(left, executor, workers * FILES_AHEAD, known):
        settled[outcome.path] = _keep(outcome, store, known)
        on_outcome(outcome)
    return [settled[path] for path in files]


def _untouched(files: Sequence[Path], store: Store, known: Known) -> dict[Path, str | Failure]:
    """Files whose size and modification time say that they still hold a known content."""
    seen = store.known_files()
    settled: dict[Path, str | Failure] = {}
    for path in files:
        size, mtime_ns, content = seen.get(os.fsencode(path), (0, 0, ""))
        if content in known and _stamp(path) == (size, mtime_ns):
            settled[path] = known.failures.get(content, content)
    return settled


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_size, stat.st_mtime_ns


def _outcomes(paths: Iterator[Path], executor: Executor, ahead: int, known: Known) -> Iterator[Outcome]:
    """Yield outcomes as they are completed, with a bounded number of files handed out."""
    stop = threading.Event()

    def check() -> None:
        if stop.is_set():
            raise Stopped

    pending: set[Future[Outcome]] = set()
    try:
        while True:
            while len(pending) < ahead and (path := next(paths, None)) is not None:
                pending.add(executor.submit(analyse, path, known, check))
            if not pending:
                return
            done, pending = wait(pending, return_when=FIRST_COMPLETED)
            for future in done:
                yield future.result()
    finally:
        stop.set()
        for future in pending:
            future.cancel()


def _keep(outcome: Outcome, store: Store, known: Known) -> str | Failure:
    """Put an outcome into the store; returns the content hash of the song, or the failure."""
    result = outcome.result
    stamp = (os.fsencode(outcome.path), outcome.size, outcome.mtime_ns)
    if isinstance(result, str):
        store.record_known(*stamp, result)
        return known.failures.get(result, result)
    if isinstance(result, Song):
        store.record(*stamp, result)
        return result.content
    if result.content is not None and result.kind not in TRANSIENT_KINDS:
        store.record(*stamp, result)
    return result
