"""The pulse that a journey draws: the grid that was read, over the onsets of the frames."""

import numpy as np
import pytest

from common.journey.figure import tempo_words
from common.journey.pulse import FRAME_SECONDS, read_pulse


def test_the_beats_of_the_grid_lie_on_the_clicks(choose):
    song = choose(12)
    pulse = read_pulse(song.series["mel"], song.tempo, song.facts["beat_offset"])
    assert pulse.has_grid
    assert song.tempo == pytest.approx(120.0, abs=0.2)
    off = (pulse.beats * FRAME_SECONDS + 0.25) % 0.5 - 0.25
    assert np.abs(off).max() < 0.03


@pytest.mark.parametrize(("tempo", "offset"), [(0.0, None), (100.0, None)])
def test_without_a_grid_no_beat_is_drawn(tempo, offset):
    pulse = read_pulse(np.full((128, 200), -80.0), tempo, offset)
    assert not pulse.has_grid
    assert tempo_words(tempo, pulse) == ("100 BPM (no steady grid)" if tempo else "no pulse found")
