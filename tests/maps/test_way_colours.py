"""The colours of a song's way are those of its sections where they are known, of time where they are not."""

import numpy as np
import pytest

from common import charts
from common.maps.way_colours import coloured_parts, colours_at, legend

SECTIONS = [
    {"start": 1.0, "end": 10.0, "letter": "A", "label": "intro"},
    {"start": 10.0, "end": 20.0, "letter": "B", "label": "drop"},
    {"start": 20.0, "end": 30.0, "letter": "A", "label": "break"},
    {"start": 30.0, "end": 40.0, "letter": "C", "label": None},
]


def test_sections_of_one_letter_share_a_colour_and_have_their_own_names():
    parts = coloured_parts(SECTIONS)
    assert [part.name for part in parts] == ["intro (A)", "drop (B)", "break (A)", "section C"]
    assert parts[0].colour == parts[2].colour
    assert list(legend(parts)) == ["intro, break (A)", "drop (B)", "section C"]
    assert len(set(legend(parts).values())) == 3


def test_a_moment_has_the_colour_of_its_section():
    parts = coloured_parts(SECTIONS)
    found = colours_at(np.array([0.5, 1.0, 9.9, 10.0, 25.0, 39.0, 41.0]), parts, 45.0)
    a, b, c = legend(parts).values()
    grey = charts.UNKNOWN_COLOUR
    assert found == [grey, a, a, b, a, c, grey]


@pytest.mark.parametrize("sections", [None, [], SECTIONS[:1], [SECTIONS[0], SECTIONS[2]]])
def test_without_sections_that_differ_colours_go_with_time(sections):
    assert coloured_parts(sections) == []
    found = colours_at(np.array([0.0, 30.0, 60.0]), [], 60.0)
    assert found[0] == charts.ramp(charts.ORDERED, 2)[0]
    assert found[2] == charts.ramp(charts.ORDERED, 2)[1]
    assert len(set(found)) == 3
