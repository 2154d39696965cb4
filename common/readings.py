"""What each song's embedding says in a musician's terms: tempo, key, energy. No audio is read.

Conventions: tempos are in BPM, 0 where no pulse was found; energy is the RMS level in dB of full scale
(0 is as loud as a file can be).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from common.layout import SLICES, index_of
from common.library import Library
from common.music import Key, estimate_keys

FAINTEST_DB = -100.0
"""Energies below this are this: sixteen bits hold nothing fainter."""


def tempos(library: Library, rows: Sequence[int] | slice = slice(None)) -> np.ndarray:
    """Tempo of every song in BPM, or of some; shape (n,); 0 where no pulse was found."""
    return library.embeddings[rows, index_of("tempo")].astype(np.float64)


def energies(library: Library, rows: Sequence[int] | slice = slice(None)) -> np.ndarray:
    """Energy of every song in dB of full scale, or of some; shape (n,)."""
    level = library.embeddings[rows, index_of("rms_mean")].astype(np.float64)
    return 20.0 * np.log10(np.maximum(level, 10.0 ** (FAINTEST_DB / 20.0)))


def keys(library: Library, rows: Sequence[int] | slice = slice(None)) -> list[Key | None]:
    """Key of every song, or of some."""
    return estimate_keys(library.embeddings[rows, SLICES["chroma_mean"]])
