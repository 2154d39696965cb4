"""What an engineer measures on a mix, in one pass over the file's own channels and rate.

Conventions
-----------
Spectra and crest factors are those of the mid signal, the mean of all channels: what one loudspeaker plays.
What the sides add is told by the width alone, so a mix folded down to mono keeps its balance. Levels are mean
squares in dB of full scale; a sine of amplitude 1 reads -3.01 dB. What a file cannot hold (a band above
half its rate, the width of one channel) is None, and so are crest factor and width of a band in which it
carries nothing. Width is that of left and right: of more channels, which formats order differently, it is
not told, for it depends on how they are folded down; nor beside a channel that is silent. What an MP3 encoder
added is taken off, see `encoders`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from scipy import fft

from common import audio
from common.decoders import AudioError
from common.music import has_broken_samples
from common.reference.crest import CrestMeter
from common.reference.encoders import CREST_LOWERED, noise_share, raised
from common.reference.windows import Windows
from common.structure.loudness import Loudness, LoudnessMeter

MEASUREMENT_VERSION = 5
"""Goes up with every change of a measurement, so that stored ones are made again."""

CENTRES = 1000.0 * 10.0 ** (np.arange(-16, 13) / 10.0)
EDGES = np.stack([CENTRES * 10.0**-0.05, CENTRES * 10.0**0.05], axis=1)
"""Centres, and lowest and highest frequencies, of the thirds of an octave from 25 Hz to 16 kHz, in Hz
(IEC 61260-1, base ten)."""

LOSSY_HZ = 14_000.0
"""Hz from which lossy encoders cut."""

REGIONS = {
    "lows": (20.0, 120.0),
    "low mids": (120.0, 1000.0),
    "high mids": (1000.0, 6000.0),
    "highs": (6000.0, LOSSY_HZ),
}
"""Name -> Hz: the four bands of crest factor and width."""

LOWEST, LOW_CORRELATION = REGIONS["lows"]
"""Hz between which the correlation of the channels is told: bass that differs there is lost in mono."""

AUDIBLE, SILENT = 60.0, 60.0
"""dB under the strongest band from which a band carries energy, and under the loudest channel down to which
another one sounds."""

LEAST_SECONDS = 60.0
"""Length from which a loudness range is told: EBU Tech 3341 has meters say that it is not stable before."""

RESOLUTION = 3.0
"""Hz between the lines of the spectrum, at most: the lowest third of an octave is 6 Hz wide."""

LOUDEST_SECONDS = 30.0
"""Length of the loudest passage of a song whose sections are not known."""

SHORTEST_SECTION = 5.0
"""Seconds that a section must have to be the loudest."""

Spans = Sequence[tuple[float, float]]
"""Begin and end of each section in seconds; empty where they are not known."""

JUDGED = (100.0, 8000.0)
"""Hz between which the loudest passage is loudest, so that bass alone does not decide."""

NARROWEST = -60.0
"""dB of side over mid below which a mix is mono."""

UNKNOWN_STEREO = (None,) * len(REGIONS), None
"""Width and correlation of what has no left and right."""


@dataclass(frozen=True)
class Measurement:
    """A mix in numbers.

    Attributes
    ----------
    duration
        The length of what was decoded, in seconds.
    rate, channels
        The sampling rate of the file, in Hz, and its number of channels.
    spectrum, loudest
        Level of every third of an octave over the whole song and over its loudest section, in dB.
    loudness, loudness_range, true_peak
        LUFS, LU and dBTP; see `structure.loudness.Loudness`. A true peak of a few broken samples is None,
        and so is the range of less than `LEAST_SECONDS`.
    crest
        How far peaks stand above the average in each of `REGIONS`, in dB: the mean of its windows.
    width
        Level of the sides over the middle in each of `REGIONS`, in dB, not below `NARROWEST`.
    correlation
        Of left and right below `LOW_CORRELATION`, -1 to 1.
    silent
        The channels that are silent, or `SILENT` dB under the loudest, counted from 0.
    """

    duration: float
    rate: int
    channels: int
    spectrum: tuple[float | None, ...]
    loudest: tuple[float | None, ...]
    loudness: float | None
    loudness_range: float | None
    true_peak: float | None
    crest: tuple[float | None, ...]
    width: tuple[float | None, ...]
    correlation: float | None
    silent: tuple[int, ...] = ()


@dataclass(frozen=True)
class Lines:
    """The finest spectrum that a mix was measured with.

    Attributes
    ----------
    frequencies
        The frequency of each line, in Hz, ascending, shape (n_lines,).
    power
        Mean square of the mid signal in each line, shape (n_lines,).
    """

    frequencies: np.ndarray
    power: np.ndarray


def measure(path: Path, sections: Spans = (), encoded: Path | None = None) -> tuple[Measurement, Lines]:
    """Decode a file once and measure it.

    Parameters
    ----------
    path
        The audio file to measure.
    sections
        Its sections; without them the loudest passage of `LOUDEST_SECONDS` is taken for the loudest one.
    encoded
        The file that the sound was made from, whose encoder's noise it has; None for the file itself.

    Raises
    ------
    AudioError
        If the file cannot be decoded, holds values that are no numbers, or is silent.
    """
    with audio.decode(path) as (rate, channels, _, blocks):
        meter = Meter(rate, channels, sections, noise_share(encoded or path, rate, channels))
        for block in blocks:
            meter.add(block)
    return meter.finish()


class Meter:
    """Measures a mix block by block.

    Parameters
    ----------
    rate
        Frames in a second.
    channels
        The number of channels of the blocks that follow.
    sections
        Its sections; empty where they are not known.
    noise
        The share of an encoder's noise that it has, see `encoders.noise_share`.
    """

    def __init__(self, rate: int, channels: int, sections: Spans = (), noise: float = 0.0) -> None:
        self._sections, self._noise = sections, noise
        self._rate, self._channels, self._n_frames = rate, channels, 0
        self._loudness = LoudnessMeter(rate, channels)
        self._downmix = np.full(channels, 1 / channels, np.float32)
        length = 1 << math.ceil(math.log2(rate / RESOLUTION))
        self._length, self._hop = length, length // 2
        self._spectra = Windows(length, self._hop)
        self._frequencies, self._window, self._weights, self._in_regions = _analysis(rate, length)
        self._lows = slice(*np.searchsorted(self._frequencies, (LOWEST, LOW_CORRELATION)))
        self._power = np.zeros(len(self._frequencies))
        self._bands: list[np.ndarray] = []
        self._sides = np.zeros(len(REGIONS))
        self._correlated = np.zeros(3)
        self._crest = CrestMeter(rate, tuple(REGIONS.values()))

    def add(self, block: np.ndarray) -> None:
        """Measure the next block, float32, shape (n_frames, n_channels)."""
        self._n_frames += len(block)
        self._loudness.add(block)
        mid = block @ self._downmix
        signals = [mid, (block[:, 0] - block[:, 1]) / np.float32(2.0)] if self._channels == 2 else [mid]
        self._crest.add(mid)
        windows = self._spectra.add(np.stack(signals))
        for start in range(0, len(windows), 4):
            self._add_spectra(windows[start : start + 4])

    def _add_spectra(self, windows: np.ndarray) -> None:
        if not len(windows):
            return
        lines = fft.rfft(windows * self._window, axis=2)
        power = lines.real**2
        power += lines.imag**2
        self._power += power[:, 0].sum(axis=0)
        self._bands.append(power[:, 0] @ self._weights)
        if self._channels == 2:
            self._sides += power[:, 1].sum(axis=0) @ self._in_regions
            mid, side = lines[:, 0, self._lows], lines[:, 1, self._lows]
            low = power[:, :, self._lows].sum(axis=(0, 2), dtype=np.float64)
            self._correlated += [*low, float((mid * side.conj()).real.sum())]

    def finish(self) -> tuple[Measurement, Lines]:
        """Say what was measured."""
        if not self._bands:
            missing = max(0, self._length - self._n_frames)
            self._add_spectra(
                self._spectra.add(np.zeros((2 if self._channels == 2 else 1, missing), np.float32))
            )
        bands = np.concatenate(self._bands).astype(np.float64)
        loudness = self._loudness.finish()
        _validate(bands, loudness.integrated)
        spectrum, loudest = bands.mean(axis=0), _loudest(bands, self._hop / self._rate, self._sections)
        seconds, silent = self._n_frames / self._rate, _silent(loudness.channels)
        width, correlation = self._stereo() if self._channels == 2 and not silent else UNKNOWN_STEREO
        measured = Measurement(
            duration=seconds,
            rate=self._rate,
            channels=self._channels,
            spectrum=_levels(spectrum, self._rate, self._noise),
            loudest=_levels(loudest, self._rate, self._noise),
            loudness=loudness.integrated,
            loudness_range=loudness.range if seconds >= LEAST_SECONDS else None,
            true_peak=_true_peak(loudness),
            crest=self._crests(),
            width=width,
            correlation=correlation,
            silent=silent,
        )
        return measured, Lines(self._frequencies, self._power / len(bands))

    def _crests(self) -> tuple[float | None, ...]:
        found = [
            crest if is_heard else None
            for crest, is_heard in zip(
                self._crest.finish(), _carried(self._power @ self._in_regions, self._rate), strict=True
            )
        ]
        *others, highs = found
        return (*others, None if highs is None else highs + self._noise * CREST_LOWERED)

    def _stereo(self) -> tuple[tuple[float | None, ...], float | None]:
        """Width of each of `REGIONS`, and the correlation of the lows."""
        middle = self._power @ self._in_regions
        carried = _carried(middle + self._sides, self._rate)
        widths = tuple(
            _limited(side / mid if mid > 0 else math.inf) if is_heard else None
            for side, mid, is_heard in zip(self._sides, middle, carried, strict=True)
        )
        return widths, self._correlation() if carried[0] else None

    def _correlation(self) -> float | None:
        """Of left = mid + side and right = mid - side."""
        mid, side, both = self._correlated
        apart = (mid + side) ** 2 - 4 * both**2
        return float(np.clip((mid - side) / math.sqrt(apart), -1.0, 1.0)) if apart > 0 else None


def _silent(channels: Sequence[float | None]) -> tuple[int, ...]:
    """Which channels carry nothing, by the loudness of each."""
    loudest = max((level for level in channels if level is not None), default=-math.inf)
    return tuple(
        number for number, level in enumerate(channels) if level is None or level <= loudest - SILENT
    )


def _carried(power: np.ndarray, rate: int) -> np.ndarray:
    """Which of `REGIONS` carry energy, of those that a file of a rate holds whole."""
    is_whole = np.array([high <= rate / 2 for _, high in REGIONS.values()])
    return is_whole & (power > power.max() * 10 ** (-AUDIBLE / 10))


def _limited(ratio: float) -> float:
    """A ratio of sides over middle in dB, between `NARROWEST` and as far above 0."""
    return max(NARROWEST, min(-NARROWEST, _decibels(ratio)))


@lru_cache(maxsize=4)
def _analysis(rate: int, length: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Lines in Hz, a window that keeps mean squares, and shares of the lines in `EDGES` and `REGIONS`."""
    hann = np.hanning(length + 1)[:-1]
    window = hann * math.sqrt(2.0 / (length * (hann**2).sum()))
    frequencies = np.arange(length // 2 + 1) * rate / length
    weights, in_regions = (shares(frequencies, edges) for edges in (EDGES, np.array([*REGIONS.values()])))
    single = [values.astype(np.float32) for values in (window, weights, in_regions)]
    return frequencies, single[0], single[1], single[2]


def shares(frequencies: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Which share of every line lies in every band, shape (n_lines, n_bands).

    Parameters
    ----------
    frequencies
        Hz, evenly spaced, shape (n_lines,); a line reaches half-way to its neighbours.
    edges
        Lowest and highest frequency of each band in Hz, shape (n_bands, 2).
    """
    step = frequencies[1] - frequencies[0]
    low, high = edges.T
    begin = np.maximum(frequencies[:, None] - step / 2, low)
    end = np.minimum(frequencies[:, None] + step / 2, high)
    return np.clip((end - begin) / step, 0.0, 1.0)


def _true_peak(loudness: Loudness) -> float | None:
    """In dBTP; None where it is that of a few broken samples."""
    facts = {"true_peak": loudness.true_peak, "loudness": loudness.integrated}
    return None if has_broken_samples(facts) else loudness.true_peak


def _validate(bands: np.ndarray, loudness: float | None) -> None:
    if not np.isfinite(bands).all():
        raise AudioError("not_finite", "some samples are NaN or infinite")
    if loudness is None or not bands.any():
        raise AudioError("silent", "nothing in it is loud enough to be measured")


def _loudest(bands: np.ndarray, hop: float, sections: Spans) -> np.ndarray:
    """Mean power of every band over the loudest section, or passage where there are none.

    Parameters
    ----------
    bands
        Power per window and band, shape (n_windows, n_bands).
    hop
        Seconds from a window to the next.
    sections
        Begin and end of each in seconds.
    """
    lowest, highest = JUDGED
    power = bands[:, (lowest <= CENTRES) & (highest >= CENTRES)].sum(axis=1)
    windows = [slice(round(begin / hop), round(end / hop)) for begin, end in sections
               if end - begin >= SHORTEST_SECTION and round(begin / hop) < len(bands)]  # fmt: skip
    if windows:
        return bands[max(windows, key=lambda window: power[window].mean())].mean(axis=0)
    length = round(LOUDEST_SECONDS / hop)
    if len(bands) <= length:
        return bands.mean(axis=0)
    running = np.concatenate([[0.0], np.cumsum(power)])
    start = int(np.argmax(running[length:] - running[:-length]))
    return bands[start : start + length].mean(axis=0)


def _levels(power: np.ndarray, rate: int, noise: float) -> tuple[float | None, ...]:
    return tuple(
        _decibels(value) - noise * added if value > 0 and high <= rate / 2 else None
        for value, added, (_, high) in zip(power, raised(CENTRES), EDGES, strict=True)
    )


def _decibels(ratio: float) -> float:
    return 10 * math.log10(ratio) if ratio > 0 else -math.inf
