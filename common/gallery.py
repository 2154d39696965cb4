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
from common.paths import PLAYLIST, Output, Paths
from common.text import count, slug

TABLE_ROWS, TABLE_COLUMNS = 30, 12
"""Most of a report's table that the page shows; the file has the rest."""


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
    newest
        Most pictures that the gallery shows; where there are more, a page of the chapter's own gathers all.
    by_song
        Whether files of one song stand together, the newest song first; else those of one kind do.
    playlists
        Whether it holds playlists, whose names are a listener's own, and nothing else.
    """

    title: str
    lead: str
    captions: Mapping[str, str]
    wide: bool = False
    newest: int = 12
    by_song: bool = False
    playlists: bool = False

    @property
    def anchor(self) -> str:
        """The chapter's name in addresses."""
        return slug(self.title.lower().replace("'", ""))

    def start_of(self, name: str) -> str | None:
        """The longest caption's beginning that a file's name begins with; None if it begins with none."""
        return max((start for start in self.captions if name.startswith(start)), key=len, default=None)

    def knows(self, file: Path) -> bool:
        """Whether a file belongs here."""
        return (file.suffix == PLAYLIST) == self.playlists and self.start_of(file.name) is not None

    def sorted(self, files: Iterable[Path]) -> list[Path]:
        """Put files of the chapter, which come newest first, in the order in which they are shown."""
        kinds = list(self.captions)
        kind_of = {file: self.start_of(file.name) or "" for file in files}
        if not self.by_song:
            return sorted(kind_of, key=lambda file: kinds.index(kind_of[file]))
        songs: dict[str, list[Path]] = {}
        for file, kind in kind_of.items():
            songs.setdefault(file.stem.removeprefix(kind), []).append(file)
        of_song = (sorted(found, key=lambda file: kinds.index(kind_of[file])) for found in songs.values())
        return [file for found in of_song for file in found]


