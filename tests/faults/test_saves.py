"""Whoever reads a library finds the old one or the new one, whatever became of the process that saved it."""

from __future__ import annotations

import contextlib
import json
import threading
from pathlib import Path

import numpy as np
import pytest
from faults.death import Died, dying_at

from common import library
from common.extraction import assemble
from common.extraction.worker import Failure
from common.files import TEMPORARY, ArtifactError, read_csv, replacing, write_text
from common.layout import N_FEATURES
from common.library import COLUMNS, Library
from common.paths import EXTRACT, Paths
from common.together import finish, read_together, write_together


def made(number: int, n_songs: int = 3) -> Library:
    """A library whose every value says which one it is."""
    columns: dict[str, list] = {name: [None] * n_songs for name in COLUMNS}
    columns |= {name: [f"{number}"] * n_songs for name in ("song_name", "file_path", "genre")}
    columns["duration"] = [float(number)] * n_songs
    return Library(np.full((n_songs, N_FEATURES), number, np.float32), columns)


def number_of(paths: Paths) -> int:
    """Which library is there; all of it."""
    found = library.load(paths)
    [embedding] = set(found.embeddings.ravel())
    [name] = set(found.names)
    [duration] = set(found.columns["duration"])
    assert int(embedding) == int(name) == int(duration)
    return int(name)


def save(paths: Paths, number: int) -> None:
    library.save(paths, made(number), {"number": number})


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_death_at_any_step_leaves_one_library(paths):
    save(paths, 1)
    whole = names(paths.processed)
    with dying_at(None) as living:
        save(paths, 1)
    assert living.count > 20
    seen = []
    for step in range(living.count):
        save(paths, 1)
        with pytest.raises(Died), dying_at(step):
            save(paths, 2)
        seen.append(number_of(paths))
        # The next process, dying at the same step of its own save, changes nothing about that.
        with pytest.raises(Died), dying_at(step):
            save(paths, 3)
        assert number_of(paths) in {seen[-1], 3}
        save(paths, 4)
        assert number_of(paths) == 4
        assert names(paths.processed) == whole
    assert seen == sorted(seen)
    assert set(seen) == {1, 2}


def test_the_skipped_files_are_those_of_the_library_whatever_dies(paths):
    """Songs 1 and 2 come with one and two skipped files."""

    def hand_on(number: int) -> None:
        files = [paths.raw / f"{place}.mp3" for place in range(number)]
        results = [Failure("damaged", f"{number}")] * number
        assemble.save(paths, made(number), assemble.Extraction(paths.raw, files, results))

    with dying_at(None) as living:
        hand_on(1)
    for step in range(living.count):
        hand_on(1)
        with contextlib.suppress(Died), dying_at(step):
            hand_on(2)
        finish(paths.processed)
        assert len(list(read_csv(paths.skipped))) - 1 == number_of(paths)


def test_the_first_save_that_dies_leaves_no_library_or_all_of_it(paths):
    paths.processed.mkdir(parents=True)
    with dying_at(None) as living:
        save(paths, 1)
    for step in range(living.count):
        for path in paths.processed.iterdir():
            path.unlink()
        with pytest.raises(Died), dying_at(step):
            save(paths, 2)
        found = number_or_sentence(paths)
        assert found == 2 or str(found).endswith(f"does not exist; run: {paths.command(EXTRACT)}")
        finish(paths.processed)
        assert names(paths.processed) in (set(), {"embeddings.npy", "metadata.pkl", "manifest.json"})


def number_or_sentence(paths: Paths) -> int | str:
    try:
        return number_of(paths)
    except ArtifactError as error:
        return str(error)


def test_readers_beside_a_writer_see_one_library_always(paths):
    save(paths, 0)
    done, seen, failures = threading.Event(), [], []

    def read() -> None:
        while not done.is_set():
            try:
                seen.append(number_of(paths))
            except (ArtifactError, AssertionError) as error:
                failures.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(1, 40):
        save(paths, number)
    done.set()
    reader.join()
    assert failures == []
    assert seen == sorted(seen)
    assert len(set(seen)) > 3


def test_real_damage_is_still_told_at_once(paths):
    save(paths, 1)
    paths.metadata.write_bytes(b"x")
    calls = []

    def read(place):
        calls.append(place("metadata.pkl"))
        raise ArtifactError("damaged")

    with pytest.raises(ArtifactError):
        read_together(paths.processed, read)
    assert len(calls) == 1


@pytest.mark.parametrize(
    "journal",
    [
        b"",
        b"[]",
        b"{",
        b"[" * 100_000,
        b'{"embeddings.npy": "../../store.sqlite"}',
        b'{"../store.sqlite": ".writing-x"}',
        b'{"embeddings.npy": 5}',
        b'{"embeddings.npy": ".writing-not there"}',
        b'{"manifest.json": "metadata.pkl"}',
    ],
)
def test_a_damaged_or_hostile_journal_changes_nothing(paths, journal):
    save(paths, 1)
    paths.store.write_bytes(b"precious")
    (paths.processed / ".saving.json").write_bytes(journal)
    assert number_of(paths) == 1
    save(paths, 2)
    assert number_of(paths) == 2
    assert paths.store.read_bytes() == b"precious"


def test_a_failed_write_leaves_the_old_files_and_no_others(tmp_path):
    write_together(tmp_path, {"a": b"1", "b": b"1"})
    with pytest.raises(TypeError):
        write_together(tmp_path, {"a": b"2", "b": "not bytes"})
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a": b"1", "b": b"1"}


def test_a_full_disk_is_told_with_the_name_of_the_file(tmp_path, monkeypatch):
    import errno

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    for write in (
        lambda: write_text(tmp_path / "page.html", "x"),
        lambda: write_together(tmp_path, {"a": b"x"}),
    ):
        with pytest.raises(OSError, match="No space left on device") as caught:
            write()
        assert Path(caught.value.filename).name in {"page.html", "a"}
    assert list(tmp_path.iterdir()) == []


def test_what_a_dead_process_left_is_swept(tmp_path):
    import os
    import time

    (tmp_path / f"{TEMPORARY}old.png").touch()
    (tmp_path / f"{TEMPORARY}new.png").touch()
    old = time.time() - 3 * 24 * 3600
    os.utime(tmp_path / f"{TEMPORARY}old.png", (old, old))
    with replacing(tmp_path / "figure.png") as temporary:
        temporary.write_bytes(b"x")
    assert names(tmp_path) == {"figure.png", f"{TEMPORARY}new.png"}


def test_what_is_handed_on_is_described(paths):
    save(paths, 7)
    assert set(json.loads(paths.manifest.read_text())["checksums"]) == {"embeddings.npy", "metadata.pkl"}
