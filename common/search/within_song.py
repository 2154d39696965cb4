"""How far the numbers of one song wander from half to half, measured once on real music.

Conventions: numbers are in standard deviations over the songs they were measured on. The scatter of some
numbers is the mean product of their departures from the mean of the song's two halves, one of which went
through MP3 at 64 kbit/s in stereo: what changes within a song, and what only a codec changes, tells no songs
apart.

The file beside this one holds it for every part of `spaces.balanced`; `python -m benchmarks.within_song`
wrote it and says from what. Nothing of the songs but these products is in it, and no label was used.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np

FILE = Path(__file__).with_suffix(".npz")
"""float32; of mel the scatter of its bands and that of its statistics, whose Kronecker product is read."""

MEL_BANDS, MEL_STATISTICS = "mel bands", "mel statistics"


@cache
def read() -> dict[str, np.ndarray]:
    """The arrays of the file, float64, by name."""
    with np.load(FILE, allow_pickle=False) as arrays:
        return {name: arrays[name].astype(np.float64) for name in arrays.files}


def scatter(part: str) -> np.ndarray:
    """The scatter within songs of the numbers of a part: float64, shape (m, m).

    Parameters
    ----------
    part
        The name of a part of `spaces.balanced`.
    """
    if part == "mel":
        return np.kron(read()[MEL_STATISTICS], read()[MEL_BANDS])
    return read()[part]
