"""What an MP3 encoder adds to a mix, taken off what is measured: a mix and its MP3 read alike.

At a low rate an encoder leaves noise just under what the ear hears, and more of it the higher the frequency.
It raises the level there and fills the gaps between peaks. Measured on a minute of each of 158 songs of 11
packages of game music, encoded by LAME at a constant 128 kbit/s; at 160, 192, 256 and 320 kbit/s 39 of them
have half of it for every 32 kbit/s more. A song differs from that by 0.1 dB at 4 kHz and 0.3 dB at 10 kHz, 90
percent of them by less.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from common.tags import read_header

RAISED = {1000: 0.0, 1600: 0.01, 2000: 0.03, 2500: 0.04, 3150: 0.07, 4000: 0.11, 5000: 0.16, 6300: 0.24,
          8000: 0.33, 10_000: 0.37, 12_500: 0.34}  # fmt: skip
"""Hz -> dB that the level there is raised by at `RATE`."""

CUT = 14_000.0
"""Hz above which encoders cut rather than add."""

CREST_LOWERED = 0.22
"""dB that the crest factor of the highs is lowered by at `RATE`."""

RATE, HALVED = 128.0, 32.0
"""Kbit/s of two channels that the figures are of, and after how many more they halve. Below `RATE` encoders
cut lower, and the noise grows no more."""

LEAST_SAMPLE_RATE = 32_000
"""Hz: below, MP3 is another format, which has not been measured."""


def noise_share(path: Path, sample_rate: int, channels: int) -> float:
    """How much of the noise at `RATE` a file has, 0 to 1; 0 for what is no MP3 of a constant rate.

    Parameters
    ----------
    path
        The audio file.
    sample_rate, channels
        Of its sound, in Hz, and how many.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    rate = read_header(path).constant_rate / 1000 * 2 / channels
    if not rate or sample_rate < LEAST_SAMPLE_RATE:
        return 0.0
    return min(1.0, 2 ** ((RATE - rate) / HALVED))


def raised(frequencies: np.ndarray) -> np.ndarray:
    """By how many dB the level at frequencies in Hz is raised at `RATE`, same shape."""
    at, size = np.log([*RAISED]), [*RAISED.values()]
    return np.where(frequencies < CUT, np.interp(np.log(frequencies), at, size), 0.0)
