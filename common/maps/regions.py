"""Regions of a map: the stable clusters of the songs that it shows, and what to say where there are none.

Conventions: rows count the songs of the map, not those of the library.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from common.maps.selection import MapSongs
from common.search.clusters import Grouping, find_clusters
from common.text import clean


@dataclass(frozen=True)
class Region:
    """Songs of a map that sound alike.

    Attributes
    ----------
    name
        What it is called: at most three audible traits, after its genre where it lies within one.
    rows
        Its songs on the map, the most typical first; at least one.
    """

    name: str
    rows: tuple[int, ...]


@dataclass(frozen=True)
class Regions:
    """The regions of a map.

    Attributes
    ----------
    found
        Clusters across genres first, then those within genres; empty where none is stable.
    told
        A sentence that says what was found, or why nothing is shown.
    """

    found: tuple[Region, ...] = ()
    told: str = ""


NO_REGIONS = Regions()
"""Of a map on which no clusters were looked for."""


def find_regions(shown: MapSongs, groupings: Sequence[Grouping] | None = None) -> Regions:
    """Find the regions of a map.

    Parameters
    ----------
    shown
        The songs of the map.
    groupings
        What `find_clusters` found in the library's space; None to look now.
    """
    if shown.space is None:
        return Regions(told="No stable sub-genres: nothing tells the songs apart.")
    groupings = find_clusters(shown.space) if groupings is None else groupings
    places = {int(row): place for place, row in enumerate(shown.rows)}
    found = []
    for grouping in groupings:
        for cluster in grouping.clusters:
            rows = tuple(places[row] for row in cluster.songs if row in places)
            name = cluster.name if grouping.genre is None else f"{grouping.genre}: {cluster.name}"
            if rows:
                found.append(Region(clean(name), rows))
    return Regions(tuple(found), _tell(groupings))


def _tell(groupings: Sequence[Grouping]) -> str:
    """Say how many clusters are stable, and how stable; or that none is, and how near it came."""
    stable = [grouping for grouping in groupings if grouping.clusters]
    if not stable:
        reasons = "; ".join(grouping.verdict for grouping in groupings if grouping.genre is None)
        return f"No stable sub-genres ({clean(reasons)})."
    return f"{clean('; '.join(grouping.verdict for grouping in stable))}. A name tells what sets songs apart."
