"""How many of its nearest songs the map keeps near a song, in several layouts, and how still it stays.

Run     python -m benchmarks.map_quality [--data DIR | --embeddings FILE.npy | --generated N]
                                         [--grown N | --pieces SECONDS] [--seeds 3] [--dimensions 2]

A song's nearest songs are those of the default search space. Printed for each layout: how many of the 5 and
the 15 nearest are among as many nearest on the map, on average over songs and seeds; the worst seed's at 5;
how many songs keep none of 5; and the trustworthiness. Layouts marked as settled, and the map itself, were
chosen by the first of these measures. Then songs are taken out of the library, one at a time, and put in
again: told is in how many of these trials no other song moved, and what share of them did.

A library of more than 2 000 songs is laid out in fewer ways: as before its songs were settled, with fewer
rounds, and as the map. It can be generated, which is harder than music (`benchmarks.libraries`); grown around
the songs of a smaller one; or made of pieces, each so many seconds of a song whose file exists, which is real
music, but with more songs alike than a library has.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.libraries import grow, make_library, with_embeddings
from common import console
from common import library as libraries
from common.arrays import neighbours, principal_components
from common.library import Library
from common.maps import projection
from common.maps.layout_table import Layout
from common.maps.projection import KEPT_NEIGHBOURS, kept_share
from common.maps.settling import settle
from common.paths import PROJECT, Paths
from common.search import spaces
from common.text import table

PUSHED = {"negative_sample_rate": projection.NEGATIVE_SAMPLES, "n_epochs": projection.EPOCHS}

LAYOUTS: dict[str, tuple[str, dict]] = {
    "UMAP of the standardised numbers, 15 neighbours": ("standard", {"n_neighbors": 15}),
    "UMAP of the search space, 15 neighbours": ("search", {"n_neighbors": 15}),
    "4 others": ("search", {"n_neighbors": 5}),
    "6 others": ("search", {"n_neighbors": 7}),
    "6 others, more pushed away": ("search", {"n_neighbors": 7, **PUSHED}),
    "8 others": ("search", {"n_neighbors": 9}),
    "densMAP, 6 others": ("search", {"n_neighbors": 7, "densmap": True}),
    "15 neighbours, settled": ("search", {"n_neighbors": 15, "settled": True}),
    "6 others, more pushed away, settled": ("search", {"n_neighbors": 7, "settled": True, **PUSHED}),
}
"""Name -> which rows are laid out, and UMAP's options; ``settled`` is ours."""

LAYOUTS_OF_MANY: dict[str, tuple[str, dict]] = {
    "6 others, UMAP's number of rounds": ("search", {"n_neighbors": 7}),
    "6 others, fewer rounds": ("search", {"n_neighbors": 7, "n_epochs": projection.EPOCHS_OF_MANY}),
}
"""The same for a library of at least `projection.MANY_SONGS`; the first was the map before settling."""

TRIALS, TRIALS_OF_MANY = 10, 2
"""Songs that are taken out and put in again, of a small library and of a large one."""


def get_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--data", type=Path, default=PROJECT / "data", metavar="DIR")
    parser.add_argument("--embeddings", type=Path, metavar="FILE.npy", help="a matrix instead of a library")
    parser.add_argument("--generated", type=int, metavar="N", help="so many random songs instead")
    parser.add_argument("--grown", type=int, metavar="N", help="so many songs, each between two of those")
    parser.add_argument("--pieces", type=float, metavar="SECONDS", help="pieces of so many seconds")
    parser.add_argument("--seeds", type=int, default=3, metavar="N")
    parser.add_argument("--dimensions", type=int, default=2, choices=(2, 3))
    return parser


