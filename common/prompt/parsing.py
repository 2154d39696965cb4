"""How a line becomes a command and its arguments, typed at a prompt or given on the command line.

Conventions: words need no quotes, because an argument that is a title is the words that are left.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from common.console import UserError, add_folder_options
from common.prompt.commands import COMMANDS, Command, by_name, near_command

_WORD = re.compile(r"""(?:"([^"]*)"|'([^']*)')(?=\s|$)|(\S+)""")


def split(line: str) -> list[str]:
    """Split a line into words; quotes around a word hold it together, an apostrophe in it is itself."""
    return [next(part for part in match.groups() if part is not None) for match in _WORD.finditer(line)]


def pick(words: Sequence[str]) -> tuple[Command, list[str]]:
    """Tell the command and its words apart; words without a command belong to the first command."""
    named = by_name(COMMANDS).get(words[0].lower())
    if named and words[0].lower() != named.name and len(words) > 1:
        named = None  # "exit music" is a title
    return (named, list(words[1:])) if named else (COMMANDS[0], list(words))


def mistyped(words: Sequence[str]) -> str:
    """The line that was meant, if its first word is nearly a command; empty if it is none, or is one."""
    command = near_command(words[0]) if words else None
    return " ".join([command.name, *words[1:]]) if command else ""


class HelpShown(Exception):  # noqa: N818  (a way out of argparse)
    """Help was printed instead of running anything."""


_NO_OPTION = "\0"
"""Begins a word that is no option although it begins with a dash, while options are looked for."""


class _Parser(argparse.ArgumentParser):
    """A parser whose errors show words as they were typed."""

    def error(self, message: str) -> NoReturn:
        super().error(_as_typed(message))


class _LineParser(_Parser):
    """A parser whose mistakes are the user's and end nothing."""

    def error(self, message: str) -> NoReturn:
        raise UserError(_as_typed(message))

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        raise HelpShown


def parse_line(command: Command, words: Sequence[str], meant: str = "") -> argparse.Namespace:
    """Parse the words after a command that was typed at the prompt.

    Parameters
    ----------
    command, words
        The command and its words, as `pick` tells them apart.
    meant
        The line that was probably meant, see `mistyped`; empty if there is no doubt.

    Raises
    ------
    UserError
        If the words are not what the command takes; the message says what it takes, or what was meant.
    HelpShown
        If they ask for help, which was printed.
    """
    try:
        return _parse(line_parser(command), words)
    except UserError as error:
        raise UserError(f"{error}; {_advice(command, meant)}") from None


def line_parser(command: Command) -> argparse.ArgumentParser:
    """The parser of what stands after a command at the prompt."""
    parser = _LineParser(
        prog=command.name, usage=command.usage, description=command.summary, allow_abbrev=False
    )
    return command.add_to(parser)


def _advice(command: Command, meant: str) -> str:
    return f"did you mean: {meant}?" if meant else f"usage: {command.usage}"


def parse_one_shot(command: Command, words: Sequence[str], before: argparse.Namespace) -> argparse.Namespace:
    """Parse a command given on the command line; wrong usage is argparse's exit code 2.

    Parameters
    ----------
    command, words
        The command and its words, as `pick` tells them apart.
    before
        What stood before the command, and the whole ``line``; the options may also come after the command,
        and the last one counts.
    """
    parser = _Parser(
        prog=f"{Path(sys.argv[0]).name} {command.name}", description=command.summary, allow_abbrev=False
    )
    if meant := mistyped(before.line):
        parser.usage = f"{_advice(command, meant)}\n{parser.format_usage().removeprefix('usage: ')}"
    command.add_to(parser)
    add_folder_options(parser)
    return _parse(parser, words, argparse.Namespace(**vars(before)))


def _parse(
    parser: argparse.ArgumentParser, words: Sequence[str], before: argparse.Namespace | None = None
) -> argparse.Namespace:
    """Parse words among which options stand anywhere; ``->`` is none, nor is what stands after ``--``."""
    end = words.index("--") if "--" in words else len(words)
    marked = [f"{_NO_OPTION}{word}" if word == "->" else word for word in words[:end]]
    marked += [f"{_NO_OPTION}{word}" if word.startswith("-") else word for word in words[end + 1 :]]
    given = parser.parse_intermixed_args(marked, before)
    return argparse.Namespace(**{name: _unmarked(value) for name, value in vars(given).items()})


def _unmarked(value: object) -> object:
    if isinstance(value, list):
        return [_unmarked(one) for one in value]
    return value.removeprefix(_NO_OPTION) if isinstance(value, str) else value


def _as_typed(message: str) -> str:
    """A message without the sign of `_NO_OPTION`, written as it is or as ``repr`` writes it."""
    return message.replace(_NO_OPTION, "").replace(repr(_NO_OPTION).strip("'"), "")
