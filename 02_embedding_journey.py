"""Stage 2: show how a machine hears a song, and where every song lies on a map.

Reads   data/processed/embeddings.npy, metadata.pkl, manifest.json   (stage 1)
        the audio file of one song
Writes  outputs/plots/journey_<song>.png              waveform -> spectrogram -> features -> embedding
        outputs/plots/three_perspectives_<song>.png   producer, computer, data scientist
        outputs/plots/map_2d.png, map_3d.png          UMAP of all songs
        outputs/html/map_2d.html, map_3d.html         the same to search, colour and play, without a network
        outputs/html/index.html                       the gallery of everything made so far
Run     python 02_embedding_journey.py [--song NAME_OR_FILE] [--sample N]

Without --song the journey is that of the library's most typical song. A file outside the library is
measured against it and placed on the maps. The maps of a very large library show a sample of its songs.
"""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from common import console
from common.console import UserError, note, say
from common.paths import EXTRACT, TRAIN, Output
from common.text import count, thousands

if TYPE_CHECKING:
    import argparse

    import numpy as np
    from matplotlib.axes import Axes

    from common.journey.hearing import Heard
    from common.library import Library
    from common.maps.figures import Star
    from common.maps.projection import Projection
    from common.paths import Paths

MOST_ON_MAP = 20_000
"""Songs that a map shows unless told: a page of so many still answers within two seconds on a computer
without a graphics card (`benchmarks.maps`)."""

SEED = 2
"""For the sample."""


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


def choose(library: Library, wanted: str | None) -> tuple[Path, int | None] | None:
    """Decide whose journey to draw.

    Returns
    -------
    file, row
        The row is None for a file outside the library. None if nothing was asked for and no song's file
        exists.

    Raises
    ------
    UserError
        If no song answers to the name, or its file is gone.
    """
    if wanted is None:
        return _most_typical(library)
    named = Path(wanted).expanduser().absolute()
    if named.is_file() and str(named) not in library.paths:
        return named, None
    row = library.find(wanted)
    file = Path(library.paths[row])
    if not file.is_file():
        raise UserError(f"the file of {library.names[row]!r} is gone: {file}")
    return file, row


def _most_typical(library: Library) -> tuple[Path, int] | None:
    from common.maps.projection import most_typical

    for row in map(int, most_typical(library)):
        if Path(library.paths[row]).is_file():
            note(f"journey of the most typical song: {library.names[row]} (choose another with --song)")
            return Path(library.paths[row]), row
    note("no file of the library's songs exists any more, so no journey is drawn, only the maps")
    return None


def hear(library: Library, file: Path, row: int | None) -> Heard:
    """Analyse the song with stage 1's own code."""
    from common.journey import hearing

    name = file.stem if row is None else library.names[row]
    with console.patience("analysing the song (the first run on a machine compiles for about a minute)"):
        return hearing.hear(file, name, None if row is None else library.genres[row])


def draw_journey(paths: Paths, library: Library, heard: Heard, row: int | None) -> Path:
    """Draw the single-song figure and say what is unusual."""
    from common import charts
    from common.journey import figure as journey
    from common.journey import hearing

    standing = hearing.compare(heard.embedding, library, row)
    note(f"{heard.name}: {hearing.STORED[standing.stored]}")
    with console.patience("drawing the journey"):
        figure = journey.draw(heard, standing)
        path = charts.save_png(
            figure, paths.plot(Output.JOURNEY, heard.name), title=f"The journey of {heard.name}"
        )
    for line in hearing.most_unusual(standing):
        say(f"{heard.name}: {line}")
    return path


def choose_shown(library: Library, most: int, row: int | None) -> np.ndarray:
    """Choose the songs that the maps show: all, or so many of them, the song in question included.

    Returns
    -------
    ndarray
        Rows, ascending.
    """
    import numpy as np

    from common.arrays import stratified

    shown = stratified(library.genres, most, SEED)
    if row is not None and row not in shown:
        # It takes the place of one of its genre, or of the first song where there is none.
        own = np.flatnonzero(np.array(library.genres)[shown] == library.genres[row])
        shown[own[0] if len(own) else 0] = row
        shown = np.sort(shown)
    if len(shown) < len(library):
        songs = f"{thousands(len(shown))} of {count(len(library), 'song')}"
        note(f"the maps show {songs}, drawn at random, each genre by its share (another number: --sample N)")
    return shown


