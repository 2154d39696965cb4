"""Drum loops with known beats, from instruments that share nothing with the demo's.

Samples are mono float32 at 22 050 Hz; a `Loop` tells what was played. Every setting is drawn from a seed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import signal

RATE = 22_050

PATTERNS = {
    # style: beats in a bar, kick, clap or snare, bass; a character is a sixteenth
    "four": (4, "x...x...x...x...", "....x.......x...", "x.x.x.x.x.x.x.x."),
    "offbeat": (4, "x...x...x...x...", "....x.......x...", "..x...x...x...x."),
    "rolling": (4, "x...x...x...x...", "....x.......x...", ".xxx.xxx.xxx.xxx"),
    "bare": (4, "x...x...x...x...", "................", "................"),
    "rock": (4, "x.......x.......", "....x.......x...", "x.x.x.x.x.x.x.x."),
    "swing": (4, "x...x...x...x...", "....x.......x...", "x..xx..xx..xx..x"),
    "waltz": (3, "x...........", "....x...x...", "x..........."),
}

HATS = ("................", "..x...x...x...x.", "x.x.x.x.x.x.x.x.", "xxxxxxxxxxxxxxxx")


@dataclass(frozen=True)
class Loop:
    """A loop and what was played: tempo, times of beats and downbeats (s), beats in a bar."""

    samples: np.ndarray
    bpm: float
    beats: np.ndarray
    downbeats: np.ndarray
    meter: int
    style: str


def loop(style: str, bpm: float, seed: int, seconds: float = 40.0, bass_gain: float | None = None) -> Loop:
    """Play a loop of a style; ``bass_gain`` is the bass's peak against the kick's."""
    rng = np.random.default_rng(seed)
    meter, kicks, claps, basses = PATTERNS[style]
    start = rng.uniform(0.05, 1.0)
    step = 15.0 / bpm
    bars = int((seconds - start) / (4 * meter * step))
    track = np.zeros(round(seconds * RATE) + RATE)
    kick, clap, hat = make_kick(rng), make_clap(rng), make_hat(rng)
    hats = {"waltz": "x...x...x...", "swing": "x..xx..xx..xx..x"}.get(style, HATS[rng.integers(len(HATS))])
    roots = [33 + int(rng.integers(12))] * 4
    if rng.random() < 0.7:
        roots = [roots[0] + shift for shift in (0, int(rng.choice([-4, 3, 5])), -2, int(rng.choice([-5, 2])))]
    notes = make_bass(rng, set(roots), 1.6 * step)
    gain = rng.uniform(0.5, 1.0) if bass_gain is None else bass_gain
    levels = (1.0, rng.uniform(0.2, 0.8), rng.uniform(0.05, 0.5))
    for bar in range(bars):
        for place in range(4 * meter):
            # in swing the last third of a beat is played; the pattern writes it as its last sixteenth
            early = 1 / 3 if style == "swing" and place % 4 == 3 else 0.0
            at = start + (bar * 4 * meter + place - early) * step
            accent = 1 + 0.05 * rng.standard_normal()
            for pattern, sound, level in zip((kicks, claps, hats), (kick, clap, hat), levels, strict=True):
                if pattern[place] == "x":
                    lay(track, at, sound, level * accent)
            if basses[place] == "x":
                lay(track, at, notes[roots[bar % 4]], gain * accent)
    track += pad(rng, track.size, start, 4 * meter * step, roots)
    samples = track[: round(seconds * RATE)]
    samples = (0.8 * samples / np.abs(samples).max()).astype(np.float32)
    beats = start + np.arange(bars * meter) * 4 * step
    return Loop(samples, bpm, beats, beats[::meter], meter, style)


def lay(track: np.ndarray, at: float, sound: np.ndarray, gain: float) -> None:
    first = round(at * RATE)
    track[first : first + sound.size] += gain * sound[: max(0, track.size - first)]


def make_kick(rng: np.random.Generator) -> np.ndarray:
    time = np.arange(round(0.45 * RATE)) / RATE
    end, sweep = rng.uniform(42, 62), rng.uniform(60, 300)
    pitch = end + sweep * np.exp(-time / rng.uniform(0.012, 0.05))
    body = np.sin(2 * np.pi * np.cumsum(pitch) / RATE) * np.exp(-time / rng.uniform(0.07, 0.2))
    click = rng.uniform(0, 0.4) * rng.standard_normal(time.size) * np.exp(-time / 0.003)
    sound = body * np.minimum(1, time / 0.001) + click
    return sound / np.abs(sound).max()


def make_clap(rng: np.random.Generator) -> np.ndarray:
    time = np.arange(round(0.3 * RATE)) / RATE
    band = signal.butter(2, (800, 4000), "bandpass", fs=RATE, output="sos")
    noise = signal.sosfilt(band, rng.standard_normal(time.size))
    sound = noise * np.exp(-time / rng.uniform(0.03, 0.1))
    return sound / np.abs(sound).max()


def make_hat(rng: np.random.Generator) -> np.ndarray:
    time = np.arange(round(0.2 * RATE)) / RATE
    band = signal.butter(2, 6000, "highpass", fs=RATE, output="sos")
    noise = signal.sosfilt(band, rng.standard_normal(time.size))
    sound = noise * np.exp(-time / rng.uniform(0.01, 0.05))
    return sound / np.abs(sound).max()


def make_bass(rng: np.random.Generator, roots: set[int], seconds: float) -> dict[int, np.ndarray]:
    """A note per root: saw, square or sine through a low-pass, sustained or plucked."""
    time = np.arange(round(seconds * RATE)) / RATE
    wave, cutoff = rng.choice(["saw", "square", "sine"]), rng.uniform(200, 1500)
    decay = rng.choice([0.1, 0.3, 10.0])
    lowpass = signal.butter(2, cutoff, fs=RATE, output="sos")
    fade = np.minimum(1, time / rng.uniform(0.002, 0.01)) * np.minimum(1, (time[-1] - time) / 0.01)
    notes = {}
    for root in sorted(roots):
        phase = 2 * np.pi * 440 * 2 ** ((root - 69) / 12) * time
        shapes = {"saw": signal.sawtooth, "square": signal.square, "sine": np.sin}
        sound = signal.sosfilt(lowpass, shapes[str(wave)](phase)) * np.exp(-time / decay) * fade
        notes[root] = sound / np.abs(sound).max()
    return notes


def pad(rng: np.random.Generator, size: int, start: float, bar: float, roots: list[int]) -> np.ndarray:
    """A quiet chord over every bar."""
    time = np.arange(size) / RATE
    which = np.clip(((time - start) // bar).astype(int), 0, None) % 4
    level = rng.uniform(0.0, 0.15)
    sound = np.zeros(size)
    for shift in (24, 31, 36):
        pitch = 440 * 2 ** ((np.array(roots)[which] + shift - 69) / 12)
        sound += np.sin(2 * np.pi * np.cumsum(pitch) / RATE)
    return level / 3 * sound * (time >= start) + 1e-4 * rng.standard_normal(size)


def swayed(samples: np.ndarray, seconds: float) -> np.ndarray:
    """The same sound, moved to and fro by some seconds, twice from beginning to end."""
    places = np.arange(samples.size, dtype=float)
    bent = places + seconds * RATE * np.sin(4 * np.pi * places / places.size)
    return np.interp(bent, places, samples).astype(np.float32)


def rubato(seed: int, seconds: float = 40.0) -> np.ndarray:
    """Plucked notes whose distance wanders between a quarter of a second and more than one."""
    rng = np.random.default_rng(seed)
    track = 1e-4 * rng.standard_normal(round(seconds * RATE))
    at, gap = 0.3, 0.6
    time = np.arange(round(1.5 * RATE)) / RATE
    while at < seconds - 1:
        gap = float(np.clip(gap * np.exp(0.35 * rng.standard_normal()), 0.25, 1.3))
        pitch = 220 * 2 ** (rng.integers(0, 24) / 12)
        note = sum(np.sin(2 * np.pi * k * pitch * time) / k for k in (1, 2, 3)) * np.exp(-time / 0.5)
        lay(track, at, note * np.minimum(1, time / 0.005), 0.3)
        at += gap
    return (0.5 * track / np.abs(track).max()).astype(np.float32)
