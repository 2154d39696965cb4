"""Terminal manners."""

import argparse
import io
import sys
import time

import pytest

from common import console


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


def test_progress_without_a_terminal_is_a_line_now_and_then(capsys, monkeypatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    with console.progress(3, "song") as lines:
        assert isinstance(lines, console.ProgressLines)
        lines.update()
        monkeypatch.setattr(time, "monotonic", lambda: 1e12)
        lines.set_postfix_str("60× realtime")
        lines.update()
    assert sys.stderr.getvalue() == "2 of 3 songs, 60× realtime\n"


def test_what_takes_long_is_explained_and_only_that(capsys):
    with console.note_if_slow("compiling", after=10):
        pass
    with console.note_if_slow("compiling", after=0.01):
        time.sleep(0.2)
    assert capsys.readouterr().err == "compiling\n"


@pytest.mark.parametrize("text", ["x", "0", "-1", "1.5", ""])
def test_a_number_of_things_that_is_none_is_told_as_such(text):
    with pytest.raises(argparse.ArgumentTypeError, match=f"a whole number from 1, got '{text}'"):
        console.whole_number(1)(text)
    assert console.whole_number(1)("12") == 12


def test_news_are_said_once_for_as_long_as_they_are_so(capsys):
    news = console.News()
    for told in (["a", "b", "a"], ["a"], ["b", "a"], [], ["a"]):
        news.begin()
        for line in told:
            news.tell(line)
    assert capsys.readouterr().err.split() == ["a", "b", "b", "a"]
