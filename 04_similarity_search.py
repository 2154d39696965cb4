"""Stage 4: find songs that sound alike, say why, and play them in a good order.

Reads   data/processed/embeddings.npy, metadata.pkl and manifest.json (from stage 1),
        outputs/models/genre_classifier.pkl (from stage 3) for the classifier space alone
Writes  outputs/plots/compare_*.png and genre_similarity.png,
        outputs/reports/genre_similarity.csv and genre_similarity_matrix.csv,
        outputs/playlists/*.m3u8, *.json and *.csv
Run     python 04_similarity_search.py                      (a prompt; "help" lists the commands)
        python 04_similarity_search.py search "crying in the rain" -n 20 [--same-genre] [--json]
        python 04_similarity_search.py search ~/Downloads/new.mp3     (a song outside the library)
        python 04_similarity_search.py diverse NAME -n 10 --diversity 0.5
        python 04_similarity_search.py compare NAME NAME
        python 04_similarity_search.py playlist "NAME -> NAME" -n 12

A song is named by any distinctive part of its name, or by its file. Every command of the prompt is also a
command here.
"""

from __future__ import annotations

import argparse
import contextlib
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from common import console
from common.console import UserError, note, say
from common.paths import Output
from common.prompt import arguments as takes
from common.prompt import loop
from common.prompt.loop import Command
from common.text import clean, count, duration, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from common.music import Key
    from common.playlists.transitions import Step, Tracks
    from common.prompt.session import Session
    from common.search.nearest import Match

SCRIPT = "python 04_similarity_search.py"


def get_parser() -> argparse.ArgumentParser:
    """Build the parser of what stands before the command; the command's own parser reads the rest."""
    parser = console.stage_parser(f"{__doc__}\ncommands:\n{loop.help_text(COMMANDS)}")
    parser.usage = "%(prog)s [--data DIR] [--outputs DIR] [--space NAME] [COMMAND …]"
    takes.space(parser)
    parser.add_argument("line", nargs=argparse.REMAINDER, metavar="COMMAND …", help="none: the prompt")
    return parser


# --- searching ---------------------------------------------------------------------------------------


def search(session: Session, arguments: argparse.Namespace) -> None:
    """Print the songs most similar to one."""
    from common.search import nearest

    song = session.song(" ".join(arguments.song))
    space, mask = session.space(arguments.space), allowed(session, song, arguments)
    found = nearest.search(space, song, arguments.n, mask, arguments.per_artist)
    answer(session, song, found.matches, found.copies, arguments)


def diverse(session: Session, arguments: argparse.Namespace) -> None:
    """Print songs that are similar to one, but not to each other."""
    from common.search import nearest

    song = session.song(" ".join(arguments.song))
    space, mask = session.space(arguments.space), allowed(session, song, arguments)
    pool = max(arguments.n, arguments.pool or nearest.pool_size(arguments.n))
    found = nearest.search(space, song, pool, mask, arguments.per_artist)
    picked = nearest.diverse(space, found.matches, arguments.n, arguments.diversity)
    answer(session, song, picked, found.copies, arguments)


def allowed(session: Session, song: int, arguments: argparse.Namespace) -> np.ndarray:
    """Which songs the filters of a search let through, shape (n_songs,)."""
    from common.search import filters

    chosen = filters.Filters(
        same_genre=arguments.same_genre,
        other_genre=arguments.other_genre,
        other_artist=arguments.other_artist,
        other_album=arguments.other_album,
        same_tempo=arguments.same_tempo,
        mixable_key=arguments.mixable_key,
        tempo=arguments.bpm,
        duration=arguments.duration,
    )
    return filters.allowed(session.library, song, chosen)


