"""Stage 1 as its user meets it: folders in, artifacts out, nothing lost."""

import csv
import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas
import pytest
from signals import RATE, chords, noise
from small_songs import SONGS, artifacts, run_stage1, write, write_music

from common import audio, features, library
from common.layout import N_FEATURES
from common.paths import Paths


@pytest.fixture
def music(tmp_path: Path) -> Path:
    return write_music(tmp_path / "music")


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., int]:
    return lambda *arguments, data="data": run_stage1(tmp_path / data, *arguments)


def test_a_folder_becomes_a_library(music, run, paths, capsys):
    assert run(music) == 0
    loaded = library.load(paths)
    assert loaded.embeddings.dtype == np.float32
    assert loaded.embeddings.shape == (4, N_FEATURES)
    assert loaded.names == ["a - arp", "b - rolling", "c - bounce", "stray"]
    assert loaded.genres == ["TRANCE", "TRANCE", "ITALODANCE", "UNKNOWN"]
    assert all(Path(path).is_file() for path in loaded.paths)
    np.testing.assert_array_equal(
        loaded.embeddings[1], features.extract(audio.load(music / "TRANCE/b - rolling.wav").samples)
    )
    told = capsys.readouterr()
    assert "4 songs, 8.5 s of music, 2.1 s on average" in told.out
    assert told.err.splitlines()[-1].startswith("next: python 02_embedding_journey.py --data ")


def test_artifacts_open_with_plain_tools(music, run, paths):
    run(music)
    matrix = np.load(paths.embeddings, allow_pickle=False)
    table = pandas.DataFrame(pandas.read_pickle(paths.metadata))
    assert len(table) == len(matrix) == 4
    assert list(table.columns[:4]) == ["song_name", "file_path", "genre", "duration"]
    manifest = json.loads(paths.manifest.read_text())
    assert set(manifest["songs"]) == set(SONGS)
    assert {"layout_id", "settings", "versions", "checksums"} <= set(manifest)
    assert paths.skipped.read_text(encoding="utf-8-sig") == "path,kind,reason\n"


def test_any_number_of_workers_writes_the_same_bytes(music, run, tmp_path):
    for workers in (1, 2, 4):
        assert run(music, "--workers", workers, data=f"data{workers}") == 0
    assert artifacts(tmp_path / "data1") == artifacts(tmp_path / "data2") == artifacts(tmp_path / "data4")


def test_a_song_that_fails_costs_nothing_else(music, run, paths, capsys):
    (music / "TRANCE" / "text.mp3").write_text("not music")
    (music / "TRANCE" / "zero.mp3").touch()
    write(music / "TRANCE" / "silence.wav", np.zeros(RATE * 2))
    write(music / "TRANCE" / "blip.wav", noise(0.05))
    (music / "TRANCE" / "esc\x1b[31m\nape.mp3").write_text("no")
    assert run(music) == 0
    assert len(library.load(paths)) == 4
    with paths.skipped.open(encoding="utf-8-sig") as file:
        rows = {row["path"]: (row["kind"], row["reason"]) for row in csv.DictReader(file)}
    assert {name.partition("/")[2]: kind for name, (kind, _) in rows.items()} == {
        "text.mp3": "unreadable",
        "zero.mp3": "empty",
        "silence.wav": "silent",
        "blip.wav": "too_short",
        "esc�[31m ape.mp3": "unreadable",
    }
    assert all(reason for _, reason in rows.values())
    told = capsys.readouterr()
    assert "\x1b" not in told.err + told.out
    assert "skipped esc�[31m ape.mp3: not decodable" in told.err
    assert "too_short            1" in told.out


def test_strict_turns_a_skipped_song_into_exit_1(music, run):
    (music / "zero.mp3").touch()
    assert run(music, "--strict") == 1


@pytest.mark.parametrize(
    "name", ["日本語の曲", "x" * 240, "Ünïcödé – naïve №5", "with 'quotes' & #hash %20", "مرحبا", " lead"]
)
def test_any_name_that_a_disk_takes(run, tmp_path, paths, name):
    write(tmp_path / "songs" / f"Genre {name[:50]}" / f"{name}.wav", chords(1.5))
    assert run(tmp_path / "songs") == 0
    loaded = library.load(paths)
    assert loaded.names == [name]
    assert Path(loaded.paths[0]).is_file()
    assert loaded.genres == [f"Genre {name[:50]}".upper()]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems allow only valid names")
def test_a_name_in_no_encoding(run, tmp_path, paths):
    write(tmp_path / "song.wav", chords(1.5))
    folder = os.fsencode(tmp_path / "songs") + b"/G"
    os.makedirs(folder)
    os.rename(tmp_path / "song.wav", folder + b"/caf\xe9.wav")
    assert run(tmp_path / "songs") == 0
    assert Path(library.load(paths).paths[0]).is_file()


def test_same_name_in_two_folders_are_two_songs(music, run, paths):
    shutil.copy(music / "stray.wav", music / "TRANCE" / "stray.wav")
    run(music)
    assert library.load(paths).names.count("stray") == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["nowhere"], "is not a folder"), (["--demo", "x"], "--demo brings its own songs")],
)
def test_mistakes_are_one_line_and_exit_1(run, capsys, arguments, message):
    assert run(*arguments) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ")
    assert message in line


def test_an_empty_folder_says_what_to_do(run, tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    assert run(tmp_path / "empty") == 1
    assert "no audio files in" in capsys.readouterr().err


def test_nothing_usable_keeps_the_old_library(music, run, paths, tmp_path, capsys):
    run(music)
    before = paths.embeddings.read_bytes()
    (tmp_path / "junk").mkdir()
    (tmp_path / "junk" / "a.mp3").write_text("junk")
    assert run(tmp_path / "junk") == 1
    assert paths.embeddings.read_bytes() == before
    assert "none of the 1 file" in capsys.readouterr().err


def test_wrong_usage_is_exit_2(run):
    with pytest.raises(SystemExit) as caught:
        run("--workers", "0")
    assert caught.value.code == 2


def test_genre_from_tag(music, run, paths):
    import mutagen

    file = mutagen.File(music / "TRANCE/a - arp.flac", easy=True)
    file["genre"] = "Hard Trance"
    file.save()
    run(music, "--genre-from", "tag")
    assert library.load(paths).genres == ["HARD TRANCE", "UNKNOWN", "UNKNOWN", "UNKNOWN"]


def test_paths_are_absolute_from_any_folder(music, run, paths, monkeypatch):
    monkeypatch.chdir(music.parent)
    run("music")
    assert library.load(paths).paths[3] == str(music / "stray.wav")
    assert Paths("data", "outputs") == paths
