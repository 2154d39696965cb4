"""The command that holds a mix against reference records: match."""

from __future__ import annotations

import shlex
from argparse import Namespace
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from common import gallery
from common.console import UserError
from common.decoders import AudioError
from common.filed import filed_as
from common.layout import spoken_hz
from common.library import Library
from common.paths import Output
from common.prompt.answers import Answer, facts, quoted, title
from common.prompt.arguments import N_REFERENCES
from common.prompt.identifying import excerpted_from
from common.prompt.relating import versions_among
from common.prompt.session import Session
from common.reference.arrangement import (
    HEADERS,
    Arrangement,
    arrangement,
    sections_of,
    summary,
    table_rows,
)
from common.reference.choice import nearest_references
from common.reference.compare import FEWEST_FOR_SPREAD, UNCLAIMED, Band, Comparison, Reading, compare
from common.reference.figures import draw
from common.reference.kept import measured
from common.reference.measure import LEAST_SECONDS, REGIONS, SILENT, Lines, Measurement, measure
from common.reference.page import write_page
from common.reference.preview import CEILING, MOST_CHANGE, TRUE_PEAK, Preview, render
from common.reference.words import Sentence, nothing, sentences
from common.song import UnheardError, heard_or_told
from common.text import clean, count, duration, table

SHORT = 20.0
"""Seconds below which a file is a passage rather than a song."""

AUDIBLE = 1.0
"""LU of difference from which the louder of two seems the better one."""

TOLD_LEFT = 0.3
"""DB that are left in a band from which it is named."""


@dataclass(frozen=True)
class MatchAnswer(Answer):
    """What separates a mix from its references.

    Attributes
    ----------
    library
        The library, with the mix as a guest if it is not its own.
    song, references
        The mix and what it is compared with, as numbers of the library.
    left_out
        Names of references that could not be measured -> why.
    broken
        Which of the mix and its references have a true peak of a few broken samples.
    mix
        The measurements of the mix.
    comparison
        The numbers of the mix beside those of its references.
    said
        The sentences that the comparison comes to, strongest first.
    options
        The options that chose the references, as they are written on a line.
    preview
        What was rendered; None if nobody asked.
    """

    library: Library
    song: int
    references: list[int]
    left_out: dict[str, str]
    broken: list[int]
    mix: Measurement
    comparison: Comparison
    said: list[Sentence]
    options: str
    preview: Preview | None = None

    def as_json(self) -> object:
        found = self.comparison
        loudness = {
            "lufs": found.loudness,
            "range_lu": found.loudness_range,
            "true_peak_dbtp": found.true_peak,
        }
        return {
            "song": facts(self.library, [self.song])[0],
            "references": [self.library.paths[row] for row in self.references],
            "left_out": self.left_out,
            "broken": [self.library.paths[row] for row in self.broken],
            "bands": [_band_facts(band) for band in found.bands],
            "loudest_bands": [_band_facts(band) for band in found.loudest],
            "loudness": {
                **{name: reading.value for name, reading in loudness.items()},
                "references": {name: _spread(reading) for name, reading in loudness.items()},
            },
            "crest": _region_facts("crest_db", found.crest),
            "stereo": _region_facts("width_db", found.width),
            "low_correlation": {"value": found.correlation.value, "references": _spread(found.correlation)},
            "arrangement": self._arrangement_facts(),
            "sentences": [sentence.text for sentence in self.said],
            "warnings": self.warnings(),
            "preview": None if self.preview is None else _preview_facts(self.preview),
        }

    def _arrangement_facts(self) -> dict[str, Any]:
        built = self.arrangement
        return {
            "section_length": {"value": built.section.value, "references": _spread(built.section)},
            "tempo": {"value": built.tempo.value, "references": _spread(built.tempo)},
            "duration": {"value": built.length.value, "references": _spread(built.length)},
            "key": {
                "value": self.library.columns["key"][self.song],
                "mixable_references": built.n_mixable if built.key else None,
            },
        }

    @cached_property
    def arrangement(self) -> Arrangement:
        """How it is built, beside its references."""
        return arrangement(self.library, self.song, self.references)

    def as_text(self) -> str:
        n_references = len(self.references)
        lines = [f"{title(self.library, self.song)} against {count(n_references, 'reference')}:"]
        lines += [f"  {clean(self.library.names[row])}" for row in self.references]
        rows = table(HEADERS, table_rows(self.comparison, self.arrangement), right=" rrr")
        lines += ["", rows, "", self._inside()]
        lines += [f"{number}. {sentence.text}" for number, sentence in enumerate(self.said, start=1)]
        if not self.said:
            lines.append(nothing(n_references))
        return "\n".join(lines)

    def _inside(self) -> str:
        """How many bands are as the references'."""
        levels = [band.level for band in self.comparison.bands if band.level.difference is not None]
        n_inside = sum(not level.excess for level in levels)
        where = "inside the references' spread"
        if len(self.references) < FEWEST_FOR_SPREAD:
            where = f"within {UNCLAIMED:g} dB of the reference{'' if len(self.references) == 1 else 's'}"
        return f"{n_inside} of {count(len(levels), 'audible band')} lie {where}."

    def warnings(self) -> list[str]:
        lines = [f"left out: {clean(name)}: {reason}" for name, reason in self.left_out.items()]
        for row in self.broken:
            name = clean(self.library.names[row])
            lines.append(f"{name} has broken samples, so it may be damaged: its true peak is left out")
        if len(self.references) < FEWEST_FOR_SPREAD:
            lines.append(f"{count(len(self.references), 'reference')}: too few to claim a spread")
        lines += _limits(self.mix)
        if missing := sum(level is None for level in self.mix.spectrum):
            lines.append(
                f"at {self.mix.rate} Hz the mix holds nothing in the highest {count(missing, 'band')}"
            )
        return lines

    def write(self, session: Session) -> list[str]:
        name, paths, filed = self.library.names[self.song], session.paths, _filed(session, self.song)
        rendered = self.preview.path if self.preview else None
        picture = draw(
            paths.plot(Output.MATCH, filed), name, self.comparison, self.said, summary(self.arrangement)
        )
        names = [self.library.names[row] for row in self.references]
        rows = table_rows(self.comparison, self.arrangement)
        page = paths.html(Output.MATCH, filed)
        write_page(page, name, picture, self.comparison, rows, self.said, names, self.warnings(), rendered)
        gallery.refresh(paths)
        return [*_preview_lines(self.preview), f"written: {picture} and {page}"]

    def next_command(self) -> str:
        name = quoted(self.library, self.song)
        return (
            f"compare {name} {quoted(self.library, self.references[0])}"
            if self.preview
            else f"match {name}{self.options} --preview"
        )


