"""A small folder of music, and stage 1 run on it."""

from __future__ import annotations

import contextlib
import importlib
import sqlite3
from pathlib import Path

import numpy as np
import soundfile
from signals import RATE, chords, clicks, noise, sine

stage1 = importlib.import_module("01_feature_extraction")
SCRIPT = Path(stage1.__file__)

SONGS = {
    "TRANCE/b - rolling.wav": lambda: chords(2.0),
    "TRANCE/a - arp.flac": lambda: sine(440, 2.0) + clicks(138, 2.0),
    "italodance/album/c - bounce.ogg": lambda: chords(2.5) + noise(2.5, 0.02),
    "stray.wav": lambda: noise(2.0),
}


def write_music(folder: Path) -> Path:
    """Write `SONGS` into a folder."""
    for name, make in SONGS.items():
        write(folder / name, make())
    return folder


def write(path: Path, samples: np.ndarray, **options) -> Path:
    """Write one song."""
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples, RATE, **options)
    return path


def run_stage1(data: Path, *arguments: object) -> int:
    """Run stage 1 in this process; returns its exit code."""
    return stage1.main([*map(str, arguments), "--data", str(data)])


def artifacts(data: Path) -> dict[str, bytes]:
    """What stage 1 has written for the other stages."""
    return {path.name: path.read_bytes() for path in sorted((data / "processed").iterdir())}


def stored(store: Path) -> int:
    """How many songs a store holds, looked at without a lock that the run writing it could meet."""
    try:
        with contextlib.closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as database:
            return database.execute("SELECT count(*) FROM songs").fetchone()[0]
    except sqlite3.OperationalError:
        return 0
