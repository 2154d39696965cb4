"""The map for print, in 2D and in 3D.

Conventions: a map shows one point per song, in the library's order; guests are no points of it. Genres have
a colour and a marker shape (`charts.genre_styles`); axes have no unit and are not drawn.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from common import charts
from common.library import Library
from common.maps.labels import (
    Room,
    find_room,
    label_genres,
    label_regions,
    label_songs,
    number_neighbours,
    point_area,
    write_near,
)
from common.maps.projection import Projection
from common.maps.regions import NO_REGIONS, Regions
from common.maps.selection import MapSongs, Star, locate
from common.maps.words import describe, short_names, title
from common.recordings import genre_label
from common.text import clean, display_width, shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import PathCollection
    from matplotlib.figure import Figure
    from mpl_toolkits.mplot3d import Axes3D

ELEVATION, ASIDE = 18.0, 35.0
"""Degrees from which the 3D map is printed: above it, and to either side of where it looks widest."""

MOST_DROP_LINES = 300
"""Songs of a 3D map that get a line to the floor; of more, the lines would be a fog."""

DROP = "#A9AEB9"
"""Colour of those lines and their feet: darker than the walls, paler than any song."""


def draw_2d(
    library: Library, projection: Projection, star: Star | None = None, regions: Regions = NO_REGIONS
) -> Figure:
    """Draw the 2D map with its genres labelled in the picture.

    Parameters
    ----------
    library
        The songs that are shown.
    projection
        Where they lie, in two dimensions.
    star
        The song to point out; None if there is none.
    regions
        The groups of songs that are named.
    """
    import matplotlib.pyplot as plt

    with charts.style():
        figure = plt.figure(figsize=(12, 10))
        axes = figure.add_axes((0.03, 0.18, 0.94, 0.75))
        handles = draw_points(axes, library, projection)
        if star is not None:
            handles.append(draw_star(axes, star))
        room = find_room(axes, projection.coordinates, star)
        if star is not None:
            _name_star(room, star)
        label_genres(room, library.genres[: library.n_own], projection.coordinates)
        label_regions(room, regions.found, projection.coordinates)
        label_songs(room, short_names(library)[: library.n_own], projection.coordinates, star)
        _frame(figure, library, projection, handles, regions.told)
    return figure


def draw_3d(
    library: Library, projection: Projection, star: Star | None = None, regions: Regions = NO_REGIONS
) -> Figure:
    """Draw the 3D map from two sides; see `draw_2d`. Regions are told below it, not named in it."""
    import matplotlib.pyplot as plt

    with charts.style():
        figure = plt.figure(figsize=(16, 9.5))
        widest = _widest_view(projection.coordinates)
        for column, azimuth in enumerate((widest - ASIDE, widest + ASIDE)):
            where = (0.01 + 0.495 * column, 0.165, 0.485, 0.775)
            axes = cast("Axes3D", figure.add_axes(where, projection="3d"))
            axes.view_init(ELEVATION, azimuth)
            axes.computed_zorder = False  # or a song in front would cover the star
            _drop_lines(axes, projection.coordinates)
            handles = draw_points(axes, library, projection)
            if star is not None:
                handles.append(draw_star(axes, star))
            axes.set_box_aspect((1, 1, 0.8), zoom=1.12)
            side = ("from the left", "from the right")[column]
            axes.set_title(side, loc="center", y=0.99, weight="normal", size=11)
        _frame(figure, library, projection, handles, regions.told)
    return figure


def _drop_lines(axes: Axes3D, coordinates: np.ndarray) -> None:
    """Draw a line from every song down to the floor, so that the eye sees how far back it stands."""
    height = np.ptp(coordinates[:, 2]) or 1.0
    floor = float(coordinates[:, 2].min() - 0.06 * height)
    axes.set_zlim(floor, float(coordinates[:, 2].max() + 0.06 * height))
    above = coordinates[:MOST_DROP_LINES]
    below = np.column_stack([above[:, :2], np.full(len(above), floor)])
    # One line with gaps: an artist for each of them takes a millisecond to make and another to draw.
    lines = np.stack([below, above, np.full_like(above, np.nan)], axis=1).reshape(-1, 3)
    axes.plot(*lines.T, color=DROP, linewidth=0.8, zorder=0)
    axes.plot(*below.T, marker="o", linestyle="", markersize=2.8, color=DROP, zorder=0)


def _widest_view(coordinates: np.ndarray) -> float:
    """Azimuth in degrees, -90 to 90, from which the songs are spread most widely from left to right."""
    width = np.ptp(coordinates, axis=0)
    x, y = ((coordinates - coordinates.mean(axis=0)) / np.where(width > 0, width, 1.0)).T[:2]
    # The direction of the largest variance in the plane; the eye stands at a right angle to it.
    along = 0.5 * np.degrees(np.arctan2(2 * (x @ y), x @ x - y @ y))
    return float(along - 90.0 if along > 0 else along + 90.0)


PALEST, FULL = 0.25, 0.9
"""Opacity of a song that keeps none of its nearest songs near it, and of one that keeps all."""


def draw_points(
    axes: Axes,
    library: Library,
    projection: Projection,
    size: float | None = None,
    opacity: float | None = None,
) -> list[PathCollection]:
    """Draw one point per song, paler where it is misplaced, and return the legend's handles, one per genre.

    Parameters
    ----------
    axes
        The picture, flat or solid as the coordinates are.
    library
        The songs that are shown.
    projection
        Where they lie, and how far that is true.
    size
        The area of a point in square points; None for one that is smaller the more songs there are.
    opacity
        That of every song, 0 to 1; None where it shall tell how well each is placed.
    """
    size = size or point_area(library.n_own)
    genres, sizes = np.array(library.genres[: library.n_own]), Counter(library.genres[: library.n_own])
    handles = []
    for genre, (colour, marker) in charts.genre_styles(genres.tolist()).items():
        own = genres == genre
        weight = FULL if projection.kept is None else PALEST + (FULL - PALEST) * projection.kept[own]
        alpha = weight if opacity is None else opacity
        label = f"{shorten(genre_label(genre), 24)} ({sizes[genre]})"
        style = {"s": size, "c": colour, "marker": marker, "linewidths": 0.5, "edgecolors": "white"}
        _scatter(axes, projection.coordinates[own], alpha=alpha, **style)
        # The legend shows every genre in full colour, however well its songs are placed.
        handles.append(_scatter(axes, projection.coordinates[:0], alpha=FULL, label=label, **style))
    _bare(axes)
    return handles


def _scatter(axes: Axes, coordinates: np.ndarray, **options: Any) -> PathCollection:
    """Draw points in a flat or a solid picture: coordinates (n_points, 2 or 3)."""
    if axes.name == "3d":
        # Paleness already says how well a song is placed; depth is told by the lines to the floor.
        options |= {"depthshade": False}
    return cast("Any", axes).scatter(*coordinates.T, **options)


def draw_small(axes: Axes, shown: MapSongs, projection: Projection, near: Sequence[int] = ()) -> None:
    """Draw a 2D map as one panel among others: points, genres and the song it points out.

    Parameters
    ----------
    axes
        The panel.
    shown, projection
        The songs of the map, and where they lie.
    near
        The songs nearest to the one that is pointed out, which are numbered.
    """
    songs, star = shown.songs, locate(shown, projection)
    draw_points(axes, songs, projection)
    if star is not None:
        draw_star(axes, star)
        number_neighbours(axes, star, projection.coordinates, near)
    room = find_room(axes, projection.coordinates, star)
    label_genres(room, songs.genres[: songs.n_own], projection.coordinates, size=10)


def _bare(axes: Axes) -> None:
    """Take away ticks and numbers, which mean nothing on a map; keep room around the points."""
    axes.set(xticks=[], yticks=[], xlabel="", ylabel="")
    axes.margins(0.06)
    if axes.name == "3d":
        solid = cast("Axes3D", axes)
        solid.set(zticks=[], zlabel="")
        for axis in (solid.xaxis, solid.yaxis, solid.zaxis):
            axis.line.set_color(charts.GRID)
        return
    # Neither direction means anything by itself, so neither is stretched.
    axes.set_aspect("equal", adjustable="datalim")
    for spine in axes.spines.values():
        spine.set_color(charts.GRID)


def draw_star(axes: Axes, star: Star) -> PathCollection:
    """Point a song out with a star; returns the legend's handle."""
    short = shorten(clean(star.name), 40)
    return _scatter(
        axes, star.coordinates[np.newaxis], s=420, marker="*", c="#FFD400", edgecolors=charts.INK,
        linewidths=1.2, zorder=10,
        label=short if star.row is not None else f"{short} (not in the library)",
    )  # fmt: skip


def _name_star(room: Room, star: Star) -> None:
    """Write the name of the song that is pointed out beside it, as much of it as there is room for."""
    name = shorten(clean(star.name), 40)
    for width in range(display_width(name), 3, -4):
        word = shorten(name, width)
        if write_near(room, word, star.coordinates[np.newaxis], fontsize=11, weight="bold") is not None:
            return


def _frame(
    figure: Figure, library: Library, projection: Projection, handles: list[PathCollection], told: str
) -> None:
    """Write the title above, the legend and the honest words below."""
    figure.text(0.03, 0.965, title(library.n_own, projection), fontsize=18, weight="bold", va="center")
    shown = handles[:24] + handles[24:][-1:]
    most = min(len(shown), max(3, int(figure.get_figwidth() / 2.4)))
    charts.fitting_legend(
        figure,
        shown,
        most,
        loc="upper center",
        bbox_to_anchor=(0.5, 0.175),
        columnspacing=1.2,
        handletextpad=0.3,
    )
    words = f"{describe(projection)} {told}".replace(". ", ".\n")
    figure.text(0.03, 0.012, words, fontsize=9.5, va="bottom", linespacing=1.5)
