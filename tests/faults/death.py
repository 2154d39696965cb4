"""A process that dies at a given step of its writing: at a rename, a flush, a link, a removal of a file.

`dying_at` ends the block with `Died`, a BaseException that lets nothing be tidied up: afterwards every step
fails as well, as it does for a process that is no more.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

STEPS = ("replace", "rename", "fsync", "unlink", "open", "chmod", "mkdir", "link")
"""Functions of ``os`` after and before which a process may die; all of ours go through them."""


class Died(BaseException):
    """The process is no more."""


class Deaths:
    """Counts steps, and dies before one of them.

    Attributes
    ----------
    count
        Steps that were made.
    """

    def __init__(self, at: int | None) -> None:
        self.at, self.count = at, 0

    def step(self) -> None:
        if self.at is not None and self.count >= self.at:
            raise Died
        self.count += 1


@contextmanager
def dying_at(step: int | None) -> Iterator[Deaths]:
    """Let the block die before its n-th step; None lets it live and counts them."""
    deaths = Deaths(step)
    real = {name: getattr(os, name) for name in STEPS}

    def guarded(function):
        def call(*arguments, **options):
            deaths.step()
            return function(*arguments, **options)

        return call

    for name, function in real.items():
        setattr(os, name, guarded(function))
    try:
        yield deaths
    finally:
        for name, function in real.items():
            setattr(os, name, function)


if __name__ == "__main__":
    # python -m faults.death STEP SCRIPT ARGUMENTS…: run a stage and kill it with SIGKILL before a step.
    import runpy
    import signal

    wanted, script, *rest = sys.argv[1:]

    class Killed(Deaths):
        def step(self) -> None:
            if self.count >= int(wanted):
                os.kill(os.getpid(), signal.SIGKILL)
            self.count += 1

    Deaths = Killed  # type: ignore[misc]
    sys.argv = [script, *rest]
    with dying_at(int(wanted)) as steps:
        try:
            runpy.run_path(script, run_name="__main__")
        finally:
            print(f"steps: {steps.count}", file=sys.stderr)
