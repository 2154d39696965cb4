"""Stage 3: which genre a song sounds like, how far to believe it, and why, in musical words.

Reads   data/processed/ (what stage 1 wrote); with --predict: the saved model and audio files;
        with --labels: your table of songs and labels
Writes  outputs/models/genre_classifier.pkl
        outputs/reports/genre_classifier.md, .json, boundary_songs.csv, genre_predictions.csv
        outputs/plots/genre_*.png, shap_*.png, boundary_songs.png
        outputs/html/genre_classifier.html, boundary_songs.html
        with --preview: outputs/mixes/towards_*.wav
        with --labels moods.csv all of it under the names labels_moods_*
        outputs/reports/genre_guesses.csv, and the guesses in songs.csv and songs.html of stage 2
Run     python 03_genre_classifier.py
        python 03_genre_classifier.py --song "part of a title"
        python 03_genre_classifier.py --song "part of a title" --towards TRANCE --preview
        python 03_genre_classifier.py --predict new_song.mp3 another.flac
        python 03_genre_classifier.py --predict new_song.mp3 --towards TRANCE
        python 03_genre_classifier.py --labels moods.csv
"""

from __future__ import annotations

from common import console  # first, so that Ctrl-C is heard from here on

# isort: split
import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from common.classifier.names import GENRES
from common.console import note, say
from common.paths import SEARCH, TRAIN, Output, Paths, typed_path
from common.text import clean, count, duration, whole

if TYPE_CHECKING:
    from common.classifier.answers import Wish
    from common.classifier.explanation import Explanation
    from common.classifier.labels import Labels
    from common.classifier.model_file import Trained
    from common.library import Library

MOST_LEARNED = 100_000
"""Songs that are learned from unless told: so many take minutes and 6 GB of memory (`benchmarks.capacity`),
and a line through a few components is settled by far fewer."""

ONE_LABEL = "--towards and --preview need one label per song; some have several"


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
    parser.add_argument(
        "--labels",
        metavar="FILE.csv",
        help="learn your own labels instead of genres: a table with the columns song and label, or the word "
        "folders for the folders inside the folders of genres; with --predict: use what was learned of it",
    )
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
    if text in {"auto", "all"}:
        return text
    if number := whole(text):
        return str(number)
    raise argparse.ArgumentTypeError(f"{text!r} is not a positive number, auto or all")


def train(arguments: argparse.Namespace, paths: Paths) -> int:
    """Judge, fit, explain, save."""
    from common import library

    watch = console.Stopwatch()
    songs = library.load(paths)
    asked = None if arguments.song is None else songs.find(arguments.song)
    if arguments.labels is None:
        offer_folders(songs, paths)
        labels = None
    else:
        from common.classifier.labels import read_labels

        labels = read_labels(arguments.labels, songs, paths)
    note("loading XGBoost and SHAP …")
    from common import gallery
    from common.classifier.answers import Wish, answer_alone
    from common.classifier.questions import Question
    from common.classifier.selection import component_choices

    components = component_choices(arguments.components)
    wish = Wish(arguments.sample, components, asked, arguments.towards, arguments.preview)
    if labels is None:
        written = [*answer_alone(Question(GENRES, songs), [], wish, paths), *tell_table(paths)]
    else:
        written = train_labels(songs, labels, wish, paths)
    say("\n" + "\n".join(str(path) for path in [*written, gallery.refresh(paths)]))
    note(f"done in {duration(watch.seconds)}; next: {paths.command(SEARCH)}")
    return console.OK


def offer_folders(songs: Library, paths: Paths) -> None:
    """Say so if the folders of genres hold folders that could be sub-genres."""
    from common import library
    from common.classifier.labels import FOLDERS, offered_folders

    found = offered_folders(songs, library.root(paths))
    if found:
        such = f"{count(len(found), 'sub-genre')}, such as {clean(', '.join(found[:3]))}"
        note(f"the folders hold {such}; to tell them apart: {paths.command(TRAIN, '--labels', FOLDERS)}")


def tell_table(paths: Paths) -> list[Path]:
    """Bring the guesses in the table of all songs up to date, if stage 2 has written one."""
    from common.overview.publish import refresh_guesses
    from common.overview.songs import table_file

    try:
        return refresh_guesses(paths)
    except ValueError:
        note(f"warning: {table_file(paths)} was changed and cannot be read, so it is left as it is")
        return []


