"""How much faster is the extractor than the literal librosa calls, and where does its time go?

Everything is measured in one process, warm, on one song: a demo song repeated to four minutes, 44.1 kHz
stereo MP3, or the file given. CPU seconds are those of the whole process with one BLAS thread; the song is
decoded in each contestant's time.

Run     python -m benchmarks.extraction [FILE]
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import librosa
import numpy as np
import scipy.fft
import soundfile
from threadpoolctl import threadpool_limits

from common import audio, features
from common.chroma import constant_q_chroma
from common.demo import compose, perform
from common.demo.synth import SAMPLE_RATE
from common.layout import HOP_LENGTH, N_FFT
from common.rhythm import estimate_tempo, onset_strength
from common.spectrum import frames_of, mfcc, spectral_pass, to_decibels
from common.text import table
from tests.oracle import literal_blocks

MINUTES = 4
ROUNDS = 3


def cpu_seconds(task: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Smallest CPU time of several runs of a task, in this process with all its threads."""
    times = []
    for _ in range(rounds):
        start = time.process_time()
        task()
        times.append(time.process_time() - start)
    return min(times)


def make_song(folder: Path) -> Path:
    """Write a demo song, repeated to four minutes, as MP3."""
    samples = perform.render(compose.compose_library(2)[0])
    length = MINUTES * 60 * SAMPLE_RATE
    path = folder / "song.mp3"
    soundfile.write(path, np.resize(samples, (length, 2)), SAMPLE_RATE)
    return path


def literal(path: Path) -> None:
    """The layout by plain librosa calls."""
    literal_blocks(librosa.load(path)[0])


def literal_with_harmonic(path: Path) -> None:
    """The same with the harmonic part before tonnetz, as the technique is usually written."""
    samples, _ = librosa.load(path)
    literal_blocks(samples)
    librosa.feature.tonnetz(y=librosa.effects.harmonic(samples))


def ours(path: Path) -> None:
    """What stage 1 does with a file."""
    features.extract(audio.load(path).samples)


def floor(path: Path) -> None:
    """The least any extractor does: decode, and one Fourier transform per frame."""
    samples = audio.load(path).samples
    for _, frames in frames_of(samples, N_FFT, HOP_LENGTH):
        scipy.fft.rfft(frames, axis=1)


def go_on() -> None:
    """Stop nothing."""


def shares(path: Path) -> list[tuple[str, float]]:
    """CPU seconds of each step of the extractor."""
    samples = audio.load(path).samples
    spectral = spectral_pass(samples, go_on)
    series = features.describe(samples)
    power = spectral.mel.copy()
    level = to_decibels(spectral.mel)
    steps: dict[str, Callable[[], object]] = {
        "decode, mix down, resample": lambda: audio.load(path),
        "STFT, spectral descriptors, tuning": lambda: spectral_pass(samples, go_on),
        "constant-Q chroma": lambda: constant_q_chroma(samples, spectral.tuning, go_on),
        "levels and MFCC": lambda: mfcc(to_decibels(power.copy())),
        "onsets and tempo": lambda: estimate_tempo(onset_strength(level)),
        "RMS and zero crossings": lambda: (features.rms(samples), features.zero_crossing_rate(samples)),
        "statistics over time": lambda: features.summarise(series),
    }
    return [(name, cpu_seconds(step)) for name, step in steps.items()]


def thread_ratio(path: Path, songs: int = 8) -> tuple[float, float]:
    """Wall seconds of several songs with one worker and with four."""
    walls = []
    for workers in (1, 4):
        start = time.perf_counter()
        with ThreadPoolExecutor(workers) as executor:
            list(executor.map(ours, [path] * songs))
        walls.append(time.perf_counter() - start)
    return walls[0], walls[1]


def report(path: Path) -> None:
    ours(path)
    literal(path)
    contestants = {
        "literal librosa calls": cpu_seconds(lambda: literal(path)),
        "… with effects.harmonic": cpu_seconds(lambda: literal_with_harmonic(path), 1),
        "this extractor": (own := cpu_seconds(lambda: ours(path))),
        "floor: decode + one FFT pass": cpu_seconds(lambda: floor(path)),
    }
    rows = [(name, f"{seconds:.2f}", f"{seconds / own:.1f}×") for name, seconds in contestants.items()]
    print(table(("contestant", "CPU s", "against ours"), rows, right="lrr"))
    minutes = soundfile.info(path).duration / 60
    print(f"\nthis extractor: {own / minutes:.2f} CPU s per minute of music\n")
    steps = shares(path)
    rows = [(name, f"{seconds:.2f}", f"{seconds / own:.0%}") for name, seconds in steps]
    print(table(("where our time goes", "CPU s", "share"), rows, right="lrr"))
    print()
    one, four = thread_ratio(path)
    ratio = f"{one / four:.2f}× ({one:.1f} s, {four:.1f} s)"
    print(f"4 threads against 1 on {os.cpu_count()} cores, 8 songs: {ratio}")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", nargs="?", type=Path, help="a song of yours instead of the demo song")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, threadpool_limits(1):
        report(arguments.file or make_song(Path(folder)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
