"""Songs of six formats with tags, and what becomes of their bytes on a bad day."""

from __future__ import annotations

import random
from pathlib import Path

import mutagen
import mutagen.aiff
import mutagen.id3
import mutagen.wave
import numpy as np
import soundfile
from signals import RATE, chords

FORMATS = {
    ".wav": {"subtype": "PCM_16"},
    ".flac": {},
    ".ogg": {},
    ".mp3": {},
    ".aiff": {"subtype": "PCM_16"},
    ".opus": {"format": "OGG", "subtype": "OPUS"},
}


def write_song(path: Path, seconds: float = 1.3) -> bytes:
    """A short song with a title, in the format of the ending."""
    rate = 48_000 if path.suffix == ".opus" else RATE
    soundfile.write(path, chords(seconds), rate, **FORMATS[path.suffix])
    if path.suffix in {".wav", ".aiff"}:
        tagged = {".wav": mutagen.wave.WAVE, ".aiff": mutagen.aiff.AIFF}[path.suffix](path)
        tagged.add_tags()
        tagged.tags.add(mutagen.id3.TIT2(encoding=3, text=["Titel"]))
    else:
        tagged = mutagen.File(path, easy=True)
        if tagged.tags is None:
            tagged.add_tags()
        tagged["title"] = "Titel"
    tagged.save()
    return path.read_bytes()


def mutate(content: bytes, rng: random.Random) -> bytes:
    """Some changes of bytes, more of them near the start, where headers and tags are."""
    changed = bytearray(content)
    for _ in range(rng.choice([1, 1, 2, 5, 20])):
        _change(changed, rng)
    return bytes(changed)


def _change(content: bytearray, rng: random.Random) -> None:
    if not content:
        return
    end = len(content) if rng.random() < 0.4 else min(len(content), rng.choice([16, 64, 512, 4096]))
    place, length = rng.randrange(end), rng.choice([1, 2, 4, 8, 64])
    how = rng.choice(["flip", "byte", "extreme", "cut", "insert", "double", "truncate", "noise", "zero"])
    if how == "flip":
        content[place] ^= 1 << rng.randrange(8)
    elif how == "byte":
        content[place] = rng.randrange(256)
    elif how == "extreme":
        content[place : place + length] = rng.choice([b"\xff", b"\x00", b"\x7f", b"\x80"]) * length
    elif how == "cut":
        del content[place : place + length]
    elif how == "insert":
        content[place:place] = rng.randbytes(length)
    elif how == "double":
        content[place:place] = content[place : place + rng.choice([64, 4096])]
    elif how == "truncate":
        del content[rng.randrange(len(content)) :]
    elif how == "noise":
        content[place : place + length] = rng.randbytes(length)
    else:
        content[place : place + length] = bytes(length)


def float_song(path: Path, values: np.ndarray) -> None:
    """A WAV file of floating point, which can hold numbers that no sound has."""
    soundfile.write(path, values, RATE, subtype="FLOAT")