def lay_out(
    rows: np.ndarray, pairs: tuple[np.ndarray, np.ndarray], options: dict, dimensions: int, seed: int
) -> np.ndarray:
    """UMAP on exact neighbours from the principal components, settled if the options say so."""
    umap = projection.import_umap()
    options = dict(options)
    settled = options.pop("settled", False)
    centred = rows.astype(np.float64) - rows.mean(axis=0, dtype=np.float64)
    start = principal_components(centred, dimensions)
    itself = np.arange(len(rows), dtype=np.int32)[:, np.newaxis]
    known = np.hstack([itself, pairs[0]]), np.hstack([np.zeros_like(itself, dtype=np.float32), pairs[1]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        reducer = umap.UMAP(
            n_components=dimensions, metric="cosine", init=start, random_state=seed, n_jobs=1,
            precomputed_knn=tuple(values[:, : options["n_neighbors"]] for values in known), **options,
        )  # fmt: skip
        made = reducer.fit_transform(rows).astype(np.float64)
    return settle(made, pairs[0], KEPT_NEIGHBOURS, seed) if settled else made


def measure(library: Library, seeds: int, dimensions: int) -> list[list[object]]:
    """One row per layout, the map last; times are those of the processor."""
    search = np.array(spaces.build(spaces.DEFAULT_SPACE, library).rows)
    pairs = {"search": neighbours(search, 15)}
    layouts = LAYOUTS if len(search) < projection.MANY_SONGS else LAYOUTS_OF_MANY
    rows = {"search": search}
    if layouts is LAYOUTS:
        rows["standard"] = library.standardised
        pairs["standard"] = neighbours(library.standardised, 15)
    lay_out(search[:50], neighbours(search[:50], 15), {"n_neighbors": 7, "settled": True}, dimensions, 0)
    ways: dict[str, Callable[[int], np.ndarray]] = {
        name: partial(lay_out, rows[kind], pairs[kind], options, dimensions)
        for name, (kind, options) in layouts.items()
    }
    # Seeds of the map's several layouts lie far enough apart not to be those of another map.
    ways["the map"] = lambda seed: (
        projection.project(search, pairs["search"], dimensions, seed=100 * seed).coordinates
    )
    found: list[list[object]] = []
    first = 0.0
    for name, way in ways.items():
        started = time.process_time()
        maps = [way(seed) for seed in range(seeds)]
        seconds = time.process_time() - started
        first = first or seconds
        found.append([name, *judge(search, pairs["search"][0], maps), f"× {seconds / first:.2f}"])
    return found


def judge(search: np.ndarray, near: np.ndarray, maps: list[np.ndarray]) -> list[str]:
    """What the maps of several seeds keep."""
    from sklearn.manifold import trustworthiness

    five = np.array([kept_share(near, places, 5) for places in maps])
    fifteen = np.array([kept_share(near, places, 15) for places in maps])
    some = np.random.default_rng(0).permutation(len(search))[: projection.TRUST_SAMPLE]
    trust = np.mean(
        [trustworthiness(search[some], places[some], n_neighbors=5, metric="cosine") for places in maps]
    )
    none = (five == 0).sum(axis=1).mean()
    cells = (5 * five.mean(), 5 * five.mean(axis=1).min(), 15 * fifteen.mean(), none, trust)
    return [f"{cell:.2f}" for cell in cells]


def stillness(library: Library, dimensions: int) -> str:
    """Take songs out and put them in again, and say how many of the others moved."""
    rows = np.array(spaces.build(spaces.DEFAULT_SPACE, library).rows)
    near = neighbours(rows, 15)
    n_trials = min(TRIALS, len(rows)) if len(rows) < projection.MANY_SONGS else TRIALS_OF_MANY
    trials = np.random.default_rng(0).choice(len(rows), n_trials, replace=False)
    moved = []
    for song in trials:
        others = np.delete(np.arange(len(rows)), song)
        before = projection.project(rows[others], neighbours(rows[others], 15), dimensions)
        places, kept = np.full((len(rows), dimensions), np.nan), np.full(len(rows), np.nan)
        places[others], kept[others] = before.coordinates, before.kept
        after = projection.project(rows, near, dimensions, Layout(places, kept)).coordinates[others]
        moved.append(float((after != before.coordinates).any(axis=1).mean()))
    return (
        f"a song put in again: no other moved in {moved.count(0.0)} of {len(moved)} trials, "
        f"{np.mean(moved):.1%} of the others on average, {max(moved):.1%} in the worst trial"
    )


def pieces(library: Library, seconds: float) -> np.ndarray:
    """The embeddings of pieces of songs, one after the other, float32, shape (n_pieces, ``N_FEATURES``)."""
    from common.layout import HOP_LENGTH, SAMPLE_RATE
    from common.song import analyse, excerpt_embedding

    n_frames, found = round(seconds * SAMPLE_RATE / HOP_LENGTH), []
    for path in library.paths:
        series = analyse(Path(path)).series
        starts = range(0, series["mel"].shape[1] - n_frames + 1, n_frames)
        found += [excerpt_embedding(series, start, start + n_frames) for start in starts]
    return np.array(found, dtype=np.float32)


def read_library(arguments: argparse.Namespace) -> Library:
    """The library that the command line asks for."""
    if arguments.generated:
        library = make_library(arguments.generated)
    elif arguments.embeddings is None:
        library = libraries.load(Paths(arguments.data, arguments.data))
    else:
        library = with_embeddings(np.load(arguments.embeddings))
    if arguments.pieces:
        library = with_embeddings(pieces(library, arguments.pieces))
    return with_embeddings(grow(library, arguments.grown)) if arguments.grown else library


def main(argv: list[str] | None = None) -> int:
    """Print the table, and how still the map stays."""
    arguments = get_parser().parse_args(argv)
    library = read_library(arguments)
    rows = measure(library, arguments.seeds, arguments.dimensions)
    headers = ["layout", "of 5", "worst seed", "of 15", "keep none", "trust", "time"]
    console.say(table(headers, rows, right=" rrrrrr"))
    console.say(stillness(library, arguments.dimensions))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
