"""Files on disk: what decodes, what does not, and what is said about it."""

import os
from pathlib import Path

import librosa
import numpy as np
import pytest
import soundfile
from signals import RATE, chords, noise

from common import audio, decoders, tags
from common.audio import Audio
from common.decoders import AudioError


def write(path: Path, samples: np.ndarray, rate: int = RATE, **options) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples, rate, **options)
    return path


def kind_of(path: Path) -> str:
    with pytest.raises(AudioError) as caught:
        audio.load(path)
    assert caught.value.kind in decoders.KINDS
    assert caught.value.reason.strip()
    assert str(caught.value) == f"{caught.value.kind}: {caught.value.reason}"
    return caught.value.kind


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".ogg", ".mp3", ".aiff", ".opus"])
def test_every_format_equals_librosa_load(tmp_path, suffix):
    stereo = np.stack([chords(3.0), noise(3.0)], axis=1)
    options = {"format": "OGG", "subtype": "OPUS"} if suffix == ".opus" else {}
    path = write(tmp_path / f"song{suffix}", stereo, 48_000, **options)
    loaded = audio.load(path)
    expected, _ = librosa.load(path)
    np.testing.assert_allclose(loaded.samples, expected, atol=1e-7)
    assert (loaded.sample_rate, loaded.channels) == (48_000, 2)
    assert loaded.duration == pytest.approx(3.0 * RATE / 48_000, abs=0.1)


@pytest.mark.parametrize("rate", [8_000, 11_025, 22_050, 44_100, 96_000])
def test_every_rate_equals_librosa_load(tmp_path, rate):
    path = write(tmp_path / "song.wav", noise(10.0), rate)
    np.testing.assert_allclose(audio.load(path).samples, librosa.load(path)[0], atol=1e-7)


@pytest.mark.parametrize("channels", [1, 2, 6, 8])
def test_all_channels_are_mixed(tmp_path, channels):
    samples = np.stack([noise(2.0, seed=k) for k in range(channels)], axis=1)
    path = write(tmp_path / "song.wav", samples, subtype="FLOAT")
    np.testing.assert_allclose(audio.load(path).samples, samples.mean(axis=1), atol=1e-6)


def test_one_loud_channel_of_many_is_heard(tmp_path):
    samples = np.zeros((RATE * 2, 8), np.float32)
    samples[:, 5] = chords(2.0)
    assert audio.load(write(tmp_path / "song.wav", samples)).samples.std() > 0.001


def test_long_files_are_decoded_in_blocks(tmp_path, monkeypatch):
    path = write(tmp_path / "song.flac", noise(4.0), 44_100)
    whole = audio.load(path).samples
    monkeypatch.setattr(decoders, "BLOCK_FRAMES", 1_000)
    np.testing.assert_array_equal(audio.load(path).samples, whole)


def test_silence_is_silent(tmp_path):
    assert kind_of(write(tmp_path / "zeros.wav", np.zeros(RATE * 3))) == "silent"
    assert kind_of(write(tmp_path / "hiss.wav", noise(3.0, 1e-5), subtype="FLOAT")) == "silent"


