"""One file never takes the run down: not its tags, not its length, not what it is."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import mutagen.id3
import numpy as np
import pytest
import soundfile
from clocks import processor_seconds
from faults import hostile
from hypothesis import given, settings
from hypothesis import strategies as st
from signals import RATE, chords

from common import audio, decoders, tags
from common.budget import Budget, OutgrownError
from common.decoders import AudioError
from common.paths import PROJECT
from common.song import analyse, take_stamp

HEADS = [
    b"",
    b"ID3\x04\0\0",
    b"ID3\x03\0\x80",
    b"fLaC",
    b"OggS",
    b"RIFF\xff\0\0\0WAVE",
    b"FORM\0\0\0\xffAIFF",
    b"\0\0\0\x20ftypM4A ",
]
"""How files of the formats begin."""

MEASURE = """
import resource, sys
from pathlib import Path
from common import tags
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
found = tags.read_header(Path(sys.argv[1])).tags
added = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
print(found.title, added // 1024, sep="|")
"""
"""Reads tags in a process of its own, and tells how many MB that added."""


def read_apart(path: Path) -> tuple[str, int]:
    command = [sys.executable, "-c", MEASURE, str(path)]
    out = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True, timeout=60).stdout
    title, added = out.strip().split("|")
    return title, int(added)


@pytest.mark.parametrize("name", hostile.HOSTILE_TAGS)
def test_tags_are_read_as_far_as_they_make_sense(tmp_path, name):
    path = tmp_path / "song.mp3"
    path.write_bytes(hostile.HOSTILE_TAGS[name]() + hostile.mp3(tmp_path / "plain.mp3"))
    with processor_seconds(tags.TAG_SECONDS + 3):
        assert tags.read_header(path).tags.title == "Fair title"
    assert audio.load(path).duration == pytest.approx(4.0, abs=0.1)


@pytest.mark.parametrize("name", ["a picture that inflates", "a title that inflates"])
def test_what_inflates_stays_packed(tmp_path, name):
    path = tmp_path / "song.mp3"
    path.write_bytes(hostile.HOSTILE_TAGS[name]() + hostile.mp3(tmp_path / "plain.mp3"))
    title, added = read_apart(path)
    assert title == "Fair title"
    assert added < 50


def test_comments_without_end_are_given_up(tmp_path):
    path = tmp_path / "song.flac"
    path.write_bytes(hostile.vorbis_comments(2_000_000))
    with processor_seconds(tags.TAG_SECONDS + 3):
        assert tags.read_header(path).tags == tags.Tags()


@given(
    values=st.lists(
        st.tuples(
            st.sampled_from(["TIT2", "TPE1", "TALB", "TCON"]),
            st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=20),
        ),
        max_size=4,
        unique_by=lambda pair: pair[0],
    ),
    version=st.sampled_from([3, 4]),
    encoding=st.sampled_from([1, 3]),
)
@settings(max_examples=60)
def test_thinned_tags_say_what_mutagen_reads(tmp_path_factory, values, version, encoding):
    path = tmp_path_factory.mktemp("tags") / "song.mp3"
    whole = mutagen.id3.ID3()
    for name, value in values:
        whole.add(getattr(mutagen.id3, name)(encoding=encoding, text=[value]))
    whole.add(mutagen.id3.APIC(encoding=0, mime="image/png", type=3, desc="", data=b"\xff\xe0\0" * 500))
    path.write_bytes(b"")
    whole.save(path, v2_version=version)
    read = mutagen.id3.ID3(path)
    found = tags.read_header(path).tags
    for name, key in (("TIT2", "title"), ("TPE1", "artist"), ("TALB", "album")):
        expected = str(read[name].text[0]).strip() if name in read else ""
        assert (getattr(found, key) or "") == expected


@given(
    content=st.binary(max_size=400),
    head=st.sampled_from(HEADS),
    suffix=st.sampled_from(sorted(decoders.SNDFILE_SUFFIXES | decoders.AV_SUFFIXES)),
)
@settings(max_examples=300)
def test_no_bytes_make_the_tag_reader_raise(tmp_path_factory, content, head, suffix):
    path = tmp_path_factory.mktemp("bytes") / f"song{suffix}"
    path.write_bytes(head + content)
    header = tags.read_header(path)
    assert isinstance(header.tags, tags.Tags)
    assert header.estimated >= header.declared >= 0


@pytest.mark.skipif(os.name == "nt", reason="Windows has neither pipes nor devices in folders")
def test_what_is_no_file_is_skipped_at_once(tmp_path):
    with hostile.not_files(tmp_path) as paths:
        assert len(paths) == 5
        for path in paths:
            for read in (take_stamp, audio.load, analyse):
                with pytest.raises(AudioError, match="no regular file") as caught:
                    read(path)
                assert caught.value.of_system
            with pytest.raises(OSError, match="no regular file"):
                tags.read_header(path)


def test_a_day_of_sound_is_too_large_before_it_is_decoded(tmp_path):
    path = hostile.flac_that_claims(tmp_path / "song.flac", 7.0)
    told = r"7:00:00 of sound in its header; a song is 6:00:00 at most"
    with processor_seconds(5), pytest.raises(AudioError, match=told) as caught:
        audio.load(path)
    assert caught.value.kind == "too_large"


def test_sound_that_no_header_announces_is_counted(tmp_path, monkeypatch):
    path = tmp_path / "song.mp3"
    path.write_bytes(hostile.mp3(tmp_path / "plain.mp3", 30.0))
    monkeypatch.setattr(audio, "MAX_DURATION", 20.0)
    with pytest.raises(AudioError) as caught:
        audio.load(path)
    assert caught.value.kind == "too_large"


def test_a_decoder_that_takes_too_long_is_stopped(tmp_path, monkeypatch):
    path = tmp_path / "song.wav"
    soundfile.write(path, chords(30.0), RATE)
    monkeypatch.setattr(audio, "DECODE_SECONDS", -1.0)
    with pytest.raises(AudioError) as caught:
        audio.load(path)
    assert caught.value.kind == "too_slow"


@pytest.mark.slow
def test_a_thousand_channels_are_decoded_in_small_blocks(tmp_path):
    path = tmp_path / "many.wav"
    soundfile.write(path, np.repeat(chords(2.0)[:, None] * 0.5, 1_000, axis=1), RATE, subtype="PCM_16")
    assert audio.load(path).channels == 1_000


def test_songs_in_work_share_the_memory():
    budget, most, now, lock = Budget(100), 0, 0, threading.Lock()

    def work(size: int) -> None:
        nonlocal most, now
        with budget.claim(size):
            with lock:
                now += size
                most = max(most, now)
            time.sleep(0.01)
            with lock:
                now -= size

    threads = [threading.Thread(target=work, args=(size,)) for size in [60, 30, 100, 50, 10, 70] * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert 60 <= most <= 100
    assert now == 0


def test_claims_that_all_want_to_grow_do_not_wait_for_each_other():
    budget = Budget(100)
    with budget.claim(60) as one, budget.claim(40) as other:
        one.resize(60)
        grown: list[str] = []

        def grow() -> None:
            one.resize(80)
            grown.append("grown")

        thread = threading.Thread(target=grow)
        thread.start()
        time.sleep(0.3)  # the other thread is waiting by now
        with pytest.raises(OutgrownError):
            other.resize(50)
        other.resize(10)
        thread.join(20)
    assert grown == ["grown"]


def test_waiting_for_memory_can_be_stopped():
    class StopError(Exception):
        pass

    def stop() -> None:
        raise StopError

    budget = Budget(100)
    with budget.claim(100), pytest.raises(StopError), budget.claim(1, stop):
        pass
    with budget.claim(100):
        pass


@pytest.mark.parametrize("code", ["ENOENT", "EIO", "EACCES", "ENOMEM", "EMFILE"])
def test_errors_of_the_system_say_nothing_about_a_file(tmp_path, monkeypatch, code):
    import errno

    path = tmp_path / "song.wav"
    soundfile.write(path, chords(2.0), RATE)

    def fail(*_: object, **__: object) -> None:
        raise OSError(getattr(errno, code), os.strerror(getattr(errno, code)), str(path))

    monkeypatch.setattr(soundfile, "SoundFile", fail)
    with pytest.raises(AudioError) as caught:
        audio.load(path)
    assert caught.value.of_system
