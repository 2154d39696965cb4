"""The loop: few files ahead, a failure for each file that fails, one run at a time."""

from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import psutil
from threadpoolctl import threadpool_info, threadpool_limits

from common import library
from common.extraction import run as extraction
from common.extraction import store
from common.extraction.worker import Crashed


class Patient:
    """Workers that take everything and end a call only when they are told to."""

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


def test_a_damaged_store_is_set_aside_and_named(music, run, paths, capsys):
    paths.data.mkdir()
    content = b"this is no database, but long enough to look like one" * 20
    paths.store.write_bytes(content)
    assert run(music) == 0
    said = capsys.readouterr().err
    assert "store.sqlite is damaged (it is no SQLite database); kept as store.sqlite.damaged-1" in said
    assert (paths.data / "store.sqlite.damaged-1").read_bytes() == content
    assert str(paths.store) not in {opened.path for opened in psutil.Process().open_files()}


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


def test_linear_algebra_counts_in_one_thread_while_songs_run_side_by_side():
    def blas() -> list[int]:
        return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]

    with threadpool_limits(2, user_api="blas"):
        before = blas()
        with extraction.Threads(2) as threads:
            during = threads.submit(blas).result()
        assert during == [1] * len(before)
        assert blas() == before
