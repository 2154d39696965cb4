"""Time and peak memory of a command, in a process of its own.

Keep the process that measures small: where it is larger than the one it starts, its own size is what the
system reports (Linux carries the peak over when a process becomes another).
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Usage:
    """What a command took: wall seconds, CPU seconds, largest resident size in MB, and what it printed."""

    seconds: float
    cpu_seconds: float
    peak_mb: float
    output: str


def measure(command: Sequence[object], quiet: bool = False) -> Usage:
    """Run a command and measure it; there is nothing on its stdin.

    Parameters
    ----------
    command
        The program and its arguments, each of which is made a text.
    quiet
        Whether its stderr is thrown away.

    Raises
    ------
    SystemExit
        If it fails.
    """
    start = time.perf_counter()
    errors = subprocess.DEVNULL if quiet else None
    process = subprocess.Popen(
        list(map(str, command)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=errors,
        text=True,
        encoding="utf-8",
    )
    assert process.stdout  # a pipe was asked for
    with process.stdout:
        output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"failed: {' '.join(map(str, command))}")
    return Usage(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, output)
