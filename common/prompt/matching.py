"""The command that holds a mix against reference records: match."""

from __future__ import annotations

import statistics
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common import gallery
from common.audio import AudioError
from common.console import UserError
from common.library import Library
from common.music import keys, tempos, wheel_distance
from common.paths import Output
from common.prompt.answers import Answer, facts, quoted, title
from common.prompt.session import Session
from common.reference.choice import nearest_references
from common.reference.compare import FEWEST_FOR_SPREAD, Band, Comparison, Reading, compare, read
from common.reference.figures import draw
from common.reference.kept import measured
from common.reference.measure import REGIONS, Lines, Measurement, measure
from common.reference.page import write_page
from common.reference.preview import Preview, render
from common.reference.words import Sentence, sentences
from common.text import clean, count, duration, table


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
    mix
        The measurements of the mix.
    comparison
        The numbers of the mix beside those of its references.
    said
        The sentences that the comparison comes to, strongest first.
    preview
        What was rendered; None if nobody asked.
    """

    library: Library
    song: int
    references: list[int]
    left_out: dict[str, str]
    mix: Measurement
    comparison: Comparison
    said: list[Sentence]
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
            "preview": None if self.preview is None else _preview_facts(self.preview),
        }

    def _arrangement_facts(self) -> dict[str, Any]:
        tempo, length, section, key, fits = self._arrangement()
        return {
            "section_length": {"value": section.value, "references": _spread(section)},
            "tempo": {"value": tempo.value, "references": _spread(tempo)},
            "duration": {"value": length.value, "references": _spread(length)},
            "key": {"value": key, "mixable_references": fits},
        }

    def _arrangement(self) -> tuple[Reading, Reading, Reading, str | None, int]:
        """Tempo, length, usual length of a section, key, and how many references have a key that mixes."""
        rows = [self.song, *self.references]
        tempo, *other_tempos = [float(bpm) or None for bpm in tempos(self.library, rows)]
        length, *other_lengths = [float(self.library.columns["duration"][row]) for row in rows]
        key, *other_keys = keys(self.library, rows)
        fits = sum(key is not None and other is not None and wheel_distance(key, other) <= 1
                   for other in other_keys)  # fmt: skip
        section, *other_sections = [_section_length(self.library, row) for row in rows]
        return (
            read(tempo, other_tempos), read(length, other_lengths), read(section, other_sections),
            key.name if key else None, fits,
        )  # fmt: skip

    def as_text(self) -> str:
        n_references, bands = len(self.references), self.comparison.bands
        lines = [f"{title(self.library, self.song)} against {count(n_references, 'reference')}:"]
        lines += [f"  {clean(self.library.names[row])}" for row in self.references]
        n_inside = sum(band.level.value is not None and not band.level.excess for band in bands)
        lines += ["", self._table(), "", f"{n_inside} of {len(bands)} bands lie inside the spread."]
        lines += [f"{number}. {sentence.text}" for number, sentence in enumerate(self.said, start=1)]
        if not self.said:
            lines.append("Nothing lies outside the references' spread.")
        return "\n".join(lines)

    def _table(self) -> str:
        found, (tempo, length, section, key, fits) = self.comparison, self._arrangement()
        regions = list(REGIONS)
        rows = [
            _row("loudness, LUFS", found.loudness),
            _row("loudness range, LU", found.loudness_range),
            _row("true peak, dBTP", found.true_peak),
            *(
                _row(f"crest, {name}, dB", reading)
                for name, reading in zip(regions, found.crest, strict=True)
            ),
            *(
                _row(f"width, {name}, dB", reading)
                for name, reading in zip(regions, found.width, strict=True)
            ),
            _row("correlation of the lows", found.correlation, "{:.2f}".format),
            _row("tempo, BPM", tempo, "{:.0f}".format),
            _row("length", length, duration),
            _row("section, usual length", section, duration),
            ["key", key, f"{fits} of {len(self.references)} mix with it", "", ""],
        ]
        return table(["", "mix", "median", "spread", ""], rows, right=" rrr")

    def warnings(self) -> list[str]:
        lines = [f"left out: {clean(name)}: {reason}" for name, reason in self.left_out.items()]
        if len(self.references) < FEWEST_FOR_SPREAD:
            lines.append(f"{count(len(self.references), 'reference')}: too few to claim a spread")
        if self.mix.channels == 1:
            lines.append("the mix has one channel: its width is not compared")
        if missing := sum(level is None for level in self.mix.spectrum):
            lines.append(
                f"at {self.mix.rate} Hz the mix holds nothing in the highest {count(missing, 'band')}"
            )
        return lines

    def write(self, session: Session) -> list[str]:
        name, paths = self.library.names[self.song], session.paths
        rendered = self.preview.path if self.preview else None
        picture = draw(paths.plot(Output.MATCH, name), name, self.comparison, self.said)
        names = [self.library.names[row] for row in self.references]
        page = write_page(
            paths.html(Output.MATCH, name), name, picture, self.comparison, self.said, names, rendered
        )
        gallery.refresh(paths)
        return [*_preview_lines(self.preview), f"written: {picture} and {page}"]

    def next_command(self) -> str:
        name = quoted(self.library, self.song)
        return (
            f"compare {name} {quoted(self.library, self.references[0])}"
            if self.preview
            else f"match {name} --preview"
        )


def match(session: Session, arguments: Namespace) -> MatchAnswer:
    """Hold a mix against reference records."""
    song = session.song(" ".join(arguments.song))
    if arguments.to:
        rows = list(dict.fromkeys(session.song(text) for text in arguments.to))
    else:
        rows = nearest_references(session.space(arguments.space), song, arguments.n, arguments.genre)
    if song in rows:
        raise UserError("a song is no reference of its own; name another with --to")
    library = session.library
    path, mix, lines = _measure(library, song)
    others, left_out = _references(session, rows)
    comparison = compare(mix, list(others.values()))
    preview = None
    if arguments.preview:
        target = session.paths.mix(Output.MATCH, library.names[song])
        preview = render(path, target, comparison, lines, list(others.values()))
    return MatchAnswer(library, song, list(others), left_out, mix, comparison, sentences(comparison), preview)


def _measure(library: Library, song: int) -> tuple[Path, Measurement, Lines]:
    path = Path(library.paths[song])
    try:
        return path, *measure(path, _sections(library, song))
    except AudioError as error:
        raise UserError(f"{path}: {error.reason}") from error


def _section_length(library: Library, row: int) -> float | None:
    """Median length of a song's sections in seconds; None where they are not known."""
    lengths = [end - begin for begin, end in _sections(library, row)]
    return statistics.median(lengths) if lengths else None


