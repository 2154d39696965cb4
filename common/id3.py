"""ID3 tags, thinned out: the few frames that are wanted, none of them compressed, for mutagen to read.

Conventions
-----------
A tag may hold pictures, chapters within chapters and a hundred thousand private frames, and a frame may
inflate to a thousand times its size. Here frames are walked over without being read, and what is wanted is
inflated to `FRAME_BYTES` at most. Sources: https://id3.org/id3v2-00, https://id3.org/id3v2.3.0,
https://id3.org/id3v2.4.0-structure.
"""

from __future__ import annotations

import io
import re
import struct
import zlib
from collections.abc import Iterator
from typing import Protocol

MOST_BYTES = 32 << 20
"""Bytes of a tag that are looked at."""

FRAME_BYTES = 1 << 16
"""Bytes of an ID3 frame that is believed to be a name; what is longer is passed over."""

MOST_FRAMES, MOST_CHUNKS = 10_000, 10_000
"""Frames of an ID3 tag, and chunks of a WAV or AIFF file, that are looked at."""


class Readable(Protocol):
    """A file as far as it is needed here."""

    def read(self, size: int = -1, /) -> bytes: ...

    def seek(self, offset: int, whence: int = 0, /) -> int: ...

    def tell(self) -> int: ...


_WANTED_FRAMES = frozenset(
    {b"TPE1", b"TIT2", b"TALB", b"TDRC", b"TYER", b"TDAT", b"TIME", b"TCON", b"TBPM"}
    | {b"TP1", b"TT2", b"TAL", b"TYE", b"TDA", b"TIM", b"TCO"}
)
"""ID3 frames behind the five names, in versions 2.3 and 2.4, and in 2.2."""


def size(head: bytes) -> int:
    """Bytes that an ID3 tag at the start takes, its header included; 0 without one."""
    return _HEADER.size + _synchsafe(head[6:10]) if head.startswith(b"ID3") else 0


_HEADER = struct.Struct(">3sBBB4s")
_UNSYNCHRONISED, _EXTENDED = 0x80, 0x40
_COMPRESSED = {3: 0x80, 4: 0x08}
_ENCRYPTED = {3: 0x40, 4: 0x04}
_FRAME_UNSYNCHRONISED, _LENGTH_STATED = 0x02, 0x01
"""Bits of the header, and of a frame's second byte of flags in versions 2.3 and 2.4."""


def _synchsafe(digits: bytes) -> int:
    """Number written with seven bits a byte."""
    number = 0
    for digit in digits:
        number = number << 7 | digit & 0x7F
    return number


def chunk(file: Readable, head: bytes) -> int | None:
    """Where the ID3 tag of a WAV or AIFF file begins; None without one."""
    order = "<" if head.startswith(b"RIFF") else ">"
    file.seek(12)
    for _ in range(MOST_CHUNKS):
        header = file.read(8)
        if len(header) < 8:
            return None
        name, size = struct.unpack(f"{order}4sI", header)
        if name.lower() == b"id3 ":
            return file.tell()
        file.seek(size + size % 2, io.SEEK_CUR)
    return None


def thin(file: Readable, start: int, with_version_1: bool) -> io.BytesIO:
    """An ID3 tag with the wanted frames of another, none of them compressed.

    Parameters
    ----------
    file
        The file, open for reading in binary, wherever it stands.
    start
        Where the tag begins.
    with_version_1
        Whether a tag of version 1 may stand at the end of the file.
    """
    file.seek(start)
    header = file.read(_HEADER.size)
    tail = _last_bytes(file, start) if with_version_1 else b""
    if len(header) < _HEADER.size or not header.startswith(b"ID3"):
        return io.BytesIO(tail)
    _, version, revision, flags, digits = _HEADER.unpack(header)
    file.seek(start + _HEADER.size)
    body = file.read(min(_synchsafe(digits), MOST_BYTES))
    if version < 4 and flags & _UNSYNCHRONISED:
        body = _synchronised(body)
    body = body[_extended_size(body, version) if flags & _EXTENDED else 0 :]
    frames = b"".join(_wanted(body, version, flags))
    length = bytes(len(frames) >> shift & 0x7F for shift in (21, 14, 7, 0))
    return io.BytesIO(_HEADER.pack(b"ID3", version, revision, 0, length) + frames + tail)


