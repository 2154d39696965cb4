"""The index finds what was put into it, however it was put, and heals."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from common.console import UserError
from common.fingerprint import index as landmark_index
from common.fingerprint.index import Candidate, LandmarkIndex
from common.fingerprint.landmarks import landmarks_of
from common.fingerprint.sequences import PITCH_BITS, Peaks

N_SONGS = 12


def song(number: int) -> Peaks:
    rng = np.random.default_rng(number)
    frames, pitches = rng.integers(0, 4000, 1800), rng.integers(0, 1000, 1800)
    return Peaks(np.unique(frames.astype(np.uint32) << PITCH_BITS | pitches.astype(np.uint32)))


SONGS = {f"song {number}": song(number) for number in range(N_SONGS)}


def fetch(contents: Sequence[str]) -> Iterator[tuple[str, Peaks]]:
    return ((content, SONGS[content]) for content in contents)


def ask(index: LandmarkIndex, name: str, begin: int = 1000) -> list[Candidate]:
    """The candidates of 350 frames of a song."""
    peaks = SONGS[name]
    inside = (peaks.frames >= begin) & (peaks.frames < begin + 350)
    clip = Peaks(peaks.points[inside] - (np.uint32(begin) << PITCH_BITS))
    return index.candidates([(1.0, landmarks_of(clip))], 5)


def check(index: LandmarkIndex, names: Sequence[str] = tuple(SONGS)) -> None:
    for name in names:
        for begin in (0, 1000, 3640):
            best = ask(index, name, begin)[0]
            assert (best.content, best.speed) == (name, 1.0)
            assert abs(best.frame - begin) <= 6
            assert best.votes > 20


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "landmarks.sqlite"


def test_a_part_is_found_where_it_was_cut(path):
    with LandmarkIndex(path) as index:
        index.refresh(list(SONGS), fetch)
        check(index)
        assert index.missing([*SONGS, "another", "another"]) == ["another"]
    with LandmarkIndex(path) as again:
        check(again)


def test_added_song_by_song_it_finds_the_same(path, tmp_path):
    with LandmarkIndex(path) as index, LandmarkIndex(tmp_path / "at once.sqlite") as at_once:
        for number in range(1, N_SONGS + 1):
            index.refresh(list(SONGS)[:number], fetch)
        at_once.refresh(list(SONGS), fetch)
        for name in SONGS:
            assert ask(index, name) == ask(at_once, name)


def test_many_batches_become_one(path, monkeypatch):
    monkeypatch.setattr(landmark_index, "MOST_BATCHES", 3)
    with LandmarkIndex(path) as index:
        for number in range(1, 6):
            index.refresh(list(SONGS)[:number], fetch)
        check(index, list(SONGS)[:5])
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as database:
        assert database.execute("SELECT max(batch) FROM landmarks").fetchone()[0] <= 2


def test_a_large_library_goes_in_by_batches(path, monkeypatch):
    monkeypatch.setattr(landmark_index, "SONGS_PER_BATCH", 5)
    with LandmarkIndex(path) as index:
        index.refresh(list(SONGS), fetch)
        check(index)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as database:
        assert database.execute("SELECT max(batch) FROM landmarks").fetchone()[0] == 2


def test_songs_that_left_make_it_anew(path):
    with LandmarkIndex(path) as index:
        index.refresh(list(SONGS), fetch)
        index.refresh(list(SONGS)[1:], fetch)  # one of twelve is few, and nothing is missing
        assert index.missing(list(SONGS)) == []
        index.refresh(["new"], lambda contents: ((content, song(99)) for content in contents))
        assert index.missing(list(SONGS)) == list(SONGS)


def test_a_song_without_peaks_is_asked_for_once(path):
    with LandmarkIndex(path) as index:
        index.refresh(
            ["silent", "damaged"], lambda contents: iter([("silent", Peaks(np.empty(0, np.uint32)))])
        )
        assert index.missing(["silent", "damaged"]) == []
        assert ask(index, "song 0") == []


def test_nothing_is_found_in_an_empty_index(path):
    with LandmarkIndex(path) as index:
        assert ask(index, "song 0") == []


def test_the_rarest_landmarks_are_counted_where_there_are_too_many(path, monkeypatch):
    with LandmarkIndex(path) as index:
        index.refresh(list(SONGS), fetch)
        every = ask(index, "song 3")[0].votes
        monkeypatch.setattr(landmark_index, "MOST_PLACES", every // 2)
        best = ask(index, "song 3")[0]
    assert best.content == "song 3"
    assert best.votes <= every // 2


@pytest.mark.parametrize("content", [b"", b"SQLite format 3\0 and no more", b"no database at all" * 100])
def test_a_damaged_file_is_made_anew(path, content):
    path.write_bytes(content)
    with LandmarkIndex(path) as index:
        index.refresh(list(SONGS), fetch)
        check(index, ["song 1"])


@pytest.mark.parametrize(
    "statement", ["PRAGMA user_version = 7", "DROP TABLE songs", "ALTER TABLE songs RENAME start TO s"]
)
def test_a_file_of_another_kind_is_made_anew(path, statement):
    with LandmarkIndex(path) as index:
        index.refresh(list(SONGS), fetch)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute(statement)
    with LandmarkIndex(path) as index:
        index.refresh(list(SONGS), fetch)
        check(index, ["song 1"])


def test_where_nothing_can_be_written_it_is_in_memory(tmp_path):
    (tmp_path / "file").touch()
    with LandmarkIndex(tmp_path / "file" / "landmarks.sqlite") as index:
        index.refresh(list(SONGS), fetch)
        check(index, ["song 1"])


def test_a_search_goes_on_while_another_process_adds_songs(path):
    with LandmarkIndex(path) as index:
        index.refresh(list(SONGS)[:3], fetch)

        def fetch_and_look(contents):
            for content in contents:
                with LandmarkIndex(path) as other:
                    check(other, ["song 1"])
                yield content, SONGS[content]

        index.refresh(list(SONGS), fetch_and_look)
    with LandmarkIndex(path) as again:
        check(again)


def test_an_index_that_is_just_being_made_is_left_alone(path, monkeypatch):
    monkeypatch.setattr(landmark_index, "PATIENCE", 0.01)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        other.execute("CREATE TABLE songs (content TEXT)")
        with pytest.raises(UserError, match="is being written by another program"):
            LandmarkIndex(path)
        other.execute("ROLLBACK")
    with LandmarkIndex(path) as index:
        index.refresh(list(SONGS)[:2], fetch)
        check(index, ["song 1"])
