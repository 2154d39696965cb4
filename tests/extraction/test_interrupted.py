"""Stage 1 as a process that is killed, interrupted or out of room: nothing that was finished is lost."""

import functools
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from signals import chords, noise
from small_songs import SCRIPT, artifacts, stored, write

from common import library

STORE = "store.sqlite"


def launch(music: Path, data: Path, **options) -> subprocess.Popen:
    command = [sys.executable, SCRIPT, music, "--data", data, "--workers", "2"]
    return subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL, **options)


def await_songs(process: subprocess.Popen, data: Path, wanted: int) -> None:
    until = time.monotonic() + 60
    while stored(data / STORE) < wanted and process.poll() is None and time.monotonic() < until:
        time.sleep(0.005)


def test_decoders_do_not_mutter(tmp_path):
    path = write(tmp_path / "music" / "G" / "song.mp3", chords(8.0))
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    write(tmp_path / "music" / "G" / "whole.wav", chords(2.0))
    process = launch(tmp_path / "music", tmp_path / "data", stderr=subprocess.PIPE)
    _, errors = process.communicate()
    assert process.returncode == 0
    assert b"Xing" not in errors
    assert b"skipped song.mp3: decodes to 4.0 s of the 8.0 s in its header" in errors
    assert errors.splitlines()[-1].startswith(b"next: python 02_embedding_journey.py --data ")


@pytest.mark.slow
def test_kill_at_any_moment_loses_nothing(tmp_path):
    music = tmp_path / "music"
    for number in range(8):
        write(music / "G" / f"{number}.wav", chords(12.0 + number))
    assert launch(music, tmp_path / "whole").wait() == 0
    for wanted in (0, 1, 3, 6):
        process = launch(music, tmp_path / "killed")
        await_songs(process, tmp_path / "killed", wanted)
        process.kill()
        process.wait()
    assert stored(tmp_path / "killed" / STORE) >= 6
    assert launch(music, tmp_path / "killed").wait() == 0
    assert artifacts(tmp_path / "killed") == artifacts(tmp_path / "whole")


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for another process")
def test_ctrl_c_does_not_wait_for_the_songs_in_work(tmp_path):
    write(tmp_path / "music" / "G" / "00 short.wav", chords(2.0))
    for number in range(3):
        write(tmp_path / "music" / "G" / f"{number}.wav", np.tile(chords(10.0 + number), 60))
    # A shell starts what runs in its background with Ctrl-C switched off, and that is inherited.
    heed = functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    process = launch(tmp_path / "music", tmp_path / "data", stderr=subprocess.PIPE, preexec_fn=heed)
    await_songs(process, tmp_path / "data", 1)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate()
    assert stored(tmp_path / "data" / STORE) == 1
    assert process.returncode == 130
    assert errors.decode().splitlines()[-1] == "interrupted"


def test_full_disk_is_one_line_and_harms_nothing(music, run, paths, monkeypatch, capsys):
    run(music)
    before = artifacts(paths.data)
    write(music / "more.wav", noise(2.0))

    def refuse(self, content):
        raise OSError(28, "No space left on device", str(self))

    monkeypatch.setattr(Path, "write_bytes", refuse)
    assert run(music) == 1
    assert capsys.readouterr().err.splitlines()[-1].startswith("error: No space left on device")
    monkeypatch.undo()
    after = artifacts(paths.data)
    assert after == before
    assert run(music) == 0
    assert len(library.load(paths)) == 5
