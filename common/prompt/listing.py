"""The commands that show the library: list, genres and spaces."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import dataclass

from common import gallery
from common.console import terminal_width
from common.library import Library
from common.paths import Output
from common.prompt.answers import Answer, facts, quoted, written
from common.prompt.session import Session
from common.prompt.song_table import fitting, song_table
from common.recordings import genre_named, in_genres
from common.search.clusters import Grouping, find_clusters
from common.search.figures import draw_genres
from common.search.genre_similarity import SPREADS, GenreStatistics, measure, statistics_table, write_reports
from common.search.spaces import SPACES, output_of
from common.text import clean, count, table


def cautions(space: str) -> list[str]:
    """What a person should know before he reads genres off a space."""
    return [caution] if (caution := SPACES[space].caution) else []


@dataclass(frozen=True)
class SongList(Answer):
    """The songs of some genres.

    Attributes
    ----------
    library
        The library that they are of.
    songs
        The songs, genre after genre.
    genres
        The genres that they are filed under, as the library has them.
    playlist
        Name of the playlist that they shall be saved as; None for none.
    files
        Whether a person wants to see the songs' files.
    """

    library: Library
    songs: list[int]
    genres: list[str]
    playlist: str | None
    files: bool

    def as_json(self) -> object:
        return facts(self.library, self.songs)

    def as_text(self) -> str:
        return song_table(self.library, self.songs, files=self.files)

    def write(self, session: Session) -> list[str]:
        saved = []
        if self.playlist:
            files = session.save_playlist(self.playlist, facts(self.library, self.songs))
            saved.append(written(files))
        return [*saved, f"{count(len(self.songs), 'song')} {in_genres(self.genres)}"]

    def next_command(self) -> str:
        return f"search {quoted(self.library, self.songs[0])}"


def songs(session: Session, arguments: Namespace) -> SongList:
    """List the songs of a genre, or of every genre."""
    library, wanted = session.library, " ".join(arguments.genre)
    genres = [genre_named(library, wanted)] if wanted else library.genre_names
    session.listed = [row for genre in genres for row in library.indices_of(genre) if row < library.n_own]
    session.asked = None
    return SongList(library, session.listed, genres, arguments.save, arguments.verbose)


@dataclass(frozen=True)
class GenreAnswer(Answer):
    """How well similarity follows genres.

    Attributes
    ----------
    statistics
        The similarities that were measured inside and between genres.
    names
        The names of the library's songs.
    """

    statistics: GenreStatistics
    names: list[str]

    def as_json(self) -> object:
        headers, rows = statistics_table(self.statistics)
        return [{**dict(zip(headers, row, strict=True)), "space": self.statistics.space} for row in rows]

    def as_text(self) -> str:
        headers, rows = statistics_table(self.statistics)
        shown = [[f"{cell:z.3f}" if isinstance(cell, float) else cell for cell in row] for row in rows]
        columns = fitting(dict(zip(headers, zip(*shown, strict=True), strict=True)), "genre", SPREADS)
        as_table = table(list(columns), zip(*columns.values(), strict=True), right=" " + "r" * len(columns))
        title = f"how alike songs are inside and between genres  [{self.statistics.space}]"
        return "\n".join([title, as_table, *self.statistics.sentences(self.names)])

    def warnings(self) -> list[str]:
        return cautions(self.statistics.space)

    def write(self, session: Session) -> list[str]:
        written = [
            *write_reports(session.paths, self.statistics),
            draw_genres(
                session.paths.plot(output_of(Output.SIMILARITY, self.statistics.space)), self.statistics
            ),
        ]
        gallery.refresh(session.paths)
        return ["written: " + ", ".join(map(str, written))]

    def next_command(self) -> str:
        return "list"


def genres(session: Session, arguments: Namespace) -> GenreAnswer:
    """Measure how well similarity follows genres."""
    return GenreAnswer(measure(session.space(arguments.space)), session.library.names)


@dataclass(frozen=True)
class ClusterAnswer(Answer):
    """The groups of songs that sound alike.

    Attributes
    ----------
    library
        The library that they are of.
    space
        Name of the space that they were looked for in.
    groupings
        What was found among all songs, and within each genre.
    """

    library: Library
    space: str
    groupings: list[Grouping]

    def as_json(self) -> object:
        return [
            {
                "genre": grouping.genre,
                "songs": grouping.n_songs,
                "stability": grouping.stability,
                "clusters": [
                    {
                        "traits": list(cluster.traits),
                        "typical": self.library.names[cluster.typical],
                        "members": facts(self.library, cluster.songs),
                    }
                    for cluster in grouping.clusters
                ],
            }
            for grouping in self.groupings
        ]

    def as_text(self) -> str:
        lines = []
        for grouping in self.groupings:
            lines.append(grouping.verdict)
            for cluster in grouping.clusters:
                lines.append(f"  {count(len(cluster.songs), 'song')}: {cluster.name}")
                lines.append(f"    most typical: {clean(self.library.names[cluster.typical])}")
            if grouping.clusters and grouping.n_loose:
                lines.append(f"  {count(grouping.n_loose, 'song')} in no cluster")
        return "\n".join(lines)

    def warnings(self) -> list[str]:
        return cautions(self.space)

    def next_command(self) -> str:
        return "genres"


def clusters(session: Session, arguments: Namespace) -> ClusterAnswer:
    """Look for groups of songs that sound alike."""
    space = session.space(arguments.space)
    return ClusterAnswer(session.library, space.name, find_clusters(space))


@dataclass(frozen=True)
class SpaceList(Answer):
    """The similarity spaces.

    Attributes
    ----------
    chosen
        Name of the space that the session uses.
    """

    chosen: str

    def as_json(self) -> object:
        return [
            {"name": name, "chosen": name == self.chosen, "is": kind.about} for name, kind in SPACES.items()
        ]

    def as_text(self) -> str:
        rows = [["•" if name == self.chosen else "", name, kind.about] for name, kind in SPACES.items()]
        return table(["", "space", "what it is"], rows, fit=terminal_width())

    def warnings(self) -> list[str]:
        return cautions(self.chosen)


def spaces(session: Session, arguments: Namespace) -> SpaceList:
    """List the similarity spaces, or change to one."""
    if arguments.name:
        session.space(arguments.name)
        session.space_name = arguments.name
    return SpaceList(session.space_name)
