"""Three sentences: what they count is true, and only what stands out is said to."""

import math

import numpy as np
import pytest
from libraries import random_library

from common.overview.summary import how_many, three_sentences, what_kinds, what_stands_out
from common.overview.trend import READINGS, fit_trend
from common.search.clusters import Cluster, Grouping


@pytest.fixture
def library():
    made = random_library(40, artists=["A", "B", None, "a"] * 10)
    made.columns["genre"] = ["TRANCE"] * 25 + ["HOUSE"] * 10 + ["UNKNOWN"] * 5
    made.columns["duration"] = [90.0] * 40
    made.columns["bpm"] = [0.0] * 10 + [120.0] * 10 + [130.0] * 10 + [140.0] * 10
    made.columns["key"] = ["A minor"] * 30 + ["C major"] * 10
    made.columns["loudness"] = [-14.0] * 20 + [-8.04] * 20
    return made


def test_songs_artists_and_time_are_counted(library):
    assert how_many(library) == "40 songs by 2 known artists: 1:00:00 of music, 1:30 on average."
    tagged = random_library(4, artists=["A", "B", "a", "B"])
    assert how_many(tagged) == "4 songs by 2 artists: 4:00 of music, 1:00 on average."
    assert how_many(random_library(3)) == "3 songs: 3:00 of music, 1:00 on average."


def test_kinds_are_genres_tempo_key_and_loudness(library):
    assert what_kinds(library) == (
        "25 TRANCE, 10 HOUSE and 5 without a genre; half of those with a steady pulse run at 120 to 140 BPM; "
        "75% are in a minor key; half are at −14.0 to −8.0 LUFS."
    )


def test_of_many_genres_the_largest_are_named(library):
    library.columns["genre"] = [f"G{int(math.sqrt(i))}" for i in range(40)]
    assert what_kinds(library).startswith("11 G5, 9 G4, 7 G3, 5 G2 and 8 of 3 other genres;")


def test_what_is_unknown_is_not_spoken_of(library):
    library.columns["bpm"] = [0.0] * 40
    library.columns["key"] = library.columns["loudness"] = [None] * 40
    assert what_kinds(library) == "25 TRANCE, 10 HOUSE and 5 without a genre."


NEAREST = {row: (0, 0.5 if row != 7 else 0.1) for row in range(1, 40)}


def test_the_song_least_like_any_other_stands_out(library):
    said = what_stands_out(library, NEAREST, [], [])
    assert said.startswith("Least like any other is Song 7")
    assert said.endswith("nearest to it is Song 0 with 0.10 of 1.")


def test_of_a_handful_of_songs_none_is_the_odd_one(library):
    assert what_stands_out(library, dict(list(NEAREST.items())[:9]), [], []) == ""


def test_groups_stand_out_only_if_there_are_some(library):
    found = [
        Grouping(None, 40, 0.5),
        Grouping("HOUSE", 30, 0.9, (Cluster((1, 2), ("fast",)), Cluster((3,), ("dark",)))),
    ]
    said = what_stands_out(library, {}, found, [])
    assert said == "HOUSE falls into 2 groups that sound alike, such as 2 with fast and 1 with dark."
    assert what_stands_out(library, {}, found[:1], []) == ""


def test_a_trend_stands_out_only_if_it_is_one(library):
    years = np.arange(1980, 2020.0)
    noise = np.random.default_rng(0).normal(size=40)
    loudness = READINGS[1]
    louder = fit_trend(loudness, years, years / 10.0 + 0.1 * noise, np.arange(40))
    none = fit_trend(loudness, years, noise, np.arange(40))
    tiny = fit_trend(loudness, years, years / 1000.0 + 0.001 * noise, np.arange(40))
    assert tiny.moved
    said = what_stands_out(library, {}, [], [louder, none, tiny])
    assert said == "Over the years the songs became louder (+1.0 LU per decade)."


def test_guests_do_not_count(library):
    guest = library.with_guest(library.embeddings[0], library.song(0))
    assert three_sentences(guest, NEAREST, []) == three_sentences(library, NEAREST, [])


def test_a_single_song_has_two_sentences():
    assert len(three_sentences(random_library(1), {}, [])) == 2
