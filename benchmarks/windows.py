"""Whether another part of the same song lands nearest to its own song, among all songs of a library.

Run     python -m benchmarks.windows [--data DIR]

The first half of every song stands for it. The windows of second halves, 10 s every 2 s, the way of
`common.maps.way`, look for the nearest first half in the default search space. Told is the top-1 share of
windows: as they are; and moved as a song's way is, by what all windows of that second half lack against the
second half as a whole, so that nothing is known of the first. The tempo, which is read from the whole song,
is the same for all. Songs' files must exist; each is analysed once.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from common import console
from common import library as libraries
from common.arrays import unit_rows
from common.layout import index_of
from common.library import Library
from common.maps.way import window_embeddings
from common.paths import PROJECT, Paths
from common.search import spaces
from common.song import analyse, excerpt_embedding
from common.text import table

TEMPO = 120.0
"""Beats per minute that every song and window is given, so that it says nothing of whose it is."""


def get_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--data", type=Path, default=PROJECT / "data", metavar="DIR")
    return parser


def halves(path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The numbers of a song's first half, of its second, and of the windows of the second."""
    series = analyse(path).series
    n_frames = series["mel"].shape[1]
    first, second = (
        excerpt_embedding(series, *ends) for ends in ((0, n_frames // 2), (n_frames // 2, n_frames))
    )
    later = {
        name: values if name == "tempo" else values[:, n_frames // 2 :] for name, values in series.items()
    }
    windows = window_embeddings(later)[1]
    for numbers in (first, second, windows):
        numbers[..., index_of("tempo")] = TEMPO
    return first, second, windows


def measure(library: Library) -> list[list[object]]:
    """One row per way to place the windows: windows whose own song is nearest, all windows, and the share."""
    transform = spaces.build(spaces.DEFAULT_SPACE, library).transform
    found = [halves(Path(path)) for path in library.paths]
    songs = unit_rows(transform.rows(np.array([first for first, _, _ in found], dtype=np.float64)))
    asked = np.repeat(np.arange(len(found)), [len(windows) for _, _, windows in found])
    as_they_are = [windows.astype(np.float64) for _, _, windows in found]
    moved = [windows + (found[i][1] - windows.mean(axis=0)) for i, windows in enumerate(as_they_are)]
    rows: list[list[object]] = []
    for name, windows in (("as they are", as_they_are), ("moved, as on the map", moved)):
        nearest = (unit_rows(transform.rows(np.vstack(windows))) @ songs.T).argmax(axis=1)
        hits = int((nearest == asked).sum())
        rows.append([name, hits, len(asked), f"{hits / len(asked):.3f}"])
    return [*rows, ["by chance", "", "", f"{1 / len(found):.3f}"]]


def main(argv: list[str] | None = None) -> int:
    """Print the table."""
    library = libraries.load(Paths(get_parser().parse_args(argv).data, Path("outputs")))
    console.say(table(["windows", "own song nearest", "of", "share"], measure(library), right=" rrr"))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
