"""What the tests share: folders and small libraries made of numbers, without audio."""

from __future__ import annotations

import os

# Small matrices gain nothing from BLAS threads and lose much when cores are busy; must precede numpy.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from browsing import start_browser
from hypothesis import HealthCheck, settings
from libraries import reread

from common import library
from common.layout import N_FEATURES
from common.library import COLUMNS, Library
from common.paths import Paths

# How long an example takes depends on what else the machine does.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What opens a browser is slow."""
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker("slow")


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths(tmp_path / "data", tmp_path / "outputs")


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory):
    """Chromium without a network, one for all tests; see `browsing.needs_browser`."""
    driver = start_browser(tmp_path_factory.mktemp("profile"))
    yield driver
    driver.quit()


@pytest.fixture
def make_library(paths: Paths) -> Callable[..., tuple[Paths, Library]]:
    """Build and save a library of clustered random embeddings: genre -> number of songs."""

    def build(genres: Mapping[str, int], seed: int = 0, artists_per_genre: int = 3) -> tuple[Paths, Library]:
        rng = np.random.default_rng(seed)
        rows, columns = [], {name: [] for name in COLUMNS}
        for genre, size in genres.items():
            centre = rng.normal(size=N_FEATURES) * 2.0
            for number in range(size):
                # Levels that differ by several dB, or songs of a genre would be one recording.
                rows.append(4.0 * (centre + rng.normal(size=N_FEATURES)))
                artist = f"{genre.title()} Artist {number % artists_per_genre + 1}"
                _add_song(columns, paths, genre, artist, f"Song {number + 1:03d}", 60.0 + number)
        made = reread(Library(np.array(rows, dtype=np.float32).reshape(-1, N_FEATURES), columns))
        library.save(paths, made, {"versions": {}, "songs": {}})
        return paths, made

    return build


def _add_song(
    columns: dict[str, list], paths: Paths, genre: str, artist: str, title: str, duration: float
) -> None:
    name = f"{artist} - {title}"
    song = {
        "song_name": name,
        "file_path": str(paths.raw / genre / f"{name}.mp3"),
        "genre": genre,
        "duration": duration,
        "artist": artist,
        "title": title,
        "album": f"{artist}, the album",
        "sample_rate": 44_100,
        "channels": 2,
    }
    for name in COLUMNS:
        columns[name].append(song.get(name))
