"""The four scripts run as commands, from another folder, as a newcomer and a careless user would."""

import importlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from signals import RATE, chords, noise

from common.paths import PROJECT

SCRIPTS = sorted(path.name for path in PROJECT.glob("0[1-4]_*.py"))


def command(script: str, *arguments: object, cwd: Path, **options) -> subprocess.CompletedProcess:
    line = [sys.executable, str(PROJECT / script), *map(str, arguments)]
    return subprocess.run(line, cwd=cwd, capture_output=True, encoding="utf-8", check=False, **options)


def test_there_are_four_scripts():
    assert [script.partition("_")[0] for script in SCRIPTS] == ["01", "02", "03", "04"]


@pytest.mark.parametrize("script", SCRIPTS)
def test_help_is_complete_and_loads_nothing_that_was_installed(script, tmp_path):
    watcher = f"""
import runpy, site, sys
before = set(sys.modules)
sys.argv = ["{script}", "--help"]
try:
    runpy.run_path(r"{PROJECT / script}", run_name="__main__")
except SystemExit:
    pass
places = tuple(site.getsitepackages())
files = [getattr(sys.modules[name], "__file__", None) or "" for name in set(sys.modules) - before]
print("INSTALLED", [file for file in files if file.startswith(places)])
"""
    line, environment = [sys.executable, "-c", watcher], {**os.environ, "PYTHONPATH": str(PROJECT)}
    shown = subprocess.run(
        line, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    ).stdout
    assert shown.splitlines()[-1] == "INSTALLED []"
    for word in ("Reads", "Writes", "Run", "--data", "--outputs"):
        assert word in shown


@pytest.mark.parametrize("script", SCRIPTS[1:])
def test_a_missing_library_names_stage_1(script, tmp_path):
    arguments = ["search", "x"] if script.startswith("04") else []
    done = command(script, *arguments, "--data", "none", "--outputs", "out", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stdout == ""
    last = done.stderr.splitlines()[-1]
    assert last.startswith("error: ")
    assert "run: python 01_feature_extraction.py" in last
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("script", SCRIPTS)
def test_wrong_usage_is_exit_2(script, tmp_path):
    arguments = ["search", "--no-such-option"] if script.startswith("04") else ["--no-such-option"]
    assert command(script, *arguments, cwd=tmp_path).returncode == 2


def small_library(root: Path, genres: dict[str, int]) -> Path:
    """Write short songs that differ, and extract them with stage 1."""
    for genre, number in genres.items():
        for n in range(number):
            step = 2 if genre == "TRANCE" else 1
            song = np.resize(chords(2.0)[::step], RATE * 2) + noise(2.0, 0.004 * n + 0.001, n)
            path = root / "music" / genre / f"{genre.title()} {n} - Song {n}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(path, song, RATE)
    stage1 = importlib.import_module("01_feature_extraction")
    assert stage1.main([str(root / "music"), "--data", str(root / "data")]) == 0
    return root / "data"


@pytest.fixture
def stages(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[[dict], dict[str, tuple]]:
    """Take a small library through stages 2 to 4; returns exit code, output and errors of each."""

    def call(genres: dict[str, int]) -> dict[str, tuple]:
        data = small_library(tmp_path, genres)
        first = sorted(path.stem for path in (tmp_path / "music").rglob("*.wav"))[0]
        calls = {
            "journey": ("02_embedding_journey", []),
            "classifier": ("03_genre_classifier", []),
            "search": ("04_similarity_search", ["search", first]),
            "genres": ("04_similarity_search", ["genres"]),
        }
        ended = {}
        for name, (module, arguments) in calls.items():
            capsys.readouterr()
            where = ["--data", str(data), "--outputs", str(tmp_path / "outputs")]
            code = importlib.import_module(module).main([*arguments, *where])
            ended[name] = (code, *capsys.readouterr())
        return ended

    return call


SMALL = {
    "one song": {"TRANCE": 1},
    "two songs": {"TRANCE": 1, "ITALODANCE": 1},
    "three songs": {"TRANCE": 2, "ITALODANCE": 1},
    "five songs": {"TRANCE": 3, "ITALODANCE": 2},
    "one genre": {"TRANCE": 6},
    "a genre with one song": {"TRANCE": 8, "ITALODANCE": 7, "ALONE": 1},
}


@pytest.mark.slow
@pytest.mark.parametrize("name", SMALL)
def test_small_libraries_get_a_result_or_one_clear_sentence(stages, name):
    for stage, (code, out, err) in stages(SMALL[name]).items():
        assert code in (0, 1), stage
        errors = [line for line in err.splitlines() if line.startswith("error: ")]
        assert len(errors) == code, (stage, err)
        assert out.strip() or code == 1, stage


@pytest.mark.slow
def test_identical_songs_go_through(tmp_path, capsys):
    for n in range(6):
        path = tmp_path / "music" / ("A" if n % 2 else "B") / f"copy {n}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, chords(2.0), RATE)
    where = ["--data", str(tmp_path / "data"), "--outputs", str(tmp_path / "outputs")]
    for module, arguments in {
        "01_feature_extraction": [str(tmp_path / "music")],
        "02_embedding_journey": [],
        "03_genre_classifier": [],
        "04_similarity_search": ["genres"],
    }.items():
        assert importlib.import_module(module).main([*arguments, *where]) in (0, 1)
        errors = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
        assert len(errors) <= 1


@pytest.mark.slow
def test_the_demo_from_songs_to_answers(tmp_path):
    """The demo's four commands in order, from a folder that is not the house, on a part of its songs."""
    from common.demo import files

    files.write_library(tmp_path / "songs", 12)
    where = ["--data", tmp_path / "data", "--outputs", tmp_path / "outputs"]

    def done(script: str, *arguments: object) -> subprocess.CompletedProcess:
        ended = command(script, *arguments, *where, cwd=tmp_path, timeout=240)
        assert ended.returncode == 0, ended.stderr
        assert "Traceback" not in ended.stderr
        assert "Warning" not in ended.stderr
        return ended

    done(SCRIPTS[0], tmp_path / "songs")
    done(SCRIPTS[1])
    done(SCRIPTS[2])
    listed = json.loads(done(SCRIPTS[3], "list", "--json").stdout)
    names = [song["song_name"] for song in (listed["songs"] if isinstance(listed, dict) else listed)]
    assert len(names) == 12
    found = done(SCRIPTS[3], "search", names[0], "-v").stdout
    assert str(tmp_path / "songs") in found
    done(SCRIPTS[3], "diverse", names[0])
    done(SCRIPTS[3], "compare", names[0], names[-1])
    done(SCRIPTS[3], "genres")
    for folder in ("plots", "html", "models", "reports"):
        assert any((tmp_path / "outputs" / folder).iterdir()), folder
    assert (tmp_path / "outputs" / "html" / "index.html").is_file()
    shutil.rmtree(tmp_path / "outputs")
