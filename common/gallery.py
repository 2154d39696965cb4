"""The gallery: one page, ``outputs/html/index.html``, that shows whatever the stages have made so far.

Each stage calls `refresh` when it is done. The page is built from the files that exist, so it never links
to something that is not there; it is light, prints well, and needs no network.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from common import charts
from common.files import read_csv
from common.pages import address, escape, figure_tag, html_table, save_page
from common.paths import Output, Paths
from common.text import count

TABLE_ROWS, TABLE_COLUMNS = 30, 12
"""Most of a report's table that the page shows; the file has the rest."""

NEWEST = 12
"""Most pictures of a chapter; newer ones push older ones out of the page, not off the disk."""


@dataclass(frozen=True)
class Chapter:
    """A heading of the gallery and the files that belong under it, known by how their names begin.

    Attributes
    ----------
    title, lead
        Heading, and a sentence below it.
    captions
        Beginning of a file's name -> what it shows, in the order in which files are shown. A song or
        genre that the name goes on with follows the caption; what a picture says of itself wins.
    wide
        Whether pictures need the whole width of the page.
    """

    title: str
    lead: str
    captions: Mapping[str, str]
    wide: bool = False


CHAPTERS = (
    Chapter(
        "The map",
        "Every song is a point, and near songs sound alike. The pages can be searched, coloured and played.",
        {Output.MAP_2D: "The map in 2D", Output.MAP_3D: "The map in 3D"},
    ),
    Chapter(
        "One song's journey",
        "From the waveform to the numbers a machine hears, and how unusual each is in this library.",
        {
            Output.JOURNEY: "The journey of",
            Output.PERSPECTIVES: "Producer, computer, data scientist:",
        },
        wide=True,
    ),
    Chapter(
        "Genres: what the classifier learned",
        "How well genres can be told apart on songs it has not heard, and what it listens to.",
        {
            Output.CLASSIFIER: "The report",
            Output.SCORES: "Scores on songs it has not heard",
            Output.CONFUSION: "Which genres it takes for which",
            Output.BOUNDARY: "Songs between genres",
            Output.PREDICTIONS: "Songs without a genre, and what it takes them for",
            Output.SUMMARY: "What it listens to:",
            Output.DEPENDENCE: "How its strongest component speaks",
            Output.WATERFALL: "Why it decides as it does:",
        },
    ),
    Chapter(
        "Your own labels",
        "How well your labels can be told apart on songs it has not heard, and what tells them.",
        {Output.LABELS: ""},
    ),
    Chapter(
        "Similarity",
        "How alike songs are within and between genres, and why.",
        {
            Output.SIMILARITY_MATRIX: "Average similarity between genres",
            Output.SIMILARITY: "Genres: how alike their songs are",
            Output.COMPARE: "Why two songs are alike:",
        },
    ),
    Chapter(
        "Reference records",
        "What separates a mix from the records it is held against, in decibels.",
        {Output.MATCH: "Against its references:"},
        wide=True,
    ),
    Chapter("More", "", {"": ""}),
)

RENDERED = {".csv"}
"""Endings of reports that the page shows; others it links to, and a report for reading has a page."""

FOR_READING_ELSEWHERE = (Output.BOUNDARY, Output.PREDICTIONS, Output.MAP_2D, Output.MAP_3D)
"""Tables that a report or a map already shows in another form: the page links to them."""


def refresh(paths: Paths) -> Path:
    """Write the gallery anew from what exists.

    Returns
    -------
    Path
        The page.
    """
    found = _claim(_files(paths))
    parts = [_chapter(chapter, files, paths.gallery.parent) for chapter, files in found if files]
    if not parts:
        parts = ["<p>Nothing has been made yet. Start with <code>python 02_embedding_journey.py</code>.</p>"]
    links = " · ".join(
        f'<a href="#{_anchor(chapter)}">{escape(chapter.title)}</a>' for chapter, files in found if files
    )
    body = f"<h1>Music, as a machine hears it</h1>\n<nav>{links}</nav>\n" + "\n".join(parts)
    return save_page(paths.gallery, "Music, as a machine hears it", body, styles=STYLE)


def _files(paths: Paths) -> list[Path]:
    """Everything worth showing: pictures, pages, reports and playlists, newest first."""
    folders = (
        (paths.plot("").parent, "*.png"),
        (paths.gallery.parent, "*.html"),
        (paths.report(""), "*"),
        (paths.playlist("any").parent, "*.m3u8"),
    )
    found = [
        file
        for folder, pattern in folders
        for file in folder.glob(pattern)
        if file.is_file() and not file.name.startswith(".") and file != paths.gallery
    ]
    return sorted(found, key=lambda file: (-file.stat().st_mtime_ns, file.name))


