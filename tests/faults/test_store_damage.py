"""The store gives back what was put into it, or says that it cannot: never other numbers."""

from __future__ import annotations

import contextlib
import json
import os
import random
import sqlite3
from pathlib import Path

import numpy as np
import pytest
from faults.damage import DAMAGES
from hypothesis import given, settings
from hypothesis import strategies as st

from common.console import UserError
from common.extraction.store import Store
from common.extraction.worker import Failure
from common.fingerprint.sequences import Chroma, Peaks, Sequences
from common.layout import LAYOUT_ID, N_FEATURES
from common.library import READING_COLUMNS
from common.song import Song, Stamp
from common.tags import Tags

READINGS = dict.fromkeys(READING_COLUMNS) | {"bpm": 128.0}


def song(number: int, folder: Path) -> Song:
    rng = np.random.default_rng(number)
    stamp = Stamp(folder / f"{number}.mp3", 1_000 + number, 10**18 + number, f"{number:064x}")
    embedding = rng.normal(size=N_FEATURES).astype(np.float32)
    tags = Tags(f"Artist {number}", f"Titel Ä {number}")
    points = np.sort(rng.integers(0, 2**32, 40, dtype=np.uint32))
    sequences = Sequences(Chroma(rng.integers(0, 16, (8, 12), dtype=np.uint8), 10), Peaks(points))
    return Song(stamp, embedding, 100.0 + number, 44_100, 2, tags, READINGS, sequences)


def fill(path: Path, n_songs: int = 6) -> list[Song]:
    songs = [song(number, path.parent) for number in range(n_songs)]
    with Store(path) as store:
        for one in songs:
            store.record(one.stamp, one)
        failed = Stamp(path.parent / "bad.mp3", 5, 6, "f" * 64)
        store.record(failed, Failure("silent", "nothing is louder"))
    return songs


def rest_of(path: Path) -> list[Path]:
    return [other for other in path.parent.iterdir() if other.name.startswith(path.name) and other != path]


def check(path: Path, songs: list[Song], said: str) -> int:
    """What the store has is what was put into it; what it lost, it said. Returns how many songs are there."""
    with Store(path) as store:
        contents = store.contents()
        there = [one for one in songs if one.stamp.content in contents]
        for one, kept in zip(there, store.songs([one.stamp for one in there]), strict=True):
            np.testing.assert_array_equal(kept.embedding, one.embedding)
            assert (kept.duration, kept.tags) == (one.duration, one.tags)
        assert set(store.failures()) <= {"f" * 64}
        for path_, known in store.known_files().items():
            assert os.fsdecode(path_).endswith(".mp3")
            assert known.content in {*(one.stamp.content for one in songs), "f" * 64}
        assert contents <= {one.stamp.content for one in songs}
    if len(there) < len(songs):
        assert said
    return len(there)


def attack(path: Path, songs: list[Song], capsys: pytest.CaptureFixture) -> int:
    """Open a damaged store as a run does, then once more; returns how many songs were left."""
    capsys.readouterr()
    something = path.exists() and path.stat().st_size > 0
    sentence = ""
    try:
        left = check(path, songs, "error")
    except UserError as error:
        sentence = str(error)
        left = check(path, songs, sentence)
    assert "\n" not in sentence
    said = capsys.readouterr().err + sentence
    if something and left < len(songs):
        assert "store.sqlite" in said
    with Store(path) as store:
        for one in songs:
            store.record(one.stamp, one)
    assert check(path, songs, "") == len(songs)
    assert capsys.readouterr().err == ""
    return left


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_is_healed_and_said(tmp_path, capsys, name):
    rng = random.Random(name)
    path = tmp_path / "store.sqlite"
    for _ in range(2):
        for old in [*rest_of(path), path]:
            old.unlink(missing_ok=True)
        songs = fill(path)
        DAMAGES[name](path, rng)
        attack(path, songs, capsys)


def change(path: Path, statement: str, *values: object) -> None:
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute(statement, values)
        database.commit()


def test_one_flipped_bit_of_an_embedding_costs_that_song_only(tmp_path, capsys):
    path = tmp_path / "store.sqlite"
    songs = fill(path)
    for bit in range(0, 8 * 4 * N_FEATURES, 5_003):
        blob = bytearray(songs[3].embedding.tobytes())
        blob[bit // 8] ^= 1 << bit % 8
        change(path, "UPDATE songs SET embedding = ? WHERE content = ?", bytes(blob), songs[3].stamp.content)
        assert attack(path, songs, capsys) == len(songs) - 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE songs SET facts = '[]' WHERE content LIKE '%1'",
        "UPDATE songs SET facts = x'ff00fe' WHERE content LIKE '%1'",
        "UPDATE songs SET embedding = 7",
        "UPDATE songs SET content = 17 WHERE content LIKE '%3'",
        "UPDATE files SET content = 'x'",
        "UPDATE files SET mtime_ns = 'late'",
        "UPDATE sizes SET size = -1 WHERE content LIKE '%1'",
        "UPDATE failures SET reason = cast(x'ff' AS TEXT)",
        "DROP TABLE songs",
        "DROP TABLE files",
        "DROP TABLE chroma",
        "UPDATE peaks SET points = x'ff'",
        "PRAGMA user_version = 99",
        "PRAGMA user_version = 0",
        "CREATE TRIGGER t AFTER INSERT ON songs BEGIN DELETE FROM songs; END",
        "CREATE VIEW v AS SELECT 1",
        "ALTER TABLE songs RENAME COLUMN facts TO opinions",
    ],
)
def test_another_hand_in_the_store(tmp_path, capsys, statement):
    path = tmp_path / "store.sqlite"
    songs = fill(path)
    change(path, statement)
    attack(path, songs, capsys)


