"""A song's way over the map in a browser: a dot travels along it while the song plays."""

from __future__ import annotations

import numpy as np
import pytest
from browsing import DESKTOP, PHONE, assert_quiet, needs_browser, resize, until, visit, wait
from map_page import Page, apart, assert_nothing_is_covered, every_screen, layout

from common.maps import way_page
from common.maps.selection import choose_shown
from common.maps.way import Stretch, place_way, way_of
from common.maps.way_colours import Part

pytestmark = needs_browser

PARTS = [
    Part(0.0, 1.0, "intro (A)", "intro (A)", "#0072B2"),
    Part(1.0, 3.0, "drop (B)", "drop, build (B)", "#D55E00"),
]


def open_way(songs, browser, dimensions, size):
    """Open the page of a song's way; returns the songs of the map, the way, where it leads, and the page."""
    paths, library = songs
    resize(browser, size)
    shown = choose_shown(library, len(library), 2)
    way = way_of(np.array([0.5, 1.5, 2.5]), shown.vectors[[2, 4, 8]], shown)
    maps = [layout(len(library), dimensions) for dimensions in (2, 3)]
    file = way_page.write_way(
        paths.html("journey", "x"), shown, maps, np.zeros(3 * 22_050, np.float32), way,
        [Stretch(1.0, 3.0, 4, 0.5)], PARTS,
    )  # fmt: skip
    visit(browser, file)
    wait(browser, "return Boolean(document.getElementById('map')?.on)")
    if dimensions == 3:
        browser.find_element("css selector", "#solid").click()
        wait(browser, "return document.getElementById('map').data[0].type === 'scatter3d'")
    made = maps[dimensions - 2]
    return shown, way, place_way(way, shown, made.coordinates), Page(browser, shown.songs, made)


@every_screen
def test_a_dot_travels_along_the_way_while_the_song_plays(songs, browser, dimensions, size):
    from selenium.webdriver import ActionChains

    _, _, trail, _ = open_way(songs, browser, dimensions, size)
    dot = "return ['x', 'y'].map((axis) => document.getElementById('map').data.at(-1)[axis][0])"
    np.testing.assert_allclose(browser.execute_script(dot), trail[0, :2], atol=1e-2)
    assert [item.text for item in browser.find_elements("css selector", "#sections li")] == [
        *("●intro (A)", "●drop, build (B)")
    ]
    symbols = browser.execute_script(
        "return document.getElementById('map').data.map((one) => one.marker?.symbol)"
    )
    signs = [item.text for item in browser.find_elements("css selector", "#genres li")]
    assert [{"circle": "●", "square": "■"}[symbol] for symbol in symbols[: len(signs)]] == [
        sign[0] for sign in signs
    ]
    painted = "return document.getElementById('map').data.at(-2).marker.color"
    assert browser.execute_script(painted) == ["#0072B2", "#D55E00", "#D55E00"]
    jump = browser.find_element("css selector", "#stretches button")
    browser.execute_script("arguments[0].scrollIntoView({ block: 'center' })", jump)
    jump.click()
    assert "drop (B)" in browser.find_element("css selector", "#now").text
    np.testing.assert_allclose(browser.execute_script(dot), trail[:2, :2].mean(axis=0), atol=0.1)
    wave = browser.find_element("css selector", "#wave")
    ActionChains(browser).move_to_element(wave).click().perform()  # the middle of the song
    np.testing.assert_allclose(browser.execute_script(dot), trail[1, :2], atol=0.1)
    browser.find_element("css selector", "body").send_keys(" ")
    before = browser.execute_script(dot)
    wait(browser, f"{dot}.some((value, i) => Math.abs(value - arguments[0][i]) > 0.01)", before)
    assert_quiet(browser)


NAMED = "return [...document.querySelectorAll('#names span')].map((name) => name.textContent)"


