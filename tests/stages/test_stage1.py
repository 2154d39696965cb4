"""Stage 1 as its user meets it: folders in, artifacts out, nothing lost."""

import contextlib
import csv
import functools
import importlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas
import psutil
import pytest
import soundfile
from signals import RATE, chords, clicks, noise, sine

from common import audio, features, library, song
from common.extraction import run as extraction
from common.extraction import store
from common.extraction.worker import Crashed
from common.layout import N_FEATURES
from common.paths import Paths

stage1 = importlib.import_module("01_feature_extraction")
SCRIPT = Path(stage1.__file__)

SONGS = {
    "TRANCE/b - rolling.wav": lambda: chords(2.0),
    "TRANCE/a - arp.flac": lambda: sine(440, 2.0) + clicks(138, 2.0),
    "italodance/album/c - bounce.ogg": lambda: chords(2.5) + noise(2.5, 0.02),
    "stray.wav": lambda: noise(2.0),
}


@pytest.fixture
def music(tmp_path: Path) -> Path:
    folder = tmp_path / "music"
    for name, make in SONGS.items():
        write(folder / name, make())
    return folder


def write(path: Path, samples: np.ndarray, **options) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples, RATE, **options)
    return path


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., int]:
    def call(*arguments: object, data: str = "data") -> int:
        return stage1.main([*map(str, arguments), "--data", str(tmp_path / data)])

    return call


def artifacts(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((folder / "processed").iterdir())}


def test_a_folder_becomes_a_library(music, run, paths, capsys):
    assert run(music) == 0
    loaded = library.load(paths)
    assert loaded.embeddings.dtype == np.float32
    assert loaded.embeddings.shape == (4, N_FEATURES)
    assert loaded.names == ["a - arp", "b - rolling", "c - bounce", "stray"]
    assert loaded.genres == ["TRANCE", "TRANCE", "ITALODANCE", "UNKNOWN"]
    assert all(Path(path).is_file() for path in loaded.paths)
    np.testing.assert_array_equal(
        loaded.embeddings[1], features.extract(audio.load(music / "TRANCE/b - rolling.wav").samples)
    )
    told = capsys.readouterr()
    assert "4 songs, 8.5 s of music, 2.1 s on average" in told.out
    assert told.err.splitlines()[-1].startswith("next: python 02_embedding_journey.py --data ")


def test_artifacts_open_with_plain_tools(music, run, paths):
    run(music)
    matrix = np.load(paths.embeddings, allow_pickle=False)
    table = pandas.DataFrame(pandas.read_pickle(paths.metadata))
    assert len(table) == len(matrix) == 4
    assert list(table.columns[:4]) == ["song_name", "file_path", "genre", "duration"]
    manifest = json.loads(paths.manifest.read_text())
    assert set(manifest["songs"]) == set(SONGS)
    assert {"layout_id", "settings", "versions", "checksums"} <= set(manifest)
    assert paths.skipped.read_text(encoding="utf-8-sig") == "path,kind,reason\n"


def test_any_number_of_workers_writes_the_same_bytes(music, run, tmp_path):
    for workers in (1, 2, 4):
        assert run(music, "--workers", workers, data=f"data{workers}") == 0
    assert artifacts(tmp_path / "data1") == artifacts(tmp_path / "data2") == artifacts(tmp_path / "data4")


def test_a_song_that_fails_costs_nothing_else(music, run, paths, capsys):
    (music / "TRANCE" / "text.mp3").write_text("not music")
    (music / "TRANCE" / "zero.mp3").touch()
    write(music / "TRANCE" / "silence.wav", np.zeros(RATE * 2))
    write(music / "TRANCE" / "blip.wav", noise(0.05))
    (music / "TRANCE" / "esc\x1b[31m\nape.mp3").write_text("no")
    assert run(music) == 0
    assert len(library.load(paths)) == 4
    with paths.skipped.open(encoding="utf-8-sig") as file:
        rows = {row["path"]: (row["kind"], row["reason"]) for row in csv.DictReader(file)}
    assert {name.partition("/")[2]: kind for name, (kind, _) in rows.items()} == {
        "text.mp3": "unreadable",
        "zero.mp3": "empty",
        "silence.wav": "silent",
        "blip.wav": "too_short",
        "esc�[31m�ape.mp3": "unreadable",
    }
    assert all(reason for _, reason in rows.values())
    told = capsys.readouterr()
    assert "\x1b" not in told.err + told.out
    assert "too_short            1" in told.out


def test_strict_turns_a_skipped_song_into_exit_1(music, run):
    (music / "zero.mp3").touch()
    assert run(music, "--strict") == 1


@pytest.mark.parametrize(
    "name", ["日本語の曲", "x" * 240, "Ünïcödé – naïve №5", "with 'quotes' & #hash %20", "مرحبا", " lead"]
)
def test_any_name_that_a_disk_takes(run, tmp_path, paths, name):
    write(tmp_path / "songs" / f"Genre {name[:50]}" / f"{name}.wav", chords(1.5))
    assert run(tmp_path / "songs") == 0
    loaded = library.load(paths)
    assert loaded.names == [name]
    assert Path(loaded.paths[0]).is_file()
    assert loaded.genres == [f"Genre {name[:50]}".upper()]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems allow only valid names")
