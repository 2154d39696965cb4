"""The table of commands: what each is called, what it takes and does, and where its code lies.

Conventions: help, completion, the README and both ways of giving a command are derived from `COMMANDS`. A
line that starts with no command is the argument of the first one in the table. Nothing heavy is imported
before a command runs.
"""

from __future__ import annotations

import argparse
import difflib
import pkgutil
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from common.console import terminal_width
from common.prompt import arguments

if TYPE_CHECKING:
    from common.prompt.answers import Answer
    from common.prompt.session import Session


@dataclass(frozen=True)
class Command:
    """One command, everything about it.

    Attributes
    ----------
    name
        The word that is typed.
    synopsis
        Its arguments as help shows them, such as ``SONG [-n 10]``.
    summary
        One line that says what it does.
    entry
        The function that answers it, ``module:function`` of this package; it is called with the session
        and the parsed arguments.
    arguments
        Adds the command's arguments to a parser.
    completes
        What its words are: ``songs``, ``genres``, ``spaces``, or nothing.
    hint
        A reason to try it, shown at the prompt until it has been used once.
    aliases
        Other words that mean the same where they stand alone.
    """

    name: str
    synopsis: str
    summary: str
    entry: str
    arguments: Callable[[argparse.ArgumentParser], None] = lambda parser: None
    completes: str = ""
    hint: str = ""
    aliases: tuple[str, ...] = ()

    @property
    def usage(self) -> str:
        """Name and arguments, as help shows them."""
        return f"{self.name} {self.synopsis}".strip()

    def run(self, session: Session, given: argparse.Namespace) -> Answer:
        """Answer the command; its module is imported now."""
        answer: Answer = pkgutil.resolve_name(f"{__package__}.{self.entry}")(session, given)
        return answer

    def add_to(self, parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
        """Give a parser this command's arguments."""
        self.arguments(parser)
        return parser

    def options(self) -> list[str]:
        """Its long options, for completion."""
        parser = self.add_to(argparse.ArgumentParser(add_help=False))
        return [name for action in parser._actions for name in action.option_strings if name.startswith("--")]


COMMANDS = (
    Command("search", "SONG [+ SONG - SONG] [-n 10] [--json]",
            "the most similar songs; a title alone does it", "finding:search", arguments.search, "songs"),
    Command("diverse", "SONG [-n 10] [--diversity 0.5]", "similar songs that differ from each other",
            "finding:diverse", arguments.diverse, "songs", "less of the same"),
    Command("like", "N …", "search again, for more like result N as well", "finding:like", arguments.search,
            "songs", "more like one of the results"),
    Command("less", "N …", "search again, for less like result N", "finding:less", arguments.search, "songs"),
    Command("compare", "A | B", "how similar two songs are, and what that is made of",
            "explaining:compare", arguments.compare, "songs", "what binds two songs"),
    Command("why", "[SONG] N", "why result N was found",
            "explaining:why", arguments.why, "songs", "the reasons for a result"),
    Command("match", "SONG [--to SONG … | --genre GENRE | -n 10] [--preview]",
            "what separates a mix from reference records, in decibels", "matching:match", arguments.match,
            "songs", "your mix beside records you admire"),
    Command("list", "[GENRE]", "the songs, by genre", "listing:songs", arguments.songs, "genres"),
    Command("genres", "", "how alike songs are inside and between genres; table, CSV and heatmap",
            "listing:genres", arguments.genres, "", "how well similarity follows genre"),
    Command("clusters", "", "groups that sound alike, across genres and within them, if they are stable",
            "listing:clusters", arguments.genres, "", "sub-genres that nobody tagged"),
    Command("cues", "SONG [--json]", "how a song is built: tempo, key, sections, cue points, where to mix",
            "cueing:cues", arguments.cues, "songs", "the sections and cue points of a song"),
    Command("versions", "SONG [--json]",
            "the same recording, other versions of it, and songs that share a passage with it",
            "relating:find_versions", arguments.versions, "songs", "remixes, covers and copies of a song"),
    Command("identify", "CLIP [--json]", "which song a recording of 8 s or more is of, and at what second",
            "identifying:identify", arguments.identify),
    Command("playlist", "A -> B [-n 10]", "a way from A to B whose steps are good transitions",
            "ordering:playlist", arguments.playlist, "songs", "a way from one song to another"),
    Command("radio", "[SONG] [-n 20]", "songs that drift on from one; without SONG it goes on",
            "ordering:radio", arguments.radio, "songs", "songs that drift on"),
    Command("shuffle", "GENRE|all [--seed 0]", "all songs in an order that flows",
            "ordering:shuffle", arguments.shuffle, "genres"),
    Command("set", "[GENRE] [--bpm 128-140] [--energy up]", "a set whose energy climbs",
            "ordering:climbing_set", arguments.climbing_set, "genres", "a set that climbs"),
    Command("save", "[NAME] [--as FORMAT …] [--relative]", "the songs listed last as a playlist",
            "listening:save", arguments.save),
    Command("play", "[SONG]", "hand it to your player; without SONG the playlist written last",
            "listening:play", arguments.file, "songs", "hear a result"),
    Command("open", "[SONG]", "show it in its folder", "listening:open_folder", arguments.file, "songs"),
    Command("spaces", "[NAME]", "the similarity spaces, or change to one",
            "listing:spaces", arguments.spaces, "spaces"),
    Command("help", "[COMMAND]", "these commands, or what one of them takes",
            "helping:show_help", arguments.command),
    Command("quit", "", "leave, as exit and Ctrl-D do", "helping:leave", aliases=("exit",)),
)  # fmt: skip


NEAR = 0.75
"""Similarity (`difflib.SequenceMatcher.ratio`) from which a word may be a mistyped command: a letter left
out, doubled or swapped in a word of four."""


def by_name(commands: Sequence[Command]) -> dict[str, Command]:
    """The table as a dict: each command under its name and its aliases."""
    return {name: command for command in commands for name in (command.name, *command.aliases)}


def near_command(word: str) -> Command | None:
    """The command that a mistyped word such as ``serch`` was meant to be; None if it is like none."""
    names = by_name(COMMANDS)
    close = difflib.get_close_matches(word.lower(), names, n=1, cutoff=NEAR)
    return names[close[0]] if close and word.lower() not in names else None


def help_text(commands: Sequence[Command]) -> str:
    """The table for people: what a command does beside it or under it, in the terminal's width."""
    width = max(len(command.usage) for command in commands if len(command.usage) <= 30)
    room = max(30, terminal_width() - width - 4)
    lines = []
    for command in commands:
        does = textwrap.wrap(command.summary, room)
        is_long = len(command.usage) > width
        lines += [f"  {command.usage}"] if is_long else [f"  {command.usage:{width}}  {does.pop(0)}"]
        lines += [f"  {'':{width}}  {more}" for more in does]
    return "\n".join(lines)


def markdown_table(commands: Sequence[Command]) -> str:
    """The table for the README."""
    rows = [f"| `{command.usage.replace('|', chr(92) + '|')}` | {command.summary} |" for command in commands]
    return "\n".join(["| command | what it does |", "|---|---|", *rows])