@every_screen
def test_the_songs_that_the_way_passes_are_named(songs, browser, dimensions, size):
    shown, way, _, _ = open_way(songs, browser, dimensions, size)
    wait(browser, f"{NAMED}.length")
    titles, written = {shown.songs.titles[row] for row in way.passed}, set(browser.execute_script(NAMED))
    assert "start" in written
    assert written & titles
    assert written <= titles | {"start"}
    nearest = f"{shown.songs.names[4]} (1.00)"
    hover = browser.execute_script("return document.getElementById('map').data.at(-2).hovertext")
    assert hover[1].startswith(f"<b>0:01</b>, nearest:<br>{nearest}<br>")
    browser.execute_script("document.querySelector('#stretches button').click()")  # to 0:01
    wait(browser, "return document.getElementById('now').textContent.startsWith('0:01')")
    assert browser.find_element("css selector", "#now").text.endswith(f"sounds most like {nearest}")
    assert_quiet(browser)


def farthest(opened, shown, way):
    """How far a name lies from its song at most, in pixels; infinity if none is written."""
    points = opened.pixels()
    rows = {
        name: [row for row in way.passed if shown.songs.titles[row] == name] for name in shown.songs.titles
    }
    return max(
        (apart(points[rows[name]], box).min() for name, box in opened.names("title").items()), default=np.inf
    )


def assert_names_are_in_place(opened, shown, way):
    until(lambda: farthest(opened, shown, way) < 20)
    assert_nothing_is_covered(opened, [*opened.names("title").values(), *opened.names("starred").values()])


@every_screen
def test_names_lie_beside_what_they_name_and_cover_nothing(songs, browser, dimensions, size):
    shown, way, trail, opened = open_way(songs, browser, dimensions, size)
    assert_names_are_in_place(opened, shown, way)
    assert apart(opened.drawn_at(trail[:1]), opened.names("starred")["start"]).min() < 40


def test_the_solid_way_begins_with_every_song_in_view_and_keeps_them_in_any_window(songs, browser):
    shown, way, _, opened = open_way(songs, browser, 3, DESKTOP)
    assert opened.in_picture().all()
    resize(browser, PHONE)
    until(lambda: opened.element("#map").size["width"] < PHONE[0] and opened.in_picture().all())
    assert_names_are_in_place(opened, shown, way)
    assert_quiet(browser)


@pytest.mark.parametrize("dimensions", [2, 3])
def test_symbols_are_as_large_beside_each_other_as_on_the_map(songs, browser, page, dimensions):
    sizes = """return document.getElementById("map").data.slice(arguments[0]).slice(0, 3)
      .map(({ marker }) => [marker.symbol, marker.size])"""
    on_map = dict(page(dimensions).ask(sizes, 1))
    *_, opened = open_way(songs, browser, dimensions, DESKTOP)
    on_way = dict(opened.ask(sizes, 0))
    assert on_way.keys() == on_map.keys()
    ratios = [on_map[symbol] / on_way[symbol] for symbol in on_map]
    np.testing.assert_allclose(ratios, ratios[0])


def test_names_go_while_the_solid_way_is_turned_and_come_back(songs, browser):
    from selenium.webdriver import ActionChains

    shown, way, _, opened = open_way(songs, browser, 3, DESKTOP)
    wait(browser, f"{NAMED}.length > 1")
    before = opened.pixels()
    held = ActionChains(browser).move_to_element(opened.element("#map")).click_and_hold()
    held.move_by_offset(120, 0).pause(0.3).move_by_offset(20, 0).perform()
    wait(browser, f"{NAMED}.length === 0")
    ActionChains(browser).release().perform()
    wait(browser, f"{NAMED}.length > 1")
    assert np.abs(opened.pixels() - before).max() > 20
    assert_names_are_in_place(opened, shown, way)
    assert_quiet(browser)


def test_the_solid_way_can_be_turned_while_the_dot_travels(songs, browser):
    from selenium.webdriver import ActionChains

    *_, opened = open_way(songs, browser, 3, DESKTOP)
    wait(browser, f"{NAMED}.length > 1")
    held = ActionChains(browser).move_to_element(opened.element("#map")).click_and_hold()
    held.move_by_offset(120, 0).pause(0.3).move_by_offset(20, 0).perform()
    turned = opened.pixels()
    opened.ask("document.querySelector('#stretches button').click()")  # the dot goes to 0:01
    wait(browser, "return document.getElementById('now').textContent.startsWith('0:01')")
    ActionChains(browser).release().perform()
    wait(browser, f"{NAMED}.length > 1")
    np.testing.assert_allclose(opened.pixels(), turned, atol=5)
    assert_quiet(browser)
