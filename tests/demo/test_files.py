"""Files that carry their tags and are left alone when they are right."""

import dataclasses
import time

import numpy as np
import pytest
import soundfile
from mutagen.id3 import ID3, TIT2

from common.demo import compose, files

SONGS = compose.compose_library()


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """A folder with the first song."""
    folder = tmp_path_factory.mktemp("demo")
    return folder, files.write_library(folder, n_songs=1)


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
    once, again = (files.write_song(song, tmp_path / name) for name in "ab")
    assert once.read_bytes() == again.read_bytes()
    assert sorted(path for path in tmp_path.rglob("*") if path.is_file()) == [once, again]


def test_a_rerun_keeps_files_and_reports_them(library, monkeypatch):
    folder, paths = library
    before = [path.stat().st_mtime_ns for path in paths]
    monkeypatch.setattr(files, "render", lambda song: pytest.fail(f"{song.title} was rendered again"))
    seen = []
    assert files.write_library(folder, n_songs=1, on_song=seen.append) == paths
    assert [path.stat().st_mtime_ns for path in paths] == before
    assert sorted(seen) == sorted(paths)


def test_an_old_recipe_is_replaced_and_strangers_are_left_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "render", lambda song: np.zeros((4410, 2), dtype=np.float32))
    first = files.write_library(tmp_path, n_songs=4)
    stranger = first[0].with_name("mine.mp3")
    stranger.write_bytes(first[0].read_bytes())
    tags = ID3(stranger)
    tags.delall("TXXX")
    tags.add(TIT2(text="Mine"))
    tags.save(stranger)
    broken = first[0].with_name("broken.mp3")
    broken.write_bytes(b"no music")
    monkeypatch.setattr(files, "recipe", lambda: b"another recipe")
    old = first[0].read_bytes()
    assert files.write_library(tmp_path, n_songs=2) == first[:2]
    assert first[0].read_bytes() != old
    assert sorted(tmp_path.rglob("*.mp3")) == sorted([*first[:2], stranger, broken])


def test_the_first_failure_ends_the_writing(tmp_path, monkeypatch):
    rendered = []

    def fail(song):
        rendered.append(song)
        time.sleep(0.02)
        raise OSError("no space left")

    monkeypatch.setattr(files, "render", fail)
    with pytest.raises(OSError, match="no space"):
        files.write_library(tmp_path, n_songs=48, workers=1)
    assert len(rendered) < 48
    assert not list(tmp_path.rglob("*.mp3"))


@pytest.mark.slow
def test_one_worker_or_three_write_the_same_bytes(tmp_path):
    one, three = (files.write_library(tmp_path / str(n), n_songs=3, workers=n) for n in (1, 3))
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in three]
