"""How long do everyday answers take with 300 songs, beside Python's own start and the imports?

Every command runs in a process of its own, warm, several times; what is printed are medians of wall and CPU
seconds. The library is generated (`benchmarks.libraries`), but for the song that stage 2 draws, a demo song
of four minutes. The first run is that of stage 1 on one song where nothing has been compiled.

Run     python -m benchmarks.latency
"""

from __future__ import annotations

import os
import shutil
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.processes import measure
from common.paths import PROJECT, Paths
from common.text import table

N_SONGS, N_GENRES = 300, 4
ROUNDS = {"quick": 7, "slow": 3}
FIRST_SONG = "Some Artist 0 - A Song Title of Usual Length 0"

GOALS = {
    "one-shot search": 0.35,
    "prompt ready": 0.4,
    "stage 2": 12.0,
    "stage 3": 20.0,
    "first song of a first run": 15.0,
}
"""Seconds, on two processors without other work."""


def write_library(paths: Paths, audio_file: Path) -> None:
    """Write a library whose first song is an audio file."""
    from benchmarks.libraries import make_library
    from common import library

    made = make_library(N_SONGS, N_GENRES)
    made.columns["file_path"][0] = str(audio_file)
    library.save(paths, made, {"versions": {}, "songs": {}})


def commands(paths: Paths) -> dict[str, tuple[str, list[object]]]:
    """What is run: name -> how often (a key of `ROUNDS`), and the command."""
    folders = ["--data", paths.data, "--outputs", paths.outputs]
    stage = [PROJECT / f"0{n}_{name}.py" for n, name in ((2, "embedding_journey"), (3, "genre_classifier"))]
    search = PROJECT / "04_similarity_search.py"
    return {
        "Python itself": ("quick", ["-c", "pass"]),
        "import numpy": ("quick", ["-c", "import numpy"]),
        "imports of the search": ("quick", ["-c", "import common.prompt.session, common.search.nearest"]),
        "one-shot search": ("quick", [search, "search", FIRST_SONG, *folders]),
        "prompt ready": ("quick", [search, *folders]),
        "imports of the analysis": ("quick", ["-c", "import common.song"]),
        "import umap": ("slow", ["-c", "import common.compiled, umap"]),
        "stage 2": ("slow", [stage[0], *folders, "--song", FIRST_SONG]),
        "imports of the classifier": ("slow", ["-c", "import common.classifier.findings"]),
        "stage 3": ("slow", [stage[1], *folders]),
    }


def median_of(command: Sequence[object], rounds: int, outputs: Path) -> tuple[float, float]:
    """Median wall and CPU seconds of a Python command, after one run that is not counted.

    What stages made is removed before each: stage 2 would keep the layout of an earlier map.
    """
    used = []
    for _ in range(rounds + 1):
        shutil.rmtree(outputs, ignore_errors=True)
        used.append(measure([sys.executable, *command], quiet=True))
    used = used[1:]
    return statistics.median(u.seconds for u in used), statistics.median(u.cpu_seconds for u in used)


def first_run(audio_folder: Path, folder: Path) -> tuple[float, float]:
    """Wall and CPU seconds of stage 1 on one song, where nothing is compiled."""
    (folder / "nothing").mkdir()
    os.environ["NUMBA_CACHE_DIR"] = str(folder / "nothing")
    script = PROJECT / "01_feature_extraction.py"
    where = ["--data", folder / "first", "--outputs", folder / "first_outputs"]
    used = measure([sys.executable, script, audio_folder, *where], quiet=True)
    del os.environ["NUMBA_CACHE_DIR"]
    return used.seconds, used.cpu_seconds


def report(folder: Path) -> None:
    """Measure everything and print a table."""
    from benchmarks.formats import write_songs

    paths = Paths(folder / "data", folder / "outputs")
    (audio_file,) = write_songs(folder / "one song", ["MP3, 44.1 kHz"]).values()
    write_library(paths, audio_file)
    found = {
        name: median_of(command, ROUNDS[often], paths.outputs)
        for name, (often, command) in commands(paths).items()
    }
    found["first song of a first run"] = first_run(audio_file.parent, folder)
    rows = [
        (name, f"{wall:.2f}", f"{cpu:.2f}", f"{GOALS[name]:g}" if name in GOALS else "")
        for name, (wall, cpu) in found.items()
    ]
    print(table((f"{N_SONGS} songs, warm", "wall s", "CPU s", "goal, wall s"), rows, right="lrrr"))


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        report(Path(folder))
    return 0


if __name__ == "__main__":
    sys.exit(main())
