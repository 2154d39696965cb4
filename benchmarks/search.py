"""How fast is an exact search in a large library, against the speed of memory and against others?

The library is synthetic: rows of length 1, written to a file and mapped into memory as stage 4 does beyond
its matrix limit. Measured in one run, warm, with the same number of threads: one pass over all rows (the
least an exact search has to do, unless it skips rows), our ten nearest, scikit-learn's brute force and
faiss's flat index (if faiss-cpu is installed). The answers of all must agree.

Run     python -m benchmarks.search [--rows 100000] [--queries 10]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from sklearn.neighbors import NearestNeighbors
from threadpoolctl import threadpool_info

from common.layout import N_FEATURES
from common.library import COLUMNS, Library
from common.search.nearest import nearest
from common.search.space import Space, Transform
from common.text import table

N_NEAREST = 10
CHUNK = 20_000


def write_rows(path: Path, n: int) -> np.ndarray:
    """Write n songs in a few hundred loose clusters, and map them into memory."""
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(300, N_FEATURES)).astype(np.float32)
    file = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=(n, N_FEATURES))
    for start in range(0, n, CHUNK):
        size = min(CHUNK, n - start)
        part = (
            rng.standard_normal((size, N_FEATURES), dtype=np.float32) + centres[rng.integers(300, size=size)]
        )
        file[start : start + size] = part / np.linalg.norm(part, axis=1, keepdims=True)
    file.flush()
    return np.load(path, mmap_mode="r").view(np.ndarray)


def seconds(task: Callable[[int], object], queries: np.ndarray) -> list[float]:
    """Wall seconds of every query, after one that warms pages and caches."""
    task(int(queries[0]))
    times = []
    for query in queries:
        start = time.perf_counter()
        task(int(query))
        times.append(time.perf_counter() - start)
    return times


def reader(rows: np.ndarray, threads: int) -> Callable[[int], object]:
    """Reads every number once, as fast as these threads can: the largest of each stretch."""
    parts = np.array_split(rows.reshape(-1), threads)
    pool = ThreadPoolExecutor(threads)
    return lambda query: list(pool.map(np.max, parts))


def ours(rows: np.ndarray) -> Callable[[int], list[int]]:
    """The search of stage 4 over rows that are mapped into memory."""
    library = Library(rows, {name: [None] * len(rows) for name in COLUMNS})
    space = Space("synthetic", rows, Transform(np.zeros(N_FEATURES), np.ones(N_FEATURES), ()), library)
    return lambda query: [match.row for match in nearest(space, query, N_NEAREST)]


def sklearn_brute_force(rows: np.ndarray) -> Callable[[int], list[int]]:
    """scikit-learn's exact neighbours; on unit vectors Euclidean and cosine order are the same."""
    index = NearestNeighbors(n_neighbors=N_NEAREST + 1, algorithm="brute").fit(rows)
    return lambda query: _others(query, index.kneighbors(rows[query : query + 1])[1][0])


def faiss_flat(rows: np.ndarray) -> Callable[[int], list[int]] | None:
    """Faiss's exact index of inner products; it copies the rows. None where faiss is not installed."""
    try:
        import faiss
    except ImportError:
        return None
    index = faiss.IndexFlatIP(rows.shape[1])
    for start in range(0, len(rows), CHUNK):
        index.add(np.ascontiguousarray(rows[start : start + CHUNK]))
    return lambda query: _others(query, index.search(rows[query : query + 1], N_NEAREST + 1)[1][0])


def _others(query: int, found: np.ndarray) -> list[int]:
    return [int(row) for row in found if row != query][:N_NEAREST]


def report(rows: np.ndarray, n_queries: int) -> int:
    queries = np.random.default_rng(1).integers(len(rows), size=n_queries)
    threads = max((pool["num_threads"] for pool in threadpool_info()), default=1)
    searchers = {
        "stage 4, exact": ours(rows),
        "scikit-learn, brute force": sklearn_brute_force(rows),
    }
    if (faiss := faiss_flat(rows)) is not None:
        searchers["faiss, flat"] = faiss
    times = {"one pass over the rows": seconds(reader(rows, threads), queries)}
    times |= {name: seconds(search, queries) for name, search in searchers.items()}
    floor, *_ = map(np.median, times.values())
    lines = [
        (name, f"{1000 * np.median(t):.1f}", f"{1000 * max(t):.1f}", f"{np.median(t) / floor:.2f}×")
        for name, t in times.items()
    ]
    print(f"{len(rows):,} songs, {rows.nbytes / 2**20:,.0f} MB, {threads} threads, {n_queries} queries")
    print(table(("contestant", "median ms", "worst ms", "against one pass"), lines, right="lrrr"))
    answers = [[search(int(query)) for query in queries] for search in searchers.values()]
    agree = np.mean(
        [set(a) == set(b) for other in answers[1:] for a, b in zip(answers[0], other, strict=True)]
    )
    print(f"the same ten songs in {agree:.0%} of the comparisons")
    return 0 if agree == 1.0 else 1


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=100_000, help="songs (default: 100000)")
    parser.add_argument("--queries", type=int, default=10, help="(default: 10)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        return report(write_rows(Path(folder) / "rows.npy", arguments.rows), arguments.queries)


if __name__ == "__main__":
    sys.exit(main())
