"""Stages in surroundings that are not as they should be: what they cannot do they say in one line."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from faults import hostile
from signals import chords, clicks, noise, sine
from small_songs import write

from common import library
from common.paths import PROJECT, Paths

pytestmark = pytest.mark.skipif(os.name == "nt", reason="these surroundings are those of POSIX systems")


def run(command: str, tmp_path: Path, **environment: str) -> subprocess.CompletedProcess:
    """Run a stage as a shell does: ``{data}`` and ``{music}`` stand for folders, then come redirections."""
    stage = command.format(
        python=sys.executable,
        data=f"--data {tmp_path}/data --outputs {tmp_path}/outputs",
        music=tmp_path / "music",
    )
    return subprocess.run(
        ["bash", "-c", stage], cwd=PROJECT, env=os.environ | environment, capture_output=True, timeout=300
    )


def errors(done: subprocess.CompletedProcess) -> list[str]:
    said = done.stderr.decode("utf-8", "replace")
    assert "Traceback" not in said, said
    assert "\x1b" not in said
    return [line for line in said.splitlines() if line.startswith("error:")]


def check(done: subprocess.CompletedProcess, code: int = 0) -> list[str]:
    found = errors(done)
    assert done.returncode == code, (done.stdout, done.stderr)
    assert len(found) == (1 if code else 0)
    return found


@pytest.fixture
def music(tmp_path: Path) -> Path:
    write(tmp_path / "music" / "A" / "one.wav", chords(2.0))
    write(tmp_path / "music" / "Ä" / "zwei – 日本.wav", chords(2.0) * 0.5)
    return tmp_path / "music"


STAGE_1 = "{python} 01_feature_extraction.py {music} {data}"


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
@pytest.mark.slow
def test_closed_streams(music, tmp_path, closed):
    check(run(f"{STAGE_1} {closed}", tmp_path))
    paths = Paths(tmp_path / "data", tmp_path / "outputs")
    assert len(library.load(paths)) == 2
    assert paths.skipped.read_text(encoding="utf-8-sig") == "path,kind,reason\n"
    check(run("{python} 04_similarity_search.py {data} list " + closed, tmp_path))


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_without_a_library(tmp_path, closed):
    done = run("{python} 04_similarity_search.py {data} genres " + closed, tmp_path)
    errors(done)
    assert done.returncode == 1


@pytest.mark.slow
def test_an_ascii_terminal(music, tmp_path):
    ascii_only = {"PYTHONIOENCODING": "ascii", "LC_ALL": "C", "PYTHONUTF8": "0"}
    check(run(STAGE_1, tmp_path, **ascii_only))
    done = run("{python} 04_similarity_search.py {data} list", tmp_path, **ascii_only)
    check(done)
    assert done.stdout.isascii()
    assert b"zwei ?" in done.stdout


def test_a_full_disk_under_the_output(make_library, tmp_path):
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    make_library({"A": 3})
    done = run("{python} 04_similarity_search.py {data} list > /dev/full", tmp_path)
    [error] = check_with_library(done)
    assert error == "error: No space left on device: the output"


def check_with_library(done: subprocess.CompletedProcess) -> list[str]:
    found = errors(done)
    assert done.returncode == 1
    return found


@pytest.mark.slow
def test_names_in_no_encoding_and_times_far_away(tmp_path):
    folder = os.fsencode(tmp_path / "music") + b"/G\xff\xfe"
    write(tmp_path / "music" / "B" / "one.wav", chords(2.0))
    os.mkdir(folder)
    sounds = {b"x\xff.wav": noise(2.0), b"late.wav": sine(440.0, 2.0), b"\x1b[31mred.wav": clicks(120.0, 2.0)}
    for name, sound in sounds.items():
        write(tmp_path / "plain.wav", sound)
        os.rename(tmp_path / "plain.wav", folder + b"/" + name)
    os.utime(folder + b"/late.wav", (2**33 + 2**32, 2**33 + 2**32))
    check(run(STAGE_1, tmp_path))
    check(run(STAGE_1, tmp_path))
    found = library.load(Paths(tmp_path / "data", tmp_path / "outputs"))
    assert len(found) == 4
    for command in ("list", "genres", "search late"):
        check(run("{python} 04_similarity_search.py {data} " + command, tmp_path))


@pytest.mark.slow
def test_what_is_no_song_is_a_row_of_the_skipped(music, tmp_path):
    with hostile.not_files(music / "A") as no_files:
        for name, build in hostile.HOSTILE_TAGS.items():
            path = music / "A" / f"{name}.mp3"
            path.write_bytes(build() + hostile.mp3(tmp_path / "plain.mp3", 2.0))
        hostile.flac_that_claims(music / "A" / "long.flac", 20.0)
        no_files = [path for path in no_files if not path.is_file()]
        done = run(STAGE_1, tmp_path)
    check(done)
    paths = Paths(tmp_path / "data", tmp_path / "outputs")
    assert len(library.load(paths)) == 2 + len(hostile.HOSTILE_TAGS)
    skipped = paths.skipped.read_text(encoding="utf-8-sig")
    assert skipped.count("no regular file") == len(no_files)
    assert "long.flac,too_large,20:00:00 of sound" in skipped


@pytest.mark.slow
def test_nothing_can_be_written_but_the_data(music, tmp_path):
    """HOME and the cache cannot be written; root could, so they are no folders at all."""
    nowhere = {"HOME": "/dev/null", "XDG_CACHE_HOME": "/dev/null/cache", "XDG_STATE_HOME": "/dev/null/state"}
    check(run(STAGE_1, tmp_path, **nowhere))
    assert np.isfinite(library.load(Paths(tmp_path / "data", tmp_path / "outputs")).embeddings).all()
    check(run("{python} 04_similarity_search.py {data} list", tmp_path, **nowhere))
