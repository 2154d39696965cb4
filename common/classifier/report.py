"""What the genre classifier found, for people (terminal, Markdown, page) and for programs (JSON, CSV).

Conventions: a section is written once and rendered twice, so that the report holds everything that was
printed. Shares are 0 to 1 in JSON and CSV, percent where people read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from common import files
from common.classifier import evaluation
from common.classifier.evaluation import Confidence, Difference, Doubt, Holdout, Measure, Scores, TrainingSet
from common.classifier.explanation import (
    Attribution,
    ComponentMeaning,
    Contributions,
    Explanation,
    attribute,
    contribute,
    tell,
)
from common.classifier.figures import WAYS
from common.classifier.model import TREES, Model
from common.library import Library
from common.pages import address, escape, figure_tag, html_table, save_page
from common.paths import Output, Paths
from common.text import clean, count, table

CALM_GAP, WIDE_GAP = 0.05, 0.15
"""Differences of train and cross-validated accuracy up to which the model hardly or normally overfits."""

MOST_DOUBTS = 5000
"""Songs between genres, and songs perhaps mislabelled, for which reasons are looked for and which the page
lists; a table holds all."""

UNFAMILIAR = 0.99
"""A song is unlike the training songs if more than this share of them lies nearer to a genre."""


@dataclass(frozen=True)
class Section:
    """A heading, sentences, and perhaps a table under them.

    Attributes
    ----------
    title
        The heading.
    lines
        Sentences, one a line.
    headers, rows
        The table; empty headers mean none.
    right
        Which columns are numbers: one character per column, ``r`` for right.
    narrow
        How many columns fit a terminal; the report has all.
    """

    title: str
    lines: Sequence[str] = ()
    headers: Sequence[str] = ()
    rows: Sequence[Sequence[Any]] = field(default=())
    right: str = ""
    narrow: int = 99

    def as_text(self) -> str:
        """For a terminal."""
        parts = [f"\n{self.title.upper()}", *map(clean, self.lines)]
        if self.headers:
            rows = [row[: self.narrow] for row in self.rows]
            parts.append(table(self.headers[: self.narrow], rows, right=self.right))
        return "\n".join(parts)

    def as_markdown(self) -> str:
        """For the report."""
        lines = [f"## {self.title}", ""]
        lines += [f"- {_markdown(line.strip())}" for line in self.lines]
        if self.headers:
            marks = ["---:" if self.right[i : i + 1] == "r" else "---" for i in range(len(self.headers))]
            lines += ["", _markdown_row(self.headers), _markdown_row(marks)]
            lines += [_markdown_row(["–" if cell is None else cell for cell in row]) for row in self.rows]
        return "\n".join(lines)


def _markdown(text: object) -> str:
    """Keep a stranger's title from being read as markup."""
    safe = clean(str(text))
    for character in "\\`*_[]<>|#":
        safe = safe.replace(character, f"\\{character}")
    return safe


def _markdown_row(cells: Sequence[object]) -> str:
    return "| " + " | ".join(str(c) if set(str(c)) <= {"-", ":"} else _markdown(c) for c in cells) + " |"


def percent(share: float | None) -> str | None:
    """``0.874`` as ``87 %``."""
    return None if share is None else f"{share:.0%}"


def songs_section(library: Library, training: TrainingSet) -> Section:
    """What there is to learn from."""
    others = len(without_genre(library, training))
    lines = [f"{count(len(training), 'song')} in {count(len(training.genres), 'genre')} to learn from."]
    lines += _drawn(training)
    lines += [f"{notice}." for notice in training.left_out]
    if others:
        lines.append(f"{count(others, 'song')} without a usable genre: not learned from, but predicted.")
    lines.append(
        f"{count(training.n_duplicates, 'near-identical song')} found"
        + ("; each stays on the same side as its twin in every split." if training.n_duplicates else ".")
    )
    rows = list(zip(training.genres, training.sizes.tolist(), training.recordings.tolist(), strict=True))
    return Section("Songs", lines, ["genre", "songs", "different recordings"], rows, " rr")


