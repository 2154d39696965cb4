"""Compiled code, kept for the next start: no two processes ever write into one cache.

Conventions
-----------
numba compiles a function when it is first called and caches the result in files. Processes that do so in
one folder can spoil it for good: every later process then dies of a segmentation fault without a word
(https://github.com/librosa/librosa/issues/1998, https://github.com/numba/numba/issues/10128), and a process
that dies between the two files of a function leaves an index that vouches for older code.

So every process has a cache folder of its own, filled from a common one when it starts; what it compiled is
added to the common one as a whole, under a lock, by renaming one file that names every other with its
SHA-256. What does not match is compiled again. Whoever imports something that numba compiles imports this
module first.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import hashlib
import os
import platform
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import filelock
import numba

from common.files import read_json, write_json

NAME = "music-embedding-analysis"

EXIT_PATIENCE = 5.0
"""Seconds that a process waits at its end to hand on what it compiled."""

_FUNCTION_FILE = re.compile(r"(.+)\.(?:nbi|\d+\.nbc)")
"""Names of a function's index and of its compiled versions."""

_BUILT_IN = ("lanes.py", "fourier.py")
"""Files whose functions become part of others' compiled code, which numba does not look at again for them."""

Files = dict[str, str]
"""Path inside a cache folder -> SHA-256 of the file."""


def _may_write(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _is_ours(folder: Path) -> bool:
    """Whether nobody else can put files there: what is read from a cache is run."""
    if not hasattr(os, "getuid"):
        return True
    found = folder.stat()
    return found.st_uid == os.getuid() and not found.st_mode & 0o022


@functools.cache
def common_folder() -> Path | None:
    """Where compiled code is kept; None where nothing can be kept.

    That is a folder in ``NUMBA_CACHE_DIR`` if it is set, in the user's caches, or in the system's folder for
    temporary files. It is one per Python environment; numba keeps sources of different folders apart.
    """
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path(os.path.expanduser("~/.cache"))) / NAME
    temporary = Path(tempfile.gettempdir()) / f"{NAME}-{os.getuid() if hasattr(os, 'getuid') else 'cache'}"
    installation = (
        sys.prefix,
        platform.python_version(),
        platform.machine(),
        numba.__version__,
        *(Path(__file__).with_name(name).read_text(encoding="utf-8") for name in _BUILT_IN),
    )
    name = hashlib.sha256("\n".join(installation).encode()).hexdigest()[:16]
    asked = os.environ.get("NUMBA_CACHE_DIR")
    for folder in [Path(asked)] if asked else [caches, temporary]:
        if _may_write(folder / name) and _is_ours(folder / name):
            return folder / name
    return None


