"""Opus files whose pages are dated before their sound ends: read by FFmpeg, and only if they are whole."""

import struct
import sys

import numpy as np
import pytest
import soundfile
from clocks import processor_seconds
from signals import chords

from common import audio, ogg
from common.decoders import AudioError

RATE = 48_000
AHEAD = 488
"""Samples that FFmpeg's rounding from 44.1 kHz puts a page ahead, and the next one back."""


def crc(content: bytes) -> int:
    """Ogg's checksum bit by bit, as RFC 3533 defines it."""
    register = 0
    for byte in content:
        register ^= byte << 24
        for _ in range(8):
            register = (register << 1 ^ (0x04C11DB7 if register >> 31 else 0)) & 0xFFFFFFFF
    return register


def pages(content: bytes) -> list[bytearray]:
    starts = [place for place in range(len(content)) if content[place : place + 5] == b"OggS\0"]
    return [bytearray(content[a:b]) for a, b in zip(starts, [*starts[1:], None], strict=True)]


def dated(page: bytearray, shift: int) -> bytearray:
    (position,) = struct.unpack("<q", page[6:14])
    page[6:14] = struct.pack("<q", position + shift)
    page[22:26] = bytes(4)
    page[22:26] = crc(page).to_bytes(4, "little")
    return page


@pytest.fixture
def kept(tmp_path):
    path = tmp_path / "kept.opus"
    soundfile.write(path, np.tile(chords(2.0), 8), RATE, format="OGG", subtype="OPUS")
    return path


@pytest.fixture
def back(kept, tmp_path):
    parts = pages(kept.read_bytes())
    assert len(parts) > 6
    dated(parts[4], AHEAD)
    path = tmp_path / "back.opus"
    path.write_bytes(b"".join(parts))
    return path


def runs_back(path):
    with path.open("rb") as file:
        return ogg.runs_back(file)


def test_a_file_that_keeps_time_does_not_run_back_and_one_that_does_is_told(kept, back):
    assert [runs_back(kept), runs_back(back)] == [False, True]


def test_a_file_that_libsndfile_refuses_for_its_dates_is_read_by_ffmpeg(kept, back):
    pytest.importorskip("av")
    with pytest.raises(soundfile.LibsndfileError):
        soundfile.read(back)
    found, expected = audio.load(back), audio.load(kept)
    assert (found.sample_rate, found.channels, found.duration) == (RATE, 1, expected.duration)
    np.testing.assert_allclose(found.samples, expected.samples, atol=0.02)
    assert np.sqrt(np.mean((found.samples - expected.samples) ** 2)) < 1e-4
    np.testing.assert_array_equal(audio.load(back).samples, found.samples)


def test_the_middle_of_such_a_file_is_that_of_the_whole(back):
    pytest.importorskip("av")
    with audio.decode(back) as (*_, whole), audio.decode(back, start=2) as (*_, later):
        np.testing.assert_array_equal(np.concatenate([*later]), np.concatenate([*whole])[2 * RATE :])


def test_without_ffmpeg_the_way_out_is_named(back, kept, monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(AudioError, match=r"dated .* run: pip install -r requirements-formats.txt") as caught:
        audio.load(back)
    assert caught.value.kind == "unsupported"
    assert audio.load(kept).channels == 1


def test_one_that_is_damaged_or_cut_is_refused_as_ever(back):
    parts = pages(back.read_bytes())
    flipped = [bytearray(part) for part in parts]
    flipped[3][200] ^= 1
    for wrong in (flipped, [*parts[:2], *parts[3:]], parts[:-1], [*parts[:-1], parts[-1][:100]]):
        back.write_bytes(b"".join(wrong))
        assert not runs_back(back)
        with pytest.raises(AudioError) as caught:
            audio.load(back)
        assert caught.value.kind in {"unreadable", "truncated"}


def test_a_date_that_cuts_the_last_page_is_no_step_back(kept):
    parts = pages(kept.read_bytes())
    dated(parts[-1], -2)
    kept.write_bytes(b"".join(parts))
    assert not runs_back(kept)


@pytest.mark.parametrize("content", [b"", b"OggS", b"OggS" + bytes(23), b"RIFF" * 20])
def test_what_is_no_opus_does_not_run_back(tmp_path, content):
    (tmp_path / "song.opus").write_bytes(content)
    assert not runs_back(tmp_path / "song.opus")


def test_a_packet_over_many_pages_takes_no_longer_than_others(tmp_path, monkeypatch):
    monkeypatch.setattr(ogg, "_checksum", lambda content: 0)
    pages = [(b"OpusHead", bytes([8])), *[(bytes(255 * 255), bytes([255] * 255))] * 80]
    path = tmp_path / "song.opus"
    path.write_bytes(
        b"".join(
            struct.pack("<4sBBqIIIB", b"OggS", 0, 0, -1, 7, number, 0, len(sizes)) + sizes + body
            for number, (body, sizes) in enumerate(pages)
        )
    )
    with processor_seconds(1.0):
        assert not runs_back(path)