def _claim(files: Iterable[Path]) -> list[tuple[Chapter, list[Path]]]:
    """Give every file to the first chapter that knows its name."""
    claimed: dict[str, list[tuple[int, Path]]] = {chapter.title: [] for chapter in CHAPTERS}
    for file in files:
        chapter = next(c for c in CHAPTERS if file.name.startswith(tuple(c.captions)))
        rank = next(i for i, start in enumerate(chapter.captions) if file.name.startswith(start))
        claimed[chapter.title].append((rank, file))
    return [
        (chapter, [file for _, file in sorted(claimed[chapter.title], key=lambda item: item[0])])
        for chapter in CHAPTERS
    ]


def _anchor(chapter: Chapter) -> str:
    return chapter.title.split(":")[0].lower().replace(" ", "-").replace("'", "")


def _chapter(chapter: Chapter, files: list[Path], home: Path) -> str:
    pages = [file for file in files if file.suffix == ".html"]
    pictures = [file for file in files if file.suffix == ".png"]
    shown = [file for file in files if _is_rendered(file)]
    others = [file for file in files if file not in {*pages, *pictures, *shown}]
    parts = [f'<section id="{_anchor(chapter)}"><h2>{escape(chapter.title)}</h2>']
    parts += [f"<p>{escape(chapter.lead)}</p>"] if chapter.lead else []
    parts += [_links("Open", pages, chapter, home)] if pages else []
    if pictures:
        figures = [_picture(file, chapter, home) for file in pictures[:NEWEST]]
        parts.append(f'<div class="{"wide" if chapter.wide else "pictures"}">{"".join(figures)}</div>')
    if len(pictures) > NEWEST:
        parts.append(f"<p>{escape(count(len(pictures) - NEWEST, 'older picture'))} in the folder.</p>")
    parts += [_table(file, chapter, home) for file in shown]
    parts += [_links("Files", others, chapter, home)] if others else []
    return "\n".join([*parts, "</section>"])


def _is_rendered(file: Path) -> bool:
    """Whether a file is a table that no report shows in another form, as those on labels do all of theirs."""
    elsewhere = file.stem in FOR_READING_ELSEWHERE or file.name.startswith(f"{Output.LABELS}_")
    return file.suffix in RENDERED and not elsewhere


def _caption(file: Path, chapter: Chapter) -> str:
    """What a file shows: its own words, or the chapter's and whatever song its name goes on with."""
    said = charts.png_title(file) if file.suffix == ".png" else None
    if said:
        return said
    start = next(start for start in chapter.captions if file.name.startswith(start))
    rest = file.stem.removeprefix(start).replace("_", " ").strip()
    words = f"{chapter.captions[start]} {rest}".strip().rstrip(":")
    return words[:1].upper() + words[1:]


def _links(verb: str, files: list[Path], chapter: Chapter, home: Path) -> str:
    """Link to files by what they show; one of data by its name, which has the ending."""
    links = [
        _link(file, _caption(file, chapter) if file.suffix == ".html" else file.name, home) for file in files
    ]
    return f'<p class="links">{verb}: {" · ".join(links)}</p>'


def _link(file: Path, label: str, home: Path) -> str:
    return f'<a href="{escape(address(file, home))}">{escape(label)}</a>'


def _picture(file: Path, chapter: Chapter, home: Path) -> str:
    return figure_tag(address(file, home), _caption(file, chapter), {"loading": "lazy"})


def _table(file: Path, chapter: Chapter, home: Path) -> str:
    """Show the head of a CSV table, with a link to the whole."""
    with contextlib.closing(read_csv(file, errors="replace")) as reader:
        header: list[str] = next(reader, [])[:TABLE_COLUMNS]
        rows = [row[:TABLE_COLUMNS] for _, row in zip(range(TABLE_ROWS), reader, strict=False)]
        more = next(reader, None) is not None
    shown = html_table(header, [[_cell(cell) for cell in row] for row in rows])
    whole = _link(file, file.name, home)
    note = f" (the first {TABLE_ROWS} rows)" if more else ""
    caption = escape(_caption(file, chapter))
    return f'<div class="table"><h3>{caption}</h3>{shown}<p class="links">{whole}{note}</p></div>'


def _cell(cell: str) -> str:
    """Round a long decimal number for reading; everything else stays as it is."""
    whole, point, decimals = cell.partition(".")
    if not point or len(decimals) <= 3 or not (whole.lstrip("-") + decimals).isdecimal():
        return cell
    return f"{float(cell):.3f}"


STYLE = """
nav { margin-bottom: 1rem; }
h2 { margin-top: 2.5rem; border-bottom: 2px solid; }
.pictures { columns: 2 30rem; column-gap: 1.5rem; }
.pictures figure { margin: 0 0 1.5rem; break-inside: avoid; }
figcaption { font-size: 15px; overflow-wrap: anywhere; }
.table { overflow-x: auto; }
td, th { font-size: 14px; font-variant-numeric: tabular-nums; vertical-align: top; }
li { max-width: 75em; }
@media print { body { padding: 0; } nav, .links { display: none; } section { break-before: page; }
  section:first-of-type { break-before: auto; } .pictures { columns: 2; }
  h2, h3 { break-after: avoid; } .table { overflow: visible; } td, th { font-size: 9pt; } }
"""