def _vouched_for(folder: Path) -> tuple[Path, Files]:
    """The generation that is valid, and its files; nothing where there is none."""
    try:
        current = read_json(folder / "current.json")
        generation, files = folder / current["generation"], current["files"]
        return generation, {str(name): str(digest) for name, digest in files.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return folder, {}


def _function(name: str) -> str:
    """What the files of one function have in common; the name itself for any other file."""
    found = _FUNCTION_FILE.fullmatch(name)
    return found[1] if found else name


class _Cache:
    """The cache folder of this process.

    Attributes
    ----------
    folder
        The folder in which numba caches what this process compiles.
    was_filled
        Whether an earlier process had handed something on when this one began.
    """

    def __init__(self) -> None:
        _sweep()
        self.folder = Path(tempfile.mkdtemp(prefix=f"{NAME}-compiled-"))
        self._heal = False
        self._alive = filelock.FileLock(self.folder / ".lock")
        self._alive.acquire()
        self.take_over()
        self.was_filled = bool(_found(self.folder))

    def take_over(self) -> None:
        """Copy the functions of the common folder that are not here, as far as they are whole."""
        common = common_folder()
        if common is None:
            return
        generation, files = _vouched_for(common)
        here = {_function(name) for name in _found(self.folder)}
        wanted: dict[str, dict[str, bytes]] = {}
        for name, digest in files.items():
            if _function(name) not in here:
                wanted.setdefault(_function(name), {})[name] = _read_whole(generation / name, digest)
        for parts in wanted.values():
            self._heal |= not all(parts.values())
            if all(parts.values()):
                # The index first, as numba writes them; see `_is_whole`.
                for name in sorted(parts, reverse=True):
                    target = self.folder / name
                    target.parent.mkdir(exist_ok=True)
                    target.write_bytes(parts[name])

    def hand_on(self) -> None:
        """Add what was compiled here to the common folder; the lock is held."""
        common = common_folder()
        if common is None:
            return
        old, kept = _vouched_for(common)
        mine = {name: hashlib.sha256((self.folder / name).read_bytes()).hexdigest() for name in self._sound()}
        if mine.items() <= kept.items() and not self._heal:
            return
        functions = {_function(name) for name in mine}
        files = {name: digest for name, digest in kept.items() if _function(name) not in functions} | mine
        new = Path(tempfile.mkdtemp(prefix="generation-", dir=common))
        for name in files:
            (new / name).parent.mkdir(exist_ok=True)
            shutil.copyfile((self.folder if name in mine else old) / name, new / name)
        write_json(common / "current.json", {"generation": new.name, "files": files})
        for other in common.glob("generation-*"):
            if other != new:
                shutil.rmtree(other, ignore_errors=True)

    def _sound(self) -> list[str]:
        """Files of the functions that are whole."""
        functions: dict[str, list[str]] = {}
        for name in _found(self.folder):
            functions.setdefault(_function(name), []).append(name)
        return [name for names in functions.values() if _is_whole(self.folder, names) for name in names]

    def close(self) -> None:
        """Remove the folder."""
        self._alive.release()
        shutil.rmtree(self.folder, ignore_errors=True)


def _found(folder: Path) -> list[str]:
    """Paths of the functions' files inside a cache folder."""
    return [path.relative_to(folder).as_posix() for path in folder.glob("*/*.nb[ic]")]


def _is_whole(folder: Path, names: list[str]) -> bool:
    """Whether a function's code is at least as new as its index, which numba writes first."""
    index = [(folder / name).stat().st_mtime_ns for name in names if name.endswith(".nbi")]
    code = [(folder / name).stat().st_mtime_ns for name in names if name.endswith(".nbc")]
    return bool(index) and bool(code) and max(code) >= max(index)


def _read_whole(path: Path, digest: str) -> bytes:
    """A file's content; nothing if it is not what it should be."""
    try:
        content = path.read_bytes()
    except OSError:
        return b""
    return content if hashlib.sha256(content).hexdigest() == digest else b""


def _sweep() -> None:
    """Remove the folders of processes that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{NAME}-compiled-*"):
        lock = filelock.FileLock(folder / ".lock", blocking=False)
        with contextlib.suppress(OSError, filelock.Timeout):
            if (folder / ".lock").exists() and _is_ours(folder):
                lock.acquire()
                lock.release()
                shutil.rmtree(folder, ignore_errors=True)


@functools.cache
def _cache() -> _Cache:
    cache = _Cache()
    setattr(numba.config, "CACHE_DIR", str(cache.folder))  # noqa: B010 - it is made at run time
    atexit.register(_finish, cache)
    return cache


def _finish(cache: _Cache) -> None:
    with contextlib.suppress(OSError, filelock.Timeout), _lock(EXIT_PATIENCE):
        cache.hand_on()
    cache.close()


def _lock(timeout: float) -> contextlib.AbstractContextManager:
    common = common_folder()
    if common is None:
        return contextlib.nullcontext()
    return filelock.FileLock(common / "lock", timeout=timeout)


@contextlib.contextmanager
def one_at_a_time() -> Iterator[None]:
    """Compile in the block what other processes are not to compile as well: they wait, and get it.

    Nothing would break without it; it saves their time.
    """
    cache = _cache()
    with _lock(-1):
        cache.take_over()
        yield
        with contextlib.suppress(OSError):
            cache.hand_on()


def with_reason(text: str) -> str:
    """What is said of work that takes long, with the reason where nothing was compiled before this run."""
    return text if _cache().was_filled else f"{text}: the first run compiles for some ten seconds, once"


@contextlib.contextmanager
def left_uncompiled() -> Iterator[None]:
    """Leave the functions as plain Python that are defined in the block: for imports of what is never called.

    Source: numba's documentation of ``NUMBA_DISABLE_JIT``.
    """
    before = getattr(numba.config, "DISABLE_JIT")  # noqa: B009 - it is made at run time
    setattr(numba.config, "DISABLE_JIT", 1)  # noqa: B010
    try:
        yield
    finally:
        setattr(numba.config, "DISABLE_JIT", before)  # noqa: B010


_cache()

as_written = numba.njit(nogil=True, cache=True)
"""Compile a function that releases the interpreter's lock; its arithmetic stays in the written order."""

reordered = numba.njit(nogil=True, cache=True, fastmath={"reassoc", "contract", "nsz"})
"""The same for sums whose order no decision hangs on: the compiler may add in lanes."""
