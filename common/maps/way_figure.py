"""A song's way over the map for print: the trail in the colours of time, the waveform in the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from common import charts
from common.layout import SAMPLE_RATE
from common.maps.figures import draw_points
from common.maps.labels import halo, label_genres
from common.maps.projection import Projection
from common.maps.selection import MapSongs
from common.maps.way import Stretch, Way, place_way
from common.text import clean, clock, shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = 1200
"""Columns that the waveform is drawn with."""


def draw_way(
    shown: MapSongs, projection: Projection, samples: np.ndarray, way: Way, stretches: Sequence[Stretch]
) -> Figure:
    """Draw the way of the song that a map points out.

    Parameters
    ----------
    shown
        The songs of the map.
    projection
        Where they lie, in two dimensions.
    samples
        The sound of the song, float32, mono at ``SAMPLE_RATE``, shape (n_samples,).
    way
        The windows of the song.
    stretches
        Which stretches sound like which other songs; they are named below the waveform.
    """
    import matplotlib.pyplot as plt

    songs = shown.songs
    with charts.style():
        figure = plt.figure(figsize=(12, 11))
        axes = figure.add_axes((0.03, 0.27, 0.94, 0.66))
        draw_points(axes, songs, projection)
        trail = place_way(way, shown, projection.coordinates)
        _draw_trail(axes, trail, way.times)
        label_genres(axes, songs.genres[: songs.n_own], projection.coordinates)
        _draw_wave(figure.add_axes((0.03, 0.14, 0.94, 0.1)), samples)
        name = songs.names[shown.place or 0]
        title = shorten(clean(f"The way of {name}"), 80)
        figure.text(0.03, 0.965, title, fontsize=16, weight="bold", va="center")
        figure.text(0.03, 0.1, "\n".join(told(shown, stretches)), fontsize=10.5, va="top", linespacing=1.5)
    return figure


def told(shown: MapSongs, stretches: Sequence[Stretch]) -> list[str]:
    """Say which stretches sound like which other songs, such as ``0:45 to 1:30 sounds like …``."""
    return [
        f"{clock(one.start)} to {clock(one.end)} sounds like {clean(shown.songs.names[one.row])} "
        f"({one.similarity:.2f})"
        for one in stretches
    ]


def _draw_trail(axes: Axes, trail: np.ndarray, times: np.ndarray) -> None:
    axes.plot(*trail.T, color="#8A8F9C", linewidth=1.5, zorder=6)
    axes.scatter(
        trail[:, 0], trail[:, 1], c=times, cmap=charts.ORDERED, s=34, edgecolors=charts.INK,
        linewidths=0.5, zorder=7,
    )  # fmt: skip
    for place, word in ((trail[0], "start"), (trail[-1], "end")):
        axes.annotate(
            word, (place[0], place[1]), xytext=(0, 9), textcoords="offset points", ha="center", fontsize=11,
            weight="bold", zorder=11, path_effects=halo(),
        )  # fmt: skip


def _draw_wave(axes: Axes, samples: np.ndarray) -> None:
    import matplotlib as mpl

    starts = np.linspace(0, samples.size, min(COLUMNS, samples.size), endpoint=False).astype(int)
    low, high = np.minimum.reduceat(samples, starts), np.maximum.reduceat(samples, starts)
    colours = mpl.colormaps[charts.ORDERED](np.linspace(0.0, 1.0, len(starts)))
    seconds = starts / SAMPLE_RATE
    axes.vlines(seconds, low, high, colors=list(map(tuple, colours)), linewidth=1.0)
    duration = samples.size / SAMPLE_RATE
    ticks = np.linspace(0.0, duration, 9)
    axes.set_xticks(ticks, [clock(tick) for tick in ticks], fontsize=9)
    axes.set(yticks=[], xlim=(0.0, duration))
    axes.grid(False)
