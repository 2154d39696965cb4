"""Whose journey it is: the song asked for, or the most typical one."""

import numpy as np
import pytest
from libraries import library_of, random_library

from common.console import UserError
from common.journey import choice
from common.library import UNKNOWN_GENRE


@pytest.mark.parametrize("chunk", [7, 8192])
def test_the_most_typical_song_is_the_medoid(monkeypatch, chunk):
    monkeypatch.setattr(choice, "CHUNK", chunk)
    songs = np.random.default_rng(0).normal(size=(29, 641))
    standardised = (songs - songs.mean(axis=0)) / songs.std(axis=0)
    units = standardised / np.linalg.norm(standardised, axis=1, keepdims=True)
    order = choice.most_typical(library_of(songs))
    assert order[0] == (units @ units.T).mean(axis=1).argmax()
    assert sorted(order) == list(range(29))


def test_without_a_wish_it_is_the_most_typical_song_with_a_file():
    library = random_library(5)
    assert choice.choose(library, None) is None
    for row in (2, 4):
        library.columns["file_path"][row] = __file__
    file, row = choice.choose(library, None)
    order = choice.most_typical(library).tolist()
    assert row == min((2, 4), key=order.index)
    assert str(file) == __file__


def test_a_song_whose_file_is_gone_is_said():
    with pytest.raises(UserError, match="the file of 'Song 1' is gone"):
        choice.choose(random_library(3), "song 1")


def test_a_file_from_outside_is_a_guest_with_its_tags(tmp_path):
    import mutagen.flac
    import soundfile

    file = tmp_path / "mine.flac"
    soundfile.write(file, np.random.default_rng(0).normal(scale=0.1, size=22_050), 22_050)
    tags = mutagen.flac.FLAC(file)
    tags["artist"], tags["date"] = "Somebody", "1999"
    tags.save()
    library = random_library(4)
    assert choice.choose(library, str(file)) == (file, None)
    song = choice.analyse_chosen(library, file, None)
    assert (song.row, song.is_guest, song.name, song.genre) == (4, True, "mine", None)
    assert song.library.n_own == 4
    assert song.library.columns["artist"][4] == "Somebody"
    assert song.library.columns["year"][4] == "1999"
    assert song.library.genres[4] == UNKNOWN_GENRE
    np.testing.assert_array_equal(song.library.embeddings[4], song.embedding)
    assert song.duration == 1.0
