"""Sections of a song: where on its bars they begin, which repeat, and what dance music calls them.

Boundaries minimise, over all ways to cut the bars, what is left of their levels once every section is allowed
a mean and a steady rise (a filter that opens, a snare roll that grows is no new section), with a price per
section: optimal partitioning, B. Jackson et al., "An algorithm for optimal partitioning of data on an
interval", IEEE Signal Processing Letters 12 (2005).
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from string import ascii_uppercase

import numpy as np

from common.structure.bars import Bars
from common.structure.onsets import Drums

LEVEL_UNIT = 6.0
"""dB that count as much in a band as a price of 1."""

KICK_WEIGHT = 2.0
"""How much the kick's coming and going counts beside the levels."""

PRICE, ODD_PRICE = 12.0, 1.0
"""What a section must save, and what it costs more if its bars are not a multiple of four (twice if odd)."""

SHORTEST, LONGEST = 2, 128
"""Bars in a section."""

LAST_HIT = 0.1
"""Strength of a hit below which a song's last bars count as its dying away."""

ALIKE = 3.0
"""dB by which sections may differ in the mean of their bands and still share a letter."""

NO_KICK, KICK = 0.35, 0.6
"""Share of the strongest section's kick below which there is none, and from which there is one."""

RISING, FULL = 4.0, 5.0
"""dB by which a build grows over its length, and within which of the fullest section a drop lies."""

INTRO, BUILD, DROP, BREAK, OUTRO = "intro", "build", "drop", "break", "outro"
NAMES = (INTRO, BUILD, DROP, BREAK, OUTRO)

UNNAMED = "not built as dance music is: a kick on the beats, and breaks or builds beside what is full"
"""Why no section of a song has a name. A drop is one against a break or a build; a song that is full from its
beginning to its end has none."""


@dataclass(frozen=True)
class Section:
    """A stretch of a song.

    Attributes
    ----------
    start, end
        Seconds; both on a bar.
    bars
        The number of bars that the section lasts.
    energy
        Level in dB under the song's fullest section.
    letter
        The same for sections that sound alike: ``A``, ``B``, …
    label
        What dance music calls it, one of `NAMES`; None without the evidence.
    evidence
        Why it is called so, in words; empty without a label.
    """

    start: float
    end: float
    bars: int
    energy: float
    letter: str
    label: str | None
    evidence: str


def find_sections(bars: Bars, drums: Drums) -> list[Section]:
    """Cut a song into sections.

    Parameters
    ----------
    bars
        The bars of the song, with what is heard in each.
    drums
        Its hits; after the last of them a song only dies away.

    Returns
    -------
    list of Section
        In order and without gaps.
    """
    n_bars = _sounding(bars, drums)
    levels, kicks = bars.levels[:n_bars], bars.kicks[:n_bars]
    features = np.concatenate([levels / LEVEL_UNIT, KICK_WEIGHT * kicks[:, None]], axis=1)
    spans = list(itertools.pairwise(partition(features)))
    fullness = np.array([levels[first:last].mean() for first, last in spans])
    kick = np.array([kicks[first:last].mean() for first, last in spans])
    rise = np.array([levels[last - 1].mean() - levels[first].mean() for first, last in spans])
    energy = fullness - fullness.max()
    letters = _letters([features[first:last].mean(axis=0) for first, last in spans])
    labels = _labels(energy, kick / max(kick.max(), 1e-9), rise)
    if not (_has_kick(kicks) and {BREAK, BUILD} & {name for name, _ in labels}):
        labels = [(None, "")] * len(spans)
    edges = bars.edges
    return [
        Section(
            float(edges[first]),
            float(edges[last]),
            last - first,
            float(energy[number]),
            letters[number],
            *label,
        )
        for number, ((first, last), label) in enumerate(zip(spans, labels, strict=True))
    ]


