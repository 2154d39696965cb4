"""The colours of a song's way: those of its sections where they are known, of time where they are not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from common import charts
from common.text import clean

STEPS = 64
"""Colours from the start of a song to its end."""


@dataclass(frozen=True)
class Part:
    """A section of a song, as its way shows it.

    Attributes
    ----------
    start, end
        From when to when, in seconds.
    name
        What it is called, such as ``drop (B)``.
    kind
        What all sections of its letter are called, such as ``drop, build (B)``.
    colour
        The colour of all sections of its letter.
    """

    start: float
    end: float
    name: str
    kind: str
    colour: str


def coloured_parts(sections: Sequence[Mapping[str, Any]] | None) -> list[Part]:
    """Give the sections of a song their names and colours; those of one letter share the colour.

    Parameters
    ----------
    sections
        The sections in order, each with ``start``, ``end``, ``letter`` and ``label``, as the library keeps
        them; None or empty where none are known.

    Returns
    -------
    list of Part
        Empty where no two sections differ: one colour would say nothing.
    """
    sections = sections or []
    colours, labels = charts.section_colours(sections), dict[str, list[str]]()
    if len(colours) < 2:
        return []
    for part in sections:
        labels.setdefault(part["letter"], []).extend([part["label"]] if part["label"] else [])
    return [
        Part(
            part["start"],
            part["end"],
            _called(part["letter"], [part["label"]] if part["label"] else []),
            _called(part["letter"], labels[part["letter"]]),
            colours[part["letter"]],
        )
        for part in sections
    ]


def _called(letter: str, labels: Sequence[str]) -> str:
    return clean(f"{', '.join(dict.fromkeys(labels))} ({letter})" if labels else f"section {letter}")


def legend(parts: Sequence[Part]) -> dict[str, str]:
    """Name of each kind of section -> its colour, in the order of the song."""
    return {part.kind: part.colour for part in parts}


def colours_at(times: np.ndarray, parts: Sequence[Part], duration: float) -> list[str]:
    """The colours of moments of a song.

    Parameters
    ----------
    times
        The moments in seconds, shape (n,).
    parts
        The sections in order; if there are none, colours go from the song's start to its end.
    duration
        The length of the song in seconds.

    Returns
    -------
    list of str
        One colour, ``#rrggbb``, per moment; grey where there are sections but none at that moment.
    """
    if not parts:
        ramp = charts.ramp(charts.ORDERED, STEPS)
        places = np.clip(np.round(times / max(duration, 1e-9) * (STEPS - 1)), 0, STEPS - 1).astype(int)
        return [ramp[place] for place in places]
    starts = np.array([part.start for part in parts])
    found = []
    for time, place in zip(times, np.searchsorted(starts, times, "right") - 1, strict=True):
        inside = place >= 0 and time < parts[place].end
        found.append(parts[place].colour if inside else charts.UNKNOWN_COLOUR)
    return found
