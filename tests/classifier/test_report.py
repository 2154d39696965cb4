"""The three sentences at the head of the report."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from common.classifier.doubts import BOUNDARY, MISLABELLED
from common.classifier.report import summary_section


def findings(interval=(0.7, 0.9), between=2, suspects=1):
    """What the three sentences are read from: two genres, told rightly for 80 % of the songs."""
    measures = {"model": SimpleNamespace(accuracy=0.8), "majority": SimpleNamespace(accuracy=0.5)}
    unheard = SimpleNamespace(way="artist", interval=interval, model=measures["model"], measures=measures)
    genres = [SimpleNamespace(genre="A", recall=0.9), SimpleNamespace(genre="B", recall=0.7)]
    rule = SimpleNamespace(least=0.2, way="artist", promised=0.9)
    judgement = SimpleNamespace(
        unheard=unheard,
        training=SimpleNamespace(genres=("A", "B"), subject=SimpleNamespace(noun="genre")),
        genres=genres,
        calibration_error=0.04,
        sets=SimpleNamespace(rule=rule, mean_size={"artist": 1.2}, coverage={"artist": 0.91}),
    )
    doubtful = {BOUNDARY: between, MISLABELLED: suspects}
    return SimpleNamespace(judgement=judgement, doubtful_of=lambda kind: range(doubtful[kind]))


def test_what_it_can_how_sure_and_what_to_distrust():
    can, sure, distrust = summary_section(findings()).lines
    assert "on artists it has never heard" in can
    assert "80% of the songs (95 % interval 70% to 90%" in can
    assert "4 points off" in sure
    assert "91% of the songs (90% promised)" in sure
    assert distrust == (
        "What to distrust: B, of which it finds 70%; 2 songs between two genres; 1 label that may be wrong."
    )


@pytest.mark.parametrize(("interval", "told"), [((0.45, 0.9), True), ((0.51, 0.9), False)])
def test_what_may_be_no_better_than_the_most_frequent_is_said_so(interval, told):
    *_, distrust = summary_section(findings(interval)).lines
    assert ("no better than always naming the most frequent" in distrust) == told


def test_nothing_is_counted_where_there_is_nothing():
    *_, distrust = summary_section(findings(between=0, suspects=0)).lines
    assert distrust == "What to distrust: B, of which it finds 70%."
