"""The one loop that runs commands: once for a command line, again and again at a prompt."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from common import process
from common.console import OK, UserError, describe_os_error, flush, note, say
from common.prompt.commands import Command
from common.prompt.hints import Hints
from common.prompt.parsing import HelpShown, mistyped, parse_line, pick, split

if TYPE_CHECKING:
    from common.prompt.session import OfferedSongs, Session

APPLICATION = "music-embedding-analysis"

Suggestions = Mapping[str, Callable[[], Sequence[str]]]
"""``completes`` of the commands -> what to suggest for it."""


class Leave(Exception):  # noqa: N818  (it is a wish, not an error)
    """The user wants to leave the prompt."""


def run_command(command: Command, session: Session, arguments: Namespace, words: Sequence[str]) -> None:
    """Run one command and print its answer.

    Parameters
    ----------
    command, arguments
        The command and its parsed arguments.
    session
        The state that commands share.
    words
        The line as it was given, its command included, by which a mistyped command is recognised.

    Raises
    ------
    UserError
        If it cannot be done.
    Leave
        If the user wants to leave.
    """
    from common.library import SongNotFoundError
    from common.prompt.answers import show

    try:
        answer = command.run(session, arguments)
    except SongNotFoundError as error:
        if not (meant := mistyped(words)):
            raise
        raise UserError(f"{words[0]!r} is no command (did you mean: {meant}?), and {error}") from None
    show(answer, session, arguments.json)


def run_line(session: Session, line: str) -> None:
    """Run one typed line; see `run_command`."""
    words = split(line)
    if not words:
        return
    command, rest = pick(words)
    try:
        arguments = parse_line(command, rest, mistyped(words))
    except HelpShown:
        return
    run_command(command, session, arguments, words)


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
    hints = Hints()
    unclear: tuple[str, OfferedSongs] | None = None
    for typed in _typed(suggestions, hints) if at_terminal else _piped():
        line, failed = _meant(session, typed, unclear), True
        unclear = None
        try:
            run_line(session, line)
            failed = False
        except Leave:
            break
        except UserError as error:
            unclear = _tell(session, line, error)
        except KeyboardInterrupt:
            if not at_terminal:
                raise
            process.forget_interrupt()
            note("stopped")
        except BrokenPipeError:
            raise
        except OSError as error:
            note(f"error: {describe_os_error(error)}")
        hints.note_line(line, failed)
        flush()
    return OK


def _meant(session: Session, typed: str, unclear: tuple[str, OfferedSongs] | None) -> str:
    """The line to run: what was typed, or the line before if that is the number of a song it offered."""
    if unclear and session.is_number(typed.strip()):
        line, offer = unclear
        session.choose(offer, typed.strip())
        return line
    session.chosen.clear()
    return typed


def _tell(session: Session, line: str, error: UserError) -> tuple[str, OfferedSongs] | None:
    """Print an error, after the songs that it offers; if it offers some, they are returned with the line."""
    from common.prompt.session import OfferedSongs
    from common.prompt.song_table import song_table

    if isinstance(error, OfferedSongs):
        names = [session.library.names[song] for song in error.songs]
        say(song_table(session.library, error.songs, files=len(set(names)) < len(names)))
    note(f"error: {error}")
    return (line, error) if isinstance(error, OfferedSongs) else None


def _piped() -> Iterator[str]:
    if hasattr(sys.stdin, "reconfigure"):
        sys.stdin.reconfigure(errors="replace")
    yield from sys.stdin


def _typed(suggestions: Suggestions, hints: Hints) -> Iterator[str]:
    from common.prompt.completion import open_terminal, quiet

    terminal = open_terminal(suggestions, hints, history_path())
    while True:
        try:
            line = terminal.prompt(placeholder=quiet(hints.next()))
            process.watch_again()
            yield line
        except KeyboardInterrupt:
            process.forget_interrupt()  # Ctrl-C clears the line
        except EOFError:
            say()
            return


def history_path() -> Path:
    """Where typed lines are kept from run to run: the user's state folder."""
    from platformdirs import user_state_path

    return user_state_path(APPLICATION, appauthor=False) / "history"
