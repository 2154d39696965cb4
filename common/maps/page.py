"""Maps as pages: search, colours, sound, and lines to the songs that are nearest in the whole embedding.

Conventions
-----------
A page holds its songs as JSON and is drawn by the scripts of ``assets/map`` with the ``plotly.min.js`` beside
it, so it opens from disk without a network. Songs are in the library's order; a song from outside comes
after them. A song's file is named relative to the page, percent-encoded, so that the page can play it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from common import charts
from common.arrays import neighbours
from common.library import Library
from common.maps.projection import KEPT_NEIGHBOURS, NEIGHBOURS, Projection
from common.maps.regions import NO_REGIONS, Regions
from common.maps.selection import MapSongs, Star
from common.maps.traits import tell_traits
from common.maps.words import describe, short_names, title
from common.music import KEYS, energies, keys, shown_tempo, tempos, year_of
from common.pages import address, escape, save_page, script_json, share_plotly
from common.recordings import genre_label, recording_numbers
from common.search import nearest as similarity
from common.text import clean, duration

ASSETS = Path(__file__).parent / "assets"

SCRIPTS = (
    "1_songs.js", "2_colours.js", "3_plot.js", "4_view.js", "5_names.js", "6_song.js", "7_search.js",
    "8_traits.js", "9_selection.js", "10_keys.js",
)  # fmt: skip
"""The parts of the page's script, in their order."""

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
    songs: Library,
    projection: Projection,
    nearest: Nearest,
    path: Path,
    star: Star | None = None,
    regions: Regions = NO_REGIONS,
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
    regions
        The groups of songs whose names the map shows.
    """
    share_plotly(path.parent)
    solid = projection.dimensions == 3
    body = asset("map/map.html").format(
        title=escape(title(songs.n_own, projection)),
        honest=escape(describe(projection)),
        nearest=escape(_about_lines(projection)),
        move="Drag to turn, scroll to zoom." if solid else "Drag to move, scroll to zoom.",
        grouped=escape(regions.told),
        songs=script_json(page_content(songs, projection, nearest, path.parent, star, regions)),
        script=page_script(*(f"map/{name}" for name in SCRIPTS)),
    )
    heading = title(songs.n_own, projection)
    return save_page(
        path, heading, body, scripts=("plotly.min.js",), styles=asset("names.css") + asset("map/map.css")
    )


def page_script(*names: str) -> str:
    """Put a page's scripts and what all maps share into one function, whose names nobody else sees."""
    parts = "\n".join(map(asset, ("seen.js", "names.js", *names)))
    return f'"use strict";\n(() => {{\n{parts}}})();\n'


def _about_lines(projection: Projection) -> str:
    some = "" if projection.drawn_from is None else " among those shown that are"
    return NEAREST.format(songs=f"{KEPT_NEIGHBOURS} songs{some}")


def page_content(
    songs: Library,
    projection: Projection,
    nearest: Nearest,
    home: Path,
    star: Star | None = None,
    regions: Regions = NO_REGIONS,
) -> dict[str, Any]:
    """What a page knows: facts, places and neighbours of the songs, and the colours of everything.

    Parameters
    ----------
    songs, projection, nearest, star
        The songs, where they lie, their neighbours and the song chosen, as `write_map` takes them.
    home
        The folder of the page, which files are named relative to.
    """
    styles = charts.genre_styles(songs.genres[: songs.n_own])
    places = projection.coordinates
    if songs.n_guests and star is not None:
        places = np.vstack([places, star.coordinates])
    folders, files = _addresses(songs.paths, home)
    return {
        "songs": {**song_facts(songs), "file": files},
        "folders": folders,
        "places": np.round(places, 3).T.tolist(),
        "kept": [] if projection.kept is None else [round(float(share), 2) for share in projection.kept],
        "nearest": [[[row, round(score, 2)] for row, score in found] for found in nearest],
        "genres": [
            {"name": genre_label(genre), "colour": colour, "symbol": charts.PLOTLY_MARKERS[marker]}
            for genre, (colour, marker) in styles.items()
        ],
        "regions": [{"name": region.name, "rows": region.rows} for region in regions.found],
        "grouped": regions.told,
        "traits": tell_traits(songs),
        "own": songs.n_own,
        "star": star and (songs.n_own if star.row is None else star.row),
        "palettes": {
            "ramp": charts.ramp(charts.ORDERED, 11),
            "wheel": charts.ramp(charts.CYCLIC, 13)[:12],
            "hours": [_names_at(hour) for hour in range(1, 13)],
            "categories": charts.PALETTE[:-1],
            "none": charts.UNKNOWN_COLOUR,
        },
    }


def _addresses(files: Sequence[str], home: Path) -> tuple[list[str], list[tuple[int, str]]]:
    """Addresses of files relative to a page's folder: of their folders, and each one's folder and name."""
    split = [address(file, home).rpartition("/") for file in files]
    folders = list(dict.fromkeys(folder + slash for folder, slash, _ in split))
    number = {folder: place for place, folder in enumerate(folders)}
    return folders, [(number[folder + slash], name) for folder, slash, name in split]


def _names_at(hour: int) -> list[str]:
    """The major and the minor key at an hour of the DJs' wheel, as short as they are told: ``C``, ``Am``."""
    found = sorted((key for key in KEYS.values() if key.hour == hour), key=lambda key: key.mode)
    return [key.short_label.split()[0] for key in found]


def song_facts(library: Library) -> dict[str, list]:
    """What the page says of every song: one list per fact, in the library's order.

    Returns
    -------
    dict
        ``title, artist, genre, album`` (text or None), ``year`` (or None), ``duration`` (text), ``seconds``
        (whole), ``tempo`` (BPM, None where no pulse was found), ``loudness`` (LUFS or None), ``energy`` (see
        `music.energies`), ``key`` (its label, None where there is none), ``hour`` of that code (1 to 12, or
        None) and ``start`` (see `loudest_start`).
    """
    found = keys(library)
    tagged = zip(library.columns["title"], short_names(library), library.names, strict=True)
    return {
        "title": [clean(short if title else name) for title, short, name in tagged],
        "artist": _clean(library.columns["artist"]),
        "genre": [genre_label(genre) for genre in library.genres],
        "album": _clean(library.columns["album"]),
        "year": [year_of(date) for date in library.columns["year"]],
        "duration": [duration(seconds) for seconds in library.columns["duration"]],
        "seconds": [round(seconds) for seconds in library.columns["duration"]],
        "tempo": [shown_tempo(tempo) for tempo in tempos(library)],
        "loudness": [level and round(float(level), 1) for level in library.columns["loudness"]],
        "energy": [round(float(level), 1) for level in energies(library)],
        "key": [key and key.label for key in found],
        "hour": [key.hour if key else None for key in found],
        "start": [loudest_start(sections) for sections in library.columns["sections"]],
    }


def loudest_start(sections: Sequence[Mapping[str, Any]] | None) -> float:
    """Where a song's fullest section begins, in seconds; 0 where no sections were found."""
    fullest = max(sections or (), key=lambda section: section["energy"], default=None)
    return round(float(fullest["start"]), 1) if fullest else 0


def _clean(texts: Sequence[str | None]) -> list[str | None]:
    return [text and clean(text) for text in texts]


def asset(name: str) -> str:
    """Read one of the files that pages are made of."""
    return (ASSETS / name).read_text(encoding="utf-8")
