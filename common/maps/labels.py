"""Words on a printed map: names of genres where they are densest, none of which covers another."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, cast

import numpy as np

from common import charts
from common.library import UNKNOWN_GENRE
from common.text import clean, shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.patheffects import AbstractPathEffect
    from matplotlib.text import Text
    from matplotlib.transforms import Bbox

    from common.maps.selection import Star

MOST_LABELS = 14
"""Genres that get a label in the picture, largest first; the legend names all."""


def halo() -> list[AbstractPathEffect]:
    """A rim of paper around letters, so that they can be read on points."""
    from matplotlib.patheffects import withStroke

    return [withStroke(linewidth=4, foreground=charts.PAPER, alpha=0.85)]


def label_genres(
    axes: Axes, genres: list[str], coordinates: np.ndarray, star: Star | None = None, size: float = 13
) -> None:
    """Write each genre's name where it is densest, unless it would cover another name or the star.

    Parameters
    ----------
    axes
        The flat picture, with everything else drawn.
    genres
        The genre of every song, in the library's order.
    coordinates
        Where the songs lie, shape (n_songs, 2).
    star
        The song that is pointed out; None if there is none.
    size
        The size of the letters in points.
    """
    axes.figure.canvas.draw()
    taken, styles = [text.get_window_extent() for text in axes.texts], charts.genre_styles(genres)
    if star is not None:
        taken.append(_around(axes, star.coordinates))
    points = axes.transData.transform(coordinates)
    known = Counter(genre for genre in genres if genre != UNKNOWN_GENRE)
    for genre, _ in known.most_common(MOST_LABELS):
        spots = axes.transData.transform(_densest(coordinates, np.array(genres) == genre))
        text = axes.text(
            0, 0, shorten(clean(genre), 24), color=styles[genre][0], fontsize=size,
            weight="bold", ha="center", va="center", zorder=9, path_effects=halo(),
        )  # fmt: skip
        box = _put(text, spots, points, taken)
        if box is None:
            text.remove()
        else:
            taken.append(box)


def _put(text: Text, spots: np.ndarray, points: np.ndarray, taken: list[Bbox]) -> Bbox | None:
    """Move a label above or below the spot where it hides the fewest points.

    Parameters
    ----------
    text
        The label, which is on its axes already.
    spots
        The places to try, best first, in pixels, shape (n_spots, 2).
    points
        All points, in pixels, shape (n_points, 2).
    taken
        The boxes that other words fill, in pixels.

    Returns
    -------
    Bbox or None
        Where it is now; None if every place is outside the picture or taken.
    """
    axes = cast("Axes", text.axes)
    frame, pixels = axes.bbox, axes.figure.dpi / 72
    to_data = axes.transData.inverted()
    best, place, least = None, None, np.inf
    for rank, (x, y) in enumerate(spots):
        for lift in (13 * pixels, -13 * pixels):
            text.set_position(tuple(to_data.transform((x, y + lift))))
            box = text.get_window_extent().padded(2 * pixels)
            inside = frame.x0 < box.x0 and box.x1 < frame.x1 and frame.y0 < box.y0 and box.y1 < frame.y1
            hidden = np.count_nonzero(np.all((points > box.min) & (points < box.max), axis=1))
            # A spot ten places further down the list must hide a point less.
            cost = hidden + rank / 10
            if inside and cost < least and not any(box.overlaps(other) for other in taken):
                best, place, least = box, text.get_position(), cost
    if place is not None:
        text.set_position(place)
    return best


def _around(axes: Axes, where: np.ndarray) -> Bbox:
    """The star's place on the paper, in pixels."""
    from matplotlib.transforms import Bbox

    x, y = axes.transData.transform(where)
    radius = 14 * axes.figure.dpi / 72
    return Bbox.from_extents(x - radius, y - radius, x + radius, y + radius)


def _densest(coordinates: np.ndarray, own: np.ndarray, most: int = 20) -> np.ndarray:
    """Places of the half of a genre's songs that have the most company of their own kind, best first."""
    songs = coordinates[own][:1000]
    scale = np.ptp(coordinates, axis=0).max() * 0.08 or 1.0
    company = np.zeros(len(songs))
    for others, sign in ((coordinates[own], 1.0), (coordinates[~own], -0.15)):
        for start in range(0, len(others), 1000):
            apart = songs[:, np.newaxis] - others[start : start + 1000]
            company += sign * np.exp(-(apart**2).sum(axis=2) / (2 * scale**2)).sum(axis=1)
    return songs[np.argsort(-company, kind="stable")[: min(most, (len(songs) + 1) // 2)]]