def answer(
    session: Session, song: int, found: list[Match], copies: Sequence[int], arguments: argparse.Namespace
) -> None:
    """Print what a search found, and remember it."""
    space, paths = session.space(arguments.space), session.library.paths
    session.asked, session.listed = song, [match.row for match in found]
    if arguments.json:
        results = [
            {"rank": rank, "similarity": match.score, **session.facts(match.row),
             "copies": [paths[row] for row in match.copies]}
            for rank, match in enumerate(found, start=1)
        ]  # fmt: skip
        asked = {**session.facts(song), "copies": [paths[row] for row in copies]}
        print_json({"song": asked, "space": space.name, "results": results})
        return
    say(f"{_title(session, song)}  [{space.name}]")
    for row in copies:
        say(f"= {paths[row]}")
    if not found:
        raise UserError("no other song passes these filters")
    extra = {"alike": [f"{match.score:.3f}" for match in found]}
    if len(found) > 1 and found[1].closest is not None:
        extra["to those above"] = [None if m.closest is None else f"{m.closest:.3f}" for m in found]
    print_songs(session, session.listed, extra, [[f"= {paths[row]}" for row in m.copies] for m in found])
    if arguments.save:
        _save(session, arguments.save, relative=False)
    suggest(session, f"compare {_quoted(session, song)} {_quoted(session, found[0].row)}")


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
    from common.music import keys, tempos
    from common.search.reasons import key_relation, tempo_relation, traits

    space = session.space(arguments.space)
    score, parts = space.similarity(one, other), space.contributions(one, other)
    relations = {
        "tempo": tempo_relation(*tempos(session.library, [one, other])),
        "key": key_relation(*keys(session.library, [one, other])),
    }
    binding, separating = traits(session.library, one, other, parts)
    pairs = space.distribution
    if arguments.json:
        songs = {"one": session.facts(one), "other": session.facts(other)}
        print_json(
            {**songs, "space": space.name, "similarity": score, "standing": pairs.standing(score),
             "percentile": pairs.percentile(score), "contributions": parts, "both": binding,
             "one_not_other": separating, **relations}
        )  # fmt: skip
        return
    for label, row in (("A", one), ("B", other)):
        say(f"{label}  {_title(session, row)}")
        say(f"   {session.library.paths[row]}")
    say(f"\nsimilarity {score:.3f}, {pairs.standing(score)}  [{space.name}]")
    longest = max(map(abs, parts.values())) or 1.0
    rows = [[group, f"{value:+.3f}", _bar(value / longest), GROUPS[group]] for group, value in parts.items()]
    rows.append(["sum", f"{sum(parts.values()):+.3f}", "", ""])
    say(table(["group", "adds", "", "which is"], rows, right=" r"))
    for what, found in (("both", binding), ("A, not B", separating)):
        for trait in found:
            say(f"{what:9} {trait}")
            what = ""
    for name, relation in relations.items():
        say(f"{name:9} {relation}")
    sys.stdout.flush()  # the answer is there; the chart takes a moment
    _draw_comparison(session, one, other, score, parts)
    suggest(session, f"search {_quoted(session, other)}")


def _bar(share: float, width: int = 12) -> str:
    """Draw -1 to 1 as blocks left or right of a middle line."""
    length = round(abs(share) * width)
    left = ("█" * length if share < 0 else "").rjust(width)
    return f"{left}│{'█' * length if share > 0 else ''}".ljust(2 * width + 1)


def _draw_comparison(session: Session, one: int, other: int, score: float, parts: dict[str, float]) -> None:
    from common import gallery
    from common.search.figures import draw_comparison

    names = session.library.names
    path = session.paths.plot(Output.COMPARE, f"{names[one]} | {names[other]}")
    draw_comparison(path, names[one], names[other], score, parts)
    gallery.refresh(session.paths)
    note(f"chart: {path}")


# --- the library -------------------------------------------------------------------------------------


