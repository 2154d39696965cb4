"""Libraries of made-up numbers for tests, without audio."""

from __future__ import annotations

import numpy as np

from benchmarks.libraries import read_readings
from common.layout import N_FEATURES
from common.library import COLUMNS, Library


def reread(library: Library) -> Library:
    """The library, after its embeddings were changed, with the readings that they have now."""
    library.columns.update(read_readings(library.embeddings))
    return library


def library_of(embeddings: np.ndarray, genre_names: list[str] | None = None, artists=None) -> Library:
    n = len(embeddings)
    columns = {name: [None] * n for name in COLUMNS}
    columns["song_name"] = [f"Song {i}" for i in range(n)]
    columns["file_path"] = [f"/music/song{i}.mp3" for i in range(n)]
    columns["genre"] = genre_names or ["TRANCE"] * n
    columns["artist"] = artists or [None] * n
    columns["duration"] = [60.0] * n
    return reread(Library(np.asarray(embeddings, dtype=np.float32), columns))


def random_library(n: int, seed: int = 0, **columns) -> Library:
    rng = np.random.default_rng(seed)
    mixing = rng.normal(size=(30, N_FEATURES))
    return library_of(rng.normal(size=(n, 30)) @ mixing + rng.normal(size=(n, N_FEATURES)), **columns)
