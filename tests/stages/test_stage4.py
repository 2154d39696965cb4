from __future__ import annotations

import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from common.prompt.commands import COMMANDS

stage4 = importlib.import_module("04_similarity_search")
SCRIPT = Path(stage4.__file__)
GENRES = {"ITALODANCE": 7, "TRANCE": 6, "SOLO": 1}

SONG = "trance artist 1 - song 001"


@pytest.mark.parametrize("words", [(), ("search", "x"), ("genres",)])
def test_a_missing_library_names_the_script_that_makes_it(tmp_path, capsys, words):
    assert stage4.main(["--data", str(tmp_path), *words]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert "run: python 01_feature_extraction.py" in err


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_small_libraries_give_a_result_or_one_sentence(make_library, capsys, size):
    paths, made = make_library({"TRANCE": size})
    folders = ["--data", str(paths.data), "--outputs", str(paths.outputs)]
    first, last = made.names[0], made.names[-1]
    for words in (["search", first], ["diverse", first], ["compare", first, last], ["genres"], ["list"]):
        code = stage4.main([*folders, *words])
        out, err = capsys.readouterr()
        assert out if code == 0 else err.startswith("error: ") and err.count("\n") == 1
        assert code == (1 if size == 1 and words != ["list"] else 0)


def test_help_imports_nothing_heavy(tmp_path):
    code = (
        "import sys, importlib, runpy\n"
        f"sys.argv = ['04_similarity_search.py', '--help']\n"
        f"try: runpy.run_path({str(SCRIPT)!r}, run_name='__main__')\n"
        "except SystemExit as left: assert left.code == 0\n"
        "heavy = {'numpy', 'matplotlib', 'prompt_toolkit', 'pandas', 'plotly'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    environment = {**os.environ, "PYTHONPATH": str(SCRIPT.parent)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert all(command.usage in done.stdout for command in COMMANDS)


def test_it_runs_as_a_command_from_another_directory(make_library, tmp_path):
    paths, _ = make_library(GENRES)
    folders = ["--data", str(paths.data), "--outputs", str(paths.outputs)]
    command = [sys.executable, str(SCRIPT), "search", SONG, "-n", "1", *folders]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0
    assert "TRANCE" in done.stdout
