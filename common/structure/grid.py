"""The beat grid: one period and one offset for a whole song, fitted to all its hits, or a reason why not.

A song made with a machine keeps its tempo; minutes of it fix the period to hundredths of a BPM. Where the
phase of the beat wanders (a band, a live recording) or no period explains the hits, there is no grid.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.fft

from common.structure.onsets import RATE, Drums, Hits
from common.structure.tempo import (
    SNARE_SHARE,
    TOLERANCE,
    Period,
    best_phase,
    find_periods,
    is_found_by_parts,
    tolerance,
    windows,
)

LEAST_FIT, CHANCE = 0.29, 0.2
"""Fit below which a period explains too little to be a pulse (unless parts of the song agree on it) in a song
of endless length, and what is added to it for chance, over the root of the number of windows. Noise of four
kinds and rubato, 230 pieces of 12 s to 3 min, reach 0.48 in one window, 0.33 in three and 0.31 in fifteen."""

GRID_FIT = 0.38
"""Fit below which a pulse is too faint for a grid: which of several periods is the beat is not sure there."""

LEAST_AGREEMENT, ABOUT_AS_WELL, AGREEMENT_WINDOW = 0.75, 0.7, 4.0
"""Share of the song that must agree with one grid, which is where the grid catches at least this share of the
accents that a grid of a window's own (s) would; below it the tempo drifts. In longer windows a sway by half a
beat comes to agree again. Chosen on loops whose seeds the tests do not use: of 135 loops that sway by 0.05 to
0.6 s 11 keep a grid, of 504 that do not 5 lose it."""

PHASE_WINDOW = 6.0
"""Seconds in which the phase of the beat is read on its own."""

WIDEST_CORRECTION, STEPS = 0.006, (2, 4)
"""Share by which the period may be corrected by the phases of the windows, and the parts of a beat whose
phases are followed, halves and quarters. Where the offbeat is as strong as the beat, the phases of whole
beats add up to nothing."""

FIT_ROUNDS, FIRST_REACH, LAST_REACH = 4, 0.040, 0.012
"""Rounds in which the grid is fitted to hits nearby, and seconds to the farthest, at first and at last."""

ATTACK_REACH = 0.035
"""Seconds around a beat in which its start is sought."""

AT_ONCE = 0.005
"""Seconds before a file's beginning at which a first beat still counts as its beginning."""

CLOSE = 0.05
"""Lead in score over another period below which the choice between them is said to be close."""


@dataclass(frozen=True)
class Pulse:
    """What can be said about the beat of a song.

    Attributes
    ----------
    bpm
        Beats per minute; 0 if there is no steady pulse.
    confidence
        0 to 1: how well the beat explains the hits, and how far it leads other readings of them.
    offset
        Seconds of the first beat, at least 0; None without a grid.
    clarity
        0 to 1: how regular the hits are, at whatever tempo.
    alternative
        Another tempo that explains the hits about as well, in BPM, or None.
    reason
        Why there is no tempo or no grid; empty if there are both.
    """

    bpm: float
    confidence: float
    offset: float | None
    clarity: float
    alternative: float | None = None
    reason: str = ""


def read_pulse(drums: Drums, duration: float) -> Pulse:
    """Find the beat of a song.

    Parameters
    ----------
    drums
        The hits of the song.
    duration
        Seconds of the song.
    """
    periods = find_periods(drums, duration)
    if not periods:
        return Pulse(0.0, 0.0, None, 0.0, reason="nothing in it repeats")
    beat = periods[0]
    accents = _accents(drums)
    period, offset = _fitted(accents, _corrected(accents, beat.seconds, duration))
    agreement = _agreement(accents, period, offset, duration)
    clarity = float(np.clip(beat.fit * agreement, 0, 1))
    is_clear = beat.fit >= LEAST_FIT + CHANCE / np.sqrt(len(windows(duration)))
    if not is_clear and not is_found_by_parts(beat, drums, duration):
        return Pulse(0.0, 0.0, None, clarity, reason="no steady pulse")
    rival = max(periods[1:], key=lambda other: other.score, default=None)
    confidence = clarity * _lead(beat, rival)
    alternative = rival.bpm if rival and beat.score - rival.score < CLOSE * beat.score else None
    if beat.fit < GRID_FIT:
        return Pulse(60 / beat.seconds, confidence, None, clarity, alternative, "the pulse is faint")
    if agreement < LEAST_AGREEMENT:
        return Pulse(60 / beat.seconds, confidence, None, clarity, alternative, "the tempo drifts")
    offset += _attack(drums, np.arange(offset % period, duration, period))
    offset %= period
    if period - offset < AT_ONCE:
        offset = 0.0
    return Pulse(60 / period, confidence, offset, clarity, alternative)


