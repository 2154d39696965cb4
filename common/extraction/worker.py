"""What a worker does with one file, be it a thread here or a process on another machine.

Conventions: a file that fails is a `Failure`, never an exception. Everything here can be pickled.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from common import song
from common.console import Check
from common.decoders import AudioError
from common.song import ContentHash, Song, Stamp, take_stamp


@dataclass(frozen=True)
class Failure:
    """Why a file did not become a song: a key of ``decoders.KINDS``, and a reason in words."""

    kind: str
    reason: str


@dataclass(frozen=True)
class Outcome:
    """What a worker found out about a file.

    Attributes
    ----------
    path
        The audio file that was worked on.
    stamp
        The file as it was before it was read; None if it could not be, or not to the end.
    result
        The song, the failure, or None where the content is known already.
    """

    path: Path
    stamp: Stamp | None
    result: Song | Failure | None


class Stopped(Exception):  # noqa: N818 - it reports a wish, not an error
    """The run was asked to end while a file was in work."""


class Crashed(Exception):  # noqa: N818 - it reports a fact about a file
    """The process that had a call in work died, and died again when the call was repeated."""


class StopFlag:
    """Asks the threads of this process to end their work; a copy in another process is never set."""

    def __init__(self) -> None:
        self._set = threading.Event()

    def set(self) -> None:
        """Ask them."""
        self._set.set()

    def __call__(self) -> None:
        if self._set.is_set():
            raise Stopped

    def __reduce__(self) -> tuple[type, tuple[()]]:
        return type(self), ()


Work = Callable[[Path, frozenset[ContentHash], Check], Outcome]
"""What a worker does with a file; `analyse` but for tests and benchmarks."""


def analyse(path: Path, known: frozenset[ContentHash], check: Check) -> Outcome:
    """Turn one file into a song, or a failure that says why not.

    Parameters
    ----------
    path
        The audio file to analyse.
    known
        The contents that are not computed again.
    check
        A function called between blocks of work; what it raises ends the work.
    """
    check()
    stamp = None
    try:
        stamp = take_stamp(path)
        found = None if stamp.content in known else song.analyse(path, check, stamp).song
    except AudioError as error:
        return Outcome(path, None if error.of_system else stamp, Failure(error.kind, error.reason))
    return Outcome(path, stamp, found)


def package_versions() -> dict[str, str]:
    """Versions of the libraries that songs are read with: with others, last digits may differ.

    The optional ``av`` is among them only where it is installed.
    """
    versions = {}
    for name in ("av", "mutagen", "numba", "numpy", "scipy", "soundfile", "soxr"):
        with contextlib.suppress(PackageNotFoundError):
            versions[name] = version(name)
    return versions
