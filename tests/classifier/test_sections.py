"""A section of a report says the same on a terminal, as Markdown and as HTML."""

import re
from html.parser import HTMLParser

import pytest

from common.classifier.sections import ReportSection, percent

HOSTILE = "a|b *bold* <script>alert(1)</script> [x](y) #1 `c` \\ \x1b[31m"
ROWS = [(f"song {n}", n, None) for n in range(4)] + [(HOSTILE, 4, "x")]


def section(**options) -> ReportSection:
    return ReportSection("Songs", ["A sentence.", HOSTILE], ["song", "points", "note"], ROWS, " r", **options)


def markdown_cells(text: str) -> list[list[str]]:
    """Read a table as Markdown's rules say: cells end at a bar that no backslash escapes."""
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    cells = [re.split(r"(?<!\\) \| ", row[2:].removesuffix(" |")) for row in rows]
    return [[re.sub(r"\\(\W)", r"\1", cell) for cell in row] for row in cells]


class Text(HTMLParser):
    """What a browser would show, and which elements hold it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.shown: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)

    def handle_data(self, data):
        self.shown.append(data.strip())


@pytest.mark.parametrize(
    ("short", "told"),
    [(2, "… and 3 more in the report"), (4, "… and 1 more in the report"), (5, None), (9, None)],
)
def test_a_terminal_shows_the_first_rows_and_counts_the_rest(short, told):
    lines = section(short=short).as_text().splitlines()
    assert sum(" song " in f" {line}" for line in lines) - 1 == min(short, 4)
    assert [line for line in lines if "more in the report" in line] == ([told] if told else [])


def test_a_terminal_shows_the_first_columns():
    text = section(narrow=2).as_text()
    assert "points" in text
    assert "note" not in text


def test_a_terminal_gets_no_control_characters():
    assert "\x1b" not in section().as_text()


def test_markdown_has_every_row_and_column_and_keeps_strangers_text_as_text():
    head, marks, *rows = markdown_cells(section(short=1, narrow=1).as_markdown())
    assert head == ["song", "points", "note"]
    assert [mark.endswith(":") for mark in marks] == [False, True, False]
    assert rows[:4] == [[f"song {n}", str(n), "–"] for n in range(4)]
    assert rows[4][1:] == ["4", "x"]
    assert rows[4][0] == HOSTILE.replace("\x1b", "�")


def test_markdown_has_the_heading_and_a_list_of_sentences():
    first, _, *items = section().as_markdown().splitlines()
    assert first == "## Songs"
    assert items[0] == "- A sentence."


def test_html_has_every_row_and_keeps_strangers_text_as_text():
    page = Text(section(short=1, narrow=1).as_html())
    assert page.tags == {"h2", "ul", "li", "div", "table", "thead", "tbody", "tr", "th", "td"}
    assert page.shown[0] == "Songs"
    shown = [text for text in page.shown if text]
    assert [f"song {n}" in shown for n in range(4)] == [True] * 4
    assert sum("alert(1)" in text for text in shown) == 2


def test_a_section_without_a_table_is_sentences_alone():
    plain = ReportSection("Songs", ["A sentence."])
    assert plain.as_text() == "\nSONGS\nA sentence."
    assert plain.as_markdown() == "## Songs\n\n- A sentence."
    assert Text(plain.as_html()).tags == {"h2", "ul", "li"}


def test_shares_are_rounded_to_whole_percents():
    assert [percent(share) for share in (0.874, 0.0, 1.0, None)] == ["87%", "0%", "100%", None]
