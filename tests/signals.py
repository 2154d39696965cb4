"""Synthetic signals that tests listen to: mono float32 at 22 050 Hz."""

from __future__ import annotations

import numpy as np

RATE = 22_050


def sine(frequency: float, seconds: float = 5.0, amplitude: float = 0.5) -> np.ndarray:
    time = np.arange(round(seconds * RATE)) / RATE
    return (amplitude * np.sin(2 * np.pi * frequency * time)).astype(np.float32)


def noise(seconds: float = 5.0, amplitude: float = 0.1, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.normal(0, amplitude, round(seconds * RATE)).astype(np.float32)


def clicks(bpm: float, seconds: float = 20.0) -> np.ndarray:
    """Short decaying clicks on every beat."""
    samples = np.zeros(round(seconds * RATE), np.float32)
    click = (0.8 * np.exp(-np.arange(800) / 120) * np.sin(np.arange(800) * 0.6)).astype(np.float32)
    for beat in np.arange(0, seconds - 0.1, 60 / bpm):
        start = round(beat * RATE)
        samples[start : start + click.size] += click
    return samples


def chords(seconds: float = 8.0) -> np.ndarray:
    """Four triads with harmonics, a beat and a little noise: something like music."""
    parts = []
    for number, roots in enumerate([(220.0, 261.6, 329.6), (174.6, 220.0, 261.6)] * 2):
        part = sum(sine(f * k, seconds / 4 + 1 / RATE, 0.12 / k) for f in roots for k in (1, 2, 3))
        parts.append(part * np.float32(0.7 + 0.1 * number))
    beat = 0.5 * clicks(128, seconds)
    return np.concatenate(parts)[: beat.size] + beat + noise(seconds, 0.002)


def tune(seed: int, n_notes: int, semitones: int = 0, note: float = 0.6) -> np.ndarray:
    """Random notes, two at a time, each for so many seconds and with a few partials."""
    rng, time = np.random.default_rng(seed), np.arange(round(note * RATE)) / RATE
    bars = []
    for pair in rng.integers(0, 24, (n_notes, 2)):
        tones = [110 * 2 ** ((pitch + semitones) / 12) * partial for pitch in pair for partial in (1, 2, 4)]
        bars.append(sum(np.sin(2 * np.pi * hertz * time) for hertz in tones) * np.exp(-time / note))
    return 0.05 * np.concatenate(bars)