CHAPTERS = (
    Chapter(
        "What is in it",
        "Genres, tempos, keys and loudness of the songs, and every song with what was read from it.",
        {
            Output.SONGS: "All songs in a table: tempo, key, loudness, genre, nearest song",
            Output.CONTENTS: "Genres, tempos, keys and loudness",
        },
        wide=True,
    ),
    Chapter(
        "How it hangs together",
        "Every song is a point, and paler ones have fewer of their nearest songs near them. The pages can be "
        "searched, coloured and played.",
        {Output.MAP_2D: "The map in 2D", Output.MAP_3D: "The map in 3D"},
    ),
    Chapter(
        "What separates the genres",
        "How well genres can be told apart on songs it has not heard, what it listens to, and how alike "
        "their songs are.",
        {
            Output.CLASSIFIER: "The report",
            Output.SCORES: "Scores on songs it has not heard",
            Output.CONFUSION: "Which genres it takes for which",
            Output.SIMILARITY_MATRIX: "Average similarity between genres",
            Output.SIMILARITY: "Genres: how alike their songs are",
            Output.BOUNDARY: "Songs between genres",
            Output.PREDICTIONS: "Songs without a genre, and what it takes them for",
            Output.GUESSES: "What it takes every song for",
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
        "Over the years",
        "How tempo, loudness, brightness and key clarity moved, as far as the songs' years tell.",
        {Output.TREND: "Changes per decade"},
        wide=True,
    ),
    Chapter(
        "One song's journey",
        "From the waveform to the numbers a machine hears, how unusual each is in this library, and where "
        "the song goes while it plays.",
        {
            Output.JOURNEY: "The journey of",
            Output.WAY: "The way over the map of",
            Output.PERSPECTIVES: "Producer, computer, data scientist:",
        },
        wide=True,
        newest=6,
        by_song=True,
    ),
    Chapter(
        "Comparisons",
        "Why two songs are alike, and what separates a mix from the records it is held against.",
        {Output.COMPARE: "Why two songs are alike:", Output.MATCH: "Against its references:"},
        newest=4,
        by_song=True,
    ),
    Chapter("Playlists", "Songs in an order that flows, or saved from a search.", {"": ""}, playlists=True),
    Chapter("More", "", {"": ""}),
)
"""In the order in which a person asks; a file belongs to the first that knows its name."""

RENDERED = {".csv"}
"""Endings of reports that the page shows; others it links to, and a report for reading has a page."""

FOR_READING_ELSEWHERE = (
    Output.BOUNDARY, Output.PREDICTIONS, Output.MAP_2D, Output.MAP_3D, Output.SONGS, Output.GUESSES,
)  # fmt: skip
"""Tables that a report or a map already shows in another form: the page links to them."""


TITLE = "Music, as a machine hears it"

MOST_SENTENCES = 3
"""Sentences about the library that the gallery begins with."""


def refresh(paths: Paths) -> Path:
    """Write the gallery anew from what exists, and the pages that gather what does not fit on it.

    Returns
    -------
    Path
        The page.
    """
    found = _claim(_files(paths))
    home = paths.gallery.parent
    parts = [_chapter(chapter, files, home) for chapter, files in found if files]
    if not parts:
        parts = ["<p>Nothing has been made yet. Start with <code>python 02_embedding_journey.py</code>.</p>"]
    links = " · ".join(
        f'<a href="#{chapter.anchor}">{escape(chapter.title)}</a>' for chapter, files in found if files
    )
    said = "".join(f"<li>{escape(sentence)}</li>" for sentence in _sentences(paths))
    lead = f'<ul class="lead">{said}</ul>\n' if said else ""
    for chapter, files in found:
        _gather(chapter, files, home)
    body = f"<h1>{TITLE}</h1>\n{lead}<nav>{links}</nav>\n" + "\n".join(parts)
    return save_page(paths.gallery, TITLE, body, styles=STYLE)


def _summary(paths: Paths) -> Path:
    return paths.report(f"{Output.SUMMARY_LINES}.txt")


def _sentences(paths: Paths) -> list[str]:
    """What stage 2 said of the library."""
    if not _summary(paths).is_file():
        return []
    lines = _summary(paths).read_text(encoding="utf-8", errors="replace").splitlines()
    return [line for line in lines if line.strip()][:MOST_SENTENCES]


def _gathering(chapter: Chapter, home: Path) -> Path:
    """The page that gathers all pictures of a chapter."""
    return home / f"{Output.GATHERED}_{chapter.anchor}.html"


def _gather(chapter: Chapter, files: list[Path], home: Path) -> None:
    """Write the page with all pictures of a chapter, or take it away where the gallery shows them all."""
    pictures, page = _pictures(files), _gathering(chapter, home)
    if len(pictures) <= chapter.newest:
        page.unlink(missing_ok=True)
        return
    figures = "".join(_picture(file, chapter, home) for file in pictures)
    back = f'<nav><a href="index.html">{escape(TITLE)}</a></nav>'
    heading = (
        f"<h1>{escape(chapter.title)}</h1>\n<p>{escape(count(len(pictures), 'picture'))}, newest first.</p>"
    )
    body = f"{heading}\n{back}\n{_columns(chapter, figures)}"
    save_page(page, chapter.title, body, styles=STYLE)


def _files(paths: Paths) -> list[Path]:
    """Everything worth showing: pictures, pages, reports and playlists, newest first."""
    folders = (
        (paths.plot("").parent, "*.png"),
        (paths.gallery.parent, "*.html"),
        (paths.report(""), "*"),
        (paths.playlist("any").parent, f"*{PLAYLIST}"),
    )
    gathering = (_gathering(chapter, paths.gallery.parent) for chapter in CHAPTERS)
    elsewhere = {paths.gallery, _summary(paths), *gathering}
    found = [
        file
        for folder, pattern in folders
        for file in folder.glob(pattern)
        if file.is_file() and not file.name.startswith(".") and file not in elsewhere
    ]
    return sorted(found, key=lambda file: (-file.stat().st_mtime_ns, file.name))


def _claim(files: Iterable[Path]) -> list[tuple[Chapter, list[Path]]]:
    """Give every file to the first chapter that knows its name."""
    claimed: dict[str, list[Path]] = {chapter.title: [] for chapter in CHAPTERS}
    for file in files:
        chapter = next(chapter for chapter in CHAPTERS if chapter.knows(file))
        claimed[chapter.title].append(file)
    return [(chapter, chapter.sorted(claimed[chapter.title])) for chapter in CHAPTERS]


def _pictures(files: Iterable[Path]) -> list[Path]:
    return [file for file in files if file.suffix == ".png"]


def _chapter(chapter: Chapter, files: list[Path], home: Path) -> str:
    pages = [file for file in files if file.suffix == ".html"]
    pictures = _pictures(files)
    shown = [file for file in files if _is_rendered(file)]
    others = [file for file in files if file not in {*pages, *pictures, *shown}]
    parts = [f'<section id="{chapter.anchor}"><h2>{escape(chapter.title)}</h2>']
    parts += [f"<p>{escape(chapter.lead)}</p>"] if chapter.lead else []
    parts += [_links("Open", pages, chapter, home)] if pages else []
    if pictures:
        figures = "".join(_picture(file, chapter, home) for file in pictures[: chapter.newest])
        parts.append(_columns(chapter, figures))
    if len(pictures) > chapter.newest:
        label = f"all {count(len(pictures), 'picture')}"
        parts.append(f'<p class="links">Open: {_link(_gathering(chapter, home), label, home)}</p>')
    parts += [_table(file, chapter, home) for file in shown]
    parts += [_links("Files", others, chapter, home)] if others else []
    return "\n".join([*parts, "</section>"])


def _is_rendered(file: Path) -> bool:
    """Whether a file is a table that no report shows in another form, as those on labels do all of theirs."""
    elsewhere = file.stem in FOR_READING_ELSEWHERE or file.name.startswith(f"{Output.LABELS}_")
    return file.suffix in RENDERED and not elsewhere


def _columns(chapter: Chapter, figures: str) -> str:
    return f'<div class="{"wide" if chapter.wide else "pictures"}">{figures}</div>'


def _caption(file: Path, chapter: Chapter) -> str:
    """What a file shows: its own words, or the chapter's and whatever song its name goes on with."""
    said = charts.png_title(file) if file.suffix == ".png" else None
    if said:
        return said
    start = chapter.start_of(file.name) or ""
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
.lead { list-style: none; padding: 0; font-size: 1.15rem; }
.lead li { margin: .3rem 0; }
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
