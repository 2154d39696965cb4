"""Stage 4: find songs that sound alike, and say why.

Reads   data/processed/embeddings.npy, metadata.pkl and manifest.json (from stage 1)
Writes  outputs/plots/compare_*.png and genre_similarity.png,
        outputs/reports/genre_similarity.csv and genre_similarity_matrix.csv
Run     python 04_similarity_search.py                      (a prompt; "help" lists the commands)
        python 04_similarity_search.py search "crying in the rain" -n 20 [--same-genre] [--json]
        python 04_similarity_search.py diverse NAME -n 10 --diversity 0.5
        python 04_similarity_search.py compare NAME NAME

A song is named by any distinctive part of its name. Every command of the prompt is also a command here.
"""

from __future__ import annotations

import argparse
import contextlib
import shlex
import sys
from functools import cached_property
from typing import TYPE_CHECKING, Any

from common import console, prompt
from common.console import UserError, note, say
from common.prompt import Command

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from common.library import Library, Paths
    from common.music import Key
    from common.similarity import Match, Space

SCRIPT = "python 04_similarity_search.py"


def get_parser() -> argparse.ArgumentParser:
    """Build the parser of what stands before the command; the command's own parser reads the rest."""
    parser = console.stage_parser(f"{__doc__}\ncommands:\n{prompt.help_text(COMMANDS)}")
    parser.usage = "%(prog)s [--data DIR] [--outputs DIR] [--space NAME] [COMMAND …]"
    _add_space(parser)
    parser.add_argument("line", nargs=argparse.REMAINDER, metavar="COMMAND …", help="none: the prompt")
    return parser


class Session:
    """What commands share: the library, its spaces, and the songs that were listed last.

    Attributes
    ----------
    listed
        Rows of the songs listed last; a number from 1 stands for one of them.
    asked
        Row of the song they are neighbours of, None if of none.
    """

    def __init__(self, paths: Paths, space: str | None, at_prompt: bool) -> None:
        from common.similarity import DEFAULT_SPACE

        self.paths = paths
        self.space_name = space or DEFAULT_SPACE
        self.at_prompt = at_prompt
        self.listed: list[int] = []
        self.asked: int | None = None
        self._spaces: dict[str, Space] = {}

    @cached_property
    def library(self) -> Library:
        """The library, loaded when the first command asks for it."""
        from common import library

        return library.load(self.paths)

    def space(self, name: str | None = None) -> Space:
        """The space of that name, or the session's own; built once."""
        from common.similarity import build

        name = name or self.space_name
        if name not in self._spaces:
            self._spaces[name] = build(name, self.library)
        return self._spaces[name]

    def song(self, text: str) -> int:
        """Row of the song a text means: the number of a song listed before, or part of a name."""
        from common.library import AmbiguousSongError

        if not text:
            raise UserError("which song? Write any part of its name")
        if self._is_number(text):
            return self.listed[int(text) - 1]
        try:
            return self.library.find(text)
        except AmbiguousSongError:
            if self.at_prompt:
                self._offer(text)
            raise

    def two_songs(self, words: Sequence[str]) -> tuple[int, int]:
        """Rows of the two songs that ``A | B``, two words, or the number of one neighbour mean."""
        text = " ".join(words)
        if "|" in text:
            one, _, other = text.partition("|")
        elif len(words) == 2:
            one, other = words
        elif self.asked is not None and self._is_number(text):
            return self.asked, self.song(text)
        else:
            raise UserError(f"which two songs? Write A | B, with a bar between them, not {text!r}")
        return self.song(one.strip()), self.song(other.strip())

    def neighbour(self, words: Sequence[str], space: str | None) -> tuple[int, int]:
        """Rows of a song and its n-th neighbour: ``N`` of the songs listed last, or ``SONG N``."""
        *name, number = words or [""]
        if not name and self.asked is not None and self._is_number(number):
            return self.asked, self.song(number)
        if not name or not number.isdecimal() or int(number) < 1:
            raise UserError("why which result? Write its number after a search, or SONG and a number")
        from common.similarity import nearest

        song = self.song(" ".join(name))
        found = nearest(self.space(space), song, int(number))
        if len(found) < int(number):
            raise UserError(f"there are only {len(found)} other songs")
        return song, found[-1].row

    def _is_number(self, text: str) -> bool:
        return text.isdecimal() and 0 < int(text) <= len(self.listed)

    def _offer(self, text: str, most: int = 30) -> None:
        self.listed, self.asked = self.library.matches(text)[:most], None
        print_songs(self, self.listed)
        raise UserError(f"{text!r} could be any of these; type its number")


