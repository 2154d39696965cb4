"""The music map: how to read a projection, where a song lies on it, and its figures for print.

Conventions: a map shows one point per song, in the library's order. Genres have a colour and a marker
shape (`charts.genre_styles`); axes have no unit and are not drawn. Pages are made by `common.map_pages`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from common import charts
from common.arrays import standardise
from common.layout import N_FEATURES
from common.library import UNKNOWN_GENRE, Library
from common.maps.projection import DISC, NEIGHBOURS, PCA, UMAP, Projection, place
from common.text import clean, count, display_width, shorten, thousands

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text
    from matplotlib.transforms import Bbox

SYMBOLS_3D = {
    "o": "circle",
    "s": "square",
    "^": "diamond-open",
    "D": "diamond",
    "v": "circle-open",
    "P": "cross",
    "X": "x",
    "*": "square-open",
}
"""plotly's 3D scatter knows only these eight shapes."""

MOST_LABELS = 14
"""Genres that get a label in the picture, largest first; the legend names all."""

HONESTY = (
    "Songs that lie close together sound alike to the machine; the distance between far clusters, "
    "their sizes and the directions mean little."
)
ELEVATION, ASIDE = 18.0, 35.0
"""Degrees from which the 3D map is printed: above it, and to either side of where it looks widest."""


@dataclass(frozen=True)
class Star:
    """A song to point out on a map.

    Attributes
    ----------
    coordinates
        Shape (dimensions,).
    name
        What to call it.
    row
        Its row in the library; None for a file outside.
    """

    coordinates: np.ndarray
    name: str
    row: int | None = None


def describe(projection: Projection) -> str:
    """Say in a few sentences how the map was made, how far to trust it, and how to read it."""
    n_songs = len(projection.coordinates)
    if projection.method == DISC:
        return (
            "There is only one song, so its place means nothing."
            if n_songs == 1
            else "All songs have the same numbers, so their places mean nothing."
        )
    songs = "every song"
    if projection.drawn_from is not None:
        drawn, library = (count(n, "song") for n in (n_songs, projection.drawn_from))
        songs = f"{drawn}, drawn at random from {library}, each genre by its share"
    source = f"the {N_FEATURES} standardised numbers of {songs}"
    made = {
        UMAP: f"UMAP of {source} (cosine, up to {NEIGHBOURS} neighbours)",
        PCA: f"Principal components of {source}: too few songs for UMAP in {projection.dimensions}D",
    }[projection.method]
    if projection.trust is None:
        return f"{made}. {HONESTY}"
    sample = n_songs > projection.judged_on
    where = f", measured on {count(projection.judged_on, 'song')}" if sample else ""
    return (
        f"{made}. Trustworthiness {projection.trust:.2f}{where}; 1 would mean that all neighbours on the map "
        f"are neighbours in the numbers. {HONESTY}"
    )


def locate(
    library: Library, projection: Projection, name: str, embedding: np.ndarray, row: int | None
) -> Star:
    """Find the place of a song on a map; a file from outside goes among the songs nearest to it.

    Parameters
    ----------
    library, projection
        The songs and their places.
    name
        What to call the song.
    embedding
        Its numbers, shape (``N_FEATURES``,).
    row
        Its row in the library; None for a file from outside.
    """
    if row is not None:
        return Star(projection.coordinates[row], name, row)
    standard = standardise(embedding[np.newaxis], library.embeddings)[0]
    return Star(place(standard, library.standardised, projection.coordinates), name)


# ---------------------------------------------------------------------------------------------- print


def draw_2d(library: Library, projection: Projection, star: Star | None = None) -> Figure:
    """Draw the 2D map with its genres labelled in the picture.

    Parameters
    ----------
    library
        The songs.
    projection
        Their places, two dimensions.
    star
        A song to point out.
    """
    import matplotlib.pyplot as plt

    with charts.style():
        figure = plt.figure(figsize=(12, 10))
        axes = figure.add_axes((0.03, 0.15, 0.94, 0.77))
        handles = draw_points(axes, library, projection.coordinates)
        if star is not None:
            handles.append(draw_star(axes, star))
        label_genres(axes, library.genres, projection.coordinates, star)
        _frame(figure, library, projection, handles)
    return figure


