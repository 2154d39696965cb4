"""What an audio file says about itself: artist, title, album, year, genre, and where it should end.

Conventions
-----------
Files come from strangers. Whatever is wrong with their tags, they are read as far as they make sense or
count as absent, within `TAG_BYTES` of reading and `TAG_SECONDS` of processor time. ID3 tags are thinned out
before mutagen sees them (`common.id3`).
"""

from __future__ import annotations

import os
import struct
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, BinaryIO

import mutagen
import mutagen.aac
import mutagen.aiff
import mutagen.asf
import mutagen.flac
import mutagen.mp3
import mutagen.oggflac
import mutagen.oggopus
import mutagen.oggspeex
import mutagen.oggvorbis
import mutagen.wave
from mutagen.easyid3 import EasyID3
from mutagen.easymp4 import EasyMP4

from common import id3, ogg
from common.files import open_regular

TAG_BYTES = 64 << 20
"""Bytes of a file that are read for its tags at most; pictures in FLAC and Ogg count, in ID3 they don't."""

TAG_SECONDS = 1.0
"""Processor time that reading the tags of a file may take; an ordinary one takes some milliseconds."""


@dataclass(frozen=True)
class Tags:
    """What a file says about itself; None where it says nothing."""

    artist: str | None = None
    title: str | None = None
    album: str | None = None
    year: str | None = None
    genre: str | None = None
    bpm: str | None = None


_TAG_NAMES = {
    "artist": ("artist", "Author"),
    "title": ("title", "Title"),
    "album": ("album", "WM/AlbumTitle"),
    "year": ("date", "year", "WM/Year"),
    "genre": ("genre", "WM/Genre"),
    "bpm": ("bpm", "WM/BeatsPerMinute"),
}
"""Our name -> the names mutagen uses: easy ID3, Vorbis and MP4; ASF."""

_BROKEN = (
    mutagen.MutagenError,
    OSError,
    EOFError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    AssertionError,
    RuntimeError,
    MemoryError,
    struct.error,
    zlib.error,
)
"""What mutagen has been seen to raise on damaged and hostile files, RecursionError among the rest."""


class _OutOfTimeError(BaseException):
    """Reading tags took too long; no ``Exception``, so that no reader takes it for a broken value."""


@dataclass(frozen=True)
class Header:
    """What there is to know of a file before it is decoded.

    Attributes
    ----------
    n_bytes
        The size of the file.
    tags
        What it says about itself; broken tags are as good as none.
    declared
        The seconds of sound that it promises, 0 where it promises nothing that can be trusted.
    estimated
        The seconds of sound that it seems to hold, be it a guess from its first frame; 0 if there is not even
        that.
    breaks_off
        Whether it is an Ogg stream without the page that ends it.
    constant_rate
        Bits per second of an MP3 whose rate does not change; 0 for every other file.
    """

    n_bytes: int
    tags: Tags
    declared: float
    estimated: float
    breaks_off: bool
    constant_rate: int


def read_header(path: Path) -> Header:
    """Look into a file once, for everything that can be known of it without decoding.

    Parameters
    ----------
    path
        The audio file whose header is read.

    Raises
    ------
    OSError
        If it cannot be opened, or is no regular file.
    """
    with open_regular(path) as opened:
        n_bytes = os.fstat(opened.fileno()).st_size
        if _has_id3(opened, path):
            info, tags = _read(opened, path, _id3_stream_info), _read(opened, path, _id3_tags)
        else:
            info, tags = _read(opened, path, _others) or (None, None)
        breaks_off = bool(_read(opened, path, _breaks_off))
    seconds = _length(info)
    declared = 0.0 if _is_estimate(info) else seconds
    return Header(n_bytes, tags or Tags(), declared, seconds, breaks_off, _constant_rate(info))


def _constant_rate(info: object) -> int:
    """Bits per second of an MP3; without a header of its own it is taken to be constant, as players do."""
    if not isinstance(info, mutagen.mp3.MPEGInfo):
        return 0
    constant = (mutagen.mp3.BitrateMode.CBR, mutagen.mp3.BitrateMode.UNKNOWN)
    return int(info.bitrate) if info.bitrate_mode in constant else 0


def _has_id3(opened: BinaryIO, path: Path) -> bool:
    try:
        file = _Metered(opened, path)
        head = _head(file)
    except OSError:
        return False
    return _is_mp3(file, head) or head.startswith((b"RIFF", b"FORM"))


def _length(info: object) -> float:
    length = getattr(info, "length", 0.0)
    return float(length) if isinstance(length, int | float) and 0 < length < float("inf") else 0.0


