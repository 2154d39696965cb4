"""What was computed once is never computed again, wherever its file has gone."""

import contextlib
import os
import shutil
import sqlite3
from pathlib import Path

import pytest
from signals import chords, noise
from small_songs import SONGS, artifacts, write

from common import library, song
from common.console import UserError
from common.extraction import run as extraction
from common.extraction.sequence_reader import SequenceReader


def test_only_new_content_is_computed(music, run, paths, computed):
    run(music)
    assert len(computed) == 4
    first = artifacts(paths.data)

    computed.clear()
    run(music)
    assert computed == []
    assert artifacts(paths.data) == first

    shutil.move(music / "stray.wav", music / "TRANCE" / "z - renamed.wav")
    os.utime(music / "TRANCE" / "a - arp.flac")
    run(music)
    assert computed == []
    assert library.load(paths).names[2] == "z - renamed"

    music.rename(music.with_name("moved"))
    run(music.with_name("moved"))
    assert computed == []

    write(music.with_name("moved") / "TRANCE" / "b - rolling.wav", chords(3.0))
    write(music.with_name("moved") / "TRANCE" / "new.wav", noise(1.5))
    (music.with_name("moved") / "TRANCE" / "a - arp.flac").unlink()
    run(music.with_name("moved"))
    assert sorted(computed) == ["b - rolling.wav", "new.wav"]
    assert len(library.load(paths)) == 4


def test_force_computes_everything_again(music, run, paths, computed):
    run(music)
    first = artifacts(paths.data)
    run(music, "--force")
    assert len(computed) == 8
    assert artifacts(paths.data) == first


def test_failures_are_remembered_and_retried_on_wish(music, run, computed):
    (music / "bad.mp3").write_text("bad")
    run(music)
    computed.clear()
    run(music)
    assert computed == []
    run(music, "--retry-failed")
    assert computed == ["bad.mp3"]
    computed.clear()
    shutil.copy(music / "stray.wav", music / "bad.mp3")
    run(music)
    assert computed == []


def test_content_that_comes_back_is_known(music, run, computed):
    song = music / "stray.wav"
    first = song.read_bytes()
    run(music)
    write(song, noise(1.5))
    run(music)
    song.write_bytes(first)
    computed.clear()
    run(music)
    assert computed == []


def test_many_songs_of_one_size_are_told_apart(run, tmp_path, computed, monkeypatch):
    monkeypatch.setattr(extraction, "MOST_CANDIDATES", 2)
    music = tmp_path / "music"
    for number in range(4):
        write(music / f"{number}.wav", noise(1.5) * (1 + number) / 5)
    run(music)
    computed.clear()
    for number in range(4):
        (music / f"{number}.wav").rename(music / f"renamed {number}.wav")
    write(music / "new.wav", noise(1.5) / 7)
    run(music)
    assert computed == ["new.wav"]


def test_a_store_of_before_sizes_is_taken_over(music, run, paths, computed):
    run(music)
    with contextlib.closing(sqlite3.connect(paths.store)) as database:
        database.execute("DROP TABLE sizes")
        database.execute("PRAGMA user_version = 0")
        database.commit()
    computed.clear()
    (music / "stray.wav").rename(music / "renamed.wav")
    run(music)
    assert computed == []


def test_another_layout_in_the_store_is_not_mixed_in(music, run, paths, computed):
    run(music)
    with contextlib.closing(sqlite3.connect(paths.store)) as database:
        database.execute("UPDATE songs SET layout = 'older'")
        database.commit()
    computed.clear()
    run(music)
    assert len(computed) == 4


def test_songs_of_before_sequences_are_read_once_more(music, run, paths, computed, capsys):
    run(music)
    with contextlib.closing(sqlite3.connect(paths.store)) as database:
        database.execute("DROP TABLE chroma")
        database.execute("DROP TABLE peaks")
        database.execute("PRAGMA user_version = 2")
        database.commit()
    before = artifacts(paths.data)
    with SequenceReader(paths) as reader:
        assert reader.contents(library.load(paths).paths) == [None] * len(SONGS)
    computed.clear()
    capsys.readouterr()
    run(music)
    assert len(computed) == len(SONGS)
    said = capsys.readouterr().err
    assert "reading 4 songs of an older version once more, for recognising recordings\n" in said
    assert artifacts(paths.data) == before
    computed.clear()
    run(music)
    assert computed == []


def test_the_sequences_of_a_file_are_those_of_its_sound(music, run, paths):
    run(music)
    file = library.load(paths).paths[1]
    with SequenceReader(paths) as reader:
        [content, stranger] = reader.contents([file, "/nowhere.wav"])
        assert stranger is None
        [(of_chroma, chroma)] = reader.chroma([content, "f" * 64])
        [(of_peaks, peaks)] = reader.peaks([content, "f" * 64])
    again = song.analyse(Path(file)).song
    assert of_chroma == of_peaks == content == again.stamp.content
    assert chroma.packed() == again.sequences.chroma.packed()
    assert peaks.packed() == again.sequences.peaks.packed()


def test_damaged_sequences_are_passed_over(music, run, paths):
    run(music)
    files = library.load(paths).paths
    with contextlib.closing(sqlite3.connect(paths.store)) as database:
        database.execute("UPDATE chroma SET frames = 1 WHERE content = (SELECT min(content) FROM chroma)")
        database.commit()
    with SequenceReader(paths) as reader:
        contents = reader.contents(files)
        assert len(dict(reader.chroma(contents))) == len(files) - 1
        assert len(dict(reader.peaks(contents))) == len(files)


def test_a_missing_store_is_said(paths):
    with pytest.raises(UserError, match=r"there is no file .*run: python 01_feature_extraction\.py"):
        SequenceReader(paths)
