"""The maps in a browser: they draw, find, colour and play songs, and strangers' words stay text."""

from __future__ import annotations

import json
from urllib.parse import unquote

import numpy as np
import pytest
from browsing import DOWN, ENTER, ESCAPE, LEFT, assert_quiet, needs_browser, wait
from map_page import HOSTILE, every_screen, nearest_by_cosine, open_map, write_tone

from common import charts
from common.columns import READING_COLUMNS
from common.layout import SLICES
from common.library import UNKNOWN_GENRE
from common.maps.projection import UMAP, Projection
from common.maps.regions import Region, Regions
from common.maps.selection import Star
from common.song import Song, take_stamp
from common.tags import Tags

pytestmark = needs_browser

both_maps = pytest.mark.parametrize("dimensions", [2, 3])


def test_a_click_plays_the_song_and_leads_to_its_nearest(page):
    opened = page()
    assert opened.n_points() == len(opened.library)
    opened.click_song(2)
    assert opened.playing() == opened.file(2)
    assert opened.element("#name").text == HOSTILE
    assert opened.lines_to() == nearest_by_cosine(opened.library, opened.projection, 2)
    assert len(opened.browser.find_elements("css selector", "#near li")) == 5
    opened.element("#near button").click()
    assert opened.playing() != opened.file(2)
    assert_quiet(opened.browser)


def test_strangers_words_stay_text(page):
    opened = page()
    opened.search("alert")
    assert opened.found() == [HOSTILE]
    opened.press(ENTER)
    assert opened.element("#name").text == HOSTILE
    assert '"><img src=x onerror=alert(2)>' in opened.element("#facts").text
    assert "<b>ITALO</b> (5)" in opened.element("#genres").text
    assert not opened.browser.find_elements("css selector", "img, #genres b, script[src='x']")
    assert any("&lt;script&gt;" in text for trace in opened.traces() for text in trace["hover"])
    assert_quiet(opened.browser)


@both_maps
def test_search_finds_and_plays(page, dimensions):
    opened = page(dimensions)
    opened.press("/")
    assert opened.ask("return document.activeElement.id") == "search"
    opened.search("TRANCE song")
    assert len(opened.found()) == 5  # the sixth has another title
    opened.press(DOWN)
    wanted = opened.found()[1]
    opened.press(ENTER)
    assert opened.element("#name").text == wanted
    row = opened.library.columns["title"].index(wanted)
    assert opened.playing() == opened.file(row)
    assert_quiet(opened.browser)


def test_search_knows_no_accents_and_says_when_it_finds_nothing(page, songs):
    songs[1].columns["title"][1] = songs[1].columns["song_name"][1] = "Señor Ångström"
    opened = page()
    opened.search("angstrom senor")
    assert opened.found() == ["Señor Ångström"]
    opened.press(ESCAPE)
    assert opened.element("#search").get_property("value") == ""
    opened.search("zzz")
    assert opened.found() == []
    assert opened.element("#found").text == "no song found"


@both_maps
def test_genres_can_be_hidden_and_a_chosen_song_brings_its_genre_back(page, dimensions):
    opened = page(dimensions)
    label = next(
        label
        for label in opened.browser.find_elements("css selector", "#genres label")
        if "TRANCE" in label.text
    )
    label.click()
    assert opened.n_points() == len(opened.library) - 6
    opened.search("song 001 trance")
    opened.press(ENTER)
    assert opened.n_points() == len(opened.library)
    opened.element("#none").click()
    assert opened.n_points() == 0
    opened.element("#all").click()
    assert opened.n_points() == len(opened.library)
    assert_quiet(opened.browser)


@every_screen
def test_colours_follow_the_choice(page, dimensions, size):
    opened = page(dimensions, size=size, regions=Regions((Region("faster", (0, 1, 7)),), "One cluster."))
    seen = set()
    choices = ("genre", "tempo", "key", "loudness", "energy", "year", "album", "cluster")
    for choice in choices:
        opened.colour_by(choice)
        colours = [trace["colour"] for trace in opened.traces() if trace["hover"]]
        seen.add(json.dumps(colours))
        assert (choice == "genre") == (not opened.element("#scale").text)
        if choice == "tempo":
            tempo = opened.library.embeddings[:, SLICES["tempo"]][:, 0]
            trance = next(
                c for trace, c in zip(opened.traces()[1:], colours, strict=False) if len(trace["x"]) == 6
            )
            assert trance[4] == charts.UNKNOWN_COLOUR
            assert len(set(trance)) == len(set(tempo[:6].tolist()))
        if choice == "year":
            assert {"1997", "2004", "not known"} <= set(opened.element("#scale").text.split("\n"))
        if choice == "key":
            assert len(opened.browser.find_elements("css selector", ".wheel path")) == 12
        if choice == "cluster":
            assert opened.element("#scale").text.split("\n") == ["faster (3)", "no cluster"]
    assert len(seen) == len(choices)
    assert_quiet(opened.browser)


