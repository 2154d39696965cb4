from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from common.console import UserError
from common.prompt import player


@pytest.fixture
def desktop(tmp_path, monkeypatch):
    """A desktop whose opener writes down what it is asked for and ends with a code of its own."""
    opener, asked = tmp_path / "bin" / "xdg-open", tmp_path / "asked"
    opener.parent.mkdir()

    def install(code: int = 0) -> Path:
        opener.write_text(f'#!/bin/sh\nprintf %s "$1" > "{asked}"\nexit {code}\n')
        opener.chmod(opener.stat().st_mode | stat.S_IXUSR)
        return asked

    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("PATH", f"{opener.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("DISPLAY", ":0")
    return install


@pytest.mark.skipif(sys.platform == "win32", reason="a shell script")
def test_a_file_is_handed_to_the_system(desktop, tmp_path):
    asked, path = desktop(), tmp_path / "my song.mp3"
    path.touch()
    assert str(path) in player.play(path)
    assert asked.read_text() == str(path)
    assert str(tmp_path) in player.show(path)
    assert asked.read_text() == str(tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="a shell script")
def test_an_opener_that_fails_is_told(desktop, tmp_path):
    desktop(3)
    (tmp_path / "x.mp3").touch()
    with pytest.raises(UserError, match="ended with 3"):
        player.play(tmp_path / "x.mp3")


def test_without_a_desktop_it_says_where_the_file_is(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    (tmp_path / "x.mp3").touch()
    for act in (player.play, player.show):
        with pytest.raises(UserError, match=r"no desktop.*x\.mp3$"):
            act(tmp_path / "x.mp3")


def test_a_file_that_is_gone_is_no_mystery(tmp_path):
    for act in (player.play, player.show):
        with pytest.raises(UserError, match="no longer there"):
            act(tmp_path / "x.mp3")
