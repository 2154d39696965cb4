"""How accurate is the genre classifier beside simpler ones, do its promises hold, and what does it cost?

With --data or --embeddings the songs there are judged, side by side: the accuracy of all contestants on the
same folds, calibration, the coverage of genre sets, how well flipped labels are found beside cleanlab, and
time. It ends with 1 if a simpler classifier is more accurate beyond the interval of the difference.

Without, time is measured on generated libraries (`benchmarks.libraries`), without audio: what stage 3 does
but for reading, drawing and writing. The budgets are 30 s for 300 songs and 90 s for 3000, in ten genres.
Seconds of the processor tell a busy machine from a slow program. One small library is worked through first,
so that imports are warm.

Run     python -m benchmarks.classifier [--songs 48 300 3000] [--genres 10]
        python -m benchmarks.classifier --data demo/data music/data --embeddings FOLDER
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

from benchmarks.contestants import is_behind, judge, of_library, of_table, side_by_side
from benchmarks.libraries import make_library
from common.classifier import judgement
from common.classifier.findings import find
from common.classifier.selection import AUTO_COMPONENTS
from common.classifier.songs import gather
from common.text import count, table

BUDGETS = {300: 30.0, 3000: 90.0}
"""Number of songs in ten genres -> seconds that stage 3 may take for them."""


def get_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--songs", type=int, nargs="+", default=[48, 300, 3000], metavar="N")
    parser.add_argument("--genres", type=int, default=10, metavar="N", help="(default: 10)")
    parser.add_argument(
        "--data", type=Path, nargs="+", default=[], metavar="DIR", help="judge these libraries"
    )
    parser.add_argument("--embeddings", type=Path, metavar="DIR", help="judge the songs of this folder, too")
    return parser


class Clock:
    """Seconds, and seconds of the processor, of every step."""

    def __init__(self) -> None:
        self.steps: dict[str, tuple[float, float]] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[SimpleNamespace]:
        """Measure what is done inside; what it yields takes the place of a progress bar."""
        start, cpu_start = time.perf_counter(), time.process_time()
        yield SimpleNamespace(update=lambda: None)
        self.steps[name] = time.perf_counter() - start, time.process_time() - cpu_start


def measure(n_songs: int, n_genres: int) -> dict[str, tuple[float, float]]:
    """Seconds of every step of stage 3, and those of the processor; the last step is all of it."""
    library, clock = make_library(n_songs, n_genres), Clock()
    with clock.step("all"):
        training = gather(library)
        judged = judgement.judge(training, AUTO_COMPONENTS, lambda way, _: clock.step(way))
        with clock.step("final model, SHAP values, reasons"):
            find(library, judged, None)
    return clock.steps


def report(sizes: list[int], n_genres: int) -> int:
    """Print seconds, and what they are of the budgets; 1 if the processor's exceed one."""
    measure(4 * n_genres, n_genres)
    late = False
    for n_songs in sizes:
        found = measure(n_songs, n_genres)
        seconds, cpu_seconds = found["all"]
        budget = BUDGETS.get(n_songs) if n_genres == 10 else None
        late |= budget is not None and cpu_seconds > budget
        what = f"{n_songs} songs in {n_genres} genres, {1000 * seconds / n_songs:.0f} ms per song"
        print(what if budget is None else f"{what}, {seconds / budget:.2f} of the {budget:.0f} s")
        rows = [
            (step, f"{one:.2f}", f"{cpu:.2f}", f"{one / seconds:.0%}") for step, (one, cpu) in found.items()
        ]
        print(table(("step", "seconds", "of the processor", "of all"), rows, right=" rrr") + "\n", flush=True)
    return 1 if late else 0


def main() -> int:
    arguments = get_parser().parse_args()
    sets = {folder.absolute().parent.name if folder.name == "data" else folder.name: of_library(folder)
            for folder in arguments.data}  # fmt: skip
    if arguments.embeddings:
        sets["embeddings"] = of_table(arguments.embeddings)
    if not sets:
        return report(arguments.songs, arguments.genres)
    behind = False
    for name, training in sets.items():
        judged = judge(training)
        print(side_by_side(f"{name}, {count(len(training), 'song')}", judged) + "\n", flush=True)
        behind |= is_behind(judged)
    return 1 if behind else 0


if __name__ == "__main__":
    sys.exit(main())
