"""The songs that can be learned from, and which of them belong together."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse.csgraph import connected_components
from scipy.spatial.distance import cdist
from sklearn.metrics import adjusted_rand_score
from sklearn.preprocessing import StandardScaler

from common import library
from common.classifier.songs import DUPLICATE_DISTANCE, gather, same_recordings
from common.console import UserError


def test_unknown_and_single_songs_are_left_out(make_library):
    _, made = make_library({"A": 4, "B": 5, "LONELY": 1, "UNKNOWN": 3})
    training = gather(made)
    assert training.genres == ("A", "B")
    assert {made.genres[row] for row in training.rows} == {"A", "B"}
    assert any("LONELY" in notice for notice in training.left_out)


@pytest.mark.parametrize("genres", [{"A": 6}, {"A": 6, "B": 1}, {"UNKNOWN": 4}, {"A": 1}])
def test_one_genre_is_one_sentence(make_library, genres):
    _, made = make_library(genres)
    with pytest.raises(UserError, match="genre"):
        gather(made)


def test_the_same_recording_is_one_unit(make_library):
    _, made = make_library({"A": 6, "B": 6})
    made.embeddings[7] = made.embeddings[2] * (1 + 1e-4)
    training = gather(made)
    assert training.n_duplicates == 1
    assert training.units[7] == training.units[2]
    assert len(set(training.units)) == 11
    for groups in training.groups.values():
        assert groups[7] == groups[2]


def test_artists_come_from_tag_name_or_album(make_library):
    _, made = make_library({"A": 6, "B": 6}, artists_per_genre=2)
    made.columns["artist"][0] = None  # the name still says "A Artist 1 - Song 001"
    made.columns["artist"][1], made.columns["song_name"][1] = None, "untitled"
    groups = gather(made).groups["artist"]
    assert groups[0] == groups[2]
    assert groups[1] not in {groups[0], groups[2]}


def test_near_recordings_are_found_in_blocks():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(1100, 20)).astype(np.float32)
    values[1050] = values[3] + 1e-3
    units = same_recordings(values)
    assert units[1050] == units[3]
    assert len(set(units)) == 1099


def naive_recordings(values):
    """Every distance, and scipy's connected parts."""
    standardised = StandardScaler().fit_transform(values.astype(np.float64))
    varying = (values.std(axis=0) > 0).sum()
    near = cdist(standardised, standardised) < DUPLICATE_DISTANCE * np.sqrt(varying)
    return connected_components(near)[1]


@pytest.mark.parametrize("screen", [1, 3, 32])
def test_near_recordings_are_those_of_all_distances(monkeypatch, screen):
    monkeypatch.setattr("common.classifier.songs.SCREEN", screen)
    monkeypatch.setattr("common.classifier.songs.BLOCK", 16)
    rng = np.random.default_rng(1)
    values = rng.normal(size=(300, 40)) * rng.uniform(0.1, 30, size=40)
    # Copies, copies of copies, one song far from all, and a number that is the same in every song.
    values[100:200] = values[:100] * (1 + rng.normal(scale=0.15, size=(100, 1)))
    values[200:260] = values[140:200] * (1 + rng.normal(scale=0.15, size=(60, 1)))
    values[299] *= 30
    values[:, 7] = 3.0
    units, expected = same_recordings(values.astype(np.float32)), naive_recordings(values)
    assert 60 < len(values) - len(set(expected.tolist())) < 160
    assert adjusted_rand_score(expected, units) == 1.0


def test_library_is_not_touched(make_library):
    paths, made = make_library({"A": 4, "B": 4})
    before = made.embeddings.copy()
    gather(made)
    assert (made.embeddings == before).all()
    assert len(library.load(paths)) == 8
