"""The arguments of every command of stage 4, and how they are read.

Conventions: a public function adds one command's arguments to a parser, or an option that several have.
Nothing heavy is imported before an argument is read.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

from common.console import whole_number

N_REFERENCES = 10
"""The nearest songs that a mix is held against, unless told."""


def space(parser: argparse.ArgumentParser) -> None:
    """Option for the similarity space."""
    parser.add_argument(
        "--space", type=_space_name, metavar="NAME", help='the similarity space; "spaces" lists them'
    )


def _space_name(text: str) -> str:
    from common.search.spaces import SPACES

    if text not in SPACES:
        raise argparse.ArgumentTypeError(f"{text!r} is no space; there are {', '.join(SPACES)}")
    return text


def json(parser: argparse.ArgumentParser) -> None:
    """Option for JSON."""
    parser.add_argument("--json", action="store_true", help="print JSON")


def search(parser: argparse.ArgumentParser) -> None:
    """A song, how many, and the filters of a search."""
    parser.add_argument("song", nargs="*", metavar="SONG", help="part of its name, a number, or a file")
    _count(parser, 10)
    genre = parser.add_mutually_exclusive_group()
    genre.add_argument("--same-genre", action="store_true", help="only songs of its genre")
    genre.add_argument("--other-genre", action="store_true", help="only songs of other genres")
    parser.add_argument("--other-artist", action="store_true", help="no songs by the same artist")
    parser.add_argument("--other-album", action="store_true", help="no songs of the same album")
    _artist_cap(parser)
    parser.add_argument("--same-tempo", action="store_true", help="within 4%%, half and double count")
    _tempo(parser)
    parser.add_argument("--mixable-key", action="store_true", help="at most a step on the wheel of fifths")
    parser.add_argument(
        "--duration", type=_range("parse_duration", "2:00-4:30"), metavar="FROM-TO", help="such as 2:00-4:30"
    )
    _save_option(parser)
    _files(parser)
    space(parser)
    json(parser)


def _count(parser: argparse.ArgumentParser, usual: int) -> None:
    parser.add_argument(
        "-n", type=whole_number(1), default=usual, metavar="N", help=f"how many (default: {usual})"
    )


def _files(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-v", "--verbose", action="store_true", help="each song with its file")


def _artist_cap(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--per-artist", type=whole_number(1), metavar="K", help="at most K songs by one artist"
    )


def _tempo(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--bpm", type=_range("parse_tempo", "128-140"), metavar="FROM-TO", help="half and double time count"
    )


def _save_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--save", metavar="NAME", help="save the songs as a playlist")


def _range(parse: str, example: str) -> Callable[[str], tuple[float, float]]:
    def read(text: str) -> tuple[float, float]:
        from common.search import filters

        try:
            return getattr(filters, parse)(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"expected a range such as {example}, got {text!r}") from None

    return read


def diverse(parser: argparse.ArgumentParser) -> None:
    """What a search takes, and how diverse."""
    search(parser)
    parser.add_argument(
        "--diversity",
        type=_share,
        default=0.5,
        metavar="0..1",
        help="0: the nearest, 1: spread (default: 0.5)",
    )
    parser.add_argument(
        "--pool", type=whole_number(1), metavar="M", help="choose from the M nearest (default: 100, or 10 N)"
    )


def compare(parser: argparse.ArgumentParser) -> None:
    """Two songs."""
    parser.add_argument("songs", nargs="*", metavar="SONG", help="A | B")
    space(parser)
    json(parser)


def match(parser: argparse.ArgumentParser) -> None:
    """A mix, what it is held against, and whether to render what it would become."""
    parser.add_argument("song", nargs="*", metavar="SONG", help="part of its name, a number, or a file")
    references = parser.add_mutually_exclusive_group()
    references.add_argument(
        "--to", nargs="+", action="extend", default=[], metavar="SONG", help="references, in quotes"
    )
    references.add_argument("--genre", metavar="GENRE", help="the nearest songs of a genre")
    told = f"how many of the nearest (default: {N_REFERENCES})"  # None tells that --to is not contradicted
    parser.add_argument("-n", type=whole_number(1), metavar="N", help=told)
    parser.add_argument("--preview", action="store_true", help="render the mix as the references are")
    space(parser)
    json(parser)


def why(parser: argparse.ArgumentParser) -> None:
    """A song and the number of a result."""
    parser.add_argument("words", nargs="*", metavar="[SONG] N", help="number of a result")
    space(parser)
    json(parser)


def songs(parser: argparse.ArgumentParser) -> None:
    """A genre."""
    parser.add_argument("genre", nargs="*", metavar="GENRE", help="none: all")
    _save_option(parser)
    _files(parser)
    json(parser)


def genres(parser: argparse.ArgumentParser) -> None:
    """Space and format alone."""
    space(parser)
    json(parser)


def spaces(parser: argparse.ArgumentParser) -> None:
    """The name of a space."""
    parser.add_argument("name", nargs="?", type=_space_name, metavar="NAME", help="the space to change to")
    json(parser)


def _playlist_files(parser: argparse.ArgumentParser) -> None:
    from common.playlists.files import FORMATS, USUAL

    parser.add_argument("--relative", action="store_true", help="paths relative to the playlist's folder")
    parser.add_argument(
        "--as",
        dest="formats",
        nargs="+",
        action="extend",
        default=[],
        choices=tuple(FORMATS),
        metavar="FORMAT",
        help=f"{', '.join(FORMATS)}; several at once (default: {' '.join(USUAL)})",
    )


def _order(parser: argparse.ArgumentParser) -> None:
    _playlist_files(parser)
    _files(parser)
    space(parser)
    json(parser)


def playlist(parser: argparse.ArgumentParser) -> None:
    """Two songs, how many, and how it is written."""
    parser.add_argument("songs", nargs="*", metavar="SONG", help="A -> B; on a command line in quotes")
    _count(parser, 10)
    _artist_cap(parser)
    _order(parser)


def radio(parser: argparse.ArgumentParser) -> None:
    """A song, or none."""
    parser.add_argument("song", nargs="*", metavar="SONG", help="where it starts; none: it goes on")
    _count(parser, 20)
    _order(parser)


def shuffle(parser: argparse.ArgumentParser) -> None:
    """A genre or all, and a seed."""
    parser.add_argument("genre", nargs="*", metavar="GENRE", help="a genre, or all")
    parser.add_argument(
        "--seed", type=whole_number(0), default=0, help="another number, another order (default: 0)"
    )
    _order(parser)


def climbing_set(parser: argparse.ArgumentParser) -> None:
    """A genre, a range of tempo, and where the energy goes."""
    parser.add_argument("genre", nargs="*", metavar="GENRE", help="a genre; none: all")
    _tempo(parser)
    parser.add_argument("--energy", choices=("up", "down"), default="up", help="(default: up)")
    _count(parser, 12)
    _order(parser)


def save(parser: argparse.ArgumentParser) -> None:
    """A name."""
    parser.add_argument("name", nargs="*", metavar="NAME", help="what the playlist is called")
    _playlist_files(parser)
    json(parser)


def cues(parser: argparse.ArgumentParser) -> None:
    """A song."""
    parser.add_argument("song", nargs="+", metavar="SONG", help="any part of its name, or an audio file")
    json(parser)


versions = cues
"""What `versions` takes is what `cues` takes."""


def identify(parser: argparse.ArgumentParser) -> None:
    """A recording."""
    parser.add_argument("clip", nargs="+", metavar="CLIP", help="an audio file of 8 s or more")
    json(parser)


def command(parser: argparse.ArgumentParser) -> None:
    """The name of a command, or none."""
    parser.add_argument("command", nargs="?", metavar="COMMAND", help="none: all of them")
    json(parser)


def file(parser: argparse.ArgumentParser) -> None:
    """A song, or none."""
    parser.add_argument("song", nargs="*", metavar="SONG", help="none: the playlist written last")
    json(parser)


def _share(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.0 <= value <= 1.0:
        raise argparse.ArgumentTypeError(f"expected a number from 0 to 1, got {text!r}")
    return value
