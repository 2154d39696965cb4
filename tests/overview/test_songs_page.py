"""The table of all songs in a browser: sorted, searched, scrolled, and strangers' words stay text."""

from __future__ import annotations

import numpy as np
import pytest
from browsing import DESKTOP, ESCAPE, PHONE, assert_quiet, needs_browser, resize, visit, wait
from libraries import random_library

from common.classifier.guesses import Guess, read_guesses, write_guesses
from common.library import UNKNOWN_GENRE
from common.overview.publish import write_songs
from common.overview.songs import song_rows
from common.paths import Paths

pytestmark = needs_browser

HOSTILE = '<img src=x onerror=alert(1)> "&'
N_SONGS = 700


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """A page of many songs, whose tempos, names and nearest songs are known."""
    paths = Paths(tmp_path_factory.mktemp("data"), tmp_path_factory.mktemp("outputs"))
    library = random_library(N_SONGS)
    library.columns["song_name"] = [f"Song {number:03d}" for number in range(N_SONGS)]
    library.columns["song_name"][5] = HOSTILE
    library.columns["bpm"] = np.random.default_rng(0).permutation(60.0 + 0.1 * np.arange(N_SONGS)).tolist()
    library.columns["bpm"][0] = 0.0
    library.columns["genre"][3] = UNKNOWN_GENRE
    library.columns["title"][7] = library.columns["artist"][7] = "Été"
    write_guesses(
        paths,
        [
            (library.paths[1], Guess("HOUSE", 0.754)),
            (library.paths[2], Guess("TRANCE", 1.0)),
            (library.paths[3], Guess("ROCK", 0.7)),
        ],
    )
    nearest = {row: ((row + 1) % N_SONGS, 0.5) for row in range(N_SONGS)}
    write_songs(paths, song_rows(library, nearest, [], read_guesses(paths)))
    return paths.html("songs"), library


@pytest.fixture
def opened(table, browser):
    resize(browser, DESKTOP)  # whatever the test before left
    visit(browser, table[0])
    wait(browser, "return document.querySelectorAll('tbody tr').length > 0")
    return browser


def column(browser, header):
    """The cells of a column that are drawn so far."""
    return browser.execute_script(
        "const place = [...document.querySelectorAll('thead th button')]"
        ".findIndex((made) => made.textContent === arguments[0]);"
        "return [...document.querySelectorAll('tbody tr')].map((row) => row.children[place].textContent);",
        header,
    )


def click(browser, header):
    heads = browser.find_elements("css selector", "thead th button")
    next(made for made in heads if made.text.strip("▲▼ ") == header).click()


def test_a_click_on_a_column_sorts_by_it_and_what_is_unknown_comes_last(opened, table):
    tempos = sorted(f"{tempo:.1f}" for tempo in table[1].columns["bpm"] if tempo)
    tempos.sort(key=float)
    click(opened, "tempo")
    assert column(opened, "tempo")[:50] == tempos[::-1][:50]
    click(opened, "tempo")
    assert column(opened, "tempo")[:50] == tempos[:50]
    head = "return [...document.querySelectorAll('thead th')].map((made) => made.getAttribute('aria-sort'))"
    assert opened.execute_script(head).count("ascending") == 1
    opened.execute_script("document.getElementById('find').value = 'song 00'")
    opened.execute_script("document.getElementById('find').dispatchEvent(new Event('input'))")
    assert column(opened, "tempo")[-1] == "–"
    click(opened, "tempo")
    assert column(opened, "tempo")[-1] == "–"
    assert_quiet(opened)


def test_songs_are_drawn_as_far_as_they_are_scrolled_to(opened):
    assert len(column(opened, "song")) < N_SONGS
    for _ in range(10):
        opened.execute_script("document.getElementById('scroll').scrollTop = 1e9")
        opened.execute_async_script("setTimeout(arguments[0], 120)")
    assert len(column(opened, "song")) == N_SONGS
    assert_quiet(opened)


def test_songs_are_found_and_their_nearest_looked_up(opened):
    field = opened.find_element("css selector", "#find")
    field.send_keys("song 123")
    assert column(opened, "song") == ["Song 122", "Song 123"]  # the other has it for its nearest
    field.send_keys(ESCAPE)
    field.send_keys("SONG 200 0")
    rows = opened.find_elements("css selector", "tbody tr")
    nearest = next(made for made in rows if made.text.startswith("Song 200")).find_element(
        "css selector", "button"
    )
    assert nearest.text == "Song 201"
    nearest.click()
    assert "Song 201" in column(opened, "song")
    assert opened.find_element("css selector", "#count").text == f"2 of {N_SONGS} listed"
    assert_quiet(opened)


def test_the_nearest_song_can_be_seen_without_scrolling(opened):
    made = opened.find_element("css selector", "tbody button")
    assert made.rect["x"] + made.rect["width"] < DESKTOP[0] / 2  # names here are short


def test_guesses_are_shown_and_what_is_filed_otherwise_stands_out(opened):
    """A song that is filed under no genre is not filed otherwise."""
    assert set(column(opened, "genre")) == {"TRANCE", "without a genre"}
    assert set(column(opened, "guess")) == {"≠ HOUSE", "TRANCE", "ROCK", "–"}
    click(opened, "sure")
    assert column(opened, "sure")[:4] == ["100%", "75%", "70%", "–"]


def test_strangers_words_stay_text(opened):
    opened.find_element("css selector", "#find").send_keys("onerror")
    assert HOSTILE in column(opened, "song")
    assert not opened.find_elements("css selector", "img")
    assert_quiet(opened)


def test_on_a_phone_the_table_scrolls_and_the_page_does_not_grow_wider(opened):
    resize(opened, PHONE)
    try:
        width = "return [document.documentElement.scrollWidth, window.innerWidth]"
        assert len(set(opened.execute_script(width))) == 1
        inside = "const made = document.getElementById('scroll'); return made.scrollWidth > made.clientWidth"
        assert opened.execute_script(inside)
    finally:
        resize(opened, DESKTOP)
