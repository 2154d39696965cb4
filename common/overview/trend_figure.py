"""How readings moved over the years: a picture, and the table behind it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from common import charts
from common.overview.trend import CERTAINTY, Trend
from common.text import count

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

HEADER = (
    "reading", "unit", "songs", "artists", "first_year", "last_year", "per_decade", "low", "high", "moved",
)  # fmt: skip

SPREAD_YEARS = 0.3
"""Years that songs of one year are spread to either side, so that they do not hide each other."""

MOST_POINTS = 4000
"""Songs that the picture shows as points; of more, a random choice."""

SEED = 0


def table_rows(trends: Sequence[Trend]) -> list[tuple[Any, ...]]:
    """One row per reading, in the order of `HEADER`; changes are per decade."""
    return [
        (
            one.reading.name, one.reading.of_change, len(one.years), one.n_artists, int(one.years.min()),
            int(one.years.max()), *(round(value, one.reading.decimals + 1) for value in _interval(one)),
            "yes" if one.moved else "no",
        )
        for one in trends
    ]  # fmt: skip


def _interval(trend: Trend) -> tuple[float, float, float]:
    return trend.per_decade, trend.low, trend.high


def heading(trends: Sequence[Trend]) -> str:
    """What the picture shows: that the music moved, or that all of it may be chance."""
    if any(one.moved for one in trends):
        return "How the music moved over the years"
    return "Over the years nothing moved by more than chance may"


def draw_trends(trends: Sequence[Trend]) -> Figure:
    """Draw every reading over the years: songs as points, the line, and its band.

    Parameters
    ----------
    trends
        At least one.
    """
    import matplotlib.pyplot as plt

    columns = min(len(trends), 2)
    rows = -(-len(trends) // columns)
    with charts.style():
        figure, panels = plt.subplots(
            rows, columns, figsize=(6.5 * columns, 1.0 + 3.6 * rows), layout="constrained", squeeze=False
        )
        for axes, trend in zip(panels.flat, trends, strict=False):
            _draw_trend(axes, trend)
        for axes in panels.flat[len(trends) :]:
            axes.set_axis_off()
        songs, artists = max((len(one.years), one.n_artists) for one in trends)
        who = f"{count(songs, 'song')} by {count(artists, 'artist')} name a year"
        about = f"{who}; bands: {CERTAINTY:.0%} for all readings together, artists drawn as blocks"
        figure.suptitle(heading(trends), x=0.01, ha="left", weight="bold")
        figure.supxlabel(about, x=0.01, ha="left", fontsize=10)
    return figure


def _draw_trend(axes: Axes, trend: Trend) -> None:
    from matplotlib.ticker import MaxNLocator

    rng = np.random.default_rng(SEED)
    shown = rng.permutation(len(trend.years))[:MOST_POINTS]
    aside = rng.uniform(-SPREAD_YEARS, SPREAD_YEARS, len(shown))
    colour = charts.PALETTE[1] if trend.moved else charts.UNKNOWN_COLOUR
    axes.scatter(
        trend.years[shown] + aside, trend.values[shown], s=22, color=charts.PALETTE[0], alpha=0.45,
        linewidths=0, zorder=2,
    )  # fmt: skip
    axes.fill_between(trend.grid, trend.below, trend.above, color=colour, alpha=0.25, linewidth=0, zorder=1)
    axes.plot(trend.grid, trend.line, color=colour, linewidth=2.2, zorder=3)
    axes.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    axes.set_ylabel(trend.reading.unit or "lead over the next key", fontsize=10)
    axes.tick_params(labelsize=9)
    # Songs fill the panel; a band that is far wider is cut.
    room = 0.08 * (np.ptp(trend.values) or 1.0)
    axes.set_ylim(trend.values.min() - room, trend.values.max() + room)
    weight = "bold" if trend.moved else "normal"
    axes.set_title(charts.wrapped(trend.sentence, 76), fontsize=10, weight=weight)