# --- searching ---------------------------------------------------------------------------------------


def search(session: Session, arguments: argparse.Namespace) -> None:
    """Print the songs most similar to one."""
    from common.similarity import nearest

    row = session.song(" ".join(arguments.song))
    found = nearest(session.space(arguments.space), row, arguments.n, allowed(session, row, arguments))
    answer(session, row, found, arguments)


def diverse(session: Session, arguments: argparse.Namespace) -> None:
    """Print songs that are similar to one, but not to each other."""
    from common import similarity

    row = session.song(" ".join(arguments.song))
    mask = allowed(session, row, arguments)
    space = session.space(arguments.space)
    found = similarity.diverse(space, row, arguments.n, arguments.diversity, mask, arguments.pool)
    answer(session, row, found, arguments)


def allowed(session: Session, row: int, arguments: argparse.Namespace) -> np.ndarray:
    """Which songs the filters of a search let through, shape (n_songs,)."""
    import numpy as np

    from common.music import same_tempo
    from common.reasons import compatible, keys, tempos

    library, mask = session.library, np.ones(len(session.library), dtype=bool)
    genres = np.array(library.genres)
    if arguments.same_genre:
        mask &= genres == genres[row]
    if arguments.other_genre:
        mask &= genres != genres[row]
    if arguments.other_artist:
        mask &= [not _same(library.columns["artist"][row], other) for other in library.columns["artist"]]
    if arguments.other_album:
        mask &= [not _same(library.columns["album"][row], other) for other in library.columns["album"]]
    if arguments.same_tempo:
        tempo = tempos(library)
        mask &= [same_tempo(tempo[row], other) for other in tempo]
    if arguments.mixable_key:
        key = keys(library)
        mask &= [compatible(key[row], other) for other in key]
    return mask


def _same(one: str | None, other: str | None) -> bool:
    return bool(one and other) and one.casefold() == other.casefold()


def answer(session: Session, row: int, found: list[Match], arguments: argparse.Namespace) -> None:
    """Print what a search found, and remember it."""
    space = session.space(arguments.space)
    session.asked, session.listed = row, [match.row for match in found]
    if arguments.json:
        print_json({"song": facts(session, row), "space": space.name, "results": _ranked(session, found)})
        return
    say(f"{_title(session, row)}  [{space.name}]")
    if not found:
        raise UserError("no other song passes these filters")
    extra = {"alike": [f"{match.score:.3f}" for match in found]}
    if len(found) > 1 and found[1].closest is not None:
        extra["to those above"] = [None if m.closest is None else f"{m.closest:.3f}" for m in found]
    print_songs(session, session.listed, extra)
    name = shlex.quote(session.library.names[row])
    suggest(session, f"why {name} 1")


def _ranked(session: Session, found: list[Match]) -> list[dict[str, Any]]:
    return [
        {"rank": rank, "similarity": match.score, **facts(session, match.row)}
        for rank, match in enumerate(found, start=1)
    ]


# --- reasons -----------------------------------------------------------------------------------------


def compare(session: Session, arguments: argparse.Namespace) -> None:
    """Explain how similar two songs are."""
    explain(session, *session.two_songs(arguments.songs), arguments)


def why(session: Session, arguments: argparse.Namespace) -> None:
    """Explain why a song was found."""
    explain(session, *session.neighbour(arguments.words, arguments.space), arguments)


