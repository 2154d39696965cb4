"""Which songs may be found: filters on genre, artist, album, tempo, key and duration, and copies of a song.

Conventions: tempos are in BPM and durations in seconds; ranges are closed, and an open end is infinite.
A song's artist is its tag, or the part of its name before `` - ``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from common.library import Library
from common.music import key_places, same_tempo, tempo_within, tempos, wheel_steps
from common.recordings import album_numbers, artist_numbers

Range = tuple[float, float]


@dataclass(frozen=True)
class Filters:
    """What a search lets through; the relations are to the song that is searched for.

    Attributes
    ----------
    same_genre, other_genre, other_artist, other_album
        Whether a song found must be of the song's own genre, or must not be of its genre, by its artist or
        from its album.
    same_tempo, mixable_key
        Whether the tempo must agree (within 4%, half and double count), and whether the keys must mix.
    tempo
        Lowest and highest tempo in BPM, half and double time counting; None for any.
    duration
        Shortest and longest duration in seconds; None for any.
    """

    same_genre: bool = False
    other_genre: bool = False
    other_artist: bool = False
    other_album: bool = False
    same_tempo: bool = False
    mixable_key: bool = False
    tempo: Range | None = None
    duration: Range | None = None


def allowed(library: Library, song: int, filters: Filters) -> np.ndarray:
    """Which songs the filters let through, bool, shape (n_own,)."""
    n = library.n_own
    mask = np.ones(n, dtype=bool)
    if filters.same_genre or filters.other_genre:
        same = np.array(library.genres[:n]) == library.genres[song]
        mask &= same if filters.same_genre else ~same
    if filters.other_artist:
        mask &= ~_share(artist_numbers(library), song)[:n]
    if filters.other_album:
        mask &= ~_share(album_numbers(library), song)[:n]
    if filters.tempo:
        mask &= tempo_within(tempos(library, slice(n)), *filters.tempo)
    if filters.duration:
        seconds = np.array(library.columns["duration"][:n])
        mask &= (seconds >= filters.duration[0]) & (seconds <= filters.duration[1])
    if filters.same_tempo:
        (tempo,) = tempos(library, [song])
        mask &= same_tempo(tempo, tempos(library, slice(n)))
    if filters.mixable_key:
        mask &= _mixes(library, song)[:n]
    return mask


def _mixes(library: Library, song: int) -> np.ndarray:
    """Which songs have a key at most a step on the wheel away from the song's."""
    hour, minor = key_places(library)
    steps = wheel_steps(hour, minor, hour[song], minor[song])
    return (hour > 0) & (hour[song] > 0) & (steps <= 1)


def _share(numbers: np.ndarray, song: int) -> np.ndarray:
    """Which songs share a song's number; one of which nothing is known shares it with nobody."""
    return (numbers >= 0) & (numbers == numbers[song])


def parse_tempo(text: str) -> Range:
    """Read ``128-140``, ``128-``, ``-140`` or ``128`` as a range of tempos in BPM.

    Raises
    ------
    ValueError
        If it is none.
    """
    return _parse_range(text, float)


def parse_duration(text: str) -> Range:
    """Read ``2:30-4:00``, ``-4:00``, ``90-`` or the like as a range of durations in seconds.

    Raises
    ------
    ValueError
        If it is none.
    """
    return _parse_range(text, _seconds)


def _seconds(text: str) -> float:
    seconds = 0.0
    for part in text.split(":"):
        seconds = 60.0 * seconds + float(part)
    return seconds


def _parse_range(text: str, number: Callable[[str], float]) -> Range:
    low, dash, high = text.replace("–", "-").partition("-")
    if not dash:
        high = low
    if not low and not high:
        raise ValueError("a range needs a number")
    found = (number(low) if low else 0.0, number(high) if high else math.inf)
    if not 0.0 <= found[0] <= found[1]:
        raise ValueError("a range runs from the smaller to the larger number")
    return found
