"""The prompt on a real terminal: completion of commands and titles, history, hints that retire.

Conventions: what is typed is compared as `text.fold` has it, without case and accents. A title matches
if it starts with what was typed, has it anywhere, or has all its words; if none does, one that has its
letters in this order will do. Better kinds come first, and the library's order decides among equals.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer, Completion, ThreadedCompleter
from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import FormattedText
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.shortcuts import CompleteStyle

from common.console import note
from common.prompt.commands import COMMANDS, Command, by_name
from common.prompt.hints import Hints
from common.text import clean, fold

MOST = 30
"""Suggestions shown at once."""

_BETWEEN = re.compile(r"\||->|→|\s\+\s")
"""What stands between two songs on a line."""


def best_matches(typed: str, names: Sequence[str], folded: Sequence[str], most: int = MOST) -> list[str]:
    """Find the names a person may be typing, the likeliest first.

    Parameters
    ----------
    typed
        The text that is there so far; an empty text matches everything.
    names, folded
        The names, and what `text.fold` makes of them.
    most
        How many names are found at most.
    """
    wanted = fold(typed)
    words = wanted.split()
    letters = re.compile(".*?".join(map(re.escape, wanted.replace(" ", ""))))
    kinds: list[Callable[[str], object]] = [
        lambda name: name.startswith(wanted),
        lambda name: f" {wanted}" in name,
        lambda name: wanted in name,
        lambda name: all(word in name for word in words),
    ]
    ranked = [name for fits in kinds for name, key in zip(names, folded, strict=True) if fits(key)]
    if not ranked and len(wanted) > 2:  # letters in order are a last resort
        ranked = [name for name, key in zip(names, folded, strict=True) if letters.search(key)]
    return list(dict.fromkeys(ranked))[:most]


class LineCompleter(Completer):
    """Completes commands, and after them what they take; a line without a command is a title.

    Parameters
    ----------
    suggestions
        Gives the names for each kind of word, ``completes`` of the commands; asked for once.
    """

    def __init__(self, suggestions: Mapping[str, Callable[[], Sequence[str]]]) -> None:
        self._commands = by_name(COMMANDS)
        self._default = COMMANDS[0]
        self._names = {kind: list(dict.fromkeys(map(clean, names()))) for kind, names in suggestions.items()}
        self._folded = {kind: [fold(name) for name in names] for kind, names in self._names.items()}

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterator[Completion]:
        """Suggest what may stand at the cursor."""
        line = document.text_before_cursor.lstrip()
        first, space, rest = line.partition(" ")
        command = self._commands.get(first.lower()) if space else None
        if command is None:
            yield from self._complete_command(line)
            yield from self._complete_name(self._default, line) if line else ()
        elif (option := rest.rpartition(" ")[2]).startswith("-"):
            for name in command.options():
                if name.startswith(option):
                    yield _completion(name, option)
        else:
            yield from self._complete_name(command, _BETWEEN.split(rest)[-1].lstrip())

    def _complete_command(self, line: str) -> Iterator[Completion]:
        for command in COMMANDS:
            if command.name.startswith(line.lower()):
                yield _completion(command.name, line, command.summary)

    def _complete_name(self, command: Command, typed: str) -> Iterator[Completion]:
        names, folded = (kinds.get(command.completes, []) for kinds in (self._names, self._folded))
        for name in best_matches(typed, names, folded):
            if name != typed.strip():
                yield _completion(name, typed)


def _completion(text: str, typed: str, about: str = "") -> Completion:
    """Put a text in the place of what was typed, and a space after it, so that typing goes on."""
    return Completion(f"{text} ", -len(typed), display=text, display_meta=about)


def open_terminal(
    suggestions: Mapping[str, Callable[[], Sequence[str]]], hints: Hints, history_file: Path
) -> PromptSession[str]:
    """Make the prompt a person types at.

    Parameters
    ----------
    suggestions
        Gives the names for each kind of word; see `LineCompleter`.
    hints
        Says what the empty prompt shows; it learns what was typed in earlier runs.
    history_file
        The file that lines are kept in; where it cannot be written they are kept until the end only.
    """
    history = _open_history(history_file)
    hints.learn(history.load_history_strings())
    return PromptSession(
        "♪ ",
        completer=ThreadedCompleter(LineCompleter(suggestions)),
        complete_while_typing=True,
        complete_style=CompleteStyle.COLUMN,
        history=history,
        reserve_space_for_menu=6,
    )


def quiet(text: str) -> FormattedText:
    """A text in the colour of what may be overlooked."""
    return FormattedText([("ansibrightblack", text)])


def _open_history(path: Path) -> History:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.open("ab").close()
    except OSError as error:
        note(f"what you type is not remembered: {path} cannot be written ({error.strerror})")
        return InMemoryHistory()
    return FileHistory(str(path))
