"""Are versions of songs found, are others taken for some, and how long does it take in a large library?

Every song is altered in the ways of `benchmarks.altered`, and what becomes of it is looked for among all
songs as they are: found is a song that is listed as more than the same chords, false every other. Then the
songs themselves are looked for among each other: what is listed are near-duplicates and shared themes. At
last a song is looked for in made-up libraries whose notes are random.

The thresholds were chosen on the 1st, 3rd, … of 46 real songs in the order of their names; the figures that
count are those of the others.

Run     python -m benchmarks.versions [MUSIC_DIR] [--songs 46] [--second-half] [--work DIR]
                                      [--sizes 1000 10000]

Without a folder, songs are composed as `make demo` does.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from argparse import Namespace
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.altered import altered, changes, songs_of
from benchmarks.libraries import write_library
from common.console import UserError, progress
from common.demo import files
from common.extraction.store import Store
from common.fingerprint.coincidence import SharedPeaks, shared_peaks
from common.fingerprint.sequences import (
    CHROMA_FRAMES,
    FRAME_RATE,
    LOUDEST_NOTE,
    MOST_PEAKS,
    SEQUENCES_VERSION,
    Chroma,
    Peaks,
    Sequences,
)
from common.fingerprint.versions import Alignment, Asked, Kind, align, kind_of
from common.layout import SAMPLE_RATE
from common.paths import Paths
from common.prompt.relating import find_versions
from common.prompt.session import Session
from common.song import ContentHash, Song, Stamp, analyse
from common.tags import Tags
from common.text import table

MINUTES = 4
"""Length of a made-up song."""

ROUNDS = 3


@dataclass(frozen=True)
class Listed:
    """A song that was listed for another: how the second runs beside the first, and what it is called."""

    one: Path
    other: Path
    alignment: Alignment
    peaks: SharedPeaks

    @property
    def kind(self) -> Kind:
        return kind_of(self.alignment, self.peaks)

    def sentence(self) -> str:
        found = self.alignment
        where = max(found.passages, key=lambda part: part.evidence)
        ends = [f"{end:.0f}" for end in (where.start, where.end, where.other_start, where.other_end)]
        return (
            f"{self.one.stem} | {self.other.stem}: {self.kind}, {found.semitones:+d} semitones, speed"
            f" {found.speed:.3f}, {ends[0]}–{ends[1]} s here is {ends[2]}–{ends[3]} s there, coverage"
            f" {found.coverage:.2f}, peaks {self.peaks.share:.2f}, {self.peaks.beyond:+.2f} beyond elsewhere"
        )


# --- finding versions --------------------------------------------------------------------------------


def sequences_of(path: Path, work: Path) -> Sequences:
    """The sequences of a file, kept between runs."""
    kept = work / f"sequences {SEQUENCES_VERSION}" / path.parent.name / f"{path.stem}.npz"
    if not kept.exists():
        heard = analyse(path).song.sequences
        assert heard is not None
        kept.parent.mkdir(parents=True, exist_ok=True)
        np.savez(kept, levels=heard.chroma.levels, frames=heard.chroma.frames, points=heard.peaks.points)
    with np.load(kept) as values:
        return Sequences(Chroma(values["levels"], int(values["frames"])), Peaks(values["points"]))


def listed(path: Path, heard: Sequences, library: dict[Path, Sequences]) -> list[Listed]:
    """Songs of a library that are listed for a song."""
    asked, found = Asked(heard.chroma), []
    for other, kept in library.items():
        alignment = align(asked, kept.chroma)
        if alignment:
            peaks = shared_peaks(heard.peaks, kept.peaks, alignment.passages, alignment.semitones)
            found.append(Listed(path, other, alignment, peaks))
    return found


def relatives(library: dict[Path, Sequences]) -> list[Listed]:
    """What is listed for the songs themselves, each pair once."""
    names, found = list(library), []
    for number, path in enumerate(names):
        rest = {other: library[other] for other in names[number + 1 :]}
        found += listed(path, library[path], rest)
    return found


def report_versions(halves: dict[Path, int], library: dict[Path, Sequences], work: Path) -> None:
    """One row per kind: how many songs are found in either half, what they are called, what else is.

    Parameters
    ----------
    halves
        The songs that are altered -> 0 for the 1st, 3rd, …, on which thresholds were chosen, 1 for others.
    library
        All songs as they are.
    work
        Where altered songs are kept.
    """
    alike = relatives(library)
    pairs = {frozenset((one.one, one.other)) for one in alike if one.kind != Kind.CHORDS}
    rows, false, totals = [], Counter[tuple[str, str, str]](), np.zeros((2, 4), int)
    for kind in changes():
        counts, called = np.zeros((2, 4), int), Counter[str]()
        with progress(len(halves), "song") as bar:
            for path, half in halves.items():
                found = listed(path, sequences_of(altered(path, kind, work), work), library)
                found = [one for one in found if one.kind != Kind.CHORDS]
                right = [one for one in found if one.other == path]
                wrong = [one for one in found if one.other != path]
                strange = [one for one in wrong if frozenset((path, one.other)) not in pairs]
                counts[half] += (1, len(right), len(wrong), len(strange))
                called.update(str(one.kind) for one in right)
                false.update((("1st", "2nd")[half], path.stem, one.other.stem) for one in wrong)
                bar.update()
        totals += counts
        names = ", ".join(f"{n} {name}" for name, n in called.most_common())
        rows.append((kind, *(f"{n[1]} of {n[0]}" for n in counts), names))
    print(table(("kind", "1st, 3rd … song", "2nd, 4th …", "called"), rows))
    for name, (asked, right, wrong, strange) in zip(("1st", "2nd"), totals.tolist(), strict=True):
        if not asked:
            continue
        print(
            f"{name} half: recall {right / asked:.3f}, precision {right / max(1, right + wrong):.3f};"
            f" {right / max(1, right + strange):.3f} without pairs that are alike as they are"
        )
    for (name, one, other), number in false.most_common():
        print(f"other song listed, {name} half, {number} of {len(changes())} kinds: {one} | {other}")
    for pair in alike:
        print(f"alike as they are: {pair.sentence()}")


# --- how long it takes -------------------------------------------------------------------------------


def made_up(rng: np.random.Generator) -> Sequences:
    """Chords of random notes, each for half a second to two, and random peaks."""
    n_steps = round(MINUTES * 60 * FRAME_RATE / CHROMA_FRAMES)
    lengths = rng.integers(2, 9, n_steps)
    chords = np.repeat(rng.random((n_steps, 12)) ** 3, lengths, axis=0)[:n_steps]
    levels = chords + 0.1 * rng.random(chords.shape)
    levels = np.rint(LOUDEST_NOTE * levels / levels.max(axis=1, keepdims=True)).astype(np.uint8)
    points = rng.choice(n_steps * CHROMA_FRAMES << 10, MOST_PEAKS - 1000, replace=False)
    return Sequences(Chroma(levels, CHROMA_FRAMES), Peaks(np.sort(points).astype(np.uint32)))


def write_songs(paths: Paths, n_songs: int) -> None:
    """A library of so many made-up songs, and the store that keeps their sequences."""
    made, rng = write_library(paths, n_songs), np.random.default_rng(0)
    with Store(paths.store) as store, progress(n_songs, "song") as bar:
        for row, path in enumerate(made.paths):
            stamp = Stamp(Path(path), 1, 1, ContentHash(f"{row:064d}"))
            heard = made_up(rng)
            song = Song(stamp, made.embeddings[row], 60.0 * MINUTES, SAMPLE_RATE, 2, Tags(), {}, heard)
            store.record(stamp, song)
            bar.update()


def report_time(sizes: Sequence[int]) -> None:
    """Seconds of `versions` at the prompt, once the library is loaded."""
    rows = []
    for n_songs in sizes:
        with tempfile.TemporaryDirectory() as folder:
            paths = Paths(Path(folder) / "data", Path(folder) / "outputs")
            write_songs(paths, n_songs)
            session = Session(paths)
            names, spent = session.library.names, []
            find_versions(session, Namespace(song=[names[0]]))
            for name in names[1 : 1 + ROUNDS]:
                wall, cpu = time.perf_counter(), time.process_time()
                find_versions(session, Namespace(song=[name]))
                spent.append((time.perf_counter() - wall, time.process_time() - cpu))
            wall, cpu = np.median(spent, axis=0)
            rows.append((n_songs, f"{cpu:.2f}", f"{wall:.2f}", f"{1000 * cpu / n_songs:.2f}"))
    print(table(("songs", "CPU s", "seconds", "CPU ms per song"), rows, right="rrrr"))


def get_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("music", nargs="?", type=Path, metavar="MUSIC_DIR", help="songs of yours")
    parser.add_argument("--songs", type=int, help="how many are altered (default: all)")
    parser.add_argument("--second-half", action="store_true", help="alter only songs that count")
    parser.add_argument("--work", type=Path, metavar="DIR", help="where altered songs are kept between runs")
    parser.add_argument(
        "--sizes", type=int, nargs="*", default=[1000, 10_000], help="of made-up libraries; none: no times"
    )
    return parser


def main(argv: list[str] | None = None) -> int:
    arguments = get_parser().parse_args(argv)
    with tempfile.TemporaryDirectory() as folder, threadpool_limits(1, user_api="blas"):
        if arguments.music is None:
            files.write_library(Path(folder) / "music", 12)
        paths = sorted(songs_of(arguments.music or Path(folder) / "music"), key=lambda path: path.name)
        if len(paths) < 2:
            raise UserError("two songs are needed, and the folder has fewer that libsndfile decodes")
        work = arguments.work or Path(folder)
        library = {path: sequences_of(path, work) for path in paths}
        halves = {path: number % 2 for number, path in enumerate(paths[: arguments.songs])}
        if arguments.second_half:
            halves = {path: half for path, half in halves.items() if half}
        report_versions(halves, library, work)
    if arguments.sizes:
        report_time(arguments.sizes)
    return 0


if __name__ == "__main__":
    sys.exit(main())
