"""Songs whose names hold what commands are written with: bars, arrows, dashes, line breaks."""

from __future__ import annotations

import importlib
import io
import json
import shlex
import sys

import pytest
from printed import json_documents

from common import library

stage4 = importlib.import_module("04_similarity_search")

BARRED, DASHED, BROKEN, PLAIN = "one, two | pipe -> arrow + plus", "-n 5", "new\nline", "Plain"


@pytest.fixture
def ask(make_library, capsys):
    """Run one command on a library of songs with odd names; give its exit code, stdout and stderr."""
    paths, made = make_library({"ROCK": 5})
    names = made.columns["song_name"]
    names[:4] = [BARRED, DASHED, BROKEN, PLAIN]
    made.columns["title"][:4] = [None] * 4
    made.columns["file_path"][:] = [str(paths.raw / "ROCK" / f"{name}.mp3") for name in names]
    library.save(paths, made, {"versions": {}, "songs": {}})

    def call(*words: str) -> tuple[int, str, str]:
        code = stage4.main(["--data", str(paths.data), "--outputs", str(paths.outputs), *words])
        return (code, *capsys.readouterr())

    return call


@pytest.mark.parametrize(
    "words",
    [
        ("compare", BARRED, PLAIN),
        ("compare", PLAIN, BARRED),
        ("compare", f"{BARRED} | {PLAIN}"),
        ("compare", f"{PLAIN} -> {BARRED}"),
        ("compare", *BARRED.split(), "|", PLAIN),
    ],
)
def test_a_name_may_hold_bars_and_arrows(ask, words):
    found = json.loads(ask(*words, "--json")[1])
    assert {found["one"]["song_name"], found["other"]["song_name"]} == {BARRED, PLAIN}


@pytest.mark.parametrize(
    "words",
    [
        ("playlist", f"{BARRED} -> {PLAIN} 3"),
        ("playlist", f"{PLAIN} -> {BARRED} 3"),
        ("playlist", BARRED, PLAIN, "-n", "3"),
        ("playlist", BARRED, "->", PLAIN, "3"),
    ],
)
def test_a_playlist_joins_names_with_bars_and_arrows(ask, words):
    songs = json.loads(ask(*words, "--json")[1])["songs"]
    assert len(songs) == 3
    assert {songs[0]["song_name"], songs[-1]["song_name"]} == {BARRED, PLAIN}


@pytest.mark.parametrize("sign", ["|", "->", "→"])
def test_a_sign_alone_is_no_name_although_names_have_it(ask, monkeypatch, sign):
    lines = f"search {PLAIN}\ncompare {sign} {BARRED} --json\ncompare {sign} 4 --json\n"
    monkeypatch.setattr(sys, "stdin", io.StringIO(lines))
    _, out, err = ask()
    by_name, by_number = json_documents(out[out.index("{") :])
    assert by_name["one"] == by_number["one"]
    assert (by_name["one"]["song_name"], by_name["other"]["song_name"]) == (PLAIN, BARRED)
    assert "error" not in err


@pytest.mark.parametrize(
    "words",
    [("search", "--json", "--", DASHED), ("--space", "standard", "search", "--json", "--", "-n", "5")],
)
def test_after_two_dashes_a_name_may_begin_with_one(ask, words):
    assert json.loads(ask(*words)[1])["song"]["song_name"] == DASHED


@pytest.mark.parametrize("name", ["line", PLAIN])
def test_a_line_break_in_a_name_breaks_no_line(ask, name):
    code, out, err = ask("search", name, "-n", "4")
    title, head, *_ = out.splitlines()
    assert code == 0
    assert head.startswith("#")
    assert "�" not in out
    assert ("new line (ROCK" in title) == (name == "line")
    assert all(line.startswith(("next: ", "not alike: ")) for line in err.splitlines())


@pytest.mark.parametrize("name", [BARRED, "n 5", "line", PLAIN])
def test_the_next_command_works_whatever_songs_are_called(ask, name):
    _, _, err = ask("search", name, "-n", "1")
    _, script, *words = shlex.split(err.splitlines()[-1].removeprefix("next: "))
    assert script == "04_similarity_search.py"
    code, out, _ = ask(*words, "--json")
    assert code == 0
    assert json.loads(out)["one"]["song_name"] != json.loads(out)["other"]["song_name"]
