"""From files to rows: what a worker does with one file, and the loop that does it with all of them.

Conventions: a file that fails is a `Failure`, never an exception; results come back in the order of the
files, never of completion; whatever is finished is in the store before the next result is looked at. The
loop knows nothing of who does the work: threads here, or the processes of a cluster (`common.cluster`).
"""

from __future__ import annotations

import contextlib
import itertools
import os
import queue
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from common import song
from common.audio import AudioError, Check
from common.extraction.store import Failure, Store
from common.song import ContentHash, Song, Stamp, take_stamp

TRANSIENT_KINDS = frozenset({"unsupported", "out_of_memory", "changed"})
"""Failures that are not the content's fault: tried again on every run."""

FILES_AHEAD = 4
"""Files handed to the workers ahead of time, per worker."""

CANDIDATES = 100
"""Known contents of its size that travel with a file; if there are more, it is hashed here first."""

LOOK_AROUND = 2.0
"""Seconds after which the number of workers is asked for again, even if nothing was finished."""


class Stopped(Exception):  # noqa: N818 - it reports a wish, not an error
    """The run was asked to end while a file was in work."""


class Crashed(Exception):  # noqa: N818 - it reports a fact about a file
    """The process that had a call in work died, and died again when the call was repeated."""


class StopSign:
    """Asks the threads of this process to end their work; a copy in another process is never set."""

    def __init__(self) -> None:
        self._set = threading.Event()

    def set(self) -> None:
        self._set.set()

    def __call__(self) -> None:
        if self._set.is_set():
            raise Stopped

    def __reduce__(self) -> tuple[type, tuple[()]]:
        return type(self), ()


@dataclass(frozen=True)
class Outcome:
    """What a worker found out about a file.

    Attributes
    ----------
    path
        The file.
    stamp
        The file as it was before it was read; None if it could not be, or not to the end.
    result
        The song, the failure, or None where the content is known already.
    """

    path: Path
    stamp: Stamp | None
    result: Song | Failure | None


Result = Stamp | Failure
"""What became of a file in the end: its content's song is in the store, or there is none, for a reason."""


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

    songs: Collection[ContentHash]
    failures: Mapping[ContentHash, Failure]

    def __contains__(self, content: ContentHash) -> bool:
        return content in self.songs or content in self.failures

    def __bool__(self) -> bool:
        return bool(self.songs or self.failures)


Work = Callable[[Path, frozenset[ContentHash], Check], Outcome]
"""What a worker does with a file; `analyse` but for tests and benchmarks."""


def analyse(path: Path, known: frozenset[ContentHash], check: Check) -> Outcome:
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
    stamp = None
    try:
        stamp = take_stamp(path)
        return Outcome(path, stamp, None if stamp.content in known else _compute(stamp, check))
    except AudioError as error:
        return Outcome(path, None if error.of_system else stamp, Failure(error.kind, error.reason))


def _compute(stamp: Stamp, check: Check) -> Song:
    return song.analyse(stamp.path, check, stamp).song


def package_versions() -> dict[str, str]:
    """Versions of the libraries that songs are read with: with others, last digits may differ.

    The optional ``av`` is among them only where it is installed.
    """
    versions = {}
    for name in ("av", "librosa", "mutagen", "numba", "numpy", "scipy", "soundfile", "soxr"):
        with contextlib.suppress(PackageNotFoundError):
            versions[name] = version(name)
    return versions


def extract_all(
    files: Sequence[Path],
    store: Store,
    executor: Executor,
    slots: Callable[[], int],
    known: Known,
    on_outcome: Callable[[Outcome], None] = lambda outcome: None,
    work: Work = analyse,
) -> list[Result]:
    """Bring every file into the store.

    Parameters
    ----------
    files
        Absolute paths.
    store
        Where finished songs go, at once.
    executor, slots
        Who does the work, and on how many files at once; that may change as the run goes on.
    known
        Contents not to compute again.
    on_outcome
        Called in this thread after each file.
    work
        What is done with each file.

    Returns
    -------
    list
        For each file, in order: its stamp, under whose content the store has the song, or its failure.
    """
    results: list[Result | None] = _untouched(files, store, known)
    for path, result in zip(files, results, strict=True):
        if result is not None:
            on_outcome(Outcome(path, None, result if isinstance(result, Failure) else None))
    left = [number for number, result in enumerate(results) if result is None]
    candidates = _candidates(files, left, store, known)
    stop = StopSign()

    def hand_out(number: int) -> Future[Outcome]:
        path = files[number]
        return executor.submit(work, path, _narrowed(candidates.get(number, frozenset()), path), stop)

    try:
        for number, future in _finished(left, hand_out, slots):
            outcome = _survived(future, files[number])
            results[number] = _keep(outcome, store, known)
            on_outcome(outcome)
    finally:
        stop.set()
    return results