def list_songs(session: Session, arguments: argparse.Namespace) -> None:
    """Print the songs of a genre, or of every genre."""
    from common.text import fold

    wanted = " ".join(arguments.genre)
    genres = [g for g in session.library.genre_names if not wanted or fold(g) == fold(wanted)]
    if not genres:
        raise UserError(f"no genre is called {wanted!r}; there are {', '.join(session.library.genre_names)}")
    session.listed = [
        row for genre in genres for row in session.library.indices_of(genre) if row < session.library.n_own
    ]
    session.asked = None
    if arguments.json:
        print_json(session.facts_of(session.listed))
        return
    print_songs(session, session.listed)
    if arguments.save:
        _save(session, arguments.save, relative=False)
    songs = count(len(session.listed), "song")
    note(f"{songs} in {count(len(genres), 'genre')}")
    suggest(session, f"search {_quoted(session, session.listed[0])}")


def genres(session: Session, arguments: argparse.Namespace) -> None:
    """Print and save how well similarity follows genres."""
    from common import gallery
    from common.search.figures import draw_genres
    from common.search.genre_similarity import measure, statistics_table, write_reports

    statistics = measure(session.space(arguments.space))
    headers, rows = statistics_table(statistics)
    if arguments.json:
        print_json([dict(zip(headers, row, strict=True)) for row in rows])
        return
    shown = [[f"{cell:.3f}" if isinstance(cell, float) else cell for cell in row] for row in rows]
    say(table(headers, shown, right=" " + "r" * len(headers)))
    for line in statistics.sentences(session.library.names):
        say(line)
    written = [
        *write_reports(session.paths, statistics),
        draw_genres(session.paths.plot(Output.SIMILARITY), statistics),
    ]
    gallery.refresh(session.paths)
    note("written: " + ", ".join(map(str, written)))
    suggest(session, "list")


def spaces(session: Session, arguments: argparse.Namespace) -> None:
    """Print the similarity spaces, or change to one."""
    from common.search.spaces import SPACES

    if arguments.name:
        session.space(arguments.name)
        session.space_name = arguments.name
    if arguments.json:
        print_json(
            [{"name": n, "chosen": n == session.space_name, "is": about} for n, (_, about) in SPACES.items()]
        )
        return
    rows = [["•" if name == session.space_name else "", name, about] for name, (_, about) in SPACES.items()]
    say(table(["", "space", "what it is"], rows))


# --- listening ---------------------------------------------------------------------------------------


def playlist(session: Session, arguments: argparse.Namespace) -> None:
    """Print and save a way from one song to another."""
    from common.playlists.orders import path

    words, n = _with_number(session, arguments)
    one, other = session.two_songs(words)
    library = session.library
    order = path(session.space(arguments.space), one, other, n, arguments.per_artist)
    show_order(session, f"{library.names[one]} to {library.names[other]}", order, arguments)


def _with_number(session: Session, arguments: argparse.Namespace) -> tuple[list[str], int]:
    """The words that mean two songs, and how many songs: the number that ends them, unless it is a name's."""
    one, other = session.two_names(arguments.songs)
    title, _, last = other.rpartition(" ")
    if one and title and last.isdecimal() and int(last) > 1 and not session.is_named(other):
        return [one, title], int(last)
    return arguments.songs, arguments.n


def radio(session: Session, arguments: argparse.Namespace) -> None:
    """Print and save the next songs of a radio; without a song, those that follow."""
    import itertools

    from common.playlists.orders import radio as play_on
    from common.playlists.transitions import tracks

    space = session.space(arguments.space)
    if arguments.song:
        song = session.song(" ".join(arguments.song))
        session.radio, session.heard = play_on(space, song), []
        session.radio_name = f"radio {session.library.names[song]}"
    if session.radio is None:
        raise UserError("which song does the radio start from? Write any part of its name")
    songs = list(itertools.islice(session.radio, arguments.n))
    if not songs:
        raise UserError("the radio has played every song")
    session.heard += songs
    show_order(session, session.radio_name, tracks(space, session.heard), arguments, len(songs))


