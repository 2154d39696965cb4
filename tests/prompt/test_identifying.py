"""The command that tells which song a recording is of, on a small library of real files."""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import sqlite3
import sys
from pathlib import Path

import numpy as np
import pytest
from signals import RATE, melody
from small_songs import run_stage1, write

stage4 = importlib.import_module("04_similarity_search")


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """A folder with the library of three songs in ``data``, and clips."""
    folder = tmp_path_factory.mktemp("identify")
    for number in range(3):
        write(folder / "music" / "TRANCE" / f"song {number}.wav", melody(14.0, number))
    assert run_stage1(folder / "data", folder / "music") == 0
    write(folder / "clip one.wav", melody(14.0, 1)[4 * RATE : 13 * RATE] / 2)
    write(folder / "stranger.wav", melody(9.0, 9))
    write(folder / "short.wav", melody(2.0, 1))
    write(folder / "silence.wav", np.zeros(9 * RATE))
    (folder / "text.wav").write_text("no sound")
    return folder


@pytest.fixture
def ask(made, capsys):
    """Identify a file of the folder; gives exit code, stdout and stderr."""

    def call(name: str, *options: str, data: str = "data") -> tuple[int, str, str]:
        capsys.readouterr()
        code = stage4.main(["--data", str(made / data), "--outputs", str(made / "outputs"), "identify",
                            str(made / name), *options])  # fmt: skip
        return (code, *capsys.readouterr())

    return call


def test_a_clip_is_told_with_its_second(ask):
    code, out, err = ask("clip one.wav")
    assert code == 0
    assert out.startswith("song 1 (TRANCE, 14 s) from 0:04.0\n")
    assert err.splitlines()[-1].endswith("search 'song 1'")


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
        ("silence.wav", "silence.wav: nothing is louder"),
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


def test_the_index_is_made_anew_where_it_is_missing(ask, made):
    for file in (made / "data").glob("landmarks.sqlite*"):
        file.unlink()
    assert ask("clip one.wav")[1].startswith("song 1 ")
    assert (made / "data" / "landmarks.sqlite").is_file()


def test_a_library_of_before_says_what_to_do(ask, made):
    with contextlib.suppress(FileExistsError):
        (made / "old").mkdir()
    for part in ("processed", "store.sqlite"):
        source, target = made / "data" / part, made / "old" / part
        target.symlink_to(source) if source.is_dir() else target.write_bytes(source.read_bytes())
    with contextlib.closing(sqlite3.connect(made / "old" / "store.sqlite")) as database:
        database.execute("DROP TABLE peaks")
        database.commit()
    code, out, err = ask("clip one.wav", data="old")
    assert (code, out) == (1, "")
    assert "was extracted before songs could be identified; run again: python 01_feature_extraction.py" in err


def test_songs_without_sequences_are_counted(ask, made):
    with contextlib.closing(sqlite3.connect(made / "data" / "store.sqlite")) as database:
        database.execute("DELETE FROM peaks WHERE content = (SELECT min(content) FROM peaks)")
        database.commit()
    assert (
        "1 song cannot be identified yet; run again: python 01_feature_extraction.py"
        in ask("stranger.wav")[2]
    )


def test_at_the_prompt_the_song_has_a_number(made, capsys, monkeypatch):
    lines = f"identify {made / 'clip one.wav'}\ncues 1\n"
    monkeypatch.setattr(sys, "stdin", io.StringIO(lines))
    assert stage4.main(["--data", str(made / "data"), "--outputs", str(made / "outputs")]) == 0
    assert capsys.readouterr().out.count("song 1 (TRANCE, 14 s)") == 2
