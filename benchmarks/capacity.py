"""What do stages 2, 3 and 4 cost with 1 000, 10 000 and 100 000 songs, and how does it grow?

Libraries are generated (`benchmarks.libraries`), without audio, so stage 2 draws its maps but no journey.
Every step runs in a process of its own, so that its peak memory is its own; seconds of a command are those
of the whole command, start included. The maps' layouts are measured without the sample that stage 2 takes
of a large library, because that is what shows how they grow. Before all, a small library is worked through,
so that everything is compiled.

Run     python -m benchmarks.capacity [--songs 1000 10000 100000] [--genres 10] [--keep DIR]
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.processes import measure
from common.console import note
from common.paths import PROJECT
from common.text import count, table

if TYPE_CHECKING:
    from common.library import Library
    from common.paths import Paths

N_NEAREST, N_QUERIES = 10, 20
WARMING = (40, 2)
"""Songs and genres of the library that is worked through first."""


def get_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--songs", type=int, nargs="+", default=[1000, 10_000, 100_000], metavar="N")
    parser.add_argument("--genres", type=int, default=10, metavar="N", help="(default: 10)")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="work here and leave everything behind")
    parser.add_argument("--step", choices=STEPS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    return parser


# --- steps that run in a process of their own --------------------------------------------------------


def make(folder: Path, n_songs: int, n_genres: int) -> dict[str, float]:
    from benchmarks.libraries import write_library

    write_library(_paths(folder), n_songs, n_genres)
    return {}


def load(folder: Path, *_: int) -> dict[str, float]:
    return {"load the library": _timed(lambda: _library(folder))}


def search(folder: Path, *_: int) -> dict[str, float]:
    """Seconds to build the space and, warm, of the median query."""
    import numpy as np

    from benchmarks.search import seconds
    from common.search import nearest, spaces

    songs, built = _library(folder), []
    name, paths = spaces.DEFAULT_SPACE, _paths(folder)
    found = {"prepare the search": _timed(lambda: built.append(spaces.build(name, songs, paths)))}
    queries = np.random.default_rng(1).integers(len(songs), size=N_QUERIES)
    times = seconds(lambda query: nearest.search(built[0], query, N_NEAREST), queries)
    return {**found, f"the {N_NEAREST} nearest songs": float(np.median(times))}


def neighbours(folder: Path, *_: int) -> dict[str, float]:
    """Exact neighbours of every song, kept for the layouts."""
    import numpy as np

    from common import arrays
    from common.maps import projection

    values = _library(folder).standardised
    near: list[np.ndarray] = []
    found = _timed(lambda: near.extend(arrays.neighbours(values, projection.NEIGHBOURS)))
    np.savez(folder / "near.npz", *near)
    return {"map: neighbours of all": found}


def layout_2d(folder: Path, *_: int) -> dict[str, float]:
    return _layout(folder, 2)


def layout_3d(folder: Path, *_: int) -> dict[str, float]:
    return _layout(folder, 3)


def _layout(folder: Path, dimensions: int) -> dict[str, float]:
    import numpy as np

    from common.maps import projection

    values = _library(folder).standardised
    with np.load(folder / "near.npz") as arrays:
        near = (arrays["arr_0"], arrays["arr_1"])
    projection.import_umap()
    return {f"map: UMAP in {dimensions}D": _timed(lambda: projection.project(values, near, dimensions))}


def _paths(folder: Path) -> Paths:
    from common.paths import Paths

    return Paths(folder / "data", folder / "outputs")


def _library(folder: Path) -> Library:
    from common import library

    return library.load(_paths(folder))


def _timed(task: Callable[[], object]) -> float:
    start = time.perf_counter()
    task()
    return time.perf_counter() - start


STEPS: dict[str, Callable[..., dict[str, float]]] = {
    step.__name__: step for step in (make, load, search, neighbours, layout_2d, layout_3d)
}

FIRST_SONG = "Some Artist 0 - A Song Title of Usual Length 0"

COMMANDS = {
    "stage 2, the command": ["02_embedding_journey.py"],
    "stage 3, the command": ["03_genre_classifier.py"],
    "stage 4, search": ["04_similarity_search.py", "search", FIRST_SONG],
    "stage 4, genres": ["04_similarity_search.py", "genres"],
}
"""What is run as a user runs it."""


# --- one size, all sizes -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Cost:
    """Seconds, and the largest resident size in MB of the process (None of a part of one)."""

    seconds: float
    peak_mb: float | None


def run_step(step: str, folder: Path, n_songs: int, n_genres: int) -> dict[str, Cost]:
    """Run one of `STEPS` in a process of its own; the last thing it times has the peak."""
    asked = [sys.executable, "-m", "benchmarks.capacity", "--step", step, "--folder", folder]
    used = measure([*asked, "--songs", n_songs, "--genres", n_genres])
    *parts, last = json.loads(used.output).items() or [(step, used.seconds)]
    return {name: Cost(seconds, None) for name, seconds in parts} | {last[0]: Cost(last[1], used.peak_mb)}


def cost_of(folder: Path, n_songs: int, n_genres: int) -> dict[str, Cost]:
    """Cost of every step and command with a library of this size."""
    run_step("make", folder, n_songs, n_genres)
    found: dict[str, Cost] = {}
    for step in list(STEPS)[1:]:
        found |= run_step(step, folder, n_songs, n_genres)
        note(f"{n_songs} songs, {step}: done")
    folders = ["--data", folder / "data", "--outputs", folder / "outputs"]
    for name, (script, *words) in COMMANDS.items():
        used = measure([sys.executable, PROJECT / script, *folders, *words], quiet=True)
        found[name] = Cost(used.seconds, used.peak_mb)
        note(f"{n_songs} songs, {name}: {used.seconds:.0f} s, {used.peak_mb:.0f} MB")
    return found


def disk(folder: Path) -> dict[str, float]:
    """Megabytes of what lies on disk, by what it is."""
    kinds = {
        "embeddings": "data/processed/embeddings.npy",
        "metadata": "data/processed/metadata.pkl",
        "rows of the search": "data/processed/spaces/*",
        "a map's page": "outputs/html/map_2d.html",
        "the other pages": "outputs/html/[!mp]*",
        "pictures": "outputs/plots/*",
        "reports": "outputs/reports/*",
        "the classifier": "outputs/models/*",
    }
    return {
        kind: sum(file.stat().st_size for file in folder.glob(pattern)) / 1e6
        for kind, pattern in kinds.items()
    }


def growth(sizes: Sequence[int], values: Sequence[float | None]) -> str:
    """Exponent with which a value grows from the first to the last size: 1 is in proportion."""
    first, last = values[0], values[-1]
    if len(sizes) < 2 or not first or not last:
        return "–"
    return f"{math.log(last / first) / math.log(sizes[-1] / sizes[0]):.2f}"


def _short(value: float | None) -> str | None:
    if value is None:
        return None
    return f"{value:.3f}" if value < 1 else f"{value:.1f}" if value < 100 else f"{value:.0f}"


def report(sizes: list[int], n_genres: int, folder: Path) -> None:
    """Measure all sizes and print three tables: seconds, peak memory, disk."""
    cost_of(folder / "warming", *WARMING)
    costs = {n: cost_of(folder / str(n), n, n_genres) for n in sizes}
    disks = {n: disk(folder / str(n)) for n in sizes}
    headers = [*(count(n, "song") for n in sizes), "growth", "at the end"]
    steps = list(costs[sizes[0]])
    seconds = {step: [costs[n][step].seconds for n in sizes] for step in steps}
    peaks = {step: [costs[n][step].peak_mb for n in sizes] for step in steps}
    space = {kind: [disks[n][kind] for n in sizes] for kind in disks[sizes[0]]}
    for what, rows in (("seconds", seconds), ("peak MB", peaks), ("MB on disk", space)):
        lines = [
            [name, *map(_short, values), growth(sizes, values), growth(sizes[-2:], values[-2:])]
            for name, values in rows.items()
            if values[-1] is not None
        ]
        print(table([what, *headers], lines, right=" " + "r" * len(headers)) + "\n", flush=True)
    print(
        "growth: cost ~ songs to this power, from the first size to the last, and at the end between the "
        "last two, where starting up hides less; 1 is in proportion"
    )


def main() -> int:
    arguments = get_parser().parse_args()
    if arguments.step:
        found = STEPS[arguments.step](arguments.folder, arguments.songs[0], arguments.genres)
        print(json.dumps(found))
    elif arguments.keep:
        report(arguments.songs, arguments.genres, arguments.keep)
    else:
        with tempfile.TemporaryDirectory() as folder:
            report(arguments.songs, arguments.genres, Path(folder))
    return 0


if __name__ == "__main__":
    sys.exit(main())
