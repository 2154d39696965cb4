"""The command that tells which songs are versions of a song, or share a passage with it: versions."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from threadpoolctl import threadpool_limits

from common.console import UserError, note_if_slow
from common.extraction.sequence_reader import SequenceReader
from common.fingerprint import versions
from common.fingerprint.alignment import Passage
from common.fingerprint.coincidence import shared_peaks
from common.fingerprint.sequences import Chroma, Peaks
from common.fingerprint.versions import Alignment, Asked, Kind
from common.library import Library, remedy
from common.prompt.answers import Answer, facts, quoted, title
from common.prompt.session import Session
from common.prompt.song_table import song_table
from common.recordings import recording_numbers
from common.text import clean, clock, count

MOST_TOLD = 3
"""Passages of a song that a person is told of, the longest; JSON has all."""


CLIP = 30.0
"""Seconds below which `versions` may miss a passage that `identify` knows: that reads peaks, not notes."""


@dataclass(frozen=True)
class Relative:
    """A song that is related to the one that was asked for.

    Attributes
    ----------
    row
        The song, as a number of the library.
    kind
        What it is to the other.
    alignment
        Where both run alike; None where only their spectra tell that they are one recording.
    """

    row: int
    kind: Kind
    alignment: Alignment | None

    @property
    def score(self) -> float | None:
        """How much of the shorter song runs alike, and how much alike, 0 to 1."""
        return self.alignment.score if self.alignment else None


@dataclass(frozen=True)
class VersionsAnswer(Answer):
    """Songs that are related to a song.

    Attributes
    ----------
    library
        The library, with the song as a guest if it is not its own.
    song
        The song that was asked for.
    relatives
        What was found: same recordings, other versions, shared passages, same chords, best first.
    n_compared, n_without
        Songs that it was compared with, and those of which nothing to compare was kept.
    remedy
        The command after which those can be compared, too.
    """

    library: Library
    song: int
    relatives: list[Relative]
    n_compared: int
    n_without: int
    remedy: str

    def as_json(self) -> object:
        return {
            "song": facts(self.library, [self.song])[0],
            "compared": self.n_compared,
            "not_compared": self.n_without,
            "versions": [self._facts(found) for found in self.relatives],
        }

    def _facts(self, found: Relative) -> dict[str, Any]:
        alignment = found.alignment
        return {
            "path": self.library.paths[found.row],
            "kind": str(found.kind),
            "transposition": alignment.semitones if alignment else None,
            "speed": round(alignment.speed, 3) if alignment else None,
            "passages": [_passage_facts(part) for part in alignment.passages] if alignment else [],
            "coverage": round(alignment.coverage, 3) if alignment else None,
            "score": None if found.score is None else round(found.score, 3),
        }

    def as_text(self) -> str:
        head = title(self.library, self.song)
        if not self.n_compared:
            return f"{head}\nthere is no other song to compare it with"
        if not self.relatives:
            compared = count(self.n_compared, "other song")
            found = f"{head}\nno version of it and no passage that it shares, in {compared}"
            return f"{found}; so short a clip may still be of one of them" if self._is_clip else found
        columns = {
            "alike": [None if found.score is None else f"{found.score:.2f}" for found in self.relatives]
        }
        under = [[_said(found), *_where(found)] for found in self.relatives]
        legend = "alike: how much of the shorter song runs alike, and how much alike (0 to 1)"
        return "\n".join([head, song_table(self.library, self.rows, columns, under), legend])

    @property
    def _is_clip(self) -> bool:
        """Whether it is a file from outside that is too short to share a passage for certain."""
        return self.song >= self.library.n_own and self.library.columns["duration"][self.song] < CLIP

    @property
    def rows(self) -> list[int]:
        """The songs that were found."""
        return [found.row for found in self.relatives]

    def warnings(self) -> list[str]:
        if not self.n_without:
            return []
        left_out = count(self.n_without, "song")
        return [f"not compared: {left_out} whose course is not kept yet; run: {self.remedy}"]

    def next_command(self) -> str:
        if not self.relatives and self._is_clip:
            return f"identify {quoted(self.library, self.song)}"
        if not self.relatives:
            return f"search {quoted(self.library, self.song)}"
        return f"compare {quoted(self.library, self.song)} {quoted(self.library, self.relatives[0].row)}"


def _passage_facts(part: Passage) -> dict[str, float]:
    return {
        "start": round(part.start, 1),
        "end": round(part.end, 1),
        "other_start": round(part.other_start, 1),
        "other_end": round(part.other_end, 1),
    }


def _said(found: Relative) -> str:
    """What a song is, such as ``other version, 2 semitones up, 4% faster``."""
    if found.alignment is None:
        return f"{found.kind}: its spectrum is the same"
    said = [str(found.kind)]
    if semitones := found.alignment.semitones:
        said.append(f"{count(abs(semitones), 'semitone')} {'up' if semitones > 0 else 'down'}")
    if percent := round(100 * (found.alignment.speed - 1)):
        said.append(f"{abs(percent)}% {'faster' if percent > 0 else 'slower'}")
    return ", ".join(said)


def _where(found: Relative) -> Iterator[str]:
    """Where the longest passages lie, such as ``0:45–1:10 here is 1:02–1:27 there``, in their order."""
    parts = found.alignment.passages if found.alignment else ()
    told = sorted(parts, key=lambda part: -part.length)[:MOST_TOLD]
    for part in sorted(told, key=lambda part: part.start):
        here, there = (part.start, part.end), (part.other_start, part.other_end)
        yield f"{'–'.join(map(clock, here))} here is {'–'.join(map(clock, there))} there"
    if more := len(parts) - len(told):
        yield f"and {count(more, 'shorter passage')}"


def find_versions(session: Session, arguments: Namespace) -> VersionsAnswer:
    """Tell which songs are versions of a song, or share a passage with it."""
    with SequenceReader(session.paths) as reader:
        contents = reader.present(session.library.paths[: session.library.n_own])
        song = session.song(" ".join(arguments.song))
        library = session.library
        chroma, peaks = _course(session, reader, song, dict(enumerate(contents)))
        _check(library, song, chroma)
        others = {row: content for row, content in enumerate(contents) if content and row != song}
        with note_if_slow("comparing with every song"):
            relatives = _relatives(library, song, reader, others, chroma, peaks)
    relatives.sort(key=lambda found: (list(Kind).index(found.kind), -(found.score or 0.0)))
    session.listed, session.asked = [found.row for found in relatives], None
    n_without, mended = contents.count(None), remedy(session.paths)
    return VersionsAnswer(library, song, relatives, len(others), n_without, mended)


def versions_among(session: Session, song: int, rows: Sequence[int]) -> set[int]:
    """Which of some songs are the same recording as a song, or other versions of it; none that is not known.

    Parameters
    ----------
    session
        What holds the library.
    song, rows
        The song, of the library or a guest, and the library's own songs that may be versions of it.
    """
    library = session.library
    try:
        with SequenceReader(session.paths) as reader:
            asked = [*rows, *([song] if song < library.n_own else [])]
            contents = dict(zip(asked, reader.present([library.paths[row] for row in asked]), strict=True))
            chroma, peaks = _course(session, reader, song, contents)
            _check(library, song, chroma)
            others = {row: content for row in rows if (content := contents[row])}
            relatives = _relatives(library, song, reader, others, chroma, peaks)
    except UserError:
        return set()
    return {found.row for found in relatives if found.kind in (Kind.SAME, Kind.VERSION)} & {*rows}


def _course(
    session: Session, reader: SequenceReader, song: int, contents: Mapping[int, str | None]
) -> tuple[Chroma, Peaks]:
    """Chroma and peaks of the song that is asked for."""
    if song in session.guest_sequences:
        kept = session.guest_sequences[song]
        return kept.chroma, kept.peaks
    content = contents.get(song)
    chroma = dict(reader.chroma([content])) if content else {}
    peaks = dict(reader.peaks([content])) if content else {}
    if content not in chroma or content not in peaks:
        name = clean(session.library.names[song])
        raise UserError(f"the course of {name} is not kept yet; run: {remedy(session.paths)}")
    return chroma[content], peaks[content]


def _check(library: Library, song: int, chroma: Chroma) -> None:
    name, length = clean(library.names[song]), library.columns["duration"][song]
    if versions.is_silent(chroma):
        raise UserError(f"{name} is silent; there is nothing to compare")
    if versions.seconds(chroma) < versions.SHORTEST:
        raise UserError(
            f"{name} has {length:.1f} s; versions are told from {versions.SHORTEST:.0f} s of a song"
        )


def _relatives(
    library: Library,
    song: int,
    reader: SequenceReader,
    others: dict[int, str],
    chroma: Chroma,
    peaks: Peaks,
) -> list[Relative]:
    """All songs that are related to a song, in any order."""
    numbers = recording_numbers(library)
    copies = {row for row in range(library.n_own) if row != song and numbers[row] == numbers[song]}
    tempos = library.columns["bpm"]
    rows_of: dict[str, list[int]] = {}
    for row, content in others.items():
        rows_of.setdefault(content, []).append(row)
    at = {content: versions.speeds(tempos[song], tempos[rows[0]]) for content, rows in rows_of.items()}
    with threadpool_limits(1, user_api="blas"):  # its matrices are too small to be worth sharing out
        alignments = _alignments(reader, Asked(chroma), at)
    found = []
    for content, other_peaks in reader.peaks(list(alignments)):
        alignment = alignments[content]
        shared = shared_peaks(peaks, other_peaks, alignment.passages, alignment.semitones)
        kind = versions.kind_of(alignment, shared)
        found += [Relative(row, Kind.SAME if row in copies else kind, alignment) for row in rows_of[content]]
    aligned = {relative.row for relative in found}
    return found + [Relative(row, Kind.SAME, None) for row in sorted(copies - aligned)]


def _alignments(
    reader: SequenceReader, asked: Asked, at: dict[str, tuple[float, ...]]
) -> dict[str, Alignment]:
    """How songs run beside the one that is asked for, content -> alignment, those that do.

    In a large library those alone are aligned that are like the song at a glance.
    """
    contents = list(at)
    if len(contents) > versions.MOST_ALIGNED:
        contents = versions.candidates(asked.chroma, reader.chroma(contents))
    found = (
        (content, versions.align(asked, chroma, at[content])) for content, chroma in reader.chroma(contents)
    )
    return {content: alignment for content, alignment in found if alignment}
