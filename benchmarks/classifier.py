"""How long does the genre classifier take to be judged, fitted and explained, and how does that grow?

Libraries are generated (`benchmarks.libraries`), without audio. Measured is what stage 3 does with them but
for reading, drawing and writing: one split, cross-validation in the three ways, the final model, SHAP values
and reasons of all songs. The budget is 60 s for 300 songs. One small library is worked through first, so that
imports are warm.

Run     python -m benchmarks.classifier [--songs 48 300 3000] [--genres 10]
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from benchmarks.libraries import make_library
from common.classifier.contributions import contribute
from common.classifier.folds import n_folds
from common.classifier.model import Model
from common.classifier.reasons import give_reasons
from common.classifier.selection import AUTO_COMPONENTS, fit_final
from common.classifier.songs import gather
from common.classifier.validation import cross_validate, hold_out
from common.classifier.wording import describe_components
from common.text import table

BUDGET = 60.0


def get_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--songs", type=int, nargs="+", default=[48, 300, 3000], metavar="N")
    parser.add_argument("--genres", type=int, default=10, metavar="N", help="(default: 10)")
    return parser


def measure(n_songs: int, n_genres: int) -> dict[str, float]:
    """Seconds of every step."""
    library, found = make_library(n_songs, n_genres), {}

    def timed(step: str, task: Callable[[], Any]) -> Any:
        start = time.perf_counter()
        result = task()
        found[step] = time.perf_counter() - start
        return result

    components = list(AUTO_COMPONENTS)
    training = timed("gather", lambda: gather(library))
    timed("one split", lambda: hold_out(training, components))
    for way in training.groups:
        if n_folds(training, way) > 1:
            timed(way, partial(cross_validate, training, way, components, lambda: None))
    model = timed("final fit", lambda: fit_final(training, components))
    timed("SHAP", lambda: explain_all(model, training.X))
    return found


def explain_all(model: Model, X: np.ndarray) -> None:
    """SHAP values, the components' meanings, and every song's reasons for one genre against another."""
    contribute(model, X)
    describe_components(model.representation)
    for song in X:
        give_reasons([model], song, 0, 1)


def report(sizes: list[int], n_genres: int) -> int:
    """Print seconds, and what they are of the budget and per song; 1 if 300 songs exceed the budget."""
    measure(4 * n_genres, n_genres)
    late = False
    for n_songs in sizes:
        found = measure(n_songs, n_genres)
        total = sum(found.values())
        late |= n_songs <= 300 and total > BUDGET
        print(
            f"{n_songs} songs in {n_genres} genres: {total:.1f} s, {total / BUDGET:.2f} of the "
            f"{BUDGET:.0f} s for 300 songs, {1000 * total / n_songs:.0f} ms per song"
        )
        rows = [(step, f"{time:.2f}", f"{time / total:.0%}") for step, time in found.items()]
        print(table(("step", "seconds", "of all"), rows, right="lrr") + "\n", flush=True)
    return 1 if late else 0


def main() -> int:
    arguments = get_parser().parse_args()
    return report(arguments.songs, arguments.genres)


if __name__ == "__main__":
    sys.exit(main())
