"""What a map says about itself: its title, how it was made, how far to trust it, and how to read it."""

from __future__ import annotations

import numpy as np

from common.library import Library
from common.maps.layout_table import Layout
from common.maps.projection import (
    DISC,
    KEPT_NEIGHBOURS,
    MAP_VERSION,
    NEIGHBOURS,
    PCA,
    UMAP,
    Projection,
    n_tries,
)
from common.maps.settling import can_settle
from common.text import count, fold, thousands, title_in

HONESTY = (
    "Songs that lie close together sound alike to the machine; the distance between far clusters, "
    "their sizes and the directions mean little."
)

SETTLED = "songs moved to where more of their nearest songs are"
"""Said where what the map keeps was not only measured, but sought."""


def title(n_songs: int, projection: Projection) -> str:
    """Heading of a map's figure and page."""
    some = "" if projection.drawn_from is None else f"{thousands(n_songs)} of "
    songs = count(projection.drawn_from or n_songs, "song")
    return f"{some}{songs} on a map in {projection.dimensions}D"


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
    source = f"{songs}, in the space that songs are searched in"
    made = {
        UMAP: f"UMAP of {source} (cosine, {min(NEIGHBOURS, n_songs - 2)} neighbours)",
        PCA: f"Principal components of {source}: too few songs for UMAP in {projection.dimensions}D",
    }[projection.method]
    if projection.trust is None:
        return f"{made}. {HONESTY}"
    if projection.method == UMAP and can_settle(n_songs, KEPT_NEIGHBOURS):
        which = "the truest of several layouts" if n_tries(n_songs) > 1 else "a layout"
        made += f". It is {which}, with {SETTLED}"
    if kept := keeps(projection):
        made += f". {kept.removesuffix('.')}; paler songs keep fewer"
    sample = n_songs > projection.judged_on
    where = f", measured on {count(projection.judged_on, 'song')}" if sample else ""
    return (
        f"{made}. Trustworthiness {projection.trust:.2f}{where}; 1 would mean that all neighbours on the map "
        f"are neighbours in the space. {HONESTY}"
    )


def short_names(library: Library) -> list[str]:
    """What songs are called where room is short: by their titles, or what their names say after the artist.

    Lists and commands call a song by its name; a title that is not part of it would be of another song.
    """
    return [
        title if title and fold(title) in fold(name) else title_in(name)
        for title, name in zip(library.columns["title"], library.names, strict=True)
    ]


def keeps(projection: Projection) -> str:
    """Say how many of its nearest songs a map keeps near a song.

    Empty where that was not counted, or where so few songs leave nothing to lose.
    """
    if projection.kept is None or len(projection.kept) <= KEPT_NEIGHBOURS + 1:
        return ""
    nearest = KEPT_NEIGHBOURS
    none = int((projection.kept == 0).sum())
    without = f"; {count(none, 'song')} {'keeps' if none == 1 else 'keep'} none of them" if none else ""
    return (
        f"Of a song's {nearest} nearest, {nearest * projection.kept.mean():.1f} on average are among its "
        f"{nearest} nearest on the map{without}."
    )


def renewed(earlier: Layout | None, projection: Projection) -> str:
    """Say that the songs of an unchanged library lie elsewhere, for the earlier map is not of this version.

    Empty where they lie where they did, or the earlier map had not all of them.
    """
    if earlier is None or earlier.version == MAP_VERSION or not earlier.is_known.all():
        return ""
    if np.array_equal(earlier.coordinates, projection.coordinates):
        return ""
    return (
        f"the {projection.dimensions}D map is made anew and laid over the earlier one, which is of another "
        "version or was changed"
    )
