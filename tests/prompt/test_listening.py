from __future__ import annotations

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
