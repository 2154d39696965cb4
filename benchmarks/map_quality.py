"""How many of its nearest songs the map keeps near a song, for several ways to lay it out.

Run     python -m benchmarks.map_quality [--data DIR | --embeddings FILE.npy] [--seeds 3]

A song's nearest songs are those of the default search space. Printed for each layout: how many of the 5 and
the 15 nearest are among as many nearest on the map, on average over songs and seeds; how many songs keep none
of 5; and the trustworthiness.
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
from common.maps.projection import kept_share
from common.paths import PROJECT, Paths
from common.search import spaces
from common.text import table

OF_THE_MAP = {"negative_sample_rate": projection.NEGATIVE_SAMPLES, "n_epochs": projection.EPOCHS}

LAYOUTS: dict[str, tuple[str, dict]] = {
    "UMAP of the standardised numbers, 15 neighbours": ("standard", {"n_neighbors": 15}),
    "UMAP of the search space, 15 neighbours": ("search", {"n_neighbors": 15}),
    "4 others": ("search", {"n_neighbors": 5}),
    "6 others": ("search", {"n_neighbors": 7}),
    "6 others, more pushed away (the map)": (
        "search",
        {
            "n_neighbors": 7,
            "negative_sample_rate": projection.NEGATIVE_SAMPLES,
            "n_epochs": projection.EPOCHS,
        },
    ),
    "8 others": ("search", {"n_neighbors": 9}),
    "densMAP, 6 others": ("search", {"n_neighbors": 7, "densmap": True}),
}
"""Name -> which rows are laid out, and UMAP's options."""


def get_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--data", type=Path, default=PROJECT / "data", metavar="DIR")
    parser.add_argument("--embeddings", type=Path, metavar="FILE.npy", help="a matrix instead of a library")
    parser.add_argument("--seeds", type=int, default=3, metavar="N")
    return parser


def lay_out(rows: np.ndarray, options: dict, seed: int) -> np.ndarray:
    """UMAP in 2D from the principal components."""
    umap = projection.import_umap()
    start = principal_components(rows.astype(np.float64) - rows.mean(axis=0, dtype=np.float64), 2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        reducer = umap.UMAP(metric="cosine", init=start, random_state=seed, n_jobs=1, **options)
        return reducer.fit_transform(rows)


def measure(library: Library, seeds: int) -> list[list[object]]:
    """One row per layout."""
    from sklearn.manifold import trustworthiness

    search = np.array(spaces.build(spaces.DEFAULT_SPACE, library).rows)
    rows = {"search": search, "standard": library.standardised}
    near, _ = neighbours(search, 15)
    found: list[list[object]] = []
    for name, (kind, options) in LAYOUTS.items():
        maps = [lay_out(rows[kind], options, seed) for seed in range(seeds)]
        five = np.array([kept_share(near, places, 5) for places in maps])
        fifteen = np.array([kept_share(near, places, 15) for places in maps])
        trust = np.mean([trustworthiness(search, places, n_neighbors=5, metric="cosine") for places in maps])
        none = (five == 0).sum(axis=1).mean()
        cells = (5 * five.mean(), 15 * fifteen.mean(), none, trust)
        found.append([name, *(f"{cell:.2f}" for cell in cells)])
    return found


def main(argv: list[str] | None = None) -> int:
    """Print the table."""
    arguments = get_parser().parse_args(argv)
    if arguments.embeddings is None:
        library = libraries.load(Paths(arguments.data, arguments.data))
    else:
        embeddings = np.load(arguments.embeddings)
        library = dataclasses.replace(make_library(len(embeddings)), embeddings=embeddings)
    rows = measure(library, arguments.seeds)
    console.say(table(["layout", "of 5", "of 15", "keep none", "trust"], rows, right=" rrrr"))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
