"""The three sentences at the head of a report: what the classifier can, how sure it is, what to distrust.

Conventions: all three are of the songs nearest to songs to come (`judgement.Judgement.unheard`).
"""

from __future__ import annotations

from collections.abc import Sequence

from common.classifier.calibration import Confidence, mean_distance
from common.classifier.doubts import BOUNDARY, MISLABELLED
from common.classifier.findings import Findings
from common.classifier.genre_sets import SetRule
from common.classifier.judgement import Judgement
from common.classifier.scores import LEAST_GROUPS
from common.classifier.sections import ReportSection
from common.text import count


def summary_section(findings: Findings) -> ReportSection:
    """Three sentences: what it can, how sure it is, what to distrust."""
    judgement = findings.judgement
    return ReportSection(
        "In short", [_what_it_can(judgement), _how_sure(judgement), _what_to_distrust(findings)]
    )


def summary_place(way: str) -> str:
    """What a score was measured on, in words."""
    return {"plain": "songs", "artist": "artists", "album": "albums"}[way] + " it has never heard"


def too_few(rule: SetRule, what_for: str) -> str:
    """``5 artists are too few to say (10 are needed)``."""
    noun = {"plain": "recording", "artist": "artist", "album": "album"}[rule.way]
    return f"{count(rule.n_groups, noun)} are too few to {what_for} ({LEAST_GROUPS} are needed)"


def _what_it_can(judgement: Judgement) -> str:
    unheard, training, rule = judgement.unheard, judgement.training, judgement.sets.rule
    low, high = unheard.interval
    return (
        f"What it can: {too_few(rule, 'say') + '; ' if rule.least is None else ''}on "
        f"{summary_place(unheard.way)} it names the right one of {len(training.genres)} "
        f"{training.subject.noun}s for {unheard.model.accuracy:.0%} of the songs (95% interval {low:.0%} to "
        f"{high:.0%}; always the most frequent: {unheard.measures['majority'].accuracy:.0%})."
    )


def _how_sure(judgement: Judgement) -> str:
    sets = judgement.sets
    if sets.rule.least is None:
        return "How sure: with so few, nothing is promised of its percentages."
    way = sets.rule.way
    return (
        f"How sure: its percentages there are {points_off(judgement.unheard.bins)}; sets of "
        f"{sets.mean_size[way]:.1f} {judgement.training.subject.noun}s on average hold the right one for "
        f"{sets.coverage[way]:.0%} of the songs ({sets.rule.promised:.0%} promised)."
    )


def points_off(bins: Sequence[Confidence]) -> str:
    """How far confidence is from success on average, and where that comes from most."""
    found = f"on average {100 * mean_distance(bins):.0f} points off how often it is right"
    most = max(bins, key=lambda one: one.n * abs(one.said - one.right))
    where = f"most where it is {most.low:.0%} to {most.high:.0%} sure"
    return f"{found}, {where} (right about {most.n_right} of {most.n})"


def _what_to_distrust(findings: Findings) -> str:
    judgement = findings.judgement
    unheard, doubtful = judgement.unheard, []
    worst = min(unheard.genres, key=lambda one: one.recall)
    suspects, between = len(findings.doubtful_of(MISLABELLED)), len(findings.doubtful_of(BOUNDARY))
    if unheard.interval[0] <= unheard.measures["majority"].accuracy:
        doubtful.append("all of it, which may be no better than always naming the most frequent")
    if worst.recall < 1.0:
        doubtful.append(f"{worst.genre}, of which it finds {worst.recall:.0%} there")
    if between:
        doubtful.append(f"{count(between, 'song')} between two {judgement.training.subject.noun}s")
    if suspects:
        doubtful.append(f"{count(suspects, 'label')} that may be wrong")
    return f"What to distrust: {'; '.join(doubtful) or 'nothing that these songs would show'}."
