"""The solid map in a browser: what it does otherwise than the flat one."""

from __future__ import annotations

import pytest
from browsing import DOWN, ENTER, ESCAPE, LEFT, RIGHT, UP, assert_quiet, needs_browser

pytestmark = needs_browser


@pytest.mark.slow
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


@pytest.mark.slow
def test_a_click_on_the_solid_map_plays_the_song(page):
    from selenium.webdriver import ActionChains

    opened = page(3)
    opened.search("trance song 004")
    opened.press(ENTER)  # now the song is in the middle
    wanted = opened.playing()
    opened.press(ESCAPE)
    assert not opened.element("#audio").is_displayed()
    # What is under the mouse is found a moment after it has moved.
    mouse = ActionChains(opened.browser).move_to_element(opened.element("#map")).pause(0.5)
    mouse.move_by_offset(1, 1).pause(0.5).click().perform()
    assert opened.playing() == wanted
    assert_quiet(opened.browser)
