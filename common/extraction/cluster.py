"""Stage 1's workers on other machines: a Dask cluster behind the interface of a thread pool.

Conventions: the driver (the process that was started by hand) hands out calls and alone writes to the store;
workers see the same music under the same path and run the same code with the same library versions, or are
refused. Dask repeats a call by itself when its worker dies, as often as the scheduler is set to, and blames
every call that waited there; so here each call is begun once at most, and only a call that had been begun
counts as a possible cause of the death. It is tried once more, with the worker process to itself, before it
is given up as crashed: songs that merely shared a worker with it are never skipped.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import hashlib
import logging
import platform
import socket
import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from common.console import Stopwatch, UserError, note
from common.extraction.worker import Crashed, package_versions
from common.paths import PROJECT
from common.text import count

try:
    from dask.distributed import Client, Event
    from dask.distributed import Future as DaskFuture
    from distributed.comm import CommClosedError
    from distributed.scheduler import KilledWorker
except ImportError:
    raise UserError("--cluster needs Dask; run: pip install -r requirements-cluster.txt") from None

CONNECT_SECONDS = 10
"""How long a scheduler may take to accept a connection, and to tell of itself."""

ANSWER_SECONDS = 3 * CONNECT_SECONDS
"""How long it may take in all. Dask itself would wait without end for some other server on that port, which
accepts a connection and says nothing."""

COUNT_EVERY = 2.0
"""Seconds for which a count of the workers is believed."""

MAX_DEATHS = 2
"""Deaths of workers after which a call that they had in work is given up as crashed."""

FETCHERS = 8
"""Results fetched at a time: one that was lost with its worker is waited for until it is there again."""

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
"""Parameters of glibc's ``mallopt``, from its ``malloc.h``."""

MAX_BLAMES = 10
"""How often Dask may give a call up that had not been begun before that is no longer taken for bad luck."""