def without_genre(library: Library, training: TrainingSet) -> list[int]:
    """Rows of the songs that have no genre to learn from."""
    genres = set(training.genres)
    return [row for row, genre in enumerate(library.genres) if genre not in genres]


def _drawn(training: TrainingSet) -> list[str]:
    """Say that the songs are a sample, if they are."""
    if training.drawn_from is None:
        return []
    return [f"They were drawn at random from {count(training.drawn_from, 'song')}, each genre by its share."]


def split_section(holdout: Holdout, asked: Sequence[int]) -> Section:
    """The single split: components, variance retained, and accuracy on both sides."""
    representation = holdout.model.representation
    kept, n = len(representation.axes), holdout.model.settings.n_components
    lines = [
        f"{holdout.n_train} songs to train on, {holdout.n_test} to test on; scaler, components and "
        "XGBoost see the first alone.",
        f"PCA keeps {count(kept, 'component')} with {representation.variance.sum():.1%} of the variance of "
        f"the genre-weighted features; {representation.components_for(0.85)} reach 85 %.",
    ]
    if kept < n and max(asked) == n:
        lines.append(f"{n} components were asked for; {holdout.n_train} songs allow no more than {kept}.")
    rows = [
        ("train", holdout.n_train, percent(holdout.train_accuracy), f"{holdout.train_f1:.2f}"),
        ("test", holdout.n_test, percent(holdout.test_accuracy), f"{holdout.test_f1:.2f}"),
    ]
    return Section("One split", lines, ["part", "songs", "accuracy", "macro-F1"], rows, " rrr")


def _economy(training: TrainingSet) -> list[str]:
    """Say what is done less often or on fewer songs in a large library."""
    if len(training) <= evaluation.MANY:
        return []
    most = count(evaluation.MANY, "song")
    return [f"Above {most} a split is not repeated, and settings are searched on a sample of so many."]


KINDS = {
    "model": "this classifier",
    "line": "its straight line, without XGBoost",
    "logistic": "logistic regression, plain PCA",
    "majority": "always the largest genre",
}


def scores_section(training: TrainingSet, scores: Sequence[Scores]) -> Section:
    """Cross-validation in every way of splitting, beside the baselines."""
    plain = scores[0]
    times = "once" if plain.repeats == 1 else f"{plain.repeats} times"
    lines = [
        f"{plain.folds}-fold cross-validation, {times}, the whole pipeline and the choice of its settings "
        "inside each fold. Accuracy is the mean over folds.",
        *_economy(training),
        overfitting(plain),
        *(line for one in scores[1:] for line in apart_sentences(training, scores[0], one)),
    ]
    rows = []
    for one in scores:
        low, high = one.interval
        for kind, label in KINDS.items():
            measure: Measure = getattr(one, kind)
            sure = f"{low:.0%}–{high:.0%}" if kind == "model" else None
            trained = percent(one.train_accuracy) if kind == "model" else None
            rows.append(
                (WAYS[one.way] if kind == "model" else "", label, percent(measure.accuracy), sure,
                 f"± {measure.spread:.0%}", f"{measure.macro_f1:.2f}",
                 percent(measure.balanced_accuracy), trained)
            )  # fmt: skip
    headers = [
        "left out",
        "",
        "accuracy",
        "95 % interval",
        "folds",
        "macro-F1",
        "balanced",
        "on training songs",
    ]
    return Section("Cross-validation", lines, headers, rows, "  rrrrrr")


def overfitting(scores: Scores) -> str:
    """Say what the difference of train and cross-validated accuracy means."""
    gap = scores.gap
    meaning = (
        "hardly any overfitting"
        if gap <= CALM_GAP
        else "usual for this many songs"
        if gap <= WIDE_GAP
        else "it knows its own songs much better than music: more songs per genre would help"
    )
    return (
        f"Overfitting monitor: {scores.train_accuracy:.0%} on training songs, "
        f"{scores.model.accuracy:.0%} on unseen ones, a gap of {count(round(gap * 100), 'point')}: {meaning}."
    )


