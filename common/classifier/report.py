"""What the genre classifier found, for people: the same sections for the terminal, as Markdown and as HTML.

Conventions: every section is read from the one value of `common.classifier.findings`, so that the report
holds everything that was printed. Shares are percent where people read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from common.classifier import advice, folds
from common.classifier.calibration import Experience
from common.classifier.doubts import BOUNDARY, BOUNDARY_ODDS, MISLABELLED, WRONG_LABELS, expected_false_alarms
from common.classifier.explanation import Explanation, sentences
from common.classifier.findings import MOST_DOUBTS, DoubtfulSong, Findings
from common.classifier.genre_sets import GenreSets, SetRule
from common.classifier.judgement import Judgement
from common.classifier.names import CLASSIFIERS, WAYS
from common.classifier.scores import Difference, Scores
from common.classifier.sections import ReportSection, markdown_text, percent
from common.classifier.selection import ALL_COMPONENTS
from common.classifier.songs import TrainingSet
from common.classifier.summary import summary_section, too_few
from common.classifier.training import TREES
from common.pages import escape
from common.paths import Output, output_name
from common.text import count

CALM_GAP, WIDE_GAP = 0.05, 0.15
"""Differences of train and cross-validated accuracy up to which the model hardly or normally overfits."""


def report_sections(findings: Findings) -> list[ReportSection]:
    """The whole report."""
    judgement = findings.judgement
    predicted = [predictions_section(findings)] if findings.predicted else []
    advised = [] if findings.advice is None else [advice_section(findings.advice)]
    return [
        summary_section(findings),
        songs_section(findings),
        split_section(judgement),
        scores_section(judgement),
        genres_section(judgement),
        sets_section(judgement.sets, judgement.training),
        final_section(findings),
        components_section(findings),
        *doubts_sections(findings),
        *predicted,
        song_section(findings.explanation, judgement.experience, judgement.sets.rule),
        *advised,
    ]


def sets_section(sets: GenreSets, training: TrainingSet) -> ReportSection:
    """How the promise of genre sets is kept, in every way of splitting."""
    noun = training.subject.noun
    lines = [
        f"Beside the best guess a song has the set of {noun}s that holds the right one with "
        f"{sets.rule.promised:.0%} certainty; "
        + (too_few(sets.rule, "promise anything") if sets.rule.least is None else sets.rule.basis)
        + "."
    ]
    always = ", ".join(training.genres[k] for k in sets.rule.always)
    if always:
        lines.append(f"Of {always} too few are known to rule it out: it is in every set.")
    rows = [(WAYS[way], percent(share), f"{sets.mean_size[way]:.2f}") for way, share in sets.coverage.items()]
    return ReportSection(
        f"{noun.capitalize()} sets",
        lines,
        ["left out", f"sets hold the right {noun}", f"{noun}s in a set"],
        rows,
        " rr",
        in_terminal=False,
    )


def as_markdown(title: str, sections: Sequence[ReportSection]) -> str:
    """The report as Markdown, its title first."""
    return "\n\n".join([f"# {markdown_text(title)}", *(section.as_markdown() for section in sections)]) + "\n"


def as_html(title: str, sections: Sequence[ReportSection]) -> str:
    """The body of the report's page, its title first."""
    return "\n".join([f"<h1>{escape(title)}</h1>", *(section.as_html() for section in sections)])


def songs_section(findings: Findings) -> ReportSection:
    """What there is to learn from."""
    training, others = findings.training, len(findings.predicted)
    noun = training.subject.noun
    lines = [f"{count(len(training), 'song')} in {count(len(training.genres), noun)} to learn from."]
    lines += _drawn(training)
    lines += [f"{notice}." for notice in training.left_out]
    if others:
        lines.append(f"{count(others, 'song')} without a usable {noun}: not learned from, but predicted.")
    lines.append(
        f"{count(training.n_duplicates, 'near-identical song')} found"
        + ("; each stays on the same side as its twin in every split." if training.n_duplicates else ".")
    )
    rows = list(zip(training.genres, training.sizes.tolist(), training.recordings.tolist(), strict=True))
    return ReportSection(
        "Songs", lines, [noun, "songs", "different recordings"], rows, " rr", in_terminal=False
    )


