"""A mix as it would sound with the references' balance and loudness, to compare by ear.

Conventions
-----------
The filter has linear phase and no delay: the song keeps its length and its transients their place. No band is
changed by more than `MOST_CHANGE`, nor the level; the true peak stays under `CEILING`, if the level has to
fall for it. Where the mix carries no energy there is nothing to change.
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
from common.reference.compare import LEVELLED, Band, Comparison, compare
from common.reference.encoders import noise_share
from common.reference.measure import CENTRES, EDGES, Lines, Measurement, Meter, measure, shares
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

CORRECTIONS, NEAR = 3, 0.05
"""How often at most it is corrected by what the filtered sound reads, and dB from which it is. A strong band
leaks into its neighbours' windows, so that the spectrum alone misses narrow ones by up to 1 dB."""

TRUE_PEAK, LARGEST_CHANGE = "true peak", "largest change"
"""What may hold the level back."""


@dataclass(frozen=True)
class Preview:
    """What was written, and how near to the references it is.

    Attributes
    ----------
    path
        The WAV file that was written.
    gain
        dB that the level was changed by, after the filter.
    held_by
        `TRUE_PEAK` or `LARGEST_CHANGE` where that kept it from the references' loudness, None elsewhere.
    limited
        Lowest edges, in Hz, of the bands that would need more than `MOST_CHANGE`.
    empty
        Lowest edges, in Hz, of the bands in which the references have energy and the mix has none.
    left, left_hz
        Largest difference to the references' median in the other bands, measured on the file, in dB, and the
        centre of the band that has it, in Hz.
    left_loudness
        What is left of the difference in loudness, in LU; None where it is not known.
    """

    path: Path
    gain: float
    held_by: str | None
    limited: tuple[float, ...]
    empty: tuple[float, ...]
    left: float
    left_hz: float
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
    changes = wanted(comparison.bands)
    within = np.abs(changes) <= MOST_CHANGE
    taps = _fitted(source, changes, lines, references)
    heard, n_frames = _hear(source, taps)
    gain, held_by = _gain(heard, comparison.loudness.median)
    with replacing(target) as temporary:
        _write(source, temporary, taps, gain, n_frames)
    now = compare(measure(target, encoded=source)[0], references)
    left = np.where(within, np.abs(_differences(now.bands)), 0.0)
    return Preview(
        path=target,
        gain=gain,
        held_by=held_by,
        limited=_edges(comparison.bands, np.abs(changes) > MOST_CHANGE),
        empty=_edges(comparison.bands, [_is_empty(band) for band in comparison.bands]),
        left=float(left.max()),
        left_hz=float(CENTRES[left.argmax()]),
        left_loudness=now.loudness.difference,
    )


def _edges(bands: Sequence[Band], chosen: Sequence[bool] | np.ndarray) -> tuple[float, ...]:
    return tuple(band.low_hz for band, is_chosen in zip(bands, chosen, strict=True) if is_chosen)


def _write(source: Path, target: Path, taps: np.ndarray, gain: float, n_frames: int) -> None:
    with audio.decode(source) as (rate, channels, _, blocks):
        kind = "WAV" if n_frames * channels * SAMPLE_BYTES <= LARGEST_WAV else "RF64"
        with soundfile.SoundFile(target, "w", rate, channels, "PCM_24", format=kind) as file:
            for block in filtered(blocks, taps):
                file.write(block * np.float32(10 ** (gain / 20)))


def _is_empty(band: Band) -> bool:
    return band.at_floor and band.level.difference is not None


def _differences(bands: Sequence[Band]) -> np.ndarray:
    """To the references' median in dB, 0 where there is none, shape (n_bands,)."""
    return np.array([band.level.difference or 0.0 for band in bands])


def wanted(bands: Sequence[Band]) -> np.ndarray:
    """What every band would have to be changed by, shape (n_bands,), in dB, larger than `MOST_CHANGE` or not.

    NaN where nothing is to be changed. Curves are compared without their level, which is the one of most
    bands. Where many cannot be changed enough, it stays where those are left, and the others go there.
    """
    known = np.array([band.level.difference is not None and not band.at_floor for band in bands])
    differences = _differences(bands)
    levelled = known & LEVELLED & ~np.array([band.is_bound for band in bands])
    level, before = 0.0, None
    while levelled.any() and level != before:
        left = differences + np.clip(level - differences, -MOST_CHANGE, MOST_CHANGE)
        level, before = float(np.median(left[levelled])), level
    return np.where(known, level - differences, np.nan)


def _fitted(source: Path, changes: np.ndarray, lines: Lines, references: Sequence[Measurement]) -> np.ndarray:
    """Taps of the filter after which the sound reads as wanted where the limit allows it."""
    within = np.abs(changes) <= MOST_CHANGE
    asked = np.clip(changes, -MOST_CHANGE, MOST_CHANGE)
    for _ in range(CORRECTIONS):
        taps = design(asked, lines)
        left = _differences(compare(_measured(source, taps), references).bands)
        if np.abs(left[within]).max(initial=0.0) < NEAR:
            return taps
        asked[within] = np.clip((asked - left)[within], -STEEPEST, STEEPEST)
    return design(asked, lines)


def _measured(source: Path, taps: np.ndarray) -> Measurement:
    """Measure a mix as it sounds after a filter."""
    with audio.decode(source) as (rate, channels, _, blocks):
        meter = Meter(rate, channels, noise=noise_share(source, rate, channels))
        for block in filtered(blocks, taps):
            meter.add(block)
    return meter.finish()[0]


def design(changes: np.ndarray, lines: Lines) -> np.ndarray:
    """A filter that changes the bands of a song by so much, as far as a curve up to `STEEPEST` can.

    Parameters
    ----------
    changes
        Of every band in dB, shape (n_bands,); NaN where its neighbours decide.
    lines
        The song's spectrum, n_lines of them; the filter resolves as much.

    Returns
    -------
    ndarray
        float32, shape (2 * (n_lines - 1),), symmetric around its middle.
    """
    known = np.flatnonzero(~np.isnan(changes))
    target = changes[known]
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


def _gain(heard: Loudness, loudness: float | None) -> tuple[float, str | None]:
    """DB that bring a song to a loudness, within the limits, and what held it back."""
    aim = 0.0 if loudness is None or heard.integrated is None else loudness - heard.integrated
    room = np.inf if heard.true_peak is None else CEILING - heard.true_peak
    gain = float(np.clip(aim, -MOST_CHANGE, MOST_CHANGE))
    if room < gain:
        return float(room), TRUE_PEAK
    return gain, None if gain == aim else LARGEST_CHANGE
