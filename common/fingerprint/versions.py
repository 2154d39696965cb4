"""Which songs are versions of a song, or share a passage with it, and where.

Conventions: a song is what `sequences` keep of it. What is said of two songs is said of the second beside
the first: that it is higher, faster, or the same recording. `common.recordings` has its own rule for whole
recordings, from the embedding; what is said here goes beside it and merges nothing.
"""

from __future__ import annotations

import heapq
import os
from collections.abc import Hashable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import islice
from typing import TypeVar

import numpy as np

from common.fingerprint.alignment import RATE, InEveryKey, Passage, contour, halved, passages, rough_contour
from common.fingerprint.coincidence import SharedPeaks
from common.fingerprint.sequences import Chroma
from common.music import tempo_ratio

SHORTEST = 10.0
"""Seconds of the shortest song that is compared."""

LIKE = 0.6
"""Likeness from which two songs are aligned at all; see `alignment.InEveryKey`."""

MOST_ALIGNED = 300
"""Songs of a larger library that are compared closely: those most like the song at a glance, by which a much
faster version may be passed over."""

AT_ONCE = 256
"""Songs whose chroma is in memory at a time for a glance."""

SLIGHTLY_FASTER = 1.05
"""Factor between two speeds up to which alignment bends; of a larger one the tempos tell."""

MOST_OF = 0.5
"""Share of the shorter of two songs from which versions are more than a shared passage."""

SHARED_PEAKS = 0.38
"""Share of the spectral peaks along the passages, moved to the other's key and speed, from which both songs
have more than chords in common. Songs of the demo with one chord loop share up to 0.36; 23 real songs,
stretched or shifted as in `benchmarks.versions`, 0.41 and more."""

BEYOND_PEAKS = 0.1
"""How many more peaks coincide along the passages than at any other place (`coincidence.SharedPeaks`), from
which both songs have more than chords in common as well: the one may have been mixed anew and added to. Twice
what 90 pairs of songs of the demo with one chord loop reach, 0.05."""

SAME_SPEED = 0.01
"""How far the speed of the same recording may be read off 1."""

Name = TypeVar("Name", bound=Hashable)


class Kind(StrEnum):
    """What a song is to another."""

    SAME = "same recording"
    VERSION = "other version"
    PASSAGE = "shared passage"
    CHORDS = "same chords"


@dataclass(frozen=True)
class Alignment:
    """How another song runs beside a song.

    Attributes
    ----------
    semitones
        How much higher it is, -5 to 6.
    passages
        Where, in the order of the song; at least one.
    coverage
        Share of the shorter of the two songs that lies in passages, 0 to 1.
    score
        Coverage times the mean correlation of the passages, 0 to 1.
    """

    semitones: int
    passages: tuple[Passage, ...]
    coverage: float
    score: float

    @property
    def speed(self) -> float:
        """How many times as fast the other song is, in the longest passage."""
        return max(self.passages, key=lambda passage: passage.length).speed


def is_silent(chroma: Chroma) -> bool:
    """Whether nothing is heard in a song."""
    return not chroma.levels.any()


def seconds(chroma: Chroma) -> float:
    """Length of a song."""
    return len(chroma.levels) * chroma.seconds


def speeds(tempo: float | None, other: float | None) -> tuple[float, ...]:
    """At which speeds a song is compared: its own, and that which gives it the other's tempo.

    Parameters
    ----------
    tempo, other
        Tempos of both in BPM; None or 0 where there is none. Half and double tempo count as the same.
    """
    ratio = tempo_ratio(tempo or 0.0, other or 0.0)
    if ratio is None or max(ratio, 1 / ratio) <= SLIGHTLY_FASTER:
        return (1.0,)
    return (1.0, round(ratio, 2))


class Asked:
    """A song that versions are looked for: its contours at several speeds, made once.

    Parameters
    ----------
    chroma
        The song's.
    """

    def __init__(self, chroma: Chroma) -> None:
        self.chroma = chroma
        self._contours: dict[float, tuple[np.ndarray, InEveryKey]] = {}

    def at(self, speed: float) -> tuple[np.ndarray, InEveryKey]:
        """The contour of the song played so many times as fast, and half as many columns in every key."""
        if speed not in self._contours:
            whole = contour(self.chroma.levels, self.chroma.seconds, speed)
            self._contours[speed] = whole, InEveryKey(halved(whole), RATE / 2)
        return self._contours[speed]


def candidates(chroma: Chroma, others: Iterable[tuple[Name, Chroma]], most: int = MOST_ALIGNED) -> list[Name]:
    """The songs most like a song at a glance: by a column a second, in any key, at its own speed.

    Parameters
    ----------
    chroma
        The song's.
    others
        Names of songs and their chroma.
    most
        How many.
    """
    rough = InEveryKey(rough_contour(chroma.levels, chroma.seconds), 1.0)

    def glance(other: tuple[Name, Chroma]) -> tuple[float, Name]:
        name, of_other = other
        return float(rough.likeness(rough_contour(of_other.levels, of_other.seconds)).max()), name

    remaining = (other for other in others if seconds(other[1]) >= SHORTEST)
    glances: list[tuple[float, Name]] = []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        while part := list(islice(remaining, AT_ONCE)):
            glances += pool.map(glance, part)
    return [name for _, name in heapq.nlargest(most, glances, key=lambda found: found[0])]


def align(asked: Asked, other: Chroma, at: tuple[float, ...] = (1.0,)) -> Alignment | None:
    """Find where a song runs as another does, in the key and at the speed in which they are most alike.

    Parameters
    ----------
    asked
        The song.
    other
        Chroma of the other.
    at
        Speeds that are tried out.

    Returns
    -------
    Alignment or None
        None if they do not run alike anywhere.
    """
    if min(seconds(asked.chroma), seconds(other)) < SHORTEST:
        return None
    whole = contour(other.levels, other.seconds)
    half = halved(whole)
    found = {speed: asked.at(speed)[1].likeness(half) for speed in at}
    speed = max(found, key=lambda one: found[one].max())
    key = int(found[speed].argmax())
    if found[speed][key] < LIKE:
        return None
    parts = [_at_own_speed(part, speed) for part in passages(asked.at(speed)[0], whole, key)]
    if not parts:
        return None
    one_length, other_length = seconds(asked.chroma), seconds(other)
    covered = [part.length if one_length <= other_length else part.other_length for part in parts]
    coverage = min(1.0, sum(covered) / min(one_length, other_length))
    score = coverage * float(np.average([part.correlation for part in parts], weights=covered))
    return Alignment((key + 5) % 12 - 5, tuple(parts), coverage, max(0.0, score))


def _at_own_speed(passage: Passage, speed: float) -> Passage:
    """A passage of a song that was played faster by a factor, in the seconds of the song itself."""
    start, end = passage.start * speed, passage.end * speed
    return replace(passage, start=start, end=end, speed=passage.speed * speed)


def kind_of(alignment: Alignment, peaks: SharedPeaks) -> Kind:
    """What a song is to another that runs beside it.

    Parameters
    ----------
    alignment
        How it does.
    peaks
        What their peaks have in common along the passages.
    """
    if peaks.share < SHARED_PEAKS and peaks.beyond < BEYOND_PEAKS:
        return Kind.CHORDS
    if alignment.coverage < MOST_OF:
        return Kind.PASSAGE
    is_same = alignment.semitones == 0 and abs(alignment.speed - 1) <= SAME_SPEED
    is_same &= peaks.share >= SHARED_PEAKS
    return Kind.SAME if is_same else Kind.VERSION
