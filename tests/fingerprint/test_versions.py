"""Versions of a song are told from other songs, and which kind they are from each other."""

from __future__ import annotations

import numpy as np
import pytest
from melodies import STEP, chroma, melody, resampled

from common.fingerprint import versions
from common.fingerprint.coincidence import SharedPeaks
from common.fingerprint.sequences import Chroma
from common.fingerprint.versions import Asked, Kind, align, candidates, kind_of, speeds

SONG = melody(90, 1)


COPY, STRANGER, REWORKED = SharedPeaks(0.9, 0.5), SharedPeaks(0.1, 0.0), SharedPeaks(0.3, 0.2)


def aligned(levels: np.ndarray, at: tuple[float, ...] = (1.0,)) -> versions.Alignment | None:
    return align(Asked(chroma(SONG)), chroma(levels, seed=3), at)


@pytest.mark.parametrize("semitones", [-5, -2, 0, 3, 6])
def test_how_much_higher_the_other_is(semitones):
    found = aligned(np.roll(SONG, semitones, axis=1))
    assert found is not None
    assert found.semitones == semitones
    assert found.coverage > 0.9
    assert found.score <= found.coverage


def test_other_songs_are_not_alike():
    assert [aligned(melody(90, seed)) for seed in range(20, 40)] == [None] * 20


def test_a_passage_of_both_is_a_shared_passage_in_both_directions():
    other = np.concatenate([melody(50, 2), SONG[: round(20 / STEP)], melody(40, 3)])
    there = aligned(other)
    back = align(Asked(chroma(other, seed=3)), chroma(SONG))
    assert there is not None
    assert back is not None
    assert there.coverage == pytest.approx(20 / 90, abs=0.03)
    assert kind_of(there, COPY) is kind_of(there, REWORKED) is Kind.PASSAGE
    (here,), (again,) = there.passages, back.passages
    assert (here.start, here.end) == pytest.approx((again.other_start, again.other_end), abs=0.6)


def test_tempos_tell_of_a_much_faster_version():
    faster = resampled(SONG, 1.25)
    found = aligned(faster, speeds(100.0, 125.0))
    assert found is not None
    assert found.speed == pytest.approx(1.25, abs=0.01)
    assert found.passages[0].end == pytest.approx(90, abs=3)
    assert found.passages[0].other_end == pytest.approx(90 / 1.25, abs=3)


@pytest.mark.parametrize(
    ("tempo", "other", "expected"),
    [
        (None, 120.0, (1.0,)),
        (120.0, 0.0, (1.0,)),
        (120.0, 124.0, (1.0,)),
        (70.0, 140.0, (1.0,)),
        (100.0, 120.0, (1.0, 1.2)),
        (120.0, 200.0, (1.0, 0.83)),
    ],
)
def test_speeds_follow_tempos(tempo, other, expected):
    assert speeds(tempo, other) == expected


def test_a_glance_keeps_the_versions_among_many():
    others = [(seed, chroma(melody(90, seed))) for seed in range(40, 100)]
    faster = np.roll(resampled(SONG, 1.04), 4, axis=1)
    planted = [("excerpt", chroma(SONG[100:230], seed=8)), ("higher and faster", chroma(faster))]
    too_short = [("too short", chroma(SONG[:20]))]
    found = candidates(chroma(SONG), [*others, *planted, *too_short], 2)
    assert set(found) == {"excerpt", "higher and faster"}


@pytest.mark.parametrize(
    ("peaks", "kind"), [(COPY, Kind.SAME), (REWORKED, Kind.VERSION), (STRANGER, Kind.CHORDS)]
)
def test_peaks_tell_a_copy_from_a_version_and_from_another_song(peaks, kind):
    found = aligned(SONG)
    assert found is not None
    assert kind_of(found, peaks) is kind


@pytest.mark.parametrize("peaks", [COPY, REWORKED])
def test_in_another_key_nothing_is_the_same_recording(peaks):
    found = aligned(np.roll(SONG, 1, axis=1))
    assert found is not None
    assert kind_of(found, peaks) is Kind.VERSION


def test_what_is_too_short_or_silent():
    assert align(Asked(chroma(SONG)), chroma(SONG[: round(8 / STEP)])) is None
    silent = Chroma(np.zeros((300, 12), np.uint8), 10)
    assert versions.is_silent(silent)
    assert not versions.is_silent(chroma(SONG))
    assert align(Asked(silent), silent) is None
    assert versions.seconds(chroma(SONG)) == pytest.approx(90, abs=0.2)
