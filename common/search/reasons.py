"""Why two songs are alike, in words: what binds them, what separates them, their tempos and keys.

Conventions: a value is in standard deviations from the library's average song; tempos are in BPM, 0 where
no pulse was found; everything comes from the embedding, no audio is read.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from common.layout import GROUP_INDICES, index_of, words
from common.library import Library
from common.music import Key, shown_tempo, tempo_octaves, wheel_distance

_AS_A_WHOLE = {
    "timbre": ("a similar colour of sound", "another colour of sound"),
    "tonnetz": ("chords that relate in a similar way", "chords that relate in other ways"),
}
"""Groups whose numbers, one by one, say nothing to a listener: what it sounds like if they agree or not."""

_SAID_ELSEWHERE = index_of("tempo")
"""The tempo has a line of its own, which knows half and double time."""

_FAINT = 0.1
"""Groups that add less than this share of what the strongest adds go without saying."""

_CLEARLY = 0.25
"""Product of two values from which they count as agreeing or opposed: half a deviation each."""


def traits(
    library: Library, one: int, other: int, parts: Mapping[str, float], n: int = 3
) -> tuple[list[str], list[str]]:
    """Say what binds two songs and what separates them, strongest group first, one phrase per group.

    Parameters
    ----------
    library
        The library that the songs are of, guests included.
    one, other
        The two songs; of what separates them, what the first is against the second is said.
    parts
        What each musical group adds to their similarity: group -> contribution to the cosine.
    n
        How many phrases of each kind are said at most.

    Returns
    -------
    tuple
        Two lists of phrases. What binds comes from groups that add to the similarity: the number that
        both songs have (or lack) far beyond the average, as far as the less extreme of the two does. What
        separates comes first from groups that lower it: the number in which they depart to opposite sides.
        Of groups that add next to nothing, as of those that a space does not read, nothing is said.
    """
    a, b = library.standardised_rows([one, other])
    strongest = max(map(abs, parts.values())) or 1.0
    groups = sorted(parts, key=lambda group: -parts[group])
    binding = [_binding(group, a, b) for group in groups if parts[group] > _FAINT * strongest]
    separating = [
        _separating(group, a, b, whole=parts[group] < 0)
        for group in reversed(groups)
        if abs(parts[group]) > _FAINT * strongest
    ]
    return [text for text in binding if text][:n], [text for text in separating if text][:n]


def _binding(group: str, a: np.ndarray, b: np.ndarray) -> str | None:
    if group in _AS_A_WHOLE:
        return _AS_A_WHOLE[group][0]
    agree = np.where(a * b > _CLEARLY, np.minimum(np.abs(a), np.abs(b)), 0.0)
    index = _strongest(group, agree)
    return None if index is None else words(index, a[index] > 0)


def _separating(group: str, a: np.ndarray, b: np.ndarray, whole: bool) -> str | None:
    if group in _AS_A_WHOLE:
        return _AS_A_WHOLE[group][1] if whole else None
    index = _strongest(group, np.where(a * b < -_CLEARLY, -a * b, 0.0))
    return None if index is None else words(index, a[index] > b[index])


def _strongest(group: str, weight: np.ndarray) -> int | None:
    where = [index for index in GROUP_INDICES[group] if index != _SAID_ELSEWHERE]
    best = max(where, key=lambda index: weight[index])
    return best if weight[best] > 0 else None


FAR = 0.12
"""Tempos that differ by more, half and double time included, are simply far apart."""

_PACES = {1.0: "", 2.0: "at double time", 0.5: "at half time"}


def tempo_relation(one: float, other: float) -> str:
    """Say how two tempos relate, half and double time included.

    Parameters
    ----------
    one, other
        The two tempos in BPM, 0 where no pulse was found.

    Returns
    -------
    str
        Such as ``the same tempo at double time (70 and 140 BPM)`` or ``7% faster (120 and 128 BPM)``.
    """
    step = tempo_step(one, other)
    known = one > 0 and other > 0
    return f"{step} ({shown_tempo(one):g} and {shown_tempo(other):g} BPM)" if known else step


def tempo_step(one: float, other: float) -> str:
    """The same without the two tempos: ``the same tempo at double time``."""
    if one <= 0 or other <= 0:
        return "unknown: no pulse was found in " + ("either" if one <= 0 and other <= 0 else "one of them")
    octaves, rest = tempo_octaves(one, other)
    factor, ratio = float(2.0**octaves), float(2.0**rest)
    if abs(ratio - 1) > FAR:
        return "far apart"
    per_cent = round(100 * abs(ratio - 1))
    step = f"{per_cent}% {'faster' if ratio > 1 else 'slower'}" if per_cent else "the same tempo"
    return " ".join(filter(None, [step, _PACES.get(factor, f"at {factor:g} times the pace")]))


def key_relation(one: Key | None, other: Key | None) -> str:
    """Say how two keys relate, such as ``relative keys (A minor 8A; C major 8B)``."""
    if one is None or other is None:
        return "unknown: no key stands out in " + ("either" if one is other else "one of them")
    return f"{key_step(one, other)} ({one.label}; {other.label})"


def key_step(one: Key, other: Key) -> str:
    """The same without the two keys: ``a fifth apart, they mix well``."""
    distance, same_mode = wheel_distance(one, other), one.mode == other.mode
    if distance == 0:
        return "the same key"
    if distance == 1:
        return "a fifth apart, they mix well" if same_mode else "relative keys, they mix well"
    if one.tonic == other.tonic:
        return "the same tonic, major against minor"
    return f"{distance} steps apart on the wheel"
