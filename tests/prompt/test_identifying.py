"""The command that tells which song a recording is of, on a small library of real files."""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import shutil
import sqlite3
import sys
from pathlib import Path

import numpy as np
import pytest
from libraries import random_library
from signals import RATE, tune
from small_songs import run_stage1, write

from common.fingerprint.identification import Place
from common.paths import EXTRACT, Paths
from common.prompt.identifying import Identified

stage4 = importlib.import_module("04_similarity_search")


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """A folder with the library of three songs in ``data``, and clips."""
    folder = tmp_path_factory.mktemp("identify")
    for number in range(3):
        write(folder / "music" / "TRANCE" / f"song {number}.wav", tune(number, 56, note=0.25))
    assert run_stage1(folder / "data", folder / "music") == 0
    write(folder / "clip one.wav", tune(1, 56, note=0.25)[4 * RATE : 13 * RATE] / 2)
    write(folder / "stranger.wav", tune(9, 36, note=0.25))
    write(folder / "short.wav", tune(1, 8, note=0.25))
    write(folder / "silence.wav", np.zeros(9 * RATE))
    (folder / "text.wav").write_text("no sound")
    return folder


@pytest.fixture
def ask(made, capsys):
    """Identify a file of the folder; gives exit code, stdout and stderr."""

    def call(name: str, *options: str, data: str = "data", command: str = "identify") -> tuple[int, str, str]:
        capsys.readouterr()
        code = stage4.main(["--data", str(made / data), "--outputs", str(made / "outputs"), command,
                            str(made / name), *options])  # fmt: skip
        return (code, *capsys.readouterr())

    return call


def test_a_clip_is_told_with_its_second(ask):
    code, out, err = ask("clip one.wav")
    assert code == 0
    assert out.startswith("song 1 (TRANCE, 14 s) from 0:04.0\n")
    assert err.splitlines()[-1].endswith("search 'song 1'")


@pytest.mark.parametrize(("score", "doubt"), [(0.5, ", or another version of it"), (0.7, "")])
def test_a_low_score_may_mean_another_version(score, doubt):
    answer = Identified(random_library(3), [(1, Place("content", 12.0, 1.0, score, 100))])
    first, second = answer.as_text().splitlines()
    assert first.endswith(f" from 0:12.0{doubt}")
    assert second == f"the peaks of both agree to {score:.0%}"


def test_json_is_the_same(ask, made):
    code, out, _ = ask("clip one.wav", "--json")
    told = json.loads(out)
    assert code == 0
    assert told["match"] == str(made / "music" / "TRANCE" / "song 1.wav")
    assert told["offset"] == pytest.approx(4.0, abs=0.1)
    assert (told["speed"], told["score"] > 0.8) == (1.0, True)
    assert told["next_best"] is None or told["next_best"]["score"] < 0.35


def test_a_stranger_is_none_of_these(ask):
    code, out, err = ask("stranger.wav")
    assert (code, out.startswith("none of these"), err) == (0, True, "")
    code, out, _ = ask("stranger.wav", "--json")
    told = json.loads(out)
    assert code == 0
    assert (told["match"], told["offset"]) == (None, None)
    assert told["score"] < 0.35


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("short.wav", "short.wav lasts 2.0 s; 8 s are needed"),
        ("silence.wav", "silence.wav: every sample is zero"),
        ("text.wav", "text.wav: "),
        ("nowhere.wav", "there is no file "),
    ],
)
def test_bad_input_is_one_line(ask, name, said):
    code, out, err = ask(name)
    assert (code, out) == (1, "")
    assert err.startswith("error: ")
    assert said in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("name", ["clip one.wav", "short.wav"])
def test_what_a_clip_is_cut_from_is_no_reference_of_it(ask, name):
    code, out, _ = ask(name, "--json", command="match")
    assert code == 0
    assert {Path(reference).stem for reference in json.loads(out)["references"]} == {"song 0", "song 2"}


def test_the_index_is_made_anew_where_it_is_missing(ask, made):
    for file in (made / "data").glob("landmarks.sqlite*"):
        file.unlink()
    assert ask("clip one.wav")[1].startswith("song 1 ")
    assert (made / "data" / "landmarks.sqlite").is_file()


def with_changed_store(made: Path, name: str, statement: str) -> str:
    """A second data folder, whose store was changed by a statement; returns its name."""
    shutil.copytree(made / "data", made / name)
    with contextlib.closing(sqlite3.connect(made / name / "store.sqlite")) as database:
        database.execute(statement)
        database.commit()
    return name


def remedy_of(made: Path, data: str) -> str:
    """The command that brings a data folder up to date, from the music that it was made of."""
    return Paths(made / data, made / "outputs").command(EXTRACT, str(made / "music"))


def test_a_library_of_before_says_what_to_do(ask, made):
    data = with_changed_store(made, "before", "DROP TABLE peaks")
    code, out, err = ask("clip one.wav", data=data)
    assert (code, out) == (1, "")
    assert err.endswith(f"keeps the course of no song yet; run again: {remedy_of(made, data)}\n")


def test_songs_without_sequences_are_counted(ask, made):
    one = "DELETE FROM peaks WHERE content = (SELECT min(content) FROM peaks)"
    data = with_changed_store(made, "incomplete", one)
    _, _, err = ask("stranger.wav", data=data)
    assert err == f"left out: 1 song whose course is not kept yet; run again: {remedy_of(made, data)}\n"


def test_at_the_prompt_the_song_has_a_number(made, capsys, monkeypatch):
    lines = f"identify {made / 'clip one.wav'}\ncues 1\n"
    monkeypatch.setattr(sys, "stdin", io.StringIO(lines))
    assert stage4.main(["--data", str(made / "data"), "--outputs", str(made / "outputs")]) == 0
    assert capsys.readouterr().out.count("song 1 (TRANCE, 14 s)") == 2
