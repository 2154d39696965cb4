"""Text as a terminal shows it."""

import pytest

from common.text import display_width, shorten


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