def shuffle(session: Session, arguments: argparse.Namespace) -> None:
    """Print and save all songs, or those of a genre, in an order that flows."""
    from common.playlists.orders import MOST_ORDERED
    from common.playlists.orders import shuffle as put_in_order

    songs, name = _songs_of(session, " ".join(arguments.genre))
    if len(songs) > MOST_ORDERED:
        note(f"{MOST_ORDERED} of {count(len(songs), 'song')}, drawn at random")
    order = put_in_order(session.space(arguments.space), songs, arguments.seed)
    show_order(session, f"shuffle {name}", order, arguments)


def climbing_set(session: Session, arguments: argparse.Namespace) -> None:
    """Print and save a set whose energy climbs or falls."""
    from common.playlists.orders import climb

    songs, name = _songs_of(session, " ".join(arguments.genre))
    rising = arguments.energy == "up"
    space = session.space(arguments.space)
    order = climb(space, songs, arguments.n, arguments.bpm, rising)
    tempo = "" if arguments.bpm is None else " {:g}-{:g} BPM".format(*arguments.bpm)
    show_order(session, f"set {name}{tempo} {arguments.energy}", order, arguments)


def _songs_of(session: Session, genre: str) -> tuple[list[int], str]:
    """The songs of a genre, or all, and what to call them."""
    from common.text import fold

    library = session.library
    if not genre or fold(genre) == "all":
        return list(range(library.n_own)), "all"
    for name in library.genre_names:
        if fold(name) == fold(genre):
            return [row for row in library.indices_of(name) if row < library.n_own], name
    raise UserError(f"no genre is called {genre!r}; there are {', '.join(library.genre_names)}, or all")


def show_order(
    session: Session, name: str, order: Tracks, arguments: argparse.Namespace, newest: int | None = None
) -> None:
    """Print an order of songs with the reason for every step, and save it as a playlist.

    Of a radio that goes on, only the newest songs are printed; the playlist has them all.
    """
    from common.playlists.files import as_json, export
    from common.playlists.transitions import steps

    songs = [int(song) for song in order.songs]
    facts, made = session.facts_of(songs), steps(order)
    first = len(songs) - (newest or len(songs))
    session.listed, session.asked = songs[first:], None
    if arguments.json:
        print_json(as_json(name, facts, made))
        return
    say(f"{name}  [{session.space(arguments.space).name}]")
    reasons = [[], *([step.words] for step in made)]
    print_songs(session, session.listed, _step_columns(order, made, first), reasons[first:])
    if made:
        _say_flow(order, [step.cost for step in made])
    _tell_written(session, export(session.paths, name, facts, made, arguments.relative))
    if made:
        roughest = max(range(len(made)), key=lambda place: made[place].cost)
        suggest(session, "compare " + " ".join(_quoted(session, song) for song in songs[roughest:][:2]))


def _tell_written(session: Session, written: list[Path]) -> None:
    session.playlist = written[0]
    others = " and ".join(path.suffix for path in written[1:])
    note(f"written: {written[0]} (and {others})")


def _step_columns(order: Tracks, made: list[Step], first: int) -> dict[str, list]:
    costs = [None, *(f"{step.cost:.2f}" for step in made)]
    return {"step": costs[first:], "energy": [f"{energy:.0f} dB" for energy in order.energy[first:]]}


def _say_flow(order: Tracks, costs: list[float]) -> None:
    import numpy as np

    from common.playlists.transitions import roughness

    roughest = int(np.argmax(costs))
    by_chance = roughness(order.costs[np.triu_indices(len(order), k=1)])
    say(
        f"roughness {roughness(costs):.2f}; of these songs in any order {by_chance:.2f}; "
        f"the roughest step, {costs[roughest]:.2f}, is into song {roughest + 2}"
    )


