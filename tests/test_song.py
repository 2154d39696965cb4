"""One file analysed: what is kept of it, and what happens if it changes meanwhile."""

import hashlib
import os

import mutagen
import numpy as np
import pytest
import soundfile
import soxr
from signals import chords
from small_songs import write

from common import audio, features, song
from common.console import UserError
from common.decoders import AudioError
from common.layout import SAMPLE_RATE
from common.library import COLUMNS, READING_COLUMNS


def test_a_song_has_the_numbers_of_its_samples_and_everything_its_file_says(tmp_path):
    path = write(tmp_path / "Someone - Something.flac", chords(2.0))
    file = mutagen.File(path, easy=True)
    said = {"artist": "Ärtist", "title": "日本", "album": "Album", "date": "1999", "genre": "Hard Trance"}
    said["bpm"] = "138.5"
    for name, value in said.items():
        file[name] = value
    file.save()
    found = song.analyse(path)
    np.testing.assert_array_equal(found.song.embedding, features.extract(audio.load(path).samples))
    facts = found.song.metadata("TRANCE")
    assert {name: facts[name] for name in COLUMNS if name not in READING_COLUMNS} == {
        "song_name": "Someone - Something",
        "file_path": str(path),
        "genre": "TRANCE",
        "duration": 2.0,
        "artist": "Ärtist",
        "title": "日本",
        "album": "Album",
        "year": "1999",
        "tag_genre": "Hard Trance",
        "tag_bpm": 138.5,
        "sample_rate": 22_050,
        "channels": 1,
    }
    assert tuple(facts) == COLUMNS


def test_what_is_read_from_a_song_has_a_column_each(tmp_path):
    found = song.analyse(write(tmp_path / "song.wav", chords(2.0)))
    assert set(found.song.readings) == set(READING_COLUMNS)
    assert found.song.readings["loudness"] < 0
    assert found.song.readings["unknown"]["loudness_range"]


@pytest.mark.parametrize(
    ("text", "tempo"),
    [
        ("138", 138.0),
        (" 137,98 ", 137.98),
        ("", None),
        (None, None),
        ("fast", None),
        ("0", None),
        ("nan", None),
    ],
)
def test_a_tagged_tempo_is_a_number_that_a_song_can_have(text, tempo):
    assert song.tagged_tempo(text) == tempo


def test_a_stamp_is_what_the_system_and_the_bytes_say(tmp_path):
    path = write(tmp_path / "song.wav", chords(2.0))
    os.utime(path, ns=(1, 123_456_789_000))
    stamp = song.take_stamp(path)
    assert (stamp.path, stamp.size, stamp.mtime_ns) == (path, path.stat().st_size, 123_456_789_000)
    assert stamp.content == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("change", ["longer", "gone"])
def test_a_file_that_changes_while_it_is_read_is_no_song(tmp_path, change):
    path = write(tmp_path / "song.wav", chords(2.0))

    def interfere() -> None:
        if change == "gone":
            path.unlink(missing_ok=True)
        else:
            with path.open("ab") as file:
                file.write(b"more")

    with pytest.raises(AudioError) as caught:
        song.analyse(path, interfere)
    assert caught.value.kind == "changed"


def test_samples_that_give_no_embedding_are_a_failure_with_a_kind(tmp_path, monkeypatch):
    def refuse(*_):
        raise features.FeatureError("mfcc_mean holds NaN or infinity")

    monkeypatch.setattr(features, "describe", refuse)
    with pytest.raises(AudioError, match="mfcc_mean holds NaN") as caught:
        song.analyse(write(tmp_path / "song.wav", chords(2.0)))
    assert caught.value.kind == "invalid"


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".ogg", ".mp3"])
def test_the_middle_is_what_the_whole_has_there(tmp_path, suffix):
    path = write(tmp_path / f"long{suffix}", chords(16.0))
    whole, found = audio.load(path), song.listen(path, 5.0)
    assert (found.start, len(found.samples)) == (4, 7 * SAMPLE_RATE)
    assert found.duration == pytest.approx(whole.duration, abs=0.1)
    inner = slice(song.AROUND * SAMPLE_RATE, -song.AROUND * SAMPLE_RATE)
    there = whole.samples[4 * SAMPLE_RATE : 11 * SAMPLE_RATE]
    np.testing.assert_allclose(found.samples[inner], there[inner], atol=1e-5)


def test_the_middle_of_another_rate_is_resampled_as_in_the_whole(tmp_path):
    path = tmp_path / "long.flac"
    soundfile.write(path, soxr.resample(chords(16.0), SAMPLE_RATE, 48_000), 48_000)
    whole, found = audio.load(path).samples[4 * SAMPLE_RATE :], song.listen(path, 5.0).samples
    inner = slice(song.AROUND * SAMPLE_RATE, -song.AROUND * SAMPLE_RATE)
    np.testing.assert_allclose(found[inner], whole[: len(found)][inner], atol=1e-5)


def test_all_is_heard_of_what_is_short(tmp_path):
    found = song.listen(write(tmp_path / "song.wav", chords(6.9)), 5.0)
    assert (found.start, len(found.samples) / SAMPLE_RATE, found.duration) == (0, 6.9, 6.9)


def test_all_is_heard_of_what_is_silent_in_its_middle(tmp_path):
    samples = chords(16.0)
    samples[3 * SAMPLE_RATE : 13 * SAMPLE_RATE] = 0
    found = song.listen(write(tmp_path / "song.wav", samples), 5.0)
    np.testing.assert_allclose(found.samples, samples, atol=1e-4)  # 16 bits
    assert (found.start, found.duration) == (0, 16.0)


def test_of_what_ends_before_its_middle_the_whole_is_judged(tmp_path):
    path = write(tmp_path / "song.mp3", chords(16.0))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 3])
    with pytest.raises(AudioError) as caught:
        song.listen(path, 5.0)
    assert caught.value.kind == "truncated"


def test_what_keeps_a_file_from_being_heard_is_one_line_with_its_path(tmp_path):
    silence = write(tmp_path / "silence.wav", np.zeros(SAMPLE_RATE))
    missing = tmp_path / "missing.wav"
    for path, told in (
        (silence, f"{silence}: every sample is zero"),
        (missing, f"there is no file {missing}"),
        (tmp_path, f"{tmp_path}: no regular file but a folder"),
    ):
        with pytest.raises(UserError) as caught, song.heard_or_told(path):
            song.analyse(path)
        assert str(caught.value) == told
