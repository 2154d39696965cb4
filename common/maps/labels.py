"""Words on a printed map: names of genres and regions near their songs, none on a song or on another word."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.spatial.distance import cdist

from common import charts
from common.library import UNKNOWN_GENRE
from common.text import clean, shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.patheffects import AbstractPathEffect
    from matplotlib.transforms import Bbox

    from common.maps.regions import Region
    from common.maps.selection import Star

MOST_LABELS = 14
"""Genres that get a label in the picture, largest first; the legend names all."""

FIRST_STEP, STEP, REACH = 7.5, 9.0, 160.0
"""How far a word's edge lies from its songs at first, by how much farther then, at most; points of paper."""

CLOSE = 30.0
"""Up to how far a word is tried that must be written, in points of paper."""

MOST_NAMED, BESIDE = 150, 12.0
"""Songs up to which all get a name if there is room, and how far from its song a name may lie, in points."""

ASIDE = 35.0
"""From so far on, in points of paper, a line leads from a word's edge to its songs."""

MOST_ASKED = 1000
"""Songs of a genre, and of all others, by which its densest place is found; of more, every so-many-th."""

SIDES = 16
"""Directions that are tried at every distance."""


def halo() -> list[AbstractPathEffect]:
    """A rim of paper around letters, so that they can be read on points."""
    from matplotlib.patheffects import withStroke

    return [withStroke(linewidth=4, foreground=charts.PAPER, alpha=0.85)]


def point_area(n_songs: int) -> float:
    """The area of a song on a printed map in square points: smaller the more songs there are."""
    return float(np.clip(9000 / max(n_songs, 1), 6, 90))


@dataclass
class Room:
    """What is taken in a picture, in pixels.

    Attributes
    ----------
    axes
        The flat picture, with everything else drawn.
    points
        The songs, and points of lines, from left to right, shape (n_points, 2).
    songs
        The songs alone, of the same shape.
    radius
        Within which a word would touch a point.
    taken
        Boxes that words fill.
    """

    axes: Axes
    points: np.ndarray
    songs: np.ndarray
    radius: float
    taken: list[Bbox] = field(default_factory=list)

    def cost(self, box: Bbox) -> float:
        """What a word would hide there: a point counts 1, a word 10, the picture's edge 100; nothing 0."""
        frame, near = self.axes.bbox, box.padded(self.radius)
        first, last = np.searchsorted(self.points[:, 0], (near.x0, near.x1))
        heights = self.points[first:last, 1]
        hidden = np.count_nonzero((heights > near.y0) & (heights < near.y1))
        outside = box.x0 < frame.x0 or box.x1 > frame.x1 or box.y0 < frame.y0 or box.y1 > frame.y1
        return hidden + 10.0 * sum(box.overlaps(other) for other in self.taken) + 100.0 * outside

    def belongs_elsewhere(self, box: Bbox, spot: np.ndarray) -> bool:
        """Whether a word there would be taken for that of another song, which is nearer than its spot."""
        apart = np.linalg.norm(np.clip(self.songs, box.min, box.max) - self.songs, axis=1)
        return bool((apart < np.linalg.norm(_edge(box, spot) - spot) - 1.0).any())


def find_room(
    axes: Axes, coordinates: np.ndarray, star: Star | None = None, lines: Sequence[np.ndarray] = ()
) -> Room:
    """Find what is taken in a picture by its songs, its texts, the star, and lines.

    Parameters
    ----------
    axes
        The flat picture, with everything else drawn.
    coordinates
        Where the songs lie, shape (n_songs, 2).
    star
        The song that is pointed out; None if there is none.
    lines
        Points of lines, close together, each of shape (n_points, 2).
    """
    axes.figure.canvas.draw()
    taken = [text.get_window_extent() for text in axes.texts]
    if star is not None:
        taken.append(_around(axes, star.coordinates))
    radius = np.sqrt(point_area(len(coordinates))) / 2 * axes.figure.dpi / 72
    points = axes.transData.transform(np.vstack([coordinates, *lines]))
    return Room(axes, points[np.argsort(points[:, 0])], points[: len(coordinates)], radius, taken)