def save(session: Session, arguments: argparse.Namespace) -> None:
    """Save the songs listed last as a playlist."""
    if not session.listed:
        raise UserError("nothing was listed yet; search first, or give --save NAME to a search")
    written = _save(session, " ".join(arguments.name) or _default_name(session), arguments.relative)
    if arguments.json:
        print_json([str(path) for path in written])


def _save(session: Session, name: str, relative: bool) -> list[Path]:
    from common.playlists.files import export

    songs = session.facts_of(session.listed)
    written = export(session.paths, name, songs, relative=relative)
    _tell_written(session, written)
    return written


def _default_name(session: Session) -> str:
    return "songs" if session.asked is None else f"like {session.library.names[session.asked]}"


def play(session: Session, arguments: argparse.Namespace) -> None:
    """Hand a song, or the playlist written last, to the system's player."""
    from common.prompt.player import play as hand_over

    _tell(hand_over(_file(session, arguments)), arguments)


def open_folder(session: Session, arguments: argparse.Namespace) -> None:
    """Show a song, or the playlist written last, in its folder."""
    from common.prompt.player import show

    _tell(show(_file(session, arguments)), arguments)


def _file(session: Session, arguments: argparse.Namespace) -> Path:
    if arguments.song:
        return Path(session.library.paths[session.song(" ".join(arguments.song))])
    if session.playlist is None:
        raise UserError("which song? Write its number, or any part of its name")
    return session.playlist


def _tell(done: str, arguments: argparse.Namespace) -> None:
    if arguments.json:
        print_json({"done": done})
    else:
        say(done)


# --- talking -----------------------------------------------------------------------------------------


def print_songs(
    session: Session,
    rows: Sequence[int],
    extra: dict[str, list] | None = None,
    under: Sequence[Sequence[str]] = (),
) -> None:
    """Print numbered songs, each with its file under it, and what else is to be said of it."""
    from common.music import keys, tempos

    if not rows:
        return
    library, tempo = session.library, tempos(session.library, rows)
    columns = {
        "#": range(1, len(rows) + 1),
        **(extra or {}),
        "song": [library.names[row] for row in rows],
        "genre": [library.genres[row] for row in rows],
        "time": [duration(library.columns["duration"][row]) for row in rows],
        "BPM": [f"{bpm:.0f}" if bpm > 0 else None for bpm in tempo],
        "key": [_key_name(key) for key in keys(library, list(rows))],
    }
    right = "r" + "r" * len(extra or {}) + "  rr"
    head, rule, *lines = table(list(columns), zip(*columns.values(), strict=True), right=right).split("\n")
    indent = " " * (len(rule.split(" ", 1)[0]) + 2)
    say("\n".join([head, rule]))
    for line, row, more in zip(lines, rows, under or [[]] * len(rows), strict=True):
        say("\n".join([line, *(indent + clean(text) for text in [library.paths[row], *more])]))


def _key_name(key: Key | None) -> str | None:
    """Name a key in two ways; a question mark where another fits about as well."""
    return key and f"{key.name} {key.camelot}{'' if key.is_clear else ' ?'}"


def print_json(content: object) -> None:
    """Print a result for programs."""
    import json

    print(json.dumps(content, ensure_ascii=True, indent=1, allow_nan=False))


def suggest(session: Session, command: str) -> None:
    """Name a next command as the last line of a run; the prompt has its own hints."""
    if session.offer is None:
        note(f"next: {SCRIPT} {command}")


def _title(session: Session, row: int) -> str:
    library = session.library
    where = library.genres[row] if row < library.n_own else "not in the library"
    return f"{library.names[row]} ({where}, {duration(library.columns['duration'][row])})"


def _quoted(session: Session, row: int) -> str:
    """A song's name as the command line wants it, or its file if that alone tells it from others."""
    library = session.library
    name = library.names[row]
    return shlex.quote(name if row < library.n_own and library.names.count(name) == 1 else library.paths[row])


