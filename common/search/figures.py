"""Figures of the similarity search: why two songs are alike, and how genres relate."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from common import charts
from common.layout import GROUPS
from common.search.genre_similarity import GenreStatistics
from common.text import shorten

_LONGEST_NAME = 60


def draw_comparison(
    path: Path, one: str, other: str, score: float, contributions: Mapping[str, float]
) -> Path:
    """Draw what each musical group adds to the similarity of two songs.

    Parameters
    ----------
    path
        The PNG file that is written.
    one, other
        The names of the two songs.
    score
        The cosine of the songs, which is the sum of the contributions.
    contributions
        What each musical group adds to the cosine: group -> contribution.
    """
    from matplotlib import pyplot as plt
    from matplotlib.ticker import MaxNLocator

    with charts.style():
        figure, axes = plt.subplots(figsize=(9, 4.5), layout="constrained")
        values = list(contributions.values())
        places = np.arange(len(values))
        bars = axes.barh(places, values, color=[charts.GROUP_COLOURS[group] for group in contributions])
        axes.bar_label(bars, [f"{value:+.3f}" for value in values], padding=4, fontsize=10)
        axes.set_yticks(places, [f"{group}: {GROUPS[group]}" for group in contributions], fontsize=10)
        axes.invert_yaxis()
        axes.axvline(0, color=charts.INK, linewidth=1)
        axes.margins(x=0.18)
        axes.grid(axis="y", visible=False)
        axes.xaxis.set_major_locator(MaxNLocator(6))
        axes.set_xlabel("contribution to the similarity")
        names = "\n".join(shorten(name, _LONGEST_NAME) for name in (f"A  {one}", f"B  {other}"))
        figure.suptitle(f"{names}\nsimilarity {score:.3f}", x=0.02, ha="left", fontsize=12, fontweight="bold")
        return charts.save_png(figure, path)


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
    limit = float(np.nanmax(np.abs(statistics.mean))) or 1.0
    with charts.style():
        figure, axes = plt.subplots(figsize=(side + 1, side), layout="constrained")
        sns.heatmap(
            np.round(statistics.mean, 2) + 0.0,  # no minus zero
            vmin=-limit,
            vmax=limit,
            cmap=charts.DIVERGING,
            annot=len(names) <= 20,
            fmt=".2f",
            annot_kws={"fontsize": 10},
            square=True,
            linewidths=1,
            xticklabels=names,
            yticklabels=names,
            cbar_kws={"label": "mean cosine of two songs", "shrink": 0.8},
            ax=axes,
        )
        axes.tick_params(axis="x", rotation=45)
        plt.setp(axes.get_xticklabels(), ha="right", rotation_mode="anchor")
        axes.tick_params(axis="y", rotation=0)
        axes.set_title("Similarity inside (diagonal) and between genres", fontsize=13)
        return charts.save_png(figure, path)
