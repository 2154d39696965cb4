"""A song's way over the map for print: the trail and the waveform in the colours of sections, or of time."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from common import charts
from common.layout import SAMPLE_RATE
from common.maps.figures import draw_points
from common.maps.labels import Room, find_room, label_genres, name_songs, write_near
from common.maps.projection import Projection
from common.maps.selection import MapSongs
from common.maps.way import UNLIKE, Stretch, Way, place_way
from common.maps.way_colours import Part, colours_at, legend
from common.maps.words import short_names
from common.text import clean, clock, shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PALE = 0.35
"""Opacity of the songs that the way leads past."""

COLUMNS = 1200
"""Columns that the waveform is drawn with."""


def draw_way(
    shown: MapSongs,
    projection: Projection,
    samples: np.ndarray,
    way: Way,
    stretches: Sequence[Stretch],
    parts: Sequence[Part] = (),
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
    parts
        The sections of the song in order; if there are none, colours are those of time.
    """
    import matplotlib.pyplot as plt

    songs, duration = shown.songs, samples.size / SAMPLE_RATE
    with charts.style():
        figure = plt.figure(figsize=(12, 11))
        axes = figure.add_axes((0.03, 0.3, 0.94, 0.63))
        draw_points(axes, songs, projection, opacity=PALE)  # the colours of the trail are others
        trail = place_way(way, shown, projection.coordinates)
        _draw_trail(axes, trail, colours_at(way.times, parts, duration))
        room = _write_ends(axes, trail, projection.coordinates)
        name_songs(room, short_names(songs), projection.coordinates, way.passed, size=8.5)
        label_genres(room, songs.genres[: songs.n_own], projection.coordinates)
        _draw_wave(figure.add_axes((0.03, 0.14, 0.94, 0.1)), samples, parts)
        _draw_legend(figure, parts)
        name = songs.names[shown.place or 0]
        width = 0.94 if parts else 0.6  # beside it stands what colours mean where there are no sections
        charts.fitting_line(figure, 0.03, 0.965, f"The way of {name}", width, (16, 13, 11))
        figure.text(0.03, 0.1, "\n".join(told(shown, stretches)), fontsize=10.5, va="top", linespacing=1.5)
    return figure


def told(shown: MapSongs, stretches: Sequence[Stretch]) -> list[str]:
    """Say which stretches sound like which other songs, such as ``0:45 to 1:30 sounds most like …``."""
    return [
        f"{clock(one.start)} to {clock(one.end)} "
        f"{'sounds most like' if one.similarity > UNLIKE else 'is like no other song, nearest is'} "
        f"{shorten(clean(shown.songs.names[one.row]), 80)} ({one.similarity:.2f})"
        for one in stretches
    ]


def _draw_trail(axes: Axes, trail: np.ndarray, colours: Sequence[str]) -> None:
    axes.plot(*trail.T, color="#8A8F9C", linewidth=1.5, zorder=6)
    axes.scatter(
        trail[:, 0], trail[:, 1], c=list(colours), s=34, edgecolors=charts.INK, linewidths=0.5, zorder=7
    )


def _write_ends(axes: Axes, trail: np.ndarray, coordinates: np.ndarray) -> Room:
    """Write where the song starts and ends, beside the trail and the songs; returns what is taken then."""
    lines = [np.linspace(one, other, 9) for one, other in itertools.pairwise(trail)]
    room = find_room(axes, coordinates, lines=[trail, *lines])
    for end, word in ((trail[:1], "start"), (trail[-1:], "end")):
        write_near(room, word, end, always=True, fontsize=11, weight="bold")
    return room


def _draw_wave(axes: Axes, samples: np.ndarray, parts: Sequence[Part]) -> None:
    starts = np.linspace(0, samples.size, min(COLUMNS, samples.size), endpoint=False).astype(int)
    low, high = np.minimum.reduceat(samples, starts), np.maximum.reduceat(samples, starts)
    seconds, duration = starts / SAMPLE_RATE, samples.size / SAMPLE_RATE
    axes.vlines(seconds, low, high, colors=colours_at(seconds, parts, duration), linewidth=1.0)
    charts.mark_time(axes, duration)
    axes.tick_params(labelsize=9)
    axes.set(yticks=[])
    axes.grid(False)


def _draw_legend(figure: Figure, parts: Sequence[Part]) -> None:
    """Say what the colours of the trail mean, between the map and the waveform."""
    from matplotlib.lines import Line2D

    if not parts:
        figure.text(0.97, 0.965, "colours: from the start (dark) to the end (light)", fontsize=10, ha="right")
        return
    handles = [
        Line2D([], [], marker="o", linestyle="", color=colour, markeredgecolor=charts.INK, label=name)
        for name, colour in legend(parts).items()
    ]
    charts.fitting_legend(
        figure, handles, len(handles), loc="center left", bbox_to_anchor=(0.025, 0.27),
        handletextpad=0.1, columnspacing=1.4,
    )  # fmt: skip