def match(session: Session, arguments: Namespace) -> MatchAnswer:
    """Hold a mix against reference records."""
    song = session.song(" ".join(arguments.song))
    rows, unheard = _chosen(session, song, arguments)
    if song in rows:
        raise UserError("a song is no reference of its own; name another with --to")
    library = session.library
    path, mix, lines = _measure(library, song)
    others, left_out = _references(session, rows, unheard)
    comparison = compare(mix, list(others.values()))
    if all(band.level.difference is None for band in comparison.bands):
        raise UserError("the mix carries nothing in any band that its references do: nothing to compare")
    preview = None
    if arguments.preview:
        target = session.paths.mix(Output.MATCH, _filed(session, song))
        preview = render(path, target, comparison, lines, list(others.values()))
    broken = [row for row, one in {song: mix, **others}.items() if one.true_peak is None]
    said, options = sentences(comparison), _options(library, rows, arguments)
    return MatchAnswer(library, song, list(others), left_out, broken, mix, comparison, said, options, preview)


def _chosen(session: Session, song: int, arguments: Namespace) -> tuple[list[int], dict[str, str]]:
    """The references that were asked for, and why files among them cannot be heard."""
    if arguments.to and arguments.n:
        raise UserError("-n says how many of the nearest songs; with --to the references are named")
    if arguments.to:
        return _named(session, arguments.to)
    space, heard = session.space(arguments.space), partial(_same_sound, session, song)
    return nearest_references(space, song, arguments.n or N_REFERENCES, arguments.genre, heard), {}


def _options(library: Library, rows: Sequence[int], arguments: Namespace) -> str:
    """What chose the references, to be written again."""
    if arguments.to:
        return f" --to {' '.join(quoted(library, row) for row in rows)}"
    given = {"genre": arguments.genre, "n": arguments.n, "space": arguments.space}
    return "".join(
        f" -{'-' * (len(name) > 1)}{name} {shlex.quote(str(value))}" for name, value in given.items() if value
    )


def _filed(session: Session, song: int) -> str:
    return filed_as(session.paths, session.library.names[song], session.library.paths[song])


def _same_sound(session: Session, song: int, rows: Sequence[int]) -> set[int]:
    """Which of some songs are versions of a song, or what it is cut from."""
    return versions_among(session, song, rows) | excerpted_from(session, song, rows)


def _measure(library: Library, song: int) -> tuple[Path, Measurement, Lines]:
    path = Path(library.paths[song])
    with heard_or_told(path):
        return path, *measure(path, sections_of(library, song))