def explain(session: Session, one: int, other: int, arguments: argparse.Namespace) -> None:
    """Print the similarity of two songs, what it is made of, and what that sounds like."""
    from common.layout import GROUPS
    from common.reasons import key_relation, keys, tempo_relation, tempos

    space = session.space(arguments.space)
    score, parts = space.similarity(one, other), space.contributions(one, other)
    tempo = tempos(session.library)
    relations = {
        "tempo": tempo_relation(tempo[one], tempo[other]),
        "key": key_relation(*keys(session.library, [one, other])),
    }
    standing = space.pairs.standing(score)
    if arguments.json:
        songs = {"one": facts(session, one), "other": facts(session, other)}
        print_json(
            {**songs, "space": space.name, "similarity": score, "standing": standing,
             "contributions": parts, **relations}
        )  # fmt: skip
        return
    for label, row in (("A", one), ("B", other)):
        say(f"{label}  {_title(session, row)}")
        say(f"   {session.library.paths[row]}")
    say(f"\nsimilarity {score:.3f}, {standing}  [{space.name}]")
    longest = max(map(abs, parts.values())) or 1.0
    rows = [[group, f"{value:+.3f}", _bar(value / longest), GROUPS[group]] for group, value in parts.items()]
    rows.append(["sum", f"{sum(parts.values()):+.3f}", "", ""])
    say(console.table(["group", "adds", "", "which is"], rows, right=" r"))
    _say_traits(session, one, other)
    for name, relation in relations.items():
        say(f"{name:9} {relation}")
    sys.stdout.flush()  # the answer is there; the chart takes a moment
    _draw_comparison(session, one, other, score, parts)
    suggest(session, f"search {shlex.quote(session.library.names[other])}")


def _bar(share: float, width: int = 12) -> str:
    """Draw -1 to 1 as blocks left or right of a middle line."""
    length = round(abs(share) * width)
    left = ("█" * length if share < 0 else "").rjust(width)
    return f"{left}│{'█' * length if share > 0 else ''}".ljust(2 * width + 1)


def _say_traits(session: Session, one: int, other: int) -> None:
    from common.reasons import traits

    binding, separating = traits(session.library, one, other)
    for what, found in (("both", binding), ("A, not B", separating)):
        for trait in found:
            say(f"{what:9} {trait.words()}")
            what = ""


def _draw_comparison(session: Session, one: int, other: int, score: float, parts: dict[str, float]) -> None:
    from common import gallery
    from common.similarity_charts import draw_comparison

    names = session.library.names
    path = session.paths.plot("compare", f"{names[one]} | {names[other]}")
    draw_comparison(path, names[one], names[other], score, parts)
    gallery.refresh(session.paths)
    note(f"chart: {path}")


# --- the library -------------------------------------------------------------------------------------


def list_songs(session: Session, arguments: argparse.Namespace) -> None:
    """Print the songs of a genre, or of every genre."""
    from common.library import fold

    wanted = " ".join(arguments.genre)
    genres = [g for g in session.library.genre_names if not wanted or fold(g) == fold(wanted)]
    if not genres:
        raise UserError(f"no genre is called {wanted!r}; there are {', '.join(session.library.genre_names)}")
    session.listed = [row for genre in genres for row in session.library.indices_of(genre)]
    session.asked = None
    if arguments.json:
        print_json([facts(session, row) for row in session.listed])
        return
    print_songs(session, session.listed)
    songs = console.count(len(session.listed), "song")
    note(f"{songs} in {console.count(len(genres), 'genre')}")
    suggest(session, f"search {shlex.quote(session.library.names[session.listed[0]])}")


def genres(session: Session, arguments: argparse.Namespace) -> None:
    """Print and save how well similarity follows genres."""
    from common import gallery
    from common.genres import measure, table, write_reports
    from common.similarity_charts import draw_genres

    statistics = measure(session.space(arguments.space), session.library)
    headers, rows = table(statistics)
    if arguments.json:
        print_json([dict(zip(headers, row, strict=True)) for row in rows])
        return
    shown = [[f"{cell:.3f}" if isinstance(cell, float) else cell for cell in row] for row in rows]
    say(console.table(headers, shown, right=" " + "r" * len(headers)))
    for line in statistics.sentences(session.library.names):
        say(line)
    written = [
        *write_reports(session.paths, statistics),
        draw_genres(session.paths.plot("genre_similarity"), statistics),
    ]
    gallery.refresh(session.paths)
    note("written: " + ", ".join(map(str, written)))
    suggest(session, "list")


