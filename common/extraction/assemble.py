"""What stage 1 hands on: the results of all files as a library, a manifest and a list of skipped files."""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from common import library
from common.console import UserError
from common.extraction.run import Result
from common.extraction.store import Store
from common.extraction.worker import Failure, package_versions
from common.files import csv_bytes, write_bytes
from common.layout import N_FEATURES
from common.library import COLUMNS, UNKNOWN_GENRE, Library
from common.music import has_broken_samples
from common.paths import Paths
from common.recordings import filed_under, genre_label, known_genres, tag_genres
from common.song import Stamp
from common.structure.readings import READINGS_VERSION
from common.text import clean, count, duration, table

SAME_GRID = 1e-4
"""Share by which a tagged tempo may differ from ours and keep the grid: 40 ms in ten minutes at most."""


@dataclass(frozen=True)
class Extraction:
    """What became of every file of a folder.

    Attributes
    ----------
    folder
        The folder that was searched.
    files
        The files that it holds, in order.
    results
        What became of each of them.
    """

    folder: Path
    files: Sequence[Path]
    results: Sequence[Result]

    @property
    def stamps(self) -> list[Stamp]:
        """The files that are songs, as they were."""
        return [result for result in self.results if isinstance(result, Stamp)]

    @property
    def failures(self) -> list[tuple[str, Failure]]:
        """The others, each with its path inside the folder and the reason."""
        both = zip(self.files, self.results, strict=True)
        return [(self.inside(path), result) for path, result in both if isinstance(result, Failure)]

    def inside(self, path: Path) -> str:
        """Path of a file inside the folder, with forward slashes."""
        return path.relative_to(self.folder).as_posix()


def make_library(
    extraction: Extraction, store: Store, genre_from: str = "folder", bpm_from: str = "audio"
) -> Library:
    """Put the songs into a library, in the order of their files.

    Parameters
    ----------
    extraction
        What became of the files.
    store
        Where their songs are.
    genre_from
        What a song's genre is: its first ``folder`` inside the one that was searched, or its own ``tag``.
    bpm_from
        What a song's tempo is: what was read from the ``audio``, or its own ``tag`` where it has one.
    """
    stamps = extraction.stamps
    rows = np.empty((len(stamps), N_FEATURES), np.float32)
    columns: dict[str, list] = {name: [] for name in COLUMNS}
    for row, song in enumerate(store.songs(stamps)):
        rows[row] = song.embedding
        own = song.tags.genre if genre_from == "tag" else _folder_genre(extraction, song.stamp.path)
        facts = song.metadata(filed_under(own))
        if bpm_from == "tag":
            facts = with_tagged_tempo(facts)
        for name, value in facts.items():
            columns[name].append(value)
    return Library(rows, columns)


def with_tagged_tempo(facts: dict[str, Any]) -> dict[str, Any]:
    """A song's facts with the tempo of its tag, where it has one.

    A beat grid belongs to the tempo that it was found with: with another, there is none.

    Parameters
    ----------
    facts
        A value for each of ``library.COLUMNS``.
    """
    tagged = facts["tag_bpm"]
    if tagged is None:
        return facts
    if abs(tagged - facts["bpm"]) <= SAME_GRID * tagged:
        return {**facts, "bpm": tagged}
    gone = dict.fromkeys(("beat_offset", "downbeat_offset"))
    why = dict.fromkeys(gone, "the tag's tempo is not that of the beats")
    return {**facts, **gone, "bpm": tagged, "bpm_alternative": facts["bpm"] or None,
            "unknown": {**facts["unknown"], **why}}  # fmt: skip


def _folder_genre(extraction: Extraction, path: Path) -> str | None:
    inside = path.parts[len(extraction.folder.parts) :]
    return inside[0] if len(inside) > 1 else None


def save(paths: Paths, made: Library, extraction: Extraction) -> None:
    """Write the library, its manifest and the list of skipped files, all at once.

    Raises
    ------
    UserError
        If the library is empty; the list of skipped files is written all the same.
    """
    rows = [(inside, failure.kind, failure.reason) for inside, failure in extraction.failures]
    skipped = csv_bytes(library.SKIPPED_COLUMNS, rows)
    if not len(made):
        write_bytes(paths.skipped, skipped)
        files = f"{count(len(extraction.files), 'file')} in {extraction.folder}"
        raise UserError(f"none of the {files} could be used; reasons in {paths.skipped}")
    library.save(paths, made, _manifest(extraction), {paths.skipped.name: skipped})


def _manifest(extraction: Extraction) -> dict[str, object]:
    return {
        "root": str(extraction.folder),
        "readings_version": READINGS_VERSION,
        "versions": {"python": platform.python_version(), **package_versions()},
        "songs": {
            extraction.inside(stamp.path): {
                "size": stamp.size,
                "mtime_ns": stamp.mtime_ns,
                "sha256": stamp.content,
            }
            for stamp in extraction.stamps
        },
    }


def broken_samples(made: Library) -> str | None:
    """Say which songs hold samples that tower over all others; None if no song does."""
    rows = [row for row in range(len(made)) if has_broken_samples(made.song(row))]
    if not rows:
        return None
    worst = max(rows, key=lambda row: made.columns["true_peak"][row])
    such = f"{clean(made.names[worst])} peaks at {made.columns['true_peak'][worst]:.1f} dBTP"
    return f"warning: {count(len(rows), 'song')} with broken samples, so the files may be damaged: {such}"


def lacks_genres(made: Library) -> str | None:
    """Say what to do where there are too few genres to tell apart; None where there are two."""
    if len(known_genres(made)) > 1:
        return None
    tags = tag_genres(made)
    own = (
        f", or take the {len(tags)} genres of the files' own tags: --genre-from tag" if len(tags) > 1 else ""
    )
    return f"to learn genres takes two of them: sort the songs into folders, <GENRE>/<song>.mp3{own}"


def lacks_tempos(made: Library) -> str | None:
    """Say how many songs have no tempo in their tags, so that what was heard counts; None where all have."""
    without = sum(tagged is None for tagged in made.columns["tag_bpm"])
    if not without:
        return None
    which = f"the tags of {count(without, 'file')} of {len(made)} hold no tempo"
    return f"--bpm-from tag: {which}; what was heard counts there"


def summary(made: Library, extraction: Extraction) -> str:
    """Say what was extracted and what was not: how much music, songs of each genre, files skipped."""
    total = sum(made.columns["duration"])
    mean = duration(total / len(made))
    lines = [f"{count(len(made), 'song')}, {duration(total)} of music, {mean} on average", ""]
    sizes = Counter(made.genres)
    listed = [*known_genres(made), UNKNOWN_GENRE]
    filed = [(genre_label(genre), sizes[genre]) for genre in listed if sizes[genre]]
    lines.append(table(("genre", "songs"), filed, right="lr"))
    kinds = Counter(failure.kind for _, failure in extraction.failures)
    if kinds:
        lines += ["", table(("skipped because", "files"), sorted(kinds.items()), right="lr")]
    return "\n".join(lines)
