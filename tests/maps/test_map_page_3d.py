"""The solid map in a browser: what it does otherwise than the flat one."""

from __future__ import annotations

from browsing import DOWN, ENTER, LEFT, RIGHT, UP, assert_quiet, needs_browser

pytestmark = needs_browser


def test_the_keyboard_walks_the_solid_map(page):
    opened = page(3)
    opened.ask("document.getElementById('map').focus()")
    opened.press(LEFT)
    first = opened.element("#here").text
    for key in (LEFT, RIGHT, UP, DOWN):
        opened.press(key)
    assert first
    opened.press(ENTER)
    opened.playing()
    assert_quiet(opened.browser)


def test_a_click_on_the_solid_map_plays_the_song(page):
    from selenium.webdriver import ActionChains

    opened = page(3)
    row = 4
    map_ = opened.element("#map")
    left, top = opened.pixels([row])[0] - (map_.size["width"] / 2, map_.size["height"] / 2)
    # What is under the mouse is found a moment after it has moved.
    mouse = ActionChains(opened.browser).move_to_element_with_offset(map_, int(left), int(top)).pause(0.5)
    mouse.move_by_offset(1, 1).pause(0.5).click().perform()
    assert opened.playing() == opened.file(row)
    assert opened.element("#name").text == opened.library.columns["title"][row]
    assert_quiet(opened.browser)
