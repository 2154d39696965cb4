"""The pages in a real browser, opened from disk with the network off: they draw, find, play and stay text.

Needs Debian's ``chromium`` and ``chromium-driver``; see ``.ci/run``.
"""

from __future__ import annotations

import importlib
import json
import re
import shutil
import time
from pathlib import Path
from urllib.parse import unquote, urlsplit

import numpy as np
import pytest
import soundfile
from libraries import reread

from common import charts, gallery
from common.columns import READING_COLUMNS
from common.files import write_csv
from common.layout import SLICES
from common.library import UNKNOWN_GENRE, save
from common.maps import page as map_pages
from common.maps import way_page
from common.maps.projection import UMAP, Projection
from common.maps.selection import Star, choose_shown
from common.maps.way import Stretch, Way, place_way
from common.paths import Output
from common.song import Song, take_stamp
from common.tags import Tags

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
DRIVER = shutil.which("chromedriver")

pytestmark = pytest.mark.skipif(
    not (BROWSER and DRIVER), reason="no browser to open the pages with: install chromium and chromium-driver"
)

both_maps = pytest.mark.parametrize("dimensions", [2, pytest.param(3, marks=pytest.mark.slow)])

HOSTILE = '<script>alert(1)</script> & "x"'
ODD_FILE = "50% off #1? <b>'x'</b> & ほし.wav"
"""Every character that means something in an address, and some from elsewhere."""

ENTER, ESCAPE = "\ue007", "\ue00c"
LEFT, UP, RIGHT, DOWN = "\ue012", "\ue013", "\ue014", "\ue015"
"""Keys, as WebDriver names them: https://www.w3.org/TR/webdriver2/#keyboard-actions."""

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--enable-unsafe-swiftshader",  # WebGL without a graphics card
    "--mute-audio",
    "--window-size=1400,900",
    "--no-first-run",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    # No name is ever resolved: the pages must do without a network.
    "--host-resolver-rules=MAP * ~NOTFOUND",
)


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(executable_path=DRIVER))
    driver.set_script_timeout(30)
    yield driver
    driver.quit()


def write_tone(path: Path, frequency: float) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    time = np.arange(8000 * 3) / 8000
    soundfile.write(path, 0.2 * np.sin(2 * np.pi * frequency * time), 8000, subtype="PCM_16")


@pytest.fixture
def songs(make_library):
    """A library with sound, hostile names and a song without genre, and where its songs lie."""
    paths, library = make_library({"TRANCE": 6, "<b>ITALO</b>": 5, "UNKNOWN": 1})
    for row, name in enumerate(library.names):
        file = paths.raw / "songs" / (ODD_FILE if row == 2 else f"{row} {name}.wav")
        write_tone(file, 200.0 + 20 * row)
        library.columns["file_path"][row] = str(file)
    library.columns["title"][2] = HOSTILE
    library.columns["artist"][2] = '"><img src=x onerror=alert(2)>'
    library.columns["album"][3] = None
    library.embeddings[:, SLICES["tempo"]] = 100 + 5 * np.arange(len(library))[:, np.newaxis]
    library.embeddings[4, SLICES["tempo"]] = 0
    save(paths, reread(library), {})
    return paths, library


def layout(n_songs: int, dimensions: int) -> Projection:
    places = np.random.default_rng(1).uniform(-5, 5, size=(n_songs, dimensions))
    return Projection(places, UMAP, None, 0.9, n_songs)


@pytest.fixture
def page(songs, browser):
    """Write a map of the songs, open it, and wait until it is drawn."""

    def open_page(dimensions=2, star=None, library=None):
        paths, own = songs
        made = layout(own.n_own, dimensions)
        shown = library or own
        file = map_pages.write_map(
            shown,
            made,
            map_pages.nearest_songs(choose_shown(shown, shown.n_own)),
            paths.html(f"map_{dimensions}d"),
            star,
        )
        visit(browser, file)
        wait(browser, "return Boolean(document.getElementById('map')?.on)")
        return Page(browser, shown, made)

    return open_page


def visit(browser, file: Path) -> None:
    drain(browser)
    browser.get(file.as_uri())