def _named(session: Session, names: Sequence[str]) -> tuple[list[int], dict[str, str]]:
    """References by name, each once, and why files among them cannot be heard."""
    rows, unheard = [], {}
    for name in names:
        try:
            rows.append(session.song(name))
        except UnheardError as error:
            unheard[error.path.name] = error.reason
    return list(dict.fromkeys(rows)), unheard


def _references(
    session: Session, rows: Sequence[int], unheard: dict[str, str]
) -> tuple[dict[int, Measurement], dict[str, str]]:
    """Measurements of the references that have some, and why the others have none."""
    library = session.library
    files = {row: Path(library.paths[row]) for row in rows}
    sections = {file: sections_of(library, row) for row, file in files.items()}
    found = measured(session.paths.measurements, sections)
    results = {row: found[file] for row, file in files.items()}
    unmeasured = {
        library.names[row]: why.reason for row, why in results.items() if isinstance(why, AudioError)
    }
    left_out = unheard | unmeasured
    others = {row: result for row, result in results.items() if isinstance(result, Measurement)}
    if not others:
        reasons = "; ".join(f"{clean(name)}: {reason}" for name, reason in left_out.items())
        raise UserError(f"no reference could be measured ({reasons})")
    return others, left_out


def _limits(mix: Measurement) -> Iterator[str]:
    """What cannot be told of a mix for its length and its channels."""
    if mix.duration < SHORT:
        yield f"the mix is {duration(mix.duration)} long: a passage is held against whole songs"
    if mix.duration < LEAST_SECONDS:
        yield f"no loudness range is told of less than {LEAST_SECONDS:g} s"
    if mix.channels == 1:
        yield "the mix has one channel: no width is compared"
    elif mix.channels > 2:
        yield f"the mix has {mix.channels} channels: their mean is compared, and no width"
    elif mix.silent:
        silent, other = ("left", "right")[:: -1 if mix.silent == (1,) else 1]
        under = f"{SILENT:g} dB under the {other} or more"
        yield f"the {silent} channel is silent ({under}): no width is compared"


def _spread(reading: Reading) -> dict[str, float | None]:
    return {"median": reading.median, "low": reading.low, "high": reading.high}


def _band_facts(band: Band) -> dict[str, float | bool | None]:
    low, high = band.spread
    return {
        "low_hz": round(band.low_hz, 2),
        "high_hz": round(band.high_hz, 2),
        "difference_db": band.level.difference,
        "at_least": band.is_bound,
        "reference_low_db": low,
        "reference_high_db": high,
    }


def _region_facts(name: str, readings: Sequence[Reading]) -> list[dict[str, Any]]:
    return [
        {"low_hz": low, "high_hz": high, name: reading.value, "difference_db": reading.difference,
         "at_least": reading.is_bound, "references": _spread(reading)}
        for (low, high), reading in zip(REGIONS.values(), readings, strict=True)
    ]  # fmt: skip


def _preview_facts(preview: Preview) -> dict[str, Any]:
    return {
        "file": str(preview.path),
        "gain_db": preview.gain,
        "gain_held_by": preview.held_by,
        "limited_from_hz": [round(low, 2) for low in preview.limited],
        "empty_from_hz": [round(low, 2) for low in preview.empty],
        "left_db": preview.left,
        "left_hz": round(preview.left_hz, 2),
        "left_lu": preview.left_loudness,
    }


def _preview_lines(preview: Preview | None) -> list[str]:
    if preview is None:
        return []
    held = ""
    if preview.held_by:
        held = (
            f"; more would take its true peak over {CEILING:g} dBTP"
            if preview.held_by == TRUE_PEAK
            else f"; it changes by {MOST_CHANGE:g} dB at most"
        )
    left = f"left of the differences: {preview.left:.2f} dB at most in a band"
    left += f", at {spoken_hz(preview.left_hz)}" if preview.left >= TOLD_LEFT else ""
    beyond, empty = len(preview.limited), len(preview.empty)
    excepted = [f"{count(beyond, 'band')} that would need more than {MOST_CHANGE:g} dB"] if beyond else []
    excepted += [f"{count(empty, 'band')} in which the mix has nothing"] if empty else []
    if excepted:
        left += f", but for {' and '.join(excepted)}"
    if preview.left_loudness is not None:
        left += f"; {round(preview.left_loudness, 1) + 0.0:+.1f} LU in loudness"
        left += ": to compare, turn the louder down by that" if abs(preview.left_loudness) >= AUDIBLE else ""
    return [f"preview: {preview.path} (gain {round(preview.gain, 1) + 0.0:+.1f} dB{held})", left]
