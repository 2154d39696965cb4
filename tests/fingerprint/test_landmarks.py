"""Landmarks have the names that a plain loop gives them, and keep them where they are promised to."""

from __future__ import annotations

import numpy as np
import pytest

from common.fingerprint import landmarks
from common.fingerprint.landmarks import landmarks_of, pitch_shift
from common.fingerprint.sequences import PITCH_BITS, Peaks
from common.fingerprint.votes import Places, most_voted, pack


def made_up(n: int = 400, seed: int = 0, length: int = 2000) -> Peaks:
    rng = np.random.default_rng(seed)
    return peaks_at(rng.integers(0, length, n), rng.integers(50, 900, n))


def peaks_at(frames: np.ndarray, pitches: np.ndarray) -> Peaks:
    return Peaks(
        np.unique(np.asarray(frames).astype(np.uint32) << PITCH_BITS | np.asarray(pitches).astype(np.uint32))
    )


def triplets_by_definition(peaks: Peaks) -> list[tuple]:
    """First frame and cells of every triplet, from the description in words."""
    found = []
    points = list(zip(peaks.frames.tolist(), peaks.pitches.tolist(), strict=True))
    pitch_cell, interval_cell, time_cell = landmarks.CELLS
    for number, (frame, pitch) in enumerate(points):
        following = [
            (other - frame, there - pitch)
            for other, there in points[number + 1 :]
            if landmarks.NEAREST <= other - frame <= landmarks.FARTHEST
            and abs(there - pitch) <= landmarks.WIDEST
        ][: landmarks.FAN]
        cells = [
            (time // time_cell, (interval + landmarks.WIDEST) // interval_cell)
            for time, interval in following
        ]
        for one in range(len(cells)):
            found += [(frame, pitch // pitch_cell, cells[one], other) for other in cells[one + 1 :]]
    return found


def test_triplets_have_one_name_for_the_same_cells(monkeypatch):
    peaks = made_up()
    monkeypatch.setattr(landmarks, "KEPT", 1)
    monkeypatch.setattr(landmarks, "KEY_BITS", 32)
    found = landmarks_of(peaks)
    expected = triplets_by_definition(peaks)
    assert found.frames.tolist() == [frame for frame, *_ in expected]
    names: dict[tuple, int] = {}
    for key, (_, *cells) in zip(found.keys.tolist(), expected, strict=True):
        assert names.setdefault(tuple(cells), key) == key
    assert len(set(names.values())) == len(names)


def test_one_in_eight_is_kept_whatever_comes_before():
    peaks = made_up(1500, length=8_000)
    kept = landmarks_of(peaks)
    assert len(kept.keys) == pytest.approx(len(triplets_by_definition(peaks)) / landmarks.KEPT, rel=0.1)
    assert kept.keys.min() >= 0
    assert kept.keys.max() < 2**landmarks.KEY_BITS
    later = landmarks_of(peaks_at(peaks.frames + 333, peaks.pitches))
    np.testing.assert_array_equal(later.keys, kept.keys)
    np.testing.assert_array_equal(later.frames, kept.frames + 333)


@pytest.mark.parametrize("speed", [0.98, 0.985, 1.0, 1.02])
def test_a_clip_at_another_speed_has_names_in_common(speed):
    song = made_up(3000, length=15_000)
    clip = peaks_at(np.rint(song.frames / speed), song.pitches - pitch_shift(speed))
    wanted = landmarks_of(song)
    shared = [
        len(set(wanted.keys.tolist()) & set(landmarks_of(clip, named_at).keys.tolist()))
        for named_at in landmarks.SPEEDS
    ]
    assert max(shared) > 0.25 * len(wanted.keys)
    assert np.argmin(np.abs(np.array(landmarks.SPEEDS) - speed)) == np.argmax(shared)


def test_places_are_found_as_a_dictionary_finds_them():
    rng = np.random.default_rng(0)
    keys, places = rng.integers(0, 300, 2000), rng.integers(0, 2**31, 2000)
    rows = list(pack(np.sort((keys << 32 | places).astype(np.uint64))))
    assert [key for key, _ in rows] == sorted(set(keys.tolist()))
    clip = landmarks.Landmarks(rng.integers(0, 400, 500), rng.integers(0, 1000, 500))
    expected = sorted(
        place - frame
        for wanted, frame in zip(clip.keys.tolist(), clip.frames.tolist(), strict=True)
        for key, place in zip(keys.tolist(), places.tolist(), strict=True)
        if key == wanted
    )
    assert sorted(Places.of(rows).begins(clip).tolist()) == expected
    packed = np.sort((keys << 32 | places).astype(np.uint64))
    halves = sorted([*pack(packed[::2]), *pack(packed[1::2])], key=lambda row: row[0])
    assert sorted(Places.of(halves).begins(clip).tolist()) == expected


def test_nothing_is_found_in_nothing():
    clip = landmarks.Landmarks(np.arange(5), np.arange(5))
    assert Places.of([]).begins(clip).size == 0
    assert Places.of([(3, np.array([7], "<u4").tobytes())]).begins(clip).tolist() == [4]
    frames, votes = most_voted(np.empty(0, np.int64), 5)
    assert frames.size == votes.size == 0
    assert list(pack(np.empty(0, np.uint64))) == []


def test_votes_are_counted_over_three_cells():
    rng = np.random.default_rng(1)
    begins = np.concatenate([rng.integers(-1000, 100_000, 300), 5000 + rng.integers(0, 8, 40)])
    frames, votes = most_voted(begins, 10)
    cells = (begins // 4).tolist()
    by_hand = {cell: sum(cell <= other < cell + 3 for other in cells) for cell in set(cells)}
    assert votes.tolist() == sorted(by_hand.values(), reverse=True)[:10]
    assert abs(frames[0] - 5004) <= 8
