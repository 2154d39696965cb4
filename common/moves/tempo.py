"""Another tempo at the same pitch: pieces of a song are taken a little nearer together or further apart.

Conventions
-----------
Blocks have shape (n_frames, n_channels). A piece begins where the sound is most like the continuation of the
piece before it (W. Verhelst, M. Roelands, "An overlap-add technique based on waveform similarity",
ICASSP 1993). Pieces are long and their overlaps short, so that most of the song is copied as it is; all
channels are cut at the same places, so that the stereo image stays.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

PIECE, OVERLAP, SEARCH = 0.08, 0.01, 0.012
"""Seconds: length of a piece, of its overlap with the next, and how far from its place one may begin."""


def stretched(blocks: Iterator[np.ndarray], rate: int, faster: float) -> Iterator[np.ndarray]:
    """Play blocks faster or slower without changing their pitch.

    Parameters
    ----------
    blocks
        The song, float32.
    rate
        Frames in a second.
    faster
        How many times as fast, near 1.

    Yields
    ------
    ndarray
        float32, of shape (n_frames, n_channels); together 1 / ``faster`` times as many frames,
        give or take a piece.
    """
    length, overlap, reach = (round(seconds * rate) for seconds in (PIECE, OVERLAP, SEARCH))
    step = length - overlap
    fade = np.linspace(0.0, 1.0, overlap, dtype=np.float32)[:, None]
    # `held` are frames `start` and on; a piece never begins further back than `reach` before its place.
    held, start, number, before = next(blocks), 0, 0, None
    ready: list[np.ndarray] = []
    while True:
        place = round(number * step * faster)
        if place + reach + length > start + len(held):
            if ready:
                yield np.concatenate(ready)
            ready, drop = [], max(0, min(place - reach - start, len(held)))
            more = next(blocks, None)
            if more is None:
                break
            held, start = np.concatenate([held[drop:], more]), start + drop
            continue
        piece = _piece(held, before, place - start, length, fade)
        ready.append(piece[:step])
        before, number = piece[step:], number + 1
    if place - start < len(held):
        yield _piece(held, before, place - start, length, fade)


def _piece(
    held: np.ndarray, before: np.ndarray | None, place: int, length: int, fade: np.ndarray
) -> np.ndarray:
    """The next piece, faded in over the end of the one before."""
    if before is None or place + len(before) > len(held):
        return held[place : place + length].copy()
    place = _best_place(held, before, place, round(len(before) * SEARCH / OVERLAP))
    piece = held[place : place + length].copy()
    piece[: len(before)] = piece[: len(before)] * fade + before * (1.0 - fade)
    return piece


def _best_place(held: np.ndarray, before: np.ndarray, place: int, reach: int) -> int:
    """Where within reach the frames are most like those that would have followed."""
    first = max(0, place - reach)
    near = held[first : place + reach + len(before)].mean(axis=1)
    wanted = before.mean(axis=1)
    likeness = np.correlate(near, wanted, mode="valid")
    running = np.concatenate([[0.0], np.cumsum(near.astype(np.float64) ** 2)])
    energy = running[len(wanted) :] - running[: -len(wanted)]
    return first + int(np.argmax(likeness / np.sqrt(energy + 1e-9)))
