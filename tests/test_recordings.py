"""One rule for the same recording and one for the same artist, and that everything follows them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from libraries import library_of, random_library
from scipy.sparse.csgraph import connected_components
from scipy.spatial.distance import cdist
from sklearn.metrics import adjusted_rand_score
from sklearn.preprocessing import StandardScaler

from common import recordings
from common.classifier.songs import gather
from common.layout import N_FEATURES
from common.recordings import (
    album_numbers,
    artist_numbers,
    first_of_each,
    joined,
    recording_numbers,
    same_recording,
)
from common.search.nearest import search
from common.search.spaces import build

# --- recordings --------------------------------------------------------------------------------------


def crowded_library(n: int = 300):
    """Songs, copies, copies of copies, one song far from all; lengths and titles that agree or do not."""
    rng = np.random.default_rng(1)
    values = rng.normal(size=(n, N_FEATURES)) * rng.uniform(0.1, 30, size=N_FEATURES)
    third = n // 3
    values[third : 2 * third] = values[:third] * (1 + rng.normal(scale=0.2, size=(third, 1)))
    values[2 * third : -40] = values[third + 40 : 2 * third] * (
        1 + rng.normal(scale=0.2, size=(third - 40, 1))
    )
    values[-1] *= 30
    values[:, 7] = 3.0
    library = library_of(values)
    library.columns["duration"] = rng.uniform(60.0, 63.0, size=n).tolist()
    library.columns["title"] = [f"Title {number}" for number in rng.integers(0, 5, size=n)]
    return library


def naive_recordings(library):
    """Every distance, length and title, and scipy's connected parts."""
    standardised = StandardScaler().fit_transform(library.embeddings.astype(np.float64))
    varying = (library.embeddings.std(axis=0) > 0).sum()
    near = cdist(standardised, standardised) <= recordings.SAME_DISTANCE * np.sqrt(varying)
    seconds, titles = np.array(library.columns["duration"]), np.array(library.columns["title"])
    fits = np.abs(seconds[:, None] - seconds) <= recordings.SAME_SECONDS
    return connected_components(near & (fits | (titles[:, None] == titles)))[1]


@pytest.mark.parametrize(("screen", "block"), [(1, 16), (3, 50), (32, 512)])
def test_recordings_are_those_of_all_distances(monkeypatch, screen, block):
    monkeypatch.setattr(recordings, "SCREEN", screen)
    monkeypatch.setattr(recordings, "BLOCK", block)
    library = crowded_library()
    expected = naive_recordings(library)
    assert 60 < len(library) - len(set(expected.tolist())) < 160
    assert recording_numbers(library).tolist() == expected.tolist()


def test_the_order_of_songs_does_not_matter():
    library = crowded_library()
    order = np.random.default_rng(0).permutation(len(library))
    numbers, again = recording_numbers(library), recording_numbers(library, order)
    assert adjusted_rand_score(numbers[order], again) == 1.0
    for song in range(100):
        assert same_recording(library, song, song + 100) == same_recording(library, song + 100, song)


def test_numbers_count_up_as_they_appear():
    library = crowded_library()
    numbers = recording_numbers(library)
    _, first = np.unique(numbers, return_index=True)
    assert numbers[np.sort(first)].tolist() == list(range(numbers.max() + 1))
    assert first_of_each(library, range(len(library))) == first.tolist()


@pytest.mark.parametrize("rows", [[], [5]])
def test_fewer_songs_than_two(rows):
    library = random_library(8)
    assert recording_numbers(library, rows).tolist() == [0] * len(rows)
    assert first_of_each(library, rows) == rows


def test_a_guest_is_one_more_song():
    library = random_library(8)
    facts = {name: values[3] for name, values in library.columns.items()}
    guest = library.with_guest(library.embeddings[3] * np.float32(1 + 1e-6), facts)
    assert recording_numbers(guest).tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 3]


# --- no recording on both sides of a split -----------------------------------------------------------


@pytest.mark.parametrize("amount", np.geomspace(1e-4, 3.0, 25))
def test_what_search_calls_the_same_is_learned_from_or_judged_together(amount):
    library = random_library(20, genre_names=["A"] * 10 + ["B"] * 10)
    change = np.random.default_rng(1).normal(size=N_FEATURES) * library.embeddings.std(axis=0)
    library.embeddings[13] = library.embeddings[4] + np.float32(amount) * change
    found = search(build("balanced", library), 4, 19)
    training = gather(library)
    for copy in (*found.copies, *(copy for match in found.matches for copy in match.copies)):
        assert copy == 13
        assert training.units[13] == training.units[4]
        assert all(groups[13] == groups[4] for groups in training.groups.values())
    assert (13 in found.copies) == (training.units[13] == training.units[4])


# --- artists and albums ------------------------------------------------------------------------------


def test_artists_are_one_however_they_are_spelt():
    library = random_library(6, artists=["Björk", "bjork", "  BJÖRK ", None, None, "Moby"])
    library.columns["song_name"][3] = "Bjork - Joga"
    assert artist_numbers(library).tolist() == [0, 0, 0, 0, -1, 1]
    assert artist_numbers(library, [5, 4, 1, 5]).tolist() == [0, -1, 1, 0]


def test_albums_go_by_their_title():
    library = random_library(4, artists=["One", "Other", "One", "One"])
    library.columns["album"] = ["Best of", "BEST OF", None, "  "]
    assert album_numbers(library).tolist() == [0, 0, -1, -1]


@settings(deadline=None, max_examples=60)
@given(
    st.integers(0, 12).flatmap(
        lambda n: st.lists(st.lists(st.integers(-1, 5), min_size=n, max_size=n), min_size=1, max_size=3)
    )
)
def test_joining_passes_sharing_on(numberings):
    arrays = [np.array(numbers, dtype=int) for numbers in numberings]
    shares = sum(((one[:, None] == one) & (one >= 0) for one in arrays), np.eye(len(arrays[0]), dtype=bool))
    expected = connected_components(shares)[1] if len(shares) else shares
    assert joined(*arrays).tolist() == expected.tolist()
