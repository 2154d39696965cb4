"""Compiled code is believed as a whole only; two processes, a death or a flipped bit do not spoil it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from common.paths import PROJECT

MODULE = """
from common.compiled import as_written

@as_written
def triple(x):
    return 3 * x

@as_written
def quadruple(x):
    return 4 * x
"""

CALL = """
from tripling import triple, quadruple
result = triple(2.0) + quadruple(1.0)
print(result, len(triple.stats.cache_hits) + len(quadruple.stats.cache_hits), flush=True)
"""
"""Prints the result, and how many of the two functions came out of the cache."""

BEATS = """
import numpy as np
from common import compiled
import librosa
onsets = np.tile(np.r_[np.ones(2, np.float32), np.zeros(18, np.float32)], 100)
print(len(librosa.beat.beat_track(onset_envelope=onsets, sr=22050, bpm=129.2)[1]))
"""


@pytest.fixture
def cold(tmp_path):
    """An environment with an empty cache, a folder for temporary files, and a module to compile."""
    for name in ("cache", "tmp", "code"):
        (tmp_path / name).mkdir()
    (tmp_path / "code" / "tripling.py").write_text(MODULE)
    paths = os.pathsep.join([str(PROJECT), str(tmp_path / "code")])
    return os.environ | {
        "NUMBA_CACHE_DIR": str(tmp_path / "cache"),
        "TMPDIR": str(tmp_path / "tmp"),
        "PYTHONPATH": paths,
    }


def run(code: str, environment: dict[str, str], **options) -> subprocess.Popen:
    command = [sys.executable, "-c", code]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True, **options)


def said(process: subprocess.Popen) -> str:
    out, _ = process.communicate(timeout=600)
    assert process.returncode == 0
    return out.strip()


def kept(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "cache").rglob("*.nb[ic]"))


@pytest.mark.slow
def test_only_the_first_run_gives_compiling_as_its_reason(cold):
    told = "from common.compiled import with_reason; print(with_reason('wait'))"
    with_call = f"{told}\n{CALL}\n{told}"
    first = said(run(with_call, cold)).splitlines()
    assert first[0] == first[2] == "wait: the first run compiles for some ten seconds, once"
    assert said(run(told, cold)) == "wait"


def test_what_one_process_compiled_the_next_one_finds(cold, tmp_path):
    assert said(run(CALL, cold)) == "10.0 0"
    assert len(kept(tmp_path)) == 4
    assert said(run(CALL, cold)) == "10.0 2"
    assert list((tmp_path / "tmp").iterdir()) == []
    assert not list((tmp_path / "code").rglob("*.nb[ic]"))


DAMAGES = {
    "flip": lambda content: content[:200] + bytes([content[200] ^ 8]) + content[201:],
    "truncate": lambda content: content[: len(content) // 2],
    "empty": lambda content: b"",
}


@pytest.mark.slow
@pytest.mark.parametrize("how", DAMAGES)
@pytest.mark.parametrize("what", ["*.nb[ic]", "current.json"])
def test_what_is_damaged_is_compiled_again(cold, tmp_path, what, how):
    said(run(CALL, cold))
    for path in (tmp_path / "cache").rglob(what):
        path.write_bytes(DAMAGES[how](path.read_bytes()))
    result, found = said(run(CALL, cold)).split()
    assert result == "10.0"
    assert int(found) < 2
    assert said(run(CALL, cold)) == "10.0 2"


@pytest.mark.slow
def test_an_index_that_is_newer_than_its_code_is_not_handed_on(cold, tmp_path):
    """What is left when a process dies, or the disk is full, between the two files of a function."""
    code = CALL + (
        "import os; from pathlib import Path; from common import compiled;"
        "[os.utime(p, ns=(0, 0)) for p in Path(compiled.numba.config.CACHE_DIR).rglob('*triple*.nbc')]"
    )
    said(run(code, cold))
    assert {path.name.split("-")[0] for path in kept(tmp_path)} == {"tripling.quadruple"}


@pytest.mark.slow
def test_a_killed_process_leaves_nothing_behind(cold, tmp_path):
    process = run(CALL + "import time; time.sleep(600)", cold)
    assert process.stdout.readline().startswith("10.0")
    assert len(list((tmp_path / "tmp").iterdir())) == 1
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert kept(tmp_path) == []
    assert said(run(CALL, cold)) == "10.0 0"
    assert list((tmp_path / "tmp").iterdir()) == []


@pytest.mark.slow
def test_a_cache_that_others_can_write_to_is_not_read(cold, tmp_path):
    said(run(CALL, cold))
    for path in (tmp_path / "cache").iterdir():
        path.chmod(0o777)
    assert said(run(CALL, cold)) == "10.0 0"


@pytest.mark.slow
def test_where_nothing_can_be_kept_everything_still_works(cold, tmp_path):
    shutil.rmtree(tmp_path / "cache")
    (tmp_path / "cache").write_text("no folder")
    assert said(run(CALL, cold)) == "10.0 0"


@pytest.mark.slow
def test_processes_that_compile_at_once_do_not_see_each_other(cold, tmp_path):
    together = [run(CALL, cold) for _ in range(4)]
    assert {said(process).split()[0] for process in together} == {"10.0"}
    assert said(run(CALL, cold)) == "10.0 2"
    [current] = (tmp_path / "cache").rglob("current.json")
    assert len(json.loads(current.read_text())["files"]) == len(kept(tmp_path)) == 4


@pytest.mark.slow
def test_beats_are_tracked_by_processes_that_start_at_once(cold):
    """librosa's tracker is compiled as a ufunc: where the cache of two processes was lost for good."""
    together = [run(BEATS, cold) for _ in range(3)]
    [beats] = {said(process) for process in together}
    assert beats in {"99", "100"}  # whether the last one counts depends on librosa
    assert said(run(BEATS, cold)) == beats


MAP = """
import numpy as np
from common.maps.projection import project
from umap import umap_
rows = np.random.default_rng(0).normal(size=(30, 8)).astype(np.float32)
rows /= np.linalg.norm(rows, axis=1, keepdims=True)
cosines = rows @ rows.T - 2 * np.eye(30, dtype=np.float32)
near = np.argsort(-cosines, axis=1)[:, :15]
made = project(rows, (near, 1 - np.take_along_axis(cosines, near, axis=1)), 2)
print(made.coordinates.sum(), len(umap_.smooth_knn_dist.stats.cache_hits), flush=True)
"""
"""Prints a map's sum, and whether what UMAP needs for it came out of the cache."""


@pytest.mark.slow
def test_what_umap_compiles_is_kept_for_the_next_map(cold):
    first, second = (said(run(MAP, cold)).split() for _ in range(2))
    assert first[1:] == ["0"]
    assert second == [first[0], "1"]
