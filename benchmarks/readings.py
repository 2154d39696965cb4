"""How good are the readings: tempo, beats, key, sections, names, loudness, and what do they cost?

The demo's composition is the truth; one library is the demo that everybody hears and that was tuned on, the
other has a seed that nothing was tuned on. Loops at odd tempos have known beats. Scores are mir_eval's.
Essentia and sonara are asked the same where they are installed (requirements-compare.txt).

Run     python -m benchmarks.readings [--songs 48] [--folder DIR] [--only demo moved loops …]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import lameenc
import mir_eval
import numpy as np
import soundfile
import soxr

from benchmarks.peers import compare_with_peers
from benchmarks.pulses import report_pulses
from benchmarks.sounds import report_cost, report_loudness
from common import features
from common.demo import compose, files, truth
from common.demo.score import Song
from common.layout import SAMPLE_RATE
from common.music import Key
from common.structure import loudness
from common.structure.readings import Readings, read
from common.text import table
from tests.loops import PATTERNS, loop, rubato
from tests.signals import noise

HELD_OUT_SEED = 2024
"""Seed of the library that nothing was tuned on."""

MOVED_EVERY = 6
"""Every so many songs of the demo are also read faster, higher, later, softer and from another file."""

LOOPS = 24
"""Loops of every style, 60 to 180 BPM."""


@dataclass(frozen=True)
class Heard:
    """A demo song as a file: its truth, its sound (n_frames, 2) and rate, and what was read."""

    song: Song
    truth: truth.Truth
    sound: np.ndarray
    rate: int
    readings: Readings


def readings_of(sound: np.ndarray, rate: int) -> Readings:
    """Read stereo sound, (n_frames, n_channels), as stage 1 does."""
    mono = sound.mean(axis=1, dtype=np.float32)
    if rate != SAMPLE_RATE:
        mono = soxr.resample(mono, rate, SAMPLE_RATE, quality="soxr_hq")
    return read(mono, features.describe(mono), loudness.measure(sound, rate))


def hear_library(folder: Path, seed: int, n_songs: int) -> list[Heard]:
    heard = []
    for song in compose.compose_library(n_songs, seed):
        sound, rate = soundfile.read(files.write_song(song, folder / str(seed)), dtype="float32")
        told = truth.truth_of(song, truth.MP3_DELAY)
        heard.append(Heard(song, told, sound, rate, readings_of(sound, rate)))
    return heard


def beats_of(readings: Readings, until: float) -> np.ndarray:
    if readings.beat_offset is None:
        return np.empty(0)
    return np.arange(readings.beat_offset, until, 60 / readings.bpm)


def misses(true: np.ndarray, found: np.ndarray) -> np.ndarray:
    """Seconds from every true beat to the nearest found one."""
    return np.abs(true[:, None] - found).min(axis=1) if found.size else np.full(true.size, np.inf)


def spans(sections) -> np.ndarray:
    return np.array([[section.start, section.end] for section in sections])


def boundary_f(true, found, inner: bool) -> float:
    if not found:
        return 0.0
    return mir_eval.segment.detection(spans(true), spans(found), window=0.5, trim=inner)[2]


def named(heard: Heard, name: str) -> list[bool]:
    """For every section of a name, whether the section heard in its middle is called so."""
    found = []
    for section in heard.truth.sections:
        if section.name == name:
            middle = (section.start + section.end) / 2
            found.append(any(s.label == name for s in heard.readings.sections if s.start <= middle < s.end))
    return found


def scores(heard: Heard) -> dict[str, float]:
    """One song's scores."""
    told, got = heard.truth, heard.readings
    beats = beats_of(got, told.beats[-1] + 0.1)
    downbeat = misses(told.downbeats[:1], np.array([got.downbeat_offset or np.inf]))[0]
    return {
        "tempo within 0.3%, right octave": abs(got.bpm / told.bpm - 1) <= 0.003,
        "beats, F-measure at 70 ms": mir_eval.beat.f_measure(told.beats, beats, 0.07),
        "beats, median error (ms)": 1000 * float(np.median(misses(told.beats, beats))),
        "first downbeat within 70 ms": downbeat < 0.07,
        "key": got.key == Key(told.tonic, told.mode).name,
        "section boundaries, F1 at 0.5 s": boundary_f(told.sections, got.sections, inner=False),
        "… without the song's two ends": boundary_f(told.sections, got.sections, inner=True),
        "drops named rightly": float(np.mean(named(heard, "drop"))),
        "breaks named rightly": float(np.mean(named(heard, "break"))),
    }


