"""The tree keeps its promise: who may import whom, no circles, and nothing too long to be read.

Every import is looked at, at the top of a file, inside a function, and for type checkers alone.
"""

from __future__ import annotations

import ast
import functools
import graphlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.paths import PROJECT

CORE = (
    "layout", "text", "process", "arrays", "paths", "console", "files", "together", "columns", "compiled",
    "lanes", "fourier", "kernels", "filters", "spectrum", "chroma", "rhythm", "features", "budget", "id3",
    "ogg", "tags", "mixdown", "decoders", "audio", "library", "music", "recordings", "song", "charts",
    "pages", "gallery", "filed",
)  # fmt: skip
"""The core in its order: each file imports only those before it."""

READ_BY_CORE = {
    ("song", "structure"): "what is read from a song is part of the one way to analyse it",
    ("song", "fingerprint"): "so are its sequences, from the spectra that are there for a moment only",
}
"""A file of the core and a package that it may import, and why; the package imports the core before it."""

ARROWS = {
    ("maps", "search"): "a page draws lines to the songs that the search finds",
    ("playlists", "search"): "an order of songs is judged by the space that they are compared in",
    ("classifier", "moves"): "what would change a verdict is tried on the sound",
    ("reference", "moves"): "its preview passes the same filter",
    ("prompt", "search"): "its commands search",
    ("prompt", "playlists"): "its commands put songs in order and save them",
    ("prompt", "reference"): "a command holds a mix against reference records",
    ("prompt", "fingerprint"): "commands find versions of a song, and the song that a clip is of",
    ("prompt", "extraction"): "songs are recognised by the sequences that the store keeps",
    ("reference", "search"): "the nearest songs are a mix's references",
    ("reference", "structure"): "the loudness of a mix is measured as that of every song",
    ("extraction", "structure"): "the store keeps readings under the version that they were made with",
    ("extraction", "fingerprint"): "the store keeps sequences under theirs",
    ("overview", "classifier"): "the table of all songs holds what the classifier takes them for",
    ("overview", "search"): "a table names clusters, and what sets a song apart is told in the same words",
    ("search", "classifier"): "one space is what the trained classifier listens to",
}
"""A package and another that it may import, and why."""

LONGEST_FILE, LONGEST_FUNCTION = 450, 50
"""Lines; those of a function without its docstring."""

ANALYSIS = {("audio", "load"), ("features", "extract"), ("features", "describe"), ("features", "summarise")}
"""What makes numbers of a file; `common.song` alone calls it, so that there is one way to do it."""

SCRIPTS = sorted(PROJECT.glob("0*.py"))
COMMON = sorted(PROJECT.glob("common/**/*.py"))
BENCHMARKS = sorted(PROJECT.glob("benchmarks/**/*.py"))
TESTS = sorted(PROJECT.glob("tests/**/*.py"))
OURS = [*SCRIPTS, *COMMON, *BENCHMARKS]

KNOWN_OFFENDERS: set[tuple[str, str]] = set()
"""A rule and a place that still breaks it. One that does no longer fails the test: take it out."""


