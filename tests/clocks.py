"""A bound on the processor time of what could take for ever."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def processor_seconds(most: float) -> Iterator[None]:
    """Assert that the block takes this thread at most so many seconds.

    What earlier tests left in memory is hidden from the garbage collector meanwhile: walking along it would
    be counted, seconds late in a long run. Bounds leave room for a machine at a third of its pace.
    """
    gc.freeze()
    start = time.thread_time()
    try:
        yield
    finally:
        taken = time.thread_time() - start
        gc.unfreeze()
    assert taken < most, f"{taken:.1f} s, {most:g} at most"
