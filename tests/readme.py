"""What the README takes from the code: tables, and transcripts of real runs; ``make readme`` writes both.

A table stands between two comments that name it. A transcript is a block of code whose first line begins with
``$ ``: each such line is run on the demo library, and what it prints on stdout follows it, with the folder
shortened to ``…``. `test_readme` checks that both are up to date.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from common import layout
from common.paths import PROJECT
from common.prompt import commands

README = PROJECT / "README.md"

BLOCK = re.compile(r"^```\n(\$ .*?\n)```$", re.MULTILINE | re.DOTALL)


def tables() -> dict[str, str]:
    """Name of a derived table -> its Markdown."""
    return {"layout": layout.markdown_table(), "commands": commands.markdown_table(commands.COMMANDS)}


def table_pattern(name: str) -> re.Pattern[str]:
    """What finds a derived table: its marks, and between them the content as group 2."""
    return re.compile(rf"(<!-- {name}: begin -->\n)(.*?)\n?(<!-- {name}: end -->)", re.DOTALL)


@dataclass(frozen=True)
class Run:
    """A command of a transcript, and what it printed on stdout."""

    command: str
    output: str


def runs(block: str) -> list[Run]:
    """The commands of a transcript."""
    parts = re.split(r"^\$ (.*)\n", block, flags=re.MULTILINE)[1:]
    return [Run(command, output.strip("\n")) for command, output in zip(parts[::2], parts[1::2], strict=True)]


def transcripts(text: str) -> list[Run]:
    """Every command of every transcript in a Markdown text."""
    return [run for block in BLOCK.findall(text) for run in runs(block)]


class Stages:
    """Runs the four scripts as the README shows them, on data and outputs of their own.

    Parameters
    ----------
    folder
        Where ``data`` and ``outputs`` are made.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, command: str) -> Run:
        """Run ``python 0N_….py …``.

        Raises
        ------
        AssertionError
            If it is another program, or ends with an error.
        """
        program, script, *words = shlex.split(command, comments=True)
        assert Path(program).name == "python", command
        assert re.fullmatch(r"0[1-4]_\w+\.py", script), command
        folders = ["--data", str(self.folder / "data"), "--outputs", str(self.folder / "outputs")]
        ended = subprocess.run(
            [sys.executable, str(PROJECT / script), *folders, *words],
            env={**os.environ, "COLUMNS": "80"},
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert ended.returncode == 0, f"{command}\n{ended.stderr}"
        return Run(command, ended.stdout.replace(str(self.folder), "…").strip("\n"))

    def demo(self) -> dict[str, Run]:
        """Run what ``make demo`` runs, in its order; command, without the folder of its Python -> run."""
        recipe = subprocess.run(
            ["make", "--dry-run", "demo"], cwd=PROJECT, capture_output=True, encoding="utf-8", check=True
        ).stdout
        commands = re.findall(r"^\S*(python 0[1-4]_.*)$", recipe, re.MULTILINE)
        return {command: self.run(command) for command in commands}


def rewritten(text: str, stages: Stages) -> str:
    """The README with all tables and transcripts made anew."""
    for name, content in tables().items():
        text = table_pattern(name).sub(lambda found, new=content: f"{found[1]}{new}\n{found[3]}", text)
    known = stages.demo()

    def run_again(found: re.Match[str]) -> str:
        anew = [known.get(old.command) or stages.run(old.command) for old in runs(found[1])]
        return "```\n" + "\n\n".join(f"$ {run.command}\n{run.output}" for run in anew) + "\n```"

    return BLOCK.sub(run_again, text)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        README.write_text(rewritten(README.read_text(encoding="utf-8"), Stages(Path(made))), encoding="utf-8")