def write_near(
    room: Room, word: str, spots: np.ndarray, always: bool = False, reach: float = REACH, **style: Any
) -> Bbox | None:
    """Write a word as near to one of some spots as there is room for it.

    Parameters
    ----------
    room
        What is taken; the word takes its place there.
    word
        What is written.
    spots
        Where it belongs, best first, in the picture's coordinates, shape (n_spots, 2).
    always
        Whether it is written, close by, even where it hides something; otherwise it is left out.
    reach
        How far it may lie from its spot, in points of paper, where it is not always written.
    **style
        More properties of the text.

    Returns
    -------
    Bbox or None
        What it fills, in pixels; None if it was left out.
    """
    axes, pixels = room.axes, room.axes.figure.dpi / 72
    text = axes.text(0, 0, word, ha="center", va="center", zorder=11, path_effects=halo(), **style)
    to_data, size = axes.transData.inverted(), text.get_window_extent()
    at_zero = size.translated(*-axes.transData.transform((0.0, 0.0)))
    best, least = None, np.inf if always else 1.0
    tries = _tries(axes.transData.transform(spots), size, pixels, (CLOSE if always else reach) * pixels)
    for spot, away in tries:
        box = at_zero.translated(*(spot + away)).padded(2 * pixels)
        cost = room.cost(box)
        if cost < least:
            best, least = (spot, away, box), cost
        if cost == 0:
            break
    if best is None:
        text.remove()
        return None
    spot, away, box = best
    text.set_position(tuple(to_data.transform(spot + away)))
    room.taken.append(box)
    edge = _edge(box, spot)
    if np.hypot(*(edge - spot)) > ASIDE * pixels or (always and room.belongs_elsewhere(box, spot)):
        _lead(axes, to_data.transform([edge, spot]))
    return box


