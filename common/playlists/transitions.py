"""Transitions: what it costs to play one song after another, and what a DJ would say about it.

Conventions
-----------
A step from one song to the next has four parts, each 0 where nothing changes:

- ``sound``: share of all pairs of songs that are more alike in the chosen space, so that every space
  has one scale; 0 to 1;
- ``tempo``: how far the tempos are apart in octaves, half and double time counting as the same, over what
  counts as far (12%); at most 1;
- ``key``: steps on the DJs' wheel (the same key 0, a fifth or the relative key 1) over 4, at most 1;
- ``energy``: difference of the energies (`music.energies`) over 12 LU, at most 1.

Where a song has no pulse or no clear key, that part is 0.5: it neither fits nor clashes. The cost of a step
is the sum of the parts weighted by `WEIGHTS`. An order is judged by its *roughness*, the root mean square
of its steps' costs, because one bad step hurts more than several fair ones.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from common.music import MINOR, Key, energies, keys, tempo_octaves, tempos, wheel_steps
from common.search.distribution import SimilarityDistribution
from common.search.reasons import FAR, key_step, tempo_step
from common.search.space import Space

WEIGHTS = {"sound": 0.4, "tempo": 0.2, "key": 0.2, "energy": 0.2}
"""How much each part of a step counts: the sound as much as two of the others."""

FAR_KEY, FAR_ENERGY = 4, 12.0
"""Steps on the wheel and differences of energy that count as far."""

FITTING = 50.0
"""Percentile of similarity below which a step joins songs that are less alike than a usual pair."""

UNKNOWN = 0.5
"""A part of a step that cannot be told: it neither fits nor clashes."""


@dataclass(frozen=True)
class Step:
    """One step of an order.

    Attributes
    ----------
    cost
        Weighted sum of the parts, 0 to 1.
    parts
        ``sound``, ``tempo``, ``key`` and ``energy``, unweighted, each 0 to 1.
    words
        What a DJ would say about the step.
    similarity
        The cosine of the two songs, -1 to 1.
    percentile
        Per cent of all pairs of songs that are less similar, 0 to 100.
    """

    cost: float
    parts: dict[str, float]
    words: str
    similarity: float
    percentile: float


@dataclass(frozen=True)
class Tracks:
    """Songs, in order, with what transitions between them are judged by.

    Attributes
    ----------
    songs
        The songs' numbers in the library, shape (m,).
    vectors
        Their rows of a space, float32, shape (m, n_columns).
    tempo, energy
        Their tempos in BPM (0 where there is no pulse) and their levels in dB, shape (m,).
    keys
        Their keys, None where a song has none.
    distribution
        The similarities of all pairs of the space, by which a similarity is judged.
    """

    songs: np.ndarray
    vectors: np.ndarray = field(repr=False)
    tempo: np.ndarray = field(repr=False)
    energy: np.ndarray = field(repr=False)
    keys: list[Key | None] = field(repr=False)
    distribution: SimilarityDistribution = field(repr=False)

    def __len__(self) -> int:
        return len(self.songs)

    def take(self, places: Sequence[int] | np.ndarray) -> Tracks:
        """Some of the songs."""
        where = np.asarray(places, dtype=int)
        return Tracks(
            self.songs[where],
            self.vectors[where],
            self.tempo[where],
            self.energy[where],
            [self.keys[i] for i in where],
            self.distribution,
        )

    @cached_property
    def costs(self) -> np.ndarray:
        """Cost of the step between any two of them, shape (m, m)."""
        return cost(parts(self, self))

    @cached_property
    def wheel(self) -> tuple[np.ndarray, np.ndarray]:
        """Hour on the wheel (0 where no key is clear) and whether the key is minor, shape (m,)."""
        clear = [key if key is not None and key.is_clear else None for key in self.keys]
        hours = np.array([key.hour if key else 0 for key in clear])
        return hours, np.array([key is not None and key.mode == MINOR for key in clear])


def tracks(space: Space, songs: Sequence[int] | np.ndarray) -> Tracks:
    """Look up what transitions between some songs of a space are judged by."""
    listed = [int(song) for song in songs]
    return Tracks(
        np.array(listed, dtype=int),
        space.vectors(np.array(listed, dtype=int)),
        tempos(space.library, listed),
        energies(space.library, listed),
        keys(space.library, listed),
        space.distribution,
    )


def parts(one: Tracks, other: Tracks) -> dict[str, np.ndarray]:
    """The four parts of the step from each of m songs to each of n others, every one of shape (m, n)."""
    return {
        "sound": one.distribution.upper_tail(one.vectors @ other.vectors.T),
        "tempo": _tempo_part(one.tempo, other.tempo),
        "key": _key_part(one.wheel, other.wheel),
        "energy": np.minimum(np.abs(one.energy[:, None] - other.energy) / FAR_ENERGY, 1.0),
    }


def cost(found: dict[str, np.ndarray]) -> np.ndarray:
    """Weighted sum of the parts."""
    weighted = [WEIGHTS[name] * values for name, values in found.items()]
    return np.sum(weighted, axis=0)


def _tempo_part(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    _, rest = tempo_octaves(one[:, None], other)
    apart = np.abs(rest) / math.log2(1.0 + FAR)
    return np.where(np.isnan(apart), UNKNOWN, np.minimum(apart, 1.0))


def _key_part(one: tuple[np.ndarray, np.ndarray], other: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    (hour, minor), (other_hour, other_minor) = one, other
    steps = wheel_steps(hour[:, None], minor[:, None], other_hour, other_minor)
    known = (hour[:, None] > 0) & (other_hour > 0)
    return np.where(known, np.minimum(steps / FAR_KEY, 1.0), UNKNOWN)


def roughness(costs: Sequence[float] | np.ndarray) -> float:
    """Root mean square of the costs of an order's steps; 0 for fewer than two songs."""
    return math.sqrt(sum(value**2 for value in costs) / len(costs)) if len(costs) else 0.0


def steps(order: Tracks) -> list[Step]:
    """The steps of an order, one less than its songs."""
    found = []
    for place in range(len(order) - 1):
        one, other = order.take([place]), order.take([place + 1])
        of_step = parts(one, other)
        similarity = float(np.clip(one.vectors[0] @ other.vectors[0], -1.0, 1.0))
        found.append(
            Step(
                float(cost(of_step)[0, 0]),
                {name: float(values[0, 0]) for name, values in of_step.items()},
                _words(one, other),
                similarity,
                order.distribution.percentile(similarity),
            )
        )
    return found


def _words(one: Tracks, other: Tracks) -> str:
    """Say a step: ``the same tempo; 8A → 9A, a fifth apart, they mix well; energy +2``."""
    tempo = tempo_step(one.tempo[0], other.tempo[0])
    said = ["no steady pulse" if tempo.startswith("unknown") else _tempo_words(tempo)]
    (a,), (b,) = one.keys, other.keys
    if a is None or b is None or not (a.is_clear and b.is_clear):
        said.append("no clear key to clash")
    else:
        said.append(f"{a.camelot} → {b.camelot}, {key_step(a, b)}")
    change = shown_energy(other.energy[0]) - shown_energy(one.energy[0])
    said.append(f"energy {change:+d}" if change else "as much energy")
    return "; ".join(said)


def shown_energy(energy: float) -> int:
    """An energy as it is shown to people, in whole LU; steps are the differences of what is shown."""
    return round(float(energy))


def _tempo_words(step: str) -> str:
    return "another tempo" if step == "far apart" else step
