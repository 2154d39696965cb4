"""Terminal manners."""

import io
import sys
import time

import pytest

from common import console
from common.text import clean, count, duration, table


def test_control_characters_never_reach_a_terminal():
    assert clean("a\x1b[31mb\r\n\u202ec\udce9") == "a�[31mb���c�"
    assert clean("plain – ♯ 日本 é") == "plain – ♯ 日本 é"
    assert clean("two\nlines", keep="\n") == "two\nlines"


def test_tables_align_whatever_the_script():
    text = table(("n", "title", "path"), [(1, "日本", "/a"), (12, "abc", None)], right="r")
    assert text.splitlines() == [" n  title  path", "──  ─────  ────", " 1  日本   /a", "12  abc    –"]


def test_the_last_column_is_never_cut():
    long = "x" * 200
    assert long in table(("a", "path"), [(long, long)], max_width=20)
    assert table(("a", "path"), [(long, "p")], max_width=20).splitlines()[2] == "x" * 19 + "…  p"


@pytest.mark.parametrize(
    ("seconds", "text"), [(3.21, "3.2 s"), (58, "58 s"), (59.9, "1:00"), (185, "3:05"), (3729, "1:02:09")]
)
def test_duration(seconds, text):
    assert duration(seconds) == text


def test_count():
    assert count(1, "song") == "1 song"
    assert count(1200, "song") == "1 200 songs"


def test_errors_become_exit_codes(capsys):
    def raising(error):
        def main():
            raise error

        return main

    assert console.run(lambda: 7) == 7
    assert console.run(raising(console.UserError("no such song"))) == 1
    assert console.run(raising(KeyboardInterrupt())) == 130
    assert console.run(raising(PermissionError(13, "Permission denied", "/x"))) == 1
    with pytest.raises(ZeroDivisionError):
        console.run(raising(ZeroDivisionError()))
    assert capsys.readouterr().err.splitlines() == [
        "error: no such song",
        "interrupted",
        "error: Permission denied: /x",
    ]


def test_heartbeat_speaks_now_and_then(capsys, monkeypatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    with console.progress(3, "song") as beat:
        assert isinstance(beat, console.Heartbeat)
        beat.update()
        monkeypatch.setattr(time, "monotonic", lambda: 1e12)
        beat.set_postfix_str("60× realtime")
        beat.update()
    assert sys.stderr.getvalue() == "2 of 3 songs, 60× realtime\n"


def test_patience_speaks_only_when_it_takes_long(capsys):
    with console.patience("compiling", after=10):
        pass
    with console.patience("compiling", after=0.01):
        time.sleep(0.2)
    assert capsys.readouterr().err == "compiling\n"
