"""A song's way over the map as a page: it plays the song, and a dot travels along.

The page holds its content as JSON and is drawn by ``assets/journey.js`` with the ``plotly.min.js`` beside it,
so it opens from disk without a network.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from common import charts
from common.layout import SAMPLE_RATE
from common.maps.page import asset, page_script
from common.maps.projection import Projection
from common.maps.selection import MapSongs
from common.maps.way import PASSED, STEP_SECONDS, UNLIKE, WINDOW_SECONDS, Stretch, Way, place_way
from common.maps.way_colours import STEPS, Part
from common.maps.words import short_names
from common.pages import address, escape, save_page, script_json, share_plotly
from common.recordings import genre_label
from common.text import clean

ABOUT = (
    f"{{measured}} placed at the weighted mean of the songs nearest; the {PASSED} nearest are named "
    "where there is room. {colours} Click the way or the waveform to jump; Space plays, the arrows "
    "go five seconds back and on."
)

SHORTEST = WINDOW_SECONDS + STEP_SECONDS

MANY = f"Every {{step}} seconds, {WINDOW_SECONDS:.0f} seconds of the song are measured like a song and"
ONE = f"The whole song is measured at once, for it lasts less than {SHORTEST:.0f} seconds, and"
"""How songs are followed, and those that are too short to be."""

BY_SECTION = "Colours are those of the song's sections; what sounds alike has one colour."
BY_TIME = "No sections that differ are known, so colours go from the start (dark) to the end (light)."

OUTLINE_PARTS = 1500
"""Parts of a song whose lowest and highest sample the waveform shows."""


def write_way(
    path: Path,
    shown: MapSongs,
    maps: Sequence[Projection],
    samples: np.ndarray,
    way: Way,
    stretches: Sequence[Stretch],
    parts: Sequence[Part] = (),
) -> Path:
    """Write the page of the song that the map points out.

    Parameters
    ----------
    path
        The page's file; ``plotly.min.js`` is put beside it once.
    shown
        The songs of the map, one of them pointed out.
    maps
        Where the songs lie, in two and in three dimensions.
    samples
        The sound of the song, float32, mono at ``SAMPLE_RATE``, shape (n_samples,).
    way
        The windows of the song.
    stretches
        Which stretches sound like which other songs.
    parts
        The sections of the song in order; if there are none, colours are those of time.
    """
    share_plotly(path.parent)
    content = _content(path.parent, shown, maps, samples, way)
    content["stretches"] = [
        [round(one.start, 2), round(one.end, 2), *_near(one.row, one.similarity)] for one in stretches
    ]
    content["parts"] = [
        [round(part.start, 2), round(part.end, 2), part.name, part.colour, part.kind] for part in parts
    ]
    heading = f"The journey of {content['name']}"
    step = f"{way.times[1] - way.times[0]:.0f}" if len(way.times) > 1 else ""
    measured = MANY.format(step=step) if step else ONE
    about = ABOUT.format(measured=measured, colours=BY_SECTION if parts else BY_TIME)
    body = asset("journey.html").format(
        title=escape(heading),
        about=escape(about),
        content=script_json(content),
        script=page_script("journey.js"),
    )
    looks = asset("names.css") + asset("journey.css")
    return save_page(path, heading, body, scripts=("plotly.min.js",), styles=looks)


def _content(
    home: Path, shown: MapSongs, maps: Sequence[Projection], samples: np.ndarray, way: Way
) -> dict[str, Any]:
    """What a page in a folder knows of song, way and the songs around; see ``assets/journey.js``."""
    songs, row = shown.songs, shown.place
    if row is None:
        raise ValueError("the map points out no song whose way could be shown")
    own, short = slice(0, songs.n_own), short_names(songs)
    styles = charts.genre_styles(songs.genres[own])
    return {
        "name": clean(songs.names[row]),
        "file": address(songs.paths[row], home),
        "duration": round(samples.size / SAMPLE_RATE, 2),
        "outline": _outline(samples),
        "times": np.round(way.times, 2).tolist(),
        "maps": {projection.dimensions: _places(projection, way, shown) for projection in maps},
        "songs": {
            "title": [clean(name) for name in songs.names[own]],
            "genre": [genre_label(genre) for genre in songs.genres[own]],
        },
        "genres": [
            {"name": genre_label(genre), "colour": colour, "symbol": charts.PLOTLY_MARKERS[marker]}
            for genre, (colour, marker) in styles.items()
        ],
        "near": [
            [_near(row, score) for row, score in zip(*found, strict=True)]
            for found in zip(way.near.tolist(), way.similarity.tolist(), strict=True)
        ],
        "passed": [[row, clean(short[row])] for row in way.passed],
        "ramp": charts.ramp(charts.ORDERED, STEPS),
        "between": charts.UNKNOWN_COLOUR,
    }


def _near(row: int, similarity: float) -> list:
    return [row, round(similarity, 2), bool(similarity > UNLIKE)]


def _places(projection: Projection, way: Way, shown: MapSongs) -> dict[str, list]:
    places = place_way(way, shown, projection.coordinates)
    return {
        "songs": np.round(projection.coordinates, 3).T.tolist(),
        "way": np.round(places, 3).T.tolist(),
    }


def _outline(samples: np.ndarray) -> list[list[float]]:
    """The lowest and the highest sample of equal parts of a song, as shares of its largest."""
    starts = np.linspace(0, samples.size, min(OUTLINE_PARTS, samples.size), endpoint=False).astype(int)
    loudest = max(float(np.abs(samples).max()), 1e-6)
    low, high = np.minimum.reduceat(samples, starts), np.maximum.reduceat(samples, starts)
    return [np.round(values / loudest, 3).tolist() for values in (low, high)]