def _is_estimate(info: object) -> bool:
    """Whether a length is guessed from the first frames, or a WAV header left open by a recorder."""
    if isinstance(info, mutagen.aac.AACInfo):
        return True
    mode = getattr(info, "bitrate_mode", None)
    if mode is not None:
        return mode == mutagen.mp3.BitrateMode.UNKNOWN
    n_bytes = _length(info) * getattr(info, "bitrate", 0) / 8
    return n_bytes >= 2**31 - 1


# ---------------------------------------------------------------------------------- within bounds


class _Metered:
    """A file that is read until `TAG_BYTES` have come out of it.

    mutagen asks for ``read``, ``seek``, ``tell`` and ``name`` and for nothing else.
    """

    def __init__(self, file: BinaryIO, path: Path) -> None:
        self._file, self._left, self.name = file, TAG_BYTES, path.name
        self.seek, self.tell = file.seek, file.tell

    def read(self, size: int = -1) -> bytes:
        content = self._file.read(size if 0 <= size <= self._left else self._left + 1)
        self._left -= len(content)
        if self._left < 0:
            raise EOFError("more bytes than tags need")
        return content


@contextmanager
def _limited_time() -> Iterator[None]:
    """End the block with `_OutOfTimeError` once this thread has worked on it for `TAG_SECONDS`.

    mutagen is written in Python: it can be stopped at every call it makes. That is what the interpreter's
    hook for profilers sees, in this thread alone.
    """
    end, before = time.thread_time() + TAG_SECONDS, sys.getprofile()

    def look(frame: object, event: str, argument: object) -> None:
        if time.thread_time() > end:
            raise _OutOfTimeError

    sys.setprofile(look)
    try:
        yield
    finally:
        sys.setprofile(before)


def _read(opened: BinaryIO, path: Path, what: Callable[[Any, bytes], Any]) -> Any:
    """Call one of the readers below; None if it is stopped or fails."""
    try:
        opened.seek(0)
        with _limited_time():
            file = _Metered(opened, path)
            return what(file, _head(file))
    except (*_BROKEN, _OutOfTimeError):
        return None


def _head(file: _Metered) -> bytes:
    head = file.read(128)
    file.seek(0)
    return head


# ---------------------------------------------------------------------------------- kinds of files


def _is_mp3(file: _Metered, head: bytes) -> bool:
    """Whether a file is an MP3, or another with its tags in front; FLAC with ID3 in front is FLAC."""
    if head.startswith((b"ID3", b"\xff\xf2", b"\xff\xf3", b"\xff\xfa", b"\xff\xfb")):
        return not file.name.lower().endswith(".flac")
    return file.name.lower().endswith(".mp3") and not head.startswith((b"fLaC", b"OggS", b"RIFF", b"FORM"))


_OTHERS = (
    mutagen.flac.FLAC,
    mutagen.oggvorbis.OggVorbis,
    mutagen.oggopus.OggOpus,
    mutagen.oggflac.OggFLAC,
    mutagen.oggspeex.OggSpeex,
    mutagen.asf.ASF,
    mutagen.aac.AAC,
    EasyMP4,
)
"""Formats with tags that are not ID3."""


def _id3_tags(file: _Metered, head: bytes) -> Tags:
    if _is_mp3(file, head):
        return _named(EasyID3(id3.thin(file, 0, with_version_1=True)))
    where = id3.chunk(file, head)
    return Tags() if where is None else _named(EasyID3(id3.thin(file, where, with_version_1=False)))


def _id3_stream_info(file: _Metered, head: bytes) -> object:
    """What mutagen knows of the sound."""
    if _is_mp3(file, head):
        return mutagen.mp3.MPEGInfo(file, id3.size(head))
    return mutagen.wave.WaveStreamInfo(file) if head.startswith(b"RIFF") else mutagen.aiff.AIFFInfo(file)


def _others(file: _Metered, head: bytes) -> tuple[object, Tags] | None:
    """What mutagen knows of the sound, and the tags, of a format without ID3; None if it knows nothing."""
    opened = mutagen.File(file, options=_OTHERS)
    if opened is None:
        return None
    try:
        return opened.info, _named(opened.tags or {})
    except _BROKEN:
        return opened.info, Tags()


def _breaks_off(file: _Metered, head: bytes) -> bool:
    """Whether it is an Ogg stream without the page that ends it."""
    return head.startswith(b"OggS") and ogg.breaks_off(file)


def _named(found: Any) -> Tags:
    return Tags(**{field.name: _first(found, _TAG_NAMES[field.name]) for field in fields(Tags)})


def _first(tags: Any, names: tuple[str, ...]) -> str | None:
    """First value of the first of several tags that is there, as stripped text."""
    for name in names:
        values = tags.get(name) if name in tags else None
        value = values[0] if isinstance(values, list) and values else values
        text = str(value).strip() if value is not None else ""
        if text:
            return text
    return None
