"""Stage 1: turn every song of a folder into one embedding.

Reads   AUDIO_DIR/<GENRE>/…    mp3, flac, wav, ogg, opus, aiff, searched in all subfolders
                               (m4a, aac, wma with requirements-formats.txt)
Writes  data/processed/        embeddings.npy, metadata.pkl, manifest.json, skipped.csv
        data/store.sqlite      every finished song at once, so that a run can be ended and taken up again
Run     python 01_feature_extraction.py                      songs in data/raw/<GENRE>/
        python 01_feature_extraction.py ~/Music/genres       songs elsewhere
        python 01_feature_extraction.py --demo               songs that the house composes itself
        python 01_feature_extraction.py --cluster tcp://HOST:8786     on the workers of a Dask scheduler
Then    python 02_embedding_journey.py
"""

from __future__ import annotations

import argparse
import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from common import console
from common.console import UserError, note, say
from common.paths import JOURNEY
from common.text import count, duration, table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from concurrent.futures import Executor

    from common.extraction.run import Result
    from common.extraction.store import Store
    from common.library import Library
    from common.paths import Paths
    from common.song import Stamp


def get_parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = console.stage_parser(__doc__)
    add = parser.add_argument
    add("audio_dir", nargs="?", type=Path, metavar="AUDIO_DIR", help="folder of songs (default: DATA/raw)")
    add("--demo", action="store_true", help="compose and render the demo library and extract that")
    who = parser.add_mutually_exclusive_group()
    who.add_argument("--workers", type=_positive, default=4, metavar="N", help="songs at a time (default: 4)")
    who.add_argument("--cluster", metavar="ADDRESS", help="let the workers of a Dask scheduler do it")
    add(
        "--genre-from",
        choices=("folder", "tag"),
        default="folder",
        help="genre = first folder under AUDIO_DIR, or the file's own genre tag (default: folder)",
    )
    add("--force", action="store_true", help="compute every song again, even those in the store")
    add("--retry-failed", action="store_true", help="try again the files that failed before")
    add("--strict", action="store_true", help="exit with 1 if any file was skipped")
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1 is needed")
    return number


def audio_folder(arguments: argparse.Namespace, paths: Paths) -> Path:
    """Decide where the songs are, rendering the demo library first if it is asked for."""
    if arguments.demo:
        if arguments.audio_dir is not None:
            raise UserError("--demo brings its own songs; leave AUDIO_DIR out")
        render_demo(paths.demo)
        return paths.demo
    return (arguments.audio_dir or paths.raw).expanduser().absolute()


def render_demo(folder: Path) -> None:
    """Compose the demo songs into a folder; those that are there already are kept."""
    from common.demo import compose, files

    songs = compose.compose_library()
    note(f"composing and rendering {count(len(songs), 'demo song')} into {folder}")
    with console.progress(len(songs), "song") as bar:
        files.write_library(folder, len(songs), on_song=lambda path: bar.update())


def find_files(folder: Path) -> list[Path]:
    """List the songs of a folder.

    Raises
    ------
    UserError
        If the folder is missing or holds no audio.
    """
    from common import audio

    if not folder.is_dir():
        raise UserError(f"{folder} is not a folder; put songs into it as <GENRE>/<song>.mp3, or try --demo")
    files = audio.find_songs(folder)
    if not files:
        raise UserError(f"no audio files in {folder}; put songs into it as <GENRE>/<song>.mp3, or try --demo")
    return files


@contextlib.contextmanager
def workforce(arguments: argparse.Namespace, folder: Path) -> Iterator[tuple[Executor, Callable[[], int]]]:
    """Gather who does the work, threads or a cluster, and a function that tells how many songs they take."""
    if arguments.cluster is not None:
        from common.extraction.cluster import Cluster

        with Cluster(arguments.cluster, folder) as cluster:
            note(cluster.describe())
            yield cluster, cluster.slots
        return
    from concurrent.futures import ThreadPoolExecutor

    from common.song import warm_up

    with console.patience("getting ready: the first run compiles for up to a minute, once"):
        warm_up()
    with ThreadPoolExecutor(arguments.workers, thread_name_prefix="song") as threads:
        yield threads, lambda: arguments.workers


def extract(files: Sequence[Path], folder: Path, store: Store, arguments: argparse.Namespace) -> list[Result]:
    """Analyse the files with a progress display; returns a stamp or a failure for each."""
    from common.extraction.run import Known, Outcome, extract_all
    from common.extraction.store import Failure
    from common.song import Song

    known = Known(
        songs=frozenset() if arguments.force else store.contents(),
        failures={} if arguments.force or arguments.retry_failed else store.failures(),
    )
    seconds = 0.0

    def report(outcome: Outcome) -> None:
        nonlocal seconds
        if isinstance(outcome.result, Failure):
            note(f"skipped {outcome.path.name}: {outcome.result.kind}: {outcome.result.reason}")
        if isinstance(outcome.result, Song):
            seconds += outcome.result.duration
            bar.set_postfix_str(f"{seconds / clock.seconds:.0f}× realtime")
        bar.update()

    with workforce(arguments, folder) as (executor, slots):
        clock = console.Stopwatch()
        with console.progress(len(files), "song") as bar:
            results = extract_all(files, store, executor, slots, known, report)
    note(f"analysed {duration(seconds)} of new audio in {duration(clock.seconds)}{_speed(seconds, clock)}")
    return results