def module_of(path: Path) -> str:
    """Name of a file's module, such as ``common.search.space``."""
    return ".".join(path.relative_to(PROJECT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {module_of(path): path for path in COMMON}
PACKAGES = {name.split(".")[1] for name in MODULES if name.count(".") == 2}


@functools.cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imported(nodes: Iterator[ast.AST]) -> Iterator[str]:
    """Modules that import statements name; of ``from common import x`` it is ``common.x`` if that is one."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are written in full"
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                yield full if full in MODULES else str(node.module)


def all_imports(path: Path) -> set[str]:
    return set(imported(ast.walk(tree_of(path))))


def imports_when_loaded(path: Path) -> set[str]:
    """What a file imports when it is imported itself: not what functions and type checkers do."""

    def statements(nodes: list[ast.stmt]) -> Iterator[ast.AST]:
        for node in nodes:
            if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
                continue
            if isinstance(node, ast.If | ast.Try | ast.With | ast.ClassDef):
                yield from statements(
                    [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt)]
                )
            yield node

    return set(imported(statements(tree_of(path).body)))


def home_of(module: str) -> str:
    """Package of a module of ``common``, or its own name if it is of the core."""
    return module.split(".")[1]


def check(rule: str, offenders: set[str]) -> None:
    """Compare what breaks a rule with what is known to."""
    known = {place for known_rule, place in KNOWN_OFFENDERS if known_rule == rule}
    assert offenders - known == set(), f"breaks the rule: {rule}"
    assert known - offenders == set(), f"keeps the rule now, so it is no known offender: {rule}"


def arrows() -> set[tuple[str, str]]:
    """Every module of ``common`` with every other that it imports."""
    return {
        (module, other)
        for module, path in MODULES.items()
        for other in all_imports(path)
        if other in MODULES and other != module
    }


def test_the_core_is_listed():
    core = {path.stem for path in PROJECT.glob("common/*.py")} - {"__init__"}
    assert sorted(core) == sorted(CORE)


def test_a_file_of_the_core_imports_only_those_before_it():
    def is_backward(module: str, other: str) -> bool:
        if home_of(other) in PACKAGES:
            return (home_of(module), home_of(other)) not in READ_BY_CORE
        return CORE.index(home_of(other)) >= CORE.index(home_of(module))

    inner = [(one, other) for one, other in arrows() if home_of(one) not in PACKAGES and one != "common"]
    check("order of the core", {f"{one} -> {other}" for one, other in inner if is_backward(one, other)})


def test_packages_import_only_the_packages_they_are_allowed_to():
    between = {
        (home_of(one), home_of(other))
        for one, other in arrows()
        if {home_of(one), home_of(other)} <= PACKAGES and home_of(one) != home_of(other)
    }
    check("arrows between packages", {f"{one} -> {other}" for one, other in between - set(ARROWS)})
    assert set(ARROWS) - between == set(), "nobody needs these arrows"
    assert all(ARROWS.values())


def test_nothing_imports_itself_on_a_way_round():
    graph: dict[str, set[str]] = {module: set() for module in MODULES}
    for one, other in arrows():
        graph[one].add(other)
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


@pytest.mark.parametrize("path", OURS, ids=module_of)
def test_scripts_are_imported_by_nobody(path):
    scripts = {script.stem for script in SCRIPTS}
    named = {node.value for node in ast.walk(tree_of(path)) if isinstance(node, ast.Constant)}
    assert not named & scripts
    assert not all_imports(path) & {"runpy", "tests"} or path in BENCHMARKS
    assert not any(module.startswith("benchmarks") for module in all_imports(path)) or path in BENCHMARKS


@pytest.mark.parametrize("path", SCRIPTS, ids=module_of)
def test_scripts_load_nothing_that_was_installed(path):
    waiting, seen, foreign = [path], set(), set()
    while waiting:
        for module in imports_when_loaded(waiting.pop()):
            if module in MODULES:
                waiting += [MODULES[module]] if module not in seen else []
                seen.add(module)
            elif module.partition(".")[0] not in sys.stdlib_module_names:
                foreign.add(module)
    check("scripts load nothing that was installed", {f"{module_of(path)} -> {module}" for module in foreign})


@pytest.mark.parametrize("path", [*SCRIPTS, *COMMON], ids=module_of)
def test_one_way_to_analyse_a_file(path):
    if module_of(path) in {"common.song", "common.features"}:
        return
    called = {
        (node.value.id, node.attr)
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }
    taken = {
        (str(node.module).rpartition(".")[2], alias.name)
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert not (called | taken) & ANALYSIS


def test_no_file_is_too_long():
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in [*OURS, *TESTS]}
    long = {path.relative_to(PROJECT).as_posix() for path, n in lengths.items() if n > LONGEST_FILE}
    check("length of files", long)


def test_no_function_is_too_long():
    long = {
        f"{path.relative_to(PROJECT).as_posix()}:{node.name}"
        for path in [*OURS, *TESTS]
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and _lines(node) > LONGEST_FUNCTION
    }
    check("length of functions", long)


def _lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    documented = ast.get_docstring(function, clean=False) is not None
    docstring = function.body[0] if documented else None
    lines = (function.end_lineno or 0) - function.lineno + 1
    return lines - ((docstring.end_lineno or 0) - docstring.lineno + 1 if docstring else 0)