def train_labels(songs: Library, labels: Labels, wish: Wish, paths: Paths) -> list[Path]:
    """Tell a listener's own labels apart, all at once or, where songs have several, one by one."""
    from common.classifier.answers import answer_alone, answer_one_by_one
    from common.classifier.questions import questions, told

    if labels.n_several and (wish.towards or wish.preview):
        raise console.UserError(ONE_LABEL)
    notices = told(labels, len(songs))
    for notice in notices:
        note(notice)
    asked = questions(songs, labels)
    if labels.n_several:
        return answer_one_by_one(labels.subject, asked, notices, wish, paths)
    return answer_alone(asked[0], labels.notices, wish, paths)


def predict(arguments: argparse.Namespace, paths: Paths) -> int:
    """Classify and explain files with the saved model."""
    from common import gallery
    from common.classifier import model_file
    from common.classifier.advice import genre_named
    from common.classifier.labels import subject_of

    labels = arguments.labels
    subject = GENRES if labels is None else subject_of(labels)
    place = paths.of_labels(subject.labels)
    remedy = paths.command(TRAIN, *([] if labels is None else ["--labels", labels]))
    trained = model_file.load_trained(place.model, remedy)
    if (arguments.towards or arguments.preview) and trained[0].subject.label is not None:
        raise console.UserError(ONE_LABEL)
    if arguments.towards:
        genre_named(trained[0].model.genres, arguments.towards)
    note("loading the analysis (the first time it compiles, which takes some ten seconds) …")
    heard = [file for file in arguments.predict if predict_file(typed_path(file), place, trained, arguments)]
    if heard:
        gallery.refresh(paths)
        note(f"next: {paths.command(SEARCH, 'search', str(heard[0]))}")
    return console.OK if heard == arguments.predict else console.FAILED


def predict_file(file: Path, paths: Paths, trained: list[Trained], arguments: argparse.Namespace) -> bool:
    """Classify and explain one file; returns whether it could be read."""
    from common import song
    from common.classifier import against_rest, report
    from common.classifier.advice import advise
    from common.classifier.shap_figures import draw_waterfall
    from common.filed import filed_as
    from common.library import UNKNOWN_GENRE, library_of_one

    try:
        with song.heard_or_told(file):
            analysed = song.analyse(file).song
    except console.UserError as error:
        note(f"error: {error}")
        return False
    one = library_of_one(analysed.embedding, analysed.metadata(UNKNOWN_GENRE))
    pairs = [(known, known.heard.find(one)) for known in trained]
    for name in sorted({known.heard.names[place] for known, place in pairs if place is not None}):
        same = f"{file.name} is the recording of a song that was learned from, {clean(name)}"
        note(f"{same}: models that had not heard it judge it")
    filed = filed_as(paths, file.stem, file)
    explained = [(known, explain_file(file, one, known, place)) for known, place in pairs]
    first, explanation = explained[0]
    if first.subject.label is None:
        say(report.song_section(explanation, first.experience, first.rule).as_text())
        say(str(draw_waterfall(paths.plot(Output.WATERFALL, filed), explanation)))
    else:
        say(against_rest.song_section(file.stem, explained).as_text())
    if explanation.is_unfamiliar:
        note(f"warning: {file.name} is unlike the training songs")
    if arguments.towards or arguments.preview:
        models = [first.model] if pairs[0][1] is None else first.judges_of(pairs[0][1])
        preview = paths.mix(Output.TOWARDS, filed) if arguments.preview else None
        advice = advise(file, analysed.embedding, models, explanation, arguments.towards, preview)
        say(report.advice_section(advice).as_text())
    return True


def explain_file(file: Path, one: Library, trained: Trained, place: int | None) -> Explanation:
    """Explain a file's verdict: by models that have not heard it, if it is the training song at a place."""
    from common.classifier.explanation import explain

    embedding = one.embeddings[0]
    if place is None:
        return explain([trained.model], embedding, file.stem, trained.rule)
    return explain(trained.judges_of(place), embedding, file.stem, trained.rule, held_out=True)


def main(argv: list[str] | None = None) -> int:
    """Run the stage; returns the exit code."""
    arguments = get_parser().parse_args(argv)
    paths = Paths(arguments.data, arguments.outputs)
    if arguments.predict:
        return console.run(lambda: predict(arguments, paths))
    return console.run(lambda: train(arguments, paths))


if __name__ == "__main__":
    sys.exit(main())
