"""One palette, one style, and how a figure becomes a PNG or a page that opens without a network.

Conventions: colours are Okabe and Ito's, which colour-blind people tell apart (M. Okabe, K. Ito,
"Color Universal Design", 2008); a genre has a marker shape as well as a colour. PNGs are drawn by
matplotlib without a screen, pages by plotly with one shared ``plotly.min.js`` per folder.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from common.console import clean
from common.files import replacing, write_text
from common.layout import GROUPS
from common.library import UNKNOWN_GENRE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DPI = 200

PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8C6D1F", "#666666")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
PLOTLY_MARKERS = {
    "o": "circle",
    "s": "square",
    "^": "triangle-up",
    "D": "diamond",
    "v": "triangle-down",
    "P": "cross",
    "X": "x",
    "*": "star",
}
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
        Names, repeated or not; the order does not matter.

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


@contextmanager
def style() -> Iterator[None]:
    """Draw in the house style: white paper, quiet grid, readable sizes, no screen needed."""
    import matplotlib as mpl

    mpl.use("Agg")
    import seaborn as sns
    from matplotlib import font_manager

    installed = {font.name for font in font_manager.fontManager.ttflist}
    rules = {
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
    with sns.axes_style("whitegrid"), sns.plotting_context("notebook"), mpl.rc_context(rules):
        yield


def save_png(figure: Figure, path: Path, dpi: int = DPI, title: str | None = None) -> Path:
    """Write a matplotlib figure at print quality and close it.

    Characters that no installed font has are drawn as boxes, without a warning: a title is data, and
    the page that goes with the figure shows it in full.

    Parameters
    ----------
    figure, path, dpi
        What, where, and how fine.
    title
        What the picture shows, kept in the file for whoever lists pictures (`png_title`); the figure's
        own title over all its panels if None.
    """
    import warnings

    import matplotlib.pyplot as plt

    shows = clean(" ".join((title or figure.get_suptitle()).split()))
    about = {"Software": None} | ({"Title": shows} if shows else {})
    with warnings.catch_warnings(), replacing(path) as temporary:
        warnings.filterwarnings("ignore", message=r"Glyph .* missing from font", category=UserWarning)
        figure.savefig(temporary, dpi=dpi, metadata=about)
    plt.close(figure)
    return path


def png_title(path: Path) -> str | None:
    """Read what `save_png` wrote about a picture; None where it says nothing, or is no PNG.

    Source: W3C, "Portable Network Graphics", sections 11.3.3.2 (tEXt) and 11.3.3.4 (iTXt).
    """
    with path.open("rb") as file:
        if file.read(8) != b"\x89PNG\r\n\x1a\n":
            return None
        while len(head := file.read(8)) == 8 and head[4:] not in {b"IDAT", b"IEND"}:
            content = file.read(int.from_bytes(head[:4]))
            file.read(4)  # the checksum
            keyword, _, rest = content.partition(b"\0")
            if keyword == b"Title" and head[4:] == b"tEXt":
                return rest.decode("latin-1")
            if keyword == b"Title" and head[4:] == b"iTXt" and rest[:1] == b"\0":
                return rest[2:].split(b"\0", 2)[-1].decode("utf-8", "replace")
    return None


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
        Where.
    title
        Plain text; it is escaped.
    body
        HTML; whatever comes from a file name or tag must already be escaped by `text`.
    scripts
        Script files beside the page, loaded before the body.
    styles
        More CSS.
    """
    tags = "\n".join(f'<script src="{html.escape(name)}"></script>' for name in scripts)
    write_text(
        path,
        f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{text(title)}</title>
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


def text(content: object) -> str:
    """Escape a stranger's text for HTML, attributes included."""
    return html.escape(clean(str(content)))


def html_table(headers: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Lay rows out as an HTML table; every cell is escaped, None is a dash."""
    head = "".join(f"<th>{text(header)}</th>" for header in headers)
    lines = ("".join(f"<td>{text('–' if cell is None else cell)}</td>" for cell in row) for row in rows)
    body = "\n".join(f"<tr>{line}</tr>" for line in lines)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def figure_tag(source: str, caption: str, attributes: Mapping[str, str] | None = None) -> str:
    """An HTML figure with a caption, for a picture given by its relative address."""
    extra = "".join(f' {name}="{text(value)}"' for name, value in (attributes or {}).items())
    return (
        f'<figure><a href="{text(source)}"><img src="{text(source)}" alt="{text(caption)}"{extra}></a>'
        f"<figcaption>{text(caption)}</figcaption></figure>"
    )


PAGE_STYLE = f"""
:root {{ color-scheme: light; }}
body {{ margin: 0 auto; max-width: 1200px; padding: 1.5rem; color: {INK}; background: {PAPER};
  font: 16px/1.5 system-ui, "Segoe UI", "Noto Sans", "DejaVu Sans", sans-serif; }}
h1, h2 {{ line-height: 1.2; }}
a {{ color: {PALETTE[0]}; }}
figure {{ margin: 1.5rem 0; }}
img {{ max-width: 100%; border: 1px solid {GRID}; }}
table {{ border-collapse: collapse; margin: 1rem 0; }}
th, td {{ border-bottom: 1px solid {GRID}; padding: .3rem .8rem; text-align: left; }}
@media print {{ figure, table {{ break-inside: avoid; }} a {{ color: inherit; text-decoration: none; }} }}
"""
