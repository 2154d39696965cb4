"""Stage 1: turn every song of a folder into one embedding.

Reads   AUDIO_DIR/<GENRE>/…    mp3, flac, wav, ogg, opus, aiff, searched in all subfolders
                               (m4a, aac, wma with requirements-formats.txt)
Writes  data/processed/        embeddings.npy, metadata.pkl, manifest.json, skipped.csv
        data/store.sqlite      every finished song at once, so that a run can be ended and taken up again
        data/landmarks.sqlite  the index by which a clip is identified; made anew where it is missing
Run     python 01_feature_extraction.py                      songs in data/raw/<GENRE>/
        python 01_feature_extraction.py ~/Music/genres       songs elsewhere
        python 01_feature_extraction.py --demo               songs that the project composes itself
        python 01_feature_extraction.py --cluster tcp://HOST:8786     on the workers of a Dask scheduler
        python 01_feature_extraction.py --watch              and again whenever songs come or go
Then    python 02_embedding_journey.py
"""

from __future__ import annotations

from common import console  # first, so that Ctrl-C is heard from here on

# isort: split
import argparse
import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from common.console import UserError, note, say
from common.paths import JOURNEY, Paths, typed_path
from common.text import clean, count, duration

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from common.extraction.run import Result, Workers
    from common.extraction.store import Store
    from common.extraction.worker import Outcome
    from common.library import Library

REMEDY = "put songs into it as <GENRE>/<song>.mp3, or try --demo"
"""What to do where there are no songs."""


def get_parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = console.stage_parser(__doc__)
    add = parser.add_argument
    add("audio_dir", nargs="?", type=Path, metavar="AUDIO_DIR", help="folder of songs (default: DATA/raw)")
    add("--demo", action="store_true", help="compose and render the demo library and extract that")
    who = parser.add_mutually_exclusive_group()
    number = console.whole_number(1)
    who.add_argument("--workers", type=number, default=4, metavar="N", help="songs at a time (default: 4)")
    who.add_argument("--cluster", metavar="ADDRESS", help="let the workers of a Dask scheduler do it")
    add(
        "--genre-from",
        choices=("folder", "tag"),
        default="folder",
        help="genre = first folder under AUDIO_DIR, or the file's own genre tag (default: folder)",
    )
    add(
        "--bpm-from",
        choices=("audio", "tag"),
        default="audio",
        help="tempo = what the sound says, or the file's own tag where it has one (default: audio)",
    )
    add("--force", action="store_true", help="compute every song again, even those in the store")
    add("--retry-failed", action="store_true", help="try again the files that failed before")
    until = parser.add_mutually_exclusive_group()
    until.add_argument("--strict", action="store_true", help="exit with 1 if any file was skipped")
    until.add_argument("--watch", action="store_true", help="keep the library current as songs come and go")
    return parser


def extract_library(arguments: argparse.Namespace, paths: Paths) -> int:
    """Find the songs, extract them, write the library, and say what became of every file."""
    folder = choose_folder(arguments, paths)
    files = find_files(folder)
    library, summary = make_library(files, folder, paths, arguments)
    say(summary)
    skipped = len(files) - len(library)
    if skipped:
        note(f"{count(skipped, 'file')} skipped; reasons in {paths.skipped}")
    note(f"wrote {paths.embeddings} and {paths.metadata.name}")
    note(f"next: {paths.command(JOURNEY)}")
    return console.FAILED if skipped and arguments.strict else console.OK


def make_library(
    files: Sequence[Path],
    folder: Path,
    paths: Paths,
    arguments: argparse.Namespace,
    tell: Callable[[str], None] = note,
) -> tuple[Library, str]:
    """Extract the songs of a folder and write the library; returns it, and a summary of it."""
    with console.note_if_slow("loading the analysis"):
        from common.extraction import assemble
        from common.extraction.store import Store, only_run
    with only_run(paths.store), Store(paths.store) as store, console.quiet_decoders():
        extraction = assemble.Extraction(folder, files, extract(files, folder, store, arguments, tell))
        library = assemble.make_library(extraction, store, arguments.genre_from, arguments.bpm_from)
        assemble.save(paths, library, extraction)
        index_landmarks(paths, library.paths)
    notes = [assemble.broken_samples(library), assemble.lacks_genres(library)]
    if arguments.bpm_from == "tag":
        notes.append(assemble.lacks_tempos(library))
    for told in notes:
        if told:
            tell(told)
    return library, assemble.summary(library, extraction)


