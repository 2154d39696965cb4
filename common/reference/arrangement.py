"""How a mix is built beside its references: tempo, key, length, and how long a section usually is."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from common.library import Library
from common.music import TEMPO_DECIMALS, keys, tempos, wheel_distance
from common.reference.compare import Comparison, Reading, read, shown_width
from common.reference.measure import REGIONS
from common.text import duration

Row = list[str | None]
"""What it is about, the mix, the references' median and spread, and ``above`` or ``below``."""

HEADERS = ["", "mix", "median", "spread", ""]


@dataclass(frozen=True)
class Arrangement:
    """What is compared.

    Attributes
    ----------
    tempo, length, section
        In BPM, and in seconds: of the song, and the median of its sections.
    key
        Key of the mix; None where none stands out.
    n_mixable, n_keys, n_references
        How many of the references have a key that mixes with it, how many have one, and how many there are.
    """

    tempo: Reading
    length: Reading
    section: Reading
    key: str | None
    n_mixable: int
    n_keys: int
    n_references: int


def arrangement(library: Library, song: int, references: Sequence[int]) -> Arrangement:
    """Compare a song of a library with others of it."""
    rows = [song, *references]
    tempo, *other_tempos = [float(bpm) or None for bpm in tempos(library, rows)]
    length, *other_lengths = [float(library.columns["duration"][row]) for row in rows]
    section, *other_sections = [_section_length(library, row) for row in rows]
    key, *other_keys = keys(library, rows)
    fits = [key and other and wheel_distance(key, other) <= 1 for other in other_keys]
    return Arrangement(
        tempo=read(tempo, other_tempos),
        length=read(length, other_lengths),
        section=read(section, other_sections),
        key=key.label if key else None,
        n_mixable=sum(map(bool, fits)),
        n_keys=sum(map(bool, other_keys)),
        n_references=len(references),
    )


def sections_of(library: Library, row: int) -> list[tuple[float, float]]:
    """Begin and end of a song's sections in seconds; none where they are not known."""
    return [(section["start"], section["end"]) for section in library.columns["sections"][row] or ()]


def _section_length(library: Library, row: int) -> float | None:
    lengths = [end - begin for begin, end in sections_of(library, row)]
    return statistics.median(lengths) if lengths else None


def table_rows(comparison: Comparison, built: Arrangement) -> list[Row]:
    """Every number but the balance, as rows under `HEADERS`."""
    crest, width = (zip(REGIONS, readings, strict=True) for readings in (comparison.crest, comparison.width))
    return [
        _row("loudness, LUFS", comparison.loudness),
        _row("loudness range, LU", comparison.loudness_range),
        _row("true peak, dBTP", comparison.true_peak),
        *(_row(f"crest, {region}, dB", reading) for region, reading in crest),
        *(_row(f"width, {region}, dB", reading, shown_width) for region, reading in width),
        _row("correlation of the lows", comparison.correlation, "{:z.2f}".format),
        _row("tempo, BPM", built.tempo, _tempo),
        _row("length", built.length, duration),
        _row("section, usual length", built.section, duration),
        ["key", built.key, "", "", _mixable(built)],
    ]


def summary(built: Arrangement) -> str:
    """How the mix is built, in one line."""
    readings = (("", built.tempo, _tempo, " BPM"), ("", built.length, duration, " long"),
                ("sections of ", built.section, duration, ""))  # fmt: skip
    parts = [
        f"{before}{show(reading.value)}{after}{_against(reading, show)}"
        for before, reading, show, after in readings
        if reading.value is not None
    ]
    if built.key:
        told = _mixable(built, " references")
        parts.append(f"{built.key} ({told})" if told else built.key)
    return " · ".join(parts)


def _mixable(built: Arrangement, what: str = "") -> str:
    """How many references mix with its key, such as ``3 of 10 mix with it``; empty where no key is known."""
    if not built.key or not built.n_keys:
        return ""
    of = f"{built.n_keys}{what}{'' if built.n_keys == built.n_references else ' with a key'}"
    return f"{built.n_mixable} of {of} {'mixes' if built.n_mixable == 1 else 'mix'} with it"


def _against(reading: Reading, show: Callable[[float], str]) -> str:
    if reading.median is None:
        return ""
    spread = "" if reading.low is None or reading.high is None else f", {_reach(reading, show)}"
    return f" (references {show(reading.median)}{spread})"


def _tempo(bpm: float) -> str:
    return f"{bpm:.{TEMPO_DECIMALS}f}"


def _reach(reading: Reading, show: Callable[[float], str]) -> str | None:
    if reading.low is None or reading.high is None:
        return None
    return f"{show(reading.low)} to {show(reading.high)}"


def _row(name: str, reading: Reading, show: Callable[[float], str] = "{:z.1f}".format) -> Row:
    value, median, low, high = (
        None if number is None else show(number)
        for number in (reading.value, reading.median, reading.low, reading.high)
    )
    # What is shown as the end of the spread is not called outside it, nor anything where none is claimed.
    is_outside = low is not None and reading.excess and value not in (low, high)
    verdict = "" if not is_outside else ("above" if reading.excess > 0 else "below")
    return [name, value, median, _reach(reading, show), verdict]