def drain(browser) -> tuple[list[str], list[str]]:
    """The console's errors, and the addresses our pages asked for, since the last time.

    The browser's own start page may still be loading; what it asks for is not ours.
    """
    said = [entry["message"] for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]
    asked = []
    for entry in browser.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        sent = message["params"] if message["method"] == "Network.requestWillBeSent" else {}
        if urlsplit(sent.get("documentURL", "")).scheme == "file":
            asked.append(sent["request"]["url"])
    return said, asked


def assert_quiet(browser) -> None:
    """No error in the console, no alert, and nothing asked of a network."""
    from selenium.common.exceptions import NoAlertPresentException

    with pytest.raises(NoAlertPresentException):
        _ = browser.switch_to.alert
    said, asked = drain(browser)
    assert not said
    assert all(urlsplit(url).scheme in {"file", "data", "blob", "about"} for url in asked), asked


def wait(browser, condition: str, *arguments, seconds: float = 15.0):
    """Run a script until it returns something true."""
    end = time.monotonic() + seconds
    while not (found := browser.execute_script(condition, *arguments)):
        assert time.monotonic() < end, f"in vain: {condition}"
        time.sleep(0.05)
    return found


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

    def lines_to(self) -> set[tuple[float, float]]:
        line = next(trace for trace in self.traces() if trace["mode"] == "lines")
        return {(x, y) for x, y in zip(line["x"][1::3], line["y"][1::3], strict=True)}


def nearest_by_cosine(library, projection, row: int) -> set[tuple[float, float]]:
    from common.search import nearest, spaces

    matches = nearest.nearest(spaces.build(spaces.DEFAULT_SPACE, library), row, 5)
    return {tuple(projection.coordinates[match.row].round(3)) for match in matches}


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
def test_search_finds_centres_and_plays(page, dimensions):
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
    place = opened.projection.coordinates[row]
    if dimensions == 2:
        middle = opened.ask(
            """const { xaxis, yaxis } = document.getElementById("map")._fullLayout;
               return [xaxis, yaxis].map(({ range: [low, high] }) => (low + high) / 2)"""
        )
        np.testing.assert_allclose(middle, place, atol=1e-2)
    else:
        low, high = opened.projection.coordinates.min(0), opened.projection.coordinates.max(0)
        margin = 0.06 * (high - low)
        centre = opened.ask("return document.getElementById('map').layout.scene.camera.center")
        expected = (place - low + margin) / (high - low + 2 * margin) - 0.5
        np.testing.assert_allclose([centre[axis] for axis in "xyz"], expected, atol=1e-2)
    assert_quiet(opened.browser)


@pytest.mark.slow
def test_search_knows_no_accents_and_says_when_it_finds_nothing(page, songs):
    songs[1].columns["title"][1] = "Señor Ångström"
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


@both_maps
def test_colours_follow_the_choice(page, dimensions):
    from selenium.webdriver.support.ui import Select

    opened = page(dimensions)
    seen = set()
    for choice in ("genre", "tempo", "key", "energy", "album"):
        Select(opened.element("#colour")).select_by_value(choice)
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
    assert len(seen) == 5
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


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
def test_a_song_alone_can_be_played(make_library, browser):
    paths, library = make_library({"TRANCE": 1})
    file = paths.raw / "one.wav"
    write_tone(file, 300.0)
    library.columns["file_path"][0] = str(file)
    made = Projection(np.zeros((1, 2)), "disc", None, None, 0)
    visit(
        browser,
        map_pages.write_map(
            library, made, map_pages.nearest_songs(choose_shown(library, len(library))), paths.html("map_2d")
        ),
    )
    wait(browser, "return Boolean(document.getElementById('map')?.on)")
    opened = Page(browser, library, made)
    opened.click_song(0)
    assert opened.playing() == file
    assert_quiet(browser)


@pytest.mark.slow
def test_three_thousand_songs_are_drawn_and_clicked(make_library, browser):
    paths, library = make_library({"TRANCE": 1500, "ITALODANCE": 1501})
    write_tone(paths.raw / "one.wav", 300.0)
    library.columns["file_path"][7] = str(paths.raw / "one.wav")
    made = Projection(np.random.default_rng(0).normal(size=(3001, 2)), UMAP, None, 0.9, 3000)
    made.coordinates[7] = 4.5, 4.5
    visit(
        browser,
        map_pages.write_map(
            library, made, map_pages.nearest_songs(choose_shown(library, len(library))), paths.html("map_2d")
        ),
    )
    wait(browser, "return Boolean(document.getElementById('map')?.on)")
    opened = Page(browser, library, made)
    assert opened.ask("return document.getElementById('map').data[1].type") == "scattergl"
    assert opened.n_points() == 3001
    opened.click_song(7)
    assert opened.playing() == paths.raw / "one.wav"
    assert_quiet(browser)


