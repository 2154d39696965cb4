"""Stage 3's work on labelled songs: gather, judge, fit, explain, tell and write, for one question or many."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from common import console
from common.classifier import model_file, songs
from common.classifier.advice import genre_named
from common.classifier.against_rest import found_of, overview_facts, overview_sections
from common.classifier.findings import Findings, find, with_advice
from common.classifier.folds import n_folds
from common.classifier.judgement import judge
from common.classifier.names import WAYS, Subject
from common.classifier.publish import filed, publish, write_sections
from common.classifier.questions import Question
from common.classifier.report import report_sections
from common.classifier.sections import ReportSection
from common.classifier.songs import TrainingSet
from common.console import UserError, note, say
from common.paths import Output, Paths
from common.text import clean, count, thousands


@dataclass(frozen=True)
class Wish:
    """How a classifier is to be trained, and what is to be explained.

    Attributes
    ----------
    sample
        The largest number of songs to learn from.
    components
        Numbers of principal components that the search may choose from.
    song
        The row of the song to explain; None for the closest call.
    towards
        The genre or label that the song is to be brought nearer to, in any case; None for the runner-up.
    preview
        Whether the changed song is to be written.
    """

    sample: int
    components: Sequence[int]
    song: int | None
    towards: str | None = None
    preview: bool = False

    @property
    def asks_for_advice(self) -> bool:
        """Whether anybody wants to know what would make the song another genre."""
        return self.song is not None or self.towards is not None or self.preview


def answer_alone(question: Question, notices: Sequence[str], wish: Wish, paths: Paths) -> list[Path]:
    """Answer one question, tell what was found, and write it.

    Parameters
    ----------
    question
        The songs, and what they are to be sorted by.
    notices
        What could not be used of the labels, for the report.
    wish
        How to train, and what to explain.
    paths
        Where everything is written to, under names of genres.

    Returns
    -------
    list of Path
        The files that were written.
    """
    try:
        training = gather(question, wish.sample)
    except songs.TooFewGenresError as error:
        if question.subject.labels:
            raise
        raise UserError(f"{error}; {songs.more_genres(question.library, paths)}") from error
    training = replace(training, left_out=[*notices, *training.left_out])
    towards = wish.towards and genre_named(training.genres, wish.towards)
    findings = answer(question, training, wish)
    if wish.asks_for_advice:
        name = filed(paths, question.library, findings)
        preview = paths.mix(Output.TOWARDS, name) if wish.preview else None
        findings = with_advice(findings, question.library, towards, preview)
    tell(report_sections(findings))
    note("drawing …")
    place = paths.of_labels(question.subject.labels)
    written = publish(place, question.library, findings)
    model_file.save([findings.trained], place.model)
    return [*written, place.model]


def answer_one_by_one(
    subject: Subject, questions: Sequence[Question], notices: Sequence[str], wish: Wish, paths: Paths
) -> list[Path]:
    """Answer a question per label, tell what all of them show together, and write both.

    What would give a song another label is not looked for: that would be a search for each.

    Parameters
    ----------
    subject
        What all labels are called together.
    questions
        One for each label.
    notices, wish, paths
        The same as for `answer_alone`.

    Raises
    ------
    UserError
        If no label has enough songs to be learned.
    """
    found, written, told = [], list[Path](), list(notices)
    for question in questions:
        label = clean(question.subject.label or "")
        note(f"{subject.noun} {label}:")
        try:
            training = gather(question, wish.sample)
        except UserError as error:
            told.append(f"{label} is left out: {error}")
            note(told[-1])
            continue
        findings = answer(question, training, wish)
        found.append(found_of(findings))
        written += publish(paths.of_labels(question.subject.labels), question.library, findings)
    if not found:
        raise UserError(f"no {subject.noun} can be learned; {told[-1]}")
    sections = overview_sections(found, told, asked=wish.song is not None)
    tell(sections)
    place = paths.of_labels(subject.labels)
    model_file.save([one.trained for one in found], place.model)
    overview = write_sections(place, subject.title, sections, overview_facts(found, told))
    return [*written, *overview, place.model]


def answer(question: Question, training: TrainingSet, wish: Wish) -> Findings:
    """Judge a classifier, fit it on all labelled songs, and find what it says."""
    judgement = judge(training, wish.components, folds_shown)
    note("fitting the final model on all labelled songs, and explaining it …")
    return find(question.library, judgement, wish.song)


def gather(question: Question, most: int) -> TrainingSet:
    """Collect the songs to learn from, and say what cannot be done with them."""
    training, noun = songs.gather(question.library, most, question.subject), question.subject.noun
    if training.drawn_from is not None:
        drawn = f"{thousands(len(training))} of {count(training.drawn_from, 'song')}"
        note(f"learning from {drawn}, drawn at random, each {noun} by its share (another number: --sample N)")
    for way in training.groups:
        if n_folds(training, way) < 2:
            note(f"each {noun} has songs of one {way} only: no score with {way}s kept apart")
    return training


def folds_shown(way: str, folds: int) -> AbstractContextManager[Any]:
    """Open the progress display of one way of splitting."""
    note(f"cross-validating ({WAYS[way]}) …")
    return console.progress(folds, "fold")


def tell(sections: Sequence[ReportSection]) -> None:
    """Print what of a report is for a terminal."""
    for section in sections:
        if section.in_terminal:
            say(section.as_text())
