from __future__ import annotations

import importlib
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document

from common.prompt.commands import COMMANDS
from common.prompt.completion import LineCompleter, best_matches
from common.text import fold

stage4 = importlib.import_module("04_similarity_search")
SCRIPT = Path(stage4.__file__)
SONG = "trance artist 1 - song 001"


TITLES = ["Crying in the Rain", "The Rain Song", "Café del Mar", "Train of Thought", "list of demands"]


@pytest.fixture
def complete():
    completer = LineCompleter({"songs": lambda: TITLES, "genres": lambda: ["TRANCE"]})

    def lines(text: str) -> list[str]:
        found = completer.get_completions(Document(text), CompleteEvent())
        whole = [text[: len(text) + one.start_position] + one.text for one in found]
        assert all(line.endswith(" ") for line in whole)  # typing goes on
        return [line[:-1] for line in whole]

    return lines


def test_titles_are_matched_in_their_middle_best_first():
    folded = [fold(title) for title in TITLES]
    assert best_matches("rain", TITLES, folded) == ["Crying in the Rain", "The Rain Song", "Train of Thought"]
    assert best_matches("THE RAIN", TITLES, folded)[0] == "The Rain Song"
    assert best_matches("rain crying", TITLES, folded) == ["Crying in the Rain"]
    assert best_matches("cafe", TITLES, folded) == ["Café del Mar"]
    assert best_matches("cfdm", TITLES, folded) == ["Café del Mar"]
    assert best_matches("(", TITLES, folded) == []
    assert best_matches("", TITLES, folded, most=2) == TITLES[:2]


def test_completion_of_commands_titles_options_and_genres(complete):
    assert complete("se") == ["search", "set"]
    assert complete("crying i") == ["Crying in the Rain"]
    assert complete("search crying i") == ["search Crying in the Rain"]
    assert complete("diverse del") == ["diverse Café del Mar"]
    assert complete("playlist Café del Mar -> thought") == ["playlist Café del Mar -> Train of Thought"]
    assert complete("compare Café del Mar | thought") == ["compare Café del Mar | Train of Thought"]
    assert complete("search Café del Mar --same") == [
        "search Café del Mar --same-genre",
        "search Café del Mar --same-tempo",
    ]
    assert complete("search Café del Mar + thought") == ["search Café del Mar + Train of Thought"]
    assert complete("list tr") == ["list TRANCE"]
    assert complete("genres x") == []
    assert {command.name for command in COMMANDS} == set(complete(""))


def test_a_whole_title_is_not_suggested_again(complete):
    assert complete("search Café del Mar ") == complete("Café del Mar") == []
    assert complete("compare Café del Mar | café del mar") == ["compare Café del Mar | Café del Mar"]


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
@pytest.mark.slow
def test_the_prompt_on_a_terminal(folders, tmp_path):
    """Type, complete, clear with Ctrl-C, leave with Ctrl-D; the next run remembers what was typed."""
    state = tmp_path / "state"
    with Terminal([*folders], state) as terminal:
        terminal.wait_for("type part of a title")
        terminal.type("solo art")
        terminal.wait_for("Solo Artist 1 - Song 001")
        terminal.type("\t\r")
        terminal.wait_for("ITALODANCE")
        terminal.wait_for("diverse SONG")
        terminal.type("nonsense nobody wants")
        terminal.wait_for("wants")
        terminal.type("\x03")
        terminal.wait_for("♪")
        terminal.type("xyzzyx\r")
        terminal.wait_for("no song is called 'xyzzyx'")
        terminal.wait_for("♪")
        terminal.type("compare 1 | 2\r")
        terminal.wait_for("similarity")
        terminal.wait_for("diverse SONG")
        terminal.type("\x04")
        assert terminal.exit_code() == 0
    (history,) = state.rglob("history")
    assert "+Solo Artist 1 - Song 001" in history.read_text(encoding="utf-8")
    assert "nonsense" not in history.read_text(encoding="utf-8")
    with Terminal([*folders], state) as terminal:
        terminal.wait_for("diverse SONG")
        terminal.type("\x1b[A\x1b[A\x1b[A\r")
        terminal.wait_for("ITALODANCE")
        terminal.wait_for("♪")
        terminal.type("\x04")
        assert terminal.exit_code() == 0
        assert "type part of a title" not in terminal.seen


class Terminal:
    """The script on a pseudo-terminal."""

    def __init__(self, words: list[str], state: Path) -> None:
        import pty
        import termios

        self._end, end = pty.openpty()
        termios.tcsetwinsize(end, (50, 120))
        environment = {**os.environ, "TERM": "xterm", "XDG_STATE_HOME": str(state), "HOME": str(state)}
        self._process = subprocess.Popen(
            [sys.executable, str(SCRIPT), *words], stdin=end, stdout=end, stderr=end, env=environment,
            start_new_session=True,
        )  # fmt: skip
        os.close(end)
        self.seen = ""
        self._fresh = ""

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._end)

    def type(self, keys: str) -> None:
        os.write(self._end, keys.encode())

    def wait_for(self, text: str, seconds: float = 30) -> None:
        """Read until a text appears that was not there when it was last waited for."""
        until = time.monotonic() + seconds
        while text not in self._fresh:
            assert time.monotonic() < until, f"{text!r} did not appear in {self._fresh!r}"
            assert self._read(0.1) or self._process.poll() is None, self._fresh
        self._fresh = self._fresh.partition(text)[2]

    def exit_code(self, seconds: float = 30) -> int:
        until = time.monotonic() + seconds
        while self._process.poll() is None and time.monotonic() < until:
            self._read(0.1)
        return self._process.wait(timeout=1)

    def _read(self, seconds: float) -> bool:
        import select

        if not select.select([self._end], [], [], seconds)[0]:
            return False
        try:
            text = os.read(self._end, 65536).decode("utf-8", "replace")
        except OSError:  # the other end is closed
            return False
        # Answer the question for the cursor's position, as a terminal does.
        if "\x1b[6n" in text:
            os.write(self._end, b"\x1b[1;1R")
        self.seen += text
        self._fresh += text
        return True
