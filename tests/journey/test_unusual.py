"""How unusual a song is: counted, standardised by the library, and told in words of the layout."""

import dataclasses

import numpy as np
import pytest

from common.journey.unusual import CLOSE, DIFFERENT, EQUAL, OUTSIDE, Comparison, compare, most_unusual
from common.layout import N_FEATURES, index_of


def test_a_comparison_is_counted_and_standardised_by_the_library(choose):
    song = choose(40, guest=True)
    comparison = compare(song)
    rows = song.library.embeddings[:40].astype(np.float64)
    assert comparison.n_songs == 40
    np.testing.assert_allclose(comparison.z, (song.embedding - rows.mean(0)) / rows.std(0), rtol=1e-5)
    index = index_of("spectral_centroid_mean")
    assert comparison.below[index] == np.mean(rows[:, index] < song.embedding[index])
    assert comparison.check == OUTSIDE


def test_the_stored_row_is_checked(choose):
    song = choose(6)
    assert compare(song).check == EQUAL
    song.library.embeddings[0] *= np.float32(1 + 1e-6)
    assert compare(song).check == CLOSE
    assert compare(dataclasses.replace(song, row=3)).check == DIFFERENT


@pytest.mark.parametrize(("n_songs", "can_say"), [(1, False), (4, False), (5, True)])
def test_a_library_of_fewer_than_five_songs_cannot_say_what_is_usual(choose, n_songs, can_say):
    comparison = compare(choose(n_songs))
    assert (comparison.z is not None) == can_say
    assert bool(most_unusual(comparison)) == can_say


def test_what_is_unusual_is_said_in_words_of_the_layout():
    z, below, above = np.zeros(N_FEATURES), np.full(N_FEATURES, 0.5), np.full(N_FEATURES, 0.5)
    for name, value in (
        ("spectral_centroid_mean", -2.5),
        ("mfcc_mean_09", 9.0),
        ("tonnetz_std_01", 8.0),
        ("chroma_std_10", 2.0),
        ("mel_mean_001", 3.0),
        ("mel_mean_002", 2.9),
    ):
        z[index_of(name)] = value
        below[index_of(name)], above[index_of(name)] = (0.939, 0.06) if value > 0 else (0.0, 1.0)
    comparison = Comparison(50, z, below, above, OUTSIDE)
    said = [
        "more energy at 26 Hz than 93% of the library",
        "darker than every other song",
        "a note A that comes and goes, more so than 93% of the library",
    ]
    assert most_unusual(comparison) == said
    assert most_unusual(comparison, 1) == said[:1]


def test_the_tempo_that_people_are_not_told_is_no_reason():
    z, share = np.zeros(N_FEATURES), np.full(N_FEATURES, 0.9)
    z[index_of("tempo")], z[index_of("spectral_centroid_mean")] = -5.0, 1.0
    assert most_unusual(Comparison(50, z, share, share, OUTSIDE)) == ["brighter than 90% of the library"]


def test_a_song_like_all_others_has_nothing_unusual():
    same = np.zeros(N_FEATURES)
    assert most_unusual(Comparison(50, same, same, same, EQUAL)) == []
