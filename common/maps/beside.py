"""Short words beside places of a printed map, on the side where they cover neither points nor other words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from common import charts
from common.maps.labels import halo

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.transforms import Bbox

DISTANCE = 13.0
"""How far the middle of a word lies from its place, in points of the paper, beside half of its own size."""

POINT_RADIUS = 5.0
"""Radius in points of the paper within which a word would touch a song."""

SIDES = 16
"""Directions that are tried."""


def write_beside(
    axes: Axes, where: np.ndarray, word: str, points: np.ndarray, taken: Sequence[Bbox] = (), **style: Any
) -> Bbox:
    """Write a word beside a place, where it covers the fewest points and no other word.

    Parameters
    ----------
    axes
        The flat picture, with everything else drawn.
    where
        The place, in the picture's coordinates, shape (2,).
    word
        What is written.
    points
        What must not be covered, in the picture's coordinates, shape (n_points, 2).
    taken
        Boxes in pixels that other words fill; those of the picture's own texts count without being named.
    **style
        More properties of the text.

    Returns
    -------
    Bbox
        What the word fills, in pixels.
    """
    axes.figure.canvas.draw()
    pixels = axes.figure.dpi / 72
    filled = [*taken, *(text.get_window_extent() for text in axes.texts)]
    covered = axes.transData.transform(points)
    text = axes.text(0, 0, word, ha="center", va="center", zorder=11, path_effects=halo(), **style)
    size = text.get_window_extent()
    middle, best, least = axes.transData.transform(where), None, np.inf
    for angle in np.linspace(0.5 * np.pi, 2.5 * np.pi, SIDES, endpoint=False):
        way = np.array([np.cos(angle), np.sin(angle)])
        reach = DISTANCE * pixels / 2 + np.abs(way) * (size.width / 2, size.height / 2)
        place = middle + way * reach
        text.set_position(tuple(axes.transData.inverted().transform(place)))
        box = text.get_window_extent()
        cost = _cost(axes, box, covered, filled, POINT_RADIUS * pixels)
        if cost < least:
            best, least = (text.get_position(), box), cost
    assert best is not None  # there is more than one side, and every cost is finite
    text.set_position(best[0])
    return best[1]


def _cost(axes: Axes, box: Bbox, points: np.ndarray, taken: Sequence[Bbox], radius: float) -> float:
    """How bad a place of a word is: a point that it covers counts 1, a word 10, the picture's edge 100."""
    near = box.padded(radius)
    hidden = np.count_nonzero(np.all((points > near.min) & (points < near.max), axis=1))
    frame = axes.bbox
    outside = box.x0 < frame.x0 or box.x1 > frame.x1 or box.y0 < frame.y0 or box.y1 > frame.y1
    return hidden + 10.0 * sum(box.overlaps(other) for other in taken) + 100.0 * outside


def number_neighbours(
    axes: Axes, star: np.ndarray, coordinates: np.ndarray, rows: Sequence[int], size: float = 11
) -> None:
    """Lead a thin line from the star to its nearest songs, and number them, the nearest first.

    Parameters
    ----------
    axes
        The flat picture, with everything else drawn.
    star
        Where the song lies, shape (2,).
    coordinates
        Where all songs lie, shape (n_songs, 2).
    rows
        The nearest songs.
    size
        The size of the numbers in points.
    """
    for row in rows:
        axes.plot(*np.array([star, coordinates[row]]).T, color=charts.INK, linewidth=0.8, alpha=0.5, zorder=5)
    lines = [np.linspace(star, coordinates[row], 24) for row in rows]
    everything = np.vstack([coordinates, star, *lines])
    for number, row in enumerate(rows, start=1):
        write_beside(axes, coordinates[row], str(number), everything, fontsize=size, weight="bold")
