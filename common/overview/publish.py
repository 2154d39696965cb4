"""What is written about the library as a whole: all songs, trends over the years, three sentences."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from common import charts
from common.classifier.guesses import read_guesses
from common.files import write_csv
from common.library import Library
from common.overview import contents_figure, songs, songs_page, summary, trend_figure
from common.overview.trend import Trends, find_trends
from common.paths import Output, Paths
from common.search.clusters import Grouping

ABOUT = (
    "Click a column's name to sort by it, a nearest song to look it up. Energy is loudness that counts how "
    "bright and how dense a song is as well. What is unknown is a dash."
)


@dataclass(frozen=True)
class Overview:
    """What was found and written about a library.

    Attributes
    ----------
    sentences
        Two or three sentences about it.
    trends
        How its readings moved over the years.
    written
        The files.
    """

    sentences: list[str]
    trends: Trends
    written: list[Path]


def publish(
    paths: Paths, library: Library, nearest: songs.Nearest, groupings: Sequence[Grouping]
) -> Overview:
    """Write everything.

    Parameters
    ----------
    paths
        Where everything lies; guesses of stage 3 are read from there.
    library
        All songs, at least one; guests take no part.
    nearest
        The nearest song of every song that it is known of.
    groupings
        The clusters that were found among the songs.
    """
    trends = find_trends(library)
    sentences = summary.three_sentences(library, nearest, groupings, trends.found)
    rows = songs.song_rows(library, nearest, groupings, read_guesses(paths))
    drawn = contents_figure.draw_contents(library)
    contents = charts.save_png(drawn, paths.plot(Output.CONTENTS), title="Genres, tempos, keys and loudness")
    written = [*write_songs(paths, rows), contents, *_write_trends(paths, trends)]
    summary.write_summary(paths, sentences)
    return Overview(sentences, trends, written)


def refresh_guesses(paths: Paths) -> list[Path]:
    """Bring the guesses in the table of all songs up to date; nothing is written where there is no table.

    Raises
    ------
    ValueError
        If the table was changed so that it cannot be read.
    """
    rows = list(songs.with_guesses(songs.read_table(paths), paths))
    return write_songs(paths, rows) if rows else []


def write_songs(paths: Paths, rows: Iterable[songs.Row]) -> list[Path]:
    """Write the table of all songs, and the page that shows it; returns the files."""
    listing = songs_page.Listing()
    table = songs.write_table(paths, listing.watch(rows))
    return [table, songs_page.write_page(paths.html(Output.SONGS), listing, table, ABOUT)]


def _write_trends(paths: Paths, trends: Trends) -> list[Path]:
    """Write picture and table; where there is no trend, take away those of an earlier library."""
    picture, table = paths.plot(Output.TREND), paths.report(f"{Output.TREND}.csv")
    if not trends.found:
        picture.unlink(missing_ok=True)
        table.unlink(missing_ok=True)
        return []
    write_csv(table, trend_figure.HEADER, trend_figure.table_rows(trends.found))
    drawn = trend_figure.draw_trends(trends.found)
    return [charts.save_png(drawn, picture, title=trend_figure.heading(trends.found)), table]
