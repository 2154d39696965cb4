"""What a cluster costs and brings: a scheduler and two worker processes on this machine.

Run     python -m benchmarks.cluster [--songs 100000]

First files of a few bytes pass through, with a stub in the place of the extractor: how many songs a second
one driver and one scheduler manage, how many are under way at once, and whether the driver's memory grows.
Then real extraction: songs of noise and a chord, by one thread, by two threads, and by two worker processes.
"""

from __future__ import annotations

import argparse
import contextlib
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import soundfile

from benchmarks.bookkeeping import work, write_files
from benchmarks.machines import Machines
from common.audio import find_songs
from common.console import Stopwatch
from common.extraction.cluster import Cluster
from common.extraction.run import Known, Threads, Workers, extract_all
from common.extraction.store import Store
from common.extraction.worker import Outcome, Work, analyse
from common.layout import SAMPLE_RATE
from common.song import warm_up
from common.text import table

PROCESSES = 2
SONGS, SECONDS = 32, 120
"""Of the real extraction."""


def get_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--songs", type=int, default=100_000, metavar="N")
    return parser


class Counting:
    """Other workers, counting how many calls are under way."""

    def __init__(self, workers: Workers) -> None:
        self._workers, self.most = workers, 0
        self._under_way: set[Future] = set()

    def submit(self, call: Callable, /, *arguments: Any) -> Future:
        future = self._workers.submit(call, *arguments)
        self._under_way.add(future)
        future.add_done_callback(self._under_way.discard)
        self.most = max(self.most, len(self._under_way))
        return future

    def slots(self) -> int:
        return self._workers.slots()


@contextlib.contextmanager
def local_cluster(folder: Path) -> Iterator[Cluster]:
    """A scheduler and worker processes of one thread each."""
    machines = Machines()
    try:
        machines.start_scheduler()
        machines.start_workers(PROCESSES)
        machines.wait_for(PROCESSES)
        with Cluster(machines.address, folder) as cluster:
            yield cluster
    finally:
        machines.stop()


def extract(
    music: Path, workers: Workers, job: Work, on_outcome: Callable[[Outcome], None] = lambda outcome: None
) -> float:
    """Seconds that a whole folder takes."""
    files, watch = find_songs(music), Stopwatch()
    with tempfile.TemporaryDirectory() as data, Store(Path(data) / "store.sqlite") as store:
        extract_all(files, store, workers, Known(frozenset(), {}), on_outcome, job)
    return watch.seconds


def report_throughput(folder: Path, n_songs: int) -> None:
    """Print what one driver and one scheduler manage, and what the driver's memory does."""
    write_files(folder, range(n_songs))
    process, resident, done = psutil.Process(), [], 0

    def note_memory(outcome: Outcome) -> None:
        nonlocal done
        if done % (n_songs // 10) == 0:
            resident.append(process.memory_info().rss)
        done += 1

    with local_cluster(folder) as cluster:
        counting = Counting(cluster)
        seconds = extract(folder, counting, work, note_memory)
    print(f"{n_songs} songs with a stub: {n_songs / seconds:.0f} a second, at most {counting.most} under way")
    print(
        f"driver's memory, MB, when the loop starts and after each tenth: {np.round(resident, -6) // 10**6}"
    )
    print(
        f"growth per song after the first tenth: {(resident[-1] - resident[1]) / (0.8 * n_songs):.0f} bytes\n"
    )


def write_songs(folder: Path) -> None:
    rng, time = np.random.default_rng(0), np.arange(SECONDS * SAMPLE_RATE) / SAMPLE_RATE
    chord = sum(np.sin(2 * np.pi * frequency * time) for frequency in (220, 277.2, 329.6)) / 6
    for number in range(SONGS):
        song = chord * np.sin(2 * np.pi * (1 + number / 10) * time) + rng.normal(0, 0.02, time.size)
        soundfile.write(folder / f"{number:02d}.flac", song, SAMPLE_RATE)


def report_speed(folder: Path) -> None:
    """Print how long the same songs take threads and a cluster."""
    write_songs(folder)
    warm_up()
    seconds = {}
    for workers in (1, PROCESSES):
        with Threads(workers) as threads:
            seconds[f"threads: {workers}"] = extract(folder, threads, analyse)
    with local_cluster(folder) as cluster:
        for when in ("first", "again"):
            seconds[f"processes: {PROCESSES}, {when}"] = extract(folder, cluster, analyse)
    one = seconds["threads: 1"]
    rows = [(who, f"{taken:.1f}", f"{one / taken:.2f}") for who, taken in seconds.items()]
    print(table((f"{SONGS} songs of {SECONDS} s", "seconds", "against one thread"), rows, right=" rr"))


def main() -> int:
    arguments = get_parser().parse_args()
    for what in (lambda folder: report_throughput(folder, arguments.songs), report_speed):
        folder = Path(tempfile.mkdtemp(prefix="cluster-"))
        try:
            what(folder)
        finally:
            shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