def lay_out(library: Library, drawn_from: int | None) -> list[Projection]:
    """Compute the 2D and the 3D map, and say how far to trust them.

    Parameters
    ----------
    library
        The songs of the map.
    drawn_from
        How many songs they are a sample of; None for all there are.
    """
    from common.arrays import neighbours
    from common.maps import projection

    near = neighbours(library.standardised, projection.NEIGHBOURS)
    if len(library) > 3:
        with console.patience("loading UMAP (its first import on a machine compiles for half a minute)"):
            projection.import_umap()
    made = []
    for dimensions in (2, 3):
        with console.patience(f"laying out {count(len(library), 'song')} in {dimensions}D"):
            laid_out = projection.project(library.standardised, near, dimensions)
            made.append(dataclasses.replace(laid_out, drawn_from=drawn_from))
        trust = made[-1].trust
        how_far = "" if trust is None else f", trustworthiness {trust:.2f} of 1"
        note(f"{dimensions}D map: {made[-1].method}{how_far}")
    return made


def draw_maps(
    paths: Paths,
    library: Library,
    shown: np.ndarray,
    projections: list[Projection],
    heard: Heard | None,
    place: int | None,
) -> list[Path]:
    """Draw the maps for print and as pages, with the song starred if there is one.

    Parameters
    ----------
    paths, library
        Where, and all songs.
    shown, projections
        Rows of the songs on the maps, and where they lie.
    heard, place
        A song to star, if any, and where it is among those shown; None for one from outside.
    """
    from common import charts
    from common.journey import hearing
    from common.maps import figures, page

    songs = hearing.as_guest(library, heard) if heard and place is None else library
    nearest, written = page.nearest_songs(songs, paths, shown), []
    on_map, with_guest = library.take(shown), songs.take(shown)
    for projection, draw in zip(projections, (figures.draw_2d, figures.draw_3d), strict=True):
        star = heard and locate(on_map, projection, heard, place)
        name, title = f"map_{projection.dimensions}d", figures.title(len(on_map), projection)
        with console.patience(f"drawing the {projection.dimensions}D map"):
            written.append(charts.save_png(draw(on_map, projection, star), paths.plot(name), title=title))
            written.append(page.write_map(with_guest, projection, nearest, paths.html(name), star))
    return written


def locate(library: Library, projection: Projection, heard: Heard, row: int | None) -> Star:
    """Find the song's place on a map."""
    from common.maps import figures

    return figures.locate(library, projection, heard.name, heard.embedding, row)


def draw_perspectives(
    paths: Paths, library: Library, projection: Projection, heard: Heard, row: int | None
) -> Path:
    """Draw the same song as producer, computer and data scientist see it; the library is that of the map."""
    from common import charts
    from common.journey import figure as journey
    from common.maps import figures

    star = locate(library, projection, heard, row)

    def draw_map(axes: Axes) -> None:
        figures.draw_small(axes, library, projection, star)

    with console.patience("drawing the three perspectives"):
        figure = journey.draw_perspectives(heard, draw_map)
        title = f"Producer, computer, data scientist: {heard.name}"
        return charts.save_png(figure, paths.plot(Output.PERSPECTIVES, heard.name), title=title)


def _run(arguments: argparse.Namespace) -> int:
    from common import gallery
    from common import library as libraries
    from common.paths import Paths

    paths = Paths(arguments.data, arguments.outputs)
    library = libraries.load(paths)
    if not len(library):
        raise UserError(f"the library is empty; run: {EXTRACT}")
    chosen = choose(library, arguments.song)
    row = chosen[1] if chosen else None
    heard = hear(library, *chosen) if chosen else None
    written = [draw_journey(paths, library, heard, row)] if heard else []
    shown = choose_shown(library, arguments.sample, row)
    place = None if row is None else shown.tolist().index(row)
    on_map = library.take(shown)
    projections = lay_out(on_map, len(library) if len(shown) < len(library) else None)
    if heard:
        written.append(draw_perspectives(paths, on_map, projections[0], heard, place))
    written += draw_maps(paths, library, shown, projections, heard if arguments.song else None, place)
    written.append(gallery.refresh(paths))
    for path in written:
        say(str(path))
    note(f"next: open {paths.gallery}, then run: {TRAIN}")
    return console.OK


def main(argv: list[str] | None = None) -> int:
    """Run the stage; returns the exit code."""
    arguments = get_parser().parse_args(argv)
    return console.run(lambda: _run(arguments))


if __name__ == "__main__":
    sys.exit(main())
