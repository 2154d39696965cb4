"""Ctrl-C ends every stage, with 130, one word and no traceback, whenever it comes."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from signals import chords
from small_songs import write

from common.paths import PROJECT

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows sends Ctrl-C to a whole console")


def launch(arguments: list[object], **options) -> subprocess.Popen:
    """Start a stage that hears Ctrl-C even where a shell runs this test in the background."""
    return subprocess.Popen(
        [sys.executable, *map(str, arguments)],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        **options,
    )


def interrupt(process: subprocess.Popen, after: float) -> str | None:
    """Interrupt a stage; returns what it said on stderr, or None if it had ended before."""
    time.sleep(after)
    if process.poll() is not None:
        process.communicate()
        return None
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    return said


def check(process: subprocess.Popen, said: str | None) -> None:
    if said is None or process.returncode == 0:  # it was done before it could be interrupted
        return
    assert process.returncode == 130, said
    assert "Traceback" not in said
    assert said.splitlines().count("interrupted") == 1


@pytest.fixture
def stage_1(tmp_path: Path) -> list[object]:
    for number in range(3):
        write(tmp_path / "music" / "A" / f"{number}.wav", chords(20.0) * (1 + number) / 4)
    return ["01_feature_extraction.py", tmp_path / "music", "--data", tmp_path / "data"]


@pytest.mark.slow
def test_ctrl_c_in_the_middle(stage_1):
    process = launch(stage_1)
    check(process, interrupt(process, 1.0))


@pytest.mark.slow
def test_ctrl_c_at_any_time(stage_1):
    rng = random.Random(0)
    for moment in [0.2, 0.3, 0.4, *(rng.uniform(0.2, 4.0) for _ in range(9))]:
        process = launch(stage_1)
        check(process, interrupt(process, moment))


SWALLOWS = """
import runpy, sys, time
from pathlib import Path
sys.modules["__main__"].__file__ = str(Path("01_feature_extraction.py").absolute())
from common import console, process

def stubborn():
    while True:
        try:
            print("ready", flush=True)
            {work}
        except KeyboardInterrupt:
            pass

sys.exit(console.run(stubborn))
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    "work",
    ["import ctypes; ctypes.CDLL(None).sleep(60)", "time.sleep(60)"],
)
def test_who_swallows_it_is_ended(work):
    process = launch(["-c", SWALLOWS.format(work=work)])
    assert process.stdout.readline() == "ready\n"
    check(process, interrupt(process, 0.1))
    assert process.returncode == 130


def test_a_second_ctrl_c_ends_it_at_once():
    process = launch(["-c", SWALLOWS.format(work="time.sleep(60)")])
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGINT)
    time.sleep(0.2)
    check(process, interrupt(process, 0.0))
    assert process.returncode == 130


DONE = """
import os, sys, time
from pathlib import Path
sys.modules["__main__"].__file__ = str(Path("01_feature_extraction.py").absolute())
from common import console, process

class Last:
    def __del__(self, write=os.write, sleep=time.sleep):
        write(1, b"ready\\n")
        sleep(0.5)

last = Last()
sys.exit(console.run(lambda: 0))
"""


def test_when_all_is_done_it_changes_nothing():
    process = launch(["-c", DONE])
    assert process.stdout.readline() == "ready\n"
    assert interrupt(process, 0.1) == ""
    assert process.returncode == 0


FAILS = SWALLOWS.replace("pass", "raise ImportError('a library made another error of it')")


def test_an_error_made_of_it_is_no_traceback():
    process = launch(["-c", FAILS.format(work="time.sleep(60)")])
    assert process.stdout.readline() == "ready\n"
    check(process, interrupt(process, 0.1))
    assert process.returncode == 130
