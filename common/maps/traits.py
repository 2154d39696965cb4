"""What a page knows of how each song sounds, so that it can say what several songs share.

A page cannot hold 641 numbers of every song. It gets those that have one audible meaning each, as bytes:
standard deviations from the library's mean, in steps of a thirty-second.
"""

from __future__ import annotations

import base64
from typing import Any

import numpy as np

from common.layout import BLOCK_OF, LAYOUT, N_FEATURES, SLICES, is_audible, words
from common.library import Library
from common.music import tempos

SCALE = 32
"""Steps in a standard deviation; a byte reaches four of them either way."""

UNKNOWN = -128
"""The byte of a number that a song does not have: a tempo where no pulse was found."""

LOWEST_BAND, BAND_STEP = 2, 18
"""The mel bands that are told: one at about 70 Hz, and every so many from there, seven up to the highs."""


def trait_numbers() -> list[int]:
    """Positions in the embedding that a page is told: what a listener could hear, each once.

    Those are the descriptors of one number, the average contrast of every band, and the average level of some
    mel bands. The MFCCs that have words say what loudness and brightness say already.
    """
    single = {block.name for block in LAYOUT if block.size == 1}
    bands = range(SLICES["mel_mean"].start + LOWEST_BAND, SLICES["mel_mean"].stop, BAND_STEP)
    return [
        index
        for index in range(N_FEATURES)
        if is_audible(index)
        and (BLOCK_OF[index].name in {*single, "spectral_contrast_mean"} or index in bands)
    ]


def tell_traits(library: Library) -> dict[str, Any]:
    """What is said of high and low values, and the values themselves.

    Parameters
    ----------
    library
        The songs of the page, a guest included.

    Returns
    -------
    dict
        ``words``: for each number what a high value sounds like, what a low one, and the descriptor;
        ``scale``: `SCALE`; ``values``: signed bytes in base64, song after song, `UNKNOWN` for what a song
        does not have.
    """
    numbers = trait_numbers()
    values = np.empty((len(library), len(numbers)), dtype=np.float32)
    for start in range(0, len(library), 4096):
        rows = slice(start, start + 4096)
        values[rows] = library.standardised_rows(rows)[:, numbers]
    steps = np.clip(np.rint(SCALE * values), UNKNOWN + 1, -UNKNOWN - 1)
    steps[tempos(library) == 0, numbers.index(SLICES["tempo"].start)] = UNKNOWN
    return {
        "words": [[words(index, True), words(index, False), BLOCK_OF[index].source] for index in numbers],
        "scale": SCALE,
        "values": base64.b64encode(steps.astype(np.int8).tobytes()).decode("ascii"),
    }