def _drawn(training: TrainingSet) -> list[str]:
    """Say that the songs are a sample, if they are."""
    if training.drawn_from is None:
        return []
    number, noun = count(training.drawn_from, "song"), training.subject.noun
    return [f"They were drawn at random from {number}, each {noun} by its share."]


def split_section(judgement: Judgement) -> ReportSection:
    """The single split: components, variance retained, and accuracy on both sides."""
    holdout = judgement.holdout
    representation = holdout.model.representation
    kept, n = len(representation.axes), holdout.model.settings.n_components
    lines = [
        f"{holdout.n_train} songs to train on, {holdout.n_test} to test on; scaler, components and "
        "XGBoost see the first alone.",
        f"PCA keeps {count(kept, 'component')} with {representation.variance.sum():.1%} of the variance of "
        f"the weighted features; {representation.components_for(0.85)} reach 85%.",
    ]
    if kept < n and max(judgement.components) == n:
        wanted = "All components" if n == ALL_COMPONENTS else count(n, "component")
        whose = "chosen by the search" if len(judgement.components) > 1 else "asked for"
        lines.append(f"{wanted} were {whose}; {holdout.n_train} songs allow no more than {kept}.")
    rows = [
        ("train", holdout.n_train, percent(holdout.train_accuracy), f"{holdout.train_f1:.2f}"),
        ("test", holdout.n_test, percent(holdout.test_accuracy), f"{holdout.test_f1:.2f}"),
    ]
    return ReportSection(
        "One split", lines, ["part", "songs", "accuracy", "macro-F1"], rows, " rrr", in_terminal=False
    )


def _economy(training: TrainingSet) -> list[str]:
    """Say what is done less often or on fewer songs in a large library."""
    if len(training) <= folds.MANY:
        return []
    most = count(folds.MANY, "song")
    return [f"Above {most} a split is not repeated, and settings are searched on a sample of so many."]


def scores_section(judgement: Judgement) -> ReportSection:
    """Cross-validation in every way of splitting, beside the baselines."""
    splits = "; ".join(f"{WAYS[one.way]} in {_folds(one)}" for one in judgement.scores)
    lines = [
        f"Cross-validation: {splits}; the whole pipeline and the choice of its settings inside each fold. "
        "Accuracy is the mean over folds; that of always naming the most frequent is counted over all songs.",
        *_economy(judgement.training),
        overfitting(judgement.plain),
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
        "95% interval",
        "folds",
        "macro-F1",
        "balanced",
        "on training songs",
    ]
    return ReportSection("Cross-validation", lines, headers, rows, "  rrrrrr")


def _folds(scores: Scores) -> str:
    """``5 folds, 3 times``."""
    times = {1: "once", 2: "twice"}.get(scores.repeats, f"{scores.repeats} times")
    return f"{count(scores.folds, 'fold')}, {times}"


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
            None if name == "majority" else f"± {measure.spread:.0%}",
            f"{measure.macro_f1:.2f}",
            percent(measure.balanced_accuracy),
            percent(scores.train_accuracy) if ours else None,
        )


def overfitting(scores: Scores) -> str:
    """Say what the difference of train and cross-validated accuracy means."""
    gap, points = scores.gap, _points(scores.train_accuracy, scores.model.accuracy)
    meaning = (
        "hardly any overfitting"
        if gap <= CALM_GAP
        else "usual for this many songs"
        if gap <= WIDE_GAP
        else "it knows its own songs much better than music: more songs of each kind would help"
    )
    return (
        f"Overfitting monitor: {scores.train_accuracy:.0%} on training songs, "
        f"{scores.model.accuracy:.0%} on unseen ones, a gap of {count(points, 'point')}: {meaning}."
    )


def apart_sentences(apart: Scores, difference: Difference) -> list[str]:
    """Say what the plain score owes to recognising artists or albums, as far as that can be known."""
    lines = [compare_ways(apart.way, apart.model.accuracy, difference)]
    if apart.unseen:
        lines.append(
            f"With whole {apart.way}s left out, {', '.join(apart.unseen)} at times had no song left to learn "
            "from, and no classifier can name what it has never heard."
        )
    return lines


