"""Songs settle where the map keeps more of their true neighbours, and no song lands on another."""

import numpy as np
import pytest

from common.arrays import neighbours
from common.maps.projection import kept_share
from common.maps.settling import ELBOW_ROOM, settle


def songs_on_a_sheet(n_songs=40, seed=0):
    """Songs whose true distances are those of a flat sheet, and their nearest songs."""
    places = np.random.default_rng(seed).random((n_songs, 2))
    apart = np.linalg.norm(places[:, np.newaxis] - places, axis=2)
    return places, np.argsort(apart, axis=1)[:, 1:7]


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
