"""Maps as pages: search, colours, sound, and lines to the songs that are nearest in the whole embedding.

Conventions
-----------
A page holds its songs as JSON and is drawn by ``assets/map.js`` with the ``plotly.min.js`` beside it, so it
opens from disk without a network. Songs are in the library's order; a song from outside comes after them.
A song's file is named relative to the page, percent-encoded, so that the page can play it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from common import charts
from common.arrays import neighbours
from common.library import Library
from common.maps.projection import KEPT_NEIGHBOURS, NEIGHBOURS, Projection
from common.maps.selection import MapSongs, Star
from common.maps.words import describe, title
from common.music import energies, keys, shown_tempo, tempos
from common.pages import address, escape, save_page, script_json, share_plotly
from common.recordings import recording_numbers
from common.search import nearest as similarity
from common.text import clean, duration

ASSETS = Path(__file__).parent / "assets"

NEAREST = (
    "Lines lead to the {songs} nearest in the whole embedding, as 04_similarity_search.py finds them; where "
    "the map had no room for all that are near, a line crosses it."
)

Nearest = list[list[tuple[int, float]]]
"""For each song the rows of its nearest songs and their similarity (cosine, -1 to 1), best first."""


def nearest_songs(shown: MapSongs) -> Nearest:
    """Find the nearest songs of every song, guests included, by the default measure of the search.

    As in the search, each recording is found once, and a song's own copies are not.

    Parameters
    ----------
    shown
        The songs of the map: only these look for songs and are found, a guest only looks.

    Returns
    -------
    list
        See `Nearest`, rows counted among the songs of the map; every list is empty where nothing tells
        songs apart.
    """
    library, rows = shown.library, shown.rows
    if shown.space is None or not np.ptp(shown.vectors, axis=0).any():
        return [[] for _ in range(len(rows) + library.n_guests)]
    recordings = recording_numbers(library, rows)
    # Among so many there are enough recordings, however many copies of each.
    k = KEPT_NEIGHBOURS * int(np.bincount(recordings).max())
    pairs = shown.near if k <= NEIGHBOURS else neighbours(shown.vectors, k)
    found = []
    for row, (near, distances) in enumerate(zip(*pairs, strict=True)):
        first = _others_once(recordings[near], recordings[row])[:KEPT_NEIGHBOURS]
        found.append([(int(near[place]), 1.0 - float(distances[place])) for place in first])
    allowed = np.isin(np.arange(library.n_own), rows)
    for guest in range(library.n_own, len(library)):
        matches = similarity.search(shown.space, guest, KEPT_NEIGHBOURS, allowed).matches
        found.append([(int(np.searchsorted(rows, match.row)), match.score) for match in matches])
    return found


def _others_once(recordings: np.ndarray, itself: int) -> np.ndarray:
    """Places of a list where a recording comes for the first time, and is not the song's own."""
    _, first = np.unique(recordings, return_index=True)
    return np.sort(first[recordings[first] != itself])


def write_map(
    songs: Library, projection: Projection, nearest: Nearest, path: Path, star: Star | None = None
) -> Path:
    """Write a map as a page that can be searched, coloured and played.

    Parameters
    ----------
    songs
        The songs that are shown; a song from outside is their guest.
    projection
        Where their own songs lie, in two or three dimensions.
    nearest
        What `nearest_songs` found for them.
    path
        The page's file; ``plotly.min.js`` is put beside it once.
    star
        The song to point out, one of them or their guest; None if there is none.
    """
    share_plotly(path.parent)
    solid = projection.dimensions == 3
    body = asset("map.html").format(
        title=escape(title(songs.n_own, projection)),
        honest=escape(describe(projection)),
        nearest=escape(_about_lines(projection)),
        move="Drag to turn, scroll to zoom." if solid else "Drag to move, scroll to zoom.",
        songs=script_json(page_content(songs, projection, nearest, path.parent, star)),
        script=asset("map.js"),
    )
    heading = title(songs.n_own, projection)
    return save_page(path, heading, body, scripts=("plotly.min.js",), styles=asset("map.css"))


def _about_lines(projection: Projection) -> str:
    some = "" if projection.drawn_from is None else " among those shown that are"
    return NEAREST.format(songs=f"{KEPT_NEIGHBOURS} songs{some}")


def page_content(
    songs: Library, projection: Projection, nearest: Nearest, home: Path, star: Star | None = None
) -> dict[str, Any]:
    """What a page knows: facts, places and neighbours of the songs, and the colours of everything.

    Parameters
    ----------
    songs, projection, nearest, star
        The songs, where they lie, their neighbours and the song chosen, as `write_map` takes them.
    home
        The folder of the page, which files are named relative to.
    """
    symbols = charts.PLOTLY_MARKERS_3D if projection.dimensions == 3 else charts.PLOTLY_MARKERS
    styles = charts.genre_styles(songs.genres[: songs.n_own])
    places = projection.coordinates
    if songs.n_guests and star is not None:
        places = np.vstack([places, star.coordinates])
    return {
        "songs": {**song_facts(songs), "file": [address(file, home) for file in songs.paths]},
        "places": np.round(places, 3).T.tolist(),
        "kept": [] if projection.kept is None else [round(float(share), 2) for share in projection.kept],
        "nearest": [[[row, round(score, 2)] for row, score in found] for found in nearest],
        "genres": [
            {"name": clean(genre), "colour": colour, "symbol": symbols[marker]}
            for genre, (colour, marker) in styles.items()
        ],
        "own": songs.n_own,
        "star": star and (songs.n_own if star.row is None else star.row),
        "palettes": {
            "ramp": charts.ramp(charts.ORDERED, 11),
            "wheel": charts.ramp(charts.CYCLIC, 13)[:12],
            "categories": charts.PALETTE[:-1],
            "none": charts.UNKNOWN_COLOUR,
        },
    }


def song_facts(library: Library) -> dict[str, list]:
    """What the page says of every song: one list per fact, in the library's order.

    Returns
    -------
    dict
        ``title, artist, genre, album`` (text or None), ``duration`` (text), ``tempo`` (whole BPM, None
        where no pulse was found), ``energy`` (see `music.energies`), ``key`` (its label, None where
        there is none) and ``hour`` of that code (1 to 12, or None).
    """
    found = keys(library)
    tagged = zip(library.columns["title"], library.names, strict=True)
    return {
        "title": [clean(title or name) for title, name in tagged],
        "artist": _clean(library.columns["artist"]),
        "genre": _clean(library.genres),
        "album": _clean(library.columns["album"]),
        "duration": [duration(seconds) for seconds in library.columns["duration"]],
        "tempo": [shown_tempo(tempo) for tempo in tempos(library)],
        "energy": [round(float(level), 1) for level in energies(library)],
        "key": [key and key.label for key in found],
        "hour": [key.hour if key else None for key in found],
    }


def _clean(texts: Sequence[str | None]) -> list[str | None]:
    return [text and clean(text) for text in texts]


def asset(name: str) -> str:
    """Read one of the files that pages are made of."""
    return (ASSETS / name).read_text(encoding="utf-8")
