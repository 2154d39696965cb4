"""A waterfall's steps: all that adds something, and no row of nothing."""

import pytest

from common.classifier.reasons import GroupReason
from common.classifier.shap_figures import waterfall_steps


def steps_of(**values: float) -> dict[str, float]:
    return dict(waterfall_steps([GroupReason(group, value, "") for group, value in values.items()]))


def test_what_adds_next_to_nothing_has_no_row():
    assert steps_of(mel=2.0, timbre=-1.0, energy=0.02, rhythm=-0.01) == {"mel": 2.0, "timbre": -1.0}


def test_small_things_that_add_up_share_a_row():
    steps = steps_of(mel=2.0, timbre=0.09, energy=0.08, rhythm=0.07)
    assert steps == {"mel": 2.0, "timbre, energy, rhythm together": pytest.approx(0.24)}


def test_a_song_that_nothing_speaks_for_has_one_step():
    assert steps_of(mel=0.001, timbre=-0.002) == {"nothing in particular": 0.0}
