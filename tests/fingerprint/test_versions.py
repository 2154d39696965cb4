"""Versions of a song are told from other songs, and which kind they are from each other."""

from __future__ import annotations

import numpy as np
import pytest
from melodies import STEP, chroma, melody, resampled

from common.fingerprint import versions
from common.fingerprint.sequences import PITCH_BITS, Chroma, Peaks
from common.fingerprint.versions import Asked, Kind, align, candidates, kind_of, shared_peaks, speeds

SONG = melody(90, 1)


def peaks_of(times: np.ndarray, pitches: np.ndarray) -> Peaks:
    points = np.rint(times * 22_050 / 512).astype(np.uint32) << PITCH_BITS | pitches.astype(np.uint32)
    return Peaks(np.unique(points))


def random_peaks(seconds: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return np.sort(rng.uniform(0, seconds, round(20 * seconds))), rng.integers(0, 1000, round(20 * seconds))


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
    assert kind_of(there, 1.0) is Kind.PASSAGE
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


def test_peaks_that_coincide_are_counted_along_the_passages():
    found = aligned(SONG)
    assert found is not None
    times, pitches = random_peaks(90, 1)
    kept = np.random.default_rng(2).random(len(times)) < 0.5
    late = peaks_of(times[kept] + 0.15, pitches[kept])
    assert shared_peaks(peaks_of(times, pitches), late, found) > 0.9
    assert kind_of(found, shared_peaks(peaks_of(times, pitches), late, found)) is Kind.SAME
    chance = shared_peaks(peaks_of(times, pitches), peaks_of(*random_peaks(90, 3)), found)
    assert chance < 0.1
    assert kind_of(found, chance) is Kind.CHORDS


def test_in_another_key_nothing_is_the_same_recording():
    found = aligned(np.roll(SONG, 1, axis=1))
    assert found is not None
    assert kind_of(found, 1.0) is Kind.VERSION


def test_what_is_too_short_or_silent():
    assert align(Asked(chroma(SONG)), chroma(SONG[: round(8 / STEP)])) is None
    silent = Chroma(np.zeros((300, 12), np.uint8), 10)
    assert versions.is_silent(silent)
    assert not versions.is_silent(chroma(SONG))
    assert align(Asked(silent), silent) is None
    assert versions.seconds(chroma(SONG)) == pytest.approx(90, abs=0.2)