@pytest.mark.parametrize(("n_channels", "which"), [(2, "left and right"), (4, "the channels")])
def test_channels_that_cancel_each_other_are_said_to(tmp_path, n_channels, which):
    flipped = np.stack([chords(3.0), -chords(3.0)] * (n_channels // 2), axis=1)
    for name, hiss in (("exact.wav", 0.0), ("nearly.wav", 1e-5)):
        with pytest.raises(AudioError) as caught:
            audio.load(write(tmp_path / name, flipped + hiss * noise(3.0)[:, None], subtype="FLOAT"))
        assert caught.value.kind == "silent"
        told = f"{which} cancel each other in mono (a channel with its polarity flipped?)"
        assert caught.value.reason == told


def test_two_channels_of_silence_are_silent(tmp_path):
    with pytest.raises(AudioError, match="every sample is zero"):
        audio.load(write(tmp_path / "zeros.wav", np.zeros((RATE * 3, 2))))


@pytest.mark.parametrize(("level", "hertz"), [((6e-4, 0.0), 1000), ((0.5, 0.5), 15_000)])
def test_a_mean_that_is_silent_for_other_reasons_is_not_said_to_cancel(tmp_path, level, hertz):
    seconds = np.arange(3 * 44_100) / 44_100
    tone = np.hanning(len(seconds)) * np.sin(2 * np.pi * hertz * seconds)
    with pytest.raises(AudioError, match="nothing is louder than"):
        audio.load(write(tmp_path / "song.wav", np.outer(tone, level), 44_100, subtype="FLOAT"))


def test_quiet_music_is_music(tmp_path):
    assert audio.load(write(tmp_path / "quiet.wav", chords() * 0.01, subtype="FLOAT")).duration == 8.0


def test_empty_files(tmp_path):
    (tmp_path / "nothing.mp3").touch()
    assert kind_of(tmp_path / "nothing.mp3") == "empty"
    assert kind_of(write(tmp_path / "header.wav", np.zeros((0, 1)))) == "empty"


def test_too_short(tmp_path):
    assert kind_of(write(tmp_path / "blip.wav", noise(0.05))) == "too_short"


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_not_finite(tmp_path, bad):
    samples = noise(2.0)
    samples[12_345] = bad
    assert kind_of(write(tmp_path / "float.wav", samples, subtype="FLOAT")) == "not_finite"


@pytest.mark.parametrize("content", [b"this is a shopping list\n" * 50, bytes(range(256)) * 40, b"RIFF"])
def test_no_audio_inside(tmp_path, content):
    for name in ("list.mp3", "list.wav", "list.flac", "list.ogg"):
        (tmp_path / name).write_bytes(content)
        assert kind_of(tmp_path / name) in {"unreadable", "empty"}


@pytest.mark.parametrize("rate", [1, 100, 2_000_000_000])
def test_absurd_sample_rates_are_refused(tmp_path, rate):
    path = write(tmp_path / "song.wav", chords(2.0))
    content = bytearray(path.read_bytes())
    content[24:28] = rate.to_bytes(4, "little")
    path.write_bytes(content)
    assert kind_of(path) == "unreadable"


@pytest.mark.parametrize("suffix", [".wav", ".aiff", ".flac", ".mp3", ".ogg"])
def test_damaged_headers_give_a_reason_or_a_song(tmp_path, suffix):
    rng = np.random.default_rng(0)
    path = write(tmp_path / f"song{suffix}", chords(2.0))
    whole = path.read_bytes()
    for _ in range(40):
        content = bytearray(whole)
        for place in rng.integers(0, 200, rng.integers(1, 12)):
            content[place] = rng.integers(256)
        path.write_bytes(content)
        tags.read_header(path)
        assert reason_or_song(path)


def reason_or_song(path: Path) -> str | Audio:
    try:
        return audio.load(path)
    except AudioError as error:
        return error.reason.strip()


def test_missing_file_and_folder(tmp_path):
    assert kind_of(tmp_path / "gone.mp3") == "unreadable"
    (tmp_path / "folder.mp3").mkdir()
    assert kind_of(tmp_path / "folder.mp3") in {"unreadable", "empty"}


def test_what_the_system_says_of_a_file_that_is_decoded_at_once_is_passed_on(tmp_path):
    with (
        pytest.raises(AudioError, match=r"^unreadable: No such file or directory$") as caught,
        audio.decode(tmp_path / "gone.ogg"),
    ):
        pass
    assert caught.value.of_system


def test_forbidden_file(tmp_path, monkeypatch):
    path = write(tmp_path / "secret.wav", noise(2.0))

    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(decoders.soundfile, "SoundFile", refuse)
    assert kind_of(path) == "unreadable"


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".mp3", ".aiff", ".ogg", ".opus"])
def test_truncated_files_are_noticed(tmp_path, suffix):
    options = {"format": "OGG", "subtype": "OPUS"} if suffix == ".opus" else {}
    path = write(tmp_path / f"song{suffix}", np.tile(chords(), 4), 48_000, **options)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 3])
    assert kind_of(path) in {"truncated", "unreadable"}


