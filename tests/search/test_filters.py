from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from libraries import library_of, reread

from common.layout import N_FEATURES, SLICES
from common.music import estimate_keys, same_tempo, tempo_ratio, wheel_distance
from common.search.filters import Filters, allowed, parse_duration, parse_tempo, tempo_within


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("128-140", (128, 140)),
        ("128–140", (128, 140)),
        ("128-", (128, math.inf)),
        ("-140", (0, 140)),
        ("128", (128, 128)),
        ("127.5-128.5", (127.5, 128.5)),
    ],
)
def test_tempo_ranges(text, expected):
    assert parse_tempo(text) == expected


def test_durations_are_minutes_and_seconds():
    assert parse_duration("2:30-4:00") == (150, 240)
    assert parse_duration("90-1:02:00") == (90, 3720)


@pytest.mark.parametrize("text", ["", "-", "fast", "140-128", "1-2-3", "nan-3", "2:xx-3"])
def test_what_is_no_range_is_refused(text):
    for parse in (parse_tempo, parse_duration):
        with pytest.raises(ValueError, match=r"\w"):
            parse(text)


def test_half_and_double_time_are_in_the_range():
    tempo = np.array([64, 70, 128, 140, 141, 256, 280, 100, 0])
    expected = [True, True, True, True, False, True, True, False, False]
    assert list(tempo_within(tempo, 128, 140)) == expected


@pytest.fixture
def library():
    """Song 0 is asked for; the others differ from it in one thing each."""
    made = library_of(np.ones((7, N_FEATURES)), ["A", "A", "B", "A", "A", "A", "A"])
    made.columns["artist"] = ["Sóng", "Song", "x", None, None, "y", "z"]
    made.columns["album"] = ["Album", "other", "ALBUM", None, "x", None, None]
    made.columns["song_name"] = ["a", "b", "c", "Song - d", "e", "f", "g"]
    made.columns["duration"] = [100.0, 100, 100, 100, 100, 300, 100]
    made.embeddings[:, SLICES["tempo"]] = [[128], [64], [100], [0], [130], [140], [128]]
    chroma = np.full(12, 0.1)
    chroma[[0, 4, 7]] = 1.0
    made.embeddings[:, SLICES["chroma_mean"]] = chroma
    made.embeddings[6, SLICES["chroma_mean"]] = np.roll(chroma, 6)
    return reread(made)


@pytest.mark.parametrize(
    ("chosen", "left"),
    [
        ({}, [0, 1, 2, 3, 4, 5, 6]),
        ({"same_genre": True}, [0, 1, 3, 4, 5, 6]),
        ({"other_genre": True}, [2]),
        ({"other_artist": True}, [2, 4, 5, 6]),
        ({"other_album": True}, [1, 3, 4, 5, 6]),
        ({"same_tempo": True}, [0, 1, 4, 6]),
        ({"mixable_key": True}, [0, 1, 2, 3, 4, 5]),
        ({"tempo": (125, 135)}, [0, 1, 4, 6]),
        ({"duration": (200, math.inf)}, [5]),
        ({"same_genre": True, "other_artist": True, "tempo": (125, 135)}, [4, 6]),
    ],
)
def test_each_filter_lets_through_what_it_says(library, chosen, left):
    assert list(np.flatnonzero(allowed(library, 0, Filters(**chosen)))) == left


def test_nobody_shares_an_unknown_artist_or_album(library):
    assert allowed(library, 4, Filters(other_artist=True)).all()
    assert allowed(library, 3, Filters(other_album=True)).all()


def test_guests_are_never_found(library):
    guest = library.with_guest(library.embeddings[0], library.song(0))
    assert len(allowed(guest, 7, Filters(same_genre=True, same_tempo=True, mixable_key=True))) == 7


def test_keys_mix_as_the_wheel_has_it():
    """Every pair of keys, against the distance that is defined on the keys themselves."""
    triads = [np.eye(12)[[root, root + third, (root + 7) % 12]].sum(axis=0) + 0.1 * np.eye(12)[root]
              for third in (4, 3) for root in range(-4, 8)]  # fmt: skip
    chroma = np.array([*triads, np.zeros(12)])
    made = library_of(np.ones((25, N_FEATURES)))
    made.embeddings[:, SLICES["chroma_mean"]] = chroma
    reread(made)
    keys = estimate_keys(chroma)
    assert len({key for key in keys if key}) == 24
    for song in range(25):
        expected = [
            None not in (keys[song], other) and wheel_distance(keys[song], other) <= 1 for other in keys
        ]
        assert list(allowed(made, song, Filters(mixable_key=True))) == expected


TEMPOS = st.just(0.0) | st.floats(10, 400)


@given(TEMPOS, st.lists(TEMPOS, min_size=1))
def test_same_tempo_is_the_folded_ratio(one, others):
    for other, same in zip(others, same_tempo(one, np.array(others)), strict=True):
        ratio = tempo_ratio(one, other)
        expected = ratio is not None and abs(ratio - 1) <= 0.04
        assert same == expected or abs(abs(ratio - 1) - 0.04) < 1e-9
