"""What can happen to a file: name -> a function that damages it, by a random generator that it is given."""

from __future__ import annotations

import random
from pathlib import Path


def _flip(path: Path, rng: random.Random) -> None:
    content = bytearray(path.read_bytes())
    if content:
        content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    path.write_bytes(content)


def _flip_many(path: Path, rng: random.Random) -> None:
    for _ in range(rng.randrange(2, 40)):
        _flip(path, rng)


def _truncate(path: Path, rng: random.Random) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: rng.randrange(len(content) + 1)])


def _zero(path: Path, rng: random.Random) -> None:
    content = bytearray(path.read_bytes())
    start = rng.randrange(len(content) + 1)
    length = min(rng.choice([1, 16, 512, 4096]), len(content) - start)
    content[start : start + length] = bytes(length)
    path.write_bytes(content)


def _scramble(path: Path, rng: random.Random) -> None:
    content = bytearray(path.read_bytes())
    start = rng.randrange(len(content) + 1)
    content[start : start + 64] = rng.randbytes(len(content[start : start + 64]))
    path.write_bytes(content)


def _lengthen(path: Path, rng: random.Random) -> None:
    path.write_bytes(path.read_bytes() + rng.randbytes(rng.randrange(1, 5_000)))


def _swap(path: Path, rng: random.Random) -> None:
    """Exchange two pieces, as a disk does that writes to the wrong place."""
    content = bytearray(path.read_bytes())
    size = rng.choice([8, 512, 4096])
    if len(content) >= 2 * size:
        one, other = sorted(rng.sample(range(0, len(content) - size + 1, 8), 2))
        if one + size <= other:
            content[one : one + size], content[other : other + size] = (
                content[other : other + size],
                content[one : one + size],
            )
    path.write_bytes(content)


def _replace(path: Path, rng: random.Random) -> None:
    path.write_bytes(rng.randbytes(rng.choice([0, 1, 100, 10_000])))


def _empty(path: Path, rng: random.Random) -> None:
    path.write_bytes(b"")


def _delete(path: Path, rng: random.Random) -> None:
    path.unlink()


DAMAGES = {
    "flip": _flip,
    "flip many": _flip_many,
    "truncate": _truncate,
    "zero": _zero,
    "scramble": _scramble,
    "lengthen": _lengthen,
    "swap": _swap,
    "replace": _replace,
    "empty": _empty,
    "delete": _delete,
}
