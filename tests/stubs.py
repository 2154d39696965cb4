"""What cluster workers do instead of extracting, in tests: quick, slow or deadly by file name."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from benchmarks.bookkeeping import made_up_song
from common.console import Check
from common.extraction.worker import Outcome
from common.song import ContentHash, take_stamp

SLOW_SECONDS = 1.0


def work(path: Path, known: frozenset[ContentHash], check: Check) -> Outcome:
    """Note the attempt in ``<file>.tries``, then take long, die, or both, and return a made-up song."""
    with open(f"{path}.tries", "a") as tries:
        tries.write("x")
    if "slow" in path.name:
        time.sleep(SLOW_SECONDS)
    if "deadly" in path.name:
        os.kill(os.getpid(), signal.SIGKILL)
    stamp = take_stamp(path)
    return Outcome(path, stamp, made_up_song(stamp))


def tries(path: Path) -> int:
    """How often a file was begun."""
    noted = Path(f"{path}.tries")
    return len(noted.read_text()) if noted.exists() else 0
