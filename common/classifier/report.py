"""What the genre classifier found, for people: the same sections for the terminal, as Markdown and as HTML.

Conventions: every section is read from the one value of `common.classifier.findings`, so that the report
holds everything that was printed. Shares are percent where people read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from common.classifier import folds
from common.classifier.calibration import Confidence
from common.classifier.doubts import BOUNDARY, MISLABELLED
from common.classifier.explanation import Explanation, sentences
from common.classifier.findings import MOST_DOUBTS, DoubtfulSong, Findings, Prediction
from common.classifier.judgement import Judgement
from common.classifier.labels import CLASSIFIERS, WAYS
from common.classifier.scores import Difference, Scores
from common.classifier.songs import TrainingSet
from common.classifier.training import TREES
from common.pages import escape, html_table
from common.text import clean, count, table

TITLE = "The genre classifier"

CALM_GAP, WIDE_GAP = 0.05, 0.15
"""Differences of train and cross-validated accuracy up to which the model hardly or normally overfits."""


@dataclass(frozen=True)
class ReportSection:
    """A heading, sentences, and perhaps a table under them.

    Attributes
    ----------
    title
        The heading.
    lines
        Sentences, one a line.
    headers, rows
        The table's heads and its cells, one sequence per row; empty headers mean that there is no table.
    right
        Which columns are numbers: one character per column, ``r`` for right.
    narrow
        How many columns fit a terminal; Markdown and HTML have all.
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
        """For the report as Markdown."""
        lines = [f"## {_markdown(self.title)}", ""]
        lines += [f"- {_markdown(line.strip())}" for line in self.lines]
        if self.headers:
            marks = ["---:" if self.right[i : i + 1] == "r" else "---" for i in range(len(self.headers))]
            lines += ["", _markdown_row(self.headers), _markdown_row(marks)]
            lines += [_markdown_row(["–" if cell is None else cell for cell in row]) for row in self.rows]
        return "\n".join(lines)

    def as_html(self) -> str:
        """For a page."""
        parts = [f"<h2>{escape(self.title)}</h2>"]
        if self.lines:
            items = "".join(f"<li>{escape(line.strip())}</li>" for line in self.lines)
            parts.append(f"<ul>{items}</ul>")
        if self.headers:
            parts.append(f'<div class="table">{html_table(self.headers, self.rows)}</div>')
        return "\n".join(parts)


def _markdown(text: object) -> str:
    """Keep a stranger's title from being read as markup."""
    safe = clean(str(text))
    for character in "\\`*_[]<>|#":
        safe = safe.replace(character, f"\\{character}")
    return safe


def _markdown_row(cells: Sequence[object]) -> str:
    return "| " + " | ".join(str(c) if set(str(c)) <= {"-", ":"} else _markdown(c) for c in cells) + " |"


def report_sections(findings: Findings) -> list[ReportSection]:
    """The whole report."""
    judgement = findings.judgement
    predicted = [predictions_section(findings.predicted)] if findings.predicted else []
    return [
        songs_section(findings),
        split_section(judgement),
        scores_section(judgement),
        genres_section(judgement),
        final_section(findings),
        components_section(findings),
        *doubts_sections(findings),
        *predicted,
        song_section(findings.explanation, judgement.bins),
    ]


def as_markdown(sections: Sequence[ReportSection]) -> str:
    """The report as Markdown, its title first."""
    return "\n\n".join([f"# {TITLE}", *(section.as_markdown() for section in sections)]) + "\n"


def as_html(sections: Sequence[ReportSection]) -> str:
    """The body of the report's page, its title first."""
    return "\n".join([f"<h1>{TITLE}</h1>", *(section.as_html() for section in sections)])


def percent(share: float | None) -> str | None:
    """``0.874`` as ``87 %``."""
    return None if share is None else f"{share:.0%}"


def songs_section(findings: Findings) -> ReportSection:
    """What there is to learn from."""
    training, others = findings.training, len(findings.predicted)
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
    return ReportSection("Songs", lines, ["genre", "songs", "different recordings"], rows, " rr")


def _drawn(training: TrainingSet) -> list[str]:
    """Say that the songs are a sample, if they are."""
    if training.drawn_from is None:
        return []
    return [f"They were drawn at random from {count(training.drawn_from, 'song')}, each genre by its share."]