@pytest.mark.parametrize(
    "facts",
    ["[]", "{}", "null", "[" * 100_000, '{"duration": 1e999}', '{"duration": ' + "9" * 5_000 + "}",
     '{"duration": 1, "sample_rate": 2, "channels": 1, "tags": {"artist": 5}}',
     '{"duration": 1, "sample_rate": 2, "channels": 1, "tags": {"who": "me"}}'],
)  # fmt: skip
def test_hostile_facts_with_the_right_checksum(tmp_path, capsys, facts):
    path = tmp_path / "store.sqlite"
    songs = fill(path)
    with Store(path) as store, store._database.transaction():
        from common.extraction.store import SONGS

        blob = songs[2].embedding.tobytes()
        store._database.put(SONGS, songs[2].stamp.content, LAYOUT_ID, blob, facts)
    with pytest.raises(UserError, match=r"held no sound row for 2\.mp3; run this again"):
        check(path, songs, "")
    assert check(path, songs, "said") == len(songs) - 1


def test_a_store_of_the_first_version_is_taken_over(tmp_path, capsys):
    """Written with the statements of that version."""
    path = tmp_path / "store.sqlite"
    one = song(1, tmp_path)
    with contextlib.closing(sqlite3.connect(path)) as old:
        old.executescript("""
            CREATE TABLE songs (content TEXT NOT NULL, layout TEXT NOT NULL, embedding BLOB NOT NULL,
                facts TEXT NOT NULL, PRIMARY KEY (content, layout)) WITHOUT ROWID;
            CREATE TABLE failures (content TEXT PRIMARY KEY, kind TEXT NOT NULL, reason TEXT NOT NULL)
                WITHOUT ROWID;
            CREATE TABLE files (path BLOB PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,
                content TEXT NOT NULL) WITHOUT ROWID;
            PRAGMA user_version = 0;""")
        facts = {"duration": 101.0, "sample_rate": 44_100, "channels": 2}
        facts["tags"] = {"artist": one.tags.artist, "title": one.tags.title}
        row = (one.stamp.content, LAYOUT_ID, one.embedding.tobytes(), json.dumps(facts))
        old.execute("INSERT INTO songs VALUES (?, ?, ?, ?)", row)
        file = (os.fsencode(one.stamp.path), one.stamp.size, one.stamp.mtime_ns, one.stamp.content)
        old.execute("INSERT INTO files VALUES (?, ?, ?, ?)", file)
        old.commit()
    with Store(path) as store:
        assert list(store.sizes()) == [(one.stamp.size, one.stamp.content)]
        assert store.contents() == frozenset()
        assert store.incomplete() == (
            1,
            ["tempo, key and sections", "recognising recordings"],
        )
        store.record(one.stamp, one)
        assert store.incomplete() == (0, [])
    assert check(path, [one], "") == 1
    assert capsys.readouterr().err == ""


def test_a_folder_in_the_stores_place_is_named(tmp_path):
    (tmp_path / "store.sqlite").mkdir()
    with pytest.raises(UserError, match="is a folder, where a file belongs"):
        Store(tmp_path / "store.sqlite")


def test_a_store_in_use_elsewhere_is_named(tmp_path):
    path = tmp_path / "store.sqlite"
    songs = fill(path)
    with contextlib.closing(sqlite3.connect(path, timeout=0)) as other, Store(path) as store:
        other.execute("BEGIN IMMEDIATE")
        store._database._connection.execute("PRAGMA busy_timeout = 10")
        with pytest.raises(UserError, match="another program has it open"):
            store.record(songs[0].stamp, songs[0])


@given(mtime_ns=st.integers(-(2**63), 2**66))
@settings(max_examples=30)
def test_any_time_of_change_can_be_kept(tmp_path_factory, mtime_ns):
    path = tmp_path_factory.mktemp("times") / "store.sqlite"
    one = song(1, path.parent)
    late = Stamp(one.stamp.path, one.stamp.size, mtime_ns, one.stamp.content)
    with Store(path) as store:
        store.record(late, one)
        [known] = store.known_files().values()
    assert known.mtime_ns == min(mtime_ns, 2**63 - 1)