def report_demo(libraries: dict[str, list[Heard]]) -> None:
    all_scores = {name: [scores(heard) for heard in library] for name, library in libraries.items()}
    rows = []
    for measure in next(iter(all_scores.values()))[0]:
        values = [[song[measure] for song in library] for library in all_scores.values()]
        pick = np.median if "median" in measure else np.mean
        rows.append((measure, *(f"{pick(column):.3f}" for column in values)))
    headers = ("measure", *(f"{name}, {len(library)} songs" for name, library in libraries.items()))
    print(table(headers, rows, right="l" + "r" * len(libraries)))


@dataclass(frozen=True)
class Move:
    """A change of a song, and how its readings must follow."""

    name: str
    change: Callable[[np.ndarray, int], tuple[np.ndarray, int]]
    speed: float = 1.0
    later: float = 0.0
    gain: float = 0.0
    semitones: int | None = 0


def faster(sound: np.ndarray, rate: int, speed: float) -> tuple[np.ndarray, int]:
    return soxr.resample(sound, rate * speed, rate, quality="soxr_hq"), rate


def as_mp3(sound: np.ndarray, rate: int) -> tuple[np.ndarray, int]:
    """Through an MP3 of 96 kbit/s, its delay taken off."""
    encoder = lameenc.Encoder()
    encoder.set_in_sample_rate(rate)
    encoder.set_channels(2)
    encoder.set_bit_rate(96)
    encoder.set_quality(5)
    encoder.silence()
    pcm = np.rint(np.clip(sound, -1, 1) * 32_767).astype("<i2")
    with tempfile.NamedTemporaryFile(suffix=".mp3") as file:
        file.write(bytes(encoder.encode(pcm.tobytes()) + encoder.flush()))
        file.flush()
        decoded, decoded_rate = soundfile.read(file.name, dtype="float32")
    return decoded[round(truth.MP3_DELAY * files.SAMPLE_RATE) :], decoded_rate


MOVES = (
    Move("3% faster", lambda s, r: faster(s, r, 1.03), speed=1.03, semitones=None),
    Move("3% slower", lambda s, r: faster(s, r, 0.97), speed=0.97, semitones=None),
    Move(
        "2 semitones higher (and faster)", lambda s, r: faster(s, r, 2 ** (1 / 6)), 2 ** (1 / 6), semitones=2
    ),
    Move("2 semitones lower", lambda s, r: faster(s, r, 2 ** (-1 / 6)), 2 ** (-1 / 6), semitones=-2),
    Move("0.7 s of silence in front", lambda s, r: (np.pad(s, ((round(0.7 * r), 0), (0, 0))), r), later=0.7),
    Move("MP3 of 96 kbit/s", as_mp3),
    Move("6 dB softer", lambda s, r: (s / 2, r), gain=-6.02),
)


def follows(move: Move, before: Readings, after: Readings) -> dict[str, float | bool]:
    """How far the readings of a changed song are from what they must be."""
    period = 60 / after.bpm if after.bpm else np.inf
    grid = np.inf
    if before.beat_offset is not None and after.beat_offset is not None:
        turns = (after.beat_offset - before.beat_offset / move.speed - move.later) / period
        grid = 1000 * period * abs(turns - round(turns))
    expected = [section.start / move.speed + move.later for section in before.sections]
    found = np.array([section.start for section in after.sections])
    kept = [float(np.abs(found - at).min(initial=np.inf)) < 0.07 for at in expected]
    same_labels = [s.label for s in before.sections] == [s.label for s in after.sections]
    return {
        "tempo off (%)": 100 * abs(after.bpm / (before.bpm * move.speed) - 1),
        "grid off (ms)": grid,
        "key follows": move.semitones is None or key_moved(before.key, after.key, move.semitones),
        "boundaries kept": float(np.mean(kept)),
        "names kept": same_labels,
        "loudness off (LU)": abs((after.loudness or np.inf) - (before.loudness or np.inf) - move.gain),
    }


