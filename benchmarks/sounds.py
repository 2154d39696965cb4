"""Loudness against meters that are not ours, and what the readings of a song cost beside its embedding."""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyloudnorm
import soundfile
import soxr
from scipy import signal

from common.demo import compose, perform, synth
from common.layout import SAMPLE_RATE
from common.song import analyse
from common.structure import bars, cues, grid, loudness, onsets, sections
from common.structure.readings import read
from common.text import table
from tests.signals import noise

MINUTES = 4
ROUNDS = 3


def ten_signals() -> dict[str, tuple[np.ndarray, int]]:
    """Sound of many kinds: (n_frames, n_channels) and rate."""
    rng = np.random.default_rng(0)
    seconds = np.arange(10 * 48_000) / 48_000
    sine = np.sin(2 * np.pi * 997 * seconds).astype(np.float32)
    songs = [perform.render(song) for song in compose.compose_library(2)]
    pink = signal.lfilter([0.05], [1, -0.95], rng.standard_normal((2, 48_000 * 10))).T.astype(np.float32)
    clipped = np.clip(3 * pink, -0.9, 0.9)
    return {
        "sine, 997 Hz": (0.5 * sine[:, None], 48_000),
        "sine between samples": (0.5 * np.cos(np.pi / 2 * np.arange(96_000) + np.pi / 4)[:, None], 48_000),
        "noise, white, mono": (noise(10)[:, None], SAMPLE_RATE),
        "noise, dark": (pink, 48_000),
        "noise, clipped": (clipped, 48_000),
        "Italodance, 44.1 kHz": (songs[0], synth.SAMPLE_RATE),
        "Trance, 44.1 kHz": (songs[1], synth.SAMPLE_RATE),
        "Trance, 96 kHz": (soxr.resample(songs[1][: 44_100 * 30], 44_100, 96_000), 96_000),
        "Trance, 8 kHz, mono": (soxr.resample(songs[1].mean(axis=1), 44_100, 8_000)[:, None], 8_000),
        "loud, then soft": (np.concatenate([pink, pink / 30]), 48_000),
    }


def report_loudness() -> None:
    rows = []
    for name, (sound, rate) in ten_signals().items():
        ours = loudness.measure(sound, rate)
        meters = (pyloudnorm.Meter(rate, filter_class=kind) for kind in ("DeMan", "K-weighting"))
        lufs = [meter.integrated_loudness(sound) for meter in meters]
        # scipy's interpolation of the two ends rings against silence, as ours does
        peak = 20 * math.log10(np.abs(signal.resample_poly(sound, 4, 1, axis=0)).max())
        assert ours.integrated is not None
        assert ours.true_peak is not None
        off = (ours.integrated - lufs[0], ours.integrated - lufs[1], ours.true_peak - peak)
        rows.append((name, f"{ours.integrated:.2f}", f"{ours.true_peak:.2f}", *(f"{x:+.3f}" for x in off)))
    headers = ("signal", "LUFS", "dBTP", "- pyloudnorm, De Man", "- pyloudnorm, default", "- scipy 4x")
    print(table(headers, rows, right="lrrrrr"))


def cpu_seconds(task: Callable[[], object]) -> float:
    """Smallest CPU time of several runs."""
    times = []
    for _ in range(ROUNDS):
        start = time.process_time()
        task()
        times.append(time.process_time() - start)
    return min(times)


def report_cost() -> None:
    """Share of the CPU time of a song's extraction, from file to embedding, that the readings add."""
    score = compose.compose_library(2)[0]
    bars_only = perform.render(score)[: round(score.bars * score.bar_seconds * synth.SAMPLE_RATE)]
    sound = np.resize(bars_only, (MINUTES * 60 * synth.SAMPLE_RATE, 2))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "song.mp3"
        soundfile.write(path, sound, synth.SAMPLE_RATE)
        analysed = analyse(path)
        extraction = cpu_seconds(lambda: analyse(path))
    mono, series = analysed.samples, analysed.series
    seconds = len(mono) / SAMPLE_RATE
    heard = loudness.measure(sound, synth.SAMPLE_RATE)
    read(mono, series, heard)
    drums = onsets.hear_drums(mono)
    pulse = grid.read_pulse(drums, seconds)
    cut = bars.read_bars(pulse, drums, series["mel"], series["chroma"])
    assert cut is not None
    steps: dict[str, Callable[[], object]] = {
        "loudness and true peak": lambda: loudness.measure(sound, synth.SAMPLE_RATE),
        "hits": lambda: onsets.hear_drums(mono),
        "tempo and grid": lambda: grid.read_pulse(drums, seconds),
        "bars": lambda: bars.read_bars(pulse, drums, series["mel"], series["chroma"]),
        "sections and cues": lambda: cues.find_cues(sections.find_sections(cut, drums)),
    }
    costs = {name: cpu_seconds(step) for name, step in steps.items()}
    rows = [(name, f"{cost:.3f}", f"{cost / extraction:.1%}") for name, cost in costs.items()]
    total = sum(costs.values())
    rows += [("all readings", f"{total:.3f}", f"{total / extraction:.1%}")]
    rows += [("extraction of the MP3 file", f"{extraction:.3f}", "100%")]
    print(table((f"a song of {MINUTES} minutes", "CPU s", "of the extraction"), rows, right="lrr"))
