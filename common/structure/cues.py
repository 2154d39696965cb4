"""What a DJ does with sections: where to lay one song over another, and points to jump to."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from common.structure.sections import BREAK, DROP, INTRO, OUTRO, Section

MOST_CUES = 8
"""Cue points that players have buttons for."""

WINDOW_BARS = 16
"""Bars of a mixing window where a song has no intro or outro."""

RANK = {DROP: 0, BREAK: 1, OUTRO: 2}
"""Which cue points are kept where there are too many: the smallest first; all other sections come after."""


@dataclass(frozen=True)
class Window:
    """A stretch in seconds, both ends on a bar."""

    start: float
    end: float


@dataclass(frozen=True)
class Cue:
    """A point to jump to: seconds, on a downbeat, and its name, such as ``drop 2``."""

    at: float
    name: str


def mix_in(sections: list[Section]) -> Window | None:
    """Where another song may still play while this one begins; None without sections.

    The intro; without one, the first bars, as many as a DJ usually mixes over.
    """
    return _window(sections[0], INTRO, at_end=False) if sections else None


def mix_out(sections: list[Section]) -> Window | None:
    """Where another song may begin while this one still plays; None without sections."""
    return _window(sections[-1], OUTRO, at_end=True) if sections else None


def _window(section: Section, label: str, at_end: bool) -> Window:
    bars = section.bars if section.label == label else min(section.bars, WINDOW_BARS)
    length = (section.end - section.start) * bars / section.bars
    return (
        Window(section.end - length, section.end) if at_end else Window(section.start, section.start + length)
    )


def find_cues(sections: list[Section]) -> list[Cue]:
    """Choose cue points: where sections begin, the song's beginning always among them.

    Parameters
    ----------
    sections
        Those of the song.

    Returns
    -------
    list of Cue
        At most `MOST_CUES`, ascending.
    """
    totals = Counter(section.label or section.letter for section in sections)
    seen: Counter[str] = Counter()
    cues: list[tuple[int, Cue]] = []
    for number, section in enumerate(sections):
        name = section.label or section.letter
        seen[name] += 1
        title = f"{name} {seen[name]}" if totals[name] > 1 else name
        rank = -1 if number == 0 else RANK.get(section.label or "", len(RANK))
        cues.append((rank, Cue(section.start, title)))
    kept = sorted(cues, key=lambda ranked: (ranked[0], ranked[1].at))[:MOST_CUES]
    return sorted((cue for _, cue in kept), key=lambda cue: cue.at)