def apart_sentences(training: TrainingSet, plain: Scores, apart: Scores) -> list[str]:
    """Say what the plain score owes to recognising artists or albums, as far as that can be known."""
    lines = [owed(apart.way, apart.model.accuracy, evaluation.difference(training, plain, apart))]
    if apart.unseen:
        lines.append(
            f"With whole {apart.way}s left out, {', '.join(apart.unseen)} at times had no song left to learn "
            "from, and no classifier can name such a genre."
        )
    return lines


def owed(way: str, accuracy: float, difference: Difference) -> str:
    """One sentence on the plain score and the one with artists or albums apart; a gain only if it is clear.

    Parameters
    ----------
    way
        ``artist`` or ``album``.
    accuracy
        With these apart.
    difference
        By how much the plain score is higher.
    """
    points = round(difference.value * 100)
    low, high = (round(end * 100) for end in difference.interval)
    reaches = f"n {way}s it has never heard it reaches {accuracy:.0%}"
    if points > 0 and difference.is_clear:
        return (
            f"{count(points, 'point')} of the plain score {'comes' if points == 1 else 'come'} from "
            f"recognising the {way} (95 % interval: {low} to {high}): o{reaches}."
        )
    size = (
        f"{count(abs(points), 'point')} {'less' if points > 0 else 'more'} than" if points else "as much as"
    )
    chance = "; that may be chance" if points and not difference.is_clear else ""
    return (
        f"O{reaches}, {size} on any song{chance} (95 % interval of the difference: {low} to {high} points)."
    )


def genres_section(training: TrainingSet, scores: Scores, bins: Sequence[Confidence]) -> Section:
    """Precision and recall per genre, and how far its confidence can be trusted."""
    rows = [
        (one.genre, one.songs, percent(one.precision), percent(one.recall), f"{one.f1:.2f}")
        for one in evaluation.per_genre(training, scores.probability)
    ]
    error = evaluation.expected_calibration_error(bins)
    lines = [
        f"On average its confidence is {error * 100:.0f} points off how often it is right.",
        *(
            f"{b.low:.0%} to {b.high:.0%} sure: right about {round(b.right * b.n)} of {b.n}."
            for b in bins
            if b.n
        ),
    ]
    return Section(
        "Genre by genre, on unseen songs",
        lines,
        ["genre", "songs", "precision", "recall", "F1"],
        rows,
        " rrrr",
    )


def final_section(model: Model, training: TrainingSet) -> Section:
    """What is saved."""
    settings, kind = model.settings, "labelled" if training.drawn_from is None else "drawn"
    lines = [
        f"Refitted on all {len(training)} {kind} songs after the evaluation above; its own score on them "
        "means nothing, the cross-validated one stands for it.",
        f"{count(len(model.representation.axes), 'component')} with "
        f"{model.representation.variance.sum():.1%} of the variance; line penalty C = {settings.penalty:g}; "
        f"{settings.rounds} boosting rounds of depth {TREES['max_depth']}.",
    ]
    return Section("The final model", lines)


def components_section(
    meanings: Sequence[ComponentMeaning], contributions: Contributions, n_songs: int, most: int = 8
) -> Section:
    """The components that matter most, in musical words; ``n_songs`` is how many were learned from."""
    order, n_explained = contributions.by_strength(), len(contributions.components)
    lines = ["Contributions are SHAP values in log-odds; a component is described by its own loadings."]
    if n_explained < n_songs:
        lines.append(
            f"They are those of {count(n_explained, 'song')} drawn at random, each genre by its share, here "
            "and in the pictures."
        )
    return Section("What it listens to", [*lines, *(f"{meanings[i].sentence()}." for i in order[:most])])


def song_section(explanation: Explanation, bins: Sequence[Confidence]) -> Section:
    """One song's explanation."""
    return Section(f"Why: {explanation.name}", tell(explanation, bins))


