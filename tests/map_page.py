"""A map's page in the browser, as its user meets it."""

from __future__ import annotations

import itertools
from pathlib import Path
from urllib.parse import unquote, urlsplit

import numpy as np
import pytest
import soundfile
from browsing import DESKTOP, PHONE, visit, wait

from common.library import Library
from common.maps import page as map_pages
from common.maps.projection import UMAP, Projection
from common.maps.regions import NO_REGIONS, Regions
from common.maps.selection import Star, choose_shown

HOSTILE = '<script>alert(1)</script> & "x"'
ODD_FILE = "50% off #1? <b>'x'</b> & ほし.wav"
"""Every character that means something in an address, and some from elsewhere."""


every_screen = pytest.mark.parametrize(
    ("dimensions", "size"),
    [(2, DESKTOP), (2, PHONE), (3, DESKTOP), (3, PHONE)],
    ids=["flat", "flat-phone", "solid", "solid-phone"],
)
"""Both maps on a desktop and on a phone."""

both_sizes = pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])


def write_tone(path: Path, frequency: float) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    time = np.arange(8000 * 3) / 8000
    soundfile.write(path, 0.2 * np.sin(2 * np.pi * frequency * time), 8000, subtype="PCM_16")


def layout(n_songs: int, dimensions: int) -> Projection:
    places = np.random.default_rng(1).uniform(-5, 5, size=(n_songs, dimensions))
    return Projection(places, UMAP, None, 0.9, n_songs)


FLAT_PIXELS = """
const { xaxis, yaxis } = document.getElementById("map")._fullLayout;
return arguments[0].map(([x, y]) => [xaxis._offset + xaxis.d2p(x), yaxis._offset + yaxis.d2p(y)]);
"""

SOLID_PIXELS = """
const map = document.getElementById("map");
const { dataScale, glplot } = map._fullLayout.scene._scene;
const { model, view, projection } = glplot.cameraParams;
const times = (m, v) => [0, 1, 2, 3].map((i) => v.reduce((sum, value, j) => sum + m[4 * j + i] * value, 0));
return arguments[0].map((place) => {
  const there = times(model, [...place.map((value, i) => value * dataScale[i]), 1]);
  const [x, y, , w] = times(projection, times(view, there));
  return [(1 + x / w) / 2 * map.clientWidth, (1 - y / w) / 2 * map.clientHeight];
});
"""
"""Where plotly itself says that places of the map are drawn."""


