"""Who is told a tempo and a beat grid, and who is told one wrongly: loops that sway, songs bent by chance."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import scipy.ndimage

from benchmarks.peers import songs_below
from common.layout import SAMPLE_RATE
from common.song import analyse
from common.structure.grid import Pulse, read_pulse
from common.structure.onsets import Drums, Hits, hear_drums
from common.text import table
from tests.loops import PATTERNS, loop, swayed

SWAYS = (0.0, 0.05, 0.1, 0.2, 0.25, 0.3, 0.6)
"""Seconds by which loops of a minute are moved to and fro, twice."""

SWAYING_LOOPS = 4
"""Loops of every style, 60 to 180 BPM, with seeds that nothing was chosen on."""

BENDS = ((0.02, 6.0), (0.02, 20.0), (0.03, 6.0), (0.03, 20.0), (0.05, 6.0), (0.05, 20.0), (0.1, 10.0))
"""How far the tempo of a real song is made to wander (standard deviation, share), and seconds of a turn."""

CURVE_RATE = 20
"""Values per second of the curve that a tempo follows."""


def bent(drums: Drums, seconds: float, share: float, turn: float, seed: int) -> tuple[Drums, float]:
    """The hits of a song whose tempo wanders by chance, and the seconds it then takes."""
    chance = np.random.default_rng(seed).standard_normal(round(seconds * CURVE_RATE))
    curve = scipy.ndimage.gaussian_filter1d(chance, turn * CURVE_RATE, mode="reflect")
    lengths = np.exp(share * curve / curve.std()) / CURVE_RATE
    before = np.linspace(0, seconds, lengths.size + 1)
    after = np.concatenate([[0.0], np.cumsum(lengths)])

    def move(hits: Hits) -> Hits:
        return Hits(np.interp(hits.times, before, after), hits.strengths)

    kick, snare, cymbal, bass = map(move, (drums.kick, drums.snare, drums.cymbal, drums.bass))
    return Drums(kick, snare, cymbal, bass, drums.levels), float(after[-1])


def counts(pulses: list[Pulse]) -> tuple[str, ...]:
    """How many songs there are, how many are told a tempo, and how many a grid."""
    told = sum(pulse.bpm > 0 for pulse in pulses)
    return str(len(pulses)), str(told), str(sum(pulse.offset is not None for pulse in pulses))


def sway_loops() -> list[tuple[str, ...]]:
    found: dict[str, list[Pulse]] = {"loops, steady": [], "loops that sway": []}
    for style in PATTERNS:
        for number in range(SWAYING_LOOPS):
            bpm = np.random.default_rng((11, number)).uniform(60, 180)
            samples = loop(style, bpm, 9000 + number, seconds=60.0).samples
            for seconds in SWAYS:
                pulse = read_pulse(hear_drums(swayed(samples, seconds)), 60.0)
                found["loops that sway" if seconds else "loops, steady"].append(pulse)
    return [(name, *counts(pulses)) for name, pulses in found.items()]


def bend_songs(folder: Path) -> list[tuple[str, ...]]:
    as_they_are, wandering = [], []
    for number, path in enumerate(songs_below(folder)):
        samples = analyse(path).samples
        drums, seconds = hear_drums(samples), len(samples) / SAMPLE_RATE
        as_they_are.append(read_pulse(drums, seconds))
        wandering += [read_pulse(*bent(drums, seconds, *bend, number)) for bend in BENDS]
    return [("songs as they are", *counts(as_they_are)), ("songs that wander", *counts(wandering))]


def report_pulses(music: Path | None) -> None:
    """Print how many loops, and songs below a folder, are told a tempo and a grid: as they are and bent."""
    rows = sway_loops() + (bend_songs(music) if music is not None else [])
    print(table(("what", "heard", "told a tempo", "told a grid"), rows, right="lrrr"))
