"""The one loop that runs commands: once for a command line, again and again at a prompt."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from common.console import OK, UserError, describe_os_error, note, say
from common.prompt.commands import Command
from common.prompt.parsing import HelpShown, parse_line, pick, split

if TYPE_CHECKING:
    from common.prompt.session import Session

APPLICATION = "music-embedding-analysis"

Suggestions = Mapping[str, Callable[[], Sequence[str]]]
"""``completes`` of the commands -> what to suggest for it."""


class Leave(Exception):  # noqa: N818  (it is a wish, not an error)
    """The user wants to leave the prompt."""


def run_command(command: Command, session: Session, arguments: Namespace) -> None:
    """Run one command and print its answer.

    Raises
    ------
    UserError
        If it cannot be done.
    Leave
        If the user wants to leave.
    """
    from common.prompt.answers import show

    show(command.run(session, arguments), session, arguments.json)


def run_line(session: Session, line: str) -> None:
    """Run one typed line; see `run_command`."""
    words = split(line)
    if not words:
        return
    command, rest = pick(words)
    try:
        arguments = parse_line(command, rest)
    except HelpShown:
        return
    run_command(command, session, arguments)


def run_prompt(session: Session, suggestions: Suggestions) -> int:
    """Read lines and run them until the user leaves or the lines end; an error never ends it.

    Parameters
    ----------
    session
        The state that commands are called with.
    suggestions
        What to suggest for each kind of word.

    Returns
    -------
    int
        Exit code 0.
    """
    at_terminal = sys.stdin.isatty() and sys.stdout.isatty()
    for line in _typed(suggestions) if at_terminal else _piped():
        try:
            run_line(session, line)
        except Leave:
            break
        except UserError as error:
            _tell(session, error)
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


def _tell(session: Session, error: UserError) -> None:
    """Print an error, after the songs that it offers."""
    from common.prompt.answers import song_table
    from common.prompt.session import OfferedSongs

    if isinstance(error, OfferedSongs):
        say(song_table(session.library, error.songs))
    note(f"error: {error}")


def _piped() -> Iterator[str]:
    if hasattr(sys.stdin, "reconfigure"):
        sys.stdin.reconfigure(errors="replace")
    yield from sys.stdin


def _typed(suggestions: Suggestions) -> Iterator[str]:
    from common.prompt.completion import open_terminal

    terminal = open_terminal(suggestions, history_path())
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
