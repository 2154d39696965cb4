"""Stage 3: which genre a song sounds like, how far to believe it, and why, in musical words.

Reads   data/processed/ (what stage 1 wrote); with --predict: the saved model and audio files
Writes  outputs/models/genre_classifier.pkl
        outputs/reports/genre_classifier.md, .json, boundary_songs.csv, genre_predictions.csv
        outputs/plots/genre_*.png, shap_*.png, boundary_songs.png
        outputs/html/genre_classifier.html, boundary_songs.html
        with --preview: outputs/mixes/towards_*.wav
Run     python 03_genre_classifier.py
        python 03_genre_classifier.py --song "part of a title"
        python 03_genre_classifier.py --song "part of a title" --towards TRANCE --preview
        python 03_genre_classifier.py --predict new_song.mp3 another.flac
"""

from __future__ import annotations

from common import console  # first, so that Ctrl-C is heard from here on

# isort: split
import argparse
import sys
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from common.console import note, say
from common.paths import SEARCH, Output, Paths
from common.text import count, duration, thousands

if TYPE_CHECKING:
    from common.classifier.model_file import Trained
    from common.classifier.songs import TrainingSet
    from common.library import Library

MOST_LEARNED = 100_000
"""Songs that are learned from unless told: so many take minutes and 6 GB of memory (`benchmarks.capacity`),
and a line through a few components is settled by far fewer."""


def get_parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = console.stage_parser(__doc__ or "")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--song", metavar="NAME", help="explain this song (default: the closest call)")
    what.add_argument(
        "--predict", nargs="+", type=Path, metavar="FILE", help="classify and explain new files, no training"
    )
    parser.add_argument(
        "--towards",
        metavar="GENRE",
        help="say what would make the song this genre, tried on its file (with --song: the runner-up)",
    )
    parser.add_argument("--preview", action="store_true", help="with that, write the changed song")
    console.add_sample_option(parser, MOST_LEARNED, 4, "to learn from")
    parser.add_argument(
        "--components",
        type=_components,
        default="auto",
        metavar="N|auto|all",
        help="principal components: a number, chosen by search, or as many as there are (default: auto)",
    )
    return parser


def _components(text: str) -> str:
    if text in {"auto", "all"} or (text.isascii() and text.isdigit() and int(text) > 0):
        return text
    raise argparse.ArgumentTypeError(f"{text!r} is not a positive number, auto or all")


def train(arguments: argparse.Namespace, paths: Paths) -> int:
    """Judge, fit, explain, save."""
    from common import library

    watch = console.Stopwatch()
    songs = library.load(paths)
    asked = None if arguments.song is None else songs.find(arguments.song)
    note("loading XGBoost and SHAP …")
    from common import gallery
    from common.classifier.advice import genre_named
    from common.classifier.findings import find, with_advice
    from common.classifier.judgement import judge
    from common.classifier.publish import publish
    from common.classifier.report import report_sections
    from common.classifier.selection import component_choices

    training = gather(songs, arguments.sample)
    towards = arguments.towards and genre_named(training.genres, arguments.towards)
    judgement = judge(training, component_choices(arguments.components), folds_shown)
    note("fitting the final model on all labelled songs, and explaining it …")
    findings = find(songs, judgement, asked)
    if asked is not None or towards or arguments.preview:
        note("trying equaliser, level and tempo on the song, and measuring the best (some seconds) …")
        name = findings.explanation.name
        preview = paths.mix(Output.TOWARDS, name) if arguments.preview else None
        findings = with_advice(findings, songs, towards, preview)
    for section in report_sections(findings):
        if section.in_terminal:
            say(section.as_text())
    note("drawing …")
    written = [*publish(paths, songs, findings), gallery.refresh(paths)]
    say("\n" + "\n".join(str(path) for path in written))
    note(f"done in {duration(watch.seconds)}; next: {paths.command(SEARCH)}")
    return console.OK


def gather(library: Library, most: int) -> TrainingSet:
    """Collect the songs to learn from, and say what cannot be done with them."""
    from common.classifier import songs
    from common.classifier.folds import n_folds

    training = songs.gather(library, most)
    if training.drawn_from is not None:
        drawn = f"{thousands(len(training))} of {count(training.drawn_from, 'song')}"
        note(f"learning from {drawn}, drawn at random, each genre by its share (another number: --sample N)")
    for way in training.groups:
        if n_folds(training, way) < 2:
            note(f"each genre has songs of one {way} only: no score with {way}s kept apart")
    return training


def folds_shown(way: str, folds: int) -> AbstractContextManager[Any]:
    """Open the progress display of one way of splitting."""
    from common.classifier.names import WAYS

    note(f"cross-validating ({WAYS[way]}) …")
    return console.progress(folds, "fold")


def predict(files: list[Path], paths: Paths) -> int:
    """Classify and explain files with the saved model."""
    from common import gallery
    from common.classifier import model_file

    trained = model_file.load_trained(paths.model)
    note("loading the analysis (the first time it compiles, which takes up to a minute) …")
    failed = sum(not predict_file(file, paths, trained) for file in files)
    gallery.refresh(paths)
    note(f"next: {paths.command(SEARCH, 'search', str(files[0]))}")
    return console.FAILED if failed else console.OK


def predict_file(file: Path, paths: Paths, trained: Trained) -> bool:
    """Classify and explain one file; returns whether it could be read."""
    from common import song
    from common.audio import AudioError
    from common.classifier import report
    from common.classifier.explanation import explain
    from common.classifier.findings import UNFAMILIAR, share_nearer
    from common.classifier.shap_figures import draw_waterfall

    try:
        with console.quiet_decoders():
            embedding = song.analyse(file).song.embedding
    except AudioError as error:
        note(f"error: {file}: {error}")
        return False
    judges = trained.judges_of(embedding)
    if judges:
        note(f"{file.name} is one of the songs that were learned from: models that had not heard it judge it")
    models = judges or [trained.model]
    explanation = explain(models, embedding, file.stem, trained.rule, held_out=bool(judges))
    say(report.song_section(explanation, trained.experience, trained.rule).as_text())
    nearer = float(share_nearer(trained.model, embedding[None, :])[0])
    if nearer > UNFAMILIAR:
        note(f"warning: {report.unfamiliar(nearer)}")
    say(str(draw_waterfall(paths.plot(Output.WATERFALL, file.stem), explanation)))
    return True


def main(argv: list[str] | None = None) -> int:
    """Run the stage; returns the exit code."""
    arguments = get_parser().parse_args(argv)
    paths = Paths(arguments.data, arguments.outputs)
    if arguments.predict:
        return console.run(lambda: predict(arguments.predict, paths))
    return console.run(lambda: train(arguments, paths))


if __name__ == "__main__":
    sys.exit(main())
