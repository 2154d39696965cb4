"""A waterfall's steps: all that adds something, and no row of nothing."""

from types import SimpleNamespace

import pytest

from common import charts
from common.classifier.reasons import GroupReason
from common.classifier.shap_figures import side_colours, waterfall_steps


def steps_of(**values: float) -> dict[str, float]:
    return dict(waterfall_steps([GroupReason(group, value, "") for group, value in values.items()]))


def test_what_adds_next_to_nothing_has_no_row():
    assert steps_of(mel=2.0, timbre=-1.0, energy=0.02, rhythm=-0.01) == {"mel": 2.0, "timbre": -1.0}


def test_small_things_that_add_up_share_a_row():
    steps = steps_of(mel=2.0, timbre=0.09, energy=0.08, rhythm=0.07)
    assert steps == {"mel": 2.0, "timbre, energy, rhythm together": pytest.approx(0.24)}


def test_a_song_that_nothing_speaks_for_has_one_step():
    assert steps_of(mel=0.001, timbre=-0.002) == {"nothing in particular": 0.0}


def test_sides_have_the_colours_of_their_genres_everywhere():
    styles = charts.genre_styles("ABC")
    sides = side_colours(SimpleNamespace(genres=tuple("ABC"), first="C", second="A"))
    assert sides == (styles["C"][0], styles["A"][0])


def test_two_genres_of_one_colour_are_told_apart():
    genres = tuple(f"G{i:02d}" for i in range(30))
    styles = charts.genre_styles(genres)
    first, second = next((a, b) for a in genres for b in genres if a < b and styles[a][0] == styles[b][0])
    ours, theirs = side_colours(SimpleNamespace(genres=genres, first=first, second=second))
    assert ours != theirs
