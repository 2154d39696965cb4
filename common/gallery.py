"""The gallery: one page, ``outputs/html/index.html``, that shows whatever the stages have made so far.

Each stage calls `refresh` when it is done. The page is built from the files that exist, so it never links
to something that is not there; it is light, prints well, and needs no network.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from common import charts, markdown
from common.pages import escape, figure_tag, html_table, save_page
from common.paths import Paths
from common.text import count

TABLE_ROWS, TABLE_COLUMNS = 30, 12
"""Most of a report's table that the page shows; the file has the rest."""

NEWEST = 12
"""Most pictures of a section; newer ones push older ones out of the page, not off the disk."""


@dataclass(frozen=True)
class Section:
    """A heading of the page and the files that belong under it, known by how their names begin.

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


SECTIONS = (
    Section(
        "The map",
        "Every song is a point, and near songs sound alike. The pages can be searched, coloured and played.",
        {"map_2d": "The map in 2D", "map_3d": "The map in 3D"},
    ),
    Section(
        "One song's journey",
        "From the waveform to the numbers a machine hears, and how unusual each is in this library.",
        {"journey_": "The journey of", "three_perspectives_": "Producer, computer, data scientist:"},
        wide=True,
    ),
    Section(
        "Genres: what the classifier learned",
        "How well genres can be told apart on songs it has not heard, and what it listens to.",
        {
            "genre_classifier": "The report",
            "genre_scores": "Scores on songs it has not heard",
            "genre_confusion": "Which genres it takes for which",
            "boundary_songs": "Songs between genres",
            "genre_predictions": "Songs without a genre, and what it takes them for",
            "shap_summary": "What it listens to:",
            "shap_dependence": "How its strongest component speaks",
            "shap_waterfall": "Why it decides as it does:",
        },
    ),
    Section(
        "Similarity",
        "How alike songs are within and between genres, and why.",
        {
            "genre_similarity_matrix": "Average similarity between genres",
            "genre_similarity": "Genres: how alike their songs are",
            "compare": "Why two songs are alike:",
        },
    ),
    Section("More", "", {"": ""}),
)

RENDERED = {".csv", ".md"}
"""Endings of reports that the page shows; others it links to."""

FOR_READING_ELSEWHERE = ("boundary_songs", "genre_predictions")
"""Tables that the report already shows a part of, in words: the page links to them."""


def refresh(paths: Paths) -> Path:
    """Write the gallery anew from what exists.

    Returns
    -------
    Path
        The page.
    """
    found = _claim(_files(paths))
    parts = [_section(section, files, paths.gallery.parent) for section, files in found if files]
    if not parts:
        parts = ["<p>Nothing has been made yet. Start with <code>python 02_embedding_journey.py</code>.</p>"]
    links = " · ".join(
        f'<a href="#{_anchor(section)}">{escape(section.title)}</a>' for section, files in found if files
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


def _claim(files: Iterable[Path]) -> list[tuple[Section, list[Path]]]:
    """Give every file to the first section that knows its name."""
    claimed: dict[str, list[tuple[int, Path]]] = {section.title: [] for section in SECTIONS}
    for file in files:
        section = next(s for s in SECTIONS if file.name.startswith(tuple(s.captions)))
        rank = next(i for i, start in enumerate(section.captions) if file.name.startswith(start))
        claimed[section.title].append((rank, file))
    return [
        (section, [file for _, file in sorted(claimed[section.title], key=lambda item: item[0])])
        for section in SECTIONS
    ]


def _anchor(section: Section) -> str:
    return section.title.split(":")[0].lower().replace(" ", "-").replace("'", "")


def _section(section: Section, files: list[Path], home: Path) -> str:
    pages = [file for file in files if file.suffix == ".html"]
    pictures = [file for file in files if file.suffix == ".png"]
    shown = [file for file in files if file.suffix in RENDERED and file.stem not in FOR_READING_ELSEWHERE]
    others = [file for file in files if file not in {*pages, *pictures, *shown}]
    parts = [f'<section id="{_anchor(section)}"><h2>{escape(section.title)}</h2>']
    parts += [f"<p>{escape(section.lead)}</p>"] if section.lead else []
    parts += [_links("Open", pages, section, home)] if pages else []
    if pictures:
        figures = [_picture(file, section, home) for file in pictures[:NEWEST]]
        parts.append(f'<div class="{"wide" if section.wide else "pictures"}">{"".join(figures)}</div>')
    if len(pictures) > NEWEST:
        parts.append(f"<p>{escape(count(len(pictures) - NEWEST, 'older picture'))} in the folder.</p>")
    parts += [(_table if file.suffix == ".csv" else _report)(file, section, home) for file in shown]
    parts += [_links("Files", others, section, home)] if others else []
    return "\n".join([*parts, "</section>"])


def _address(file: Path, home: Path) -> str:
    """Address of a file relative to the page, whatever characters its name has."""
    relative = os.path.relpath(file, home).replace(os.sep, "/")
    return quote(relative.encode("utf-8", "surrogateescape"), safe="/")


def _caption(file: Path, section: Section) -> str:
    """What a file shows: its own words, or the section's and whatever song its name goes on with."""
    said = charts.png_title(file) if file.suffix == ".png" else None
    if said:
        return said
    start = next(start for start in section.captions if file.name.startswith(start))
    rest = file.stem.removeprefix(start).replace("_", " ").strip()
    words = f"{section.captions[start]} {rest}".strip().rstrip(":")
    return words[:1].upper() + words[1:]


def _links(verb: str, files: list[Path], section: Section, home: Path) -> str:
    """Link to files by what they show; one of data by its name, which has the ending."""
    links = [
        _link(file, _caption(file, section) if file.suffix == ".html" else file.name, home) for file in files
    ]
    return f'<p class="links">{verb}: {" · ".join(links)}</p>'


def _link(file: Path, label: str, home: Path) -> str:
    return f'<a href="{escape(_address(file, home))}">{escape(label)}</a>'


def _picture(file: Path, section: Section, home: Path) -> str:
    return figure_tag(_address(file, home), _caption(file, section), {"loading": "lazy"})


def _report(file: Path, section: Section, home: Path) -> str:
    """Show a report; the page has its title already."""
    text = file.read_text(encoding="utf-8", errors="replace")
    shown = markdown.to_html(text[text.find("\n") :] if text.startswith("# ") else text, top=2)
    return f'<div class="report">{shown}<p class="links">{_link(file, file.name, home)}</p></div>'


def _table(file: Path, section: Section, home: Path) -> str:
    """Show the head of a CSV table, with a link to the whole."""
    with file.open(encoding="utf-8-sig", errors="replace", newline="") as lines:
        reader = csv.reader(lines)
        header = next(reader, [])[:TABLE_COLUMNS]
        rows = [row[:TABLE_COLUMNS] for _, row in zip(range(TABLE_ROWS), reader, strict=False)]
        more = next(reader, None) is not None
    shown = html_table(header, [[_cell(cell) for cell in row] for row in rows])
    whole = _link(file, file.name, home)
    note = f" (the first {TABLE_ROWS} rows)" if more else ""
    caption = escape(_caption(file, section))
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
