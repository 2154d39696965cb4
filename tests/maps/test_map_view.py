"""What is seen of a map: every song at first, what is found, and a chosen song with all its nearest songs."""

from __future__ import annotations

import numpy as np
from browsing import DESKTOP, ENTER, ESCAPE, PHONE, assert_quiet, needs_browser, prefer, resize, until, wait
from map_page import every_screen, layout

from common import charts

pytestmark = needs_browser


def with_a_far_corner(dimensions):
    """A layout in which three songs lie close together in a corner, far from the others."""
    made = layout(12, dimensions)
    made.coordinates[6:9] = 20.0 + 0.3 * np.arange(3 * dimensions).reshape(3, dimensions) % 0.7
    return made


@every_screen
def test_every_song_is_seen_at_first_and_again_after_escape(page, dimensions, size):
    opened = page(dimensions, size=size, made=with_a_far_corner(dimensions))
    assert opened.in_picture().all()
    for key in (ESCAPE, "0"):
        opened.ask("document.getElementById('map').focus()")
        opened.press("+", "+", "+", "+")
        until(lambda: not opened.in_picture().all())
        opened.press(key)
        until(lambda: opened.in_picture().all())
    assert_quiet(opened.browser)


def test_what_was_seen_stays_in_the_picture_when_the_window_changes(page):
    opened = page(made=with_a_far_corner(2))
    resize(opened.browser, PHONE)
    until(lambda: opened.element("#map").size["width"] < PHONE[0] and opened.in_picture().all())
    opened.search("song 002 trance")
    opened.press(ENTER)
    near = opened.line_ends()
    resize(opened.browser, DESKTOP)
    until(lambda: opened.element("#map").size["width"] > PHONE[0] and opened.in_picture(near).all())
    # And they fill the larger window, as they would had it been so large before.
    until(lambda: (np.ptp(opened.pixels(near), axis=0) > 400).any())
    assert_quiet(opened.browser)


@every_screen
def test_search_shows_what_it_finds_as_large_as_it_can(page, dimensions, size):
    opened = page(dimensions, size=size, made=with_a_far_corner(dimensions))
    before = np.ptp(opened.pixels([6, 7, 8]), axis=0).max()
    for row in (6, 7, 8):
        opened.library.columns["title"][row] = opened.library.columns["song_name"][row] = f"Corner {row}"
    opened = page(dimensions, size=size, made=with_a_far_corner(dimensions))
    opened.search("corner")
    until(lambda: np.ptp(opened.pixels([6, 7, 8]), axis=0).max() > 1.2 * before)
    assert opened.in_picture([6, 7, 8]).all()
    assert not opened.in_picture().all()
    opened.press(ESCAPE)
    until(lambda: opened.in_picture().all())
    assert_quiet(opened.browser)


@every_screen
def test_a_chosen_result_is_seen_with_all_its_nearest_songs(page, dimensions, size):
    opened = page(dimensions, size=size, made=with_a_far_corner(dimensions))
    for words in ("song 002 trance", "song 003 italo"):
        opened.search(words)
        opened.press(ENTER)
        opened.playing()
        near = opened.line_ends()
        assert len(near) == 6
        until(lambda near=near: opened.in_picture(near).all())
    assert_quiet(opened.browser)


def test_lines_of_a_clicked_song_do_not_leave_a_near_view(page):
    opened = page(made=with_a_far_corner(2))
    opened.search("song 001 trance")
    opened.press(ENTER)
    opened.ask("document.getElementById('map').focus()")
    opened.press("+", "+", "+", "+")
    assert not opened.in_picture().all()
    inside = int(np.flatnonzero(opened.in_picture())[0])
    opened.click_song(inside)
    opened.playing()
    assert opened.in_picture(opened.line_ends()).all()


def test_a_tapped_songs_player_is_seen_on_a_phone(page):
    opened = page(size=PHONE)
    opened.click_song(3)
    opened.playing()
    for script in ("", "scrollTo(0, document.body.scrollHeight)"):
        opened.ask(script)
        low, high = opened.ask(
            """const { top, bottom } = document.getElementById("audio").getBoundingClientRect();
               return [top, bottom];"""
        )
        assert 0 <= low < high <= PHONE[1]
    assert opened.ask("return document.documentElement.scrollWidth") <= PHONE[0]
    assert_quiet(opened.browser)


def test_a_song_plays_from_its_loudest_section_or_from_the_start(page):
    opened = page()
    opened.click_song(5)
    assert opened.playing() == opened.file(5)
    assert opened.ask("return document.getElementById('audio').currentTime") >= 1.5
    opened.element("#loudest").click()
    opened.click_song(2)
    opened.click_song(5)
    assert opened.playing() == opened.file(5)
    assert opened.ask("return document.getElementById('audio').currentTime") < 1.4


@every_screen
def test_light_and_dark_follow_the_system(page, dimensions, size):
    opened = page(dimensions, size=size)
    drawn_on = "document.getElementById('map').layout.paper_bgcolor"
    paper = f"return [getComputedStyle(document.body).backgroundColor, {drawn_on}]"
    assert opened.ask(paper) == ["rgb(255, 255, 255)", charts.PAPER]
    prefer(opened.browser, "dark")
    wait(
        opened.browser,
        f"return {drawn_on} !== arguments[0]",
        charts.PAPER,
    )
    body, drawn = opened.ask(paper)
    assert body == "rgb({}, {}, {})".format(*(int(drawn[i : i + 2], 16) for i in (1, 3, 5)))
    assert int(drawn[1:3], 16) < 0x40
    assert_quiet(opened.browser)


def test_marks_are_the_same_on_both_maps(page):
    symbols = "return document.getElementById('map').data.map(({ marker }) => marker?.symbol)"
    flat, solid = (page(dimensions).ask(symbols) for dimensions in (2, 3))
    assert flat == solid
