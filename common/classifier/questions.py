"""What is asked of labelled songs: which label each has, or of every label whether a song has it.

Conventions: a question is a library whose genres are the labels, so that all that is found of genres is found
of labels, too. A song without a label has no genre.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from common.classifier.labels import LONGEST_NAME, Labels
from common.classifier.names import Subject
from common.library import UNKNOWN_GENRE, Library
from common.text import count, slug


@dataclass(frozen=True)
class Question:
    """Songs and what they are to be sorted by.

    Attributes
    ----------
    subject
        What the labels are called.
    library
        The songs, with their labels for genres.
    """

    subject: Subject
    library: Library


def questions(library: Library, labels: Labels) -> list[Question]:
    """Which label a song has, if no song has several; else, label by label, whether a song has it.

    Parameters
    ----------
    library
        The songs.
    labels
        Their labels.
    """
    if not labels.n_several:
        only = [given[0] if given else UNKNOWN_GENRE for given in labels.of_song]
        return [Question(labels.subject, _sorted_by(library, only))]
    return [_against_rest(library, labels, label) for label in labels.names]


def _against_rest(library: Library, labels: Labels, label: str) -> Question:
    """Whether a labelled song has one of the labels."""
    subject = replace(
        labels.subject,
        title=f"{labels.subject.title}: {label}",
        labels=f"{labels.subject.labels}_{slug(label, LONGEST_NAME)}",
        label=label,
    )
    sides = [
        (label if label in given else without(label)) if given else UNKNOWN_GENRE for given in labels.of_song
    ]
    return Question(subject, _sorted_by(library, sides))


def without(label: str) -> str:
    """What the songs are called that do not have a label."""
    return f"not {label}"


def _sorted_by(library: Library, genres: Sequence[str]) -> Library:
    return Library(library.embeddings, {**library.columns, "genre": list(genres)}, library.n_guests)


def told(labels: Labels, n_songs: int) -> list[str]:
    """Sentences on how many songs have labels, and on what is made of them, without their full stop."""
    noun, unlabelled = labels.subject.noun, n_songs - labels.n_labelled
    found = [f"{count(labels.n_labelled, 'song')} with {count(len(labels.names), noun)}"]
    if unlabelled:
        found.append(f"{count(unlabelled, 'song')} without a {noun}: not learned from, but predicted")
    if labels.n_several:
        several = f"{count(labels.n_several, 'song')} with several {noun}s"
        found.append(f"{several}: each {noun} is judged by itself, against all labelled songs without it")
    return found + labels.notices
