"""The commands about the prompt itself: help and quit."""

from __future__ import annotations

import textwrap
from argparse import Namespace
from dataclasses import dataclass

from common.console import UserError, terminal_width
from common.prompt.answers import Answer
from common.prompt.commands import COMMANDS, Command, by_name, help_text, near_command
from common.prompt.loop import Leave
from common.prompt.parsing import line_parser
from common.prompt.session import Session

NOTES = (
    "SONG is any part of its name, the number of a song listed before, or an audio file.",
    "Where a name means several songs, #2 after it is the second of them.",
    "A + B - C is what A and B have and C has not; like and less go on from there.",
    "A line that starts with no command is a search.",
    "What stands after -- is a name, whatever it begins with.",
    'A "?" after a key: another key fits about as well. Am 8A is A minor, 8A on the DJs\' wheel.',
    "-v shows each song's file; open SONG shows it in its folder.",
)
"""What stands under the table of commands."""


@dataclass(frozen=True)
class Help(Answer):
    """The table of commands.

    Attributes
    ----------
    commands
        The commands, in the order of the table.
    """

    commands: tuple[Command, ...]

    def as_json(self) -> object:
        return [{"command": command.usage, "does": command.summary} for command in self.commands]

    def as_text(self) -> str:
        width = max(40, terminal_width())
        return "\n".join([help_text(self.commands), *(textwrap.fill(note, width) for note in NOTES)])


@dataclass(frozen=True)
class CommandHelp(Answer):
    """What one command takes.

    Attributes
    ----------
    command
        The command.
    """

    command: Command

    def as_json(self) -> object:
        return {"command": self.command.usage, "does": self.command.summary}

    def as_text(self) -> str:
        return line_parser(self.command).format_help().rstrip()


def show_help(session: Session, arguments: Namespace) -> Help | CommandHelp:
    """Show the commands, or what one of them takes."""
    name = arguments.command
    if name is None:
        return Help(COMMANDS)
    if name.lower() in by_name(COMMANDS):
        return CommandHelp(by_name(COMMANDS)[name.lower()])
    near = near_command(name)
    meant = f"did you mean: help {near.name}?" if near else "help lists them"
    raise UserError(f"no command is called {name!r}; {meant}")


def leave(session: Session, arguments: Namespace) -> Answer:
    """Leave the prompt."""
    raise Leave