def test_an_ogg_that_ends_with_a_whole_page_or_with_zeros_is_truncated_all_the_same(tmp_path):
    path = write(tmp_path / "song.ogg", np.tile(chords(), 4), 44_100)
    content = path.read_bytes()
    last = content.rindex(b"OggS")
    for cut in (content[:last], content[: last // 2] + bytes(100_000)):
        path.write_bytes(cut)
        assert kind_of(path) == "truncated"
    path.write_bytes(content + b"TAG" + bytes(125))
    assert audio.load(path).duration == pytest.approx(32 * RATE / 44_100, abs=0.1)


def test_garbage_inside_an_mp3_is_noticed(tmp_path):
    path = write(tmp_path / "song.mp3", np.tile(chords(), 4), 44_100)
    content = bytearray(path.read_bytes())
    third = len(content) // 3
    content[third : 2 * third] = np.random.default_rng(0).bytes(third)
    path.write_bytes(content)
    assert kind_of(path) in {"truncated", "unreadable", "not_finite"}


def test_a_recorder_that_never_closed_its_header_is_no_truncation(tmp_path):
    path = write(tmp_path / "song.wav", chords(), subtype="PCM_16")
    content = bytearray(path.read_bytes())
    where = content.index(b"data") + 4
    content[where : where + 4] = b"\xff\xff\xff\xff"
    path.write_bytes(content)
    assert audio.load(path).duration == pytest.approx(8.0, abs=0.01)


def test_m4a_needs_av_and_says_so(tmp_path, monkeypatch):
    path = tmp_path / "song.m4a"
    path.write_bytes(b"\0" * 100)
    monkeypatch.setitem(__import__("sys").modules, "av", None)
    with pytest.raises(AudioError, match="requirements-formats") as caught:
        audio.load(path)
    assert caught.value.kind == "unsupported"


def encode(path: Path, samples: np.ndarray, codec: str, sample_format: str) -> Path:
    av = pytest.importorskip("av")
    with av.open(os.fspath(path), "w", format="adts" if path.suffix == ".aac" else None) as container:
        stream = container.add_stream(codec, rate=44_100, layout="stereo", bit_rate=128_000)
        for start in range(0, samples.shape[1], 1024):
            part = np.ascontiguousarray(samples[:, start : start + 1024])
            frame = av.AudioFrame.from_ndarray(part, format=sample_format, layout="stereo")
            frame.rate, frame.pts = 44_100, start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def test_an_aac_stream_promises_nothing(tmp_path):
    quiet_start = noise(20.0) * np.repeat([0.0, 1.0], [RATE * 8, RATE * 12]).astype(np.float32)
    path = encode(tmp_path / "song.aac", np.stack([quiet_start, quiet_start]), "aac", "fltp")
    assert audio.load(path).duration == pytest.approx(10.0, abs=0.15)


@pytest.mark.parametrize(
    ("suffix", "codec", "sample_format"),
    [(".m4a", "aac", "fltp"), (".m4a", "alac", "s16p"), (".wma", "wmav2", "fltp")],
)
def test_ffmpeg_formats_mix_down_like_the_rest(tmp_path, suffix, codec, sample_format):
    stereo = np.stack([chords(4.0), np.zeros(RATE * 4, np.float32)])
    samples = (stereo * 32_767).astype(np.int16) if sample_format == "s16p" else stereo
    path = encode(tmp_path / f"song{suffix}", samples, codec, sample_format)
    loaded = audio.load(path)
    assert (loaded.channels, loaded.sample_rate) == (2, 44_100)
    assert loaded.duration == pytest.approx(2.0, abs=0.15)
    expected = np.sqrt(np.mean((stereo[0] / 2) ** 2))
    assert np.sqrt(np.mean(loaded.samples**2)) == pytest.approx(expected, rel=0.1)
    with audio.decode(path) as (*_, whole), audio.decode(path, start=1) as (*_, later):
        np.testing.assert_array_equal(np.concatenate([*later]), np.concatenate([*whole])[44_100:])


def test_tags(tmp_path):
    import mutagen

    path = write(tmp_path / "song.mp3", chords(2.0))
    file = mutagen.File(path, easy=True)
    file.add_tags()
    file["artist"], file["title"], file["date"] = "Ärtist", "日本 <b>", "1999"
    file.save()
    assert tags.read_header(path).tags == tags.Tags("Ärtist", "日本 <b>", None, "1999", None)


def test_tags_of_wav_are_read_too(tmp_path):
    from mutagen.id3 import TIT2
    from mutagen.wave import WAVE

    path = write(tmp_path / "song.wav", chords(2.0))
    file = WAVE(path)
    file.add_tags()
    file.tags.add(TIT2(text="Title"))
    file.save()
    assert tags.read_header(path).tags.title == "Title"


def test_broken_tags_are_no_failure(tmp_path):
    path = write(tmp_path / "song.mp3", chords(2.0))
    path.write_bytes(b"ID3\x04\x00\x00\x00\x00\x0f\x7fTIT2\xff\xff\xff\xff\x00" + path.read_bytes())
    assert tags.read_header(path).tags == tags.Tags()


def test_finding_songs(tmp_path):
    songs = [
        "b/2.MP3",
        "b/1.flac",
        "a/x/deep.ogg",
        "root.wav",
        "B/0.opus",
        "a/日本.aiff",
        "a/line\nbreak.wav",
    ]
    songs.append("a/" + "x" * 200 + ".mp3")
    others = ["b/.hidden.mp3", "b/._1.flac", ".cache/3.mp3", "b/cover.jpg"]
    for name in songs + others:
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).touch()
    (tmp_path / "a" / "loop").symlink_to(tmp_path, target_is_directory=True)
    found = [path.relative_to(tmp_path).as_posix() for path in audio.find_songs(tmp_path)]
    assert found == sorted(songs)
