"""Stage 1 on a cluster: the same bytes, whoever dies; needs what requirements-cluster.txt installs."""

import gc
import importlib
import os
import platform
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from signals import RATE, chords, noise
from small_songs import stored

from benchmarks.machines import Machines
from common.console import UserError
from common.extraction.run import Known, Result, extract_all
from common.extraction.store import Store
from common.extraction.worker import Failure
from common.paths import PROJECT
from common.song import take_stamp
from tests import stubs

cluster = pytest.importorskip("common.extraction.cluster", exc_type=UserError)
stage1 = importlib.import_module("01_feature_extraction")

NOTHING_KNOWN = Known(songs=frozenset(), failures={})


@pytest.fixture
def machines() -> Iterator[Machines]:
    made = Machines()
    yield made
    made.stop()


@pytest.fixture
def two_workers(machines: Machines) -> Machines:
    machines.start_scheduler()
    machines.start_workers(processes=2)
    machines.wait_for(2)
    return machines


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., int]:
    def call(*arguments: object, data: str = "data") -> int:
        return stage1.main([*map(str, arguments), "--data", str(tmp_path / data)])

    return call


@pytest.fixture
def music(tmp_path: Path) -> Path:
    """Songs that take a worker half a second each, and one file that is none."""
    folder = tmp_path / "music" / "TRANCE"
    folder.mkdir(parents=True)
    for number in range(12):
        soundfile.write(
            folder / f"{number:02d}.wav", np.tile(chords(2.0), 45) + noise(90.0, 0.01 + number), RATE
        )
    (folder / "none.mp3").write_text("not music")
    return folder.parent


def files(folder: Path, *names: str) -> list[Path]:
    folder.mkdir()
    for name in names:
        (folder / name).write_text(f"{name} in {folder.name}")
    return [folder / name for name in names]


def artifacts(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((folder / "processed").iterdir())}


def extract_stubs(address: str, songs: list[Path], folder: Path) -> list[Result]:
    with Store(folder / "store.sqlite") as kept, cluster.Cluster(address, folder) as executor:
        return extract_all(songs, kept, executor, NOTHING_KNOWN, work=stubs.work)


@pytest.mark.slow
def test_a_worker_killed_mid_run_changes_no_byte(two_workers, music, run, tmp_path, capsys):
    kept = tmp_path / "clustered" / "store.sqlite"

    def kill_one() -> None:
        while not stored(kept):
            time.sleep(0.02)
        os.kill(two_workers.worker_processes()[0], signal.SIGKILL)

    killer = threading.Thread(target=kill_one)
    killer.start()
    assert run(music, "--cluster", two_workers.address, data="clustered") == 0
    killer.join()
    assert "2 songs at a time" in capsys.readouterr().err
    assert run(music, "--workers", 1, data="alone") == 0
    assert artifacts(tmp_path / "clustered") == artifacts(tmp_path / "alone")


@pytest.mark.slow
@pytest.mark.parametrize("allowed_failures", [0, 3])
def test_a_deadly_song_is_tried_twice_and_takes_no_other_with_it(machines, tmp_path, allowed_failures):
    machines.start_scheduler(allowed_failures)
    machines.start_workers(processes=2, threads=3)
    machines.wait_for(2)
    names = [f"{number:02d} slow.mp3" for number in range(16)]
    names[3], names[7] = "03 slow deadly.mp3", "07 deadly.mp3"
    songs = files(tmp_path / "songs", *names)
    results = extract_stubs(machines.address, songs, tmp_path)
    failed = {
        song: result for song, result in zip(songs, results, strict=True) if isinstance(result, Failure)
    }
    assert {song.name: failure.kind for song, failure in failed.items()} == {
        names[3]: "crashed",
        names[7]: "crashed",
    }
    assert all(1 <= stubs.tries(song) <= 2 for song in failed)
    assert {failure.reason for failure in failed.values()} == {"2 worker processes died while it was in work"}
    with Store(tmp_path / "store.sqlite") as kept:
        assert set(kept.failures()) == {take_stamp(song).content for song in failed}
        assert len(kept.contents()) == len(songs) - 2


@pytest.mark.slow
def test_a_scheduler_that_goes_ends_the_run_and_the_next_goes_on(machines, tmp_path):
    machines.start_scheduler()
    machines.start_workers(processes=1)
    machines.wait_for(1)
    songs = files(tmp_path / "songs", *(f"{number} slow.mp3" for number in range(6)))
    kept = tmp_path / "store.sqlite"

    def kill_scheduler() -> None:
        while stored(kept) < 2:
            time.sleep(0.05)
        machines.kill_scheduler()

    killer = threading.Thread(target=kill_scheduler)
    killer.start()
    with pytest.raises(UserError, match="has gone; finished songs are kept"):
        extract_stubs(machines.address, songs, tmp_path)
    killer.join()
    done = stored(kept)
    assert 2 <= done < len(songs)
    machines.stop()
    machines.start_scheduler()
    machines.start_workers(processes=2)
    with Store(kept) as opened:
        known = Known(opened.contents(), opened.failures())
    with Store(kept) as opened, cluster.Cluster(machines.address, tmp_path) as executor:
        results = extract_all(songs, opened, executor, known, work=stubs.work)
    assert results == [take_stamp(song) for song in songs]
    assert sum(stubs.tries(song) for song in songs) <= len(songs) + 1