def index_landmarks(paths: Paths, files: Sequence[str]) -> None:
    """Put the songs into the index by which a clip is identified."""
    from common.extraction.sequence_reader import SequenceReader
    from common.fingerprint.index import LandmarkIndex

    with (
        console.note_if_slow("indexing the songs for identify"),
        SequenceReader(paths) as reader,
        LandmarkIndex(paths.landmarks) as index,
    ):
        index.refresh([content for content in reader.contents(files) if content], reader.peaks)


def watch_library(arguments: argparse.Namespace, paths: Paths) -> int:
    """Keep the library as the folder of songs is, until Ctrl-C; other runs have their turns in between."""
    with console.note_if_slow("loading the analysis"):
        from common.extraction.store import only_run
        from common.extraction.watch import Keeper, follow
    folder = choose_folder(arguments, paths)
    require_folder(folder)

    news = console.News()

    def make(files: Sequence[Path]) -> Library:
        news.begin()
        library, _ = make_library(files, folder, paths, arguments, news.tell)
        arguments.force = arguments.retry_failed = False  # once is enough
        return library

    with only_run(paths.data / "watch", "watch"):
        follow(folder, Keeper(paths, make).refresh)
    return console.OK


def choose_folder(arguments: argparse.Namespace, paths: Paths) -> Path:
    """Decide where the songs are, composing the demo songs first if they are asked for."""
    if not arguments.demo:
        return typed_path(arguments.audio_dir or paths.raw)
    if arguments.audio_dir is not None:
        raise UserError("--demo brings its own songs; leave AUDIO_DIR out")
    from common.demo.compose import compose_library
    from common.demo.files import write_library

    songs = compose_library()
    note(f"composing and rendering {count(len(songs), 'demo song')} into {paths.demo}")
    with console.progress(len(songs), "song") as bar:
        write_library(paths.demo, len(songs), on_song=lambda path: bar.update())
    return paths.demo


def find_files(folder: Path) -> list[Path]:
    """List the songs of a folder.

    Raises
    ------
    UserError
        If the folder is missing or holds no audio.
    """
    from common import audio

    require_folder(folder)
    files = audio.find_songs(folder)
    if not files:
        raise UserError(f"no audio files in {folder}; {REMEDY}")
    return files


def require_folder(folder: Path) -> None:
    """Make sure that there is a folder to search.

    Raises
    ------
    UserError
        If it is missing.
    """
    if not folder.is_dir():
        raise UserError(f"{folder} is not a folder; {REMEDY}")


def extract(
    files: Sequence[Path],
    folder: Path,
    store: Store,
    arguments: argparse.Namespace,
    tell: Callable[[str], None],
) -> list[Result]:
    """Bring every file into the store with a progress display; returns what became of each."""
    from common.extraction.run import Known, extract_all
    from common.extraction.worker import Failure
    from common.song import Song

    songs = frozenset() if arguments.force else store.contents()
    n_older, purposes = store.incomplete()
    if n_older:
        note(f"reading {count(n_older, 'song')} of an older version once more, for {' and '.join(purposes)}")
    failures = {} if arguments.force or arguments.retry_failed else store.failures()
    seconds = 0.0

    def report(outcome: Outcome) -> None:
        nonlocal seconds
        if isinstance(outcome.result, Failure):
            tell(f"skipped {clean(outcome.path.name)}: {outcome.result.reason}")
        if isinstance(outcome.result, Song):
            seconds += outcome.result.duration
            bar.set_postfix_str(f"{seconds / clock.seconds:.0f}× realtime")
        bar.update()

    with workers_for(arguments, folder) as workers:
        clock = console.Stopwatch()
        with console.progress(len(files), "song") as bar:
            results = extract_all(files, store, workers, Known(songs, failures), report)
    speed = f" ({seconds / clock.seconds:.0f}× realtime)" if seconds else ""
    note(f"analysed {duration(seconds)} of new audio in {duration(clock.seconds)}{speed}")
    return results


@contextlib.contextmanager
def workers_for(arguments: argparse.Namespace, folder: Path) -> Iterator[Workers]:
    """Gather who does the work: threads, or the workers of a cluster."""
    if arguments.cluster is not None:
        from common.extraction.cluster import Cluster

        with Cluster(arguments.cluster, folder) as cluster:
            note(cluster.describe())
            yield cluster
        return
    from common import compiled
    from common.extraction.run import Threads
    from common.song import warm_up

    with console.note_if_slow(compiled.with_reason("getting ready")):
        warm_up()
    with Threads(arguments.workers) as threads:
        yield threads


def main(argv: Sequence[str] | None = None) -> int:
    """Run stage 1; returns the exit code."""
    arguments = get_parser().parse_args(argv)
    work = watch_library if arguments.watch else extract_library
    return console.run(lambda: work(arguments, Paths(arguments.data, arguments.outputs)))


if __name__ == "__main__":
    sys.exit(main())
