"""Fixtures of the maps' tests: songs that can be heard, and their map in a browser."""

from __future__ import annotations

import numpy as np
import pytest
from libraries import reread
from map_page import HOSTILE, ODD_FILE, layout, open_map, write_tone

from common.layout import SLICES
from common.library import save


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


@pytest.fixture
def page(songs, browser):
    """Write a map of the songs, open it, and wait until it is drawn."""

    def open_page(dimensions=2, star=None, library=None):
        paths, own = songs
        file = paths.html(f"map_{dimensions}d")
        return open_map(browser, library or own, layout(own.n_own, dimensions), file, star)

    return open_page
