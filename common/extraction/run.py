"""From files to rows: what a worker does with one file, and the loop that does it with all of them.

Conventions: a file that fails is a `Failure`, never an exception; results come back in the order of the
files, never of completion; whatever is finished is in the store before the next result is looked at. The
loop knows nothing of who does the work: threads here, or the processes of a cluster (`common.cluster`).
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import os
import queue
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import filelock
import numpy as np

from common import audio, features, kernels
from common.extraction.store import Failure, Song, Store, content_hash
from common.layout import SAMPLE_RATE

TRANSIENT_KINDS = frozenset({"unsupported", "out_of_memory"})
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

    songs: Collection[str]
    failures: Mapping[str, Failure]

    def __contains__(self, content: str) -> bool:
        return content in self.songs or content in self.failures

    def __bool__(self) -> bool:
        return bool(self.songs or self.failures)


Work = Callable[[Path, frozenset[str], audio.Check], Outcome]
"""What a worker does with a file; `analyse` but for tests and benchmarks."""


def analyse(path: Path, known: frozenset[str], check: audio.Check) -> Outcome:
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
    return _outcome(path, lambda content: content if content in known else _compute(path, content, check))


def _outcome(path: Path, result: Callable[[str], Song | Failure | str]) -> Outcome:
    """What a file's content leads to, with the file's stamp from before it was read."""
    try:
        before = path.stat()
        content = content_hash(path)
    except OSError as error:
        return Outcome(path, 0, 0, Failure(None, "unreadable", error.strerror or type(error).__name__))
    return Outcome(path, before.st_size, before.st_mtime_ns, result(content))


def _compute(path: Path, content: str, check: audio.Check) -> Song | Failure:
    warm_up()
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


def package_versions() -> dict[str, str]:
    """Versions of the libraries that songs are read with: with others, last digits may differ.

    The optional ``av`` is among them only where it is installed.
    """
    versions = {}
    for name in ("av", "librosa", "mutagen", "numba", "numpy", "scipy", "soundfile", "soxr"):
        with contextlib.suppress(PackageNotFoundError):
            versions[name] = version(name)
    return versions


_warming = threading.Lock()


def warm_up() -> None:
    """Compile what has to be compiled, once per process: in one thread, and in one process at a time.

    Processes that compile into one cache at once can crash (https://github.com/librosa/librosa/issues/1998),
    so a lock lies in the cache's folder: whoever shares the folder shares the lock.
    """
    with _warming:
        _compiled()


@functools.cache
def _compiled() -> None:
    folder = Path(kernels.spectral_moments.stats.cache_path)
    with filelock.FileLock(folder / "warm_up.lock"):
        features.extract(np.random.default_rng(0).normal(0, 0.1, SAMPLE_RATE).astype(np.float32))


def extract_all(
    files: Sequence[Path],
    store: Store,
    executor: Executor,
    slots: Callable[[], int],
    known: Known,
    on_outcome: Callable[[Outcome], None] = lambda outcome: None,
    work: Work = analyse,
) -> list[str | Failure]:
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
        For each file, in order: the content hash of its song in the store, or its failure.
    """
    results = _untouched(files, store, known)
    for path, result in zip(files, results, strict=True):
        if result is not None:
            on_outcome(Outcome(path, 0, 0, result))
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


def _untouched(files: Sequence[Path], store: Store, known: Known) -> list[str | Failure | None]:
    """What is known of each file whose size and modification time say that it holds what it held before."""
    seen = store.known_files()
    results: list[str | Failure | None] = []
    for path in files:
        size, mtime_ns, content = seen.get(os.fsencode(path), (0, 0, ""))
        untouched = content in known and _stamp(path) == (size, mtime_ns)
        results.append(known.failures.get(content, content) if untouched else None)
    return results


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_size, stat.st_mtime_ns


def _candidates(
    files: Sequence[Path], numbers: Iterable[int], store: Store, known: Known
) -> dict[int, frozenset[str]]:
    """Number of a file -> the known contents that it can hold, going by its size; most have none."""
    if not known:
        return {}
    sizes = {number: stamp[0] for number in numbers if (stamp := _stamp(files[number]))}
    alike: dict[int, set[str]] = {size: set() for size in sizes.values()}
    for size, content in store.sizes():
        if size in alike and content in known:
            alike[size].add(content)
    frozen = {size: frozenset(contents) for size, contents in alike.items() if contents}
    return {number: frozen[size] for number, size in sizes.items() if size in frozen}


def _narrowed(candidates: frozenset[str], path: Path) -> frozenset[str]:
    """The candidates that travel to the worker with a file: few, or the one that it holds."""
    if len(candidates) <= CANDIDATES:
        return candidates
    with contextlib.suppress(OSError):
        return candidates & {content_hash(path)}
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
        reason = str(error)
        return _outcome(path, lambda content: Failure(content, "crashed", reason))


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