@dataclass(frozen=True)
class DoubtfulSong:
    """A doubt with names and reasons.

    Attributes
    ----------
    doubt
        What the numbers say.
    name, filed, path
        Of the song.
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


def give_reasons(
    model: Model, library: Library, training: TrainingSet, found: Sequence[Doubt]
) -> list[DoubtfulSong]:
    """Add names to doubts, and the final model's reasons to the first `MOST_DOUBTS` of each kind."""
    explained = [doubt for kind in DOUBTS for doubt in _of_kind(found, kind)[:MOST_DOUBTS]]
    X = training.X[np.searchsorted(training.rows, [doubt.row for doubt in explained])]
    reasons: dict[int, tuple[str, str]] = {}
    if explained:
        contributions = contribute(model, X)
        for i, doubt in enumerate(explained):
            pair = contributions.one(i).against(doubt.first, doubt.second)
            attribution = attribute(model, X[i : i + 1], pair)
            reasons[doubt.row] = (_reasons(attribution, 1), _reasons(attribution, -1))
    songs = []
    for doubt in found:
        for_first, for_second = reasons.get(doubt.row, (None, None))
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


def _of_kind(found: Sequence[Doubt], kind: str) -> list[Doubt]:
    return [doubt for doubt in found if doubt.kind == kind]


def _reasons(attribution: Attribution, sign: int) -> str:
    """The two groups that push most in one direction, in words."""
    pushing = [one for one in attribution.groups if one.value * sign > 0.02][:2]
    return "; ".join(f"{one.group}: {one.words[0] if one.words else 'all together'}" for one in pushing)


def _doubts_section(songs: Sequence[DoubtfulSong], kind: str, title: str, lead: str, most: int) -> Section:
    """A table of boundary songs, or of songs that may be mislabelled."""
    chosen = [song for song in songs if song.doubt.kind == kind]
    if not chosen:
        return Section(title, ["None."])
    rows = [
        (song.name, song.filed, f"{song.first} {song.doubt.p_first:.0%}",
         f"{song.second} {song.doubt.p_second:.0%}", song.for_first, song.for_second)
        for song in chosen[:most]
    ]  # fmt: skip
    told = f", the first {MOST_DOUBTS} with reasons" if len(chosen) > MOST_DOUBTS else ""
    more = f" The first {most} of {len(chosen)}; all are in boundary_songs.csv{told}."
    headers = ["song", "filed under", "claimed by", "and by", "what speaks for the first", "for the second"]
    return Section(title, [lead + (more if len(chosen) > most else "")], headers, rows, narrow=4)


DOUBTS = {
    "boundary": ("Boundary songs", "Not having heard them, it could not decide."),
    "mislabelled": ("Perhaps mislabelled", "Not having heard them, it was sure of another genre."),
}


def doubts_sections(songs: Sequence[DoubtfulSong], most: int = 12) -> list[Section]:
    """Boundary songs, and apart from them those that may be mislabelled."""
    return [_doubts_section(songs, kind, *words, most) for kind, words in DOUBTS.items()]


def most_telling(songs: Sequence[DoubtfulSong], training: TrainingSet) -> int:
    """Row of the song worth explaining when none is asked for: the closest call, else the first."""
    return songs[0].doubt.row if songs else int(training.rows[0])


def predictions_section(predicted: Sequence[tuple[Any, ...]], most: int = 12) -> Section:
    """What the songs without genre sound like; ``predicted`` is what `prediction_rows` found."""
    table = [
        (song, first, percent(p_first), second, percent(p_second))
        for song, first, p_first, second, p_second, *_ in predicted[:most]
    ]
    n = len(predicted)
    more = f"The first {most} of {n}; all are in genre_predictions.csv." if n > most else ""
    headers = ["song", "sounds like", "sure", "then", "sure"]
    return Section("Songs without a genre", [more] if more else [], headers, table, "  r r")


def prediction_rows(library: Library, rows: Sequence[int], model: Model) -> list[tuple[Any, ...]]:
    """What each of some songs sounds like, in the order of `PREDICTION_COLUMNS`."""
    if not rows:
        return []
    X = library.embeddings[list(rows)].astype(np.float64)
    probability = model.probabilities(X)
    order = np.argsort(probability, axis=1, kind="stable")
    nearer = model.familiarity.share_nearer(model.representation.standardised(X))
    lines = []
    for i, row in enumerate(rows):
        second, first = (int(k) for k in order[i, -2:])
        warning = "unlike the training songs" if nearer[i] > UNFAMILIAR else ""
        lines.append(
            (library.names[row], model.genres[first], round(float(probability[i, first]), 4),
             model.genres[second], round(float(probability[i, second]), 4), warning, library.paths[row])
        )  # fmt: skip
    return lines


