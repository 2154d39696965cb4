"""Audio files made to harm, or to look harmless, built from the formats' specifications."""

from __future__ import annotations

import os
import socket
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import soundfile
from signals import RATE, chords


def mp3(path: Path, seconds: float = 4.0) -> bytes:
    """The bytes of an ordinary MP3 without tags."""
    soundfile.write(path, chords(seconds), RATE)
    return path.read_bytes()


def synchsafe(number: int) -> bytes:
    return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))


def frame(name: bytes, content: bytes, flags: int = 0) -> bytes:
    """A frame of ID3 version 2.4."""
    return name + synchsafe(len(content)) + struct.pack(">H", flags) + content


def text(name: bytes, value: str) -> bytes:
    return frame(name, b"\x03" + value.encode())


def tag(body: bytes, version: int = 4, flags: int = 0) -> bytes:
    return b"ID3" + bytes([version, 0, flags]) + synchsafe(len(body)) + body


def bomb(name: bytes, inflated: int) -> bytes:
    """A compressed frame of ID3 version 2.4 that inflates to so many letters."""
    packer = zlib.compressobj(1)
    parts = [packer.compress(b"\x03")]
    parts += [packer.compress(b"a" * (1 << 20)) for _ in range(inflated >> 20)]
    return frame(name, synchsafe(inflated % 2**28) + b"".join([*parts, packer.flush()]), 0x09)


def nested_chapters(depth: int) -> bytes:
    inner = b""
    for number in range(depth):
        inner = frame(b"CHAP", b"c%d\0" % number + b"\0" * 16 + inner)
    return inner


_TITLE = text(b"TIT2", "Fair title")

HOSTILE_TAGS = {
    "chapters 200 deep": lambda: tag(_TITLE + nested_chapters(200)),
    "a hundred thousand frames": lambda: tag(_TITLE + text(b"TXXX", "key\0value") * 100_000),
    "frames without end": lambda: tag(_TITLE + frame(b"TIT3", b"\x03x") * 200_000),
    "a picture that inflates": lambda: tag(bomb(b"APIC", 256 << 20) + _TITLE),
    "a title that inflates": lambda: tag(bomb(b"TIT2", 256 << 20) + text(b"TIT2", "Fair title")),
}
"""ID3 tags that cost a reader its stack, its time or its memory, each beside a fair title."""


def flac_that_claims(path: Path, hours: float) -> Path:
    """Two seconds of sound whose header promises hours of it."""
    soundfile.write(path, chords(2.0), RATE)
    content = bytearray(path.read_bytes())
    # STREAMINFO follows the marker and its own header; the last 36 bits of its rate field count samples.
    field = int.from_bytes(content[18:26], "big")
    content[18:26] = (field >> 36 << 36 | round(hours * 3600 * RATE)).to_bytes(8, "big")
    path.write_bytes(content)
    return path


def vorbis_comments(n: int) -> bytes:
    """A FLAC file's start with so many comments of one letter, as many as fit into its block of 16 MB."""
    comments = struct.pack("<I", 0) + struct.pack("<I", n) + b"\x03\0\0\0a=b" * n
    stream_info = struct.pack(
        ">HH6s8s16s", 4096, 4096, bytes(6), bytes.fromhex("0ac440f000000000"), bytes(16)
    )
    blocks = b"\0" + len(stream_info).to_bytes(3, "big") + stream_info
    return b"fLaC" + blocks + b"\x84" + len(comments).to_bytes(3, "big") + comments


@contextmanager
def not_files(folder: Path) -> Iterator[list[Path]]:
    """A pipe, a socket, and links to a pipe and to devices, all named as songs are."""
    os.mkfifo(folder / "pipe.mp3")
    (folder / "link to pipe.mp3").symlink_to(folder / "pipe.mp3")
    (folder / "endless.wav").symlink_to("/dev/zero")
    (folder / "terminal.flac").symlink_to("/dev/tty")
    here = os.getcwd()
    with socket.socket(socket.AF_UNIX) as listener:
        # By its short name: the address of a socket has 108 bytes.
        os.chdir(folder)
        try:
            listener.bind("socket.ogg")
        finally:
            os.chdir(here)
        yield sorted(path for path in folder.iterdir() if path.suffix in {".mp3", ".wav", ".flac", ".ogg"})