@pytest.mark.slow
def test_workers_may_join_late_and_one_by_one(machines, tmp_path, capsys):
    machines.start_scheduler()
    songs = files(tmp_path / "songs", *(f"{number} slow.mp3" for number in range(12)))

    def join() -> None:
        for _ in range(2):
            time.sleep(3)
            machines.start_workers(processes=1)

    joiner = threading.Thread(target=join)
    joiner.start()
    results = extract_stubs(machines.address, songs, tmp_path)
    joiner.join()
    assert results == [take_stamp(song) for song in songs]
    assert [stubs.tries(song) for song in songs] == [1] * len(songs)


@pytest.mark.slow
def test_an_unfit_worker_ends_the_run_with_a_line_that_names_it(
    two_workers, music, run, tmp_path, monkeypatch, capsys
):
    fit = cluster.Requirements.here(str(music))
    for wanted, message in (
        (replace(fit, packages=(*fit.packages[:-1], ("soxr", "9"))), "has soxr"),
        (replace(fit, packages=(*fit.packages, ("zz", "9"))), "unlike the worker on"),
        (replace(fit, code="another"), "runs another state of this project"),
        (replace(fit, folder="/nowhere/at/all"), "does not see /nowhere/at/all"),
    ):
        monkeypatch.setattr(cluster.Requirements, "here", lambda folder, wanted=wanted: wanted)
        assert run(music, "--cluster", two_workers.address) == 1
        [line] = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error")]
        assert message in line
        assert socket.gethostname() in line


def test_no_scheduler_is_one_line(music, run, capsys, monkeypatch):
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 0.5)
    for address in ("tcp://127.0.0.1:1", "127.0.0.1:1", "nonsense://x", "tcp://no.such.host.invalid:8786"):
        assert run(music, "--cluster", address) == 1
        assert (
            capsys.readouterr().err.splitlines()[-1].startswith(f"error: no scheduler answers at {address}")
        )


def test_a_server_that_says_nothing_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(cluster, "ANSWER_SECONDS", 1)
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = "tcp://{}:{}".format(*server.getsockname())
        with pytest.raises(UserError, match=f"no scheduler answers at {address} .nothing within 1 s"):
            cluster.Cluster(address, Path())


def test_a_client_that_cannot_start_leaves_nothing_to_the_garbage_collector(monkeypatch):
    """Else it closes itself wherever the collector comes by, under the lock of a client that starts, say."""
    closed = []
    monkeypatch.setattr(cluster.Client, "__del__", lambda client: closed.append(client.status))
    for address in ("nonsense://x", "tcp://127.0.0.1:1"):
        monkeypatch.setattr(cluster, "CONNECT_SECONDS", 0.2)
        with pytest.raises(UserError):
            cluster.Cluster(address, Path())
    gc.collect()
    assert set(closed) == {"closed"}


def test_without_dask_the_flag_says_how_to_get_it(music, run, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "dask.distributed", None)
    monkeypatch.delitem(sys.modules, "common.extraction.cluster")
    assert run(music, "--cluster", "tcp://127.0.0.1:1") == 1
    assert "pip install -r requirements-cluster.txt" in capsys.readouterr().err


def test_a_lock_is_held_by_many_or_by_one_alone():
    lock, inside, seen = cluster.SharedExclusiveLock(), [], []

    def stay(name: str, alone: bool) -> None:
        with lock.held(exclusive=alone):
            inside.append(name)
            seen.append((name, tuple(inside)))
            time.sleep(0.05)
            inside.remove(name)

    guests = [
        threading.Thread(target=stay, args=(f"{'alone' if i % 4 == 2 else 'many'} {i}", i % 4 == 2))
        for i in range(16)
    ]
    for guest in guests:
        guest.start()
    for guest in guests:
        guest.join()
    assert len(seen) == 16
    assert all(company == (name,) for name, company in seen if name.startswith("alone"))
    assert not any(
        other.startswith("alone") for name, company in seen if name.startswith("many") for other in company
    )
    assert max(len(company) for _, company in seen) > 1


@pytest.mark.slow
def test_processes_share_a_cold_cache_safely(tmp_path):
    """Nothing is left to compile after the warm-up, so no two workers ever compile into one cache at once."""
    song = tmp_path / "song.flac"
    soundfile.write(song, np.tile(chords(2.0), 10) + noise(20.0, 0.1), 2 * RATE)
    script = (
        "import sys; from pathlib import Path; from common import song; from common.extraction import worker;"
        "song.warm_up();"
        "cached = lambda: sorted(str(p) for p in Path(sys.argv[1]).rglob('*.nb?'));"
        "before, nothing = cached(), frozenset();"
        "outcome = worker.analyse(Path(sys.argv[2]), nothing, worker.StopFlag());"
        "assert outcome.result.embedding.any(); assert before and cached() == before"
    )
    cold = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    command = [sys.executable, "-c", script, str(tmp_path / "cache"), str(song)]
    both = [subprocess.Popen(command, cwd=PROJECT, env=cold) for _ in range(2)]
    assert [process.wait() for process in both] == [0, 0]


@pytest.mark.slow
@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="a setting of glibc")
def test_a_worker_reuses_its_memory():
    """Pages that the system hands out anew for the same arrays, as Dask sets its workers up and as we do."""
    script = (
        "import resource, sys; import numpy as np; from common.extraction import cluster;"
        "sys.argv[1:] and cluster.reuse_memory();"
        "faults = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_minflt;"
        "before = faults(); sum(np.ones(1 << 20)[0] for _ in range(100)); print(faults() - before)"
    )
    as_dask = os.environ | {"MALLOC_TRIM_THRESHOLD_": "65536"}
    anew, reused = (
        int(subprocess.check_output([sys.executable, "-c", script, *arguments], cwd=PROJECT, env=as_dask))
        for arguments in ((), ("reuse",))
    )
    assert reused < anew / 10