def spaces(session: Session, arguments: argparse.Namespace) -> None:
    """Print the similarity spaces, or change to one."""
    from common.similarity import SPACES

    if arguments.name:
        session.space(arguments.name)
        session.space_name = arguments.name
    rows = [["•" if name == session.space_name else "", name, about] for name, (_, about) in SPACES.items()]
    say(console.table(["", "space", "what it is"], rows))


# --- talking -----------------------------------------------------------------------------------------


def facts(session: Session, row: int) -> dict[str, Any]:
    """What is known of a song, for JSON."""
    from common.reasons import keys, tempos

    key, tempo = keys(session.library, [row])[0], float(tempos(session.library)[row])
    return {
        **session.library.song(row),
        "tempo": tempo or None,
        "key": key and key.name,
        "camelot": key and key.camelot,
    }


def print_songs(session: Session, rows: Sequence[int], extra: dict[str, list] | None = None) -> None:
    """Print numbered songs, each with its file under it."""
    from common.reasons import keys, tempos

    if not rows:
        return
    library, tempo = session.library, tempos(session.library)
    columns = {
        "#": range(1, len(rows) + 1),
        **(extra or {}),
        "song": [library.names[row] for row in rows],
        "genre": [library.genres[row] for row in rows],
        "time": [console.duration(library.columns["duration"][row]) for row in rows],
        "BPM": [f"{tempo[row]:.0f}" if tempo[row] > 0 else None for row in rows],
        "key": [_key_name(key) for key in keys(library, list(rows))],
    }
    right = "r" + "r" * len(extra or {}) + "  rr"
    head, rule, *lines = console.table(list(columns), zip(*columns.values(), strict=True), right=right).split(
        "\n"
    )
    indent = " " * (len(rule.split(" ", 1)[0]) + 2)
    say("\n".join([head, rule]))
    for line, row in zip(lines, rows, strict=True):
        say(f"{line}\n{indent}{library.paths[row]}")


def _key_name(key: Key | None) -> str | None:
    """Name a key in two ways; a question mark where another fits about as well."""
    return key and f"{key.name} {key.camelot}{'' if key.is_clear else ' ?'}"


def print_json(content: object) -> None:
    """Print a result for programs."""
    import json

    print(json.dumps(content, ensure_ascii=True, indent=1, allow_nan=False))


def suggest(session: Session, command: str) -> None:
    """Name a next command as the last line of a run; the prompt has its own hints."""
    if not session.at_prompt:
        note(f"next: {SCRIPT} {command}")


def _title(session: Session, row: int) -> str:
    library = session.library
    return (
        f"{library.names[row]} ({library.genres[row]}, {console.duration(library.columns['duration'][row])})"
    )


def show_help(session: Session, arguments: argparse.Namespace) -> None:
    """Print the commands."""
    say(prompt.help_text(COMMANDS))
    say("SONG is any part of its name, or the number of a song listed before.")
    say("A line that starts with no command is a search.")


def leave(session: Session, arguments: argparse.Namespace) -> None:
    """Leave the prompt."""
    raise prompt.Leave


# --- arguments ---------------------------------------------------------------------------------------


def _add_space(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--space", type=_space_name, metavar="NAME", help='the similarity space; "spaces" lists them'
    )


def _space_name(text: str) -> str:
    from common.similarity import SPACES

    if text not in SPACES:
        raise argparse.ArgumentTypeError(f"{text!r} is no space; there are {', '.join(SPACES)}")
    return text


def _add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON")


