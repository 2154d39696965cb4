"""The long attacks: kills at every step of a save, mutated songs, damaged artifacts; each by a seed.

Every case that ends in anything but the old value, the new one, or one sentence is printed, with its number.

Run     make fuzz
        PYTHONPATH=.:tests python -m faults.campaign --kills 1000 --files 5000 --damages 1000 --cold 10
"""

from __future__ import annotations

import argparse
import contextlib
import io
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from faults import damage, mutants, test_saves, test_store_damage
from faults.death import Died, dying_at
from small_songs import write_music

from common import files, library
from common.classifier import model_file
from common.console import UserError, quiet_decoders
from common.decoders import AudioError
from common.paths import PROJECT, TRAIN, Paths
from common.search import space
from common.search.spaces import build
from common.song import analyse, warm_up

SLOW = 20.0
"""Seconds of processor time above which a song of a second has taken too long."""


WHOLE = {"embeddings.npy", "metadata.pkl", "manifest.json"}


class Report:
    """Counts what became of the cases of a campaign, and prints those that broke a promise.

    Attributes
    ----------
    counts
        What happened -> how often.
    broken
        Cases that broke a promise.
    """

    def __init__(self, name: str) -> None:
        self.name, self.counts, self.broken = name, Counter(), 0
        self._start = time.monotonic()

    @contextlib.contextmanager
    def case(self, number: int, what: str) -> Iterator[None]:
        try:
            yield
        except (Exception, Died) as error:  # whatever it is, it is what we look for
            self.broken += 1
            print(f"{self.name} {number}, {what}: {type(error).__name__}: {str(error)[:300]}", flush=True)

    def close(self) -> int:
        told = ", ".join(f"{n} {what}" for what, n in self.counts.most_common(12))
        took = time.monotonic() - self._start
        n_cases = sum(self.counts.values())
        print(f"{n_cases} {self.name}: {self.broken} broken promises ({told}; {took:.0f} s)", flush=True)
        return self.broken


def kill_saves(n: int, seed: int) -> int:
    """Saves of a library that die before a random step, often several in a row before one ends well."""
    report, rng = Report("kills of a save"), random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        paths = Paths(Path(folder) / "data", Path(folder) / "outputs")
        test_saves.save(paths, 0)
        present = 0
        for number in range(1, n + 1):
            step = rng.randrange(45)
            with report.case(number, f"step {step}"):
                with contextlib.suppress(Died), dying_at(step):
                    test_saves.save(paths, number)
                found = test_saves.number_of(paths)
                assert found in (present, number), f"library {found}, after {present} came {number}"
                report.counts["old library" if found == present else "new library"] += 1
                present = found
            if number % 50 == 0:
                test_saves.save(paths, number)
                present = number
                assert test_saves.names(paths.processed) == {
                    "embeddings.npy",
                    "metadata.pkl",
                    "manifest.json",
                }
    return report.close()


def kill_stages(n: int, seed: int) -> int:
    """Stage 1 killed by SIGKILL before a random step; the next run must finish what it began."""
    report, rng = Report("kills of stage 1"), random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        music = write_music(Path(folder) / "music")
        whole = Paths(Path(folder) / "whole", Path(folder) / "o")
        code, said = _stage_1(music, whole, 10**9)
        assert code == 0
        n_steps = int(said.rpartition("steps: ")[2])
        expected = library.load(whole)
        for number in range(n):
            paths = Paths(Path(folder) / f"data {number % 3}", Path(folder) / "o")
            step = rng.randrange(n_steps)
            with report.case(number, f"step {step}"):
                code, _ = _stage_1(music, paths, step)
                assert code in (0, -signal.SIGKILL), f"exit code {code}"
                with contextlib.suppress(files.ArtifactError):
                    _assert_same(library.load(paths), expected)
                report.counts["killed" if code else "came to its end"] += 1
                if number % 3 == 2:
                    assert _stage_1(music, paths, None)[0] == 0
                    _assert_same(library.load(paths), expected)
                    shutil.rmtree(paths.data)
    return report.close()


def _stage_1(music: Path, paths: Paths, step: int | None) -> tuple[int, str]:
    script = [PROJECT / "01_feature_extraction.py", music, "--data", paths.data, "--outputs", paths.outputs]
    killed = [] if step is None else ["-m", "faults.death", step]
    command = [sys.executable, *map(str, [*killed, *script])]
    environment = {"PYTHONPATH": f"{PROJECT}:{PROJECT / 'tests'}"}
    done = subprocess.run(command, cwd=PROJECT, env=_with(environment), capture_output=True, text=True)
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stderr


