"""A sheet of paper: where panels and words of a figure go, in inches from its top left corner."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from common import charts
from common.text import clean, display_width, shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text

A3 = (16.54, 11.69)
"""Width and height in inches."""


def axes_at(figure: Figure, across: tuple[float, float], top: float, bottom: float) -> Axes:
    """Add a panel to a figure.

    Parameters
    ----------
    figure
        The sheet, whose size must be set already.
    across
        Where the panel's left and right edges lie, in inches from the left edge.
    top, bottom
        Where its upper and lower edges lie, in inches from the top edge.
    """
    width, height = figure.get_size_inches()
    left, right = across
    return figure.add_axes(
        (left / width, 1 - bottom / height, (right - left) / width, (bottom - top) / height)
    )


def write(
    figure: Figure, x: float, y: float, content: str, size: float = 10, va: str = "center", **options: Any
) -> Text:
    """Write a text on a figure.

    Parameters
    ----------
    figure
        The sheet that the text is written on.
    x, y
        Where the text begins, and the height of its middle, in inches from the top left corner.
    content
        The text, in one line or several.
    size
        The size of the letters in points.
    va
        What ``y`` is the height of, as matplotlib names it.
    options
        More properties of `matplotlib.text.Text`.
    """
    width, height = figure.get_size_inches()
    return figure.text(x / width, 1 - y / height, content, fontsize=size, va=va, **options)


def write_step(figure: Figure, x: float, y: float, number: int, name: str, what: str) -> None:
    """Write a step's heading: its number, its name, and what is to be seen."""
    dot = {"boxstyle": "circle,pad=0.25", "color": charts.INK}
    write(figure, x + 0.05, y, str(number), 10, color=charts.PAPER, weight="bold", ha="center", bbox=dot)
    heading = write(figure, x + 0.3, y, name, 13, weight="bold")
    write(figure, x + 0.3 + width_of(figure, heading) + 0.15, y, what, 10)


def width_of(figure: Figure, text: Text) -> float:
    """Width of a text in inches."""
    return text.get_window_extent().width / figure.dpi


def write_title(figure: Figure, name: str, x: float, width: float, y: float) -> None:
    """Write a song's name as large as fits; a long one goes over two or three lines, whole."""
    name = clean(name)
    for size, lines in ((22, 1), (18, 1), (15, 1), (14, 2), (11, 2), (9, 3)):
        text = write(figure, x, y, wrap(name, lines), size, weight="bold", linespacing=1.15)
        if width_of(figure, text) <= width:
            return
        text.remove()
    write(figure, x, y, wrap(shorten(name, 400), 3), 8, weight="bold")


def wrap(text: str, lines: int) -> str:
    """Break a text into about equally wide lines, at spaces where there are any."""
    longest = display_width(text) / lines
    parts: list[str] = []
    part = ""
    for character in text:
        part += character
        over = display_width(part) - longest
        if len(parts) < lines - 1 and ((over >= 0 and character == " ") or over >= 12):
            parts.append(part.strip())
            part = ""
    return "\n".join([*parts, part.strip()])
