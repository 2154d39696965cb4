"""Labels that songs may carry several of, each judged by itself: what all of them show together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from common.classifier.explanation import LEAST_SPOKEN, Explanation
from common.classifier.facts import facts
from common.classifier.findings import Findings
from common.classifier.model_file import Trained
from common.classifier.names import WAYS
from common.classifier.scores import Scores
from common.classifier.sections import ReportSection, percent
from common.classifier.summary import summary_place


@dataclass(frozen=True)
class LabelFound:
    """What was found of one label.

    Attributes
    ----------
    label
        The label.
    songs, others
        The numbers of labelled songs with it and without it.
    unheard
        Cross-validation nearest to songs to come; see `judgement.Judgement.unheard`.
    coverage
        Share of songs whose set holds the truth, 0 to 1; None where nothing can be promised.
    suspects
        The number of songs of which it may be wrong that they have, or have not, the label.
    trained
        The classifier that is saved.
    explanation
        The explanation of the song asked for, or of the closest call.
    facts
        Everything that was found, as plain values; see `facts.facts`.
    """

    label: str
    songs: int
    others: int
    unheard: Scores = field(repr=False)
    coverage: float | None
    suspects: int
    trained: Trained = field(repr=False)
    explanation: Explanation = field(repr=False)
    facts: dict[str, Any] = field(repr=False)

    @property
    def is_clear(self) -> bool:
        """Whether it does better than always saying the more frequent, beyond its interval."""
        return self.unheard.interval[0] > self.unheard.measures["majority"].accuracy


def found_of(findings: Findings) -> LabelFound:
    """Take from the findings of one label what stands beside those of the others."""
    judgement, training = findings.judgement, findings.training
    label = str(training.subject.label)
    place = training.genres.index(label)
    return LabelFound(
        label=label,
        songs=int(training.sizes[place]),
        others=int(training.sizes[1 - place]),
        unheard=judgement.unheard,
        coverage=judgement.sets.coverage.get(judgement.sets.rule.way),
        suspects=len(findings.doubtful_of("mislabelled")),
        trained=findings.trained,
        explanation=findings.explanation,
        facts=facts(findings),
    )


def overview_sections(
    found: Sequence[LabelFound], notices: Sequence[str], asked: bool
) -> list[ReportSection]:
    """What all labels show together, and one song's labels if a song was asked for.

    Parameters
    ----------
    found
        What was found of each label.
    notices
        Sentences on the songs and their labels, without their full stop.
    asked
        Whether the explanations are of one song that was asked for.
    """
    songs = ReportSection("Songs", [f"{notice}." for notice in notices])
    sections = [ReportSection("In short", _summary(found)), songs, labels_section(found)]
    if asked:
        explained = [(one.trained, one.explanation) for one in found]
        sections.append(song_section(found[0].explanation.name, explained))
    return sections


def _summary(found: Sequence[LabelFound]) -> list[str]:
    """Three sentences: what it can, how sure it is, what to distrust."""
    accuracies = [one.unheard.model.accuracy for one in found]
    simplest = float(np.mean([one.unheard.measures["majority"].accuracy for one in found]))
    best, worst = found[int(np.argmax(accuracies))], found[int(np.argmin(accuracies))]
    covered = [one.coverage for one in found if one.coverage is not None]
    sets = (
        f"sets with both answers where it cannot tell hold the right one for {np.mean(covered):.0%}"
        if covered
        else "there are too few artists to promise more"
    )
    error = np.mean([one.unheard.calibration_error for one in found])
    unclear = ", ".join(one.label for one in found if not one.is_clear) or "none"
    suspects = sum(one.suspects for one in found)
    wrong = f"; {suspects} labels, or their absence, may be wrong" if suspects else ""
    return [
        f"What it can: on {summary_place(found[0].unheard.way)} it says of each label whether a song has it, "
        f"rightly for {np.mean(accuracies):.0%} of the songs on average, from {worst.label} "
        f"{min(accuracies):.0%} to {best.label} {max(accuracies):.0%} (always the most frequent: "
        f"{simplest:.0%}).",
        f"How sure: its percentages are on average {100 * error:.0f} points off how often it is right; "
        f"{sets}.",
        f"What to distrust: labels that it hears no better than chance would explain: {unclear}{wrong}.",
    ]


def labels_section(found: Sequence[LabelFound]) -> ReportSection:
    """Label by label, how well a song with it is told from one without."""
    rows = [
        (
            one.label,
            one.songs,
            one.others,
            percent(one.unheard.model.accuracy),
            f"{one.unheard.interval[0]:.0%}–{one.unheard.interval[1]:.0%}",
            percent(one.unheard.measures["majority"].accuracy),
            percent(one.unheard.model.balanced_accuracy),
            percent(one.coverage),
            one.suspects,
        )
        for one in found
    ]
    headers = ["label", "songs", "others", "accuracy", "95% interval", "most frequent", "balanced",
               "sets hold it", "may be wrong"]  # fmt: skip
    ways = ", ".join(dict.fromkeys(WAYS[one.unheard.way] for one in found))
    lines = [
        f"Measured on songs left out of training ({ways}). Each label has a report and pictures of its own."
    ]
    return ReportSection("Label by label, on unseen songs", lines, headers, rows, " rrrrrrrr")


def song_section(name: str, explained: Sequence[tuple[Trained, Explanation]]) -> ReportSection:
    """Which labels a song sounds like, and what speaks most for or against each."""
    rows = sorted((_song_row(*one) for one in explained), key=lambda row: -float(row[1].rstrip("%")))
    headers = ["label", "sure", "with 90% certainty", "because of", ""]
    return ReportSection(f"Labels of {name}", [], headers, rows, " r")


def _song_row(trained: Trained, explanation: Explanation) -> tuple[str, str, str, str, str]:
    label = str(trained.subject.label)
    place = explanation.genres.index(label)
    names = [explanation.genres[k] for k in explanation.genre_set]
    certain = {0: "–", 1: "yes" if label in names else "no", 2: "either"}[len(names)]
    pushing = explanation.reasons.pushing(1, LEAST_SPOKEN)
    group, words = (pushing[0].group, pushing[0].sentence) if pushing else ("", "")
    return label, f"{explanation.probability[place]:.0%}", certain, group, words


def overview_facts(found: Sequence[LabelFound], notices: Sequence[str]) -> dict[str, Any]:
    """What programs read: of every label what the report of genres has, under the label's name."""
    return {
        "notices": list(notices),
        "labels": {one.label: one.facts for one in found},
    }
