"""Songs settle where the map keeps more of their true neighbours, and no song lands on another."""

import numpy as np
import pytest
from scipy.spatial import KDTree
from scipy.spatial.distance import cdist

from common.arrays import neighbours
from common.maps.projection import kept_share
from common.maps.settling import ELBOW_ROOM, SWEEPS, draw_offers, settle


def songs_on_a_sheet(n_songs=40, seed=0):
    """Songs whose true distances are those of a flat sheet, and their nearest songs."""
    places = np.random.default_rng(seed).random((n_songs, 2))
    return places, KDTree(places).query(places, 7)[1][:, 1:]


def worth(places, near, k):
    """What a map keeps, by definition: to keep none counts as one fewer than that."""
    kept = np.rint(k * kept_share(near, places, k))
    return kept.sum() - np.count_nonzero(kept == 0)


def settled_by_definition(places, near, k, seed):
    """Every song asked where the whole map, counted anew, would keep the most."""
    (n_songs, dimensions), places, random = places.shape, places.copy(), np.random.default_rng(seed)
    elbow = ELBOW_ROOM * np.sqrt(np.median(KDTree(places).query(places, 2)[0][:, 1] ** 2))
    for _ in range(SWEEPS):
        order = np.argsort(kept_share(near, places, k), kind="stable")
        for song, shares, steps in zip(order, *draw_offers(n_songs, k, dimensions, random), strict=True):
            between = [song, *near[song, :k]]
            reach = KDTree(places).query(places[between], k + 1)[0][:, k]
            offers = shares @ places[between] + (shares @ reach)[:, np.newaxis] * steps[:, :dimensions]
            most, best = worth(places, near, k), places[song].copy()
            for offer in offers[cdist(offers, np.delete(places, song, axis=0)).min(axis=1) >= elbow]:
                places[song] = offer
                if worth(places, near, k) > most:
                    most, best = worth(places, near, k), offer
            places[song] = best
    return places


@pytest.mark.parametrize("dimensions", [2, 3])
def test_songs_settle_where_counting_all_of_them_would_put_them(dimensions):
    songs = np.random.default_rng(2).normal(size=(16, 30)).astype(np.float32)
    near, _ = neighbours(songs, 4)
    places = np.random.default_rng(3).normal(size=(16, dimensions))
    found = settle(places, near, 3, seed=1)
    np.testing.assert_allclose(found, settled_by_definition(places, near, 3, seed=1), atol=1e-9)
    assert np.count_nonzero((found != places).any(axis=1)) > 5


@pytest.mark.parametrize("dimensions", [2, 3])
def test_songs_of_a_large_map_settle(dimensions):
    """Of 1 500 songs that a map could keep together, it has every fourth among strangers, and one far off."""
    random = np.random.default_rng(0)
    places = random.random((1500, dimensions))
    near = KDTree(places).query(places, 7)[1][:, 1:]
    mixed, strangers = places.copy(), random.choice(1500, 375, replace=False)
    mixed[strangers] = mixed[random.permutation(strangers)]
    mixed[strangers[0]] = 1000.0
    before, found = kept_share(near, mixed), settle(mixed, near, 5, seed=1)
    after = kept_share(near, found)
    assert 5 * before.mean() < 3.0 < 3.9 < 5 * after.mean()
    assert np.count_nonzero(before == 0) > 250
    assert np.count_nonzero(after == 0) <= 1
    assert (found == mixed)[np.delete(np.arange(1500), strangers)].all(axis=1).mean() > 0.7
    np.testing.assert_array_equal(found, settle(mixed, near, 5, seed=1))


def test_a_song_among_strangers_goes_back_to_its_nearest_songs():
    places, near = songs_on_a_sheet()
    wrong = places.copy()
    wrong[7] = places[np.linalg.norm(places - places[7], axis=1).argmax()] + 0.02
    assert kept_share(near, wrong)[7] == 0
    found = settle(wrong, near, 5, seed=1, movable=np.array([7]))
    assert kept_share(near, found)[7] >= 0.6
    assert np.linalg.norm(found[7] - places[7]) < 0.2
    np.testing.assert_array_equal(np.delete(found, 7, axis=0), np.delete(wrong, 7, axis=0))


@pytest.mark.parametrize("dimensions", [2, 3])
def test_what_is_kept_never_falls(dimensions):
    songs = np.random.default_rng(2).normal(size=(50, 30)).astype(np.float32)
    near, _ = neighbours(songs / np.linalg.norm(songs, axis=1, keepdims=True), 6)
    places = np.random.default_rng(3).normal(size=(50, dimensions))
    before, found = kept_share(near, places), settle(places, near, 5, seed=1)
    after = kept_share(near, found)
    assert after.mean() > 1.5 * before.mean()
    assert np.count_nonzero(after == 0) < np.count_nonzero(before == 0)


def test_no_song_settles_upon_another():
    places, near = songs_on_a_sheet()
    mixed = places[np.random.default_rng(1).permutation(40)]
    found = settle(mixed, near, 5, seed=1)
    moved = np.flatnonzero((found != mixed).any(axis=1))
    apart = np.linalg.norm(mixed[:, np.newaxis] - mixed, axis=2) + np.diag(np.full(40, np.inf))
    closest = np.linalg.norm(found[moved, np.newaxis] - found, axis=2)
    closest[np.arange(len(moved)), moved] = np.inf
    assert len(moved) > 5
    assert closest.min() >= ELBOW_ROOM * np.median(apart.min(axis=1)) - 1e-12


def test_a_true_map_stays_as_it_is():
    places, near = songs_on_a_sheet()
    np.testing.assert_array_equal(settle(places, near, 5, seed=1), places)


@pytest.mark.parametrize("n_songs", [1, 2, 5, 7, 8])
def test_few_songs_are_no_trouble(n_songs):
    places = np.random.default_rng(0).random((n_songs, 2))
    near, _ = neighbours(np.eye(n_songs, dtype=np.float32), 6)
    assert np.isfinite(settle(places, near, 5, seed=1)).all()