@pytest.mark.parametrize("solid", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_a_dot_travels_along_the_way_while_the_song_plays(songs, browser, solid):
    from selenium.webdriver import ActionChains

    paths, library = songs
    shown = choose_shown(library, len(library), 2)
    times = np.array([0.5, 1.5, 2.5])
    way = Way(times, shown.vectors[[2, 4, 8]])
    maps = [layout(len(library), dimensions) for dimensions in (2, 3)]
    file = way_page.write_way(
        paths.html("journey", "x"), shown, maps, np.zeros(3 * 22_050, np.float32), way,
        [Stretch(1.0, 3.0, 4, 0.5)],
    )  # fmt: skip
    visit(browser, file)
    wait(browser, "return Boolean(document.getElementById('map')?.on)")
    if solid:
        browser.find_element("css selector", "#solid").click()
        wait(browser, "return document.getElementById('map').data[0].type === 'scatter3d'")
    dot = "return ['x', 'y'].map((axis) => document.getElementById('map').data.at(-1)[axis][0])"
    trail = place_way(way, shown, maps[int(solid)].coordinates)
    np.testing.assert_allclose(browser.execute_script(dot), trail[0, :2], atol=1e-2)
    browser.find_element("css selector", "#stretches button").click()
    np.testing.assert_allclose(browser.execute_script(dot), trail[:2, :2].mean(axis=0), atol=0.1)
    wave = browser.find_element("css selector", "#wave")
    ActionChains(browser).move_to_element(wave).click().perform()  # the middle of the song
    np.testing.assert_allclose(browser.execute_script(dot), trail[1, :2], atol=0.1)
    browser.find_element("css selector", "body").send_keys(" ")
    before = browser.execute_script(dot)
    wait(browser, f"{dot}.some((value, i) => Math.abs(value - arguments[0][i]) > 0.01)", before)
    assert_quiet(browser)


def test_the_gallery_opens_quietly(paths, browser):
    write_csv(paths.report("genre_similarity.csv"), ["genre", "inside"], [[HOSTILE, 0.5]])
    visit(browser, gallery.refresh(paths))
    assert browser.find_element("css selector", "h1").is_displayed()
    assert browser.find_element("css selector", "body").text.count(HOSTILE) == 1
    assert_quiet(browser)


@pytest.mark.slow
def test_every_page_that_the_stages_write_opens_quietly(make_library, browser):
    """Run the stages as their user does, and open whatever they wrote."""
    paths, library = make_library({"TRANCE": 12, "ITALODANCE": 12})
    library.columns["title"][0] = library.columns["song_name"][0] = HOSTILE
    save(paths, library, {})
    folders = ["--data", str(paths.data), "--outputs", str(paths.outputs)]
    for stage, command in (("02_embedding_journey", []), ("03_genre_classifier", ["--song", HOSTILE]),
                           ("04_similarity_search", ["genres"])):  # fmt: skip
        assert importlib.import_module(stage).main([*command, *folders]) == 0
    pages = sorted((paths.outputs / "html").glob("*.html"))
    assert {page.stem for page in pages} >= {"index", "map_2d", "map_3d", "boundary_songs"}
    for file in pages:
        visit(browser, file)
        if file.stem.startswith("map"):
            wait(browser, "return Boolean(document.getElementById('map')?.on)")
            words = browser.find_element("css selector", "footer").text
            assert re.search(r"Trustworthiness 0\.\d\d", words)
        if file == paths.html(Output.CLASSIFIER):
            assert f"Why: {HOSTILE}" in browser.find_element("css selector", "body").text
            broken = "return [...document.images].filter((i) => i.complete && !i.naturalWidth).length"
            assert browser.execute_script(broken) == 0
        assert_quiet(browser)
