"""One rule for the same recording and one for the same artist, and that everything follows them."""

from __future__ import annotations

import lameenc
import librosa
import numpy as np
import pytest
import scipy.signal
from hypothesis import given, settings
from hypothesis import strategies as st
from libraries import library_of, random_library
from scipy.sparse.csgraph import connected_components
from signals import RATE, chords, noise
from sklearn.metrics import adjusted_rand_score

from common import audio, features, recordings
from common.classifier.songs import gather
from common.console import UserError
from common.layout import N_FEATURES, SLICES
from common.recordings import (
    SAME_DECIBELS,
    SAME_SECONDS,
    album_numbers,
    artist_numbers,
    copies,
    first_of_each,
    genre_named,
    in_genres,
    joined,
    recording_numbers,
    same_recording,
    spectral_difference,
    traits_of,
)
from common.search.nearest import search
from common.search.spaces import build

# --- recordings --------------------------------------------------------------------------------------


def crowded_library():
    """Songs 0-59, a copy of each, copies of half of the copies; lengths and titles that agree or do not."""
    rng = np.random.default_rng(1)
    originals = rng.normal(-45.0, 15.0, size=(60, N_FEATURES))
    originals[59] *= 30  # far from all
    originals[:, SLICES["mel_p75"].start] = 3.0  # the same in every song
    copies = originals + rng.normal(size=(60, N_FEATURES)) * rng.uniform(0.5, 2.0, size=(60, 1))
    again = copies[:30] + rng.normal(size=(30, N_FEATURES)) * rng.uniform(0.5, 2.0, size=(30, 1))
    library = library_of(np.vstack([originals, copies, again]))
    library.columns["duration"] = rng.uniform(60.0, 66.0, size=150).tolist()
    library.columns["title"] = [f"Title {number}" for number in rng.integers(0, 5, size=150)]
    return library


def naive_difference(one, other):
    """Decibels between two songs, level by level, by librosa's own frequencies."""
    frequencies = librosa.mel_frequencies(n_mels=130, fmin=0.0, fmax=11_025.0)[1:-1]
    squares = []
    for block in ("mel_median", "mel_p75"):
        for band, a, b in zip(frequencies, one[SLICES[block]], other[SLICES[block]], strict=True):
            if band <= 4000 and max(a, b) > -55:
                squares.append((max(a, -55) - max(b, -55)) ** 2)
    return np.sqrt(np.mean(squares)) if squares else np.inf


def naive_recordings(library):
    """Every pair of songs by difference, length and title, and scipy's connected parts."""
    seconds, titles = np.array(library.columns["duration"]), np.array(library.columns["title"])
    fits = (np.abs(seconds[:, None] - seconds) <= SAME_SECONDS) | (titles[:, None] == titles)
    near = np.zeros_like(fits)
    for i, j in zip(*np.nonzero(np.triu(fits, 1)), strict=True):
        near[i, j] = naive_difference(library.embeddings[i], library.embeddings[j]) <= SAME_DECIBELS
    return connected_components(near, directed=False)[1]


@pytest.fixture(scope="module")
def crowded():
    library = crowded_library()
    return library, naive_recordings(library)


@pytest.mark.parametrize(("screen", "block", "pairs"), [(1, 16, 7), (3, 50, 1000), (32, 512, 2**14)])
def test_recordings_are_those_of_all_pairs(monkeypatch, crowded, screen, block, pairs):
    for name, value in (("SCREEN", screen), ("BLOCK", block), ("PAIRS", pairs)):
        monkeypatch.setattr(recordings, name, value)
    library, expected = crowded
    assert 15 < len(library) - len(set(expected.tolist())) < 60
    assert recording_numbers(library).tolist() == expected.tolist()


def test_differences_are_the_naive_ones():
    library = crowded_library()
    pairs = [(0, 60), (0, 1), (59, 3), (5, 5), (120, 60)]
    expected = [naive_difference(*library.embeddings[list(pair)]) for pair in pairs]
    np.testing.assert_allclose(spectral_difference(library, *zip(*pairs, strict=True)), expected, rtol=1e-5)


def test_songs_in_which_nothing_is_heard_are_not_compared():
    library = library_of(np.full((2, N_FEATURES), -80.0))
    assert np.isinf(spectral_difference(library, [0], [1])).all()
    assert not same_recording(library, 0, 1)


def test_the_order_of_songs_does_not_matter():
    library = crowded_library()
    order = np.random.default_rng(0).permutation(len(library))
    numbers, again = recording_numbers(library), recording_numbers(library, order)
    assert adjusted_rand_score(numbers[order], again) == 1.0
    for song in range(60):
        assert same_recording(library, song, song + 60) == same_recording(library, song + 60, song)


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


# --- recordings that can be heard ---------------------------------------------------------------------


