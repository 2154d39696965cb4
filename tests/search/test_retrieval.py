"""The retrieval benchmark's own arithmetic."""

from __future__ import annotations

import numpy as np
import pytest
from libraries import random_library
from sklearn.metrics.pairwise import cosine_similarity
from sklearn.preprocessing import StandardScaler

from benchmarks import retrieval, within_song
from common.layout import N_FEATURES, N_MELS
from common.search import within_song as within_song_file
from common.search.spaces import standard

COSINES = np.array(
    [[-9, 0.9, 0.1, 0.2], [0.9, -9, 0.8, 0.3], [0.1, 0.8, -9, 0.7], [0.2, 0.3, 0.7, -9]], dtype=float
)


def test_hits_are_counted_over_artists_with_other_songs():
    hits, artist = retrieval.artist_hits(COSINES, np.array(["a", "b", "b", "a"]), 1)
    assert list(hits) == [0, 0, 1, 0]
    assert list(artist) == ["a", "b", "b", "a"]
    hits, artist = retrieval.artist_hits(COSINES, np.array(["a", "b", "b", "c"]), 2)
    assert list(hits) == [0.5, 0.5]


def test_songs_of_the_same_album_do_not_count_for_style():
    label = np.array(["x", "x", "x", "y"])
    songs = retrieval.Songs(np.zeros((4, 1)), label, np.array(["1", "1", "2", "2"]), label)
    assert retrieval.style_precision(COSINES, songs, k=1) == 0.5
    assert retrieval.style_precision(COSINES, songs, k=2) == pytest.approx((1 + 1 + 2 + 0) / 8)


def test_the_halves_share_no_album():
    rng = np.random.default_rng(0)
    album = rng.integers(9, size=40).astype(str)
    songs = retrieval.Songs(np.arange(40)[:, None], album, album, album)
    one, other = songs.halves()
    assert not set(one.album) & set(other.album)
    assert sorted([*one.embeddings[:, 0], *other.embeddings[:, 0]]) == list(range(40))


def test_similarities_are_cosines_and_scaling_takes_the_neighbourhoods_out():
    embeddings = random_library(30).embeddings
    expected = cosine_similarity(StandardScaler().fit_transform(embeddings.astype(float)))
    found = retrieval.similarities(embeddings, retrieval.Contestant(standard))
    off = ~np.eye(30, dtype=bool)
    assert np.allclose(found[off], expected[off])
    scaled = retrieval.similarities(embeddings, retrieval.Contestant(standard, scaled=True), k=3)
    near = [np.mean(sorted(np.delete(row, i))[-3:]) for i, row in enumerate(expected)]
    assert scaled[2, 5] == pytest.approx(2 * expected[2, 5] - near[2] - near[5])
    assert np.isneginf(scaled[4, 4])


def test_an_interval_holds_its_mean_and_is_a_point_for_one_artist():
    low, high = retrieval.interval(np.array([1.0, 0.0, 1.0, 1.0]), np.array(["a", "a", "b", "c"]))
    assert low <= 0.75 <= high
    assert retrieval.interval(np.array([1.0, 0.0]), np.array(["a", "a"])) == (0.5, 0.5)


def test_one_window_of_every_song_is_encoded():
    plain = np.zeros((2, 30, 4))
    mixed = retrieval.Windows(plain, plain + 1).half_encoded()
    assert (mixed.sum(axis=0) == 1).all()
    assert 5 < mixed[0, :, 0].sum() < 25


def test_the_scatter_within_songs_is_that_which_was_planted():
    """Songs of variance 4, and noise of variance 1 in each of their windows."""
    rng = np.random.default_rng(0)
    songs = 2.0 * rng.normal(size=(800, N_FEATURES)) + 100.0
    noise = rng.normal(size=(2, *songs.shape))
    windows = retrieval.Windows(songs + noise[[0, 0]], songs + noise[[1, 1]])
    scatter = within_song.find_scatter(windows)
    assert np.allclose(np.diag(scatter["mfcc_mean"]), 1.0 / 5.0, atol=0.04)
    assert np.allclose(scatter["mel"] - np.diag(np.diag(scatter["mel"])), 0.0, atol=0.06)


def test_the_scatter_of_mel_is_kept_as_a_product(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    of_statistics, of_bands = (a @ a.T for a in (rng.normal(size=(4, 9)), rng.normal(size=(N_MELS, 200))))
    planted = {"mel": np.kron(of_statistics, of_bands), "energy": np.eye(2)}
    within_song.write(tmp_path / "scatter.npz", planted)
    monkeypatch.setattr(within_song_file, "FILE", tmp_path / "scatter.npz")
    within_song_file.read.cache_clear()
    assert np.allclose(within_song_file.scatter("mel"), planted["mel"], rtol=1e-5, atol=1e-3)
    assert np.array_equal(within_song_file.scatter("energy"), np.eye(2))
    within_song_file.read.cache_clear()
