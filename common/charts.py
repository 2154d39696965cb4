"""One palette, one style, and how a figure becomes a PNG or a page that opens without a network.

Conventions: colours are Okabe and Ito's, which colour-blind people tell apart (M. Okabe, K. Ito,
"Color Universal Design", 2008); a genre has a marker shape as well as a colour. PNGs are drawn by
matplotlib without a screen, pages by plotly with one shared ``plotly.min.js`` per folder.
"""

from __future__ import annotations

import contextlib
import functools
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from common.files import replacing
from common.layout import GROUPS
from common.library import UNKNOWN_GENRE
from common.text import clean, display_width, shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DPI = 200

PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8C6D1F", "#666666")
MARKERS = ("o", "s", "D", "P", "^", "v", "*", "X")
PLOTLY_MARKERS = {
    "o": "circle",
    "s": "square",
    "D": "diamond",
    "P": "cross",
    "^": "diamond-open",
    "v": "circle-open",
    "*": "square-open",
    "X": "x",
}
"""The same shapes on a page, flat or solid: plotly's solid maps know only these eight, and no triangles. The
last is drawn from a font that not every computer has."""

SECTION_PALETTE = (
    "#44AA99", "#CC6677", "#DDCC77", "#AA4499", "#88CCEE", "#999933", "#117733", "#882255", "#332288",
)  # fmt: skip
"""Colours of a song's sections, none of which is a genre's: the muted scheme of P. Tol, "Colour schemes",
2021."""

INK, PAPER, GRID = "#1F2430", "#FFFFFF", "#D9DCE3"
DIVERGING, SEQUENTIAL = "RdBu_r", "magma"
ORDERED, CYCLIC = "viridis", "twilight"
"""Colour maps of points: of a number, and of what goes round (keys). Their lightness tells colour-blind
eyes the order, and neither contains the grey of what is not known."""

UNKNOWN_COLOUR = "#9A9FAA"
"""Of a song whose genre is not known: grey, so that it claims no kinship."""

GROUP_COLOURS = dict(zip(GROUPS, PALETTE, strict=False))
"""Musical group of the embedding -> its colour in every figure."""

FONTS = (
    "DejaVu Sans",
    "Noto Sans CJK JP",
    "Noto Sans CJK SC",
    "Hiragino Sans",
    "Yu Gothic",
    "Malgun Gothic",
    "Microsoft YaHei",
    "Noto Sans Arabic",
    "Arial Unicode MS",
)
"""Fonts a title may need, in order; those not installed are passed over."""


