"""The command that tells how a song is built: its readings, sections, cue points and mixing windows."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import dataclass
from typing import Any

from common.console import terminal_width
from common.library import Library
from common.music import TEMPO_TOLERANCE, has_broken_samples, keys, shown_tempo
from common.prompt.answers import Answer, quoted, title
from common.prompt.session import Session
from common.text import duration, moment, table

STRIP = 64
"""Columns that a song's strip of sections takes at most."""

JSON_READINGS = ("bpm", "beat_offset", "downbeat_offset", "key", "camelot", "loudness")
SECTION_FACTS = ("start", "end", "bars", "label", "letter")
"""What JSON tells of a song, and of each of its sections."""

TAG_AGREES = 0.5
"""BPM within which the tempo of a tag is the one that was read."""


@dataclass(frozen=True)
class CueSheet(Answer):
    """How a song is built.

    Attributes
    ----------
    library
        The library that the song is of.
    song
        The song, as a number of the library.
    """

    library: Library
    song: int

    @property
    def facts(self) -> dict[str, Any]:
        """The song's metadata and readings."""
        return self.library.song(self.song)

    def as_json(self) -> object:
        facts = self.facts
        sections = [{name: part[name] for name in SECTION_FACTS} for part in facts["sections"] or []]
        return {
            **{name: facts[name] for name in JSON_READINGS},
            "sections": sections,
            "cues": facts["cues"] or [],
            "mix_in": facts["mix_in"],
            "mix_out": facts["mix_out"],
        }

    def as_text(self) -> str:
        facts = self.facts
        lines = [title(self.library, self.song), *_readings(self.library, self.song)]
        if not facts["sections"]:
            return "\n".join([*lines, f"no sections: {_why(facts, 'downbeat_offset')}"])
        cues = {cue["at"]: cue["name"] for cue in facts["cues"]}
        rows = [
            [
                moment(part["start"]),
                part["bars"],
                part["letter"],
                part["label"],
                f"{part['energy']:z.0f} dB",
                cues.get(part["start"]),
                part["evidence"],
            ]
            for part in facts["sections"]
        ]
        headers = ["at", "bars", "alike", "section", "level", "cue", "because"]
        width = terminal_width()
        as_table = table(headers, rows, right="rr  r", fit=width)
        lines += ["", strip(facts["sections"], facts["duration"], width), "", as_table]
        if not any(part["label"] for part in facts["sections"]):
            lines.append(f"no names: {_why(facts, 'labels')}")
        for name, what in (("mix_in", "mix in"), ("mix_out", "mix out")):
            lines.append(f"{what:8} {moment(facts[name]['start'])} to {moment(facts[name]['end'])}")
        return "\n".join(lines)

    def next_command(self) -> str:
        return f"search {quoted(self.library, self.song)}"


def _readings(library: Library, song: int) -> list[str]:
    facts = library.song(song)
    (key,) = keys(library, [song])
    loud = [
        f"{facts[name]:z.1f} {unit}"
        for name, unit in (("loudness", "LUFS"), ("loudness_range", "LU range"), ("true_peak", "dBTP peak"))
        if facts[name] is not None
    ]
    broken = " from a few broken samples" if has_broken_samples(facts) else ""
    return [
        f"tempo    {_tempo(facts)}",
        f"key      {key.label if key else _why(facts, 'key')}",
        f"loudness {', '.join(loud) or _why(facts, 'loudness')}{broken}",
    ]


def _tempo(facts: dict[str, Any]) -> str:
    shown = shown_tempo(facts["bpm"] or 0.0)
    said = _why(facts, "bpm") if shown is None else f"{shown:.1f} BPM"
    if facts["beat_offset"] is not None:
        said += f", first beat at {facts['beat_offset']:.3f} s"
    elif shown is not None:
        said += f", no grid: {_why(facts, 'beat_offset')}"
    other = facts["bpm_alternative"]
    if other and abs(other / facts["bpm"] - 1) > TEMPO_TOLERANCE:
        said += f"; {other:.1f} fits about as well"
    tagged = facts["tag_bpm"]
    if tagged is not None and abs(tagged - (facts["bpm"] or 0.0)) > TAG_AGREES:
        said += f"; its tag says {tagged:g}"
    return said


def _why(facts: dict[str, Any], reading: str) -> str:
    """Why a reading is unknown."""
    return (facts["unknown"] or {}).get(reading) or "unknown"


def strip(sections: list[dict[str, Any]], seconds: float, width: int) -> str:
    """Draw a song's sections side by side, each as wide as it is long, with its letter and its name.

    Parameters
    ----------
    sections
        In order, each with ``start`` and ``end`` (s), ``letter`` and ``label``.
    seconds
        The length of the song.
    width
        Columns of the terminal.
    """
    drawn, end = "", f"|  {duration(seconds)}"
    room = min(STRIP, width - len(end))
    for part in sections:
        wide = max(round(room * part["end"] / seconds) - len(drawn), 1)
        text = f"|{part['letter']} {part['label'] or ''}".rstrip()
        drawn += text[:wide].ljust(wide)
    return f"{drawn}{end}"


def cues(session: Session, arguments: Namespace) -> CueSheet:
    """Tell how a song is built."""
    song = session.song(" ".join(arguments.song))
    return CueSheet(session.library, song)
