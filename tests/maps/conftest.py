"""Fixtures of the maps' tests: songs that can be heard, and their map in a browser."""

from __future__ import annotations

import numpy as np
import pytest
from browsing import DESKTOP, prefer, resize
from libraries import reread
from map_page import HOSTILE, ODD_FILE, layout, open_map, write_tone

from common.layout import SLICES
from common.library import save
from common.maps.regions import NO_REGIONS


@pytest.fixture
def songs(make_library):
    """A library with sound, hostile names and a song without genre, and where its songs lie."""
    paths, library = make_library({"TRANCE": 6, "<b>ITALO</b>": 5, "UNKNOWN": 1})
    for row, name in enumerate(library.names):
        file = paths.raw / "songs" / (ODD_FILE if row == 2 else f"{row} {name}.wav")
        write_tone(file, 200.0 + 20 * row)
        library.columns["file_path"][row] = str(file)
    library.columns["title"][2], library.columns["song_name"][2] = HOSTILE, f"Nobody - {HOSTILE}"
    library.columns["artist"][2] = '"><img src=x onerror=alert(2)>'
    library.columns["album"][3] = None
    library.embeddings[:, SLICES["tempo"]] = 100 + 5 * np.arange(len(library))[:, np.newaxis]
    library.embeddings[4, SLICES["tempo"]] = 0
    library.columns["year"][:3] = ["1997-05-01", "2004", "soon"]
    reread(library).columns["onset_rate"] = [2.0 + row for row in range(len(library))]
    library.columns["sections"][5] = [
        {"start": start, "energy": level} for start, level in ((0.0, -9.0), (1.5, 0.0), (2.5, -3.0))
    ]
    save(paths, library, {})
    return paths, library


@pytest.fixture
def page(songs, browser):
    """Write a map of the songs, open it, and wait until it is drawn."""

    def open_page(dimensions=2, star=None, library=None, size=DESKTOP, regions=NO_REGIONS, made=None):
        paths, own = songs
        resize(browser, size)
        prefer(browser, "light")
        file = paths.html(f"map_{dimensions}d")
        made = made or layout(own.n_own, dimensions)
        return open_map(browser, library or own, made, file, star, regions)

    return open_page
