"""The three sentences at the head of the report."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from common.classifier.calibration import Confidence
from common.classifier.doubts import BOUNDARY, MISLABELLED
from common.classifier.summary import summary_section


def findings(interval=(0.7, 0.9), between=2, suspects=1, least=0.2, recall=0.7):
    """What the three sentences are read from: two genres, told rightly for 80% of the songs."""
    measures = {"model": SimpleNamespace(accuracy=0.8), "majority": SimpleNamespace(accuracy=0.5)}
    genres = [SimpleNamespace(genre="A", recall=1.0), SimpleNamespace(genre="B", recall=recall)]
    bins = [Confidence(0.5, 0.7, 10, 0.6, 0.5), Confidence(0.85, 0.95, 30, 0.9, 0.92)]
    unheard = SimpleNamespace(
        way="artist", interval=interval, model=measures["model"], measures=measures, genres=genres, bins=bins
    )
    rule = SimpleNamespace(least=least, way="artist", promised=0.9, n_groups=12 if least else 5)
    judgement = SimpleNamespace(
        unheard=unheard,
        training=SimpleNamespace(genres=("A", "B"), subject=SimpleNamespace(noun="genre")),
        sets=SimpleNamespace(rule=rule, mean_size={"artist": 1.2}, coverage={"artist": 0.91}),
    )
    doubtful = {BOUNDARY: between, MISLABELLED: suspects}
    return SimpleNamespace(judgement=judgement, doubtful_of=lambda kind: range(doubtful[kind]))


def test_what_it_can_how_sure_and_what_to_distrust():
    can, sure, distrust = summary_section(findings()).lines
    assert can.startswith("What it can: on artists it has never heard")
    assert "80% of the songs (95% interval 70% to 90%" in can
    # (10 * 0.1 + 30 * 0.02) / 40, of which the first band has more
    assert "on average 4 points off" in sure
    assert "most where it is 50% to 70% sure (right about 5 of 10)" in sure
    assert "91% of the songs (90% promised)" in sure
    assert distrust == (
        "What to distrust: B, of which it finds 70% there; 2 songs between two genres; "
        "1 label that may be wrong."
    )


def test_few_artists_are_too_few_to_say_and_nothing_is_promised_of_them():
    can, sure, _ = summary_section(findings((0.4, 1.0), least=None)).lines
    assert can.startswith("What it can: 5 artists are too few to say (10 are needed); on artists")
    assert sure == "How sure: with so few, nothing is promised of its percentages."


@pytest.mark.parametrize(("interval", "told"), [((0.45, 0.9), True), ((0.51, 0.9), False)])
def test_what_may_be_no_better_than_the_most_frequent_is_said_so(interval, told):
    *_, distrust = summary_section(findings(interval)).lines
    assert ("no better than always naming the most frequent" in distrust) == told


def test_nothing_is_counted_where_there_is_nothing():
    *_, distrust = summary_section(findings(between=0, suspects=0)).lines
    assert distrust == "What to distrust: B, of which it finds 70% there."
    *_, distrust = summary_section(findings(between=0, suspects=0, recall=1.0)).lines
    assert distrust == "What to distrust: nothing that these songs would show."