def unfamiliar(model: Model, embedding: np.ndarray) -> str | None:
    """Warn of a song that is unlike anything the model was trained on."""
    nearer = float(model.familiarity.share_nearer(model.representation.standardised(embedding[None, :]))[0])
    if nearer <= UNFAMILIAR:
        return None
    return (
        f"this song is unlike the training songs: {min(nearer, 1.0):.0%} of them lie nearer to a genre's "
        "centre; take the verdict with a grain of salt"
    )


def remembered_bins(model: Model) -> list[Confidence]:
    """The calibration that was measured when the model was made."""
    return [Confidence(**one) for one in model.about["scores"]["calibration"]]


def facts(
    training: TrainingSet, holdout: Holdout, scores: Sequence[Scores], bins: Sequence[Confidence]
) -> dict[str, Any]:
    """Everything that was measured, as plain values for JSON and for the saved model."""
    representation = holdout.model.representation
    return {
        "songs": len(training),
        "genres": {name: int(n) for name, n in zip(training.genres, training.sizes, strict=True)},
        "near_identical_songs": training.n_duplicates,
        "left_out": list(training.left_out),
        "split": {
            "components": len(representation.axes),
            "variance_retained": float(representation.variance.sum()),
            "components_for_85_percent": representation.components_for(0.85),
            "settings": asdict(holdout.model.settings),
            **{key: value for key, value in vars(holdout).items() if key != "model"},
        },
        "cross_validation": {one.way: _score_facts(one) for one in scores},
        "plain_score_minus": {one.way: _difference_facts(training, scores[0], one) for one in scores[1:]},
        "per_genre": [asdict(one) for one in evaluation.per_genre(training, scores[0].probability)],
        "confusion": evaluation.confusion(training, scores[0].probability).tolist(),
        "calibration": [asdict(one) for one in bins],
        "expected_calibration_error": evaluation.expected_calibration_error(bins),
    }


def _difference_facts(training: TrainingSet, plain: Scores, apart: Scores) -> dict[str, Any]:
    found = evaluation.difference(training, plain, apart)
    return {"accuracy": found.value, "interval_95": list(found.interval), "is_clear": found.is_clear}


def _score_facts(scores: Scores) -> dict[str, Any]:
    return {
        "folds": scores.folds,
        "repeats": scores.repeats,
        **{kind: asdict(getattr(scores, kind)) for kind in KINDS},
        "train_accuracy": scores.train_accuracy,
        "train_minus_cv": scores.gap,
        "interval_95": list(scores.interval),
        "brier": scores.brier,
        "genres_left_out_whole": list(scores.unseen),
        "settings": [{**asdict(settings), "times": n} for settings, n in scores.settings.items()],
    }


DOUBT_COLUMNS = (
    "song",
    "kind",
    "filed_under",
    "first",
    "p_first",
    "second",
    "p_second",
    "p_own",
    "for_first",
    "for_second",
    "file_path",
)


PREDICTION_COLUMNS = ("song", "first", "p_first", "second", "p_second", "warning", "file_path")


def doubt_rows(songs: Sequence[DoubtfulSong]) -> list[tuple[Any, ...]]:
    """Boundary songs and songs that may be mislabelled, in the order of `DOUBT_COLUMNS`."""
    return [
        (song.name, song.doubt.kind, song.filed, song.first, round(song.doubt.p_first, 4),
         song.second, round(song.doubt.p_second, 4), round(song.doubt.p_own, 4),
         song.for_first, song.for_second, song.path)
        for song in songs
    ]  # fmt: skip