def test_the_keyboard_walks_the_map(page):
    opened = page()
    places = opened.projection.coordinates.round(3)
    opened.ask("document.getElementById('map').focus()")
    assert opened.ask("return getComputedStyle(document.activeElement).outlineStyle") == "solid"
    opened.press(LEFT)  # the walk begins in the middle
    middle = (places.min(0) + places.max(0)) / 2
    start = int(np.hypot(*(places - middle).T).argmin())
    assert opened.ringed() == tuple(places[start])
    opened.press(LEFT)
    row = [tuple(place) for place in places].index(opened.ringed())
    away = places[row] - places[start]
    assert away[0] < 0
    assert abs(away[1]) <= -away[0]
    assert (opened.library.columns["title"][row] or opened.library.names[row]) in opened.element("#here").text
    opened.press(ENTER)
    assert opened.playing() == opened.file(row)
    opened.press(" ")
    assert opened.ask("return document.getElementById('audio').paused")
    before = opened.width()
    opened.press("+")
    assert opened.width() < before
    opened.press(ESCAPE)
    assert opened.lines_to() == set()
    assert not opened.element("#audio").is_displayed()
    assert_quiet(opened.browser)


def test_a_file_that_is_gone_is_said_and_linked(page):
    opened = page()
    opened.file(1).unlink()
    opened.click_song(1)
    trouble = wait(
        opened.browser, "const t = document.getElementById('trouble'); return t.hidden ? '' : t.textContent"
    )
    assert "cannot play this file" in trouble
    assert unquote(opened.element("#trouble a").get_attribute("href")).endswith(str(opened.file(1)))
    opened.click_song(2)
    assert opened.playing() == opened.file(2)
    assert not opened.element("#trouble").is_displayed()


@pytest.mark.parametrize("dimensions", [2, 3])
def test_a_song_from_outside_is_starred_found_and_played(page, songs, tmp_path, dimensions):
    _, library = songs
    file = tmp_path / "elsewhere" / "mine #1.wav"
    write_tone(file, 500.0)
    read = {name: library.columns[name][3] for name in READING_COLUMNS}
    song = Song(take_stamp(file), library.embeddings[3], 1.0, 22_050, 1, Tags(), read)
    guest = library.with_guest(song.embedding, song.metadata(UNKNOWN_GENRE))
    star = Star(np.full(dimensions, 0.5), "mine #1")
    opened = page(dimensions, star, guest)
    assert opened.n_points() == len(library) + 1
    opened.search("mine not in the library")
    opened.press(ENTER)
    assert opened.playing() == file
    near = [item.text for item in opened.browser.find_elements("css selector", "#near button")]
    assert near[0] == library.columns["title"][3]
    assert_quiet(opened.browser)


def test_a_song_alone_can_be_played(make_library, browser):
    paths, library = make_library({"TRANCE": 1})
    file = paths.raw / "one.wav"
    write_tone(file, 300.0)
    library.columns["file_path"][0] = str(file)
    made = Projection(np.zeros((1, 2)), "disc", None, None, 0)
    opened = open_map(browser, library, made, paths.html("map_2d"))
    opened.click_song(0)
    assert opened.playing() == file
    assert_quiet(browser)


def test_three_thousand_songs_are_drawn_and_clicked(make_library, browser):
    paths, library = make_library({"TRANCE": 1500, "ITALODANCE": 1501})
    write_tone(paths.raw / "one.wav", 300.0)
    library.columns["file_path"][7] = str(paths.raw / "one.wav")
    made = Projection(np.random.default_rng(0).normal(size=(3001, 2)), UMAP, None, 0.9, 3000)
    made.coordinates[7] = 4.5, 4.5
    opened = open_map(browser, library, made, paths.html("map_2d"))
    assert opened.ask("return document.getElementById('map').data[1].type") == "scattergl"
    assert opened.n_points() == 3001
    opened.click_song(7)
    assert opened.playing() == paths.raw / "one.wav"
    assert_quiet(browser)
