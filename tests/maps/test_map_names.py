"""Names on the map: of stable clusters, and of songs where there is room; none covers a song or a name."""

from __future__ import annotations

import html

import numpy as np
import pytest
from browsing import assert_quiet, needs_browser, resize, wait
from map_page import HOSTILE, apart, assert_nothing_is_covered, every_screen, layout, open_map

from common.maps.projection import UMAP, Projection
from common.maps.regions import Region, Regions, find_regions
from common.maps.selection import Star, choose_shown
from common.search.clusters import Cluster, Grouping

pytestmark = needs_browser


def two_clouds(n_songs: int, dimensions: int) -> Projection:
    rng = np.random.default_rng(3)
    middles = np.where(np.arange(n_songs)[:, np.newaxis] % 2, 1.2, -1.2)
    return Projection(middles + rng.normal(size=(n_songs, dimensions)), UMAP, None, 0.9, n_songs)


@every_screen
def test_regions_are_named_and_titles_appear_at_zoom(make_library, browser, dimensions, size):
    paths, library = make_library({"TRANCE": 200, "ITALODANCE": 200})
    rows = tuple(range(400))
    named = Regions((Region("faster, brighter", rows[::2]), Region(HOSTILE, rows[1::2])), "two of them")
    resize(browser, size)
    opened = open_map(browser, library, two_clouds(400, dimensions), paths.html("map"), regions=named)
    wait(browser, "return document.querySelectorAll('#names .region').length === 2")
    assert set(opened.names("region")) == {"faster, brighter", HOSTILE}
    typical = {library.columns["title"][row] for row in (0, 1)}
    assert set(opened.names("title")) <= typical
    assert_nothing_is_covered(opened, opened.names("region").values())
    opened.ask("document.getElementById('map').focus()")
    opened.press(*"+" * (5 if dimensions == 2 else 7))
    wait(browser, "return document.querySelectorAll('#names .title').length > 2")
    boxes = [*opened.names("region").values(), *opened.names("title").values()]
    assert_nothing_is_covered(opened, boxes)
    assert_quiet(browser)


def test_a_songs_title_lies_beside_it_and_stays_text(page):
    opened = page()
    wait(opened.browser, "return document.querySelector('#names .title')")
    boxes = opened.names("title")
    assert HOSTILE in boxes
    assert_nothing_is_covered(opened, boxes.values())
    assert apart(opened.pixels([2]), boxes[HOSTILE]).min() < 20
    assert_quiet(opened.browser)


@every_screen
def test_the_song_that_is_pointed_out_and_its_nearest_are_named(page, dimensions, size):
    made = layout(12, dimensions)
    opened = page(dimensions, star=Star(made.coordinates[2], "mine", 2), made=made, size=size)
    wait(opened.browser, "return document.querySelector('#names .starred')")
    names = opened.names("starred") | opened.names("title")
    assert any(name.startswith("★") for name in names)
    assert len(names) > 1
    assert_nothing_is_covered(opened, names.values())
    assert_quiet(opened.browser)


SAVED = """
const done = arguments[0];
Plotly.downloadImage = async (figure, { format, width, height }) => {
  const image = await Plotly.toImage(figure, { format, width, height });
  done([figure.layout.annotations, figure.layout.shapes, image, width, height]);
};
const button = document.querySelector(".modebar-btn[data-title^=Download]");
button.dispatchEvent(new MouseEvent("click", { bubbles: true }));
"""
"""Presses the button that saves the picture; gives what plotly was told to write on it, and the image."""


