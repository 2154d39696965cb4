"""How readings moved over the years of the songs, with a band of uncertainty.

Conventions
-----------
A year is the first four digits of a year's tag that name one. A trend is the slope of a straight line by
least squares, told per decade. Its uncertainty comes from a bootstrap with artists as blocks (B. Efron,
R. Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 8): songs of one artist are alike and of few
years, so they are drawn together. The bootstrap's spread is widened for the two numbers that a line has taken
from the artists, and becomes an interval by Student's quantile (A. C. Cameron, J. B. Gelbach, D. L. Miller,
The Review of Economics and Statistics 90, 2008, on few blocks). All `READINGS` are looked at together, so
each interval is wide enough for all of them to hold (O. Dunn, Journal of the American Statistical Association
56, 1961).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from common.layout import index_of
from common.library import Library
from common.music import year_of
from common.recordings import artist_numbers, first_of_each, joined
from common.text import count

LEAST_YEARS = 5
"""Different years that songs must name."""

LEAST_ARTISTS = 8
"""Artists that songs with a year must be by."""

CERTAINTY = 0.99
"""With which all intervals are meant to hold together. It is more than the usual 0.95 because intervals from
few artists are too narrow: `benchmarks.trend` finds that 0.1 to 1.3% of them leave out 0 where there is no
trend, for 8 to 100 artists, so that all four hold in about 95% of libraries. It finds +1 LU per decade in
86% of libraries of 40 artists with 1 to 6 songs, in 42% of those of 20, in 3% of those of 8."""

MOST_SONGS = 50_000
"""Songs that are looked at; of more, a random choice, whose band is narrow enough."""

RESAMPLES = 2000
"""Bootstrap resamples behind an interval."""

DRAWN_TOGETHER = 4_000_000
"""Numbers that are drawn at a time for them."""

GRID_YEARS = 60
"""Places along the years at which line and band are computed."""

SEED = 0


@dataclass(frozen=True)
class Reading:
    """A reading whose way over the years is followed.

    Attributes
    ----------
    name, unit, of_change
        What it is called, its unit, and the unit of a change of it.
    decimals
        Decimals that a change per decade is told with.
    more, less
        What is said of a reading that grew, and of one that fell, such as ``louder``.
    values
        Takes a library and gives the reading of every song, float, NaN where it is unknown.
    """

    name: str
    unit: str
    of_change: str
    decimals: int
    more: str
    less: str
    values: Callable[[Library], np.ndarray] = field(repr=False)


def _column(name: str) -> Callable[[Library], np.ndarray]:
    def values(library: Library) -> np.ndarray:
        return np.array([math.nan if value is None else value for value in library.columns[name]], float)

    return values


def _tempo(library: Library) -> np.ndarray:
    bpm = _column("bpm")(library)
    return np.where(bpm > 0, bpm, math.nan)


def _brightness(library: Library) -> np.ndarray:
    return library.embeddings[:, index_of("spectral_centroid_mean")].astype(np.float64)


READINGS = (
    Reading("tempo", "BPM", "BPM", 1, "faster", "slower", _tempo),
    Reading("loudness", "LUFS", "LU", 1, "louder", "quieter", _column("loudness")),
    Reading("brightness", "Hz", "Hz", 0, "brighter", "darker", _brightness),
    Reading("key clarity", "", "", 3, "clearer in key", "less clear in key", _column("key_confidence")),
)


@dataclass(frozen=True)
class Trend:
    """How one reading moved.

    Attributes
    ----------
    reading
        Which.
    years, values
        The year and the reading of every song that has both, shape (n,).
    n_artists
        How many artists they are by; a song without an artist counts as one by itself.
    per_decade
        The slope of the line, per ten years.
    low, high
        The interval that holds it; see the module's text.
    grid, line, below, above
        Years along the way, the line there, and the band around it, shape (`GRID_YEARS`,) each.
    """

    reading: Reading
    years: np.ndarray = field(repr=False)
    values: np.ndarray = field(repr=False)
    n_artists: int
    per_decade: float
    low: float
    high: float
    grid: np.ndarray = field(repr=False)
    line: np.ndarray = field(repr=False)
    below: np.ndarray = field(repr=False)
    above: np.ndarray = field(repr=False)

    @property
    def moved(self) -> bool:
        """Whether the interval leaves out 0."""
        return not self.low <= 0.0 <= self.high

    def amount(self, value: float) -> str:
        """Write a change per decade with its sign, such as ``+1.2``."""
        decimals = self.reading.decimals
        return f"{round(value, decimals) + 0.0:+.{decimals}f}".replace("-", "−")

    @property
    def sentence(self) -> str:
        """What was found, such as ``loudness: +1.2 LU per decade (+0.4 to +2.0)``."""
        unit = f" {self.reading.of_change}" if self.reading.of_change else ""
        change = f"{self.amount(self.per_decade)}{unit} per decade"
        interval = f"({self.amount(self.low)} to {self.amount(self.high)})"
        verdict = "" if self.moved else ", which may be chance"
        return f"{self.reading.name}: {change} {interval}{verdict}"


@dataclass(frozen=True)
class Trends:
    """How all readings moved.

    Attributes
    ----------
    found
        One value per reading that enough songs have; empty if there is none.
    why_none
        A sentence that says why there is none; empty if there are some.
    """

    found: tuple[Trend, ...]
    why_none: str = ""


def find_trends(library: Library) -> Trends:
    """Find how the readings of a library's songs moved over their years; each recording counts once.

    Parameters
    ----------
    library
        The songs; guests take no part.
    """
    own = np.arange(library.n_own)
    years = years_of(library)[own]
    rows = np.flatnonzero(np.isfinite(years))
    n_years = len(np.unique(years[rows]))
    if n_years < LEAST_YEARS:
        named = f"{len(rows)} of {count(library.n_own, 'song')} name{'s' * (len(rows) == 1)} a year"
        different = f" and there are {n_years} different ones" if n_years > 1 else ""
        return Trends((), f"no trend over the years: {named}{different}, at least {LEAST_YEARS} are needed")
    if len(rows) > MOST_SONGS:
        rows = np.sort(np.random.default_rng(SEED).choice(rows, MOST_SONGS, replace=False))
    rows = np.array(first_of_each(library, rows), dtype=int)
    # Numbering by itself gives every song without an artist a number of its own.
    artists = joined(artist_numbers(library, rows))
    n_artists = len(np.unique(artists))
    if n_artists < LEAST_ARTISTS:
        return Trends(
            (), f"no trend over the years: songs with a year are by {n_artists} artists, "
            f"at least {LEAST_ARTISTS} are needed",
        )  # fmt: skip
    measured = [_measure(one, years[rows], one.values(library)[rows], artists) for one in READINGS]
    return Trends(tuple(trend for trend in measured if trend is not None))


def years_of(library: Library) -> np.ndarray:
    """The year of every song by its tag, float, NaN where it names none."""
    return np.array([year_of(text) or math.nan for text in library.columns["year"]], dtype=np.float64)


def _measure(reading: Reading, years: np.ndarray, values: np.ndarray, artists: np.ndarray) -> Trend | None:
    """Follow one reading; None where too few songs have it."""
    known = np.isfinite(values)
    years, values, artists = years[known], values[known], artists[known]
    n_artists = len(np.unique(artists))
    if len(np.unique(years)) < LEAST_YEARS or n_artists < LEAST_ARTISTS:
        return None
    return fit_trend(reading, years, values, artists)


def fit_trend(reading: Reading, years: np.ndarray, values: np.ndarray, artists: np.ndarray) -> Trend:
    """Fit a line to a reading over the years, with its uncertainty.

    Parameters
    ----------
    reading
        Which reading it is.
    years, values
        The year and the reading of each song, float, shape (n,).
    artists
        The artist of each song, int, shape (n,); songs that share a number are drawn together.
    """
    from scipy.stats import t as student

    names, block = np.unique(artists, return_inverse=True)
    centre = years.mean()
    decades = (years - centre) / 10.0
    grid = np.linspace(years.min(), years.max(), GRID_YEARS)
    along = (grid - centre) / 10.0
    level, slope = _lines(_block_sums(decades, values, block).sum(axis=0, keepdims=True))
    levels, slopes = _resampled(decades, values, block)
    tail, n_artists = (1.0 - CERTAINTY) / (2 * len(READINGS)), len(names)
    reach = float(student.ppf(1.0 - tail, n_artists - 1)) * math.sqrt(n_artists / (n_artists - 2))
    margin = reach * float(slopes.std())
    line = level[0] + slope[0] * along
    band = reach * (levels[:, np.newaxis] + slopes[:, np.newaxis] * along).std(axis=0)
    return Trend(
        reading, years, values, n_artists, float(slope[0]), float(slope[0] - margin),
        float(slope[0] + margin), grid, line, line - band, line + band,
    )  # fmt: skip


def _block_sums(x: np.ndarray, y: np.ndarray, block: np.ndarray) -> np.ndarray:
    """What a line needs of each block: n, and the sums of x, x², y and xy; shape (n_blocks, 5)."""
    parts = (np.ones_like(x), x, x * x, y, x * y)
    return np.column_stack([np.bincount(block, part) for part in parts])


def _lines(sums: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lines by least squares: level at x = 0 and slope, shape (n,) each; NaN where all x are equal."""
    n, x, xx, y, xy = sums.T
    width = n * xx - x * x
    slope = np.divide(n * xy - x * y, width, out=np.full(len(n), math.nan), where=width > 1e-9 * n * n)
    return (y - slope * x) / n, slope


def _resampled(x: np.ndarray, y: np.ndarray, block: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Levels and slopes of lines through blocks that were drawn with replacement."""
    sums = _block_sums(x, y, block)
    n_blocks, rng = len(sums), np.random.default_rng(SEED)
    together = max(1, DRAWN_TOGETHER // n_blocks)
    resampled = []
    for start in range(0, RESAMPLES, together):
        size = min(together, RESAMPLES - start)
        drawn = rng.multinomial(n_blocks, np.full(n_blocks, 1.0 / n_blocks), size=size)
        resampled.append(drawn @ sums)
    levels, slopes = _lines(np.concatenate(resampled))
    found = np.isfinite(slopes)
    return levels[found], slopes[found]
