"""Clusters are found where they were planted, named by what was planted, and nowhere else."""

import numpy as np
import pytest
from libraries import library_of, random_library

from common.layout import N_FEATURES, SLICES
from common.search import spaces
from common.search.clusters import LEAST_SONGS, find_clusters, find_traits


def planted(sizes=(25, 25, 20), seed=0):
    """Songs around far centres, of one genre; which centre each is of."""
    rng = np.random.default_rng(seed)
    label = np.repeat(np.arange(len(sizes)), sizes)
    centres = 4.0 * rng.normal(size=(len(sizes), N_FEATURES))
    return library_of(centres[label] + rng.normal(size=(len(label), N_FEATURES))), label


def clusters_of(library):
    return find_clusters(spaces.build(spaces.DEFAULT_SPACE, library))


def test_planted_clusters_are_found_across_and_within_genres():
    library, label = planted()
    for grouping in clusters_of(library):
        assert grouping.stability > 0.8
        found = {frozenset(cluster.songs) for cluster in grouping.clusters}
        assert found == {frozenset(np.flatnonzero(label == one).tolist()) for one in range(3)}
        assert [len(cluster.songs) for cluster in grouping.clusters] == [25, 25, 20]
        for cluster in grouping.clusters:
            rows = spaces.build(spaces.DEFAULT_SPACE, library).rows[sorted(cluster.songs)]
            typical = sorted(cluster.songs)[int((rows @ rows.T).mean(axis=1).argmax())]
            assert cluster.typical == typical
            assert 1 <= len(cluster.traits) <= 3
        assert "3 clusters" in grouping.verdict


@pytest.mark.parametrize("seed", range(3))
def test_shuffled_columns_yield_none(seed):
    library, _ = planted(seed=seed)
    rng = np.random.default_rng(seed)
    shuffled = library_of(np.column_stack([rng.permutation(column) for column in library.embeddings.T]))
    for grouping in clusters_of(shuffled):
        assert grouping.clusters == ()
        assert grouping.verdict.startswith("no stable")


def test_too_few_songs_are_said():
    found = clusters_of(random_library(30, genre_names=["A"] * 25 + ["B"] * 5))
    assert [grouping.genre for grouping in found] == [None, "A", "B"]
    assert found[2].stability is None
    assert (
        found[2].verdict
        == f"no stable sub-genres within B: 5 songs are too few, at least {LEAST_SONGS} are needed"
    )


def test_a_single_song_is_counted_as_one():
    found = clusters_of(random_library(30, genre_names=["A"] * 29 + ["B"]))
    assert "within B: 1 song is too few" in found[2].verdict


def test_songs_in_no_cluster_are_counted():
    library, _ = planted()
    stray = library_of(
        np.vstack([library.embeddings, -20.0 * library.embeddings[:2]]), [*library.genres, "A", "A"]
    )
    everything = clusters_of(stray)[0]
    assert everything.clusters
    assert everything.n_loose == len(stray) - sum(len(cluster.songs) for cluster in everything.clusters) > 0


def test_traits_are_what_was_planted_and_can_be_heard():
    rng = np.random.default_rng(0)
    inside, outside = rng.normal(size=(200, N_FEATURES)), rng.normal(size=(200, N_FEATURES))
    for name, shift in (
        ("tempo", 3.0),
        ("spectral_centroid_mean", -2.0),
        ("mfcc_std", 9.0),
        ("rms_mean", 0.4),
    ):
        inside[:, SLICES[name]] += shift
    assert find_traits(inside, outside) == ["faster", "darker"]


def test_the_most_songs_looked_at_are_a_sample(monkeypatch):
    monkeypatch.setattr("common.search.clusters.MOST_SONGS", 40)
    library, _ = planted()
    assert [grouping.n_songs for grouping in clusters_of(library)] == [40, 40]
