"""Stage 3: which genre a song sounds like, how far to believe it, and why, in musical words.

Reads   data/processed/ (what stage 1 wrote); with --predict: the saved model and audio files
Writes  outputs/models/genre_classifier.pkl
        outputs/reports/genre_classifier.md, .json, boundary_songs.csv, genre_predictions.csv
        outputs/plots/genre_*.png, shap_*.png, boundary_songs.png, outputs/html/boundary_songs.html
Run     python 03_genre_classifier.py
        python 03_genre_classifier.py --song "part of a title"
        python 03_genre_classifier.py --predict new_song.mp3 another.flac
"""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from common import console
from common.console import note, say
from common.paths import Output
from common.text import count, duration, thousands

if TYPE_CHECKING:
    from common.classifier.evaluation import Confidence, Scores, TrainingSet
    from common.classifier.explanation import ComponentMeaning, Contributions, Explanation
    from common.classifier.model import Model
    from common.classifier.report import Section
    from common.library import Library
    from common.paths import Paths

NEXT = "python 04_similarity_search.py"

MOST_LEARNED = 100_000
"""Songs that are learned from unless told: so many take minutes and 6 GB of memory (`benchmarks.capacity`),
and a line through a few components is settled by far fewer."""

MOST_EXPLAINED = 5000
"""Songs whose SHAP values stand for all: a picture shows no more, and a mean needs no more."""

MOST_GENRES_DRAWN = 12
"""Genres, largest first, that get a SHAP summary of their own."""


def get_parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = console.stage_parser(__doc__)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--song", metavar="NAME", help="explain this song (default: the closest call)")
    what.add_argument(
        "--predict", nargs="+", type=Path, metavar="FILE", help="classify and explain new files, no training"
    )
    console.add_sample_option(parser, MOST_LEARNED, 4, "to learn from")
    parser.add_argument(
        "--components",
        type=_components,
        default="15",
        metavar="N|auto|all",
        help="principal components: a number, chosen by search, or as many as there are (default: 15)",
    )
    return parser


def _components(text: str) -> str:
    if text in {"auto", "all"} or (text.isascii() and text.isdigit() and int(text) > 0):
        return text
    raise argparse.ArgumentTypeError(f"{text!r} is not a positive number, auto or all")


def candidate_components(asked: str, n_songs: int) -> list[int]:
    """Numbers of components that the search may choose from."""
    from common.classifier.model import AUTO_COMPONENTS

    if asked == "all":
        return [n_songs]
    return list(AUTO_COMPONENTS) if asked == "auto" else [int(asked)]


def cross_validate(training: TrainingSet, components: list[int]) -> list[Scores]:
    """Judge the classifier in every way of splitting that the songs allow, the plain one first."""
    from common.classifier import evaluation
    from common.classifier.figures import WAYS

    scores = []
    for way in training.groups:
        folds = evaluation.n_folds(training, way)
        if folds < 2:
            note(f"each genre has songs of one {way} only: no score with {way}s kept apart")
            continue
        note(f"cross-validating ({WAYS[way]}) …")
        with console.progress(folds * evaluation.n_repeats(training, way), "fold") as bar:
            scores.append(evaluation.cross_validate(training, way, components, bar.update))
    return scores


def explain_song(
    library: Library, training: TrainingSet, scores: Scores, model: Model, row: int
) -> Explanation:
    """Explain a song of the library, and add what was said before the song had been seen."""
    from common.classifier.explanation import explain
    from common.library import UNKNOWN_GENRE

    place = {int(other): i for i, other in enumerate(training.rows)}.get(row)
    genre = library.genres[row]
    return explain(
        model,
        library.embeddings[row],
        library.names[row],
        label=None if genre == UNKNOWN_GENRE else genre,
        blind=None if place is None else scores.probability[place],
    )


def draw_learned(
    paths: Paths,
    model: Model,
    training: TrainingSet,
    contributions: Contributions,
    meanings: list[ComponentMeaning],
) -> list[Path]:
    """Draw the SHAP summary, per genre as well from three on, and the strongest component's dependence."""
    import numpy as np

    from common.classifier import figures as charts
    from common.classifier.explanation import strongest_interaction

    two = len(training.genres) == 2
    largest = np.argsort(-training.sizes, kind="stable").tolist()
    overview = 1 if two else largest[0]
    written = [charts.draw_summary(paths.plot(Output.SUMMARY), contributions, meanings, overview, alone=two)]
    for genre in [] if two else largest[:MOST_GENRES_DRAWN]:
        path = paths.plot(Output.SUMMARY, training.genres[genre])
        written.append(charts.draw_summary(path, contributions, meanings, genre, alone=True))
    strongest = contributions.by_strength()[0]
    genre = max(
        [overview] if two else largest, key=lambda k: np.abs(contributions.towards(k)[:, strongest]).mean()
    )
    partner = strongest_interaction(model, contributions.components, strongest)
    path = paths.plot(Output.DEPENDENCE)
    return [
        *written,
        charts.draw_dependence(path, contributions, meanings, genre, strongest, partner),
    ]


