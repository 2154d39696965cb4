"""README, CONTRIBUTING and docs say what is so: tables are derived, commands run and print what is shown."""

import argparse
import importlib
import re
import shlex
import shutil
import subprocess

import pytest
import readme

from common.paths import PROJECT
from common.prompt import parsing

TEXT = readme.README.read_text(encoding="utf-8")
WRITTEN = [readme.README, PROJECT / "CONTRIBUTING.md", *sorted(PROJECT.glob("docs/*.md"))]
PAGES = {str(path.relative_to(PROJECT)): path.read_text(encoding="utf-8") for path in WRITTEN}

needs_make = pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")


@pytest.mark.parametrize("name", ["layout", "commands"])
def test_tables_are_derived(name):
    assert readme.table_pattern(name).search(TEXT)[2] == readme.tables()[name], "run: make readme"


COMMAND = re.compile(r"^(?:\$ |\.venv/bin/)?python (0[1-4]_\w+)\.py(.*)$", re.MULTILINE)
COMMANDS = sorted({found for text in PAGES.values() for found in COMMAND.findall(text)})


def parse(script: str, words: list[str]) -> argparse.Namespace:
    """Parse as the script does; what a user means as a command of stage 4 has to be one."""
    stage = importlib.import_module(script)
    arguments = stage.get_parser().parse_args(words)
    if not getattr(arguments, "line", None):
        return arguments
    command, rest = parsing.pick(arguments.line)
    assert command.name == arguments.line[0]
    return parsing.parse_one_shot(command, rest, arguments)


@pytest.mark.parametrize(("script", "arguments"), COMMANDS)
def test_every_command_line_parses(script, arguments):
    assert parse(script, shlex.split(arguments, comments=True))


@pytest.mark.parametrize(
    "line", ["serch --nonsense", "serch voyage", "search voyage --nonsense", "--nonsense"]
)
def test_a_command_line_that_is_wrong_does_not_parse(line, capsys):
    with pytest.raises((SystemExit, AssertionError)):
        parse("04_similarity_search", line.split())


def test_the_readme_has_commands_to_parse():
    assert len(COMMANDS) >= 4


@pytest.mark.parametrize("page", PAGES)
def test_every_file_it_links_exists(page):
    for target in re.findall(r"\]\(([^)#:]+)\)", PAGES[page]):
        assert ((PROJECT / page).parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES)
def test_every_source_file_it_names_exists(page):
    for target in re.findall(r"`((?:common|tests|benchmarks|docs|\.github)/[\w./-]+)`", PAGES[page]):
        assert (PROJECT / target).exists(), target


def make_targets(page: str) -> set[str]:
    return set(re.findall(r"(?:^|`)make ([\w-]+)", PAGES[page], re.MULTILINE))


def test_the_readme_has_make_targets():
    assert {"demo", "test"} <= make_targets("README.md")


@needs_make
@pytest.mark.parametrize("page", PAGES)
def test_every_make_target_it_names_exists(page):
    for target in make_targets(page):
        asked = ["make", "--dry-run", target]
        assert subprocess.run(asked, cwd=PROJECT, capture_output=True, check=False).returncode == 0, target


def test_make_help_names_every_target():
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    [phony] = re.findall(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert set(re.findall(r'"make (\w+)', makefile)) == set(phony.split()) - {"help"}


@pytest.fixture(scope="module")
def stages(tmp_path_factory) -> readme.Stages:
    return readme.Stages(tmp_path_factory.mktemp("readme"))


@pytest.fixture(scope="module")
def demo(stages) -> dict[str, readme.Run]:
    return stages.demo()


@pytest.mark.slow
@needs_make
def test_make_demo_ends_with_the_pages_the_readme_promises(demo, stages):
    assert {run.command.split()[1][:2] for run in demo.values()} == {"01", "02", "03", "04"}
    assert (stages.folder / "outputs/html/index.html").is_file()
    for pattern in re.findall(r"`((?:journey|three_perspectives|map)_[\w<>]+\.(?:png|html))`", TEXT):
        assert list((stages.folder / "outputs").rglob(re.sub("<.*>", "*", pattern))), pattern


TIMES = re.compile(r"in \S+(?: s)? \(\d+× realtime\)")
NUMBER = re.compile(r"([+-]?\d+\.\d+)")
BAR = re.compile(r"[ █]*│[ █]*")


def test_shown_and_printed_may_differ_in_times_and_slightly_in_numbers_alone():
    assert alike("read in 10 s (311× realtime) …", "read in 1:05 (9× realtime) …")
    assert alike("0.501 Ilmar Veld 136", "0.506 Ilmar Veld 136")
    assert alike("energy -0.001   █│   loudness", "energy +0.002    │█  loudness")
    for other in ("0.531 Ilmar Veld 136", "0.501 Ilmar Veld 137", "0.501 Ilmar 136", "0.50 Ilmar Veld 136"):
        assert not alike("0.501 Ilmar Veld 136", other)


def alike(shown: str, printed: str) -> bool:
    """Whether two outputs differ in times alone, or in numbers by what other versions of libraries change."""
    one, other = (NUMBER.split(BAR.sub("│", TIMES.sub("", text))) for text in (shown, printed))
    return one[::2] == other[::2] and all(
        len(a.partition(".")[2]) == len(b.partition(".")[2])
        and abs(float(a) - float(b)) <= max(0.01, 0.015 * abs(float(a)))
        for a, b in zip(one[1::2], other[1::2], strict=True)
    )


@pytest.mark.slow
@needs_make
@pytest.mark.parametrize("shown", readme.transcripts(TEXT), ids=lambda run: run.command)
def test_a_transcript_is_what_the_command_prints(shown, demo, stages):
    printed = demo.get(shown.command) or stages.run(shown.command)
    assert alike(shown.output, printed.output), f"run: make readme\n{printed.output}"


def test_there_are_transcripts():
    assert len(readme.transcripts(TEXT)) >= 3


@pytest.mark.slow
@needs_make
@pytest.mark.parametrize("line", ["serch --nonsense", "search --nonsense"])
def test_a_transcript_that_is_wrong_fails(line, demo, stages):
    with pytest.raises(AssertionError):
        stages.run(f"python 04_similarity_search.py {line}")