def genre_styles(genres: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Give every genre its colour and matplotlib marker.

    Parameters
    ----------
    genres
        The genres' names, repeated or not, in any order.

    Returns
    -------
    dict
        Genre -> (colour, marker), sorted; songs of no known genre are grey and last. With more genres
        than colours the pairs go on without repeating, so that 56 genres stay distinct.
    """
    colours = PALETTE[:-1]  # the last is a grey
    names = sorted(set(genres) - {UNKNOWN_GENRE})
    styles = {
        name: (colours[i % len(colours)], MARKERS[(i % len(colours) + i // len(colours)) % len(MARKERS)])
        for i, name in enumerate(names)
    }
    return styles | ({UNKNOWN_GENRE: (UNKNOWN_COLOUR, "o")} if UNKNOWN_GENRE in genres else {})


def ramp(name: str, n: int) -> list[str]:
    """Take ``n`` evenly spaced colours, as ``#rrggbb``, from one of matplotlib's colour maps."""
    import matplotlib as mpl
    from matplotlib.colors import to_hex

    colours = mpl.colormaps[name]
    return [to_hex(colours(i / (n - 1))) for i in range(n)]


def wrapped(text: str, width: int) -> str:
    """Break a text into lines of at most so many characters, for a title or a label."""
    return "\n".join(textwrap.wrap(clean(text), width))


def section_colours(sections: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Give every letter of a song's sections its colour, so that what sounds alike looks alike.

    Parameters
    ----------
    sections
        The sections in order, each with its ``letter``; see `common.structure.sections`.
    """
    letters = dict.fromkeys(part["letter"] for part in sections)
    return {letter: SECTION_PALETTE[i % len(SECTION_PALETTE)] for i, letter in enumerate(letters)}


def mark_time(axes: Axes, duration: float) -> None:
    """Mark minutes and seconds at round places, about ten of them, along a song of so many seconds."""
    import numpy as np

    steps = (0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200)
    step = next((step for step in steps if duration / step <= 10), steps[-1])
    ticks = np.arange(0, duration, step)
    axes.set_xlim(0, duration)
    axes.set_xticks(ticks, [time_label(tick) for tick in ticks])


def time_label(seconds: float) -> str:
    """Write a time in seconds as minutes and seconds, with a tenth where it is not whole."""
    minutes, rest = divmod(seconds, 60)
    return f"{int(minutes)}:{rest:02.0f}" if rest == int(rest) else f"{int(minutes)}:{rest:04.1f}"


def fitting_line(figure: Figure, x: float, y: float, text: str, width: float, sizes: Sequence[float]) -> None:
    """Write a line in bold letters as large as fits, shortened where the smallest do not.

    Parameters
    ----------
    figure
        The figure that the line is written on.
    x, y, width
        Where it begins, the height of its middle, and how wide it may be, as shares of the figure's size.
    text
        What is written.
    sizes
        Sizes of letters in points, the largest first.
    """
    text = clean(text)
    tries = [(text, size) for size in sizes]
    tries += [(shorten(text, length), sizes[-1]) for length in range(display_width(text), 8, -4)]
    for told, size in tries:
        written = figure.text(x, y, told, fontsize=size, weight="bold", va="center")
        if written.get_window_extent().width <= width * figure.bbox.width:
            return
        written.remove()


def fitting_legend(figure: Figure, handles: Sequence[Any], most: int, **options: Any) -> None:
    """Write a legend of as many columns as the figure is wide enough for.

    Parameters
    ----------
    figure
        The figure that the legend belongs to.
    handles
        What it explains, each with a label.
    most
        Columns at most.
    **options
        More properties of the legend.
    """
    for columns in range(most, 0, -1):
        legend = figure.legend(handles=handles, ncols=columns, frameon=False, fontsize=10, **options)
        if columns == 1 or figure.bbox.x1 >= legend.get_window_extent().x1:
            return
        legend.remove()


@contextlib.contextmanager
def style() -> Iterator[None]:
    """Draw in one style: white paper, quiet grid, readable sizes, no screen needed.

    Characters that no installed font has are drawn as boxes, without a warning: a title is data, and the
    page that goes with the figure shows it in full.
    """
    import warnings

    import matplotlib as mpl

    mpl.use("Agg")
    import seaborn as sns

    installed = installed_fonts()
    rules: dict[Any, Any] = {
        "font.family": [font for font in FONTS if font in installed],
        "axes.edgecolor": INK,
        "axes.labelcolor": INK,
        "axes.titleweight": "bold",
        "axes.titlelocation": "left",
        "text.color": INK,
        "text.parse_math": False,
        "xtick.color": INK,
        "ytick.color": INK,
        "grid.color": GRID,
        "figure.facecolor": PAPER,
        "savefig.facecolor": PAPER,
    }
    with (
        sns.axes_style("whitegrid"),
        sns.plotting_context("notebook"),
        mpl.rc_context(rules),
        warnings.catch_warnings(),
    ):
        warnings.filterwarnings("ignore", message=_MISSING_GLYPH, category=UserWarning)
        yield


@functools.cache
def installed_fonts() -> dict[str, str]:
    """Find the fonts that can be drawn with.

    matplotlib keeps its list of fonts on disk and does not look again, so a font that was installed later
    would not be drawn with; such files are added to the list here, once per process.

    Returns
    -------
    dict
        Name of a font -> one file that holds it.
    """
    from matplotlib import font_manager

    fonts = font_manager.fontManager
    listed = {font.fname for font in fonts.ttflist}
    for file in sorted({*font_manager.findSystemFonts()} - listed):
        # Bitmap fonts cannot be drawn with, and a file may be damaged or go away.
        with contextlib.suppress(OSError, RuntimeError, NotImplementedError):
            fonts.addfont(file)
    return {font.name: font.fname for font in fonts.ttflist}


_MISSING_GLYPH = r"Glyph .* missing from font"
"""What matplotlib warns of where no installed font has a character."""


def save_png(figure: Figure, path: Path, dpi: int = DPI, title: str | None = None) -> Path:
    """Write a matplotlib figure at print quality and close it.

    Parameters
    ----------
    figure
        The figure, which cannot be used any more afterwards.
    path
        The file to write; its folder is made if needed.
    dpi
        The number of pixels per inch.
    title
        What the picture shows, kept in the file for whoever lists pictures (`png_title`); None for the
        figure's own title over all its panels.
    """
    import warnings

    import matplotlib.pyplot as plt

    shows = clean(" ".join((title or figure.get_suptitle()).split()))
    about = {"Software": None} | ({"Title": shows} if shows else {})
    with warnings.catch_warnings(), replacing(path) as temporary:
        warnings.filterwarnings("ignore", message=_MISSING_GLYPH, category=UserWarning)
        figure.savefig(temporary, dpi=dpi, metadata=about)
    plt.close(figure)
    return path


def png_title(path: Path) -> str | None:
    """Read the title that `save_png` wrote into a picture.

    Parameters
    ----------
    path
        The picture's file, which must exist.

    Returns
    -------
    str or None
        None where the picture has no title, or the file is no picture that can be read.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as picture:
            return picture.info.get("Title")
    except (UnidentifiedImageError, OSError, SyntaxError):
        return None
