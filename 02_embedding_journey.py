"""Stage 2: show how a machine hears a song, and where every song lies on a map.

Reads   data/processed/embeddings.npy, metadata.pkl, manifest.json   (stage 1)
        the audio file of one song
Writes  outputs/plots/journey_<song>.png              waveform -> spectrogram -> features -> embedding
        outputs/plots/three_perspectives_<song>.png   producer, computer, data scientist
        outputs/plots/journey_map_<song>.png          the song's way over the map while it plays
        outputs/html/journey_<song>.html              the same to hear and see
        outputs/plots/map_2d.png, map_3d.png          UMAP of all songs
        outputs/html/map_2d.html, map_3d.html         the same to search, colour and play, without a network
        outputs/reports/map_2d.csv, map_3d.csv        where every song lies, and how true that is
        outputs/reports/songs.csv, html/songs.html    all songs: readings, genre, cluster, nearest song
        outputs/plots/contents.png                    how many songs of each genre, tempo, key, loudness
        outputs/reports/trend.csv, plots/trend.png    how readings moved, if songs of five years are tagged
        outputs/html/index.html                       the gallery of everything made so far
Run     python 02_embedding_journey.py [--song NAME_OR_FILE] [--sample N]

Without --song the journey is that of the library's most typical song. A file outside the library is
measured against it and placed on the maps. The maps of a very large library show a sample of its songs.
"""

from __future__ import annotations

from common import console  # first, so that Ctrl-C is heard from here on

# isort: split
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from common.console import UserError, note, say
from common.paths import SEARCH, TRAIN, Output, Paths
from common.text import count, thousands

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from common.journey.choice import ChosenSong
    from common.library import Library
    from common.maps.page import Nearest
    from common.maps.projection import Projection
    from common.maps.selection import MapSongs
    from common.search.clusters import Grouping

MOST_ON_MAP = 20_000
"""Songs that a map shows unless told: a page of so many still answers within two seconds on a computer
without a graphics card (`benchmarks.maps`)."""


def get_parser() -> argparse.ArgumentParser:
    """The command line of this stage."""
    parser = console.stage_parser(__doc__)
    parser.add_argument(
        "--song",
        metavar="NAME_OR_FILE",
        help="any distinctive part of a song's name, or an audio file (default: the most typical song)",
    )
    console.add_sample_option(parser, MOST_ON_MAP, 1, "on a map")
    return parser


def tell(arguments: argparse.Namespace) -> int:
    """Draw one song's journey, lay all songs out on maps, and gather everything in the gallery."""
    from common import gallery
    from common import library as libraries
    from common.classifier.songs import is_learnable
    from common.maps.page import nearest_songs

    paths = Paths(arguments.data, arguments.outputs)
    library = libraries.load(paths)
    if not len(library):
        raise UserError(f"the library is empty; run: {libraries.remedy(paths)}")
    song = choose_song(library, arguments.song)
    written = [draw_journey(paths, song)] if song else []
    shown = choose_shown(paths, song.library if song else library, arguments.sample, song)
    maps = lay_out(paths, shown)
    nearest, groupings = nearest_songs(shown), look_for_clusters(shown)
    if song:
        written.append(draw_perspectives(paths, song, shown, maps[0], nearest))
        written += draw_way(paths, song, shown, maps)
    written += draw_maps(paths, shown, maps, nearest, groupings, starred=arguments.song is not None)
    written += write_overview(paths, shown, nearest, groupings)
    written.append(gallery.refresh(paths))
    for path in written:
        say(str(path))
    following = paths.command(TRAIN if is_learnable(library, arguments.sample) else SEARCH)
    note(f"next: open {paths.gallery}, then run: {following}")
    return console.OK


def choose_song(library: Library, wanted: str | None) -> ChosenSong | None:
    """Choose the song of the journey and analyse its file; None where no song's file exists."""
    from common import compiled
    from common.journey import choice

    chosen = choice.choose(library, wanted)
    if chosen is None:
        note("no file of the library's songs exists any more, so no journey is drawn, only the maps")
        return None
    file, row = chosen
    if wanted is None and row is not None:
        note(f"journey of the most typical song: {library.names[row]} (choose another with --song)")
    with console.note_if_slow(compiled.with_reason("analysing the song")):
        return choice.analyse_chosen(library, file, row)


def draw_journey(paths: Paths, song: ChosenSong) -> Path:
    """Draw the single-song figure and say what is unusual."""
    from common import charts
    from common.journey import figure, unusual

    comparison = unusual.compare(song)
    note(f"{song.name}: {unusual.CHECKS[comparison.check]}")
    with console.note_if_slow("drawing the journey"):
        drawn, file = figure.draw(song, comparison), paths.plot(Output.JOURNEY, song.filed_in(paths))
        path = charts.save_png(drawn, file, title=f"The journey of {song.name}")
    for line in unusual.most_unusual(comparison):
        say(f"{song.name}: {line}")
    return path


def choose_shown(paths: Paths, library: Library, most: int, song: ChosenSong | None) -> MapSongs:
    """Choose the songs that the maps show, the song of the journey included, and say if not all are."""
    from common.maps import selection

    shown = selection.choose_shown(library, most, song.row if song else None, paths)
    if shown.drawn_from is not None:
        songs = f"{thousands(len(shown.rows))} of {count(shown.drawn_from, 'song')}"
        note(f"the maps show {songs}, drawn at random, each genre by its share (another number: --sample N)")
    return shown


