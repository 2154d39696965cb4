"""Stage 4: find songs that sound alike, say why, and play them in a good order.

Reads   data/processed/embeddings.npy, metadata.pkl and manifest.json (from stage 1),
        outputs/models/genre_classifier.pkl (from stage 3) for the classifier space alone,
        data/store.sqlite (from stage 1) for versions and identify
Writes  outputs/plots/compare_*.png and genre_similarity.png,
        outputs/reports/genre_similarity.csv and genre_similarity_matrix.csv,
        outputs/plots/match_*.png, outputs/html/match_*.html, outputs/mixes/match_*.wav,
        data/measurements.json (what was measured on reference records),
        data/landmarks.sqlite (the index of identify, where stage 1 has left none),
        outputs/playlists/*.m3u8, *.json and *.csv
Run     python 04_similarity_search.py                      (a prompt; "help" lists the commands)
        python 04_similarity_search.py search "crying in the rain" -n 20 [--same-genre] [--json]
        python 04_similarity_search.py search ~/Downloads/new.mp3     (a song outside the library)
        python 04_similarity_search.py diverse NAME -n 10 --diversity 0.5
        python 04_similarity_search.py compare NAME NAME
        python 04_similarity_search.py match ~/mixes/new.wav --genre METAL --preview
        python 04_similarity_search.py identify ~/clips/heard.mp3     (which song, and what second of it)
        python 04_similarity_search.py playlist "NAME -> NAME" -n 12

A song is named by any distinctive part of its name, or by its file. Every command of the prompt is also a
command here; numbers of results, and like and less that take them, need the search before them and thus the
prompt.
"""

from __future__ import annotations

from common import console  # first, so that Ctrl-C is heard from here on

# isort: split
import argparse
import contextlib
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from common.console import note
from common.paths import Paths
from common.prompt import arguments as command_arguments
from common.prompt import loop, parsing
from common.prompt.commands import COMMANDS, Command, help_text
from common.text import count

if TYPE_CHECKING:
    from common.prompt.session import Session


def get_parser() -> argparse.ArgumentParser:
    """Build the parser of what stands before the command; the command's own parser reads the rest."""
    parser = console.stage_parser(f"{__doc__}\ncommands:\n{help_text(COMMANDS)}")
    parser.usage = "%(prog)s [--data DIR] [--outputs DIR] [--space NAME] [COMMAND …]"
    command_arguments.space(parser)
    parser.add_argument("line", nargs=argparse.REMAINDER, metavar="COMMAND …", help="none: the prompt")
    return parser


def run_once(command: Command, arguments: argparse.Namespace) -> int:
    """Answer one command."""
    with contextlib.suppress(loop.Leave):
        loop.run_command(command, open_session(arguments), arguments, arguments.line)
    return console.OK


def run_prompt(arguments: argparse.Namespace) -> int:
    """Answer one line after another, until the user leaves."""
    from common.recordings import genre_label, in_genres
    from common.search.spaces import SPACES

    session = open_session(arguments, interactive=True)
    library = session.library
    genres = in_genres(library.genre_names)
    note(f"{count(len(library), 'song')} {genres}, {session.space_name} space.")
    suggestions = {
        "songs": lambda: session.library.names,
        "genres": lambda: [*map(genre_label, session.library.genre_names)],
        "spaces": lambda: list(SPACES),
    }
    return loop.run_prompt(session, suggestions)


def open_session(arguments: argparse.Namespace, interactive: bool = False) -> Session:
    """Open what the commands share: the library, its spaces, and what was listed last."""
    from common.prompt.session import Session

    return Session(Paths(arguments.data, arguments.outputs), arguments.space, interactive)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command, or the prompt; see the module's docstring."""
    arguments = get_parser().parse_args(argv)
    if not arguments.line:
        return console.run(lambda: run_prompt(arguments))
    command, words = parsing.pick(arguments.line)
    given = parsing.parse_one_shot(command, words, arguments)
    return console.run(lambda: run_once(command, given))


if __name__ == "__main__":
    sys.exit(main())
