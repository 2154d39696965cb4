"""Maps keep neighbours together, are repeatable, and exist for any number of songs."""

import numpy as np
import pytest
import sklearn.decomposition
from sklearn.neighbors import NearestNeighbors

from common.arrays import neighbours, principal_components, standardise
from common.maps import projection
from common.maps.layout_table import Layout
from common.maps.projection import (
    DISC,
    MAP_VERSION,
    NEIGHBOURS,
    PCA,
    UMAP,
    align,
    kept_share,
    memberships,
    place,
    project,
)
from common.maps.words import renewed

pytestmark = pytest.mark.slow


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
    songs = np.full((9, 20), 0.3)
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
    made = project(songs, neighbours(songs, NEIGHBOURS), 2)
    assert made.judged_on == 20
    assert 0.5 < made.trust <= 1


@pytest.mark.parametrize("k", [1, 5, 50])
def test_kept_neighbours_are_counted_as_scikit_learn_finds_them(k):
    songs, _ = clusters((12, 9), n_features=7)
    places = np.random.default_rng(3).normal(size=(21, 2))
    near, _ = neighbours(songs, k)
    k = near.shape[1]
    on_map = NearestNeighbors(n_neighbors=k).fit(places).kneighbors(return_distance=False)
    expected = [len(set(one) & set(other)) / k for one, other in zip(near, on_map, strict=True)]
    np.testing.assert_allclose(kept_share(near, places, k), expected)


def test_songs_on_one_spot_are_each_others_neighbours():
    near = np.array([[1, 2], [2, 0], [0, 1], [4, 5], [3, 5], [3, 4]])
    places = np.repeat([[0.0, 0.0], [1.0, 1.0]], 3, axis=0)
    np.testing.assert_array_equal(kept_share(near, places, 2), np.ones(6))
    assert kept_share(np.empty((1, 0), dtype=int), places[:1]) is None


def test_a_map_says_how_many_neighbours_it_keeps(mapped):
    songs, _, made = mapped
    near, _ = neighbours(songs, 5)
    np.testing.assert_array_equal(made.kept, kept_share(near, made.coordinates))
    chance = 5 / (len(songs) - 1)
    assert made.kept.mean() > 2 * chance


def test_aligning_undoes_a_turn_a_mirror_a_scale_and_a_shift():
    places = np.random.default_rng(0).normal(size=(20, 2))
    turn = np.array([[0.6, -0.8], [0.8, 0.6]]) @ np.diag([1.0, -1.0])
    known = np.arange(20) < 15
    np.testing.assert_allclose(align(3.0 * places @ turn + 7.0, places, known), places, atol=1e-9)


def test_a_library_that_has_not_changed_keeps_its_map(mapped):
    songs, _, made = mapped
    near = neighbours(songs, NEIGHBOURS)
    again = project(songs, near, 2, Layout(made.coordinates, made.kept, MAP_VERSION))
    np.testing.assert_array_equal(again.coordinates, made.coordinates)


def test_a_map_of_another_version_is_made_anew_over_itself_where_that_is_truer(mapped):
    songs, _, made = mapped
    near = neighbours(songs, NEIGHBOURS)
    unsettled = made.coordinates[np.random.default_rng(0).permutation(len(songs))]
    kept = kept_share(near[0], unsettled)
    same = project(songs, near, 2, Layout(unsettled, kept, MAP_VERSION))
    np.testing.assert_array_equal(same.coordinates, unsettled)
    earlier, known = Layout(unsettled, kept, MAP_VERSION - 1), np.full(len(songs), True)
    anew = project(songs, near, 2, earlier)
    assert anew.kept.mean() >= made.kept.mean() - projection.LOSS_ALLOWED
    np.testing.assert_allclose(anew.coordinates, align(anew.coordinates, unsettled, known), atol=1e-3)
    assert renewed(earlier, anew).startswith("the 2D map is made anew and laid over the earlier one")
    assert not renewed(Layout(unsettled, kept, MAP_VERSION), anew)


def test_a_map_of_another_version_that_is_as_true_stays(mapped):
    songs, _, made = mapped
    earlier = Layout(made.coordinates, made.kept)
    again = project(songs, neighbours(songs, NEIGHBOURS), 2, earlier)
    np.testing.assert_array_equal(again.coordinates, made.coordinates)
    assert not renewed(earlier, again)