def lay_out(paths: Paths, shown: MapSongs) -> list[Projection]:
    """Compute the 2D and the 3D map, keep their tables for the next time, and say how far to trust them."""
    from common.maps import projection
    from common.maps.layout_table import read_layout, write_layout
    from common.maps.words import keeps, renewed

    files = shown.songs.paths[: len(shown.rows)]
    if len(shown.rows) > 3:
        with console.note_if_slow("loading UMAP"):
            projection.import_umap()
    made = []
    for name, dimensions in ((Output.MAP_2D, 2), (Output.MAP_3D, 3)):
        table = paths.report(f"{name}.csv")
        with console.note_if_slow(f"laying out {count(len(shown.rows), 'song')} in {dimensions}D"):
            earlier = read_layout(table, files, dimensions)
            laid_out = projection.project(shown.vectors, shown.near, dimensions, earlier, shown.drawn_from)
        write_layout(table, files, laid_out.coordinates, laid_out.kept, projection.MAP_VERSION)
        if moved := renewed(earlier, laid_out):
            note(moved)
        trust = "" if laid_out.trust is None else f", trustworthiness {laid_out.trust:.2f} of 1"
        note(f"{dimensions}D map: {laid_out.method}{trust}. {keeps(laid_out)}".rstrip())
        made.append(laid_out)
    return made


def draw_perspectives(
    paths: Paths, song: ChosenSong, shown: MapSongs, projection: Projection, nearest: Nearest
) -> Path:
    """Draw the same song as producer, computer and data scientist see it, and name its nearest songs."""
    from common import charts
    from common.journey import perspectives
    from common.maps import figures

    near = [row for row, _ in nearest[shown.place]] if shown.place is not None else []

    def draw_map(axes: Axes) -> None:
        figures.draw_small(axes, shown, projection, near)

    with console.note_if_slow("drawing the three perspectives"):
        figure = perspectives.draw(song, draw_map, [shown.songs.names[row] for row in near])
        title = f"Producer, computer, data scientist: {song.name}"
        return charts.save_png(figure, paths.plot(Output.PERSPECTIVES, song.filed_in(paths)), title=title)


def draw_way(paths: Paths, song: ChosenSong, shown: MapSongs, maps: list[Projection]) -> list[Path]:
    """Follow the song over the map, as a picture and as a page that plays, and say what it sounds like."""
    from common import charts
    from common.maps import way_figure, way_page
    from common.maps.way import alike_stretches, follow
    from common.maps.way_colours import coloured_parts

    with console.note_if_slow("following the song over the map"):
        way = follow(shown, song.series, song.embedding)
        if way is None:
            return []
        stretches = alike_stretches(way)
        parts = coloured_parts(song.facts["sections"])
        figure = way_figure.draw_way(shown, maps[0], song.samples, way, stretches, parts)
        title = f"The way of {song.name} over the map"
        picture = charts.save_png(figure, paths.plot(Output.WAY, song.filed_in(paths)), title=title)
        page = paths.html(Output.JOURNEY, song.filed_in(paths))
        way_page.write_way(page, shown, maps, song.samples, way, stretches, parts)
    for line in way_figure.told(shown, stretches):
        say(f"{song.name}: {line}")
    return [picture, page]


def look_for_clusters(shown: MapSongs) -> list[Grouping]:
    """Look for groups of songs that sound alike, across genres and within them."""
    from common.search.clusters import find_clusters

    with console.note_if_slow("looking for clusters"):
        return find_clusters(shown.space) if shown.space else []


def draw_maps(
    paths: Paths,
    shown: MapSongs,
    maps: list[Projection],
    nearest: Nearest,
    groupings: list[Grouping],
    starred: bool,
) -> list[Path]:
    """Draw the maps for print and as pages, with the song of the journey starred or not."""
    from common import charts
    from common.maps import figures, page
    from common.maps.regions import find_regions
    from common.maps.selection import locate
    from common.maps.words import title

    regions, written = find_regions(shown, groupings), []
    note(regions.told)
    drawn = ((Output.MAP_2D, figures.draw_2d), (Output.MAP_3D, figures.draw_3d))
    for projection, (name, draw) in zip(maps, drawn, strict=True):
        star = locate(shown, projection) if starred else None
        with console.note_if_slow(f"drawing the {projection.dimensions}D map"):
            figure, heading = draw(shown.songs, projection, star, regions), title(len(shown.rows), projection)
            written.append(charts.save_png(figure, paths.plot(name), title=heading))
            written.append(page.write_map(shown.songs, projection, nearest, paths.html(name), star, regions))
    return written


def write_overview(
    paths: Paths, shown: MapSongs, nearest: Nearest, groupings: Sequence[Grouping]
) -> list[Path]:
    """Write the table of all songs and how they moved over the years, and say what stands out."""
    from common.overview.publish import publish

    # Rows of the map are counted among its own songs, those of the table among all.
    best = {
        int(row): (int(shown.rows[found[0][0]]), found[0][1])
        for row, found in zip(shown.rows, nearest, strict=False)
        if found
    }
    with console.note_if_slow("writing the table of all songs"):
        overview = publish(paths, shown.library, best, groupings)
    for sentence in overview.sentences:
        say(sentence)
    for line in [trend.sentence for trend in overview.trends.found] or [overview.trends.why_none]:
        note(line)
    return overview.written


def main(argv: list[str] | None = None) -> int:
    """Run the stage; returns the exit code."""
    arguments = get_parser().parse_args(argv)
    return console.run(lambda: tell(arguments))


if __name__ == "__main__":
    sys.exit(main())