def split_section(judgement: Judgement) -> ReportSection:
    """The single split: components, variance retained, and accuracy on both sides."""
    holdout = judgement.holdout
    representation = holdout.model.representation
    kept, n = len(representation.axes), holdout.model.settings.n_components
    lines = [
        f"{holdout.n_train} songs to train on, {holdout.n_test} to test on; scaler, components and "
        "XGBoost see the first alone.",
        f"PCA keeps {count(kept, 'component')} with {representation.variance.sum():.1%} of the variance of "
        f"the genre-weighted features; {representation.components_for(0.85)} reach 85 %.",
    ]
    if kept < n and max(judgement.components) == n:
        lines.append(f"{n} components were asked for; {holdout.n_train} songs allow no more than {kept}.")
    rows = [
        ("train", holdout.n_train, percent(holdout.train_accuracy), f"{holdout.train_f1:.2f}"),
        ("test", holdout.n_test, percent(holdout.test_accuracy), f"{holdout.test_f1:.2f}"),
    ]
    return ReportSection("One split", lines, ["part", "songs", "accuracy", "macro-F1"], rows, " rrr")


def _economy(training: TrainingSet) -> list[str]:
    """Say what is done less often or on fewer songs in a large library."""
    if len(training) <= folds.MANY:
        return []
    most = count(folds.MANY, "song")
    return [f"Above {most} a split is not repeated, and settings are searched on a sample of so many."]


def scores_section(judgement: Judgement) -> ReportSection:
    """Cross-validation in every way of splitting, beside the baselines."""
    plain = judgement.plain
    times = "once" if plain.repeats == 1 else f"{plain.repeats} times"
    lines = [
        f"{plain.folds}-fold cross-validation, {times}, the whole pipeline and the choice of its settings "
        "inside each fold. Accuracy is the mean over folds.",
        *_economy(judgement.training),
        overfitting(plain),
        *(
            line
            for one in judgement.scores[1:]
            for line in apart_sentences(one, judgement.differences[one.way])
        ),
    ]
    rows = [row for one in judgement.scores for row in _score_rows(one)]
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
    return ReportSection("Cross-validation", lines, headers, rows, "  rrrrrr")


def _score_rows(scores: Scores) -> Iterator[tuple[Any, ...]]:
    """One row per classifier; what is known of ours alone is missing for the others."""
    low, high = scores.interval
    for name, label in CLASSIFIERS.items():
        ours, measure = name == "model", scores.measures[name]
        yield (
            WAYS[scores.way] if ours else "",
            label,
            percent(measure.accuracy),
            f"{low:.0%}–{high:.0%}" if ours else None,
            f"± {measure.spread:.0%}",
            f"{measure.macro_f1:.2f}",
            percent(measure.balanced_accuracy),
            percent(scores.train_accuracy) if ours else None,
        )


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


def apart_sentences(apart: Scores, difference: Difference) -> list[str]:
    """Say what the plain score owes to recognising artists or albums, as far as that can be known."""
    lines = [compare_ways(apart.way, apart.model.accuracy, difference)]
    if apart.unseen:
        lines.append(
            f"With whole {apart.way}s left out, {', '.join(apart.unseen)} at times had no song left to learn "
            "from, and no classifier can name such a genre."
        )
    return lines


