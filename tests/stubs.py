"""What cluster workers do instead of extracting, in tests: quick, slow or deadly by file name."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import numpy as np

from common.audio import Check, Tags
from common.extraction import Outcome
from common.layout import N_FEATURES
from common.store import Song, content_hash

SLOW_SECONDS = 1.0


def work(path: Path, known: frozenset[str], check: Check) -> Outcome:
    """Note the attempt in ``<file>.tries``, then take long, die, or both, and return a made-up song."""
    with open(f"{path}.tries", "a") as tries:
        tries.write("x")
    if "slow" in path.name:
        time.sleep(SLOW_SECONDS)
    if "deadly" in path.name:
        os.kill(os.getpid(), signal.SIGKILL)
    stat, content = path.stat(), content_hash(path)
    return Outcome(path, stat.st_size, stat.st_mtime_ns, made_up(content))


def made_up(content: str) -> Song:
    """A song that follows from a hash."""
    embedding = np.random.default_rng(int(content[:16], 16)).random(N_FEATURES, dtype=np.float32)
    return Song(content, embedding, 200.0, 44_100, 2, Tags())


def tries(path: Path) -> int:
    """How often a file was begun."""
    noted = Path(f"{path}.tries")
    return len(noted.read_text()) if noted.exists() else 0
