"""Figures of the similarity search: why two songs are alike, and how genres relate."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from common import charts
from common.layout import GROUPS
from common.search.distribution import SimilarityDistribution
from common.search.genre_similarity import GenreStatistics
from common.search.spaces import SPACES
from common.text import display_width, shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LONGEST_NAME = 60

BAR_LIMITS = (0.25, 0.5, 1.0)
"""Where the axis of contributions may end; most pairs fit into the first, so their charts can be compared."""

HISTOGRAM_STEP = 0.02
"""Width of a bar of the pairs' similarities."""

GENRE_LIMIT = 0.5
"""Mean cosine at which the colours of genres end, in every library, so that small differences look small."""


def draw_comparison(
    path: Path,
    space: str,
    one: str,
    other: str,
    score: float,
    contributions: Mapping[str, float],
    pairs: SimilarityDistribution,
) -> Path:
    """Draw where the similarity of two songs stands among all pairs, and what each musical group adds to it.

    Parameters
    ----------
    path
        The PNG file that is written.
    space
        Name of the space that the songs are compared in.
    one, other
        The names of the two songs.
    score
        The cosine of the songs, which is the sum of the contributions.
    contributions
        What each musical group adds to the cosine: group -> contribution.
    pairs
        The similarities of all pairs of songs.
    """
    from matplotlib import pyplot as plt

    with charts.style():
        figure, (verdict, parts) = plt.subplots(
            2, 1, figsize=(9, 6), layout="constrained", height_ratios=[1, 2.6]
        )
        _draw_verdict(verdict, score, pairs)
        _draw_contributions(parts, contributions)
        names = "\n".join(shorten(name, _LONGEST_NAME) for name in (f"A  {one}", f"B  {other}"))
        verdict_words = f"similarity {score:z.3f}, {pairs.standing(score)}  [{space}]"
        figure.suptitle(f"{names}\n{verdict_words}", x=0.02, ha="left", fontsize=12, fontweight="bold")
        return charts.save_png(figure, path, title=f"{one} and {other}: {verdict_words}")


def _draw_verdict(axes: Axes, score: float, pairs: SimilarityDistribution) -> None:
    """Draw the similarities of all pairs, and where this one stands, on one axis for all charts."""
    edges = np.arange(-1.0, 1.0 + HISTOGRAM_STEP / 2, HISTOGRAM_STEP)
    heights, _ = np.histogram(np.clip(pairs.scores, -1.0, 1.0), edges)
    axes.bar(edges[:-1], heights, HISTOGRAM_STEP, align="edge", color=charts.GRID, linewidth=0)
    top = 1.25 * heights.max()
    axes.vlines(score, 0, top, color=charts.PALETTE[1], linewidth=2.5)
    axes.set(xlim=(-1, 1), ylim=(0, top), yticks=[])
    axes.set_xticks([-1, -0.5, 0, 0.5, 1], ["−1: opposites", "−0.5", "0", "0.5", "1: the same"])
    axes.tick_params(labelsize=9)
    axes.grid(visible=False, axis="y")
    average = _signed(float(pairs.scores.mean()), 2)
    words = f"this pair (line) among all pairs (grey), which average {average}"
    axes.set_title(words, fontsize=10, weight="normal")


def _draw_contributions(axes: Axes, contributions: Mapping[str, float]) -> None:
    values = list(contributions.values())
    places = np.arange(len(values))
    bars = axes.barh(places, values, color=[charts.GROUP_COLOURS[group] for group in contributions])
    axes.bar_label(bars, [_signed(value, 3) for value in values], padding=4, fontsize=10)
    axes.set_yticks(places, [f"{group}: {GROUPS[group]}" for group in contributions], fontsize=10)
    axes.invert_yaxis()
    axes.axvline(0, color=charts.INK, linewidth=1)
    limit = next((end for end in BAR_LIMITS if max(map(abs, values)) <= 0.85 * end), BAR_LIMITS[-1])
    axes.set_xlim(-limit, limit)
    axes.tick_params(axis="x", labelsize=9)
    axes.grid(axis="y", visible=False)
    axes.set_xlabel("contribution to the similarity", fontsize=10)


def _signed(value: float, decimals: int) -> str:
    """Write a number with its sign, never a negative nothing, as mathematics writes it."""
    return f"{round(value, decimals) + 0.0:+.{decimals}f}".replace("-", "−")


def draw_genres(path: Path, statistics: GenreStatistics) -> Path:
    """Draw the mean similarity inside (diagonal) and between genres as a heatmap.

    Parameters
    ----------
    path
        The PNG file that is written.
    statistics
        The measured similarities inside and between K genres.
    """
    import seaborn as sns
    from matplotlib import pyplot as plt

    names = [shorten(name, 24) for name in statistics.genres]
    side = max(5.5, 0.55 * len(names) + 2.5)
    words = [["" if np.isnan(value) else _signed(value, 2) for value in row] for row in statistics.mean]
    with charts.style():
        figure, axes = plt.subplots(figsize=(side + 1, side), layout="constrained")
        sns.heatmap(
            statistics.mean,
            vmin=-GENRE_LIMIT,
            vmax=GENRE_LIMIT,
            cmap=charts.DIVERGING,
            annot=np.array(words) if len(names) <= 20 else None,
            fmt="",
            annot_kws={"fontsize": 10},
            square=True,
            linewidths=1,
            xticklabels=names,
            yticklabels=names,
            cbar_kws={"label": "mean cosine of two songs", "shrink": 0.8, "extend": "both"},
            ax=axes,
        )
        tilted = len(names) > 3 or max(map(display_width, names)) > 14
        axes.tick_params(axis="x", rotation=45 if tilted else 0)
        plt.setp(axes.get_xticklabels(), ha="right" if tilted else "center", rotation_mode="anchor")
        axes.tick_params(axis="y", rotation=0)
        figure.suptitle(
            f"Similarity inside (diagonal) and between genres  [{statistics.space}]",
            x=0.02,
            ha="left",
            fontsize=13,
            weight="bold",
        )
        if caution := SPACES[statistics.space].caution:
            figure.supxlabel(textwrap.fill(caution, 80), x=0.02, ha="left", fontsize=9)
        return charts.save_png(figure, path)
