"""A song with moves made on it, as a file."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile

from common import audio
from common.files import replacing
from common.moves.filter import filtered, taps_of
from common.moves.moves import Move, decibels, stretch
from common.moves.tempo import stretched

RESOLUTION = 4.0
"""Hz between the lines of the filter, at most."""


def render(source: Path, target: Path, moves: Sequence[Move]) -> None:
    """Write a changed copy of a song.

    Parameters
    ----------
    source, target
        The song, and the WAV file to write: 32-bit floats in the song's own channels and rate, so that
        nothing clips.
    moves
        What is changed.

    Raises
    ------
    AudioError
        If the song cannot be read.
    """
    with replacing(target) as temporary, audio.decode(source) as (rate, channels, _, blocks):
        faster = stretch(moves)
        played = blocks if faster == 1.0 else stretched(blocks, rate, faster)
        with soundfile.SoundFile(temporary, "w", rate, channels, "FLOAT", format="WAV") as file:
            taps = _taps(moves, rate)
            for block in played if taps is None else filtered(played, taps):
                file.write(block)


def _taps(moves: Sequence[Move], rate: int) -> np.ndarray | None:
    """The filter of all moves together; None if they leave the spectrum as it is."""
    n_taps = 1 << math.ceil(math.log2(rate / RESOLUTION))
    gain = decibels(moves, np.arange(n_taps // 2 + 1) * rate / n_taps)
    return taps_of(gain).astype(np.float32) if gain.any() else None
