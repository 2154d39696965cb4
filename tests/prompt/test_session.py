from __future__ import annotations

import pytest

SONG = "trance artist 1 - song 001"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("search",), "which song?"),
        (("search", "xyzzyx"), "no song is called 'xyzzyx'"),
        (("search", "trance artst 1 - song 001"), "did you mean: Trance Artist 1 - Song 001"),
        (("search", "trance artist 1"), "could be 2 songs"),
        (("search", "3"), "could be"),
        (("compare", "one two three"), "which two songs?"),
        (("why", "3"), "write its number after a search, or SONG"),
        (("why", SONG, "99"), "there are only 13 other songs"),
        (("search", SONG, "--space", "classifier"), "run: python 03_genre_classifier.py"),
        (("playlist", f"{SONG} -> {SONG}"), "these are the same"),
        (("playlist", SONG), "which two songs?"),
        (("radio",), "which song does the radio start from?"),
        (("shuffle", "polka"), "no genre is called 'polka'"),
        (("set", "--bpm", "999-1000"), "no song has a tempo in this range"),
        (("save",), "nothing was listed yet"),
        (("play",), "which song?"),
        (("play", SONG), "no longer there"),
    ],
)
def test_what_cannot_be_done_is_one_line(run, words, message):
    code, out, err = run(*words)
    assert (code, out) == (1, "")
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert message.lower() in err.lower()