def _with(more: dict[str, str]) -> dict[str, str]:
    import os

    return os.environ | more


def _assert_same(found: library.Library, expected: library.Library) -> None:
    np.testing.assert_array_equal(found.embeddings, expected.embeddings)
    assert found.columns == expected.columns


def start_cold(n: int) -> int:
    """All four stages started at once where nothing has been compiled yet, and stage 2 again afterwards."""
    report = Report("cold starts of four stages")
    with tempfile.TemporaryDirectory() as folder:
        paths = Paths(Path(folder) / "data", Path(folder) / "outputs")
        music = write_music(Path(folder) / "music")
        _train(paths)
        folders, song = ["--data", paths.data, "--outputs", paths.outputs], music / "TRANCE" / "a - arp.flac"
        stages = [
            ["01_feature_extraction.py", music, "--data", Path(folder) / "again", "--force"],
            ["02_embedding_journey.py", *folders, "--song", song],
            ["03_genre_classifier.py", *folders, "--predict", song],
            ["04_similarity_search.py", *folders, "search", song],
        ]
        for number in range(n):
            cache = {"NUMBA_CACHE_DIR": f"{folder}/cache {number}"}
            with report.case(number, "cold"):
                together = [_start(stage, cache) for stage in [*stages, stages[1]]]
                _require_success([*together])
                _require_success([_start(stages[1], cache)])
                report.counts["all came to their ends"] += 1
    return report.close()


def _start(stage: list[object], environment: dict[str, str]) -> subprocess.Popen:
    command = [sys.executable, *map(str, stage)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, cwd=PROJECT, env=_with(environment), **quiet)


def _require_success(processes: list[subprocess.Popen]) -> None:
    for process in processes:
        _, said = process.communicate(timeout=3600)
        assert process.returncode == 0, f"exit code {process.returncode}: {said[-300:]}"


def mutate_files(n: int, seed: int) -> int:
    """Songs whose bytes were changed: each is a song or a failure with a kind, and takes its time only."""
    report, rng = Report("mutated files"), random.Random(seed)
    warm_up()
    with tempfile.TemporaryDirectory() as folder:
        whole = {ending: mutants.write_song(Path(folder) / f"song{ending}") for ending in mutants.FORMATS}
        for number in range(n):
            ending = rng.choice(list(whole))
            path = Path(folder) / f"mutant{ending}"
            path.write_bytes(mutants.mutate(whole[ending], rng))
            start = time.thread_time()
            with report.case(number, ending):
                report.counts[_outcome(path)] += 1
                assert time.thread_time() - start < SLOW, "too slow"
    return report.close()


def _outcome(path: Path) -> str:
    try:
        found = analyse(path)
    except AudioError as error:
        failure = error
    else:
        assert np.isfinite(found.song.embedding).all()
        return "song"
    assert failure.reason.strip()
    assert "\n" not in failure.reason
    return failure.kind


def damage_stores(n: int, seed: int) -> int:
    """Damage to the store: its songs are what they were, or are said to be gone and can be put back."""
    report = Report("damages to a store")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "store.sqlite"
        songs = test_store_damage.fill(path)
        whole = path.read_bytes()
        for number in range(n):
            rng = random.Random(seed * n + number)
            name = rng.choice(list(damage.DAMAGES))
            for old in Path(folder).iterdir():
                old.unlink()
            path.write_bytes(whole)
            damage.DAMAGES[name](path, rng)
            said = io.StringIO()
            with report.case(number, name), contextlib.redirect_stderr(said):
                left = test_store_damage.attack(path, songs, _Captured(said))
                report.counts[f"{left} of {len(songs)} songs left"] += 1
    return report.close()


class _Captured:
    """What `test_store_damage.attack` wants of pytest's ``capsys``."""

    def __init__(self, stream: io.StringIO) -> None:
        self.stream = stream

    def readouterr(self) -> _Captured:
        self.err = self.stream.getvalue()
        self.stream.seek(0)
        self.stream.truncate()
        return self


