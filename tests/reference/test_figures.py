"""The picture of a mix against its references: sizes of bars stand clear of each other."""

from dataclasses import replace

import numpy as np
import pytest
from matplotlib import pyplot as plt

from common.reference.compare import Band, Comparison, Reading
from common.reference.figures import _draw_differences, _draw_readings
from common.reference.measure import CENTRES, EDGES, REGIONS

INSIDE = Reading(0.0, 0.0, -1.0, 1.0)


@pytest.fixture
def axes():
    figure, axes = plt.subplots(figsize=(9, 3))
    yield axes
    plt.close(figure)


def comparison(differences) -> Comparison:
    bands = tuple(
        Band(low, high, replace(INSIDE, value=value), is_bound=value < -20)
        for (low, high), value in zip(EDGES.tolist(), differences, strict=True)
    )
    regions = (INSIDE,) * len(REGIONS)
    return Comparison(5, bands, bands, np.zeros((5, CENTRES.size)), *[INSIDE] * 3, regions, regions, INSIDE)


def test_sizes_of_bars_do_not_run_into_each_other(axes):
    differences = np.zeros(CENTRES.size)
    differences[5:9] = -41.0, -39.0, -40.8, -40.9
    differences[14], differences[16] = 16.0, -16.0
    _draw_differences(axes, comparison(differences))
    assert sorted(text.get_text() for text in axes.texts) == ["+16.0", "-16.0", "≤ -40.9", "≤ -41.0"]
    boxes = [text.get_window_extent() for text in axes.texts]
    assert not any(one.overlaps(other) for one in boxes for other in boxes if one is not other)
    differences[7], differences[8] = -40.9, -40.8
    axes.clear()
    _draw_differences(axes, comparison(differences))
    assert sorted(text.get_text() for text in axes.texts) == ["+16.0", "-16.0", "≤ -41.0"]


def test_a_bound_does_not_make_the_rest_small(axes):
    mono = Reading(-60.0, -8.0, -12.0, -4.0, is_bound=True)
    _draw_readings(axes, replace(comparison(np.zeros(CENTRES.size)), width=(mono,) * len(REGIONS)))
    assert axes.get_xlim()[1] < 10
    assert sum(text.get_text() == "≤ -60.0 | -8.0 dB" for text in axes.texts) == len(REGIONS)