def encode(samples, kilobits):
    """As MP3 by LAME."""
    encoder = lameenc.Encoder()
    encoder.set_in_sample_rate(RATE)
    encoder.set_channels(1)
    encoder.set_bit_rate(kilobits)
    encoder.silence()
    pcm = np.rint(np.clip(samples, -1, 1) * 32_767).astype("<i2")
    return bytes(encoder.encode(pcm.tobytes()) + encoder.flush())


@pytest.fixture(scope="module")
def heard(tmp_path_factory):
    """A song, its MP3s, softer, between silences; then what is no copy: other chords, noise, louder highs."""
    folder, song = tmp_path_factory.mktemp("songs"), chords(10.0) + noise(10.0, 0.02)
    for kilobits in (48, 64, 128):
        (folder / f"{kilobits}.mp3").write_bytes(encode(song, kilobits))
    files = [audio.load(path) for path in sorted(folder.iterdir())]
    silence, brighter = np.zeros(RATE // 20, np.float32), np.append(song[0], np.diff(song))
    others = [0.5 * song, 0.05 * song, np.concatenate([silence, song, silence])]
    others += [scipy.signal.resample_poly(song, 9, 8)[: song.size], noise(10.0), song + 2 * brighter]
    samples = [song, *(file.samples for file in files), *(part.astype(np.float32) for part in others)]
    library = library_of(np.array([features.extract(one) for one in samples]))
    library.columns["duration"] = [one.size / RATE for one in samples]
    return library


def test_encoding_level_and_silence_leave_a_recording_itself(heard):
    assert recording_numbers(heard).tolist() == [0, 0, 0, 0, 0, 0, 0, 1, 2, 3]


@pytest.mark.parametrize("rows", [[0, 7], [0, 2, 8], [9, 8, 7, 5, 0]])
def test_a_handful_of_songs_is_told_apart_as_well(heard, rows):
    few = heard.take(rows)
    assert recording_numbers(few).tolist() == recording_numbers(heard, rows).tolist()
    assert same_recording(few, 0, 1) == same_recording(heard, *rows[:2])


# --- no recording on both sides of a split -----------------------------------------------------------


@pytest.mark.parametrize("amount", np.geomspace(0.1, 10.0, 25))
def test_what_search_calls_the_same_is_learned_from_or_judged_together(amount):
    library = random_library(20, genre_names=["A"] * 10 + ["B"] * 10)
    change = np.random.default_rng(1).normal(size=N_FEATURES)
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


@settings(max_examples=60)
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


def test_copies_are_known_without_their_library():
    """The rule for one song among others is that for a library, whatever decides: sound, length, title."""
    rng = np.random.default_rng(3)
    embeddings = np.repeat(rng.normal(scale=8.0, size=(6, N_FEATURES)) - 30.0, 5, axis=0)
    embeddings += rng.normal(size=embeddings.shape) * rng.choice([0.1, 1.0, 1.4, 1.8], size=(30, 1))
    made = library_of(embeddings)
    made.columns["duration"] = list(
        60.0 + 100.0 * np.repeat(np.arange(6), 5) + rng.choice([0.0, 1.9, 4.0], 30)
    )
    made.columns["title"] = [rng.choice(["", f"Títle {i // 5}", f"title {i // 5}"]) for i in range(30)]
    made.columns["song_name"] = [""] * 30
    known = traits_of(made)
    agreed = 0
    for row in range(30):
        found = set(copies(traits_of(made, [row]), known).tolist())
        expected = {other for other in range(30) if other == row or same_recording(made, row, other)}
        assert found == expected
        agreed += len(found) - 1
    assert 20 < agreed < 100


def test_a_genre_is_found_as_it_is_filed_or_read_and_guests_have_none():
    library = random_library(4, genre_names=["TRANCE", "UNKNOWN", "HOUSE", "TRANCE"])
    guest = library.with_guest(library.embeddings[0], library.song(0) | {"genre": "GUEST"})
    for asked, filed in (("trance", "TRANCE"), ("unknown", "UNKNOWN"), ("Without a genre", "UNKNOWN")):
        assert genre_named(guest, asked) == filed
    with pytest.raises(UserError) as caught:
        genre_named(guest, "guest", "or all")
    assert str(caught.value) == "no genre is called 'guest'; there are HOUSE, TRANCE, without a genre, or all"


def test_of_genres_that_differ_in_accents_alone_the_one_that_is_written_is_meant():
    library = random_library(3, genre_names=["METAL", "MÉTAL", "HOUSE"])
    found = [genre_named(library, asked) for asked in ("metal", "métal", "MÉTAL", "hôuse")]
    assert found == ["METAL", "MÉTAL", "MÉTAL", "HOUSE"]


def test_having_no_genre_is_not_counted_as_one():
    assert in_genres(["HOUSE", "TRANCE"]) == "in 2 genres"
    assert in_genres(["HOUSE", "UNKNOWN"]) == "in 1 genre and without one"
    assert in_genres(["UNKNOWN"]) == "without a genre"
