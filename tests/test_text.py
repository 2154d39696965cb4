"""Text as a terminal shows it."""

import pytest

from common.text import LARGEST, clean, count, display_width, duration, shorten, table, whole


@pytest.mark.parametrize(
    ("text", "columns"),
    [("abc", 3), ("日本", 4), ("e\u0301", 1), ("👩‍🎤", 2), ("🇩🇪", 2), ("\u200b", 0), ("a\x1bb", 3)],
)
def test_columns_are_those_of_a_terminal(text, columns):
    assert display_width(text) == columns


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [
        ("abcdef", 6, "abcdef"),
        ("abcdefg", 6, "abcde…"),
        ("日本語", 5, "日本…"),
        ("👩‍🎤👩‍🎤", 3, "👩‍🎤…"),
        ("👩‍🎤👩‍🎤", 2, "…"),
        ("e\u0301e\u0301e\u0301", 2, "e\u0301…"),
    ],
)
def test_a_text_is_cut_between_characters(text, width, shown):
    assert shorten(text, width) == shown


def test_control_characters_never_reach_a_terminal():
    assert clean("a\x1b[31mb\r\n\u202ec\udce9") == "a�[31mb  �c�"
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


def test_a_table_breaks_its_last_column_to_fit():
    rows = [["a", "one two three four five"], ["bb", None], ["c", "unbreakablewords"]]
    text = table(["x", "y"], rows, fit=18)
    assert text.splitlines() == [
        "x   y",
        "──  ────────────────",
        "a   one two three",
        "    four five",
        "bb  –",
        "c   unbreakablewords",
    ]
    assert table(["x", "y"], rows, fit=200) == table(["x", "y"], rows)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0),
        ("12", 12),
        ("007", 7),
        ("٣", 3),
        ("0" * 5000 + "5", 5),
        ("1" + "0" * 18, LARGEST),
        ("1" + "0" * 17 + "1", LARGEST),
        ("9" * 5000, LARGEST),
        *((text, None) for text in ("", "-1", "+1", "1.5", " 1", "²", "1e3", "a")),
    ],
)
def test_whole_numbers_are_read_whatever_their_length(text, number):
    assert whole(text) == number