def _untouched(files: Sequence[Path], store: Store, known: Known) -> list[Result | None]:
    """What is known of each file whose size and modification time say that it holds what it held before."""
    seen = store.known_files()
    results: list[Result | None] = []
    for path in files:
        before = seen.get(os.fsencode(path))
        untouched = (
            before and before.content in known and _size_and_mtime(path) == (before.size, before.mtime_ns)
        )
        results.append(_known_result(Stamp(path, *before), known) if before and untouched else None)
    return results


def _known_result(stamp: Stamp, known: Known) -> Result:
    return known.failures.get(stamp.content, stamp)


def _size_and_mtime(path: Path) -> tuple[int, int] | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_size, stat.st_mtime_ns


def _candidates(
    files: Sequence[Path], numbers: Iterable[int], store: Store, known: Known
) -> dict[int, frozenset[ContentHash]]:
    """Number of a file -> the known contents that it can hold, going by its size; most have none."""
    if not known:
        return {}
    sizes = {number: found[0] for number in numbers if (found := _size_and_mtime(files[number]))}
    alike: dict[int, set[ContentHash]] = {size: set() for size in sizes.values()}
    for size, content in store.sizes():
        if size in alike and content in known:
            alike[size].add(content)
    frozen = {size: frozenset(contents) for size, contents in alike.items() if contents}
    return {number: frozen[size] for number, size in sizes.items() if size in frozen}


def _narrowed(candidates: frozenset[ContentHash], path: Path) -> frozenset[ContentHash]:
    """The candidates that travel to the worker with a file: few, or the one that it holds."""
    if len(candidates) <= CANDIDATES:
        return candidates
    with contextlib.suppress(AudioError):
        return candidates & {take_stamp(path).content}
    return frozenset()


def _finished(
    numbers: Iterable[int], hand_out: Callable[[int], Future], slots: Callable[[], int]
) -> Iterator[tuple[int, Future]]:
    """Yield futures as they are done, with a bounded number of them handed out."""
    numbers, pending = iter(numbers), {}
    done: queue.SimpleQueue[Future] = queue.SimpleQueue()
    try:
        while True:
            room = slots() * FILES_AHEAD - len(pending)
            for number in itertools.islice(numbers, max(room, 0)):
                future = hand_out(number)
                pending[future] = number
                future.add_done_callback(done.put)
            if not pending:
                return
            try:
                future = done.get(timeout=LOOK_AROUND)
            except queue.Empty:
                continue
            yield pending.pop(future), future
    finally:
        for future in pending:
            future.cancel()


def _survived(future: Future[Outcome], path: Path) -> Outcome:
    """What the worker found out, or the failure of a file that took its workers down."""
    try:
        return future.result()
    except Crashed as error:
        crash = Failure("crashed", str(error))
    try:
        return Outcome(path, take_stamp(path), crash)
    except AudioError as error:
        return Outcome(path, None, Failure(error.kind, error.reason))


def _keep(outcome: Outcome, store: Store, known: Known) -> Result:
    """Put an outcome into the store; returns what became of the file."""
    stamp, result = outcome.stamp, outcome.result
    if stamp is None:
        assert isinstance(result, Failure)
        return result
    if result is None:
        store.record_known(stamp)
        return _known_result(stamp, known)
    if isinstance(result, Song):
        store.record(stamp, result)
        return stamp
    if result.kind not in TRANSIENT_KINDS:
        store.record(stamp, result)
    return result