def _sections(library: Library, row: int) -> list[tuple[float, float]]:
    """Begin and end of a song's sections in seconds; none where they are not known."""
    return [(section["start"], section["end"]) for section in library.columns["sections"][row] or ()]


def _references(session: Session, rows: Sequence[int]) -> tuple[dict[int, Measurement], dict[str, str]]:
    """Measurements of the references that have some, and why the others have none."""
    library = session.library
    files = {row: Path(library.paths[row]) for row in rows}
    sections = {file: _sections(library, row) for row, file in files.items()}
    found = measured(session.paths.measurements, sections)
    results = {row: found[file] for row, file in files.items()}
    left_out = {library.names[row]: why.reason for row, why in results.items() if isinstance(why, AudioError)}
    others = {row: result for row, result in results.items() if isinstance(result, Measurement)}
    if not others:
        reasons = "; ".join(f"{clean(name)}: {reason}" for name, reason in left_out.items())
        raise UserError(f"no reference could be measured ({reasons})")
    return others, left_out


def _spread(reading: Reading) -> dict[str, float | None]:
    return {"median": reading.median, "low": reading.low, "high": reading.high}


def _band_facts(band: Band) -> dict[str, float | None]:
    level = band.level
    low, high = (
        None if end is None or level.median is None else end - level.median for end in (level.low, level.high)
    )
    return {
        "low_hz": round(band.low_hz, 2),
        "high_hz": round(band.high_hz, 2),
        "difference_db": level.difference,
        "reference_low_db": low,
        "reference_high_db": high,
    }


def _region_facts(name: str, readings: Sequence[Reading]) -> list[dict[str, Any]]:
    return [
        {"low_hz": low, "high_hz": high, name: reading.value, "difference_db": reading.difference,
         "references": _spread(reading)}
        for (low, high), reading in zip(REGIONS.values(), readings, strict=True)
    ]  # fmt: skip


def _preview_facts(preview: Preview) -> dict[str, Any]:
    return {
        "file": str(preview.path),
        "gain_db": preview.gain,
        "limited_from_hz": [round(low, 2) for low in preview.limited],
        "left_db": preview.left,
        "left_lu": preview.left_loudness,
    }


def _preview_lines(preview: Preview | None) -> list[str]:
    if preview is None:
        return []
    left = f"left of the differences: {preview.left:.2f} dB at most in a band"
    if preview.left_loudness is not None:
        left += f", {preview.left_loudness:+.1f} LU in loudness"
    if preview.limited:
        left += f"; {count(len(preview.limited), 'band')} would need more than the limit"
    return [f"preview: {preview.path} (gain {preview.gain:+.1f} dB)", left]


def _row(name: str, reading: Reading, show=lambda value: f"{value:.1f}") -> list[str | None]:
    value, median, low, high = (
        None if number is None else show(number)
        for number in (reading.value, reading.median, reading.low, reading.high)
    )
    verdict = "" if not reading.excess else ("above" if reading.excess > 0 else "below")
    return [name, value, median, None if low is None else f"{low} to {high}", verdict]