def _digest_of_code() -> str:
    """Digest of everything in ``common/``, so that whatever a worker runs is covered."""
    digest = hashlib.sha256()
    for path in sorted((PROJECT / "common").rglob("*.py")):
        digest.update(path.relative_to(PROJECT).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


CODE = _digest_of_code()
"""The code as it was when this process started."""


@dataclass(frozen=True)
class Requirements:
    """What a worker must share with the driver, so that it computes the same numbers of the same files.

    Attributes
    ----------
    folder
        The music, as the driver sees it.
    code
        The digest of the driver's code, its `CODE`.
    packages
        Names and versions of the libraries that are installed.
    """

    folder: str
    code: str
    packages: tuple[tuple[str, str], ...]

    @classmethod
    def here(cls, folder: str) -> Requirements:
        """What this process has."""
        return cls(folder, CODE, tuple(package_versions().items()))


@functools.cache
def check_requirements(wanted: Requirements) -> None:
    """Make sure that this process, a worker, has what the driver has.

    Raises
    ------
    UserError
        If it does not; the line names the machine and what is different.
    """
    host, own = socket.gethostname(), Requirements.here(wanted.folder)
    for package, version in sorted(set(wanted.packages) ^ set(own.packages)):
        who = (
            "this machine, unlike the worker on" if (package, version) in wanted.packages else "the worker on"
        )
        raise UserError(
            f"{who} {host} has {package} {version}; install the same requirements on both and start it again"
        )
    if own != wanted:
        raise UserError(
            f"the worker on {host} runs another state of this project; update it and start it again"
        )
    if not Path(wanted.folder).is_dir():
        raise UserError(
            f"the worker on {host} does not see {wanted.folder}; mount it there under the same path"
        )


@functools.cache
def reuse_memory() -> None:
    """Have this process keep freed memory for its next arrays, as any process does that Dask did not start.

    Dask sets ``MALLOC_TRIM_THRESHOLD_`` for its workers, which makes glibc ask the system for every large
    array anew; zeroing those pages is a third more CPU time for an extractor (0.88 s to 1.22 s for a song
    of four minutes). Set here are the values that glibc comes to by itself (``man mallopt``).
    """
    if platform.libc_ver()[0] == "glibc":
        libc = ctypes.CDLL(None)
        libc.mallopt(M_MMAP_THRESHOLD, 32 << 20)
        libc.mallopt(M_TRIM_THRESHOLD, 64 << 20)


class SharedExclusiveLock:
    """A lock that many can hold together, or one alone; who wants it alone goes before all others."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._holders, self._waiting_exclusive, self._is_exclusive = 0, 0, False

    @contextlib.contextmanager
    def held(self, exclusive: bool) -> Iterator[None]:
        """Hold the lock for a while, with others or alone."""
        with self._changed:
            self._waiting_exclusive += exclusive
            self._changed.wait_for(functools.partial(self._admits, exclusive))
            self._waiting_exclusive -= exclusive
            self._holders += 1
            self._is_exclusive = exclusive
        try:
            yield
        finally:
            with self._changed:
                self._holders -= 1
                self._is_exclusive = False
                self._changed.notify_all()

    def _admits(self, exclusive: bool) -> bool:
        return not self._is_exclusive and (not self._holders if exclusive else not self._waiting_exclusive)


_process = SharedExclusiveLock()
"""Held by every call that this worker process has in work."""


@dataclass(frozen=True)
class WorkerDied:
    """Instead of a result: the call had been begun before, on a worker that died."""


def run_once(
    token: str, alone: bool, requirements: Requirements, call: Callable, *arguments: object
) -> object:
    """Do a call, on a worker, unless it has been begun before; returns its result, or `WorkerDied`.

    Parameters
    ----------
    token
        The name of this attempt on the scheduler, where the mark that it was begun outlives the worker.
    alone
        Whether the worker process does nothing else of ours meanwhile.
    requirements
        What the worker must have.
    call, arguments
        The function, and what it is called with.
    """
    check_requirements(requirements)
    reuse_memory()
    begun = Event(token)
    if begun.is_set():
        # It stays set: this answer may be lost with its worker too, and the question come again.
        return WorkerDied()
    with _process.held(exclusive=alone):
        begun.set()
        try:
            return call(*arguments)
        finally:
            begun.clear()


class _Client(Client):
    """Dask's client, which closes itself where it cannot start.

    Dask leaves that to the garbage collector; if it comes by while the next client starts, both want one lock
    and wait for ever (seen with distributed 2026.8, after an address with an unknown scheme).
    """

    def start(self, **options: Any) -> None:
        try:
            super().start(**options)
        except BaseException:
            self.close()
            raise


def _connect(address: str) -> Client:
    """Connect to a scheduler; raises OSError or ValueError if none answers in time."""
    answer: Future[Client] = Future()

    def ask() -> None:
        try:
            answer.set_result(_Client(address, timeout=CONNECT_SECONDS, set_as_default=False))
        except BaseException as error:
            answer.set_exception(error)

    threading.Thread(target=ask, name="connect", daemon=True).start()
    return answer.result(timeout=ANSWER_SECONDS)


class Cluster(Executor):
    """The workers of a Dask scheduler as an executor; use it as a context manager.

    Dask's own (``Client.get_executor``) never ends a future whose result was lost with its worker before it
    could be fetched and whose repetition fails: the exception stays in its event loop, and who waits for the
    future waits for ever (seen with distributed 2026.8). Hence this one, on ``Client.submit``.

    Parameters
    ----------
    address
        The address of the scheduler, such as ``tcp://10.0.0.5:8786``.
    folder
        The music, which every worker must see under this path.

    Raises
    ------
    UserError
        If no scheduler answers there.
    """

    def __init__(self, address: str, folder: Path) -> None:
        # Its reports on a lost connection say less than the one line that ends the run.
        logging.getLogger("distributed.client").setLevel(logging.CRITICAL)
        self._address, self._requirements = address, Requirements.here(str(folder))
        try:
            self._client = _connect(address)
        except (OSError, ValueError) as error:
            why = error if str(error) else f"nothing within {ANSWER_SECONDS} s"
            raise UserError(
                f"no scheduler answers at {address} ({why}); start one with: python -m dask scheduler"
            ) from error
        self._fetchers = ThreadPoolExecutor(FETCHERS, thread_name_prefix="fetch")
        self._slots = self._count()

    def slots(self) -> int:
        """Calls that the workers can have in work at once, as of a moment ago; 1 while there are none."""
        if self._counted.seconds > COUNT_EVERY:
            before, self._slots = self._slots, self._count()
            if bool(before) != bool(self._slots):
                note(self.describe())
        return max(self._slots, 1)

    def describe(self) -> str:
        """Say who is there to work."""
        if not self._slots:
            return (
                f"no worker at {self._address}; start one in this project's folder: "
                f"python -m dask worker {self._address}"
            )
        return f"cluster at {self._address}: {count(self._slots, 'song')} at a time"

    def _count(self) -> int:
        """Threads of all workers.

        Raises
        ------
        UserError
            If the scheduler has gone.
        """
        self._counted = Stopwatch()
        try:
            if self._client.status == "running":
                return sum(self._client.nthreads().values())
        except OSError:
            pass
        raise self._gone()

    def _gone(self) -> UserError:
        return UserError(
            f"the scheduler at {self._address} has gone; finished songs are kept: start it and its workers "
            "again, then run the same command"
        )

    def submit(self, call: Callable, /, *arguments: Any, **options: Any) -> Future:
        """Have a call done by some worker.

        Parameters
        ----------
        call
            A function of a module; its result must survive pickling.
        arguments, options
            What it is called with, by position and by name; they must survive pickling too.

        Returns
        -------
        Future
            Raises what the call raises, `Crashed` if it took its worker down too often, and `UserError` if
            the scheduler has gone or a worker is unfit.
        """
        job = _Job((functools.partial(call, **options) if options else call, *arguments))
        self._attempt(job)
        return job.promise

    def _attempt(self, job: _Job) -> None:
        attempt = self._client.submit(
            run_once, job.token, job.deaths > 0, self._requirements, *job.call, pure=False
        )
        attempt.add_done_callback(lambda attempt: self._fetchers.submit(self._settle, job, attempt))

    def _settle(self, job: _Job, attempt: DaskFuture) -> None:
        """Hand an attempt's end on to who waits for it, or try again; runs in one of the fetchers."""
        if job.promise.cancelled():
            return
        try:
            result = attempt.result()
        except KilledWorker:
            self._retry_blamed(job)
        except (CancelledError, CommClosedError):
            job.fail(self._gone())
        except BaseException as error:
            # As in any executor: whatever a call raises is for who waits for it.
            job.fail(error)
        else:
            if isinstance(result, WorkerDied):
                self._retry_after_death(job)
            else:
                job.finish(result)

    def _retry_blamed(self, job: _Job) -> None:
        """Try again what Dask blames for a death; the token tells if it had been begun or just waited."""
        job.blames += 1
        if job.blames <= MAX_BLAMES:
            self._attempt(job)
        else:
            job.fail(
                UserError("workers die before they begin a song; see what they print, then run this again")
            )

    def _retry_after_death(self, job: _Job) -> None:
        """Count a death, and try again if it was not the last chance."""
        job.deaths, job.token = job.deaths + 1, _new_token()
        if job.deaths < MAX_DEATHS:
            self._attempt(job)
        else:
            job.fail(Crashed(f"{MAX_DEATHS} worker processes died while it was in work"))

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = True) -> None:
        """Leave the cluster: what is waiting there is dropped, what is in work is finished for nobody."""
        self._client.close()
        self._fetchers.shutdown()


def _new_token() -> str:
    return f"begun-{uuid.uuid4().hex}"


@dataclass(eq=False)
class _Job:
    """A call, what became of it so far, and the future of who waits for it.

    ``deaths`` counts workers that died while it was in work, ``blames`` how often Dask gave it up for that
    or for having waited where a worker died.
    """

    call: tuple
    promise: Future = field(default_factory=Future)
    token: str = field(default_factory=_new_token)
    deaths: int = 0
    blames: int = 0

    def finish(self, result: object) -> None:
        if self.promise.set_running_or_notify_cancel():
            self.promise.set_result(result)

    def fail(self, error: BaseException) -> None:
        if self.promise.set_running_or_notify_cancel():
            self.promise.set_exception(error)