def _add_search(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("song", nargs="*", metavar="SONG", help="part of its name, or a number")
    parser.add_argument("-n", type=_positive, default=10, metavar="N", help="how many (default: 10)")
    genre = parser.add_mutually_exclusive_group()
    genre.add_argument("--same-genre", action="store_true", help="only songs of its genre")
    genre.add_argument("--other-genre", action="store_true", help="only songs of other genres")
    parser.add_argument("--other-artist", action="store_true", help="no songs by the same artist")
    parser.add_argument("--other-album", action="store_true", help="no songs of the same album")
    parser.add_argument("--same-tempo", action="store_true", help="within 4 %%, half and double count")
    parser.add_argument("--mixable-key", action="store_true", help="at most a step on the wheel of fifths")
    _add_space(parser)
    _add_json(parser)


def _add_diverse(parser: argparse.ArgumentParser) -> None:
    _add_search(parser)
    parser.add_argument(
        "--diversity",
        type=_share,
        default=0.5,
        metavar="0..1",
        help="0: the nearest, 1: spread (default: 0.5)",
    )
    parser.add_argument(
        "--pool", type=_positive, metavar="M", help="choose from the M nearest (default: 100, or 10 N)"
    )


def _add_comparison(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("songs", nargs="*", metavar="SONG", help="A | B")
    _add_space(parser)
    _add_json(parser)


def _add_why(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("words", nargs="*", metavar="[SONG] N", help="number of a result")
    _add_space(parser)
    _add_json(parser)


def _add_list(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("genre", nargs="*", metavar="GENRE", help="none: all")
    _add_json(parser)


def _add_genres(parser: argparse.ArgumentParser) -> None:
    _add_space(parser)
    _add_json(parser)


def _add_spaces(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", type=_space_name, metavar="NAME", help="the space to change to")


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1, got {text!r}")
    return int(text)


def _share(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.0 <= value <= 1.0:
        raise argparse.ArgumentTypeError(f"expected a number from 0 to 1, got {text!r}")
    return value


COMMANDS = (
    Command("search", "SONG [-n 10] [--same-genre] [--json]", "the most similar songs; a title alone does it",
            search, _add_search, "songs"),
    Command("diverse", "SONG [-n 10] [--diversity 0.5]", "similar songs that differ from each other",
            diverse, _add_diverse, "songs", "less of the same"),
    Command("compare", "A | B", "how similar two songs are, and what that is made of",
            compare, _add_comparison, "songs", "what binds two songs"),
    Command("why", "[SONG] N", "why result N was found", why, _add_why, "songs", "the reasons for a result"),
    Command("list", "[GENRE]", "the songs, by genre", list_songs, _add_list, "genres"),
    Command("genres", "", "how alike songs are inside and between genres; table, CSV and heatmap",
            genres, _add_genres, "", "how well similarity follows genre"),
    Command("spaces", "[NAME]", "the similarity spaces, or change to one", spaces, _add_spaces, "spaces"),
    Command("help", "", "these commands; COMMAND --help tells more", show_help),
    Command("quit", "", "leave, as Ctrl-D does", leave),
)  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command, or the prompt; see the module's docstring."""
    arguments = get_parser().parse_args(argv)
    if not arguments.line:
        return console.run(lambda: _prompt(arguments))
    command, words = prompt.pick(COMMANDS, arguments.line)
    given = prompt.parse_one_shot(command, words, arguments)
    return console.run(lambda: _once(command, given))


def _once(command: Command, arguments: argparse.Namespace) -> int:
    with contextlib.suppress(prompt.Leave):
        command.run(_session(arguments, at_prompt=False), arguments)
    return console.OK


def _prompt(arguments: argparse.Namespace) -> int:
    from common.similarity import SPACES

    session = _session(arguments, at_prompt=True)
    songs = console.count(len(session.library), "song")
    note(
        f"{songs} in {console.count(len(session.library.genre_names), 'genre')}, {session.space_name} space."
    )
    return prompt.run_prompt(
        COMMANDS,
        session,
        {
            "songs": lambda: session.library.names,
            "genres": lambda: session.library.genre_names,
            "spaces": lambda: list(SPACES),
        },
    )


def _session(arguments: argparse.Namespace, at_prompt: bool) -> Session:
    from common.library import Paths

    return Session(Paths(arguments.data, arguments.outputs), arguments.space, at_prompt)


if __name__ == "__main__":
    sys.exit(main())