@pytest.mark.parametrize("dimensions", [2, 3])
def test_a_new_song_moves_no_other_while_the_map_is_as_true_as_a_new_one(dimensions):
    songs, _ = clusters((15, 15, 15), seed=4)
    before = project(songs[1:], neighbours(songs[1:], NEIGHBOURS), dimensions)
    unknown = np.full((1, dimensions), np.nan)
    earlier = Layout(np.vstack([unknown, before.coordinates]), np.append(np.nan, before.kept))
    near = neighbours(songs, NEIGHBOURS)
    anew, after = project(songs, near, dimensions), project(songs, near, dimensions, earlier)
    assert after.kept.mean() >= anew.kept.mean() - projection.LOSS_ALLOWED
    np.testing.assert_array_equal(after.coordinates[1:], before.coordinates)


def test_where_an_earlier_map_lost_much_most_songs_still_stay():
    songs = standardise(np.random.default_rng(5).normal(size=(60, 12)))
    near = neighbours(songs, NEIGHBOURS)
    before = project(songs, near, 2)
    lost = before.coordinates.copy()
    lost[:12] = lost[np.random.default_rng(0).permutation(12)]
    after = project(songs, near, 2, Layout(lost, np.full(60, 0.5)))
    assert after.kept.mean() > kept_share(near[0], lost).mean()
    assert (after.coordinates == lost).all(axis=1).mean() > 0.5


def test_an_earlier_map_that_is_no_longer_true_is_made_anew_and_lies_alike():
    songs, _ = clusters((15, 15, 15), seed=4)
    near = neighbours(songs, NEIGHBOURS)
    anew = project(songs, near, 2)
    known = np.arange(45) < 30
    mixed = anew.coordinates.copy()
    mixed[:30] = mixed[np.random.default_rng(0).permutation(30)]
    mixed[~known] = np.nan
    found = project(songs, near, 2, Layout(mixed, np.full(45, 0.5)))
    np.testing.assert_allclose(found.coordinates, align(found.coordinates, mixed, known), atol=1e-3)
    assert found.kept.mean() >= anew.kept.mean() - projection.LOSS_ALLOWED


def test_the_longest_direction_of_a_new_map_goes_from_left_to_right(mapped):
    _, _, made = mapped
    spread = np.cov(made.coordinates.T)
    assert spread[0, 0] >= spread[1, 1]
    assert abs(spread[0, 1]) < 1e-3 * spread[0, 0]


def test_the_truest_of_several_layouts_is_the_map(monkeypatch):
    songs = standardise(np.random.default_rng(5).normal(size=(40, 12)))
    near = neighbours(songs, NEIGHBOURS)
    truest = project(songs, near, 2, seed=1)
    monkeypatch.setattr(projection, "TRIES", 1)
    alone = [project(songs, near, 2, seed=1 + number).kept.mean() for number in range(4)]
    assert truest.kept.mean() == pytest.approx(max(alone))
    assert max(alone) > min(alone)


def test_a_new_song_goes_to_its_own_kind(mapped):
    songs, label, made = mapped
    for cluster in range(3):
        where = place(songs[label == cluster].mean(axis=0), songs, made.coordinates)
        inside = made.coordinates[label == cluster]
        assert (where >= inside.min(axis=0)).all()
        assert (where <= inside.max(axis=0)).all()


def test_a_new_song_among_copies_of_itself_lies_in_their_middle():
    songs, coordinates = np.repeat(np.eye(2), 20, axis=0), np.arange(80.0).reshape(40, 2)
    np.testing.assert_allclose(
        place(np.array([2.0, 0.0]), songs, coordinates), coordinates[:NEIGHBOURS].mean(axis=0)
    )


def test_memberships_fall_from_one_and_sum_to_umaps_total():
    weights = memberships(np.sort(np.random.default_rng(0).random(15)))
    assert weights[0] == 1
    assert (np.diff(weights) <= 0).all()
    assert weights.sum() == pytest.approx(np.log2(15), rel=1e-6)
