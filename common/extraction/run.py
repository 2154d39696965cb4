"""The one loop of stage 1: every file is handed to a worker, and what it found goes into the store.

Conventions: results come back in the order of the files, never of completion; whatever is finished is in the
store before the next result is looked at. The loop knows nothing of who does the work: threads here, or the
processes of a cluster (`extraction.cluster`).
"""

from __future__ import annotations

import contextlib
import itertools
import os
import queue
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from threadpoolctl import threadpool_limits

from common.decoders import AudioError
from common.extraction.store import Store
from common.extraction.worker import Crashed, Failure, Outcome, StopFlag, Work, analyse
from common.song import ContentHash, Song, Stamp, take_stamp

TRANSIENT_KINDS = frozenset({"unsupported", "out_of_memory", "changed"})
"""Failures that are not the content's fault: tried again on every run."""

FILES_AHEAD = 4
"""Files handed to the workers ahead of time, per worker."""

MOST_CANDIDATES = 100
"""Known contents of its size that travel with a file; if there are more, it is hashed here first."""

RECOUNT_EVERY = 2.0
"""Seconds after which the number of workers is asked for again, even if nothing was finished."""

Look = tuple[int, int]
"""What tells that a file has changed: size in bytes, modification time in ns."""

Result = Stamp | Failure
"""What became of a file in the end: its content's song is in the store, or there is none, for a reason."""


class Workers(Protocol):
    """Who does the work: an executor that also tells how much it takes."""

    def submit(self, call: Callable, /, *arguments: Any) -> Future:
        """Have a call done."""

    def slots(self) -> int:
        """How many files can be in work at once; that may change as the run goes on."""


class Threads(ThreadPoolExecutor):
    """Threads of this process as workers; use it as a context manager.

    While it is open, linear algebra counts in one thread: the products of a song are small, and the threads
    that BLAS starts for them spin on the processors that other songs could have.

    Parameters
    ----------
    number
        How many threads there are.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number, thread_name_prefix="song")
        self._number = number
        self._limits = contextlib.ExitStack()

    def __enter__(self) -> Threads:
        # Now, not at the import: only libraries that are loaded can be told.
        self._limits.enter_context(threadpool_limits(1, user_api="blas"))
        super().__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        with self._limits:
            super().__exit__(*error)

    def slots(self) -> int:
        """How many files can be in work at once."""
        return self._number


@dataclass(frozen=True)
class Known:
    """What need not be computed again.

    Attributes
    ----------
    songs
        The content hashes of songs in the store.
    failures
        What failed before: content hash -> failure.
    """

    songs: Collection[ContentHash]
    failures: Mapping[ContentHash, Failure]

    def __contains__(self, content: ContentHash) -> bool:
        return content in self.songs or content in self.failures

    def __bool__(self) -> bool:
        return bool(self.songs or self.failures)

    def result(self, stamp: Stamp) -> Result:
        """What becomes of a file whose content is known."""
        return self.failures.get(stamp.content, stamp)


def extract_all(
    files: Sequence[Path],
    store: Store,
    workers: Workers,
    known: Known,
    on_outcome: Callable[[Outcome], None] = lambda outcome: None,
    work: Work = analyse,
) -> list[Result]:
    """Bring every file into the store.

    Parameters
    ----------
    files
        The absolute paths of the files.
    store
        Where finished songs go, at once.
    workers
        The threads or processes that do the work.
    known
        The contents that are not computed again.
    on_outcome
        A function called in this thread after each file.
    work
        What is done with each file.

    Returns
    -------
    list
        For each file, in order: its stamp, under whose content the store has the song, or its failure.
    """
    looks = [look_at(path) for path in files]
    results = _untouched(files, looks, store, known)
    for path, result in zip(files, results, strict=True):
        if result is not None:
            on_outcome(Outcome(path, None, result if isinstance(result, Failure) else None))
    left = [number for number, result in enumerate(results) if result is None]
    candidates = _candidates({number: look[0] for number in left if (look := looks[number])}, store, known)
    stop = StopFlag()

    def hand_out(number: int) -> Future[Outcome]:
        path = files[number]
        return workers.submit(work, path, _few_of(candidates.get(number, frozenset()), path), stop)

    try:
        for number, future in _finished(left, hand_out, workers.slots):
            outcome = _outcome_of(future, files[number])
            results[number] = _record(outcome, store, known)
            on_outcome(outcome)
    finally:
        stop.set()
    return [result for result in results if result is not None]


def look_at(path: Path) -> Look | None:
    """Size and modification time of a file; None if it cannot be looked at."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_size, stat.st_mtime_ns


