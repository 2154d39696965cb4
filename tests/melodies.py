"""Chroma of songs that never were: random notes, whose truth is known."""

from __future__ import annotations

import numpy as np

from common.fingerprint.sequences import CHROMA_FRAMES, LOUDEST_NOTE, Chroma

STEP = Chroma(np.zeros((1, 12), np.uint8), CHROMA_FRAMES).seconds


def melody(seconds: float, seed: int, note_seconds: float = 0.8) -> np.ndarray:
    """Levels of chords of three random notes, each for so long, float, shape (n_steps, 12)."""
    rng = np.random.default_rng(seed)
    chords = np.zeros((int(seconds / note_seconds) + 1, 12))
    for chord in chords:
        chord[rng.choice(12, 3, replace=False)] = rng.uniform(0.5, 1.0, 3)
    return played(chords, note_seconds, seconds)


def played(chords: np.ndarray, note_seconds: float, seconds: float) -> np.ndarray:
    """Every chord for so long."""
    moments = (np.arange(round(seconds / STEP)) + 0.5) * STEP
    return chords[np.minimum((moments / note_seconds).astype(int), len(chords) - 1)]


def resampled(levels: np.ndarray, speed: float) -> np.ndarray:
    """The same, played so many times as fast."""
    places = np.arange(0, len(levels) - 1, speed)
    return np.array([np.interp(places, np.arange(len(levels)), note) for note in levels.T]).T


def chroma(levels: np.ndarray, noise: float = 0.1, seed: int = 99) -> Chroma:
    """Chroma as it is stored, with noise; steps without a level are silent."""
    noisy = levels + noise * np.random.default_rng(seed).random(levels.shape)
    noisy[~levels.any(axis=1)] = 0.0
    highest = noisy.max(axis=1, keepdims=True)
    scaled = LOUDEST_NOTE * noisy / np.where(highest > 0, highest, 1.0)
    return Chroma(np.rint(scaled).astype(np.uint8), CHROMA_FRAMES)
