"""Bars, sections and cue points of demo songs whose form is known; cutting against all ways to cut."""

import itertools

import mir_eval
import numpy as np
import pytest
import soxr
from loops import loop

from common import features
from common.demo import compose, perform, synth, truth
from common.layout import SAMPLE_RATE
from common.structure import sections as sections_module
from common.structure.bars import N_BANDS, Bars, read_bars
from common.structure.cues import MOST_CUES, find_cues, mix_in, mix_out
from common.structure.grid import read_pulse
from common.structure.onsets import Drums, Hits, hear_drums
from common.structure.sections import Section, find_sections, partition


def bars_of(samples):
    series = features.describe(samples)
    drums = hear_drums(samples)
    pulse = read_pulse(drums, len(samples) / SAMPLE_RATE)
    return read_bars(pulse, drums, series["mel"], series["chroma"]), drums


@pytest.fixture(scope="module", params=[0, 1])
def song(request):
    """A demo song of either genre: its truth, bars and sections."""
    score = compose.compose_library(2, seed=77)[request.param]
    samples = perform.render(score).mean(axis=1)
    bars, drums = bars_of(soxr.resample(samples, synth.SAMPLE_RATE, SAMPLE_RATE))
    return truth.truth_of(score), bars, find_sections(bars, drums)


def test_bars_begin_on_downbeats(song):
    told, bars, _ = song
    nearest = np.abs(bars.edges[:, None] - told.downbeats).min(axis=1)
    assert np.median(nearest) < 0.010
    assert bars.meter == 4


def test_sections_are_the_composed_ones(song):
    told, _, found = song
    edges = [
        np.array([[section.start, section.end] for section in sections])
        for sections in (told.sections, found)
    ]
    assert mir_eval.segment.detection(*edges, window=0.5)[2] > 0.75


def test_drops_and_breaks_are_called_so(song):
    told, _, found = song
    for section in told.sections:
        if section.name in ("drop", "break"):
            middle = (section.start + section.end) / 2
            (label,) = [other.label for other in found if other.start <= middle < other.end]
            assert label == section.name


def test_sections_have_no_gaps_and_lie_on_bars(song):
    _, bars, found = song
    for before, after in itertools.pairwise(found):
        assert before.end == after.start
    assert {section.start for section in found} <= set(bars.edges)
    assert max(section.energy for section in found) == 0
    assert all(section.evidence for section in found if section.label)


def labels_of(kicks):
    """Names of the sections of a song with a kick in some of its bars, and a louder sound with it."""
    kicks, hits = np.array(kicks, dtype=float), Hits(np.array([2.0 * len(kicks)]), np.ones(1))
    levels = np.random.default_rng(0).normal(-30, 0.3, (len(kicks), N_BANDS)) + 10 * kicks[:, None]
    bars = Bars(2.0 * np.arange(len(kicks) + 1), 4, levels, kicks)
    return {section.label for section in find_sections(bars, Drums(hits, hits, hits, hits, None))}


def test_a_song_that_is_full_from_end_to_end_has_no_drop():
    assert labels_of([1] * 64) == {None}
    assert labels_of([0.0] * 8 + [1] * 56) == {None}
    assert labels_of([1] * 32 + [0] * 16 + [1] * 32) == {"drop", "break"}


def test_a_waltz_has_bars_of_three():
    played = loop("waltz", 118.4, seed=3)
    assert bars_of(played.samples)[0].meter == 3


def test_without_a_grid_there_are_no_bars():
    assert bars_of(np.random.default_rng(0).normal(0, 0.1, 20 * SAMPLE_RATE).astype(np.float32))[0] is None


def test_cutting_is_the_best_of_all_ways(monkeypatch):
    """Twelve rows, three means: every way to cut them is tried."""
    monkeypatch.setattr(sections_module, "PRICE", 4.0)
    rows = np.repeat([[0.0, 1.0], [5.0, 1.0], [5.0, 9.0]], 4, axis=0)
    rows += 0.3 * np.random.default_rng(1).standard_normal(rows.shape)

    def cost(cuts):
        total = 0.0
        for first, last in itertools.pairwise(cuts):
            if last - first < 2 and first > 0:
                return np.inf
            piece, place = rows[first:last], np.arange(last - first)
            line = np.polynomial.polynomial.polyfit(place, piece, min(1, max(0, last - first - 2)))
            total += np.sum((piece - np.polynomial.polynomial.polyval(place, line).T) ** 2)
            total += 4.0 + (0, 2, 1, 2)[(last - first) % 4]
        return total

    ways = ((0, *inner, 12) for size in range(12) for inner in itertools.combinations(range(1, 12), size))
    assert tuple(partition(rows)) == min(ways, key=cost) == (0, 4, 8, 12)


def made_up(labels):
    return [Section(8.0 * n, 8.0 * n + 8, 4, -float(n), "A", label, "so") for n, label in enumerate(labels)]


def test_cue_points_are_at_most_eight_and_keep_what_matters():
    labels = ["intro", *["build", "drop", "break"] * 4, "outro"]
    cues = find_cues(made_up(labels))
    assert len(cues) == MOST_CUES
    assert cues[0].at == 0
    assert [cue.at for cue in cues] == sorted(cue.at for cue in cues)
    assert {f"drop {n}" for n in (1, 2, 3, 4)} <= {cue.name for cue in cues}


def test_mixing_windows_are_intro_and_outro_or_the_ends():
    named = made_up(["intro", "drop", "outro"])
    assert (mix_in(named).start, mix_in(named).end) == (0, 8)
    assert (mix_out(named).start, mix_out(named).end) == (16, 24)
    long = [Section(0.0, 128.0, 64, 0.0, "A", None, "")]
    assert (mix_in(long).start, mix_in(long).end) == (0, 32)
    assert (mix_out(long).start, mix_out(long).end) == (96, 128)
    assert mix_in([]) is mix_out([]) is None
    assert find_cues([]) == []
