"""Peaks of two songs are shared by one recording at one place, and by a loop of chords at many."""

from __future__ import annotations

import numpy as np
import pytest

from common.fingerprint.alignment import Passage
from common.fingerprint.coincidence import SharedPeaks, shared_peaks
from common.fingerprint.sequences import FRAME_RATE, PITCH_BITS, STEPS, Peaks

SECONDS = 120.0

Points = tuple[np.ndarray, np.ndarray]
"""Times in seconds, and pitches."""


def peaks_of(times: np.ndarray, pitches: np.ndarray) -> Peaks:
    points = np.rint(times * FRAME_RATE).astype(np.uint32) << PITCH_BITS | pitches.astype(np.uint32)
    return Peaks(np.unique(points))


def points(seed: int, seconds: float = SECONDS, per_second: int = 20) -> Points:
    rng, number = np.random.default_rng(seed), round(per_second * seconds)
    return np.sort(rng.uniform(0, seconds, number)), rng.integers(100, 900, number)


def both(one: Points, other: Points) -> Points:
    return np.concatenate([one[0], other[0]]), np.concatenate([one[1], other[1]])


def some(of: Points, share: float, seed: int = 9) -> Points:
    is_kept = np.random.default_rng(seed).random(len(of[0])) < share
    return of[0][is_kept], of[1][is_kept]


def looped(of: Points, seconds: float) -> Points:
    rounds = np.arange(0, SECONDS, seconds)
    return (of[0] + rounds[:, np.newaxis]).ravel(), np.tile(of[1], len(rounds))


def shared(one: Points, other: Points, speed: float = 1.0, semitones: int = 0) -> SharedPeaks:
    passage = Passage(0.0, SECONDS, 0.0, SECONDS / speed, speed, 50.0, 0.9)
    return shared_peaks(peaks_of(*one), peaks_of(*other), [passage], semitones)


def test_half_of_the_peaks_of_a_copy_that_is_a_little_late():
    song = points(1)
    copy = some(song, 0.5)
    found = shared(song, (copy[0] + 0.15, copy[1]))
    assert found.share > 0.9
    # Each window holds all peaks of the song, of which the copy has half.
    assert found.beyond == pytest.approx(0.5, abs=0.06)


def test_songs_without_anything_in_common():
    found = shared(points(1), points(2))
    assert found.share < 0.1
    assert abs(found.beyond) < 0.03


@pytest.mark.parametrize(("speed", "semitones"), [(1.0, 0), (1.25, 0), (1.0, -2), (0.96, 3)])
def test_a_third_of_a_recording_at_another_speed_and_key_is_told_by_its_place(speed, semitones):
    song = points(1)
    times, pitches = some(song, 0.3)
    other = both((times / speed, pitches + semitones * STEPS // 12), some(points(2, SECONDS / speed), 0.7))
    found = shared(song, other, speed, semitones)
    assert 0.25 < found.share < 0.45
    assert found.beyond > 0.2


def test_a_speed_that_is_read_a_little_off_does_not_matter():
    song = points(1)
    times, pitches = some(song, 0.5)
    exact, off = (shared(song, (times / speed, pitches)) for speed in (1.0, 1.004))
    assert off.share < 0.7 * exact.share  # 0.24 s at either end
    assert off.beyond > 0.7 * exact.beyond


def test_a_loop_that_two_songs_share_is_at_many_places():
    loop = looped(points(5, 12.0, per_second=8), 12.0)
    one, other = both(loop, some(points(1), 0.6)), both(loop, some(points(2), 0.6))
    found = shared(one, other)
    assert found.share > 0.35
    assert found.beyond < 0.03


def test_peaks_that_are_too_few_tell_nothing():
    few = points(1, per_second=1)
    assert shared(few, few) == SharedPeaks(1.0, 0.0)
    nothing = np.empty(0), np.empty(0)
    assert shared(nothing, points(1)) == shared(points(1), nothing) == SharedPeaks(0.0, 0.0)
