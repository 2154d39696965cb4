"""What people and DJ software are told about a song, read from its samples and series in one go.

The numbers of the layout are a contract and stay as they are; these readings look more closely and carry a
version of their own. What cannot be said is None, and `Readings.unknown` says why.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from common.layout import SAMPLE_RATE
from common.music import Key, read_key
from common.structure.bars import Bars, read_bars
from common.structure.cues import Cue, Window, find_cues, mix_in, mix_out
from common.structure.grid import Pulse, read_pulse
from common.structure.loudness import SHORT_TERM, Loudness
from common.structure.onsets import APART, Drums, hear_drums
from common.structure.sections import UNNAMED, Section, find_sections

READINGS_VERSION = 6
"""Goes up with every change of a reading, so that stored ones are made again."""

AUDIBLE = 0.1
"""Strength from which a hit counts in the onset rate."""


@dataclass(frozen=True)
class Readings:
    """What is read from a song.

    Attributes
    ----------
    bpm
        Beats per minute; 0 without a steady pulse.
    bpm_confidence
        How sure the tempo is, from 0 to 1.
    bpm_alternative
        Another tempo that explains the song about as well, or None.
    beat_offset, downbeat_offset
        Seconds of the first beat and of the first beat of a bar; None without a grid.
    meter
        Beats in a bar; None without a grid.
    key, camelot
        Names of the key, such as ``F♯ minor`` and ``11A``; None where none fits.
    key_confidence
        How far the key leads the runner-up, 0 to 2; see ``music.CLEAR``.
    key_alternative
        Name of the runner-up where it fits about as well, or None.
    loudness, loudness_range, true_peak
        LUFS, LU and dBTP; see `loudness.Loudness`.
    pulse_clarity
        0 to 1: how well one regular beat explains the hits.
    onset_rate
        The number of audible hits per second.
    sections, cues
        In order; empty without a grid.
    mix_in, mix_out
        Where a song can lie under another; None without a grid.
    unknown
        Name of a reading that is None (or a tempo of 0) -> why; ``labels``: why no section has a name.
    """

    bpm: float
    bpm_confidence: float
    bpm_alternative: float | None
    beat_offset: float | None
    downbeat_offset: float | None
    meter: int | None
    key: str | None
    camelot: str | None
    key_confidence: float | None
    key_alternative: str | None
    loudness: float | None
    loudness_range: float | None
    true_peak: float | None
    pulse_clarity: float
    onset_rate: float
    sections: tuple[Section, ...] = ()
    cues: tuple[Cue, ...] = ()
    mix_in: Window | None = None
    mix_out: Window | None = None
    unknown: dict[str, str] = field(default_factory=dict)

    def plain(self) -> dict[str, Any]:
        """The readings as plain values: dicts, lists, numbers and text."""
        told = asdict(self)
        return {**told, "sections": list(told["sections"]), "cues": list(told["cues"])}


def read(samples: np.ndarray, series: Mapping[str, np.ndarray], loudness: Loudness) -> Readings:
    """Read a song.

    Parameters
    ----------
    samples
        What was decoded, float32, shape (n_samples,), mono at ``SAMPLE_RATE``.
    series
        What ``features.describe`` made of them; ``mel`` and ``chroma`` are used.
    loudness
        What the meter heard in the file's own channels.
    """
    seconds = len(samples) / SAMPLE_RATE
    drums = hear_drums(samples)
    pulse = read_pulse(drums, seconds)
    bars = read_bars(pulse, drums, series["mel"], series["chroma"])
    sections = find_sections(bars, drums) if bars else []
    key = read_key(series["chroma"])
    return Readings(
        bpm=pulse.bpm,
        bpm_confidence=pulse.confidence,
        bpm_alternative=pulse.alternative,
        beat_offset=pulse.offset,
        downbeat_offset=float(bars.edges[0]) if bars else None,
        meter=bars.meter if bars else None,
        key=key.name if key else None,
        camelot=key.camelot if key else None,
        key_confidence=key.confidence if key else None,
        key_alternative=key.alternative if key else None,
        loudness=loudness.integrated,
        loudness_range=loudness.range,
        true_peak=loudness.true_peak,
        pulse_clarity=pulse.clarity,
        onset_rate=onset_rate(drums, seconds),
        sections=tuple(sections),
        cues=tuple(find_cues(sections)),
        mix_in=mix_in(sections),
        mix_out=mix_out(sections),
        unknown=_reasons(pulse, bars, sections, key, loudness),
    )


def onset_rate(drums: Drums, seconds: float) -> float:
    """Hits per second, those of several bands at one moment counted once."""
    bands = (drums.kick, drums.snare, drums.cymbal)
    times = np.sort(np.concatenate([hits.times[hits.strengths >= AUDIBLE] for hits in bands]))
    return float(np.count_nonzero(np.diff(times, prepend=-np.inf) > APART) / seconds)


def _reasons(
    pulse: Pulse, bars: Bars | None, sections: list[Section], key: Key | None, loudness: Loudness
) -> dict[str, str]:
    """Why each unknown reading is unknown."""
    unknown = {}
    if not pulse.bpm:
        unknown["bpm"] = pulse.reason
    if pulse.offset is None:
        unknown["beat_offset"] = pulse.reason
    if bars is None:
        unknown |= dict.fromkeys(
            ("downbeat_offset", "meter", "mix_in", "mix_out"), pulse.reason or "too short"
        )
    if sections and not any(section.label for section in sections):
        unknown["labels"] = UNNAMED
    if key is None:
        unknown |= dict.fromkeys(("key", "camelot", "key_confidence"), "no key fits")
    if loudness.integrated is None:
        unknown["loudness"] = "too short or too quiet to be gated"
    if loudness.range is None:
        unknown["loudness_range"] = f"needs {SHORT_TERM / 10:g} s of sound above the gate"
    if loudness.true_peak is None:
        unknown["true_peak"] = "digital silence"
    return unknown