def _speed(seconds: float, clock: console.Stopwatch) -> str:
    return f" ({seconds / clock.seconds:.0f}× realtime)" if seconds else ""


def assemble(results: Sequence[Result], folder: Path, genre_from: str, store: Store) -> Library:
    """Put the songs that made it into a library, in the order of their files."""
    import numpy as np

    from common.layout import N_FEATURES
    from common.library import COLUMNS, Library
    from common.song import Stamp

    made = [result for result in results if isinstance(result, Stamp)]
    songs = store.songs(made)
    rows, columns = np.empty((len(made), N_FEATURES), np.float32), {name: [] for name in COLUMNS}
    for row, song in enumerate(songs):
        rows[row] = song.embedding
        inside = song.stamp.path.parts[len(folder.parts) :]
        facts = song.metadata(_genre(inside, song.tags.genre, genre_from))
        for name in COLUMNS:
            columns[name].append(facts[name])
    return Library(rows, columns)


def _genre(inside: Sequence[str], tag: str | None, genre_from: str) -> str:
    from common.library import UNKNOWN_GENRE

    if genre_from == "tag":
        return (tag or UNKNOWN_GENRE).upper()
    return inside[0].upper() if len(inside) > 1 else UNKNOWN_GENRE


def save(
    paths: Paths, library: Library, folder: Path, files: Sequence[Path], results: Sequence[Result]
) -> None:
    """Write the library, its manifest and the list of skipped files."""
    from common import library as libraries
    from common.extraction.store import Failure
    from common.files import write_csv

    skipped = [
        (path.relative_to(folder).as_posix(), result.kind, result.reason)
        for path, result in zip(files, results, strict=True)
        if isinstance(result, Failure)
    ]
    write_csv(paths.skipped, libraries.SKIPPED_COLUMNS, skipped)
    if not len(library):
        raise UserError(
            f"none of the {count(len(files), 'file')} in {folder} could be used; reasons in {paths.skipped}"
        )
    songs = {
        stamp.path.relative_to(folder).as_posix(): _entry(stamp)
        for stamp in results
        if not isinstance(stamp, Failure)
    }
    libraries.save(paths, library, {"root": str(folder), "versions": _versions(), "songs": songs})


def _entry(stamp: Stamp) -> dict[str, int | str]:
    return {"size": stamp.size, "mtime_ns": stamp.mtime_ns, "sha256": stamp.content}


def _versions() -> dict[str, str]:
    import platform

    from common.extraction.run import package_versions

    return {"python": platform.python_version(), **package_versions()}


def summarise(library: Library, results: Sequence[Result]) -> None:
    """Print what was extracted and what was not."""
    from collections import Counter

    from common.extraction.store import Failure

    durations = library.columns["duration"]
    total = sum(durations)
    mean = duration(total / len(library))
    say(f"{count(len(library), 'song')}, {duration(total)} of music, {mean} on average")
    say()
    genres = Counter(library.genres)
    say(table(("genre", "songs"), sorted(genres.items()), right="lr"))
    kinds = Counter(result.kind for result in results if isinstance(result, Failure))
    if kinds:
        say()
        say(table(("skipped because", "files"), sorted(kinds.items()), right="lr"))


def _run(arguments: argparse.Namespace) -> int:
    from common.paths import Paths

    paths = Paths(arguments.data, arguments.outputs)
    folder = audio_folder(arguments, paths)
    files = find_files(folder)
    with console.patience("loading librosa"):
        from common.extraction.store import Store, only_run
    with only_run(paths.store), Store(paths.store) as store, console.hushed_decoders():
        results = extract(files, folder, store, arguments)
        library = assemble(results, folder, arguments.genre_from, store)
        save(paths, library, folder, files, results)
    summarise(library, results)
    skipped = len(files) - len(library)
    if skipped:
        note(f"{count(skipped, 'file')} skipped; reasons in {paths.skipped}")
    note(f"wrote {paths.embeddings} and {paths.metadata.name}")
    note(f"next: {paths.command(JOURNEY)}")
    return console.FAILED if skipped and arguments.strict else console.OK


def main(argv: Sequence[str] | None = None) -> int:
    """Run stage 1; returns the exit code."""
    arguments = get_parser().parse_args(argv)
    return console.run(lambda: _run(arguments))


if __name__ == "__main__":
    sys.exit(main())