class Page:
    """A map in the browser, as its user meets it."""

    def __init__(self, browser, library, projection):
        self.browser, self.library, self.projection = browser, library, projection

    def ask(self, script: str, *arguments):
        return self.browser.execute_script(script, *arguments)

    def element(self, css: str):
        return self.browser.find_element("css selector", css)

    def press(self, *keys: str) -> None:
        from selenium.webdriver import ActionChains

        ActionChains(self.browser).send_keys(*keys).perform()

    def traces(self) -> list[dict]:
        return self.ask(
            """return document.getElementById("map").data.map((trace) => ({
                 x: [...trace.x], y: [...trace.y], mode: trace.mode, visible: trace.visible ?? true,
                 hover: trace.hovertext ?? [], colour: trace.marker?.color }))"""
        )

    def n_points(self) -> int:
        return sum(len(t["x"]) for t in self.traces() if t["hover"] and t["visible"] is True)

    def click_song(self, row: int) -> None:
        """Click with the mouse where the song is drawn."""
        from selenium.webdriver import ActionChains

        x, y = self.ask(
            """const { xaxis, yaxis } = document.getElementById("map")._fullLayout;
               return [xaxis._offset + xaxis.d2p(arguments[0]), yaxis._offset + yaxis.d2p(arguments[1])]""",
            *map(float, self.projection.coordinates[row].round(3)),
        )
        map_ = self.element("#map")
        left, top = x - map_.size["width"] / 2, y - map_.size["height"] / 2
        ActionChains(self.browser).move_to_element_with_offset(map_, int(left), int(top)).pause(
            0.3
        ).click().perform()

    def search(self, words: str) -> None:
        self.element("#search").send_keys(words)

    def found(self) -> list[str]:
        return [
            item.text.split("\n")[0] for item in self.browser.find_elements("css selector", "#results li")
        ]

    def playing(self) -> Path:
        """Wait for sound and say whose file it is."""
        wait(
            self.browser,
            """const audio = document.getElementById("audio");
               return !audio.paused && audio.readyState > 2 && audio.currentTime > 0""",
        )
        return Path(unquote(urlsplit(self.ask("return document.getElementById('audio').currentSrc")).path))

    def ringed(self) -> tuple[float, float]:
        """Where the keyboard is."""
        return tuple(
            self.ask("return document.getElementById('map').data.at(-1)").get(axis)[0] for axis in "xy"
        )

    def width(self) -> float:
        low, high = self.ask("return document.getElementById('map')._fullLayout.xaxis.range")
        return high - low

    def file(self, row: int) -> Path:
        return Path(self.library.paths[row])

    def colour_by(self, choice: str) -> None:
        from selenium.webdriver.support.ui import Select

        Select(self.element("#colour")).select_by_value(choice)

    def pixels(self, rows: list[int] | None = None) -> np.ndarray:
        """Where plotly draws songs, in pixels of the map, shape (n_songs, 2)."""
        places = self.projection.coordinates
        return self.drawn_at(places if rows is None else places[rows])

    def drawn_at(self, places: np.ndarray) -> np.ndarray:
        """Where plotly draws places of the map, in its pixels, shape (n_places, 2)."""
        script = FLAT_PIXELS if self.projection.dimensions == 2 else SOLID_PIXELS
        return np.array(self.ask(script, places.round(3).tolist()))

    def in_picture(self, rows: list[int] | None = None) -> np.ndarray:
        """Whether songs lie inside the frame of the map, shape (n_songs,)."""
        size = self.element("#map").size
        places = self.pixels(rows)
        return ((places >= 0) & (places <= (size["width"], size["height"]))).all(axis=1)

    def line_ends(self) -> list[int]:
        """The songs that lines lead to, and the one that they come from."""
        ends = self.ask(
            """const { x, y } = document.getElementById("map").data[0];
               return [...x.keys()].filter((i) => x[i] !== null).map((i) => [x[i], y[i]])"""
        )
        places = [tuple(place[:2]) for place in self.projection.coordinates.round(3)]
        return sorted({places.index(tuple(end)) for end in ends})

    def names(self, kind: str) -> dict[str, tuple[float, float, float, float]]:
        """Names that are written on the map: left, top, right, bottom in pixels of the map."""
        boxes = self.ask(
            """const home = document.getElementById("map").getBoundingClientRect();
               return [...document.querySelectorAll(`#names .${arguments[0]}`)].map((name) => {
                 const { left, top, right, bottom } = name.getBoundingClientRect();
                 const [x, y] = [home.left, home.top];
                 return [name.textContent, left - x, top - y, right - x, bottom - y];
               })""",
            kind,
        )
        return {name: tuple(box) for name, *box in boxes}

    def lines_to(self) -> set[tuple[float, float]]:
        line = next(trace for trace in self.traces() if trace["mode"] == "lines")
        return {(x, y) for x, y in zip(line["x"][1::3], line["y"][1::3], strict=True)}


def apart(points: np.ndarray, box) -> np.ndarray:
    """How far points lie from a box (left, top, right, bottom), in pixels, shape (n_points,)."""
    return np.linalg.norm(points - np.clip(points, box[:2], box[2:]), axis=1)


def overlap(one, other) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def assert_nothing_is_covered(opened: Page, boxes) -> None:
    """No name covers another name or a song."""
    for one, other in itertools.combinations(boxes, 2):
        assert not overlap(one, other)
    points = opened.pixels()
    for box in boxes:
        assert apart(points, box).min() > 0


def nearest_by_cosine(library, projection, row: int) -> set[tuple[float, float]]:
    from common.search import nearest, spaces

    matches = nearest.nearest(spaces.build(spaces.DEFAULT_SPACE, library), row, 5)
    return {tuple(projection.coordinates[match.row].round(3)) for match in matches}


def open_map(
    browser,
    library: Library,
    made: Projection,
    file: Path,
    star: Star | None = None,
    regions: Regions = NO_REGIONS,
) -> Page:
    """Write a map of the songs, open it, and wait until it is drawn."""
    nearest = map_pages.nearest_songs(choose_shown(library, library.n_own))
    visit(browser, map_pages.write_map(library, made, nearest, file, star, regions))
    wait(browser, "return Boolean(document.getElementById('map')?.on)")
    return Page(browser, library, made)