def show_help(session: Session, arguments: argparse.Namespace) -> None:
    """Print the commands."""
    if arguments.json:
        print_json([{"command": command.usage, "does": command.does} for command in COMMANDS])
        return
    say(loop.help_text(COMMANDS))
    say("SONG is any part of its name, the number of a song listed before, or an audio file.")
    say("A line that starts with no command is a search.")


def leave(session: Session, arguments: argparse.Namespace) -> None:
    """Leave the prompt."""
    raise loop.Leave


COMMANDS = (
    Command("search", "SONG [-n 10] [--same-genre] [--json]", "the most similar songs; a title alone does it",
            search, takes.search, "songs"),
    Command("diverse", "SONG [-n 10] [--diversity 0.5]", "similar songs that differ from each other",
            diverse, takes.diverse, "songs", "less of the same"),
    Command("compare", "A | B", "how similar two songs are, and what that is made of",
            compare, takes.comparison, "songs", "what binds two songs"),
    Command("why", "[SONG] N", "why result N was found", why, takes.why, "songs", "the reasons for a result"),
    Command("list", "[GENRE]", "the songs, by genre", list_songs, takes.listing, "genres"),
    Command("genres", "", "how alike songs are inside and between genres; table, CSV and heatmap",
            genres, takes.genres, "", "how well similarity follows genre"),
    Command("playlist", "A -> B [-n 10]", "a way from A to B whose steps are good transitions",
            playlist, takes.playlist, "songs", "a way from one song to another"),
    Command("radio", "[SONG] [-n 20]", "songs that drift on from one; without SONG it goes on",
            radio, takes.radio, "songs", "songs that drift on"),
    Command("shuffle", "GENRE|all [--seed 0]", "all songs in an order that flows",
            shuffle, takes.shuffle, "genres"),
    Command("set", "[GENRE] [--bpm 128-140] [--energy up]", "a set whose energy climbs",
            climbing_set, takes.climbing, "genres", "a set that climbs"),
    Command("save", "[NAME] [--relative]", "the songs listed last as a playlist", save, takes.saving),
    Command("play", "[SONG]", "hand it to your player; without SONG the playlist written last",
            play, takes.file, "songs", "hear a result"),
    Command("open", "[SONG]", "show it in its folder", open_folder, takes.file, "songs"),
    Command("spaces", "[NAME]", "the similarity spaces, or change to one", spaces, takes.spaces, "spaces"),
    Command("help", "", "these commands; COMMAND --help tells more", show_help, takes.json),
    Command("quit", "", "leave, as Ctrl-D does", leave),
)  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command, or the prompt; see the module's docstring."""
    arguments = get_parser().parse_args(argv)
    if not arguments.line:
        return console.run(lambda: _prompt(arguments))
    command, words = loop.pick(COMMANDS, arguments.line)
    given = loop.parse_one_shot(command, words, arguments)
    return console.run(lambda: _once(command, given))


def _once(command: Command, arguments: argparse.Namespace) -> int:
    with contextlib.suppress(loop.Leave):
        command.run(_session(arguments), arguments)
    return console.OK


def _prompt(arguments: argparse.Namespace) -> int:
    from common.search.spaces import SPACES

    session = _session(arguments)
    session.offer = lambda songs: print_songs(session, songs)
    songs = count(len(session.library), "song")
    note(f"{songs} in {count(len(session.library.genre_names), 'genre')}, {session.space_name} space.")
    return loop.run_prompt(
        COMMANDS,
        session,
        {
            "songs": lambda: session.library.names,
            "genres": lambda: session.library.genre_names,
            "spaces": lambda: list(SPACES),
        },
    )


def _session(arguments: argparse.Namespace) -> Session:
    from common.paths import Paths
    from common.prompt.session import Session

    return Session(Paths(arguments.data, arguments.outputs), arguments.space)


if __name__ == "__main__":
    sys.exit(main())
