"""A producer's moves: a tilt or a bell of the equaliser, level and tempo, with their sizes and words.

Conventions
-----------
An equaliser changes both channels alike, so the stereo image stays as it is. The curves of several moves add
in dB, and together stay within `MOST_DECIBELS` everywhere. A bell is the peaking filter of
R. Bristow-Johnson's Audio EQ Cookbook at a rate without end, so that any equaliser can be set to it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

MOST_DECIBELS = 6.0
"""dB by which an equaliser or a level changes a song at most: more is another mix."""

MOST_TEMPO = 8.0
"""Percent by which a tempo changes at most: the reach of a turntable."""

PIVOT, TILT_OCTAVES = 1000.0, 4.0
"""Hz around which the equaliser tilts, and octaves on either side beyond which it is flat."""

BELL_Q = 1.0
"""Quality of a bell: its half gain is 1.4 octaves wide."""

BELLS = (63.0, 125.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0)
"""Hz at which bells are tried, an octave apart."""


@dataclass(frozen=True)
class Kind:
    """A kind of move.

    Attributes
    ----------
    unit
        Of its size.
    most
        Largest size, up or down.
    step
        What sizes are multiples of.
    """

    unit: str
    most: float
    step: float


KINDS = {
    "tilt": Kind("dB per octave", MOST_DECIBELS / TILT_OCTAVES, 0.1),
    "bell": Kind("dB", MOST_DECIBELS, 0.5),
    "level": Kind("dB", MOST_DECIBELS, 0.5),
    "tempo": Kind("%", MOST_TEMPO, 0.5),
}


@dataclass(frozen=True)
class Move:
    """One move.

    Attributes
    ----------
    kind
        A key of `KINDS`.
    size
        In the unit of its kind; negative is less, darker or slower.
    frequency
        The centre of a bell in Hz; 0 for other kinds.
    """

    kind: str
    size: float
    frequency: float = 0.0

    @property
    def effort(self) -> float:
        """Its size as a share of the largest, 0 to 1."""
        return abs(self.size) / KINDS[self.kind].most

    @property
    def words(self) -> str:
        """What to do, such as ``3.0 dB more around 2.0 kHz (a bell, Q 1)``."""
        size = abs(self.size)
        if self.kind == "tilt":
            at_8_khz = self.size * math.log2(8000.0 / PIVOT)
            return (
                f"{'brighter' if self.size > 0 else 'darker'} by a tilt of {size:.1f} dB per octave around "
                f"1 kHz ({at_8_khz:+.1f} dB at 8 kHz, {-at_8_khz:+.1f} dB at 125 Hz)"
            )
        if self.kind == "bell":
            more = "more" if self.size > 0 else "less"
            return f"{size:.1f} dB {more} around {_spoken(self.frequency)} (a bell, Q {BELL_Q:g})"
        if self.kind == "level":
            return f"{size:.1f} dB {'louder' if self.size > 0 else 'quieter'} as a whole"
        return f"{size:.1f}% {'faster' if self.size > 0 else 'slower'}"


def _spoken(frequency: float) -> str:
    """The centre of a bell as equalisers print it."""
    return f"{frequency / 1000:g} kHz" if frequency >= 1000 else f"{frequency:g} Hz"


def decibels(moves: Sequence[Move], frequencies: np.ndarray, level: bool = True) -> np.ndarray:
    """Gain of moves at frequencies.

    Parameters
    ----------
    moves
        The moves; a tempo adds nothing.
    frequencies
        In Hz, shape (n,).
    level
        Whether changes of level count.

    Returns
    -------
    ndarray
        dB, shape (n,).
    """
    gain = np.zeros(len(frequencies))
    for move in moves:
        if move.kind == "tilt":
            with np.errstate(divide="ignore"):
                octaves = np.log2(frequencies / PIVOT)
            gain += move.size * np.clip(octaves, -TILT_OCTAVES, TILT_OCTAVES)
        elif move.kind == "bell":
            gain += _bell(move, frequencies)
        elif move.kind == "level" and level:
            gain += move.size
    return gain


def _bell(move: Move, frequencies: np.ndarray) -> np.ndarray:
    """The analogue prototype's gain: H(s) = (s² + s A/Q + 1) / (s² + s / (A Q) + 1)."""
    power, ratio = 10 ** (move.size / 20), (frequencies / move.frequency) ** 2
    width = ratio / BELL_Q**2
    return 10 * np.log10(((1 - ratio) ** 2 + width * power) / ((1 - ratio) ** 2 + width / power))


def stretch(moves: Sequence[Move]) -> float:
    """How many times as fast a song becomes."""
    return math.prod(1 + move.size / 100 for move in moves if move.kind == "tempo")


def in_reach(moves: Sequence[Move]) -> bool:
    """Tell whether the equaliser stays within `MOST_DECIBELS` everywhere."""
    heard = np.geomspace(20.0, 20_000.0, 200)
    return bool(np.abs(decibels(moves, heard, level=False)).max() <= MOST_DECIBELS + 1e-9)


def in_words(moves: Sequence[Move]) -> str:
    """All moves, at least one, in one phrase."""
    *others, last = [move.words for move in moves]
    return f"{', '.join(others)} and {last}" if others else last
