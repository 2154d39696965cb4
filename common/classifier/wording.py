"""Words for numbers: what components and features that are high or low sound like."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from common import layout
from common.classifier.measured import OPAQUE_WEIGHT, SMOOTH_BANDS, strongest_run
from common.classifier.model import Representation
from common.classifier.nicknames import nickname
from common.layout import N_FEATURES, SLICES

FAINT = 0.01
"""What carries less than this share of the whole is not spoken of, unless there is nothing else."""


@dataclass(frozen=True)
class ComponentMeaning:
    """A component in musical words, from its own loadings.

    Attributes
    ----------
    number
        The component's number, int, counted from 1 as people count.
    variance
        The share of the weighted features' variance that it carries, 0 to 1.
    groups
        For each musical group the share of its squared loadings, 0 to 1; the shares sum to 1.
    high, low
        Phrases that say what a high and what a low value sound like, the strongest first.
    nickname
        At most three words for what a high value sounds like, such as ``highs over bass``.
    """

    number: int
    variance: float
    groups: dict[str, float]
    high: list[str]
    low: list[str]
    nickname: str

    @property
    def name(self) -> str:
        """``PC3``."""
        return f"PC{self.number}"

    def sentence(self) -> str:
        """All of it in a line."""
        carried = [f"{g} {share:.0%}" for g, share in largest(self.groups, 3) if share >= 0.05]
        return (
            f"{self.name}, {self.variance:.1%} of the variance, made of {', '.join(carried)}: "
            f"high is {', '.join(self.high)}; low is {', '.join(self.low)}"
        )


def largest(values: dict[str, float], n: int) -> list[tuple[str, float]]:
    """The ``n`` entries of largest absolute value, largest first."""
    return sorted(values.items(), key=lambda item: -abs(item[1]))[:n]


def describe_components(representation: Representation, most: int = 3) -> list[ComponentMeaning]:
    """Put every component into words.

    Parameters
    ----------
    representation
        The representation whose axes are described, shape (k, ``N_FEATURES``).
    most
        The largest number of phrases for each end of a component, 1 or more.
    """
    return [
        ComponentMeaning(
            number=i + 1,
            variance=float(representation.variance[i]),
            groups=layout.group_shares(axis**2),
            high=phrases(axis**2, axis > 0, most),
            low=phrases(axis**2, axis < 0, most),
            nickname=nickname(axis),
        )
        for i, axis in enumerate(representation.axes)
    ]


def phrases(strength: np.ndarray, high: np.ndarray, most: int = 3) -> list[str]:
    """Say in a few words what numbers that are high, and others that are low, sound like together.

    Parameters
    ----------
    strength
        How much each number matters, float, 0 or more, shape (``N_FEATURES``,).
    high
        Whether each number is high (or low), bool, shape (``N_FEATURES``,).
    most
        The largest number of phrases; each is about another descriptor, and none only repeats another.

    Returns
    -------
    list of str
        Strongest first; empty if nothing matters. What no ear can check is said in the first place or not
        at all: where nothing audible comes near it.
    """
    found: dict[tuple[str, bool], tuple[float, str]] = {}
    for source, audible, weight, phrase in [*_mel_phrases(strength, high), *_other_phrases(strength, high)]:
        if weight > found.get((source, audible), (0.0, ""))[0]:
            found[source, audible] = (weight, phrase)
    ranked = sorted((-weight, not audible, phrase) for (_, audible), (weight, phrase) in found.items())
    said: list[str] = []
    for weight, opaque, phrase in ranked:
        passed_over = said and (opaque or -weight < FAINT * strength.sum())
        if not passed_over and not any(phrase in other or other in phrase for other in said):
            said.append(phrase)
    return said[:most]


Phrase = tuple[str, bool, float, str]
"""Descriptor, whether an ear can check it, how much it matters, words."""


def _mel_phrases(strength: np.ndarray, high: np.ndarray) -> Iterator[Phrase]:
    """The strongest run of neighbouring mel bands, in whatever statistics of them."""
    blocks = [SLICES[block.name] for block in layout.LAYOUT if block.source == "mel"]
    if not any(strength[place].any() for place in blocks):
        return
    for is_high, amount in ((True, "more"), (False, "less")):
        bands = np.sum([np.where(high[place] == is_high, strength[place], 0.0) for place in blocks], axis=0)
        bands = np.convolve(bands, np.full(SMOOTH_BANDS, 1 / SMOOTH_BANDS), mode="same")
        if bands.max() <= 0:
            continue
        run = strongest_run(bands)
        first, last = run.start, run.stop - 1
        weight = float(bands[first : last + 1].sum())
        yield "mel", True, weight, f"{amount} energy {_spoken_bands(first, last)}"


def _spoken_bands(first: int, last: int) -> str:
    frequencies = layout.mel_frequencies()
    low, high = layout.spoken_hz(frequencies[first]), layout.spoken_hz(frequencies[last])
    if low == high:
        return f"at {low}"
    if first == 0:
        return f"below {high}"
    return f"above {low}" if last == len(frequencies) - 1 else f"between {low} and {high}"


AUDIBLE = np.array([layout.is_audible(index) for index in range(N_FEATURES)])


def _other_phrases(strength: np.ndarray, high: np.ndarray) -> Iterator[Phrase]:
    """For every block but mel: its strongest element that an ear can check, and that it cannot."""
    for block in layout.LAYOUT:
        if block.source == "mel":
            continue
        place = SLICES[block.name]
        if not strength[place].any():
            continue
        for is_high, is_audible in itertools.product((True, False), repeat=2):
            meant = (high[place] == is_high) & (AUDIBLE[place] == is_audible)
            inside = np.where(meant, strength[place], 0.0)
            if inside.max() > 0:
                phrase = layout.words(place.start + int(inside.argmax()), is_high)
                weight = float(inside.sum()) * (1.0 if is_audible else OPAQUE_WEIGHT)
                yield block.source, is_audible, weight, phrase
