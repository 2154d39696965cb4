"""Why two songs are alike, in words: what binds them, what separates them, their tempos and keys.

Conventions: a value is in standard deviations from the library's average song; tempos are in BPM, 0 where
no pulse was found; everything comes from the embedding, no audio is read.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from common.layout import BLOCK_OF, SLICES, index_of, words
from common.library import Library
from common.music import Key, estimate_keys, same_tempo, tempo_ratio, wheel_distance


def tempos(library: Library) -> np.ndarray:
    """Tempo of every song in BPM, shape (n_songs,); 0 where no pulse was found."""
    return library.embeddings[:, index_of("tempo")].astype(np.float64)


def keys(library: Library, rows: list[int] | None = None) -> list[Key | None]:
    """Key of every song, or of the given rows."""
    chroma = library.embeddings[:, SLICES["chroma_mean"]]
    return estimate_keys(chroma if rows is None else chroma[rows])


@dataclass(frozen=True)
class Trait:
    """A number of the embedding that two songs agree or disagree on.

    Attributes
    ----------
    index
        Which number.
    one, other
        The two songs' values, in standard deviations from the library's mean.
    """

    index: int
    one: float
    other: float

    @property
    def group(self) -> str:
        """Musical group of the number."""
        return BLOCK_OF[self.index].group

    @property
    def binds(self) -> bool:
        """Whether both songs depart from the average in the same direction."""
        return self.one * self.other > 0

    def words(self) -> str:
        """Say it for a listener; of what separates them, what the first song is against the second."""
        return words(self.index, self.one > (0 if self.binds else self.other))


_NOT_SPOKEN = frozenset({"timbre", "tonnetz"})
"""Groups whose numbers, one by one, say nothing to a listener; their share is in the table."""


def traits(library: Library, one: int, other: int, n: int = 3) -> tuple[list[Trait], list[Trait]]:
    """Find what binds two songs and what separates them, strongest first, at most one per group.

    What binds is what both songs have (or lack) far beyond the average, as far as the less extreme of the
    two does; what separates is where they depart to opposite sides, by the product that lowers a cosine.

    Returns
    -------
    tuple
        Two lists of `Trait`, each of at most ``n``.
    """
    a, b = library.standardised[one], library.standardised[other]
    products = a * b
    binding = np.where(products > 0, np.minimum(np.abs(a), np.abs(b)), 0.0)
    return _strongest(binding, a, b, n), _strongest(np.maximum(-products, 0.0), a, b, n)


def _strongest(weight: np.ndarray, a: np.ndarray, b: np.ndarray, n: int) -> list[Trait]:
    chosen: dict[str, Trait] = {}
    for index in np.argsort(-weight, kind="stable"):
        if len(chosen) == n or weight[index] <= 0:
            break
        group = BLOCK_OF[index].group
        if group not in _NOT_SPOKEN:
            chosen.setdefault(group, Trait(int(index), float(a[index]), float(b[index])))
    return list(chosen.values())


FAR = 0.12
"""Tempos that differ by more, half and double time included, are simply far apart."""

_PACES = {1.0: "", 2.0: "at double time", 0.5: "at half time"}


def tempo_relation(one: float, other: float) -> str:
    """Say how two tempos relate, half and double time included.

    Parameters
    ----------
    one, other
        In BPM, 0 where no pulse was found.

    Returns
    -------
    str
        Such as ``the same tempo at double time (70 and 140 BPM)`` or ``7 % faster (120 and 128 BPM)``.
    """
    ratio = tempo_ratio(one, other)
    if ratio is None:
        return "unknown: no pulse was found in " + ("either" if one <= 0 and other <= 0 else "one of them")
    factor = round(other / one / ratio, 6)
    pace = _PACES.get(factor, f"at {factor:g} times the pace")
    both = f"({one:.0f} and {other:.0f} BPM)"
    if same_tempo(one, other):
        return " ".join(filter(None, ["the same tempo", pace, both]))
    if abs(ratio - 1) > FAR:
        return f"far apart {both}"
    step = f"{100 * abs(ratio - 1):.0f} % {'faster' if ratio > 1 else 'slower'}"
    return " ".join(filter(None, [step, pace, both]))


def key_relation(one: Key | None, other: Key | None) -> str:
    """Say how two keys relate, such as ``relative keys (A minor 8A and C major 8B)``."""
    if one is None or other is None:
        return "unknown: no key stands out in " + ("either" if one is other else "one of them")
    return f"{_key_step(one, other)} ({one.name} {one.camelot} and {other.name} {other.camelot})"


def _key_step(one: Key, other: Key) -> str:
    distance, same_mode = wheel_distance(one, other), one.mode == other.mode
    if distance == 0:
        return "the same key"
    if distance == 1:
        return "a fifth apart, they mix well" if same_mode else "relative keys, they mix well"
    if one.tonic == other.tonic:
        return "the same tonic, major against minor"
    return f"{distance} steps apart on the wheel of fifths"


def compatible(one: Key | None, other: Key | None) -> bool:
    """Whether two songs mix harmonically: at most one step apart on the wheel."""
    return one is not None and other is not None and wheel_distance(one, other) <= 1