def draw_scores(
    paths: Paths, library: Library, training: TrainingSet, scores: list[Scores], bins: list[Confidence]
) -> list[Path]:
    """Draw scores, confusion matrix and boundary songs."""
    from common.classifier import evaluation
    from common.classifier import figures as charts

    plain = scores[0]
    low, high = plain.interval
    caption = (
        f"On songs left out in {plain.folds}-fold cross-validation: accuracy {plain.model.accuracy:.0%} "
        f"(95 % interval {low:.0%} to {high:.0%}), macro-F1 {plain.model.macro_f1:.2f}"
    )
    counts = evaluation.confusion(training, plain.probability)
    written = [
        charts.draw_scores(paths.plot(Output.SCORES), scores, bins),
        charts.draw_confusion(paths.plot(Output.CONFUSION), training.genres, counts, caption),
    ]
    between = [d for d in evaluation.doubts(training, plain.probability) if d.kind == "boundary"]
    if between:
        path = paths.plot(Output.BOUNDARY)
        written.append(charts.draw_boundary(path, library, training, between))
    else:
        paths.plot(Output.BOUNDARY).unlink(missing_ok=True)
    return written


def train(arguments: argparse.Namespace, paths: Paths) -> int:
    """Judge, fit, explain, save."""
    from common import library

    watch = console.Stopwatch()
    songs = library.load(paths)
    asked_row = None if arguments.song is None else songs.find(arguments.song)
    note("loading XGBoost and SHAP …")
    from common import gallery
    from common.arrays import stratified
    from common.classifier import evaluation
    from common.classifier import model as classifier
    from common.classifier import report as report
    from common.classifier.explanation import contribute, describe_components
    from common.classifier.figures import draw_waterfall

    training = evaluation.gather(songs, arguments.sample)
    if training.drawn_from is not None:
        drawn = f"{thousands(len(training))} of {count(training.drawn_from, 'song')}"
        note(f"learning from {drawn}, drawn at random, each genre by its share (another number: --sample N)")
    components = candidate_components(arguments.components, len(training))
    sections: list[Section] = []

    def tell(section: Section) -> None:
        sections.append(section)
        say(section.as_text())

    tell(report.songs_section(songs, training))
    holdout = evaluation.hold_out(training, components)
    tell(report.split_section(holdout, components))
    scores = cross_validate(training, components)
    bins = evaluation.calibration(training.y, scores[0].probability)
    tell(report.scores_section(training, scores))
    tell(report.genres_section(training, scores[0], bins))

    note("fitting the final model on all labelled songs, and explaining it …")
    facts = report.facts(training, holdout, scores, bins)
    model = evaluation.fit_final(training, components, facts)
    explained = stratified(training.y, MOST_EXPLAINED, classifier.SEED)
    contributions = contribute(model, training.X[explained])
    meanings = describe_components(model.representation)
    tell(report.final_section(model, training))
    tell(report.components_section(meanings, contributions, len(training)))
    doubtful = evaluation.doubts(training, scores[0].probability)
    doubtful = report.give_reasons(model, songs, training, doubtful)
    for section in report.doubts_sections(doubtful):
        tell(section)
    predicted = report.prediction_rows(songs, report.without_genre(songs, training), model)
    if predicted:
        tell(report.predictions_section(predicted))
    row = asked_row if asked_row is not None else report.most_telling(doubtful, training)
    explanation = explain_song(songs, training, scores[0], model, row)
    tell(report.song_section(explanation, bins))

    note("drawing …")
    written = draw_scores(paths, songs, training, scores, bins)
    written += draw_learned(paths, model, training, contributions, meanings)
    written.append(draw_waterfall(paths.plot(Output.WATERFALL, explanation.name), explanation, meanings))
    classifier.save(model, paths.model)
    found = facts | report.model_facts(model, meanings, contributions)
    found |= report.songs_facts(doubtful, predicted)
    found["explanation"] = report.explanation_facts(explanation, meanings)
    written += [paths.model, *report.write(paths, sections, found)]
    written += report.write_tables(paths, doubtful, predicted)
    written.append(gallery.refresh(paths))
    say("\n" + "\n".join(str(path) for path in written))
    note(f"done in {duration(watch.seconds)}; next: {NEXT}")
    return console.OK


def predict(files: list[Path], paths: Paths) -> int:
    """Classify and explain files with the saved model."""
    from common import gallery
    from common.classifier import model as classifier

    model = classifier.load(paths.model)
    note("loading the analysis (the first time it compiles, which takes up to a minute) …")
    failed = sum(not predict_file(file, paths, model) for file in files)
    gallery.refresh(paths)
    note(f"next: {NEXT} search {shlex.quote(str(files[0]))}")
    return console.FAILED if failed else console.OK


def predict_file(file: Path, paths: Paths, model: Model) -> bool:
    """Classify and explain one file; returns whether it could be read."""
    from common import song
    from common.audio import AudioError
    from common.classifier import report as report
    from common.classifier.explanation import describe_components, explain
    from common.classifier.figures import draw_waterfall

    try:
        embedding = song.analyse(file).song.embedding
    except AudioError as error:
        note(f"error: {file}: {error}")
        return False
    explanation = explain(model, embedding, file.stem)
    say(report.song_section(explanation, report.remembered_bins(model)).as_text())
    warning = report.unfamiliar(model, embedding)
    if warning:
        note(f"warning: {warning}")
    meanings = describe_components(model.representation)
    say(str(draw_waterfall(paths.plot(Output.WATERFALL, file.stem), explanation, meanings)))
    return True


def _run(arguments: argparse.Namespace) -> int:
    from common.paths import Paths

    paths = Paths(arguments.data, arguments.outputs)
    return predict(arguments.predict, paths) if arguments.predict else train(arguments, paths)


def main(argv: list[str] | None = None) -> int:
    """Run the stage; returns the exit code."""
    arguments = get_parser().parse_args(argv)
    return console.run(lambda: _run(arguments))


if __name__ == "__main__":
    sys.exit(main())