def test_a_name_in_no_encoding(run, tmp_path, paths):
    write(tmp_path / "song.wav", chords(1.5))
    folder = os.fsencode(tmp_path / "songs") + b"/G"
    os.makedirs(folder)
    os.rename(tmp_path / "song.wav", folder + b"/caf\xe9.wav")
    assert run(tmp_path / "songs") == 0
    assert Path(library.load(paths).paths[0]).is_file()


def test_same_name_in_two_folders_are_two_songs(music, run, paths):
    shutil.copy(music / "stray.wav", music / "TRANCE" / "stray.wav")
    run(music)
    assert library.load(paths).names.count("stray") == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["nowhere"], "is not a folder"), (["--demo", "x"], "--demo brings its own songs")],
)
def test_mistakes_are_one_line_and_exit_1(run, capsys, arguments, message):
    assert run(*arguments) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ")
    assert message in line


def test_an_empty_folder_says_what_to_do(run, tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    assert run(tmp_path / "empty") == 1
    assert "no audio files in" in capsys.readouterr().err


def test_nothing_usable_keeps_the_old_library(music, run, paths, tmp_path, capsys):
    run(music)
    before = paths.embeddings.read_bytes()
    (tmp_path / "junk").mkdir()
    (tmp_path / "junk" / "a.mp3").write_text("junk")
    assert run(tmp_path / "junk") == 1
    assert paths.embeddings.read_bytes() == before
    assert "none of the 1 file" in capsys.readouterr().err


def test_wrong_usage_is_exit_2(run):
    with pytest.raises(SystemExit) as caught:
        run("--workers", "0")
    assert caught.value.code == 2


def test_genre_from_tag(music, run, paths):
    import mutagen

    file = mutagen.File(music / "TRANCE/a - arp.flac", easy=True)
    file["genre"] = "Hard Trance"
    file.save()
    run(music, "--genre-from", "tag")
    assert library.load(paths).genres == ["HARD TRANCE", "UNKNOWN", "UNKNOWN", "UNKNOWN"]


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files whose features were really computed, as they are."""
    names: list[str] = []
    analyse = song.analyse

    def spy(path, check, stamp):
        names.append(path.name)
        return analyse(path, check, stamp)

    monkeypatch.setattr(song, "analyse", spy)
    return names


def test_only_new_content_is_computed(music, run, paths, computed):
    run(music)
    assert len(computed) == 4
    first = artifacts(paths.data)

    computed.clear()
    run(music)
    assert computed == []
    assert artifacts(paths.data) == first

    shutil.move(music / "stray.wav", music / "TRANCE" / "z - renamed.wav")
    os.utime(music / "TRANCE" / "a - arp.flac")
    run(music)
    assert computed == []
    assert library.load(paths).names[2] == "z - renamed"

    music.rename(music.with_name("moved"))
    run(music.with_name("moved"))
    assert computed == []

    write(music.with_name("moved") / "TRANCE" / "b - rolling.wav", chords(3.0))
    write(music.with_name("moved") / "TRANCE" / "new.wav", noise(1.5))
    (music.with_name("moved") / "TRANCE" / "a - arp.flac").unlink()
    run(music.with_name("moved"))
    assert sorted(computed) == ["b - rolling.wav", "new.wav"]
    assert len(library.load(paths)) == 4


def test_force_computes_everything_again(music, run, paths, computed):
    run(music)
    first = artifacts(paths.data)
    run(music, "--force")
    assert len(computed) == 8
    assert artifacts(paths.data) == first


def test_failures_are_remembered_and_retried_on_wish(music, run, computed):
    (music / "bad.mp3").write_text("bad")
    run(music)
    computed.clear()
    run(music)
    assert computed == []
    run(music, "--retry-failed")
    assert computed == ["bad.mp3"]
    computed.clear()
    shutil.copy(music / "stray.wav", music / "bad.mp3")
    run(music)
    assert computed == []


def test_content_that_comes_back_is_known(music, run, computed):
    song = music / "stray.wav"
    first = song.read_bytes()
    run(music)
    write(song, noise(1.5))
    run(music)
    song.write_bytes(first)
    computed.clear()
    run(music)
    assert computed == []


def test_many_songs_of_one_size_are_told_apart(run, tmp_path, computed, monkeypatch):
    monkeypatch.setattr(extraction, "CANDIDATES", 2)
    music = tmp_path / "music"
    for number in range(4):
        write(music / f"{number}.wav", noise(1.5) * (1 + number) / 5)
    run(music)
    computed.clear()
    for number in range(4):
        (music / f"{number}.wav").rename(music / f"renamed {number}.wav")
    write(music / "new.wav", noise(1.5) / 7)
    run(music)
    assert computed == ["new.wav"]


def test_a_store_of_before_sizes_is_taken_over(music, run, paths, computed):
    run(music)
    with contextlib.closing(sqlite3.connect(paths.store)) as database:
        database.execute("DROP TABLE sizes")
        database.execute("PRAGMA user_version = 0")
        database.commit()
    computed.clear()
    (music / "stray.wav").rename(music / "renamed.wav")
    run(music)
    assert computed == []


class Patient(Executor):
    """An executor that takes everything and ends a call only when it is told to."""

    def __init__(self) -> None:
        self.waiting, self.most = [], 0

    def submit(self, call, *arguments):
        future = Future()
        self.waiting.append((future, call, arguments))
        self.most = max(self.most, len(self.waiting))
        return future

    def slots(self) -> int:
        """The loop asks for it before it waits: time to end a call."""
        if self.waiting:
            future, call, arguments = self.waiting.pop(0)
            future.set_result(call(*arguments))
        return 2


def test_few_files_are_handed_out_ahead(tmp_path):
    files = [tmp_path / f"{number}.mp3" for number in range(50)]
    executor = Patient()
    with store.Store(tmp_path / "store.sqlite") as kept:
        known = extraction.Known(frozenset(), {})
        results = extraction.extract_all(files, kept, executor, known)
    assert [result.kind for result in results] == ["unreadable"] * 50
    assert executor.most == 2 * extraction.FILES_AHEAD


def test_a_song_that_kills_its_worker_is_remembered(music, run, paths, monkeypatch):
    def submit(self, call, path, *arguments):
        if path.name != "stray.wav":
            return submit_to_thread(self, call, path, *arguments)
        future = Future()
        future.set_exception(Crashed("died"))
        return future

    submit_to_thread = ThreadPoolExecutor.submit
    monkeypatch.setattr(ThreadPoolExecutor, "submit", submit)
    run(music)
    assert "stray.wav,crashed,died" in paths.skipped.read_text(encoding="utf-8-sig")
    monkeypatch.undo()
    run(music)
    assert "stray.wav,crashed,died" in paths.skipped.read_text(encoding="utf-8-sig")
    run(music, "--retry-failed")
    assert len(library.load(paths)) == 4


def test_an_unreadable_file_is_a_failure(music, run, paths, monkeypatch):
    real = Path.open

    def refuse(path, *how, **options):
        if path.name == "stray.wav":
            raise PermissionError(13, "Permission denied")
        return real(path, *how, **options)

    monkeypatch.setattr(Path, "open", refuse)
    run(music)
    assert "stray.wav,unreadable,Permission denied" in paths.skipped.read_text(encoding="utf-8-sig")


def test_two_runs_at_once_are_refused(music, run, paths, capsys):
    with store.only_run(paths.store):
        assert run(music) == 1
    assert "another extraction is working" in capsys.readouterr().err
    assert run(music) == 0


def test_a_damaged_store_is_named(music, run, paths, capsys):
    paths.data.mkdir()
    paths.store.write_bytes(b"this is no database, but long enough to look like one" * 20)
    assert run(music) == 1
    assert "store.sqlite" in capsys.readouterr().err
    assert str(paths.store) not in {opened.path for opened in psutil.Process().open_files()}


def test_another_layout_in_the_store_is_not_mixed_in(music, run, paths, computed):
    run(music)
    with contextlib.closing(sqlite3.connect(paths.store)) as database:
        database.execute("UPDATE songs SET layout = 'older'")
        database.commit()
    computed.clear()
    run(music)
    assert len(computed) == 4


def test_ctrl_c_keeps_what_is_done(music, run, paths, monkeypatch, capsys):
    record = store.Store.record
    kept = []

    def interrupt(self, stamp, result):
        if len(kept) == 2:
            raise KeyboardInterrupt
        kept.append(stamp.path)
        record(self, stamp, result)

    monkeypatch.setattr(store.Store, "record", interrupt)
    assert run(music) == 130
    assert not paths.embeddings.exists()
    with store.Store(paths.store) as opened:
        assert len(opened.contents()) == 2


def launch(music: Path, data: Path, **options) -> subprocess.Popen:
    command = [sys.executable, SCRIPT, music, "--data", data, "--workers", "2"]
    return subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL, **options)


def stored(data: Path) -> int:
    try:
        with contextlib.closing(
            sqlite3.connect(f"file:{data / 'store.sqlite'}?mode=ro", uri=True)
        ) as database:
            return database.execute("SELECT count(*) FROM songs").fetchone()[0]
    except sqlite3.OperationalError:
        return 0


def await_songs(process: subprocess.Popen, data: Path, wanted: int) -> None:
    until = time.monotonic() + 60
    while stored(data) < wanted and process.poll() is None and time.monotonic() < until:
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
    assert b"skipped song.mp3: truncated: decodes to 4.0 s of the 8.0 s in its header" in errors
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
    assert stored(tmp_path / "killed") >= 6
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
    assert stored(tmp_path / "data") == 1
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


def test_paths_are_absolute_from_any_folder(music, run, paths, monkeypatch):
    monkeypatch.chdir(music.parent)
    run("music")
    assert library.load(paths).paths[3] == str(music / "stray.wav")
    assert Paths("data", "outputs") == paths