def key_moved(before: str | None, after: str | None, semitones: int) -> bool:
    for mode in ("major", "minor"):
        for tonic in range(12):
            if Key(tonic, mode).name == before:
                return Key((tonic + semitones) % 12, mode).name == after
    return before is after is None


def report_moved(library: list[Heard]) -> None:
    rows = []
    for move in MOVES:
        told = [
            follows(move, heard.readings, readings_of(*move.change(heard.sound, heard.rate)))
            for heard in library[::MOVED_EVERY]
        ]
        cells = []
        for measure in told[0]:
            values = np.array([song[measure] for song in told], dtype=float)
            cells.append(f"{values.max():.3f}" if "off" in measure else f"{values.mean():.2f}")
        rows.append((move.name, *cells))
    headers = ("change", "tempo off (%), most", "grid off (ms), most", "key", "boundaries", "names", "LU off")
    print(table(headers, rows, right="lrrrrrr"))


def report_loops() -> None:
    """Loops at tempos with decimals, and what has no beat."""
    rows = []
    for style in PATTERNS:
        right, exact, on_beat = [], [], []
        for seed in range(LOOPS):
            rng = np.random.default_rng((7, seed))
            bpm = rng.uniform(60, 180)
            played = loop(
                style, bpm, 5000 + seed, bass_gain=rng.uniform(1.1, 2) if style == "offbeat" else None
            )
            got = readings_of(played.samples[:, None], SAMPLE_RATE)
            right.append(abs(got.bpm / bpm - 1) < 0.003)
            exact.append(min(abs(got.bpm / (bpm * octave) - 1) for octave in (0.5, 1, 2)) < 0.003)
            on_beat.append(
                float(np.median(misses(played.beats, beats_of(got, played.beats[-1] + 1)))) < 0.020
            )
        rows.append((style, f"{np.mean(right):.2f}", f"{np.mean(exact):.2f}", f"{np.mean(on_beat):.2f}"))
    print(
        table((f"{LOOPS} loops each", "tempo", "… or half, double", "beats within 20 ms"), rows, right="lrrr")
    )
    beatless = [rubato(seed) for seed in range(LOOPS)] + [noise(40, seed=seed) for seed in range(LOOPS)]
    silent = [readings_of(samples[:, None], SAMPLE_RATE).beat_offset is None for samples in beatless]
    print(f"no grid for rubato and noise: {np.mean(silent):.2f} of {len(silent)}")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--songs", type=int, default=48, help="songs of each demo library (default: 48)")
    parser.add_argument("--folder", type=Path, help="where demo songs are kept for the next time")
    parser.add_argument("--music", type=Path, help="folder of songs for pulses and peers")
    parts = ("demo", "moved", "loops", "pulses", "loudness", "cost", "peers")
    parser.add_argument(
        "--only", nargs="+", choices=parts, default=parts, help="what to measure (default: all)"
    )
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or Path(temporary)
        libraries: dict[str, list[Heard]] = {}
        if {"demo", "moved"} & set(arguments.only):
            libraries["the demo"] = hear_library(folder, compose.DEFAULT_SEED, arguments.songs)
        if "demo" in arguments.only:
            libraries["unseen"] = hear_library(folder, HELD_OUT_SEED, arguments.songs)
        reports: dict[str, Callable[[], None]] = {
            "demo": lambda: report_demo(libraries),
            "moved": lambda: report_moved(libraries["the demo"]),
            "loops": report_loops,
            "pulses": lambda: report_pulses(arguments.music),
            "loudness": report_loudness,
            "cost": report_cost,
            "peers": lambda: compare_with_peers(
                folder, compose.DEFAULT_SEED, arguments.songs, arguments.music
            ),
        }
        for name in arguments.only:
            print(f"\n{name}")
            reports[name]()
    return 0


if __name__ == "__main__":
    sys.exit(main())
