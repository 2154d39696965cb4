"""Hints at the empty prompt: what to try next, until it has been tried.

Conventions: a command's hint goes once the command has been used, in this run or an earlier one; a line that
starts with no command counts as the first command. No hint follows an error, and each is shown a few times
only, so that who does not care is left alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from common.prompt.commands import COMMANDS
from common.prompt.parsing import pick, split

MOST_TIMES = 3
"""How often a hint is shown in one run."""

FIRST_HINT = "type part of a title, or help"
"""What is shown to a person who has never typed anything."""


class Hints:
    """Which hint the prompt shows."""

    def __init__(self) -> None:
        self._used: set[str] = set()
        self._shown: Counter[str] = Counter()
        self._after_error = False

    def learn(self, history: Iterable[str]) -> None:
        """Learn which commands were used in earlier runs from the lines that were typed."""
        self._used |= {name for line in history for name in _command_names(line)}

    def note_line(self, line: str, failed: bool) -> None:
        """Take note of a line that was typed, and whether it ended with an error."""
        self._after_error = failed
        if not failed:
            self._used.update(_command_names(line))

    def next(self) -> str:
        """The hint to show now, which counts as shown; empty for none."""
        if self._after_error:
            return ""
        if not self._used:
            return FIRST_HINT
        for command in COMMANDS:
            is_new = command.hint and command.name not in self._used
            if is_new and self._shown[command.name] < MOST_TIMES:
                self._shown[command.name] += 1
                return f"{command.usage}: {command.hint}"
        return ""


def _command_names(line: str) -> list[str]:
    """Name of the command that a line gives, if it gives any."""
    words = split(line)
    return [pick(words)[0].name] if words else []
