"""A section of a report: written once, for a terminal, as Markdown and as HTML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from common.pages import escape, html_table
from common.text import clean, table


@dataclass(frozen=True)
class ReportSection:
    """A heading, sentences, and perhaps a table under them.

    Attributes
    ----------
    title
        The heading of the section.
    lines
        The sentences, one a line.
    headers, rows
        The table's heads and its cells, one sequence per row; empty headers mean that there is no table.
    right
        Which columns are numbers: one character per column, ``r`` for right.
    narrow
        The number of columns that a terminal shows; Markdown and HTML have all.
    short
        The number of rows that a terminal shows; Markdown and HTML have all.
    in_terminal
        Whether a terminal shows the section at all.
    """

    title: str
    lines: Sequence[str] = ()
    headers: Sequence[str] = ()
    rows: Sequence[Sequence[Any]] = field(default=())
    right: str = ""
    narrow: int = 99
    short: int = 99
    in_terminal: bool = True

    def as_text(self) -> str:
        """For a terminal."""
        parts = [f"\n{self.title.upper()}", *map(clean, self.lines)]
        if self.headers:
            rows = [row[: self.narrow] for row in self.rows[: self.short]]
            parts.append(table(self.headers[: self.narrow], rows, right=self.right))
        if len(self.rows) > self.short:
            parts.append(f"… and {len(self.rows) - self.short} more in the report")
        return "\n".join(parts)

    def as_markdown(self) -> str:
        """For the report as Markdown."""
        lines = [f"## {markdown_text(self.title)}", ""]
        lines += [f"- {markdown_text(line.strip())}" for line in self.lines]
        if self.headers:
            marks = ["---:" if self.right[i : i + 1] == "r" else "---" for i in range(len(self.headers))]
            lines += ["", _markdown_row(self.headers), _markdown_row(marks)]
            lines += [_markdown_row(["–" if cell is None else cell for cell in row]) for row in self.rows]
        return "\n".join(lines)

    def as_html(self) -> str:
        """For a page."""
        parts = [f"<h2>{escape(self.title)}</h2>"]
        if self.lines:
            items = "".join(f"<li>{escape(line.strip())}</li>" for line in self.lines)
            parts.append(f"<ul>{items}</ul>")
        if self.headers:
            parts.append(f'<div class="table">{html_table(self.headers, self.rows)}</div>')
        return "\n".join(parts)


def markdown_text(text: object) -> str:
    """Keep a stranger's title from being read as markup."""
    safe = clean(str(text))
    for character in "\\`*_[]<>|#":
        safe = safe.replace(character, f"\\{character}")
    return safe


def _markdown_row(cells: Sequence[object]) -> str:
    return "| " + " | ".join(str(c) if set(str(c)) <= {"-", ":"} else markdown_text(c) for c in cells) + " |"


def percent(share: float | None) -> str | None:
    """``0.874`` as ``87%``."""
    return None if share is None else f"{share:.0%}"
