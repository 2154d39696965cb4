from __future__ import annotations

import os
import sys

import pytest

from common.prompt import player

SONG = "trance artist 1 - song 001"


@pytest.mark.parametrize(
    ("lines", "played"),
    [
        ((SONG, "play 2", "open 2"), "result"),
        ((f"radio {SONG} -n 3", "play", "open"), "playlist"),
        ((SONG, "save my list", "play", "open"), "playlist"),
    ],
)
def test_play_and_open_take_a_result_or_the_playlist(say_lines, paths, monkeypatch, lines, played):
    asked = []
    monkeypatch.setattr(player, "play", lambda path: asked.append(path) or "played")
    monkeypatch.setattr(player, "show", lambda path: asked.append(path) or "showed")
    _, out, err = say_lines(*lines)
    assert "error" not in err
    assert out.endswith("played\nshowed\n")
    assert asked[0] == asked[1]
    assert asked[0].suffix == (".mp3" if played == "result" else ".m3u8")


@pytest.fixture
def handed(monkeypatch):
    """The files that were handed to the system instead of being played or shown."""
    files = []
    for name in ("play", "show"):
        monkeypatch.setattr(player, name, lambda path: files.append(path.name) or "done")
    return files


@pytest.mark.parametrize(
    ("formats", "played"),
    [("rekordbox traktor xspf", "mine.xspf"), ("json m3u8", "mine.m3u8"), ("xspf m3u8", "mine.xspf")],
)
def test_play_takes_the_file_that_players_open(say_lines, handed, formats, played):
    say_lines(SONG, f"save mine --as {formats}", "play")
    assert handed == [played]


def test_what_no_player_opens_is_not_played(say_lines, handed):
    _, _, err = say_lines(SONG, "save mine", "save yours --as rekordbox", "play", "open")
    assert "error: no player opens yours.rekordbox.xml; write it --as m3u8 or xspf as well" in err
    assert handed == ["yours.rekordbox.xml"]


def test_the_playlist_written_last_may_be_of_an_earlier_run(run, paths, handed):
    run("shuffle", "trance")
    run("radio", SONG, "-n", "3", "--as", "traktor", "xspf")
    os.utime(paths.playlist("shuffle TRANCE"), (0, 0))
    paths.playlist("a folder").mkdir()
    assert run("play")[0] == run("open", "--json")[0] == 0
    assert [name.split(".")[-1] for name in handed] == ["xspf", "xspf"]
    assert all(name.startswith("radio_") for name in handed)


def test_what_cannot_be_played_is_no_success(run, paths, monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    run("shuffle", "trance")
    for command in ("play", "open"):
        code, out, err = run(command, "--json")
        assert (code, out) == (1, "")
        assert err.startswith("error: there is no desktop here")