def _sounding(bars: Bars, drums: Drums) -> int:
    """Number of bars up to the last hit, if what follows is no more than a dying away."""
    hits = [hits.times[hits.strengths > LAST_HIT] for hits in (drums.kick, drums.snare, drums.cymbal)]
    last = max((times[-1] for times in hits if times.size), default=0.0)
    n_bars = int(np.searchsorted(bars.edges[:-1], last))
    return n_bars if len(bars.kicks) - n_bars <= SHORTEST else len(bars.kicks)


def partition(rows: np.ndarray) -> list[int]:
    """Cut rows where the sum of what is left of every piece, and a price per piece, is least.

    Parameters
    ----------
    rows
        float64, shape (n_rows, n_features).

    Returns
    -------
    list of int
        Ascending, from 0 to n_rows.
    """
    n_rows = len(rows)
    place = np.arange(n_rows, dtype=np.float64)
    sums, squares, slopes = (_running(part) for part in (rows, rows**2, rows * place[:, None]))
    least, before = np.zeros(n_rows + 1), np.zeros(n_rows + 1, int)
    for end in range(1, n_rows + 1):
        starts = np.arange(max(0, end - LONGEST), end)
        length = (end - starts).astype(np.float64)
        total = sums[end] - sums[starts]
        left = squares[end] - squares[starts] - total**2 / length[:, None]
        along = slopes[end] - slopes[starts] - total * ((starts + end - 1) / 2)[:, None]
        left -= along**2 / np.maximum(length * (length**2 - 1) / 12, 1e-9)[:, None] * (length > 2)[:, None]
        price = PRICE + ODD_PRICE * np.choose((end - starts) % 4, (0, 2, 1, 2))
        costs = least[starts] + np.maximum(left, 0).sum(axis=1) + price
        costs[(length < SHORTEST) & (starts > 0)] = np.inf
        best = int(costs.argmin())
        least[end], before[end] = costs[best], starts[best]
    cuts = [n_rows]
    while cuts[-1] > 0:
        cuts.append(int(before[cuts[-1]]))
    return cuts[::-1]


def _running(rows: np.ndarray) -> np.ndarray:
    return np.concatenate([np.zeros((1, rows.shape[1])), np.cumsum(rows, axis=0)])


def _letters(means: list[np.ndarray]) -> list[str]:
    """The same letter for sections whose means are alike."""
    numbers: list[int] = []
    for mean in means:
        alike = [
            numbers[other]
            for other in range(len(numbers))
            if np.sqrt(np.mean((means[other] - mean) ** 2)) < ALIKE / LEVEL_UNIT
        ]
        numbers.append(alike[0] if alike else max(numbers, default=-1) + 1)
    return [ascii_uppercase[number % 26] for number in numbers]


def _has_kick(kicks: np.ndarray) -> bool:
    """Whether a kick plays on the beats of at least a third of the song: dance music."""
    return float(np.mean(kicks > 0.25)) > 1 / 3


def _labels(energy: np.ndarray, kick: np.ndarray, rise: np.ndarray) -> list[tuple[str | None, str]]:
    """Name sections by place, kick, fullness and growth."""
    labels: list[tuple[str | None, str]] = []
    for number, (level, beat, growth) in enumerate(zip(energy, kick, rise, strict=True)):
        is_full = level > -FULL
        if number == 0 and not (is_full and beat > KICK):
            labels.append((INTRO, "the beginning, before the song is full"))
        elif number == len(energy) - 1 and not is_full:
            labels.append((OUTRO, f"the end, {-level:.0f} dB under the fullest section"))
        elif beat < NO_KICK:
            labels.append((BREAK, "no kick"))
        elif growth > RISING:
            labels.append((BUILD, f"grows by {growth:.0f} dB"))
        elif beat > KICK and is_full:
            labels.append((DROP, f"kick, {abs(level):.0f} dB under the fullest section"))
        else:
            labels.append((None, ""))
    return labels
