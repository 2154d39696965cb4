"""Pages of Ogg files (RFC 3533): whether they end, and whether those of Opus keep time (RFC 7845)."""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

LONGEST_PAGE = 65_307
"""Most bytes of a page, and so of a file's end in which a page has to begin."""

_HEADER = struct.Struct("<4sBBqIIIB")
"""Capture pattern, version, flags, position, serial number, page number, checksum, number of segments."""

_IS_LAST = 4
"""The flag of a stream's last page."""

_MIRRORED = bytes(int(f"{value:08b}"[::-1], 2) for value in range(256))
"""Each byte with its bits in the other order: Ogg's checksum is zlib's of mirrored bytes."""

_FRAME_SAMPLES = (480, 960, 1920, 2880) * 3 + (480, 960) * 2 + (120, 240, 480, 960) * 4
"""Samples at 48 kHz of a frame of Opus in each of its configurations (RFC 6716, section 3.1)."""

_TOLD_BY = 2
"""Bytes at a packet's beginning that tell how many samples it has."""

_HEADER_PACKETS = 2
"""Packets of an Opus stream before its sound: ``OpusHead`` and ``OpusTags``."""


@dataclass(frozen=True)
class _Page:
    """A page whose checksum holds.

    Attributes
    ----------
    flags, position, serial, number
        Of its header; the position is the sample with which its last packet ends, -1 if none does.
    sizes
        The lengths of its segments: a packet ends with the first that is under 255 bytes.
    body
        Its segments.
    """

    flags: int
    position: int
    serial: int
    number: int
    sizes: bytes
    body: bytes


def breaks_off(file: Any) -> bool:
    """Whether the last page of an Ogg stream lacks the flag that it is the last, as in half a download.

    Parameters
    ----------
    file
        The file, with the methods ``read`` and ``seek``.
    """
    file.seek(max(0, file.seek(0, os.SEEK_END) - LONGEST_PAGE))
    _, _, page = file.read(LONGEST_PAGE).rpartition(b"OggS")
    return not (len(page) > 1 and page[1] & _IS_LAST)


def runs_back(file: BinaryIO) -> bool:
    """Whether pages of an Opus stream are dated before the end of their sound, and nothing else is wrong.

    FFmpeg writes such files where it rounds times from another rate to 48 kHz. A page that is damaged or
    missing says nothing of the kind, nor does the last, whose date cuts the sound to its length.

    Parameters
    ----------
    file
        The file, at its beginning.
    """
    page, reached, runs = None, 0, False
    packets = _Packets()
    for page in _whole_pages(file):
        if page.number == 0 and not page.body.startswith(b"OpusHead"):
            return False
        reached += packets.samples(page)
        if page.position >= 0:
            runs = runs or (page.position < reached and not page.flags & _IS_LAST)
            reached = page.position
    return runs and page is not None and bool(page.flags & _IS_LAST)


def _whole_pages(file: BinaryIO) -> Iterator[_Page]:
    """The pages of a file's first stream, up to its last or to the first that is not as it should be."""
    serial = None
    for number in range(1 << 32):
        page = _page(file)
        if page is None or page.number != number or serial not in (None, page.serial):
            return
        yield page
        serial = page.serial
        if page.flags & _IS_LAST:
            return


def _page(file: BinaryIO) -> _Page | None:
    """Read a page; None where there is none, or a damaged one."""
    header = file.read(_HEADER.size)
    if len(header) < _HEADER.size or not header.startswith(b"OggS"):
        return None
    *_, flags, position, serial, number, checksum, n_segments = _HEADER.unpack(header)
    sizes = file.read(n_segments)
    body = file.read(sum(sizes))
    if _checksum(header[:22] + bytes(4) + header[26:] + sizes + body) != checksum:
        return None
    return _Page(flags, position, serial, number, sizes, body)


def _checksum(content: bytes) -> int:
    """Ogg's checksum: CRC-32 with the bits in order, from zero, and not inverted."""
    mirrored = zlib.crc32(content.translate(_MIRRORED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{mirrored:032b}"[::-1], 2)


class _Packets:
    """Packets of Opus, which may go on from page to page; only what they begin with is kept."""

    def __init__(self) -> None:
        self._begun, self._n_ended = b"", 0

    def samples(self, page: _Page) -> int:
        """Samples at 48 kHz of the packets that end on the next page."""
        n_samples, at = 0, 0
        for size in page.sizes:
            if len(self._begun) < _TOLD_BY:
                self._begun = (self._begun + page.body[at : at + size])[:_TOLD_BY]
            at += size
            if size < 255:
                n_samples += _n_samples(self._begun) if self._n_ended >= _HEADER_PACKETS else 0
                self._begun, self._n_ended = b"", self._n_ended + 1
        return n_samples


def _n_samples(packet: bytes) -> int:
    """Samples at 48 kHz of a packet of Opus, by its first `_TOLD_BY` bytes (RFC 6716, section 3)."""
    if not packet:
        return 0
    code = packet[0] & 3
    n_frames = (1, 2, 2, packet[1] & 63 if len(packet) > 1 else 0)[code]
    return _FRAME_SAMPLES[packet[0] >> 3] * n_frames
