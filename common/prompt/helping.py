"""The commands about the prompt itself: help and quit."""

from __future__ import annotations

import shutil
import textwrap
from argparse import Namespace
from dataclasses import dataclass

from common.prompt.answers import Answer
from common.prompt.commands import COMMANDS, Command, help_text
from common.prompt.loop import Leave
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
        width = max(40, shutil.get_terminal_size().columns)
        return "\n".join([help_text(self.commands), *(textwrap.fill(note, width) for note in NOTES)])


def show_help(session: Session, arguments: Namespace) -> Help:
    """Show the commands."""
    return Help(COMMANDS)


def leave(session: Session, arguments: Namespace) -> Answer:
    """Leave the prompt."""
    raise Leave
