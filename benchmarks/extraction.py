"""How much does the extractor cost beside others, and where does its time go?

Everything is measured in one run, warm, on one song: a demo song repeated to four minutes, or the file given.
CPU seconds are those of the whole process with one BLAS thread; the song is decoded in each contestant's
time. First the song in every format goes through the peers that are installed (`benchmarks.formats`), then
come the literal librosa calls, the shares, threads, and the latencies of the stages (`benchmarks.latency`).

Run     python -m benchmarks.extraction [FILE] [--only formats librosa shares threads latency]
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
import soundfile
from threadpoolctl import threadpool_limits

from benchmarks import formats, latency
from benchmarks.formats import cpu_seconds, embedding
from common import audio, features, song
from common.chroma import constant_q_chroma
from common.fingerprint.hearing import PeakFinder
from common.rhythm import estimate_tempo, onset_strength
from common.spectrum import mfcc, spectra, spectral_pass, to_decibels
from common.structure import readings
from common.structure.loudness import LoudnessMeter
from common.text import table
from tests.oracle import literal_blocks

SONGS = 8
"""Songs that are analysed by several threads."""


def literal(path: Path) -> None:
    """The layout by plain librosa calls."""
    literal_blocks(librosa.load(path)[0])


def literal_with_harmonic(path: Path) -> None:
    """The same with the harmonic part before tonnetz, as the technique is usually written."""
    samples, _ = librosa.load(path)
    literal_blocks(samples)
    librosa.feature.tonnetz(y=librosa.effects.harmonic(samples))


def compare_with_librosa(path: Path) -> None:
    """Print what the same numbers cost by plain calls."""
    embedding(path)
    literal(path)
    own = cpu_seconds(lambda: embedding(path))
    costs = {
        "literal librosa calls": cpu_seconds(lambda: literal(path)),
        "… with effects.harmonic": cpu_seconds(lambda: literal_with_harmonic(path), 1),
        "the numbers alone, here": own,
    }
    rows = [(name, f"{seconds:.2f}", f"{seconds / own:.1f}×") for name, seconds in costs.items()]
    print(table(("contestant", "CPU s", "against ours"), rows, right="lrr") + "\n")


def go_on() -> None:
    """Stop nothing."""


def find_peaks(blocks: list) -> None:
    """What the sequences take from the spectra of a song."""
    finder = PeakFinder()
    for block in blocks:
        finder.add(block)
    finder.finish()


def steps_of(path: Path) -> dict[str, Callable[[], object]]:
    """The steps that stage 1 takes with a file, each on what the earlier ones gave."""
    heard = audio.load(path, listen=LoudnessMeter)
    samples, series = heard.samples, features.describe(heard.samples)
    spectral, blocks = spectral_pass(samples, go_on), list(spectra(samples))
    power = spectral.mel.copy()
    level = to_decibels(spectral.mel)
    return {
        "decode, mix down, resample": lambda: audio.load(path),
        "spectra, their descriptors, tuning": lambda: spectral_pass(samples, go_on),
        "… of which the transforms": lambda: [None for _ in spectra(samples)],
        "constant-Q chroma": lambda: constant_q_chroma(samples, spectral.tuning, go_on),
        "levels and MFCC": lambda: mfcc(to_decibels(power.copy())),
        "onsets and tempo": lambda: estimate_tempo(onset_strength(level)),
        "RMS and zero crossings": lambda: (features.rms(samples), features.zero_crossing_rate(samples)),
        "statistics over time": lambda: features.summarise(series),
        "readings": lambda: readings.read(samples, series, heard.listener.finish()),
        "peaks for the sequences": lambda: find_peaks(blocks),
    }


def report_shares(path: Path) -> None:
    """Print the CPU seconds of each step of stage 1."""
    song.analyse(path)
    own = cpu_seconds(lambda: song.analyse(path))
    costs = {name: cpu_seconds(step) for name, step in steps_of(path).items()}
    with_loudness = cpu_seconds(lambda: audio.load(path, listen=LoudnessMeter))
    costs["loudness and true peak"] = with_loudness - costs["decode, mix down, resample"]
    costs["all of it"] = own
    rows = [(name, f"{seconds:.3f}", f"{seconds / own:.0%}") for name, seconds in costs.items()]
    print(table(("where our time goes", "CPU s", "share"), rows, right="lrr"))
    minutes = soundfile.info(path).duration / 60
    print(f"\nstage 1: {own / minutes:.2f} CPU s per minute of music\n")


def report_threads(path: Path) -> None:
    """Print wall seconds of several songs with one worker and with four."""
    walls = []
    for workers in (1, 4):
        start = time.perf_counter()
        with ThreadPoolExecutor(workers) as executor:
            list(executor.map(song.analyse, [path] * SONGS))
        walls.append(time.perf_counter() - start)
    ratio = f"{walls[0] / walls[1]:.2f}× ({walls[0]:.1f} s, {walls[1]:.1f} s)"
    print(f"4 threads against 1 on {os.cpu_count()} cores, {SONGS} songs: {ratio}\n")


PARTS = ("formats", "librosa", "shares", "threads", "latency")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", nargs="?", type=Path, help="a song of yours instead of the demo song")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, help="(default: all)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        written = formats.write_songs(folder / "songs")
        path = arguments.file or written["MP3, 44.1 kHz"]
        reports: dict[str, Callable[[], object]] = {
            "formats": lambda: formats.report({path.name: path} if arguments.file else written),
            "librosa": lambda: compare_with_librosa(path),
            "shares": lambda: report_shares(path),
            "threads": lambda: report_threads(path),
        }
        with threadpool_limits(1):
            for part in arguments.only:
                reports.get(part, lambda: None)()
        if "latency" in arguments.only:
            latency.report(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