def _accents(drums: Drums) -> Hits:
    """The hits that sit on beats: kicks, and snares more faintly."""
    times = np.concatenate([drums.kick.times, drums.snare.times])
    strengths = np.concatenate([drums.kick.strengths**3, SNARE_SHARE * drums.snare.strengths**3])
    order = np.argsort(times, kind="stable")
    return Hits(times[order], strengths[order])


def _corrected(accents: Hits, period: float, duration: float) -> float:
    """Correct a period (s) by how the phase of its beat moves on from window to window."""
    n_windows = windows(duration, PHASE_WINDOW).size
    which = np.clip((accents.times / PHASE_WINDOW).astype(int), 0, n_windows - 1)
    size = 10 * max(STEPS) * n_windows  # of a transform over the windows: ten frequencies per turn and song
    reach = int(np.ceil(WIDEST_CORRECTION / period * PHASE_WINDOW * size))
    frequencies = np.arange(-reach, reach + 1)
    once = np.exp(2j * np.pi * accents.times / period)
    aligned = np.zeros(frequencies.size)
    for step in STEPS:
        turns = once**step * accents.strengths
        sums = [np.bincount(which, part, n_windows) for part in (turns.real, turns.imag)]
        aligned += np.abs(scipy.fft.ifft(sums[0] + 1j * sums[1], size))[step * frequencies % size]
    return float(1 / (1 / period + frequencies[aligned.argmax()] / (PHASE_WINDOW * size)))


def _agreement(accents: Hits, period: float, offset: float, duration: float) -> float:
    """Share of the song, by its accents, in which one grid does about as well as one of the window's own."""
    agreeing, total = 0.0, 0.0
    for start in windows(duration, AGREEMENT_WINDOW):
        part = accents.between(start, start + AGREEMENT_WINDOW)
        if part.times.size > 2:
            own = _caught(part, period, best_phase(part, period))
            total += own
            agreeing += own * (_caught(part, period, offset) > ABOUT_AS_WELL * own)
    return agreeing / total if total else 0.0


def _caught(hits: Hits, period: float, offset: float) -> float:
    """Strength of the hits on beats."""
    misses = np.abs((hits.times - offset + period / 2) % period - period / 2)
    return float(hits.strengths[misses <= tolerance(period)].sum())


def _fitted(accents: Hits, period: float) -> tuple[float, float]:
    """Fit period and offset (s) to the accents near the beats, nearer ones in every round."""
    offset = best_phase(accents, period)
    for reach in np.geomspace(FIRST_REACH, LAST_REACH, FIT_ROUNDS):
        index = np.round((accents.times - offset) / period)
        misses = accents.times - offset - index * period
        near = np.abs(misses) < max(reach, tolerance(period) * reach / FIRST_REACH)
        if np.unique(index[near]).size < 4:
            break
        weights = np.sqrt(accents.strengths[near])
        design = np.stack([np.ones(near.sum()), index[near]], axis=1) * weights[:, None]
        change, *_ = np.linalg.lstsq(design, misses[near] * weights, rcond=None)
        offset, period = offset + change[0], period + change[1]
    return float(period), float(offset)


def _attack(drums: Drums, beats: np.ndarray) -> float:
    """Seconds from beats to where the levels around them, averaged over the song, rise most steeply.

    A kick falls through its bands within hundredths of a second, each kick in its own way; what is to be
    laid on a beat is its very start.
    """
    levels = (drums.levels.punch, drums.levels.middle, drums.levels.high)
    reach = round(ATTACK_REACH * RATE)
    places = np.round(beats * RATE).astype(int)
    inside = (places > reach) & (places < levels[0].size - reach - 1)
    weights = drums.kick.at(beats[inside], TOLERANCE) ** 2
    if not weights.any():
        return 0.0
    around = places[inside][:, None] + np.arange(-reach, reach + 1)
    rise = np.zeros(2 * reach - 1)
    for level in levels:
        mean = weights @ level[around]
        rise += np.maximum(0, mean[2:] - mean[:-2]) / max(mean.max(), 1e-9)
    rounding = weights @ (places[inside] / RATE - beats[inside]) / weights.sum()
    return float((rise.argmax() + 1 - reach) / RATE + rounding)


def _lead(beat: Period, rival: Period | None) -> float:
    """From 0.5, no better than its rival, to 1, a fifth better."""
    if rival is None:
        return 1.0
    return float(np.clip(0.5 + 2.5 * (beat.score - rival.score) / beat.score, 0.3, 1.0))
