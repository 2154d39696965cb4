"""Text for people: safe on a terminal, folded for comparing, slugged for files, laid out in tables."""

from __future__ import annotations

import hashlib
import re
import textwrap
import unicodedata
from collections.abc import Iterable, Sequence


def clean(text: str, keep: str = "") -> str:
    """Make a stranger's text safe for a terminal or a playlist.

    Control, escape and bidirectional-override characters become ``�``, lone surrogates (file names in
    no known encoding) too; line breaks and tabs become spaces, and everything printable stays as it is.

    Parameters
    ----------
    text
        The text, such as a file name or a tag.
    keep
        The control characters to leave alone, such as a line break.
    """
    text = str(text)
    if text.isprintable():
        return text
    return "".join(c if c in keep or not _is_unsafe(c) else " " if c in _BREAKS else "�" for c in text)


def _is_unsafe(character: str) -> bool:
    return character in _BIDI or unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"}


_BREAKS = frozenset("\t\n\v\f\r\x85\u2028\u2029")

_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def display_width(text: str) -> int:
    """Columns a text takes on a terminal, once it is safe: wide characters two, combining marks none."""
    if text.isascii():
        return len(text)
    from wcwidth import wcswidth  # not at the top: --help needs nothing that was installed

    return wcswidth(clean(text))


def shorten(text: str, width: int) -> str:
    """Cut a text to at most ``width`` columns, with an ellipsis where something is missing.

    What a reader takes for one character, such as an emoji put together from several, is kept or cut whole.
    """
    if display_width(text) <= width:
        return text
    from wcwidth import iter_graphemes

    kept, used = "", 0
    for character in iter_graphemes(text):
        used += display_width(character)
        if used > width - 1:
            break
        kept += character
    return kept + "…"


def table(
    headers: Sequence[str],
    rows: Iterable[Sequence[object]],
    max_width: int = 48,
    right: str = "",
    fit: int | None = None,
) -> str:
    """Lay rows out in columns under their headers.

    Parameters
    ----------
    headers
        The headers, one for each column.
    rows
        The cells of each row, of any kind; ``None`` is shown as a dash.
    max_width
        Longest a cell may be before it is shortened; the last column is never shortened, so that a file
        path stays whole.
    right
        Which columns to align right: one character per column, ``r`` or anything else.
    fit
        Columns of the terminal that the table shall fit into: its last column is broken into lines as short
        as that takes, but for `LEAST_ROOM`. None for any.

    Returns
    -------
    str
        Lines without a trailing line break.
    """
    last = len(headers) - 1
    cells = [
        [
            clean("–" if cell is None else str(cell))
            if column == last
            else shorten(clean("–" if cell is None else str(cell)), max_width)
            for column, cell in enumerate(row)
        ]
        for row in [headers, *rows]
    ]
    if fit is not None:
        others = sum(max(display_width(row[column]) for row in cells) + 2 for column in range(last))
        cells = [line for row in cells for line in _broken(row, max(fit - others, LEAST_ROOM))]
    widths = [max(display_width(row[column]) for row in cells) for column in range(len(headers))]
    align_right = [right[column : column + 1] == "r" for column in range(len(headers))]
    lines = [
        "  ".join(_padded(*cell) for cell in zip(row, widths, align_right, strict=True)) for row in cells
    ]
    lines.insert(1, "  ".join("─" * width for width in widths))
    return "\n".join(line.rstrip() for line in lines)


LEAST_ROOM = 12
"""Columns of the terminal that the last column of a table keeps however narrow it is."""


def _broken(row: list[str], room: int) -> list[list[str]]:
    """A row of a table as lines whose last cell has at most ``room`` columns where words allow it."""
    first, *more = textwrap.wrap(row[-1], room, break_long_words=False) or [""]
    return [[*row[:-1], first], *([""] * (len(row) - 1) + [line] for line in more)]


def _padded(text: str, width: int, to_right: bool) -> str:
    gap = " " * (width - display_width(text))
    return gap + text if to_right else text + gap


def duration(seconds: float) -> str:
    """Write a time for people: ``58 s``, ``3:05``, ``1:02:09``."""
    whole = round(seconds)
    if whole < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{whole} s"
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def moment(seconds: float) -> str:
    """Write a place in a song for people, to a tenth of a second: ``0:07.5``, ``1:02:09.0``."""
    minutes, tenths = divmod(round(10 * seconds), 600)
    hours, minutes = divmod(minutes, 60)
    rest = f"{tenths // 10:02d}.{tenths % 10}"
    return f"{hours}:{minutes:02d}:{rest}" if hours else f"{minutes}:{rest}"


def clock(seconds: float) -> str:
    """Write a place in a song as a player shows it, in whole seconds: ``0:07``, ``3:05``, ``62:09``."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def thousands(number: int) -> str:
    """Write a number so that it can be read: ``1 200 000``."""
    return f"{number:,}".replace(",", " ")


def count(number: int, noun: str) -> str:
    """Write a number of things: ``1 song``, ``1 200 songs``."""
    return f"{thousands(number)} {noun}{'' if number == 1 else 's'}"


LARGEST = 10**18
"""The largest number that is read from a text."""


def whole(text: str) -> int | None:
    """The whole number that a text writes in digits alone, None if it writes none.

    What has more digits than anything here counts to is `LARGEST`: Python reads no number of thousands.
    """
    if not text.isdecimal():
        return None
    digits = text.lstrip("0")
    return min(int(digits or "0"), LARGEST) if len(digits) <= len(str(LARGEST)) else LARGEST


def fold(text: str) -> str:
    """Reduce a text to what a search should compare: no case, no accents, single spaces."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(c for c in decomposed if not unicodedata.combining(c)).split())


def title_in(name: str) -> str:
    """What a song's name says after its artist and `` - ``; all of it where it names none."""
    return name.partition(" - ")[2] or name


def slug(text: str, longest: int = 80) -> str:
    """Turn a title into a file-name part that every file system takes, and no other title shares.

    Letters and digits of any script and hyphens stay, spaces become ``_``. A title that loses anything
    else, or is cut to ``longest`` bytes, gets eight characters of its hash.
    """
    plain = re.sub(r"[^\w-]+|_+", "_", unicodedata.normalize("NFC", text)).strip("_")
    name = plain.encode("utf-8", "ignore")[:longest].decode("utf-8", "ignore")
    if name and name.replace("_", " ") == text:
        return name
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{name}_{digest}".strip("_")
