"""One song in every format through this extractor, its peers and the floor: CPU seconds of one thread.

Peers take part where requirements-compare.txt is installed. They answer other questions: sonara's ``compact``
gives 16 values and its ``full`` 38, Essentia's MusicExtractor some 900 statistics.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import numpy as np
import scipy.fft
import soundfile
import soxr

from common import audio, features, song
from common.demo import compose, perform
from common.demo.synth import SAMPLE_RATE
from common.layout import HOP_LENGTH, N_FFT
from common.spectrum import BLOCK
from common.text import table

MINUTES = 4
ROUNDS = 3
PART = 1 << 16
"""Frames that are encoded at a time; libsndfile's Opus encoder takes no whole song."""

FORMATS: dict[str, tuple[str, int, dict[str, str]]] = {
    "MP3, 44.1 kHz": ("song.mp3", 44_100, {"format": "MP3"}),
    "MP3, 22.05 kHz": ("half.mp3", 22_050, {"format": "MP3"}),
    "Ogg Vorbis": ("song.ogg", 44_100, {"format": "OGG", "subtype": "VORBIS"}),
    "Opus": ("song.opus", 48_000, {"format": "OGG", "subtype": "OPUS"}),
    "FLAC": ("song.flac", 44_100, {"format": "FLAC"}),
}
"""What the song is written as: file, sampling rate in Hz, and how libsndfile calls it."""


def cpu_seconds(task: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Smallest CPU time of several runs of a task, in this process with all its threads."""
    times = []
    for _ in range(rounds):
        start = time.process_time()
        task()
        times.append(time.process_time() - start)
    return min(times)


def write_songs(folder: Path, names: Iterable[str] = FORMATS) -> dict[str, Path]:
    """Write a demo song, repeated to four minutes, in some formats; returns each one's file."""
    folder.mkdir(parents=True)
    rendered = perform.render(compose.compose_library(2)[0])
    sound = np.resize(rendered, (MINUTES * 60 * SAMPLE_RATE, 2)).astype(np.float32)
    paths = {}
    for name in names:
        file_name, rate, how = FORMATS[name]
        paths[name] = folder / file_name
        resampled = soxr.resample(sound, SAMPLE_RATE, rate).astype(np.float32)
        with soundfile.SoundFile(paths[name], "w", rate, 2, **how) as file:
            for start in range(0, len(resampled), PART):
                file.write(resampled[start : start + PART])
    return paths


def floor(path: Path) -> None:
    """The least any extractor does: decode, resample, and one Fourier transform per frame."""
    padded = np.pad(audio.load(path).samples, N_FFT // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, N_FFT)[::HOP_LENGTH]
    for start in range(0, len(frames), BLOCK):
        scipy.fft.rfft(frames[start : start + BLOCK], axis=1)


def embedding(path: Path) -> None:
    """The numbers alone, without readings and sequences."""
    features.extract(audio.load(path).samples)


def essentia(path: Path) -> None:
    importlib.import_module("essentia").log.infoActive = False
    importlib.import_module("essentia.standard").MusicExtractor()(str(path))


def sonara(path: Path, mode: str) -> None:
    importlib.import_module("sonara").analyze_file(str(path), mode=mode)


def contestants() -> dict[str, tuple[Callable[[Path], object], int]]:
    """Name -> what is done with a file, and how often."""
    found: dict[str, tuple[Callable[[Path], object], int]] = {
        "floor: decode, resample, FFT": (floor, ROUNDS),
        "the numbers alone": (embedding, ROUNDS),
        "all that stage 1 keeps": (song.analyse, ROUNDS),
    }
    if importlib.util.find_spec("sonara"):
        os.environ.setdefault("RAYON_NUM_THREADS", "1")
        found["sonara compact"] = (lambda path: sonara(path, "compact"), ROUNDS)
        found["sonara full"] = (lambda path: sonara(path, "full"), 1)
    if importlib.util.find_spec("essentia"):
        found["Essentia MusicExtractor"] = (essentia, 1)
    return found


def seconds_of(task: Callable[[Path], object], path: Path, rounds: int) -> float | None:
    """CPU seconds of a task; None where it does not read the format."""
    try:
        return cpu_seconds(lambda: task(path), rounds)
    except (RuntimeError, ValueError, OSError):
        return None


def report(paths: Mapping[str, Path]) -> None:
    """Print every contestant's CPU seconds by format, and what stage 1 takes beside each of them."""
    song.warm_up()
    taking_part = contestants()
    costs = {
        name: [seconds_of(task, path, rounds) for path in paths.values()]
        for name, (task, rounds) in taking_part.items()
    }
    own = costs["all that stage 1 keeps"]
    rows = [(name, *(f"{cost:.2f}" if cost else "–" for cost in values)) for name, values in costs.items()]
    print(table(("CPU s, one thread", *paths), rows, right="l" + "r" * len(paths)) + "\n")
    ratios = [
        (f"stage 1 against {name}", *(f"{one / cost:.2f}×" if one and cost else "–" for one, cost in pairs))
        for name, values in costs.items()
        if values is not own and (pairs := list(zip(own, values, strict=True)))
    ]
    print(table(("ratio", *paths), ratios, right="l" + "r" * len(paths)) + "\n")
