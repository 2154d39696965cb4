"""Maps keep neighbours together, are repeatable, and exist for any number of songs."""

import numpy as np
import pytest
import sklearn.decomposition
from sklearn.neighbors import NearestNeighbors

from common.arrays import neighbours, principal_components, standardise
from common.maps import projection
from common.maps.projection import DISC, NEIGHBOURS, PCA, UMAP, place, project


def clusters(sizes=(12, 12, 12), n_features=40, seed=0):
    """Standardised songs in well separated clusters, and which cluster each is in."""
    rng = np.random.default_rng(seed)
    label = np.repeat(np.arange(len(sizes)), sizes)
    centres = rng.normal(scale=4.0, size=(len(sizes), n_features))
    return standardise(centres[label] + rng.normal(size=(len(label), n_features))), label


@pytest.fixture(scope="module")
def mapped():
    songs, label = clusters()
    return songs, label, project(songs, neighbours(songs, NEIGHBOURS), 2)


@pytest.mark.parametrize("block", [7, 1024, None])
def test_neighbours_are_scikit_learns(block):
    songs, _ = clusters((30, 21))
    model = NearestNeighbors(n_neighbors=6, metric="cosine").fit(songs)
    distances, rows = model.kneighbors(songs)
    found, apart = neighbours(songs, 5, block=block)
    np.testing.assert_array_equal(found, rows[:, 1:])
    np.testing.assert_allclose(apart, distances[:, 1:], atol=1e-5)


def test_equally_near_neighbours_come_in_the_librarys_order():
    songs = np.repeat(np.eye(3), 4, axis=0)
    found, _ = neighbours(songs, 3)
    assert found[5].tolist() == [4, 6, 7]
    found, apart = neighbours(songs, 50)
    assert found.shape == (12, 11)
    assert found[0].tolist() == [1, 2, 3, *range(4, 12)]
    assert apart[0].tolist() == [0] * 3 + [1] * 8


@pytest.mark.parametrize("shape", [(30, 8), (8, 30)])
def test_principal_components_are_scikit_learns(shape):
    values = standardise(np.random.default_rng(1).normal(size=shape))
    expected = sklearn.decomposition.PCA(n_components=3).fit_transform(values)
    np.testing.assert_allclose(np.abs(principal_components(values, 3)), np.abs(expected), atol=1e-8)


@pytest.mark.parametrize("dimensions", [2, 3])
@pytest.mark.parametrize("n_songs", [1, 2, 3, 4, 5, 16])
def test_any_number_of_songs_gives_a_map(n_songs, dimensions):
    songs = standardise(np.random.default_rng(n_songs).normal(size=(n_songs, 20)))
    made = project(songs, neighbours(songs, NEIGHBOURS), dimensions)
    assert made.coordinates.shape == (n_songs, dimensions)
    assert np.isfinite(made.coordinates).all()
    expected = DISC if n_songs == 1 else UMAP if n_songs >= dimensions + 2 else PCA
    assert made.method == expected
    assert (made.trust is None) == (n_songs < 3)


def test_songs_that_are_all_the_same_get_places_of_their_own():
    songs = np.zeros((9, 20))
    made = project(songs, neighbours(songs, NEIGHBOURS), 2)
    assert made.method == DISC
    assert made.trust is None
    assert len(np.unique(made.coordinates.round(6), axis=0)) == 9


def test_two_songs_many_times_over_do_not_break_the_map():
    songs = standardise(np.repeat(np.random.default_rng(0).normal(size=(2, 20)), 6, axis=0))
    made = project(songs, neighbours(songs, NEIGHBOURS), 3)
    assert np.isfinite(made.coordinates).all()


def test_the_map_keeps_clusters_apart_and_says_so(mapped):
    songs, label, made = mapped
    centres = np.array([made.coordinates[label == i].mean(axis=0) for i in range(3)])
    nearest = np.linalg.norm(made.coordinates[:, np.newaxis] - centres, axis=2).argmin(axis=1)
    np.testing.assert_array_equal(nearest, label)
    assert made.trust > 0.8
    assert made.judged_on == len(songs)


def test_the_same_songs_give_the_same_map(mapped):
    songs, _, made = mapped
    again = project(songs, neighbours(songs, NEIGHBOURS), 2)
    np.testing.assert_array_equal(again.coordinates, made.coordinates)


def test_trust_of_many_songs_is_measured_on_a_sample(monkeypatch):
    monkeypatch.setattr(projection, "TRUST_SAMPLE", 20)
    songs, _ = clusters()
    trust, judged_on = projection._trust(songs, principal_components(songs, 2), seed=0)
    assert judged_on == 20
    assert 0.5 < trust <= 1


def test_a_new_song_goes_to_its_own_kind(mapped):
    songs, label, made = mapped
    for cluster in range(3):
        where = place(songs[label == cluster].mean(axis=0), songs, made.coordinates)
        inside = made.coordinates[label == cluster]
        assert (where >= inside.min(axis=0)).all()
        assert (where <= inside.max(axis=0)).all()


def test_a_new_song_among_copies_of_itself_lies_in_their_middle():
    songs, coordinates = np.repeat(np.eye(2), 20, axis=0), np.arange(80.0).reshape(40, 2)
    np.testing.assert_allclose(place(np.array([2.0, 0.0]), songs, coordinates), coordinates[:15].mean(axis=0))


def test_memberships_fall_from_one_and_sum_to_umaps_total():
    weights = projection._memberships(np.sort(np.random.default_rng(0).random(15)))
    assert weights[0] == 1
    assert (np.diff(weights) <= 0).all()
    assert weights.sum() == pytest.approx(np.log2(15), rel=1e-6)
