"""A table of commands, and the two ways to give one: typed at a prompt, or on the command line.

Conventions: what a command is called, takes and does is written once, in its `Command`; help, completion,
the README and both ways of calling are derived from the table. A line that starts with no command is the
argument of the first one in the table. Words need no quotes: an argument that is a title is the words
that are left.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common.console import OK, UserError, add_folder_options, describe_os_error, note, say

APPLICATION = "music-embedding-analysis"


class Leave(Exception):  # noqa: N818  (it is a wish, not an error)
    """The user wants to leave the prompt."""


@dataclass(frozen=True)
class Command:
    """One command, everything about it.

    Attributes
    ----------
    name
        What is typed.
    takes
        Its arguments as help shows them, such as ``SONG [-n 10]``.
    does
        One line that says what it does.
    run
        Called with the session and the parsed arguments; prints its answer.
    arguments
        Adds its arguments to a parser.
    completes
        What its words are: ``songs``, ``genres``, ``spaces``, or nothing.
    hint
        A reason to try it, shown at the prompt until it has been used once.
    """

    name: str
    takes: str
    does: str
    run: Callable[[Any, argparse.Namespace], None]
    arguments: Callable[[argparse.ArgumentParser], None] = lambda parser: None
    completes: str = ""
    hint: str = ""

    @property
    def usage(self) -> str:
        """Name and arguments, as help shows them."""
        return f"{self.name} {self.takes}".strip()

    def add_to(self, parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
        """Give a parser this command's arguments."""
        self.arguments(parser)
        return parser

    def options(self) -> list[str]:
        """Its long options, for completion."""
        parser = self.add_to(argparse.ArgumentParser(add_help=False))
        return [name for action in parser._actions for name in action.option_strings if name.startswith("--")]


def by_name(commands: Sequence[Command]) -> dict[str, Command]:
    """The table as a dict."""
    return {command.name: command for command in commands}


def pick(commands: Sequence[Command], words: Sequence[str]) -> tuple[Command, list[str]]:
    """Tell the command and its words apart; words without a command belong to the first command."""
    named = by_name(commands).get(words[0].lower())
    rest = ["→" if word == "->" else word for word in words]  # it begins with a dash, but is no option
    return (named, rest[1:]) if named else (commands[0], rest)


class _LineParser(argparse.ArgumentParser):
    """A parser whose mistakes are the user's and end nothing."""

    def error(self, message: str) -> None:
        raise UserError(f"{message}; usage: {self.usage}")

    def exit(self, status: int = 0, message: str | None = None) -> None:
        raise _Helped


class _Helped(Exception):  # noqa: N818  (a way out of argparse)
    """Help was printed instead of running anything."""


def run_line(commands: Sequence[Command], session: Any, line: str) -> None:
    """Run one typed line.

    Raises
    ------
    UserError
        If the line cannot be done.
    Leave
        If the user wants to leave.
    """
    words = split(line)
    if not words:
        return
    command, rest = pick(commands, words)
    parser = _LineParser(prog=command.name, usage=command.usage, description=command.does, allow_abbrev=False)
    try:
        arguments = command.add_to(parser).parse_intermixed_args(rest)
    except _Helped:
        return
    command.run(session, arguments)


def parse_one_shot(command: Command, words: Sequence[str], before: argparse.Namespace) -> argparse.Namespace:
    """Parse a command given on the command line; wrong usage is argparse's exit code 2.

    Parameters
    ----------
    command, words
        What `pick` made of the line.
    before
        Options that stood before the command; they may also come after it, and the last one counts.
    """
    parser = argparse.ArgumentParser(
        prog=f"{Path(sys.argv[0]).name} {command.name}", description=command.does, allow_abbrev=False
    )
    command.add_to(parser)
    add_folder_options(parser)
    return parser.parse_intermixed_args(words, argparse.Namespace(**vars(before)))


_WORD = re.compile(r"""(?:"([^"]*)"|'([^']*)')(?=\s|$)|(\S+)""")


def split(line: str) -> list[str]:
    """Split a line into words; quotes around a word hold it together, an apostrophe in it is itself."""
    return [next(part for part in match.groups() if part is not None) for match in _WORD.finditer(line)]


def help_text(commands: Sequence[Command]) -> str:
    """The table for people: one command a line, what it does beside it or under it."""
    width = max(len(command.usage) for command in commands if len(command.usage) <= 30)
    lines = []
    for command in commands:
        if len(command.usage) > width:
            lines += [f"  {command.usage}", f"  {'':{width}}  {command.does}"]
        else:
            lines.append(f"  {command.usage:{width}}  {command.does}")
    return "\n".join(lines)


def markdown_table(commands: Sequence[Command]) -> str:
    """The table for the README."""
    rows = [f"| `{command.usage.replace('|', chr(92) + '|')}` | {command.does} |" for command in commands]
    return "\n".join(["| command | what it does |", "|---|---|", *rows])


def run_prompt(
    commands: Sequence[Command], session: Any, suggestions: Mapping[str, Callable[[], Sequence[str]]]
) -> int:
    """Read lines and run them until the user leaves or the lines end; an error never ends it.

    Parameters
    ----------
    commands
        The table.
    session
        What commands are called with.
    suggestions
        ``completes`` of the commands -> what to suggest.

    Returns
    -------
    int
        Exit code 0.
    """
    at_terminal = sys.stdin.isatty() and sys.stdout.isatty()
    for line in _typed(commands, suggestions) if at_terminal else _piped():
        try:
            run_line(commands, session, line)
        except Leave:
            break
        except UserError as error:
            note(f"error: {error}")
        except KeyboardInterrupt:
            if not at_terminal:
                raise
            note("stopped")
        except BrokenPipeError:
            raise
        except OSError as error:
            note(f"error: {describe_os_error(error)}")
        sys.stdout.flush()
    return OK


def _piped() -> Iterator[str]:
    if hasattr(sys.stdin, "reconfigure"):
        sys.stdin.reconfigure(errors="replace")
    yield from sys.stdin


def _typed(
    commands: Sequence[Command], suggestions: Mapping[str, Callable[[], Sequence[str]]]
) -> Iterator[str]:
    from common.prompt.completion import open_terminal

    terminal = open_terminal(commands, suggestions, history_path())
    while True:
        try:
            yield terminal.prompt()
        except KeyboardInterrupt:
            continue  # Ctrl-C clears the line
        except EOFError:
            say()
            return


def history_path() -> Path:
    """Where typed lines are kept from run to run: the user's state folder."""
    from platformdirs import user_state_path

    return user_state_path(APPLICATION, appauthor=False) / "history"