def draw_3d(library: Library, projection: Projection, star: Star | None = None) -> Figure:
    """Draw the 3D map from two sides; see `draw_2d`."""
    import matplotlib.pyplot as plt

    with charts.style():
        figure = plt.figure(figsize=(16, 9.5))
        widest = _widest_view(projection.coordinates)
        for column, azimuth in enumerate((widest - ASIDE, widest + ASIDE)):
            axes = figure.add_axes((0.01 + 0.495 * column, 0.14, 0.485, 0.79), projection="3d")
            axes.view_init(ELEVATION, azimuth)
            axes.computed_zorder = False  # or a song in front would cover the star
            handles = draw_points(axes, library, projection.coordinates)
            if star is not None:
                handles.append(draw_star(axes, star))
            axes.set_box_aspect((1, 1, 0.8), zoom=1.12)
            side = ("from the left", "from the right")[column]
            axes.set_title(side, loc="center", y=0.99, weight="normal", size=11)
        _frame(figure, library, projection, handles)
    return figure


def _widest_view(coordinates: np.ndarray) -> float:
    """Azimuth in degrees, -90 to 90, from which the songs are spread most widely from left to right."""
    width = np.ptp(coordinates, axis=0)
    x, y = ((coordinates - coordinates.mean(axis=0)) / np.where(width > 0, width, 1.0)).T[:2]
    # The direction of the largest variance in the plane; the eye stands at a right angle to it.
    along = 0.5 * np.degrees(np.arctan2(2 * (x @ y), x @ x - y @ y))
    return float(along - 90.0 if along > 0 else along + 90.0)


def draw_points(axes: Axes, library: Library, coordinates: np.ndarray, size: float | None = None) -> list:
    """Draw one point per song and return the legend's handles, one per genre.

    Parameters
    ----------
    axes
        Two- or three-dimensional, as the coordinates are.
    library
        The songs.
    coordinates
        Shape (n_songs, dimensions).
    size
        Area of a point in square points; smaller the more songs there are, unless given.
    """
    size = size or float(np.clip(9000 / max(len(library), 1), 6, 90))
    genres, sizes = np.array(library.genres), Counter(library.genres)
    handles = []
    for genre, (colour, marker) in charts.genre_styles(library.genres).items():
        where = coordinates[genres == genre]
        label = f"{shorten(clean(genre), 24)} ({sizes[genre]})"
        handles.append(
            axes.scatter(
                *where.T, s=size, c=colour, marker=marker, alpha=0.8, linewidths=0.5, edgecolors="white",
                label=label,
            )
        )  # fmt: skip
    _bare(axes)
    return handles


def draw_small(axes: Axes, library: Library, projection: Projection, star: Star) -> None:
    """Draw a 2D map as one panel among others: points, genres and the starred song."""
    draw_points(axes, library, projection.coordinates)
    draw_star(axes, star, label=False)
    label_genres(axes, library.genres, projection.coordinates, star, size=10)


def _bare(axes: Axes) -> None:
    """Take away ticks and numbers, which mean nothing on a map; keep room around the points."""
    axes.set(xticks=[], yticks=[], xlabel="", ylabel="")
    axes.margins(0.06)
    if axes.name == "3d":
        axes.set(zticks=[], zlabel="")
        for axis in (axes.xaxis, axes.yaxis, axes.zaxis):
            axis.line.set_color(charts.GRID)
        return
    # Neither direction means anything by itself, so neither is stretched.
    axes.set_aspect("equal", adjustable="datalim")
    for spine in axes.spines.values():
        spine.set_color(charts.GRID)


