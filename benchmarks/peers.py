"""The same songs through Essentia and sonara, where they are installed: tempo and key beside ours."""

from __future__ import annotations

import importlib
import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile
import soxr

from common.demo import compose, files
from common.music import TEMPO_TOLERANCE, Key, same_tempo
from common.song import analyse
from common.structure import loudness
from common.structure.readings import read
from common.text import table

Answer = tuple[float, str | None]
"""BPM, and the key's name in our spelling."""

SHARPS = {"D♭": "C♯", "E♭": "D♯", "G♭": "F♯", "A♭": "G♯", "B♭": "A♯"}


def plain_key(name: str | None) -> str | None:
    """A key's name with sharps only, and none of the spellings of peers."""
    if not name:
        return None
    tonic, _, mode = name.replace("#", "♯").replace("b", "♭").partition(" ")
    return f"{SHARPS.get(tonic, tonic)} {mode.lower()}"


def ours(path: Path) -> Answer:
    heard = analyse(path)
    got = read(heard.samples, heard.series, loudness.Loudness(None, None, None))
    return got.bpm, got.key


def essentia(path: Path) -> Answer:
    standard = importlib.import_module("essentia.standard")
    # Its own loader knows no Opus, and takes the process down over it (2.1b6).
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    sound = soxr.resample(samples.mean(axis=1), rate, 44_100)
    bpm = standard.RhythmExtractor2013(method="multifeature")(sound)[0]
    tonic, mode, _ = standard.KeyExtractor(profileType="edma")(sound)
    return float(bpm), f"{tonic} {mode}"


def sonara(path: Path) -> Answer:
    try:
        told = importlib.import_module("sonara").analyze_file(str(path), mode="full")
    except NotImplementedError:  # it knows no Opus
        return 0.0, None
    return float(told["bpm"]), told["key"]


def installed() -> dict[str, Callable[[Path], Answer]]:
    """Us, and the peers that are there."""
    found: dict[str, Callable[[Path], Answer]] = {"ours": ours}
    for name, ask in (("essentia", essentia), ("sonara", sonara)):
        try:
            importlib.import_module(name)
        except ImportError:
            print(f"{name} is not installed")
        else:
            found[name] = ask
    return found


def songs_below(folder: Path) -> list[Path]:
    """The audio files below a folder, in order."""
    return sorted(path for path in folder.rglob("*") if path.suffix in {".ogg", ".mp3", ".flac", ".opus"})


def compare_with_peers(folder: Path, seed: int, n_songs: int, music: Path | None) -> None:
    """Print each one's accuracy on the demo, and its answers about other songs side by side."""
    contestants = installed()
    songs = compose.compose_library(n_songs, seed)
    paths = [files.write_song(song, folder / str(seed)) for song in songs]
    rows = []
    for name, ask in contestants.items():
        answers = [ask(path) for path in paths]
        off = np.array([abs(bpm / song.bpm - 1) for (bpm, _), song in zip(answers, songs, strict=True)])
        keys = [plain_key(Key(song.tonic, song.mode).name) for song in songs]
        right = np.mean([plain_key(key) == true for (_, key), true in zip(answers, keys, strict=True)])
        error = np.median(off * [song.bpm for song in songs])
        rows.append(
            (
                name,
                f"{np.mean(off < 0.003):.3f}",
                f"{np.mean(off < 0.04):.3f}",
                f"{error:.3f}",
                f"{right:.3f}",
            )
        )
    print(
        table(
            (f"{n_songs} demo songs", "tempo 0.3%", "tempo 4%", "median BPM off", "key"),
            rows,
            right="lrrrr",
        )
    )
    if music is not None:
        others = songs_below(music)
        print_answers(others, {name: [ask(path) for path in others] for name, ask in contestants.items()})


def print_answers(paths: list[Path], answers: dict[str, list[Answer]]) -> None:
    """Print everybody's answers side by side, and how far each two of them agree."""
    headers = ("song", *(f"{name} {what}" for name in answers for what in ("BPM", "key")))
    rows = [
        (path.stem[:40], *(cell for told in answers.values() for cell in _cells(told[number])))
        for number, path in enumerate(paths)
    ]
    print(table(headers, rows, right="l" + "rl" * len(answers)))
    headers = (
        "who agree",
        "songs with tempos",
        "within 4%",
        "or half, double",
        "songs with keys",
        "same key",
    )
    pairs = itertools.combinations(answers, 2)
    print(table(headers, [_agreement(one, other, answers) for one, other in pairs], right="lrrrrr"))


def _cells(answer: Answer) -> tuple[str, str]:
    bpm, key = answer
    return f"{bpm:.2f}" if bpm else "-", plain_key(key) or "-"


def _agreement(one: str, other: str, answers: dict[str, list[Answer]]) -> tuple[str, ...]:
    both = list(zip(answers[one], answers[other], strict=True))
    tempos = [(a, b) for (a, _), (b, _) in both if a and b]
    keys = [plain_key(a) == plain_key(b) for (_, a), (_, b) in both if a and b]
    close = sum(abs(a / b - 1) <= TEMPO_TOLERANCE for a, b in tempos)
    folded = sum(bool(same_tempo(a, b)) for a, b in tempos)
    counts = (len(tempos), close, folded, len(keys), sum(keys))
    return f"{one} and {other}", *map(str, counts)
