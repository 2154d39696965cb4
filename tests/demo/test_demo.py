"""The demo library: scores that are music, sound that follows the score, files that are left alone."""

import dataclasses
import itertools
import time

import numpy as np
import pytest
import soundfile
from mutagen.id3 import ID3, TIT2

from common.demo import compose, synth

KRUMHANSL_KESSLER = {
    "major": (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88),
    "minor": (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17),
}
KEYS = [(tonic, mode) for mode in KRUMHANSL_KESSLER for tonic in range(12)]
SONGS = compose.compose_library()


@pytest.fixture(scope="module")
def rendered():
    """Three songs and their samples."""
    return [(song, compose.render(song)) for song in SONGS[4:7]]


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """A folder with the first song."""
    folder = tmp_path_factory.mktemp("demo")
    return folder, compose.write_library(folder, n_songs=1)


def midi_notes_of_hook(song):
    span = compose.STEPS * song.bars_per_chord
    chords = [song.progression[note.step // span] for note in song.hook]
    return [
        compose.semitones(song, note.degree, chord) for note, chord in zip(song.hook, chords, strict=True)
    ]


# --- scores ----------------------------------------------------------------------------------------


def test_composing_is_deterministic_and_prefixes_agree():
    assert compose.compose_library() == SONGS
    assert compose.compose_library(5) == SONGS[:5]


def test_another_seed_composes_other_songs():
    assert not set(compose.compose_library(48, seed=1)) & set(SONGS)


def test_a_library_has_both_genres_in_equal_parts_and_a_few_hybrids():
    for n_songs in (2, 4, 48):
        genres = [song.genre for song in compose.compose_library(n_songs)]
        assert [genres.count(genre) for genre in compose.GENRES] == [n_songs // 2] * 2
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
    low, high = compose.STYLES[song.genre].bpm
    assert low <= song.bpm <= high
    assert 0 in song.progression
    for part in song.arrangement:
        assert ("kick" in part.parts) == (part.name != "breakdown")


@pytest.mark.parametrize("song", SONGS, ids=lambda song: song.title)
def test_the_hook_stays_in_key_fills_the_loop_and_lands_on_chord_notes(song):
    scale = set(compose.SCALES[song.mode]) | ({11} if song.mode == "minor" else set())
    assert {pitch % 12 for pitch in midi_notes_of_hook(song)} <= scale
    loop = len(song.progression) * song.bars_per_chord
    assert {note.step // compose.STEPS for note in song.hook} == set(range(loop))
    for note in song.hook[:-1]:
        if note.step % 4 == 0:
            chord = song.progression[note.step // (compose.STEPS * song.bars_per_chord)]
            assert (note.degree - chord) % 7 in {0, 2, 4}
    assert song.hook[-1].degree % 7 in {0, 2, 4}


def test_every_call_bar_has_the_rhythm_of_the_first():
    for song in SONGS:
        bars = [
            [
                (note.step % compose.STEPS, note.length)
                for note in song.hook
                if note.step // compose.STEPS == bar
            ]
            for bar in range(4)
        ]
        assert bars[0] == bars[1] == bars[2]


def test_chords_move_by_small_steps():
    for song in SONGS:
        chords = compose.voicings(song)
        for chord, degree in zip(chords, song.progression, strict=True):
            assert {note % 12 for note in chord} == set(compose.triad(song, degree))
        for before, after in itertools.pairwise(chords):
            assert sum(abs(a - b) for a, b in zip(before, after, strict=True)) <= 9


def test_a_minor_key_has_its_leading_tone_over_the_dominant_only():
    song = dataclasses.replace(SONGS[0], mode="minor", tonic=9)
    assert compose.triad(song, 4) == (4, 8, 11)
    assert compose.triad(song, 6) == (7, 11, 2)


def test_genres_share_tempo_and_loudness():
    for value in (lambda song: song.bpm, lambda song: song.palette.loudness_db):
        spans = [sorted(value(s) for s in SONGS if s.genre == genre) for genre in compose.GENRES]
        assert max(span[0] for span in spans) < min(span[len(span) // 2] for span in spans)


# --- sound -----------------------------------------------------------------------------------------


def test_rendered_songs_are_clean_stereo(rendered):
    for song, samples in rendered:
        assert samples.shape == (int(song.duration * compose.SAMPLE_RATE), 2)
        assert samples.dtype == np.float32
        assert np.isfinite(samples).all()
        assert 0.3 < np.abs(samples).max() <= compose.CEILING
        assert np.abs(samples.mean(axis=0)).max() < 1e-3  # no DC
        assert np.abs(samples[[0, -1]]).max() < 1e-3  # starts and ends in silence
        left, right = samples.T
        assert 0.3 < np.corrcoef(left, right)[0, 1] < 0.999


def test_the_second_drop_is_louder_than_the_breakdown(rendered):
    for song, samples in rendered:
        starts = np.cumsum([0, *(part.bars for part in song.arrangement)]) * song.bar_seconds
        bars = [
            samples[int(start * compose.SAMPLE_RATE) :][: int(2 * compose.SAMPLE_RATE)]
            for start in starts[3:5]
        ]
        breakdown, drop = (np.sqrt(np.mean(bar**2)) for bar in bars)
        assert drop > 1.1 * breakdown


def test_tempo_and_key_can_be_heard(rendered):
    librosa = pytest.importorskip("librosa")
    tempo_hits = key_hits = 0
    for song, samples in rendered:
        mono = librosa.resample(
            samples.mean(axis=1), orig_sr=compose.SAMPLE_RATE, target_sr=22_050, res_type="polyphase"
        )
        tempo = float(np.atleast_1d(librosa.beat.beat_track(y=mono, sr=22_050)[0])[0])
        tempo_hits += min(abs(tempo * times / song.bpm - 1.0) for times in (0.5, 1.0, 2.0)) < 0.04
        key_hits += heard_key(librosa.feature.chroma_cqt(y=mono[: 30 * 22_050], sr=22_050)) == (
            song.tonic,
            song.mode,
        )
    assert tempo_hits >= 2
    assert key_hits >= 2


def heard_key(chroma):
    mean = chroma.mean(axis=1)
    return max(KEYS, key=lambda key: np.corrcoef(np.roll(KRUMHANSL_KESSLER[key[1]], key[0]), mean)[0, 1])


# --- instruments -----------------------------------------------------------------------------------


@pytest.mark.parametrize("wave", ["saw", "square", "pulse", "triangle", "organ"])
def test_an_oscillator_plays_its_pitch_and_nothing_above_the_limit(wave):
    cycle = synth.single_cycle(wave, 1000.0, 20_000.0)
    sound = synth.read_cycles(cycle[np.newaxis], 1000.0, compose.SAMPLE_RATE, 0.25)[0]
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(sound.size)))
    assert np.argmax(spectrum) == 1000
    assert spectrum[int(synth.HIGHEST_PARTIAL) + 100 :].max() < 1e-3 * spectrum.max()


def test_an_unknown_wave_is_refused():
    with pytest.raises(ValueError, match="theremin"):
        synth.harmonics("theremin", 4)


def test_a_supersaw_sounds_its_chord():
    chord = synth.supersaw([220.0, 330.0], 2.0, 400.0, 10.0, np.random.default_rng(0))
    spectrum = np.abs(np.fft.rfft(chord.mean(axis=0), compose.SAMPLE_RATE))
    assert spectrum[215:226].max() > 20 * spectrum[250:300].max()
    assert spectrum[322:339].max() > 20 * spectrum[250:300].max()
    assert np.sqrt(np.mean(chord**2)) == pytest.approx(0.25, rel=1e-3)


@pytest.mark.parametrize("n", [4000, 4001])
def test_half_the_rate_and_back_keeps_what_a_room_needs(n):
    sound = np.sin(2.0 * np.pi * 1000.0 * np.arange(n) / compose.SAMPLE_RATE).astype(np.float32)
    back = synth.double_rate(synth.halve_rate(sound)[np.newaxis])[0, :n]
    np.testing.assert_allclose(back[20:-20], sound[20:-20], atol=1e-3)


def test_a_room_rings_on_after_the_sound():
    send = np.zeros(compose.SAMPLE_RATE, dtype=np.float32)
    send[1000] = 1.0
    wet = synth.reverberate(send, synth.reverb_impulse(0.8, 3.0, np.random.default_rng(0)))
    assert wet.shape == (2, compose.SAMPLE_RATE)
    energy = [np.sum(wet[:, start : start + 8000] ** 2) for start in (1000, 9000, 17_000, 25_000)]
    assert energy == sorted(energy, reverse=True)
    assert np.abs(wet[:, :1000]).max() < 1e-4


def test_echoes_swap_sides():
    sound = np.zeros((2, 100), dtype=np.float32)
    sound[0, 0] = 1.0
    echoed = synth.ping_pong(sound, 30, 0.5)
    assert (echoed[0, 0], echoed[1, 30], echoed[0, 60], echoed[1, 90]) == (1.0, 0.5, 0.25, 0.125)
    assert echoed.sum() == 1.875


# --- files -----------------------------------------------------------------------------------------


def test_files_lie_in_genre_folders_and_carry_their_tags(library):
    folder, paths = library
    for song, path in zip(SONGS, paths, strict=False):
        assert path == folder / song.genre / f"{song.artist} - {song.title}.mp3"
        tags = ID3(path)
        names = [str(tags[frame]) for frame in ("TPE1", "TIT2", "TALB", "TDRC", "TCON")]
        assert names == [song.artist, song.title, song.album, str(song.year), song.genre.capitalize()]
        info = soundfile.info(path)
        assert (info.samplerate, info.channels, info.format) == (44_100, 2, "MP3")
        # without a table of contents a reader estimates the length from the first frame
        assert info.duration == pytest.approx(song.duration, abs=0.5)


def test_the_same_song_is_the_same_bytes_and_leaves_nothing_else(tmp_path):
    song = dataclasses.replace(SONGS[1], arrangement=SONGS[1].arrangement[1:3])
    once, again = (compose.write_song(song, tmp_path / name) for name in "ab")
    assert once.read_bytes() == again.read_bytes()
    assert sorted(path for path in tmp_path.rglob("*") if path.is_file()) == [once, again]


def test_a_rerun_keeps_files_and_reports_them(library, monkeypatch):
    folder, paths = library
    before = [path.stat().st_mtime_ns for path in paths]
    monkeypatch.setattr(compose, "render", lambda song: pytest.fail(f"{song.title} was rendered again"))
    seen = []
    assert compose.write_library(folder, n_songs=1, on_song=seen.append) == paths
    assert [path.stat().st_mtime_ns for path in paths] == before
    assert sorted(seen) == sorted(paths)


def test_an_old_recipe_is_replaced_and_strangers_are_left_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(compose, "render", lambda song: np.zeros((4410, 2), dtype=np.float32))
    first = compose.write_library(tmp_path, n_songs=4)
    stranger = first[0].with_name("mine.mp3")
    stranger.write_bytes(first[0].read_bytes())
    tags = ID3(stranger)
    tags.delall("TXXX")
    tags.add(TIT2(text="Mine"))
    tags.save(stranger)
    broken = first[0].with_name("broken.mp3")
    broken.write_bytes(b"no music")
    monkeypatch.setattr(compose, "recipe", lambda: b"another recipe")
    old = first[0].read_bytes()
    assert compose.write_library(tmp_path, n_songs=2) == first[:2]
    assert first[0].read_bytes() != old
    assert sorted(tmp_path.rglob("*.mp3")) == sorted([*first[:2], stranger, broken])


def test_the_first_failure_ends_the_writing(tmp_path, monkeypatch):
    rendered = []

    def fail(song):
        rendered.append(song)
        time.sleep(0.02)
        raise OSError("no space left")

    monkeypatch.setattr(compose, "render", fail)
    with pytest.raises(OSError, match="no space"):
        compose.write_library(tmp_path, n_songs=48, workers=1)
    assert len(rendered) < 48
    assert not list(tmp_path.rglob("*.mp3"))


@pytest.mark.slow
def test_one_worker_or_three_write_the_same_bytes(tmp_path):
    one, three = (compose.write_library(tmp_path / str(n), n_songs=3, workers=n) for n in (1, 3))
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in three]
