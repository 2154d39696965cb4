"""Scores that are music."""

import dataclasses
import itertools

import pytest

from common.demo import compose, score, styles

SONGS = compose.compose_library()


def midi_notes_of_hook(song):
    span = score.STEPS * song.bars_per_chord
    chords = [song.progression[note.step // span] for note in song.hook]
    return [score.semitones(song, note.degree, chord) for note, chord in zip(song.hook, chords, strict=True)]


def test_composing_is_deterministic_and_prefixes_agree():
    assert compose.compose_library() == SONGS
    assert compose.compose_library(5) == SONGS[:5]


def test_another_seed_composes_other_songs():
    assert not set(compose.compose_library(48, seed=1)) & set(SONGS)


def test_a_library_has_both_genres_in_equal_parts_and_a_few_hybrids():
    for n_songs in (2, 4, 48):
        genres = [song.genre for song in compose.compose_library(n_songs)]
        assert [genres.count(genre) for genre in score.GENRES] == [n_songs // 2] * 2
    assert sum(song.hybrid for song in SONGS) == 6


def test_file_names_are_unique_and_plain():
    for songs in (SONGS, compose.compose_library(200)):
        assert len({song.file_name for song in songs}) == len({song.title for song in songs}) == len(songs)
    assert all(song.file_name.isascii() and not set(song.file_name) & set('<>:"/\\|?*') for song in SONGS)


def test_an_artist_has_four_songs_of_one_genre():
    songs = {artist: [s for s in SONGS if s.artist == artist] for artist in {s.artist for s in SONGS}}
    assert len(songs) == 12
    for of_artist in songs.values():
        assert len(of_artist) == 4
        assert len({song.genre for song in of_artist}) == 1
        assert len({(song.album, song.track) for song in of_artist}) == 4
        assert all(len({s.year for s in of_artist if s.album == song.album}) == 1 for song in of_artist)


@pytest.mark.parametrize("n_songs", [0, -1, 201])
def test_a_library_of_no_or_too_many_songs_is_refused(n_songs):
    with pytest.raises(ValueError, match="1 to 200"):
        compose.compose_library(n_songs)


@pytest.mark.parametrize("song", SONGS, ids=lambda song: song.title)
def test_a_score_is_a_song(song):
    names = [part.name for part in song.arrangement]
    assert names == ["intro", "build", "drop", "breakdown", "drop", "outro"]
    assert 60.0 <= song.duration <= 90.0
    low, high = styles.STYLES[song.genre].bpm
    assert low <= song.bpm <= high
    assert 0 in song.progression
    for part in song.arrangement:
        assert ("kick" in part.parts) == (part.name != "breakdown")


@pytest.mark.parametrize("song", SONGS, ids=lambda song: song.title)
def test_the_hook_stays_in_key_fills_the_loop_and_lands_on_chord_notes(song):
    scale = set(score.SCALES[song.mode]) | ({11} if song.mode == "minor" else set())
    assert {pitch % 12 for pitch in midi_notes_of_hook(song)} <= scale
    loop = len(song.progression) * song.bars_per_chord
    assert {note.step // score.STEPS for note in song.hook} == set(range(loop))
    for note in song.hook[:-1]:
        if note.step % 4 == 0:
            chord = song.progression[note.step // (score.STEPS * song.bars_per_chord)]
            assert (note.degree - chord) % 7 in {0, 2, 4}
    assert song.hook[-1].degree % 7 in {0, 2, 4}


def test_every_call_bar_has_the_rhythm_of_the_first():
    for song in SONGS:
        bars = [
            [(note.step % score.STEPS, note.length) for note in song.hook if note.step // score.STEPS == bar]
            for bar in range(4)
        ]
        assert bars[0] == bars[1] == bars[2]


def test_chords_move_by_small_steps():
    for song in SONGS:
        chords = score.voicings(song)
        for chord, degree in zip(chords, song.progression, strict=True):
            assert {note % 12 for note in chord} == set(score.triad(song, degree))
        for before, after in itertools.pairwise(chords):
            assert sum(abs(a - b) for a, b in zip(before, after, strict=True)) <= 9


def test_a_minor_key_has_its_leading_tone_over_the_dominant_only():
    song = dataclasses.replace(SONGS[0], mode="minor", tonic=9)
    assert score.triad(song, 4) == (4, 8, 11)
    assert score.triad(song, 6) == (7, 11, 2)


def test_genres_share_tempo_and_loudness():
    for value in (lambda song: song.bpm, lambda song: song.palette.loudness_db):
        spans = [sorted(value(s) for s in SONGS if s.genre == genre) for genre in score.GENRES]
        assert max(span[0] for span in spans) < min(span[len(span) // 2] for span in spans)
