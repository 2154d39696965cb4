"""What stage 1 hands on: where a song's tempo comes from, and that the columns are the readings'."""

import dataclasses

import pytest

from common.extraction.assemble import with_tagged_tempo
from common.library import READING_COLUMNS
from common.structure.readings import Readings


def facts(bpm: float, tagged: float | None) -> dict:
    grid = {"beat_offset": 0.1, "downbeat_offset": 0.5, "bpm_alternative": None}
    return {"bpm": bpm, "tag_bpm": tagged, **grid, "unknown": {}}


def test_the_columns_are_the_readings():
    assert {field.name for field in dataclasses.fields(Readings)} == set(READING_COLUMNS)


def test_without_a_tag_the_tempo_stays():
    assert with_tagged_tempo(facts(128.0, None)) == facts(128.0, None)


def test_a_tag_that_agrees_keeps_the_grid():
    found = with_tagged_tempo(facts(127.999, 128.0))
    assert (found["bpm"], found["beat_offset"], found["unknown"]) == (128.0, 0.1, {})


@pytest.mark.parametrize(("ours", "other"), [(69.0, 69.0), (0.0, None)])
def test_a_tag_that_disagrees_is_trusted_and_has_no_grid(ours, other):
    found = with_tagged_tempo(facts(ours, 138.0))
    assert (found["bpm"], found["bpm_alternative"]) == (138.0, other)
    assert (found["beat_offset"], found["downbeat_offset"]) == (None, None)
    assert set(found["unknown"]) == {"beat_offset", "downbeat_offset"}
