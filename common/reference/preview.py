"""A mix as it would sound with the references' balance and loudness, to compare by ear.

Conventions
-----------
The filter has linear phase and no delay: the song keeps its length and its transients their place. No band is
changed by more than `MOST_CHANGE`, nor the level; the true peak stays under `CEILING`. Where the mix carries
no energy there is nothing to change.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from scipy import fft

from common import audio
from common.files import replacing
from common.moves.filter import filtered, taps_of
from common.reference.compare import Band, Comparison, compare
from common.reference.measure import CENTRES, EDGES, Lines, Measurement, measure, shares
from common.structure.loudness import Loudness, LoudnessMeter

MOST_CHANGE = 6.0
"""dB that a band, and the level, are changed by at most."""

STEEPEST = 9.0
"""dB that the filter's curve may reach in between, to change a narrow band by `MOST_CHANGE`."""

CEILING = -1.0
"""dBTP that the preview's true peak does not exceed."""

SAMPLE_BYTES = 3
"""Bytes of a sample: 24 bits."""

LARGEST_WAV = 2**32 - 2**16
"""Bytes of sound up to which a WAV can say how long it is, its header included; RF64 says more (EBU Tech
3306)."""

ROUNDS = 12
"""How often the curve is corrected by what it does to the song's own spectrum."""


@dataclass(frozen=True)
class Preview:
    """What was written, and how near to the references it is.

    Attributes
    ----------
    path
        The WAV file that was written.
    gain
        dB that the level was changed by, after the filter.
    limited
        Lowest edges, in Hz, of the bands that would need more than `MOST_CHANGE`.
    left
        Largest difference to the references' median in the other bands, measured on the file, in dB.
    left_loudness
        What is left of the difference in loudness, in LU; None where it is not known.
    """

    path: Path
    gain: float
    limited: tuple[float, ...]
    left: float
    left_loudness: float | None


def render(
    source: Path, target: Path, comparison: Comparison, lines: Lines, references: Sequence[Measurement]
) -> Preview:
    """Write the preview of a mix, and measure it.

    Parameters
    ----------
    source, target
        The mix, and the WAV file to write.
    comparison, lines
        The mix against its references, and its finest spectrum.
    references
        What it was compared with.

    Raises
    ------
    AudioError
        If the mix cannot be read.
    """
    taps = design(comparison.bands, lines)
    heard, n_frames = _hear(source, taps)
    gain = _gain(heard, comparison.loudness.median)
    with replacing(target) as temporary:
        _write(source, temporary, taps, gain, n_frames)
    now = compare(measure(target, encoded=source)[0], references)
    limited = tuple(band.low_hz for band in comparison.bands if _is_changed(band) and _is_beyond(band))
    left = [
        abs(after.level.difference)
        for before, after in zip(comparison.bands, now.bands, strict=True)
        if _is_changed(before) and not _is_beyond(before) and after.level.difference is not None
    ]
    return Preview(target, gain, limited, max(left, default=0.0), now.loudness.difference)


def _write(source: Path, target: Path, taps: np.ndarray, gain: float, n_frames: int) -> None:
    with audio.decode(source) as (rate, channels, _, blocks):
        kind = "WAV" if n_frames * channels * SAMPLE_BYTES <= LARGEST_WAV else "RF64"
        with soundfile.SoundFile(target, "w", rate, channels, "PCM_24", format=kind) as file:
            for block in filtered(blocks, taps):
                file.write(block * np.float32(10 ** (gain / 20)))


def _is_changed(band: Band) -> bool:
    return band.level.difference is not None and not band.at_floor


def _is_beyond(band: Band) -> bool:
    return abs(band.level.difference or 0.0) > MOST_CHANGE


def design(bands: Sequence[Band], lines: Lines) -> np.ndarray:
    """A filter that takes the bands of a song to the references' median.

    Parameters
    ----------
    bands
        The song against the references.
    lines
        Its spectrum, n_lines of them; the filter resolves as much.

    Returns
    -------
    ndarray
        float32, shape (2 * (n_lines - 1),), symmetric around its middle.
    """
    known = [number for number, band in enumerate(bands) if _is_changed(band)]
    target = np.array([-(bands[number].level.difference or 0.0) for number in known])
    target = np.clip(target, -MOST_CHANGE, MOST_CHANGE)
    weights = shares(lines.frequencies, EDGES[known])
    before = lines.power @ weights
    curve = target.copy()
    for _ in range(ROUNDS):
        taps = taps_of(_curve(lines.frequencies, CENTRES[known], curve))
        response = np.abs(fft.rfft(taps)) ** 2
        curve += target - 10 * np.log10((lines.power * response) @ weights / before)
        curve = np.clip(curve, -STEEPEST, STEEPEST)
    return taps_of(_curve(lines.frequencies, CENTRES[known], curve)).astype(np.float32)


def _curve(frequencies: np.ndarray, centres: np.ndarray, curve: np.ndarray) -> np.ndarray:
    """A gain that runs through a curve in dB on a logarithmic axis."""
    places = np.log(np.maximum(frequencies, frequencies[1]))
    return np.interp(places, np.log(centres), curve)


def _hear(source: Path, taps: np.ndarray) -> tuple[Loudness, int]:
    """How loud the filtered song is, and how many frames it has."""
    n_frames = 0
    with audio.decode(source) as (rate, channels, _, blocks):
        meter = LoudnessMeter(rate, channels)
        for block in filtered(blocks, taps):
            meter.add(block)
            n_frames += len(block)
    return meter.finish(), n_frames


def _gain(heard: Loudness, loudness: float | None) -> float:
    """DB that bring a song to a loudness, within the limits."""
    wanted = 0.0 if loudness is None or heard.integrated is None else loudness - heard.integrated
    room = np.inf if heard.true_peak is None else CEILING - heard.true_peak
    return float(min(np.clip(wanted, -MOST_CHANGE, MOST_CHANGE), room))