def compare_ways(way: str, accuracy: float, difference: Difference) -> str:
    """One sentence on the plain score and the one with artists or albums apart; a gain only if it is clear.

    Parameters
    ----------
    way
        The groups that are kept apart, ``artist`` or ``album``.
    accuracy
        The accuracy with these apart, 0 to 1.
    difference
        The amount by which the plain accuracy is higher.
    """
    points = _points(accuracy + difference.value, accuracy)
    reaches = f"n {way}s it has never heard it reaches {accuracy:.0%}"
    size = (
        f"{count(abs(points), 'point')} {'less' if points > 0 else 'more'} than" if points else "as much as"
    )
    if difference.interval is None:
        return f"O{reaches}, {size} on any song; {way}s are too few to tell that from chance."
    low, high = (round(end * 100) for end in difference.interval)
    if points > 0 and difference.is_clear:
        return (
            f"{count(points, 'point')} of the plain score {'comes' if points == 1 else 'come'} from "
            f"recognising the {way} (95% interval: {low} to {high}): o{reaches}."
        )
    chance = "; that may be chance" if points and not difference.is_clear else ""
    return f"O{reaches}, {size} on any song{chance} (95% interval: {_between(low, high)})."


def _points(share: float, other: float) -> int:
    """By how many points a share is higher than another, as people read the two."""
    return round(share * 100) - round(other * 100)


def _between(low: int, high: int) -> str:
    """An interval of how much less a score is, in points: ``5 points more to 17 less``."""
    if low < 0 < high:
        return f"{count(-low, 'point')} more to {high} less"
    least, most = sorted((abs(low), abs(high)))
    return f"{least} to {count(most, 'point')} {'more' if low < 0 else 'less'}"


def verdicts(judgement: Judgement) -> str:
    """How many songs are right where each has one verdict; the mean over folds counts otherwise."""
    n, plain = len(judgement.training), judgement.plain
    n_right = _n_right(judgement)
    together = f", of all {plain.repeats} splits together" if plain.repeats > 1 else ""
    mean = f"the mean over folds is {plain.model.accuracy:.0%}"
    right = f"{n_right} of {n} {'is' if n_right == 1 else 'are'} right, {n_right / n:.0%}"
    return f"Each song has one verdict{together}: {right} ({mean})"


def _n_right(judgement: Judgement) -> int:
    return int(np.trace(judgement.confusion))


def genres_section(judgement: Judgement) -> ReportSection:
    """Precision and recall per genre, and how far its confidence can be trusted."""
    noun, plain = judgement.training.subject.noun, judgement.plain
    rows = [
        (one.genre, one.songs, percent(one.precision), percent(one.recall), f"{one.f1:.2f}")
        for one in plain.genres
    ]
    lines = [
        f"{verdicts(judgement)}.",
        f"On average its confidence, each song's measured by the others alone, is "
        f"{100 * plain.calibration_error:.0f} points off how often it is right "
        f"({100 * judgement.uncalibrated_error:.0f} before calibration).",
        *(
            f"{one.low:.0%} to {one.high:.0%} sure, {one.said:.0%} on average: "
            f"right about {one.n_right} of {one.n}."
            for one in plain.bins
        ),
    ]
    return ReportSection(
        f"{noun.capitalize()} by {noun}, any song left out",
        lines,
        [noun, "songs", "precision", "recall", "F1"],
        rows,
        " rrrr",
        short=10,
    )


def final_section(findings: Findings) -> ReportSection:
    """What is saved."""
    model, training = findings.model, findings.training
    settings, kind = model.settings, "labelled" if training.drawn_from is None else "drawn"
    lines = [
        f"Refitted on all {len(training)} {kind} songs after the evaluation above; its own score on them "
        "means nothing, the cross-validated one stands for it.",
        f"{count(len(model.representation.axes), 'component')} with "
        f"{model.representation.variance.sum():.1%} of the variance; shrinkage {settings.shrinkage:g}; "
        f"{settings.rounds} boosting rounds of depth {TREES['max_depth']}.",
    ]
    return ReportSection("The final model", lines, in_terminal=False)


