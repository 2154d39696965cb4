"""How many of its nearest songs the map keeps near a song, in several layouts, and how still it stays.

Run     python -m benchmarks.map_quality [--data DIR | --embeddings FILE.npy] [--seeds 3] [--dimensions 2]

A song's nearest songs are those of the default search space. Printed for each layout: how many of the 5 and
the 15 nearest are among as many nearest on the map, on average over songs and seeds; the worst seed's at 5;
how many songs keep none of 5; and the trustworthiness. Layouts marked as settled, and the map itself, were
chosen by the first of these measures. Then songs are taken out of the library, one at a time, and put in
again: told is in how many of these trials no other song moved, and what share of them did.
"""

from __future__ import annotations

import argparse
import dataclasses
import warnings
from pathlib import Path

import numpy as np

from benchmarks.libraries import make_library
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

TRIALS = 10
"""Songs that are taken out and put in again."""


def get_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--data", type=Path, default=PROJECT / "data", metavar="DIR")
    parser.add_argument("--embeddings", type=Path, metavar="FILE.npy", help="a matrix instead of a library")
    parser.add_argument("--seeds", type=int, default=3, metavar="N")
    parser.add_argument("--dimensions", type=int, default=2, choices=(2, 3))
    return parser


def lay_out(rows: np.ndarray, near: np.ndarray, options: dict, dimensions: int, seed: int) -> np.ndarray:
    """UMAP from the principal components, settled if the options say so."""
    umap = projection.import_umap()
    options = dict(options)
    settled = options.pop("settled", False)
    centred = rows.astype(np.float64) - rows.mean(axis=0, dtype=np.float64)
    start = principal_components(centred, dimensions)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        reducer = umap.UMAP(
            n_components=dimensions, metric="cosine", init=start, random_state=seed, n_jobs=1, **options
        )
        made = reducer.fit_transform(rows).astype(np.float64)
    return settle(made, near, KEPT_NEIGHBOURS, seed) if settled else made


def measure(library: Library, seeds: int, dimensions: int) -> list[list[object]]:
    """One row per layout, the map last."""
    search = np.array(spaces.build(spaces.DEFAULT_SPACE, library).rows)
    rows = {"search": search, "standard": library.standardised}
    pairs = neighbours(search, 15)
    found: list[list[object]] = []
    for name, (kind, options) in LAYOUTS.items():
        maps = [lay_out(rows[kind], pairs[0], options, dimensions, seed) for seed in range(seeds)]
        found.append([name, *judge(search, pairs[0], maps)])
    # Seeds of the map's several layouts lie far enough apart not to be those of another map.
    made = [projection.project(search, pairs, dimensions, seed=100 * seed) for seed in range(seeds)]
    found.append(["the map", *judge(search, pairs[0], [one.coordinates for one in made])])
    return found


def judge(search: np.ndarray, near: np.ndarray, maps: list[np.ndarray]) -> list[str]:
    """What the maps of several seeds keep."""
    from sklearn.manifold import trustworthiness

    five = np.array([kept_share(near, places, 5) for places in maps])
    fifteen = np.array([kept_share(near, places, 15) for places in maps])
    trust = np.mean([trustworthiness(search, places, n_neighbors=5, metric="cosine") for places in maps])
    none = (five == 0).sum(axis=1).mean()
    cells = (5 * five.mean(), 5 * five.mean(axis=1).min(), 15 * fifteen.mean(), none, trust)
    return [f"{cell:.2f}" for cell in cells]


def stillness(library: Library, dimensions: int) -> str:
    """Take songs out and put them in again, and say how many of the others moved."""
    rows = np.array(spaces.build(spaces.DEFAULT_SPACE, library).rows)
    near = neighbours(rows, 15)
    trials = np.random.default_rng(0).choice(len(rows), min(TRIALS, len(rows)), replace=False)
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


def main(argv: list[str] | None = None) -> int:
    """Print the table, and how still the map stays."""
    arguments = get_parser().parse_args(argv)
    if arguments.embeddings is None:
        library = libraries.load(Paths(arguments.data, arguments.data))
    else:
        embeddings = np.load(arguments.embeddings)
        library = dataclasses.replace(make_library(len(embeddings)), embeddings=embeddings)
    rows = measure(library, arguments.seeds, arguments.dimensions)
    headers = ["layout", "of 5", "worst seed", "of 15", "keep none", "trust"]
    console.say(table(headers, rows, right=" rrrrr"))
    console.say(stillness(library, arguments.dimensions))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
