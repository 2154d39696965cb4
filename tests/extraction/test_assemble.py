"""What stage 1 hands on: where a song's tempo comes from, and that the columns are the readings'."""

import dataclasses

import pytest
from libraries import random_library

from common.extraction.assemble import broken_samples, lacks_genres, lacks_tempos, with_tagged_tempo
from common.library import READING_COLUMNS
from common.structure.readings import Readings


def facts(bpm: float, tagged: float | None) -> dict:
    grid = {"beat_offset": 0.1, "downbeat_offset": 0.5, "bpm_alternative": None}
    return {"bpm": bpm, "tag_bpm": tagged, **grid, "unknown": {}}


def test_the_columns_are_the_readings():
    assert {field.name for field in dataclasses.fields(Readings)} == set(READING_COLUMNS)


def test_without_a_tag_the_tempo_stays():
    assert with_tagged_tempo(facts(128.0, None)) == facts(128.0, None)


def test_a_tag_that_agrees_keeps_the_grid():
    found = with_tagged_tempo(facts(127.999, 128.0))
    assert (found["bpm"], found["beat_offset"], found["unknown"]) == (128.0, 0.1, {})


@pytest.mark.parametrize(("ours", "other"), [(69.0, 69.0), (0.0, None)])
def test_a_tag_that_disagrees_is_trusted_and_has_no_grid(ours, other):
    found = with_tagged_tempo(facts(ours, 138.0))
    assert (found["bpm"], found["bpm_alternative"]) == (138.0, other)
    assert (found["beat_offset"], found["downbeat_offset"]) == (None, None)
    assert set(found["unknown"]) == {"beat_offset", "downbeat_offset"}


def test_samples_that_tower_over_all_others_are_said():
    library = random_library(4)
    library.columns["loudness"] = [-12.0, -14.9, -6.0, None]
    # The third is a hot mix, of the last too little is known.
    library.columns["true_peak"] = [-0.1, 3.8, 9.0, 40.0]
    assert broken_samples(library) is None
    library.columns["true_peak"][1] = 42.6
    assert broken_samples(library) == (
        "warning: 1 song with broken samples, so the files may be damaged: Song 1 peaks at 42.6 dBTP"
    )


def test_a_library_without_two_genres_is_told_where_they_come_from():
    library = random_library(4, genre_names=["TRANCE", "UNKNOWN", "TRANCE", "UNKNOWN"])
    assert "<GENRE>/<song>.mp3" in lacks_genres(library)
    assert "--genre-from tag" not in lacks_genres(library)
    library.columns["tag_genre"] = ["Trance", "House", "trance", None]
    assert "take the 2 genres of the files' own tags: --genre-from tag" in lacks_genres(library)
    library.columns["genre"][1] = "HOUSE"
    assert lacks_genres(library) is None


def test_files_without_a_tempo_in_their_tags_are_counted():
    library = random_library(3)
    library.columns["tag_bpm"] = [None, None, None]
    assert "the tags of 3 files of 3 hold no tempo" in lacks_tempos(library)
    library.columns["tag_bpm"] = [120.0, None, None]
    assert "the tags of 2 files of 3 hold no tempo" in lacks_tempos(library)
    library.columns["tag_bpm"] = [120.0, 121.0, 122.0]
    assert lacks_tempos(library) is None
