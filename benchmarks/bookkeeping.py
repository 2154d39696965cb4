"""What stage 1 costs besides analysing: 100 000 files, made-up embeddings.

Run     python -m benchmarks.bookkeeping [--songs 100000]

The files hold a few bytes each. First all of them pass through stage 1's loop with a stub in the place of
the extractor, which shows what the driver can take in and whether its memory grows. Then the same command
meets files it knows: finding out that nothing is new, and writing the artifacts, have a budget of 10 s each.
Finally a single new file is added.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
import psutil

from common.audio import find_songs
from common.console import Check, Stopwatch
from common.extraction import assemble
from common.extraction.assemble import Extraction
from common.extraction.run import Known, Threads, extract_all
from common.extraction.store import Store
from common.extraction.worker import Outcome
from common.fingerprint.sequences import (
    CHROMA_FRAMES,
    FRAME_RATE,
    PEAKS_PER_SECOND,
    Chroma,
    Peaks,
    Sequences,
)
from common.layout import N_FEATURES
from common.library import READING_COLUMNS
from common.paths import Paths
from common.song import ContentHash, Song, Stamp, take_stamp
from common.tags import Tags
from common.text import table

BUDGET = 10.0
N_GENRES = 20
WORKERS = 4
T = TypeVar("T")


def get_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--songs", type=int, default=100_000, metavar="N")
    return parser


def made_up_song(stamp: Stamp) -> Song:
    """A song that follows from a file's hash, with tags of usual length."""
    seed = int(stamp.content[:16], 16)
    rng = np.random.default_rng(seed)
    embedding = rng.random(N_FEATURES, dtype=np.float32)
    tags = Tags(
        f"Some Artist {seed % 9973}", "A Song Title of Usual Length", "The Last Album", "2001", "Trance"
    )
    readings = dict.fromkeys(READING_COLUMNS) | {"bpm": 120.0 + seed % 30, "unknown": {}}
    seconds = 200 + seed % 100
    levels = rng.integers(0, 16, (round(seconds * FRAME_RATE / CHROMA_FRAMES), 12), dtype=np.uint8)
    points = np.sort(rng.integers(0, 2**31, PEAKS_PER_SECOND * seconds, dtype=np.uint32))
    sequences = Sequences(Chroma(levels, CHROMA_FRAMES), Peaks(points))
    return Song(stamp, embedding, float(seconds), 44_100, 2, tags, readings, sequences)


def work(path: Path, known: frozenset[ContentHash], check: Check) -> Outcome:
    """Read and hash a file as the extractor does, and make the rest up."""
    check()
    stamp = take_stamp(path)
    return Outcome(path, stamp, None if stamp.content in known else made_up_song(stamp))


def write_files(folder: Path, numbers: range) -> None:
    genres = [folder / f"GENRE {k:02d}" for k in range(N_GENRES)]
    for genre in genres:
        genre.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        song = genres[number % N_GENRES] / f"Some Artist {number // 12} - A Song Title {number}.mp3"
        song.write_bytes(b"%d" % number * (1 + number % 500))


class Driver:
    """Stage 1 without its command line, a step at a time."""

    def __init__(self, folder: Path) -> None:
        self.music, self.paths = folder / "music", Paths(folder / "data", folder / "outputs")
        self.resident: list[int] = []

    def extract(self, store: Store) -> Extraction:
        """From the folder to a result per file; notes the process's memory on the way."""
        files = find_songs(self.music)
        known = Known(store.contents(), store.failures())
        process, every = psutil.Process(), max(len(files) // 10, 1)
        done = 0

        def note_memory(outcome: Outcome) -> None:
            nonlocal done
            if done % every == 0:
                self.resident.append(process.memory_info().rss)
            done += 1

        with Threads(WORKERS) as threads:
            results = extract_all(files, store, threads, known, note_memory, work)
        self.resident.append(process.memory_info().rss)
        return Extraction(self.music, files, results)

    def write(self, store: Store, extraction: Extraction) -> None:
        assemble.save(self.paths, assemble.make_library(extraction, store, "folder"), extraction)


def timed(step: Callable[[], T]) -> tuple[float, T]:
    watch = Stopwatch()
    result = step()
    return watch.seconds, result


def report(n_songs: int, folder: Path) -> int:
    """Print what each part takes; 1 if one exceeds its budget."""
    driver = Driver(folder)
    write_files(driver.music, range(n_songs))
    with Store(driver.paths.store) as store:
        first, _ = timed(lambda: driver.extract(store))
        resident = np.array(driver.resident) / 1e6
        again, extraction = timed(lambda: driver.extract(store))
        write, _ = timed(lambda: driver.write(store, extraction))
        write_files(driver.music, range(n_songs, n_songs + 1))
        one_new, _ = timed(lambda: driver.extract(store))
    sizes = {path.name: path.stat().st_size / n_songs for path in sorted(driver.paths.processed.iterdir())}
    sizes["store.sqlite"] = driver.paths.store.stat().st_size / n_songs
    print(f"{n_songs} files, {WORKERS} threads\n")
    rows = [
        ("all new, extractor stubbed", f"{first:.1f}", f"{n_songs / first:.0f} songs a second"),
        ("nothing new", f"{again:.1f}", f"{again / BUDGET:.2f} of the budget"),
        ("one new", f"{one_new:.1f}", f"{one_new / again:.2f} of nothing new"),
        ("artifacts", f"{write:.1f}", f"{write / BUDGET:.2f} of the budget"),
    ]
    print(table(("step", "seconds", "which is"), rows, right=" r"))
    print(f"\ndriver's memory, MB, when the loop starts and after each tenth: {resident.round().astype(int)}")
    print(f"growth per song: {1e6 * (resident[-1] - resident[0]) / n_songs:.0f} bytes")
    print("bytes per song on disk: " + ", ".join(f"{name} {size:.0f}" for name, size in sizes.items()))
    return 1 if max(again, write) > BUDGET else 0


def main() -> int:
    arguments = get_parser().parse_args()
    folder = Path(tempfile.mkdtemp(prefix="bookkeeping-"))
    try:
        return report(arguments.songs, folder)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())
