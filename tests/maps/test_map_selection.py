"""Several songs selected on a map: their list, what they share, and the list as a playlist."""

from __future__ import annotations

import base64
from urllib.parse import unquote, urlsplit

import numpy as np
from browsing import ESCAPE, assert_quiet, needs_browser, visit, wait
from map_page import HOSTILE, both_sizes, open_map

from common.maps import page as map_pages
from common.maps import traits
from common.maps.projection import UMAP, Projection

pytestmark = needs_browser

N_NUMBERS = len(traits.trait_numbers())


def shift_click(opened, row: int) -> None:
    from selenium.webdriver import ActionChains, Keys

    ActionChains(opened.browser).key_down(Keys.SHIFT).perform()
    opened.click_song(row)
    ActionChains(opened.browser).key_up(Keys.SHIFT).perform()


def selected(opened) -> list[str]:
    return [button.text for button in opened.browser.find_elements("css selector", "#selected button")]


def test_shift_click_selects_lists_and_copies(page):
    opened = page()
    for row in (2, 7, 4, 7):
        shift_click(opened, row)
    assert selected(opened) == [HOSTILE, opened.library.columns["title"][4]]
    opened.ask(
        """window.copied = null;
           const clipboard = { writeText: async (text) => { window.copied = text; } };
           Object.defineProperty(navigator, "clipboard", { value: clipboard });"""
    )
    opened.element("#copy").click()
    lines = wait(opened.browser, "return window.copied").split("\n")
    assert lines[0] == "#EXTM3U"
    seconds = round(opened.library.columns["duration"][2])
    assert lines[1] == f'#EXTINF:{seconds},"><img src=x onerror=alert(2)> - {HOSTILE}'
    files = [unquote(urlsplit(line).path) for line in lines if line and not line.startswith("#")]
    assert files == [str(opened.file(2)), str(opened.file(4))]
    opened.press(ESCAPE)
    assert not opened.element("#selection").is_displayed()
    assert_quiet(opened.browser)


@both_sizes
def test_a_lasso_selects_what_it_goes_around(page, size):
    from selenium.webdriver import ActionChains

    opened = page(size=size)
    opened.ask("document.querySelector('.modebar-btn[data-val=lasso]').click()")
    map_ = opened.element("#map")
    width, height = map_.size["width"], map_.size["height"]
    hand = ActionChains(opened.browser).move_to_element_with_offset(map_, 8 - width // 2, 8 - height // 2)
    hand.click_and_hold()
    for x, y in ((width // 2, 0), (0, height - 40), (-width // 2, 0), (0, 30 - height)):
        hand.move_by_offset(x, y)
    hand.release().perform()
    wait(opened.browser, "return document.querySelectorAll('#selected li').length > 0")
    places = opened.pixels()
    left = places[:, 0] < 8 + width // 2
    assert len(selected(opened)) == left.sum()
    assert opened.ask("return document.getElementById('map').layout.dragmode") == "pan"
    assert_quiet(opened.browser)


def test_songs_of_a_kind_share_traits_and_mixed_ones_do_not(make_library, browser):
    paths, library = make_library({"TRANCE": 30, "ITALODANCE": 30})
    made = Projection(np.random.default_rng(2).uniform(-5, 5, size=(60, 2)), UMAP, None, 0.9, 60)
    opened = open_map(browser, library, made, paths.html("map_2d"))
    own = [row for row, genre in enumerate(library.genres) if genre == "TRANCE"][:4]
    for row in own:
        opened.ask("document.getElementById('search').focus()")
        shift_click(opened, row)
    assert "They share, against all other songs:" in opened.element("#shared").text
    opened.press(ESCAPE)


def ask_shared(browser, values: np.ndarray, rows: list[list[int]]) -> list[list[str]]:
    """What the page's script says that some selections share, of standardised values (n_songs, n_numbers)."""
    steps = np.clip(np.rint(traits.SCALE * values), -127, 127).astype(np.int8)
    told = {
        "words": [[f"high {i}", f"low {i}", f"number {i}"] for i in range(values.shape[1])],
        "scale": traits.SCALE,
        "values": base64.b64encode(steps.tobytes()).decode(),
    }
    script = map_pages.asset("map/8_traits.js")
    return browser.execute_script(
        f"const [traits, all, selections] = arguments; {script}; return selections.map(sharedTraits);",
        told, list(range(len(values))), rows,
    )  # fmt: skip


def test_planted_traits_are_shared_and_chance_shares_none(browser, tmp_path):
    (tmp_path / "empty.html").write_text("<!DOCTYPE html><title>empty</title>", encoding="utf-8")
    visit(browser, tmp_path / "empty.html")
    rng = np.random.default_rng(11)
    values = rng.normal(size=(200, N_NUMBERS))
    chance = [rng.choice(200, size, replace=False).tolist() for size in (3, 5, 10, 30) for _ in range(100)]
    said = [bool(shared) for shared in ask_shared(browser, values, chance)]
    assert np.mean(said) < 1 / 12
    values[:6, 3] += 3.0
    values[:6, 8] -= 2.5
    values[0, 12] += 60.0  # one song alone makes no shared trait
    assert ask_shared(browser, values, [[0, 1, 2, 3, 4, 5]]) == [["high 3", "low 8"]]
    assert ask_shared(browser, values, [[0, 1]]) == [[]]


def test_the_page_is_told_standard_deviations_and_what_is_not_known(songs):
    _, library = songs
    told = traits.tell_traits(library)
    values = np.frombuffer(base64.b64decode(told["values"]), dtype=np.int8).reshape(len(library), -1)
    numbers = traits.trait_numbers()
    expected = np.clip(library.standardised_rows(slice(None))[:, numbers], -127 / 32, 127 / 32)
    tempo = [source for _, _, source in told["words"]].index("tempo")
    known = np.ones_like(values, dtype=bool)
    known[4, tempo] = False
    assert values[4, tempo] == traits.UNKNOWN
    np.testing.assert_allclose(values[known] / told["scale"], expected[known], atol=0.5 / 32 + 1e-6)