def compare_ways(way: str, accuracy: float, difference: Difference) -> str:
    """One sentence on the plain score and the one with artists or albums apart; a gain only if it is clear.

    Parameters
    ----------
    way
        Which are kept apart, ``artist`` or ``album``.
    accuracy
        The accuracy with these apart, 0 to 1.
    difference
        By how much the plain accuracy is higher.
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


def genres_section(judgement: Judgement) -> ReportSection:
    """Precision and recall per genre, and how far its confidence can be trusted."""
    rows = [
        (one.genre, one.songs, percent(one.precision), percent(one.recall), f"{one.f1:.2f}")
        for one in judgement.genres
    ]
    lines = [
        f"On average its confidence is {judgement.calibration_error * 100:.0f} points off how often it is "
        "right.",
        *(
            f"{one.low:.0%} to {one.high:.0%} sure: right about {one.n_right} of {one.n}."
            for one in judgement.bins
        ),
    ]
    return ReportSection(
        "Genre by genre, on unseen songs",
        lines,
        ["genre", "songs", "precision", "recall", "F1"],
        rows,
        " rrrr",
    )


def final_section(findings: Findings) -> ReportSection:
    """What is saved."""
    model, training = findings.model, findings.training
    settings, kind = model.settings, "labelled" if training.drawn_from is None else "drawn"
    lines = [
        f"Refitted on all {len(training)} {kind} songs after the evaluation above; its own score on them "
        "means nothing, the cross-validated one stands for it.",
        f"{count(len(model.representation.axes), 'component')} with "
        f"{model.representation.variance.sum():.1%} of the variance; line penalty C = {settings.penalty:g}; "
        f"{settings.rounds} boosting rounds of depth {TREES['max_depth']}.",
    ]
    return ReportSection("The final model", lines)


def components_section(findings: Findings, most: int = 8) -> ReportSection:
    """The components that matter most, in musical words."""
    order, n_explained = findings.contributions.by_strength(), len(findings.contributions.components)
    lines = ["Contributions are SHAP values in log-odds; a component is described by its own loadings."]
    if n_explained < len(findings.training):
        lines.append(
            f"They are those of {count(n_explained, 'song')} drawn at random, each genre by its share, here "
            "and in the pictures."
        )
    return ReportSection(
        "What it listens to", [*lines, *(f"{findings.meanings[i].sentence()}." for i in order[:most])]
    )


def song_section(explanation: Explanation, bins: Sequence[Confidence]) -> ReportSection:
    """One song's explanation."""
    return ReportSection(f"Why: {explanation.name}", sentences(explanation, bins))


DOUBTS = {
    BOUNDARY: ("Boundary songs", "Not having heard them, it could not decide."),
    MISLABELLED: ("Perhaps mislabelled", "Not having heard them, it was sure of another genre."),
}
"""Kind of doubtful song -> heading and first sentence of its section."""


def doubts_sections(findings: Findings, most: int = 12) -> list[ReportSection]:
    """Boundary songs, and apart from them those that may be mislabelled, at most so many of each."""
    return [doubts_section(findings.doubtful_of(kind), *words, most) for kind, words in DOUBTS.items()]


def doubts_section(songs: Sequence[DoubtfulSong], title: str, lead: str, most: int) -> ReportSection:
    """A table of boundary songs, or of songs that may be mislabelled."""
    if not songs:
        return ReportSection(title, ["None."])
    rows = [
        (song.name, song.filed, f"{song.first} {song.doubt.p_first:.0%}",
         f"{song.second} {song.doubt.p_second:.0%}", song.for_first, song.for_second)
        for song in songs[:most]
    ]  # fmt: skip
    told = f", the first {MOST_DOUBTS} with reasons" if len(songs) > MOST_DOUBTS else ""
    more = f" The first {most} of {len(songs)}; all are in boundary_songs.csv{told}."
    headers = ["song", "filed under", "claimed by", "and by", "what speaks for the first", "for the second"]
    return ReportSection(title, [lead + (more if len(songs) > most else "")], headers, rows, narrow=4)


def predictions_section(predicted: Sequence[Prediction], most: int = 12) -> ReportSection:
    """What the songs without genre sound like."""
    rows = [
        (one.name, one.first, percent(one.p_first), one.second, percent(one.p_second))
        for one in predicted[:most]
    ]
    n = len(predicted)
    more = f"The first {most} of {n}; all are in genre_predictions.csv." if n > most else ""
    headers = ["song", "sounds like", "sure", "then", "sure"]
    return ReportSection("Songs without a genre", [more] if more else [], headers, rows, "  r r")


def unfamiliar(nearer: float) -> str:
    """Warn of a song that is unlike anything the model was trained on.

    Parameters
    ----------
    nearer
        Share of the training songs that lie nearer to a genre's centre, 0 to 1 or a little above.
    """
    return (
        f"this song is unlike the training songs: {min(nearer, 1.0):.0%} of them lie nearer to a genre's "
        "centre; take the verdict with a grain of salt"
    )
