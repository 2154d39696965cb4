"""The Markdown of our own reports as HTML: headings, lists, tables and paragraphs, nothing else.

Conventions: a backslash makes the character after it plain, as the reports write strangers' titles. Whatever
is not one of the four forms is a paragraph, and everything is escaped: a report can contain no HTML.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import groupby

from common.pages import escape, html_table

_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_CELL = re.compile(r"(?<!\\)\|")
_RULE = re.compile(r"[\s|:-]+")


def to_html(text: str, top: int = 1) -> str:
    """Render a report.

    Parameters
    ----------
    text
        Markdown as `common.classifier_report` writes it.
    top
        Level of the heading that ``#`` becomes, 1 to 6.
    """
    parts = []
    for kind, lines in groupby(text.splitlines(), key=_kind):
        parts += list(_FORMS[kind](lines, top))
    return "\n".join(parts)


def plain(text: str) -> str:
    """A line's words, without the backslashes that kept them plain."""
    return _ESCAPED.sub(r"\1", text.strip())


def _kind(line: str) -> str:
    return line[:1] if line[:1] in {"#", "-", "|"} else "" if not line.strip() else "p"


def _headings(lines: Iterable[str], top: int) -> Iterator[str]:
    for line in lines:
        marks = len(line) - len(line.lstrip("#"))
        level = min(marks + top - 1, 6)
        yield f"<h{level}>{escape(plain(line[marks:]))}</h{level}>"


def _items(lines: Iterable[str], _top: int) -> Iterator[str]:
    items = "".join(f"<li>{escape(plain(line[1:]))}</li>" for line in lines)
    yield f"<ul>{items}</ul>"


def _table(lines: Iterable[str], _top: int) -> Iterator[str]:
    rows = [_CELL.split(line.strip())[1:-1] for line in lines if not _RULE.fullmatch(line)]
    cells = [[plain(cell) for cell in row] for row in rows]
    yield f'<div class="table">{html_table(cells[0], cells[1:])}</div>' if cells else ""


def _paragraph(lines: Iterable[str], _top: int) -> Iterator[str]:
    yield f"<p>{escape(plain(' '.join(lines)))}</p>"


def _nothing(_lines: Iterable[str], _top: int) -> Iterator[str]:
    return iter(())


_FORMS = {"#": _headings, "-": _items, "|": _table, "p": _paragraph, "": _nothing}