def _untouched(
    files: Sequence[Path], looks: Sequence[Look | None], store: Store, known: Known
) -> list[Result | None]:
    """What is known of each file whose size and modification time say that it holds what it held before."""
    seen = store.known_files()
    results: list[Result | None] = []
    for path, look in zip(files, looks, strict=True):
        before = seen.get(os.fsencode(path))
        if before and before.content in known and look == (before.size, before.mtime_ns):
            results.append(known.result(Stamp(path, *before)))
        else:
            results.append(None)
    return results


def _candidates(sizes: Mapping[int, int], store: Store, known: Known) -> dict[int, frozenset[ContentHash]]:
    """Number of a file -> the known contents that it can hold, going by its size; most have none."""
    if not known:
        return {}
    alike: dict[int, set[ContentHash]] = {size: set() for size in sizes.values()}
    for size, content in store.sizes():
        if size in alike and content in known:
            alike[size].add(content)
    frozen = {size: frozenset(contents) for size, contents in alike.items() if contents}
    return {number: frozen[size] for number, size in sizes.items() if size in frozen}


def _few_of(candidates: frozenset[ContentHash], path: Path) -> frozenset[ContentHash]:
    """The candidates that travel to the worker with a file: few, or the one that it holds."""
    if len(candidates) <= MOST_CANDIDATES:
        return candidates
    with contextlib.suppress(AudioError):
        return candidates & {take_stamp(path).content}
    return frozenset()


def _finished(
    numbers: Iterable[int], hand_out: Callable[[int], Future], slots: Callable[[], int]
) -> Iterator[tuple[int, Future]]:
    """Yield futures as they are done, with a bounded number of them handed out."""
    waiting = iter(numbers)
    pending: dict[Future, int] = {}
    done: queue.SimpleQueue[Future] = queue.SimpleQueue()
    try:
        while True:
            room = slots() * FILES_AHEAD - len(pending)
            for number in itertools.islice(waiting, max(room, 0)):
                future = hand_out(number)
                pending[future] = number
                future.add_done_callback(done.put)
            if not pending:
                return
            try:
                future = done.get(timeout=RECOUNT_EVERY)
            except queue.Empty:
                continue
            yield pending.pop(future), future
    finally:
        for future in pending:
            future.cancel()


def _outcome_of(future: Future[Outcome], path: Path) -> Outcome:
    """What the worker found out, or the failure of a file that took its workers down."""
    try:
        return future.result()
    except Crashed as error:
        crash = Failure("crashed", str(error))
    try:
        return Outcome(path, take_stamp(path), crash)
    except AudioError as error:
        return Outcome(path, None, Failure(error.kind, error.reason))


def _record(outcome: Outcome, store: Store, known: Known) -> Result:
    """Put an outcome into the store; returns what became of the file."""
    stamp, result = outcome.stamp, outcome.result
    if stamp is None:
        assert isinstance(result, Failure)
        return result
    if result is None:
        store.record_known(stamp)
        return known.result(stamp)
    if isinstance(result, Song):
        store.record(stamp, result)
        return stamp
    if result.kind not in TRANSIENT_KINDS:
        store.record(stamp, result)
    return result
