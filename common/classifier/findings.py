"""What stage 3 finds, as one value: everything that is told, drawn, tabulated or saved is read from it.

Conventions: rows are those of the library; probabilities are 0 to 1. `common.classifier.judgement` finds what
cross-validation shows; `find` adds the final model and what it says about songs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from common.arrays import stratified
from common.classifier.advice import Advice, advise, nearest_real
from common.classifier.contributions import Contributions, contribute, strongest_interaction
from common.classifier.doubts import BOUNDARY, KINDS, Doubt
from common.classifier.explanation import LEAST_SPOKEN, Explanation, explain, verdict
from common.classifier.genre_sets import SetRule
from common.classifier.guesses import Guess
from common.classifier.heard import heard_songs, training_places
from common.classifier.judgement import Judgement, judgement_facts
from common.classifier.model import SEED, Model, is_unfamiliar
from common.classifier.model_file import Trained, trained
from common.classifier.reasons import Reasons, give_reasons
from common.classifier.selection import fit_final
from common.classifier.songs import TrainingSet
from common.classifier.wording import ComponentMeaning, describe_components
from common.library import UNKNOWN_GENRE, Library

MOST_EXPLAINED = 5000
"""Songs whose SHAP values stand for all: a picture shows no more, and a mean needs no more."""

MOST_DOUBTS = 500
"""Songs between genres, and songs perhaps mislabelled, for which reasons are looked for and which the page
lists; a table holds all."""

TOGETHER = 4096
"""Songs without genre that are predicted at a time."""


@dataclass(frozen=True)
class DoubtfulSong:
    """A doubt with names and reasons.

    Attributes
    ----------
    doubt
        The doubt as the numbers give it.
    name, filed, path
        The song's name, the genre it is filed under, and its file.
    first, second
        Names of the two likeliest genres.
    for_first, for_second
        What in the song speaks for each; None where nobody asked (`MOST_DOUBTS`).
    """

    doubt: Doubt
    name: str
    filed: str
    path: str
    first: str
    second: str
    for_first: str | None
    for_second: str | None


@dataclass(frozen=True)
class Prediction:
    """What the final model takes a song without a genre for.

    Attributes
    ----------
    name, path
        The song's name and its file.
    first, second
        Names of the two likeliest genres.
    p_first, p_second
        The probabilities of these two genres, 0 to 1.
    genre_set
        The genres that contain the true one with the promised probability, likeliest first.
    unfamiliar
        Whether the song is unlike the training songs.
    copy
        Whether it is a copy of a song that was learned from; models that had not heard that judge it.
    """

    name: str
    path: str
    first: str
    second: str
    p_first: float
    p_second: float
    genre_set: list[str]
    unfamiliar: bool
    copy: bool


@dataclass(frozen=True)
class Findings:
    """Everything that stage 3 finds.

    Attributes
    ----------
    judgement
        The value that holds what songs left out of training show.
    trained
        The final model, fitted on all labelled songs, and what is saved with it.
    meanings
        What each of its components sounds like.
    contributions
        Shapley values of (a sample of) the training songs.
    strongest, partner
        The component that contributes most, and the one that changes most what it contributes (None if
        there is none).
    doubtful
        Boundary songs and songs that may be mislabelled, with names and reasons.
    predicted
        What songs without a usable genre are taken for.
    explained, explanation
        The row of one song, and its explanation.
    advice
        What would make that song another genre; None if nobody asked.
    """

    judgement: Judgement
    trained: Trained
    meanings: list[ComponentMeaning]
    contributions: Contributions
    strongest: int
    partner: int | None
    doubtful: list[DoubtfulSong]
    predicted: list[Prediction]
    explained: int
    explanation: Explanation
    advice: Advice | None = None

    @property
    def model(self) -> Model:
        """The final model."""
        return self.trained.model

    @property
    def training(self) -> TrainingSet:
        """The songs that were learned from."""
        return self.judgement.training

    def doubtful_of(self, kind: str) -> list[DoubtfulSong]:
        """The doubtful songs of one of `doubts.KINDS`, in order."""
        return [song for song in self.doubtful if song.doubt.kind == kind]

    @property
    def boundary(self) -> list[Doubt]:
        """Songs that lie between two genres, closest call first."""
        return [doubt for doubt in self.judgement.doubts if doubt.kind == BOUNDARY]


def find(library: Library, judgement: Judgement, asked: int | None) -> Findings:
    """Fit the final model and find what it says.

    Parameters
    ----------
    library
        The library that holds all songs.
    judgement
        The value that holds what cross-validation showed.
    asked
        The row of the song to explain; None for the closest call.
    """
    training = judgement.training
    model = replace(fit_final(training, judgement.components), certainty=judgement.unheard.certainty)
    facts, rule = judgement_facts(judgement), judgement.sets.rule
    heard = heard_songs(library, training, judgement.plain)
    explained = stratified(training.y, MOST_EXPLAINED, SEED)
    contributions = contribute(model, training.X[explained])
    strongest = contributions.by_strength()[0]
    telling = judgement.doubts[0].row if judgement.doubts else int(training.rows[0])
    explained_row = telling if asked is None else asked
    return Findings(
        judgement=judgement,
        trained=trained(training, heard, model, judgement.plain, judgement.experience, rule, facts),
        meanings=describe_components(model.representation),
        contributions=contributions,
        strongest=strongest,
        partner=strongest_interaction(model, contributions.components, strongest),
        doubtful=doubtful_songs(library, judgement),
        predicted=predict_rows(library, judgement, model, without_genre(library, training)),
        explained=explained_row,
        explanation=explain_row(library, judgement, model, explained_row),
    )


def without_genre(library: Library, training: TrainingSet) -> list[int]:
    """Rows of the songs that have no genre to learn from."""
    genres = set(training.genres)
    return [row for row, genre in enumerate(library.genres) if genre not in genres]


def explain_row(library: Library, judgement: Judgement, model: Model, row: int) -> Explanation:
    """Explain a song of the library: by models that have not heard it, if it (or a copy) was learned from."""
    models, genre = models_for_row(library, judgement, row), library.genres[row]
    return explain(
        models or [model],
        library.embeddings[row],
        library.names[row],
        judgement.sets.rule,
        label=None if genre == UNKNOWN_GENRE else genre,
        held_out=bool(models),
    )


def models_for_row(library: Library, judgement: Judgement, row: int) -> list[Model]:
    """The models that have not heard a song, if it or a copy of it was learned from; none if it was not."""
    place = training_places(library, judgement.training, [row]).get(row)
    return [] if place is None else judgement.plain.models_for(place)


def with_advice(findings: Findings, library: Library, towards: str | None, preview: Path | None) -> Findings:
    """The same findings, with what would make the song that is explained another genre.

    Parameters
    ----------
    findings
        What was found.
    library
        All songs.
    towards
        The genre that is wanted; None for the runner-up.
    preview
        The WAV file to write the changed song to; None to write none.
    """
    row, judgement = findings.explained, findings.judgement
    models = models_for_row(library, judgement, row) or [findings.model]
    advice = advise(
        Path(library.paths[row]), library.embeddings[row], models, findings.explanation, towards, preview
    )
    nearest = nearest_real(library, judgement, findings.model, row, advice.towards)
    return replace(findings, advice=replace(advice, nearest=nearest))


def unheard_guesses(library: Library, findings: Findings) -> list[tuple[str, Guess]]:
    """What every song is taken for by models that had not heard it.

    Returns
    -------
    list of tuple
        Path of the song's file, and the guess: songs that were learned from are judged by cross-validation,
        those without a genre by the final model.
    """
    training, probability = findings.training, findings.judgement.plain.probability
    best = probability.argmax(axis=1)
    learned = [
        (library.paths[row], Guess(training.genres[genre], float(probability[place, genre])))
        for place, (row, genre) in enumerate(zip(training.rows, best, strict=True))
    ]
    return learned + [(one.path, Guess(one.first, one.p_first)) for one in findings.predicted]


def doubtful_songs(library: Library, judgement: Judgement) -> list[DoubtfulSong]:
    """Add names to doubts, and reasons to the first `MOST_DOUBTS` of each kind."""
    training, found = judgement.training, judgement.doubts
    explained = {
        doubt.row for kind in KINDS for doubt in [one for one in found if one.kind == kind][:MOST_DOUBTS]
    }
    songs = []
    for doubt in found:
        for_first, for_second = _sides(judgement, doubt) if doubt.row in explained else (None, None)
        songs.append(
            DoubtfulSong(
                doubt=doubt,
                name=library.names[doubt.row],
                filed=library.genres[doubt.row],
                path=library.paths[doubt.row],
                first=training.genres[doubt.first],
                second=training.genres[doubt.second],
                for_first=for_first,
                for_second=for_second,
            )
        )
    return songs


def _sides(judgement: Judgement, doubt: Doubt) -> tuple[str, str]:
    """What in a doubtful song speaks for its likeliest genre, and what for the second."""
    place = int(np.searchsorted(judgement.training.rows, doubt.row))
    models, embedding = judgement.plain.models_for(place), judgement.training.X[place]
    reasons = give_reasons(models, embedding, doubt.first, doubt.second)
    return _pushing(reasons, 1), _pushing(reasons, -1)


def _pushing(reasons: Reasons, sign: int) -> str:
    """The two groups that push most in one direction, in words that are never none."""
    pushing = reasons.pushing(sign, LEAST_SPOKEN)[:2]
    told = [f"{one.group}: {one.sentence or 'many small things together'}" for one in pushing]
    return "; ".join(told) or "nothing in particular"


def predict_rows(library: Library, judgement: Judgement, model: Model, rows: list[int]) -> list[Prediction]:
    """What each of some songs of the library sounds like to the final model.

    Copies of songs that were learned from are judged by the models that have not heard those.
    """
    copied, predictions = training_places(library, judgement.training, rows), []
    for start in range(0, len(rows), TOGETHER):
        part = rows[start : start + TOGETHER]
        X = library.embeddings[part].astype(np.float64)
        probability = model.probabilities(X)
        for i, row in enumerate(part):
            if row in copied:
                probability[i] = verdict(judgement.plain.models_for(copied[row]), X[i : i + 1])[0]
        rule = judgement.sets.rule
        predictions += [
            _prediction(library, model, rule, row, found, is_unfamiliar(float(nearer)), row in copied)
            for row, found, nearer in zip(part, probability, model.share_nearer(X), strict=True)
        ]
    return predictions


def _prediction(
    library: Library,
    model: Model,
    rule: SetRule,
    row: int,
    probability: np.ndarray,
    unfamiliar: bool,
    copied: bool,
) -> Prediction:
    second, first = (int(k) for k in np.argsort(probability, kind="stable")[-2:])
    return Prediction(
        name=library.names[row],
        path=library.paths[row],
        first=model.genres[first],
        second=model.genres[second],
        p_first=float(probability[first]),
        p_second=float(probability[second]),
        genre_set=[] if unfamiliar and not copied else [model.genres[k] for k in rule.genres(probability)],
        unfamiliar=unfamiliar,
        copy=copied,
    )
