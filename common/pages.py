"""How a page becomes HTML: escaping, tables, assets; it opens without a network."""

from __future__ import annotations

import html
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from common.charts import GRID, INK, PALETTE, PAPER
from common.files import write_text
from common.text import clean


def share_plotly(folder: Path) -> None:
    """Put ``plotly.min.js`` into a folder unless this version is there already."""
    from plotly.offline import get_plotlyjs

    target, script = folder / "plotly.min.js", get_plotlyjs()
    if not target.exists() or target.stat().st_size != len(script.encode("utf-8")):
        write_text(target, script)


def save_page(path: Path, title: str, body: str, scripts: Sequence[str] = (), styles: str = "") -> Path:
    """Write an HTML page in the house style.

    Parameters
    ----------
    path
        The HTML file that is written.
    title
        Plain text; it is escaped.
    body
        HTML; whatever comes from a file name or tag must already be escaped by `text`.
    scripts
        Script files beside the page, loaded before the body.
    styles
        CSS rules of this page, after those of the house.
    """
    tags = "\n".join(f'<script src="{html.escape(name)}"></script>' for name in scripts)
    write_text(
        path,
        f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<style>{PAGE_STYLE}{styles}</style>
{tags}
</head>
<body>
{body}
</body>
</html>
""",
    )
    return path


def escape(content: object) -> str:
    """Escape a stranger's text for HTML, attributes included."""
    return html.escape(clean(str(content)))


def address(file: str | Path, home: Path) -> str:
    """Write a file's address as a page of a folder links to it, percent-encoded.

    Parameters
    ----------
    file
        The path of the file, in which any character may occur.
    home
        The folder that the page lies in.

    Returns
    -------
    str
        The address relative to the folder; a ``file:`` address where the file lies on another drive,
        which no relative address reaches.
    """
    try:
        relative = os.path.relpath(file, home)
    except ValueError:
        return Path(file).as_uri()
    return quote(os.fsencode(relative.replace(os.sep, "/")), safe="/")


def script_json(content: dict[str, Any]) -> str:
    """JSON that can stand inside a script element: no tag can end it, no comment can open in it."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def html_table(headers: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Lay rows out as a table that scrolls where it is too wide; every cell is escaped, None is a dash."""
    head = "".join(f"<th>{escape(header)}</th>" for header in headers)
    lines = ("".join(map(_cell, row)) for row in rows)
    body = "\n".join(f"<tr>{line}</tr>" for line in lines)
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return f'<div class="scroll">{table}</div>'


LONG_CELL = 60
"""Characters from which a cell is a sentence, which may run over lines in a wide column."""


def _cell(content: object) -> str:
    text = escape("–" if content is None else content)
    return f'<td class="long">{text}</td>' if len(text) > LONG_CELL else f"<td>{text}</td>"


def figure_tag(source: str, caption: str, attributes: Mapping[str, str] | None = None) -> str:
    """An HTML figure with a caption, for a picture given by its relative address."""
    extra = "".join(f' {name}="{escape(value)}"' for name, value in (attributes or {}).items())
    return (
        f'<figure><a href="{escape(source)}"><img src="{escape(source)}" alt="{escape(caption)}"{extra}></a>'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )


PAGE_STYLE = f"""
:root {{ color-scheme: light dark; --ink: {INK}; --paper: {PAPER}; --grid: {GRID}; --link: {PALETTE[0]};
  --quiet: #555B68; --chosen: #D7E8F5; --warning: #9A3B00; }}
@media screen and (prefers-color-scheme: dark) {{
  :root {{ --ink: #E6E8EC; --paper: #16191F; --grid: #3A404C; --link: #6FB7E9; --quiet: #A2A8B4;
    --chosen: #24405A; --warning: #FF9D5C; }}
}}
body {{ margin: 0 auto; max-width: 1200px; padding: 1.5rem; color: var(--ink); background: var(--paper);
  font: 16px/1.5 system-ui, "Segoe UI", "Noto Sans", "DejaVu Sans", sans-serif; }}
h1, h2 {{ line-height: 1.2; }}
a {{ color: var(--link); }}
figure {{ margin: 1.5rem 0; }}
img {{ max-width: 100%; border: 1px solid var(--grid); }}
.scroll {{ overflow-x: auto; }}
table {{ border-collapse: collapse; margin: 1rem 0; }}
th, td {{ border-bottom: 1px solid var(--grid); padding: .3rem .8rem; text-align: left; }}
th, td {{ white-space: nowrap; }}
td.long {{ white-space: normal; min-width: 24rem; }}
@media print {{ figure, table {{ break-inside: avoid; }} a {{ color: inherit; text-decoration: none; }}
  td {{ white-space: normal; }} }}
"""
"""The style of every page. It follows the system from light to dark; paper stays white in print."""
