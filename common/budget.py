"""Memory that is shared out among the songs in work, so that together they stay within a bound.

Conventions: sizes are in bytes. Who has claimed memory keeps it until the block ends; who waits for it is
served in the order of coming.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from common.console import Check

_LOOK_AROUND = 0.2
"""Seconds after which a thread that waits looks whether it is to stop."""


class OutgrownError(Exception):
    """A claim has to grow, and every other claim waits to grow as well."""


class Budget:
    """Memory that several threads draw on.

    Parameters
    ----------
    total
        Bytes there are; a claim for more waits for ever, so it is not to be made.
    """

    def __init__(self, total: int) -> None:
        self.total = total
        self._free, self._claims, self._growing = total, 0, 0
        self._queue: deque[object] = deque()
        self._changed = threading.Condition()

    @contextmanager
    def claim(self, size: int, check: Check = lambda: None) -> Iterator[Claim]:
        """Wait for room, and hold it while the block lasts.

        Parameters
        ----------
        size
            Bytes, at most ``total``.
        check
            A function called while waiting; what it raises ends the wait.
        """
        claim = Claim(self, check)
        self._enter(claim, size, check)
        try:
            yield claim
        finally:
            self._leave(claim)

    def _enter(self, claim: Claim, size: int, check: Check) -> None:
        with self._changed:
            self._queue.append(claim)
            try:
                while self._queue[0] is not claim or self._free < size:
                    self._changed.wait(_LOOK_AROUND)
                    check()
                self._free -= size
                self._claims += 1
                claim.size = size
            finally:
                self._queue.remove(claim)
                self._changed.notify_all()

    def _leave(self, claim: Claim) -> None:
        with self._changed:
            self._free += claim.size
            self._claims -= 1
            self._changed.notify_all()

    def _resize(self, claim: Claim, size: int, check: Check) -> None:
        with self._changed:
            self._growing += 1
            try:
                while self._free < size - claim.size:
                    if self._growing == self._claims:
                        raise OutgrownError
                    self._changed.wait(_LOOK_AROUND)
                    check()
            finally:
                self._growing -= 1
            self._free -= size - claim.size
            claim.size = size
            self._changed.notify_all()


class Claim:
    """What one song holds of a `Budget`.

    Attributes
    ----------
    size
        The number of bytes that are held now; 0 before the first and after the last.
    """

    def __init__(self, budget: Budget, check: Check) -> None:
        self._budget, self._check, self.size = budget, check, 0

    def resize(self, size: int) -> None:
        """Hold another number of bytes, after waiting for them if they are more.

        Raises
        ------
        OutgrownError
            If waiting would never end.
        """
        self._budget._resize(self, size, self._check)


_CONTROL_GROUPS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


def machine_memory() -> int:
    """Bytes of memory that this process may come to use: the machine's, or less inside a container."""
    found = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")] if hasattr(os, "sysconf") else []
    for limit in _CONTROL_GROUPS:
        try:
            text = limit.read_text().strip()
        except OSError:
            continue
        if text.isdigit() and int(text) > 0:
            found.append(int(text))
    return min(found, default=8 << 30)
