"""The README says what the code does: tables are derived, commands exist."""

import importlib
import re
import shlex

import pytest
from write_readme import README, derived, section_pattern

TEXT = README.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["layout", "commands"])
def test_tables_are_derived(name):
    assert section_pattern(name).search(TEXT)[2] == derived()[name], "run: make readme"


COMMANDS = sorted(set(re.findall(r"^(?:\$ |\.venv/bin/)?python (0[1-4]_\w+)\.py(.*)$", TEXT, re.MULTILINE)))


@pytest.mark.parametrize(("script", "arguments"), COMMANDS)
def test_every_command_line_parses(script, arguments):
    words = shlex.split(arguments, comments=True)
    assert importlib.import_module(script).get_parser().parse_args(words)


def test_the_readme_has_commands_to_parse():
    assert len(COMMANDS) >= 4


def test_every_file_it_links_exists():
    for target in re.findall(r"\]\(([^)#:]+)\)", TEXT):
        assert (README.parent / target).exists(), target