def components_section(findings: Findings, most: int = 8) -> ReportSection:
    """The components that matter most, in musical words."""
    order, n_explained = findings.contributions.by_strength(), len(findings.contributions.components)
    lines = ["Contributions are SHAP values in log-odds; a component is described by its own loadings."]
    if n_explained < len(findings.training):
        lines.append(
            f"They are those of {count(n_explained, 'song')} drawn at random, each "
            f"{findings.training.subject.noun} by its share, here and in the pictures."
        )
    return ReportSection(
        "What it listens to",
        [*lines, *(f"{findings.meanings[i].sentence()}." for i in order[:most])],
        in_terminal=False,
    )


def song_section(explanation: Explanation, experience: Experience, rule: SetRule) -> ReportSection:
    """One song's explanation."""
    return ReportSection(f"Why: {explanation.name}", sentences(explanation, experience, rule))


def advice_section(found: advice.Advice) -> ReportSection:
    """What would make a song another genre."""
    return ReportSection(f"What would make it {found.towards}", advice.sentences(found))


def doubts_sections(findings: Findings, most: int = 12) -> list[ReportSection]:
    """Boundary songs, and apart from them those that may be mislabelled, at most so many of each."""
    whole = _table(findings, Output.BOUNDARY)
    leads = {
        BOUNDARY: (
            "Boundary songs",
            "A song is listed if, not having heard it, it finds the first at most "
            f"{BOUNDARY_ODDS:g} times as likely as the second.",
        ),
        MISLABELLED: ("Perhaps mislabelled", mislabelled(findings.judgement)),
    }
    return [
        doubts_section(findings.doubtful_of(kind), title, lead, most, whole)
        for kind, (title, lead) in leads.items()
    ]


def mislabelled(judgement: Judgement) -> str:
    """Which of the songs that are taken for another genre may be mislabelled, and why so few."""
    suspects = [one for one in judgement.doubts if one.kind == MISLABELLED]
    n_other, noun = len(judgement.training) - _n_right(judgement), judgement.training.subject.noun
    if not n_other:
        return f"No song is taken for another {noun}."
    so_many = f"{len(suspects)} are" if len(suspects) > 1 else f"{'one' if suspects else 'none'} is"
    found = (
        f"Of {count(n_other, 'song')} taken for another {noun}, {so_many} more likely mislabelled than "
        f"misheard, by sound and album, if one label in {round(1 / WRONG_LABELS)} is wrong."
    )
    if not suspects:
        return found
    return f"{found} Expected false alarms among these: {expected_false_alarms(suspects):.1f}."


def _table(findings: Findings, name: Output) -> str:
    """The name of the file that holds all of a table."""
    return output_name(f"{name}.csv", findings.training.subject.labels)


def doubts_section(
    songs: Sequence[DoubtfulSong], title: str, lead: str, most: int, whole: str
) -> ReportSection:
    """A table of boundary songs, or of songs that may be mislabelled; the file ``whole`` holds all."""
    if not songs:
        return ReportSection(title, [f"None. {lead}"])
    rows = [
        (song.name, song.filed, f"{song.first} {song.doubt.p_first:.0%}",
         f"{song.second} {song.doubt.p_second:.0%}", song.for_first, song.for_second)
        for song in songs[:most]
    ]  # fmt: skip
    told = f", the first {MOST_DOUBTS} with reasons" if len(songs) > MOST_DOUBTS else ""
    more = f" The first {most} of {len(songs)}; all are in {whole}{told}."
    headers = ["song", "filed under", "claimed by", "and by", "what speaks for the first", "for the second"]
    return ReportSection(
        title, [lead + (more if len(songs) > most else "")], headers, rows, narrow=4, short=5
    )


UNLIKE = "unlike the training songs"


def predictions_section(findings: Findings, most: int = 12) -> ReportSection:
    """What the songs without genre sound like."""
    predicted = findings.predicted
    rows = [
        (
            one.name,
            one.first,
            percent(one.p_first),
            one.second,
            percent(one.p_second),
            " or ".join(one.genre_set) or (UNLIKE if one.unfamiliar and not one.copy else None),
        )
        for one in predicted[:most]
    ]
    n = len(predicted)
    more = f"The first {most} of {n}; all are in {_table(findings, Output.PREDICTIONS)}." if n > most else ""
    headers = ["song", "sounds like", "sure", "then", "sure", "with 90% certainty"]
    title = f"Songs without a {findings.training.subject.noun}"
    return ReportSection(title, [more] if more else [], headers, rows, "  r r", short=5)