def model_facts(
    model: Model, meanings: Sequence[ComponentMeaning], contributions: Contributions
) -> dict[str, Any]:
    """The final model and what it listens to, strongest component first, as plain values for JSON."""
    strength = np.abs(contributions.values).mean(axis=(0, 1))
    return {
        "final_model": {
            **asdict(model.settings),
            "components": len(meanings),
            "variance_retained": float(model.representation.variance.sum()),
            **{name: model.about[name] for name in ("training", "parameters", "versions")},
        },
        "components": [
            {"name": meanings[i].name, "mean_abs_log_odds": float(strength[i]), **asdict(meanings[i])}
            for i in contributions.by_strength()
        ],
    }


def songs_facts(songs: Sequence[DoubtfulSong], predicted: Sequence[tuple[Any, ...]]) -> dict[str, Any]:
    """Boundary songs, songs that may be mislabelled, and predictions, as plain values for JSON."""
    doubtful = [dict(zip(DOUBT_COLUMNS, row, strict=True)) for row in doubt_rows(songs)]
    return {
        "boundary_songs": [song for song in doubtful if song["kind"] == "boundary"],
        "perhaps_mislabelled": [song for song in doubtful if song["kind"] == "mislabelled"],
        "predictions": [dict(zip(PREDICTION_COLUMNS, row, strict=True)) for row in predicted],
    }


def explanation_facts(explanation: Explanation, meanings: Sequence[ComponentMeaning]) -> dict[str, Any]:
    """One song's explanation as plain values for JSON; contributions are in log-odds."""
    attribution, blind = explanation.attribution, explanation.blind

    def by_genre(probability: np.ndarray) -> dict[str, float]:
        return dict(zip(explanation.genres, probability.tolist(), strict=True))

    return {
        "song": explanation.name,
        "filed_under": explanation.label,
        "first": explanation.first,
        "second": explanation.second,
        "probability": by_genre(explanation.probability),
        "probability_before_seen": None if blind is None else by_genre(blind),
        "base": attribution.base,
        "margin": attribution.margin,
        "groups": [asdict(one) for one in attribution.groups],
        "remainder": attribution.remainder,
        "components": [
            {"name": meaning.name, "value": float(value), "contribution": float(contribution)}
            for meaning, value, contribution in zip(
                meanings, explanation.components, explanation.pair.values[0], strict=True
            )
        ],
    }


def write_tables(
    paths: Paths, songs: Sequence[DoubtfulSong], predicted: Sequence[tuple[Any, ...]]
) -> list[Path]:
    """Write boundary songs and predictions as CSV, and the boundary songs' page."""
    doubts, predictions = paths.report(f"{Output.BOUNDARY}.csv"), paths.report(f"{Output.PREDICTIONS}.csv")
    files.write_csv(doubts, DOUBT_COLUMNS, doubt_rows(songs))
    files.write_csv(predictions, PREDICTION_COLUMNS, predicted)
    return [doubts, predictions, _write_page(paths, songs)]


def _write_page(paths: Paths, songs: Sequence[DoubtfulSong]) -> Path:
    page, body = paths.html(Output.BOUNDARY), ["<h1>Songs between genres</h1>"]
    if any(song.doubt.kind == "boundary" for song in songs):
        body.append(figure_tag(address(paths.plot(Output.BOUNDARY), page.parent), "Songs between two genres"))
    for section in doubts_sections(songs, most=MOST_DOUBTS):
        body.append(f"<h2>{escape(section.title)}</h2><p>{escape(' '.join(section.lines))}</p>")
        body += [html_table(section.headers, section.rows)] if section.headers else []
    return save_page(page, "Songs between genres", "\n".join(body))


def write(paths: Paths, sections: Sequence[Section], found: dict[str, Any]) -> list[Path]:
    """Write the report for people and for programs; the latter holds what is told, too."""
    written = [paths.report(f"{Output.CLASSIFIER}.md"), paths.report(f"{Output.CLASSIFIER}.json")]
    parts = ["# The genre classifier", *(section.as_markdown() for section in sections)]
    files.write_text(written[0], "\n\n".join(parts) + "\n")
    files.write_json(written[1], {**found, "told": {one.title: list(one.lines) for one in sections}})
    return written