def _synchronised(content: bytes) -> bytes:
    """Take out the zeros that keep players from seeing sound in a tag; as it is if they were never put in."""
    has_zeros = re.search(rb"\xff[\xe0-\xff]|\xff\Z", content) is None
    return content.replace(b"\xff\x00", b"\xff") if has_zeros else content


def _last_bytes(file: Readable, start: int, length: int = 160) -> bytes:
    """The end of a file, where a tag of version 1 lies."""
    end = file.seek(0, io.SEEK_END)
    file.seek(max(start, end - length))
    return file.read(length)


def _extended_size(body: bytes, version: int) -> int:
    """Bytes of an extended header; 0 where a frame follows although one is announced."""
    if len(body) < 4 or body[:4].isalnum():
        return 0
    return _synchsafe(body[:4]) if version >= 4 else 4 + int.from_bytes(body[:4], "big")


def _wanted(body: bytes, version: int, flags: int) -> Iterator[bytes]:
    """The frames of a tag that are wanted, each with its header, as plain as can be."""
    if version == 2:
        for name, content, _ in _frames(body, 3, 3, False):
            if name in _WANTED_FRAMES and len(content) <= FRAME_BYTES:
                yield name + len(content).to_bytes(3, "big") + content
        return
    seven_bits = version >= 4 and _has_synchsafe_sizes(body)
    for name, content, flag in _frames(body, 4, 4, seven_bits):
        if name.rstrip(b"\0") not in _WANTED_FRAMES:
            continue
        plain = _plain(content, version, flag | (_FRAME_UNSYNCHRONISED if flags & _UNSYNCHRONISED else 0))
        if plain is not None and len(plain) <= FRAME_BYTES:
            size = len(plain)
            digits = (size >> 21, size >> 14 & 0x7F, size >> 7 & 0x7F, size & 0x7F)
            yield name + (bytes(digits) if version >= 4 else size.to_bytes(4, "big")) + b"\0\0" + plain


def _frames(body: bytes, n_name: int, n_size: int, seven_bits: bool) -> Iterator[tuple[bytes, bytes, int]]:
    """Name, content and second byte of flags of every frame until the padding."""
    n_header = n_name + n_size + (2 if n_name == 4 else 0)
    position = 0
    for _ in range(MOST_FRAMES):
        header = body[position : position + n_header]
        name, digits = header[:n_name], header[n_name : n_name + n_size]
        if len(header) < n_header or not name.strip(b"\0"):
            return
        size = _synchsafe(digits) if seven_bits else int.from_bytes(digits, "big")
        position += n_header + size
        if position > len(body):
            return
        if size:
            yield name, body[position - size : position], header[-1]


def _has_synchsafe_sizes(body: bytes) -> bool:
    """Whether the sizes of a tag of version 2.4 have seven bits a byte; iTunes wrote plain numbers."""
    names = [[_is_name(name) for name, _, _ in _frames(body, 4, 4, seven)] for seven in (True, False)]
    return sum(names[0]) >= sum(names[1])


def _is_name(name: bytes) -> bool:
    return name.isalnum() and name.isupper()


def _plain(content: bytes, version: int, flag: int) -> bytes | None:
    """A frame of version 2.3 or 2.4 as it was before it was packed; None if it cannot be unpacked."""
    stated = content[:4]
    if version >= 4:
        if flag & (_COMPRESSED[4] | _LENGTH_STATED):
            content = content[4:]
        if flag & _FRAME_UNSYNCHRONISED:
            content = _synchronised(content)
    elif flag & _COMPRESSED[3]:
        content = content[4:]
    if flag & _ENCRYPTED[min(version, 4)]:
        return None
    if not flag & _COMPRESSED[min(version, 4)]:
        return content
    # An old version of mutagen left the stated length out.
    for packed in (content, stated + content):
        try:
            return zlib.decompressobj().decompress(packed, FRAME_BYTES + 1)
        except zlib.error:
            continue
    return None