def _tries(
    spots: np.ndarray, size: Bbox, pixels: float, reach: float
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Spots and ways from them, in pixels: above and below all spots, then around them, ever farther."""
    half = np.array([size.width, size.height]) / 2
    for spot in spots:
        for side in (1.0, -1.0):
            yield spot, np.array([0.0, side * (FIRST_STEP * pixels + half[1])])
    angles = np.linspace(0.5 * np.pi, 2.5 * np.pi, SIDES, endpoint=False)
    ways = np.column_stack([np.cos(angles), np.sin(angles)])
    for distance in np.arange(FIRST_STEP * pixels, reach, STEP * pixels):
        for spot in spots[:5]:
            for way in ways:
                yield spot, way * (distance + np.abs(way) * half)


def _edge(box: Bbox, spot: np.ndarray) -> np.ndarray:
    """The point of a box that is nearest to a spot."""
    return np.clip(spot, box.min, box.max)


def _lead(axes: Axes, ends: np.ndarray) -> None:
    """Draw a fine line from a word to its songs, without moving the picture's edges."""
    style: dict[str, Any] = {"color": charts.INK, "linewidth": 0.8, "linestyle": ":", "zorder": 8}
    axes.plot(*ends.T, scalex=False, scaley=False, **style)


def label_genres(room: Room, genres: list[str], coordinates: np.ndarray, size: float = 13) -> None:
    """Write each genre's name near where it is densest, if there is room.

    Parameters
    ----------
    room
        What is taken in the picture; see `find_room`.
    genres
        The genre of every song, in the library's order.
    coordinates
        Where the songs lie, shape (n_songs, 2).
    size
        The size of the letters in points.
    """
    styles = charts.genre_styles(genres)
    known = Counter(genre for genre in genres if genre != UNKNOWN_GENRE)
    for genre, _ in known.most_common(MOST_LABELS):
        spots = _densest(coordinates, np.array(genres) == genre)
        name, colour = shorten(clean(genre), 24), styles[genre][0]
        write_near(room, name, spots, color=colour, fontsize=size, weight="bold")


def label_regions(room: Room, regions: Sequence[Region], coordinates: np.ndarray) -> None:
    """Write what tells each region's songs from others near where they are densest, if there is room.

    Parameters
    ----------
    room, coordinates
        As in `label_genres`.
    regions
        The regions of the map.
    """
    for region in regions:
        own = np.zeros(len(coordinates), dtype=bool)
        own[list(region.rows)] = True
        name = charts.wrapped(region.name, 34)
        write_near(room, name, _densest(coordinates, own), color=charts.INK, fontsize=11, style="italic")


def label_songs(room: Room, titles: Sequence[str], coordinates: np.ndarray, star: Star | None = None) -> None:
    """Write the songs' titles beside them where there is room; none in a library of more than `MOST_NAMED`.

    Parameters
    ----------
    room, coordinates
        As in `label_genres`.
    titles
        The title of every song, in the library's order.
    star
        The song that is pointed out, which has its name already; None if there is none.
    """
    if len(titles) <= MOST_NAMED:
        rows = [row for row in range(len(titles)) if star is None or row != star.row]
        name_songs(room, titles, coordinates, rows)


def name_songs(
    room: Room, titles: Sequence[str], coordinates: np.ndarray, rows: Sequence[int], size: float = 7.5
) -> None:
    """Write the titles of some songs beside them where there is room, what comes first before the others.

    Parameters
    ----------
    room, titles, coordinates
        As in `label_songs`.
    rows
        The songs that are named.
    size
        The size of the letters in points.
    """
    for row in rows:
        word = shorten(clean(titles[row]), 32)
        write_near(room, word, coordinates[[row]], reach=BESIDE, color=charts.INK, fontsize=size)


def number_neighbours(
    axes: Axes, star: Star, coordinates: np.ndarray, rows: Sequence[int], size: float = 11
) -> None:
    """Lead a thin line from the star to its nearest songs, and number them, the nearest first.

    Parameters
    ----------
    axes
        The flat picture, with everything else drawn.
    star
        The song that is pointed out.
    coordinates
        Where all songs lie, shape (n_songs, 2).
    rows
        The nearest songs.
    size
        The size of the numbers in points.
    """
    for row in rows:
        ends = np.array([star.coordinates, coordinates[row]])
        axes.plot(*ends.T, color=charts.INK, linewidth=0.8, alpha=0.5, zorder=5)
    lines = [np.linspace(star.coordinates, coordinates[row], 24) for row in rows]
    room = find_room(axes, coordinates, star, lines)
    for number, row in enumerate(rows, start=1):
        write_near(room, str(number), coordinates[[row]], always=True, fontsize=size, weight="bold")


def _around(axes: Axes, where: np.ndarray) -> Bbox:
    """The star's place on the paper, in pixels."""
    from matplotlib.transforms import Bbox

    x, y = axes.transData.transform(where)
    radius = 14 * axes.figure.dpi / 72
    return Bbox.from_extents(x - radius, y - radius, x + radius, y + radius)


def _densest(coordinates: np.ndarray, own: np.ndarray, most: int = 20) -> np.ndarray:
    """Places of the half of a genre's songs that have the most company of their own kind, best first."""
    songs = coordinates[own][:MOST_ASKED]
    scale = np.ptp(coordinates, axis=0).max() * 0.08 or 1.0
    company = np.zeros(len(songs))
    for others, sign in ((coordinates[own], 1.0), (coordinates[~own], -0.15)):
        some = others[:: -(-len(others) // MOST_ASKED) or 1]
        apart = cdist(songs, some, "sqeuclidean")
        company += sign * len(others) / max(len(some), 1) * np.exp(-apart / (2 * scale**2)).sum(axis=1)
    return songs[np.argsort(-company, kind="stable")[: min(most, (len(songs) + 1) // 2)]]