def draw_star(axes: Axes, star: Star, label: bool = True) -> Any:
    """Point a song out with a star and its name; returns the legend's handle."""
    where = [np.array([value]) for value in star.coordinates]
    name = shorten(clean(star.name), 40)
    short = shorten(name, 28)
    handle = axes.scatter(
        *where, s=420, marker="*", c="#FFD400", edgecolors=charts.INK, linewidths=1.2, zorder=10,
        label=short if star.row is not None else f"{short} (not in the library)",
    )  # fmt: skip
    if label and axes.name != "3d":
        _annotate(axes, star.coordinates, name)
    return handle


def _annotate(axes: Axes, where: np.ndarray, name: str) -> None:
    """Write a name beside a point, on the side where the picture has room, as much of it as there is."""
    low, high = axes.get_xlim()
    to_left = (where[0] - low) / (high - low) > 0.5
    note = axes.annotate(
        name, where, xytext=(-14 if to_left else 14, 14), textcoords="offset points",
        ha="right" if to_left else "left", fontsize=11, weight="bold", zorder=11, path_effects=_halo(),
    )  # fmt: skip
    axes.figure.canvas.draw()
    for width in range(display_width(name) - 1, 3, -1):
        box = note.get_window_extent()
        if axes.bbox.x0 <= box.x0 and box.x1 <= axes.bbox.x1:
            break
        note.set_text(shorten(name, width))


def _halo() -> list:
    from matplotlib.patheffects import withStroke

    return [withStroke(linewidth=4, foreground=charts.PAPER, alpha=0.85)]


def label_genres(
    axes: Axes, genres: list[str], coordinates: np.ndarray, star: Star | None = None, size: float = 13
) -> None:
    """Write each genre's name where it is densest, unless it would cover another name or the star.

    Parameters
    ----------
    axes
        Two-dimensional, with everything else drawn.
    genres, coordinates
        One per song.
    star
        The song that is pointed out, if any.
    size
        Of the letters, in points.
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
            weight="bold", ha="center", va="center", zorder=9, path_effects=_halo(),
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
        The label.
    spots, points
        Places to try, best first, and all points, in pixels.
    taken
        Where other words are, in pixels.

    Returns
    -------
    Bbox or None
        Where it is now; None if every place is outside the picture or taken.
    """
    frame, pixels = text.axes.bbox, text.figure.dpi / 72
    to_data = text.axes.transData.inverted()
    best, place, least = None, None, np.inf
    for rank, (x, y) in enumerate(spots):
        for lift in (13 * pixels, -13 * pixels):
            text.set_position(to_data.transform((x, y + lift)))
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


def _frame(figure: Figure, library: Library, projection: Projection, handles: list) -> None:
    """Write the title above, the legend and the honest words below."""
    figure.text(0.03, 0.965, title(len(library), projection), fontsize=18, weight="bold", va="center")
    shown = handles[:24] + handles[24:][-1:]
    for columns in range(min(len(shown), max(3, int(figure.get_figwidth() / 2.4))), 0, -1):
        legend = figure.legend(
            handles=shown, loc="upper center", bbox_to_anchor=(0.5, 0.145), ncols=columns, frameon=False,
            fontsize=10, markerscale=1.0, columnspacing=1.2, handletextpad=0.3,
        )  # fmt: skip
        if legend.get_window_extent().width <= figure.bbox.width or columns == 1:
            break
        legend.remove()
    words = describe(projection).replace(". ", ".\n")
    figure.text(0.03, 0.012, words, fontsize=9.5, va="bottom", linespacing=1.5)


def title(n_songs: int, projection: Projection) -> str:
    """Heading of a map's figure and page."""
    some = "" if projection.drawn_from is None else f"{thousands(n_songs)} of "
    songs = count(projection.drawn_from or n_songs, "song")
    return f"{some}{songs} on a map in {projection.dimensions}D"
