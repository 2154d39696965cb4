"""How often a trend over the years is seen where there is none, and found where one was planted.

Artists have 1 to 6 songs each, or (uneven) 1 to 60, within two years of their own between 1985 and 2015. They
differ by 1 LU, their songs among themselves by 1 LU.
"""

from __future__ import annotations

import argparse

import numpy as np

from common.overview.trend import READINGS, fit_trend
from common.text import table

LOUDNESS = next(reading for reading in READINGS if reading.name == "loudness")

PLANTED = 1.0
"""LU per decade."""


def simulate(n_artists: int, uneven: bool, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """Draw songs without a trend: year, loudness around its mean, artist; shape (n_songs,) each."""
    if uneven:
        sizes = np.clip((2.0 * rng.pareto(1.2, n_artists)).astype(int), 1, 60)
    else:
        sizes = rng.integers(1, 7, n_artists)
    artist = np.repeat(np.arange(n_artists), sizes)
    years = (rng.uniform(1985, 2015, n_artists)[artist] + rng.uniform(-2, 2, len(artist))).round()
    return years, rng.normal(size=n_artists)[artist] + rng.normal(size=len(artist)), artist


def measure(n_artists: int, uneven: bool, tries: int, seed: int) -> tuple[float, float]:
    """Shares of libraries whose loudness seems to have moved: without a trend, and with the planted one."""
    rng, seen, found = np.random.default_rng(seed), 0, 0
    for _ in range(tries):
        years, values, artist = simulate(n_artists, uneven, rng)
        seen += fit_trend(LOUDNESS, years, values, artist).moved
        found += fit_trend(LOUDNESS, years, values + PLANTED * (years - 2000.0) / 10.0, artist).moved
    return seen / tries, found / tries


def main() -> None:
    """Print the shares."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tries", type=int, default=1000, help="libraries of each kind (default: 1000)")
    parser.add_argument("--seed", type=int, default=77, help="of the random numbers (default: 77)")
    arguments = parser.parse_args()
    rows = []
    for n_artists in (8, 12, 20, 40, 100):
        for uneven in (False, True):
            seen, found = measure(n_artists, uneven, arguments.tries, arguments.seed)
            rows.append([n_artists, "1 to 60" if uneven else "1 to 6", f"{seen:.1%}", f"{found:.0%}"])
    print(table(["artists", "songs of each", "seen without", f"+{PLANTED:g} LU found"], rows, right="r rr"))


if __name__ == "__main__":
    main()
