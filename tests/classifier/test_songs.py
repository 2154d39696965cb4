"""The songs that can be learned from, and which of them belong together."""

from __future__ import annotations

import pytest

from common import library
from common.classifier.songs import TooFewGenresError, gather, is_learnable, more_genres
from common.console import UserError
from common.paths import TRAIN


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


@pytest.mark.parametrize(
    "genres", [{"A": 1, "B": 1, "C": 1}, {"A": 3, "B": 1}, {"A": 3, "UNKNOWN": 3}, {"A": 2, "B": 2, "C": 1}]
)
def test_a_library_is_learnable_where_it_can_be_learned(make_library, genres):
    _, made = make_library(genres)
    learned = True
    try:
        gather(made)
    except TooFewGenresError:
        learned = False
    assert is_learnable(made, 100) == learned == (genres.get("B", 0) > 1)


def test_a_genre_of_two_copies_is_not_learnable(make_library):
    _, made = make_library({"A": 4, "B": 2})
    assert is_learnable(made, 100)
    made.embeddings[5] = made.embeddings[4] * (1 + 1e-4)
    assert not is_learnable(made, 100)


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


def test_library_is_not_touched(make_library):
    paths, made = make_library({"A": 4, "B": 4})
    before = made.embeddings.copy()
    gather(made)
    assert (made.embeddings == before).all()
    assert len(library.load(paths)) == 8


def test_what_gives_more_genres_is_said_with_the_folders_in_force(make_library):
    paths, made = make_library({"UNKNOWN": 5})
    assert "--genre-from" not in more_genres(made, paths)
    made.columns["tag_genre"] = ["House", "house", "Dub", "Dub", None]
    told = more_genres(made, paths)
    assert f"put the songs into one folder per genre and run: {library.remedy(paths)};" in told
    assert f"or take the 2 genres of the files' own tags: {library.remedy(paths)} --genre-from tag;" in told
    assert told.endswith(paths.command(TRAIN, "--labels", "labels.csv"))
    made.columns["genre"] = ["HOUSE", "HOUSE", "DUB", "DUB", "UNKNOWN"]
    assert "--genre-from" not in more_genres(made, paths)
