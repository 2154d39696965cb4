"""Every page that is written, opened in a browser: it draws, and says nothing to console or network."""

from __future__ import annotations

import importlib
import re

from browsing import DESKTOP, PHONE, assert_quiet, needs_browser, resize, visit, wait
from map_page import HOSTILE

from common import gallery
from common.files import write_csv
from common.library import save
from common.pages import html_table, save_page
from common.paths import Output

pytestmark = needs_browser


def test_the_gallery_opens_quietly(paths, browser):
    write_csv(paths.report("genre_similarity.csv"), ["genre", "inside"], [[HOSTILE, 0.5]])
    visit(browser, gallery.refresh(paths))
    assert browser.find_element("css selector", "h1").is_displayed()
    assert browser.find_element("css selector", "body").text.count(HOSTILE) == 1
    assert_quiet(browser)


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


def test_a_wide_table_scrolls_on_a_phone_and_its_lines_do_not_wrap(tmp_path, browser):
    rows = [[f"a cell of {column} words" for column in range(12)], [None] * 11 + ["a long sentence " * 12]]
    page = save_page(tmp_path / "table.html", "Table", html_table([f"head {i}" for i in range(12)], rows))
    resize(browser, PHONE)
    visit(browser, page)
    shown, whole, window = browser.execute_script(
        """const { clientWidth, scrollWidth } = document.querySelector(".scroll");
           return [clientWidth, scrollWidth, document.documentElement.scrollWidth];"""
    )
    assert window <= PHONE[0]
    assert whole > shown
    heights = browser.execute_script(
        "return [...document.querySelectorAll('tr')[1].cells].slice(0, 11).map((cell) => cell.scrollHeight)"
    )
    assert max(heights) < 45
    resize(browser, DESKTOP)
    assert_quiet(browser)
