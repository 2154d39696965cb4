"""Every page that is written, opened in a browser: it draws, and says nothing to console or network."""

from __future__ import annotations

import importlib
import re

import pytest
from browsing import assert_quiet, needs_browser, visit, wait
from map_page import HOSTILE

from common import gallery
from common.files import write_csv
from common.library import save
from common.paths import Output

pytestmark = needs_browser


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
