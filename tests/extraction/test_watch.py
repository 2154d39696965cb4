"""Who follows a folder is told what lies in it, once it keeps still, whatever becomes of the folder."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from signals import chords
from small_songs import write

from common import library
from common.console import UserError
from common.extraction import watch
from common.extraction.store import only_run
from common.files import ArtifactError
from common.paths import PROJECT, Output, Paths
from tests.faults.test_saves import made

pytest.importorskip("watchfiles")

QUIET = 0.15
"""Seconds that a file must keep still here."""


class Enough(Exception):  # noqa: N818 - it is no error
    """What a test waits for has come."""


@pytest.fixture
def music(tmp_path: Path, monkeypatch) -> Path:
    monkeypatch.setattr(watch, "SETTLED", QUIET)
    monkeypatch.setattr(watch, "TICK", 0.1)
    folder = tmp_path / "music"
    put(folder / "A" / "first.wav")
    return folder


def put(path: Path, content: bytes = b"x") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def seen(folder: Path, expected: list[set[str]], step: Callable[[int], None], most: float = 30) -> list[dict]:
    """Follow a folder until it has been seen in certain states; a step is taken after each."""
    listings: list[dict] = []
    end = time.monotonic() + most

    def refresh(listing: watch.Listing) -> bool:
        listings.append({path.name: size for path, (size, _) in listing.items()})
        assert time.monotonic() < end, listings
        if set(listings[-1]) == expected[0]:
            expected.pop(0)
            if not expected:
                raise Enough
            step(len(listings))
        return True

    with pytest.raises(Enough):
        watch.follow(folder, refresh)
    return listings


def test_files_that_come_and_go_are_seen(music):
    steps = iter([
        lambda: put(music / "B" / "C" / "second.flac"),
        lambda: (music / "A" / "first.wav").rename(music / "A" / "third.wav"),
        lambda: (music / "B" / "C" / "second.flac").unlink(),
    ])  # fmt: skip
    expected = [{"first.wav"}, {"first.wav", "second.flac"}, {"third.wav", "second.flac"}, {"third.wav"}]
    seen(music, expected, lambda _: next(steps)())


def test_what_is_no_song_wakes_nobody(music):
    def step(_: int) -> None:
        put(music / "cover.jpg")
        put(music / ".hidden.wav")
        threading.Timer(4 * QUIET, put, [music / "second.wav"]).start()

    assert len(seen(music, [{"first.wav"}, {"first.wav", "second.wav"}], step)) == 2


@pytest.mark.slow
def test_a_file_that_is_still_being_written_is_waited_for(music, monkeypatch):
    monkeypatch.setattr(watch, "SETTLED", 0.5)

    def grow() -> None:
        for size in range(1, 61):
            put(music / "slow.wav", b"x" * size)
            time.sleep(0.02)

    listings = seen(
        music, [{"first.wav"}, {"first.wav", "slow.wav"}], lambda _: threading.Thread(target=grow).start()
    )
    assert {listing["slow.wav"] for listing in listings if "slow.wav" in listing} == {60}


def test_others_are_not_kept_waiting_for_ever(music, monkeypatch):
    monkeypatch.setattr(watch, "PATIENCE", 3 * QUIET)
    done = threading.Event()

    def record() -> None:
        for size in range(1, 10_000):
            put(music / "endless.wav", b"x" * size)
            if done.wait(QUIET / 5):
                return

    recorder = threading.Thread(target=record)

    def step(number: int) -> None:
        recorder.start()
        put(music / "second.wav")

    seen(music, [{"first.wav"}, {"first.wav", "second.wav"}], step)
    done.set()
    recorder.join()


def test_a_folder_may_vanish_and_return(music):
    away = music.with_name("away")

    def step(number: int) -> None:
        if number == 1:
            music.rename(away)
        elif number == 2:
            threading.Timer(3 * QUIET, away.rename, [music]).start()
        else:
            put(music / "second.wav")

    seen(music, [{"first.wav"}, set(), {"first.wav"}, {"first.wav", "second.wav"}], step)


def test_what_could_not_be_done_is_done_later(music, monkeypatch):
    monkeypatch.setattr(watch, "LOOK_AGAIN", 0.1)
    tries = []

    def refresh(listing: watch.Listing) -> bool:
        tries.append(listing)
        if len(tries) == 3:
            raise Enough
        return False

    with pytest.raises(Enough):
        watch.follow(music, refresh)
    assert tries[0] == tries[1] == tries[2]


@pytest.fixture
def keeper(paths: Paths) -> Iterator[watch.Keeper]:
    answers = [made(1, 2), UserError("another extraction is working"), OSError(28, "No space left", "x.npy")]

    def make(files: list[Path]) -> library.Library:
        answer = answers[min(len(files), 3) - 1]
        if isinstance(answer, Exception):
            raise answer
        library.save(paths, answer, {})
        return answer

    return watch.Keeper(paths, make)


def listing(*names: str, size: int = 1) -> watch.Listing:
    return {Path(name): (size, 0) for name in names}


def test_a_folder_without_songs_leaves_the_library(keeper, paths, capsys):
    assert keeper.refresh(listing("a"))
    assert keeper.refresh({})
    assert keeper.refresh({})
    assert capsys.readouterr().err.count("the library stays as it was") == 1
    assert len(library.load(paths)) == 2


def test_errors_are_said_once_and_tried_again(keeper, capsys):
    assert [keeper.refresh(listing("a", "b")) for _ in range(3)] == [False] * 3
    assert keeper.refresh(listing("a", "b", "c")) is False
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 2
    assert said[0].startswith("error: another extraction is working; trying again")
    assert said[1].startswith("error: No space left: x.npy; trying again")


def test_what_was_made_before_is_said_once_for_as_long_as_it_is_so(keeper, paths, capsys):
    page = paths.html(Output.MAP_2D)
    put(page)
    for size, made_at in ((1, 0), (2, 0), (3, 0), (4, 5), (5, 5)):
        os.utime(page, (made_at, made_at))
        keeper.refresh(listing("a", size=size))
    assert capsys.readouterr().err.count("made before that: the maps") == 2


def test_changes_are_said_and_what_was_made_before(keeper, paths, capsys):
    keeper.refresh(listing("a"))
    page = paths.html(Output.MAP_2D)
    put(page)
    os.utime(page, (0, 0))
    put(paths.model)
    future = time.time() + 100
    os.utime(paths.model, (future, future))
    keeper.refresh(listing("b", size=2))
    first, second, third = capsys.readouterr().err.splitlines()
    assert first == "2 songs in the library; watching, Ctrl-C ends it"
    assert second.startswith("1 file came, 1 gone, 0 changed: 2 songs in the library")
    assert third.startswith("made before that: the maps (python 02_embedding_journey.py")
    assert "classifier" not in third


# ------------------------------------------------------------------------------------- as a command


def start(music: Path, data: Path, *options: str) -> subprocess.Popen:
    command = [sys.executable, "01_feature_extraction.py", music, "--watch", "--data", data, *options]
    return subprocess.Popen(
        list(map(str, command)),
        cwd=PROJECT,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


def wait_for(paths: Paths, names: list[str]) -> None:
    end, found = time.monotonic() + 300, None
    while time.monotonic() < end:
        try:
            found = library.load(paths).names
        except ArtifactError:
            found = None
        if found == names:
            return
        time.sleep(0.1)
    raise AssertionError(f"the library has {found}, not {names}")


@contextlib.contextmanager
def turn_of_another_run(paths: Paths) -> Iterator[None]:
    """Hold the lock on the data folder, once the watch has done what it has to do."""
    with contextlib.ExitStack() as stack:
        for _ in range(600):
            with contextlib.suppress(UserError):
                stack.enter_context(only_run(paths.store))
                break
            time.sleep(0.1)
        yield


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows sends Ctrl-C to a whole console")
def test_the_library_follows_until_ctrl_c(tmp_path, paths):
    """Songs, damaged files and other runs come and go; a second watch is refused."""
    music = tmp_path / "music"
    write(music / "A" / "one.wav", chords(2.0))
    process = start(music, paths.data)
    try:
        wait_for(paths, ["one"])
        put(music / "A" / "broken.flac", b"fLaC")
        write(music / "B" / "two.wav", chords(2.0) / 2)
        wait_for(paths, ["one", "two"])
        with start(music, paths.data) as second:
            assert second.wait() == 1
            assert "error: another watch is working in" in second.stderr.read()
        with turn_of_another_run(paths):
            (music / "A" / "one.wav").unlink()
            time.sleep(3)
            assert library.load(paths).names == ["one", "two"]
            assert "broken.flac" in paths.skipped.read_text(encoding="utf-8-sig")
        wait_for(paths, ["two"])
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode == 130
    assert said.splitlines().count("interrupted") == 1
    assert "Traceback" not in said