def damage_artifacts(n: int, seed: int) -> int:
    """Damage to what stages hand to each other: what is loaded is what was saved, or it is refused."""
    report, rng = Report("damages to artifacts"), random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        paths = Paths(Path(folder) / "data", Path(folder) / "outputs")
        targets = _targets(paths)
        kept = {path: path.read_bytes() for path in targets}
        for number in range(n):
            path, name = rng.choice(list(targets)), rng.choice(list(damage.DAMAGES))
            for other, content in kept.items():
                other.write_bytes(content)
            damage.DAMAGES[name](path, rng)
            with report.case(number, f"{name} of {path.name}"), contextlib.redirect_stderr(io.StringIO()):
                report.counts[_answer(targets[path], path)] += 1
    return report.close()


def _answer(load: Callable[[], None], path: Path) -> str:
    start, sentence = time.thread_time(), ""
    try:
        load()
    except UserError as error:
        sentence = str(error)
    assert time.thread_time() - start < SLOW, "too slow"
    if not sentence:
        return f"{path.suffix[1:]}: what was saved"
    assert "\n" not in sentence
    assert "run: python" in sentence
    return f"{path.suffix[1:]}: refused"


def _targets(paths: Paths) -> dict[Path, Callable[[], None]]:
    """File -> a function that loads it and makes sure that it is what was saved."""
    rng = np.random.default_rng(0)
    made = test_saves.made(1, 40)
    varied = library.Library(rng.normal(size=made.embeddings.shape).astype(np.float32), made.columns)
    library.save(paths, varied, {})
    space.MATRIX_LIMIT_MB, space.CHUNK = 0, 8
    expected_rows = np.array(build("balanced", varied, paths).rows)
    saved = _trained(paths)

    def load_library() -> None:
        _assert_same(library.load(paths), varied)

    def load_rows() -> None:
        np.testing.assert_array_equal(np.asarray(build("balanced", varied, paths).rows), expected_rows)

    def load_model() -> None:
        found = model_file.load(paths.model, TRAIN)
        np.testing.assert_array_equal(found.probabilities(varied.embeddings), saved)

    rows = paths.space("balanced")
    loaders = dict.fromkeys((paths.embeddings, paths.metadata, paths.manifest), load_library)
    return loaders | {rows: load_rows, rows.with_suffix(".npz"): load_rows, paths.model: load_model}


def _trained(paths: Paths) -> np.ndarray:
    """Train a model on another library; returns what it says of the songs of `_targets`."""
    _train(Paths(paths.data / "genres", paths.outputs))
    return model_file.load(paths.model, TRAIN).probabilities(library.load(paths).embeddings)


def _train(genres: Paths) -> None:
    """Make a library of two genres, and a model of it."""
    rng = np.random.default_rng(1)
    made = test_saves.made(2, 40)
    made.columns["genre"] = ["A", "B"] * 20
    made.columns["song_name"] = [f"{chr(65 + n % 10) * 5} - {chr(97 + n // 10) * 7}" for n in range(40)]
    made.columns["duration"] = [100.0 + 7 * n for n in range(40)]
    made.columns["file_path"] = [f"/music/{n}.mp3" for n in range(40)]
    embeddings = rng.normal(size=made.embeddings.shape).astype(np.float32)
    embeddings[::2] += 0.5
    library.save(genres, library.Library(embeddings, made.columns), {})
    folders = ["--data", str(genres.data), "--outputs", str(genres.outputs)]
    command = [sys.executable, "03_genre_classifier.py", *folders]
    subprocess.run(command, cwd=PROJECT, check=True, capture_output=True)


def main() -> int:
    """Run the campaigns; returns 1 if a promise was broken."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    usual = {"kills": 1000, "processes": 30, "cold": 10, "damages": 1000, "files": 5000, "seed": 0}
    for name, number in usual.items():
        parser.add_argument(f"--{name}", type=int, default=number, metavar="N", help=f"default: {number}")
    wanted = parser.parse_args()
    warnings.simplefilter("error")
    broken = kill_saves(wanted.kills, wanted.seed) + kill_stages(wanted.processes, wanted.seed)
    broken += start_cold(wanted.cold)
    broken += damage_stores(wanted.damages // 2, wanted.seed)
    broken += damage_artifacts(wanted.damages - wanted.damages // 2, wanted.seed)
    with quiet_decoders():
        broken += mutate_files(wanted.files, wanted.seed)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