@pytest.mark.parametrize("dimensions", [2, 3])
def test_the_image_that_is_saved_has_the_names_of_the_page(page, songs, dimensions):
    rows = tuple(range(songs[1].n_own))
    named = Regions((Region("faster", rows), Region(HOSTILE, rows)), "two of them")
    opened = page(dimensions, regions=named)
    wait(opened.browser, "return document.querySelector('#names .title')")
    opened.ask("document.getElementById('map').focus()")
    opened.press("+")
    wait(opened.browser, "return document.querySelector('#names .title')")
    annotations, shapes, image, width, height = opened.browser.execute_async_script(SAVED)
    shown = opened.ask(
        "return [...document.querySelectorAll('#names span')].map(({ textContent, style }) => "
        "[textContent, parseFloat(style.left), parseFloat(style.top)])"
    )
    assert len(shown) > 2
    assert not any("<" in one["text"] for one in annotations)
    assert HOSTILE in {name for name, _, _ in shown}
    told = [[html.unescape(one["text"]), one["x"] * width, (1 - one["y"]) * height] for one in annotations]
    for one, other in zip(told, shown, strict=True):
        assert one == [other[0], *map(pytest.approx, other[1:])]
    assert len(shapes) == opened.ask("return document.querySelectorAll('#names line').length")
    assert image.startswith("data:image/png")
    assert_quiet(opened.browser)


def test_names_go_while_the_solid_map_is_turned_and_come_back_where_songs_then_are(page):
    from selenium.webdriver import ActionChains

    opened = page(3)
    wait(opened.browser, "return document.querySelector('#names .title')")
    before = opened.names("title")
    held = ActionChains(opened.browser).move_to_element(opened.element("#map")).click_and_hold()
    held.move_by_offset(120, 0).pause(0.3).move_by_offset(20, 0).perform()
    wait(opened.browser, "return !document.querySelector('#names .title')")
    ActionChains(opened.browser).release().perform()
    wait(opened.browser, "return document.querySelector('#names .title')")
    after = opened.names("title")
    assert any(after[name] != before[name] for name in before.keys() & after.keys())
    assert_nothing_is_covered(opened, after.values())
    assert_quiet(opened.browser)


def test_after_a_quick_turn_names_lie_beside_their_songs(page):
    """plotly's note of the camera lacks the mouse's last move; the picture does not."""
    from selenium.webdriver import ActionChains

    opened = page(3)
    wait(opened.browser, "return document.querySelector('#names .title')")
    held = ActionChains(opened.browser, duration=20).move_to_element(opened.element("#map")).click_and_hold()
    for _ in range(5):
        held.move_by_offset(40, 6)
    held.release().perform()
    same = """const { layout, _fullLayout } = document.getElementById("map");
      const [noted, seen] = [layout.scene.camera.eye, _fullLayout.scene._scene.getCamera().eye];
      return ["x", "y", "z"].every((axis) => Math.abs(seen[axis] - noted[axis]) < 1e-6)"""
    wait(opened.browser, same)
    wait(opened.browser, "return document.querySelector('#names .title')")
    titles = opened.library.columns["title"]
    for name, box in opened.names("title").items():
        ours = [row for row, title in enumerate(titles) if title == name]
        assert apart(opened.pixels(ours), box).min() < 20
    assert_quiet(opened.browser)


def test_a_map_without_stable_clusters_says_so(page, songs):
    _, library = songs
    regions = find_regions(choose_shown(library, len(library)))
    assert regions.found == ()
    opened = page(regions=regions)
    assert "No stable sub-genres" in opened.element("footer").text
    opened.colour_by("cluster")
    assert "No stable sub-genres" in opened.element("#scale").text
    assert not opened.names("region")


def test_regions_are_the_clusters_of_the_songs_that_are_shown(make_library):
    _, library = make_library({"TRANCE": 20, "ITALODANCE": 10})
    shown = choose_shown(library, 15)
    rows = tuple(map(int, shown.rows))
    hidden = next(row for row in range(30) if row not in rows)
    across = Grouping(
        None, 30, 0.9, (Cluster((rows[3], hidden, rows[0]), ("faster",)), Cluster((hidden,), ()))
    )
    within = Grouping("TRANCE", 20, 0.85, (Cluster((rows[1],), ("darker", "slower")),))
    found = find_regions(shown, [across, within])
    assert found.found == (Region("faster", (3, 0)), Region("TRANCE: darker, slower", (1,)))
    assert "stability 0.90" in found.told
    assert "within TRANCE" in found.told
