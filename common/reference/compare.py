"""A mix against its references: the difference to their median, beside how much they differ themselves.

Conventions
-----------
A spectrum is compared without its level: every curve is moved in dB until its differences to the common one
have a median of zero over the bands of `LEVELLED`, so that a bump somewhere does not shift the rest. A
difference is the mix less the median of the references. Their spread runs from the 10th to the 90th
percentile; of fewer than `FEWEST_FOR_SPREAD` none is claimed. What cannot be compared is None. Below a floor
there is no energy to speak of: what lies there is put at it, so a difference to it is that large at least.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from common.reference.measure import AUDIBLE, CENTRES, EDGES, NARROWEST, REGIONS, Measurement

FEWEST_FOR_SPREAD = 3
"""References from which their spread says something."""

SPREAD = (10.0, 90.0)
"""Percentiles."""

ONE_CRITICAL_BAND, MASKED = 130.0, 24.0
"""Hz below which the ear hears thirds of an octave together, in critical bands 100 Hz wide, and dB under the
strongest of them from which one is masked: the floor there; lossy encoders fill what lies under it with
noise."""

LEVELLED = CENTRES < 4200.0
"""Bands by which levels are made equal: mixes have energy in them, and lossy encoders move them least."""

UNCLAIMED, UNCLAIMED_CORRELATION = 1.0, 0.1
"""dB or LU, and correlation, within which a value counts as normal where no spread is claimed."""


@dataclass(frozen=True)
class Reading:
    """One number of a mix beside those of its references.

    Attributes
    ----------
    value
        The number of the mix, in the unit of its name; None where it cannot be told.
    median
        The median over the references, in the same unit; None where fewer than half of them have it, for
        it would be told of all.
    low, high
        Their 10th and 90th percentile; None where no spread is claimed.
    is_bound
        Whether the value or the median is the end of what is told: they lie apart at least as far.
    unclaimed
        How far from the median a value counts as normal where no spread is claimed.
    """

    value: float | None
    median: float | None
    low: float | None
    high: float | None
    is_bound: bool = False
    unclaimed: float = UNCLAIMED

    @property
    def difference(self) -> float | None:
        """How far the mix lies above the median."""
        return None if self.value is None or self.median is None else self.value - self.median

    @property
    def excess(self) -> float:
        """How far it lies outside the spread, below it negative; 0 inside, and where nothing is known."""
        if self.value is None or self.difference is None:
            return 0.0
        low = self.median - self.unclaimed if self.low is None else self.low  # type: ignore[operator]
        high = self.median + self.unclaimed if self.high is None else self.high  # type: ignore[operator]
        return min(self.value - low, 0.0) + max(self.value - high, 0.0)


@dataclass(frozen=True)
class Band:
    """A third of an octave.

    Attributes
    ----------
    low_hz, high_hz
        The edges of the band, in Hz.
    level
        Of the mix and of its references, in dB, the overall level taken out.
    at_floor
        Whether the mix carries no energy here. It lies at least as far below its references as is told.
    is_bound
        Whether the mix or the references' median does: they lie apart at least as far as is told.
    """

    low_hz: float
    high_hz: float
    level: Reading
    at_floor: bool = False
    is_bound: bool = False

    @property
    def spread(self) -> tuple[float | None, float | None]:
        """The ends of the references' spread, in dB over their median; None where none is claimed."""
        level = self.level
        ends = (level.low, level.high)
        low, high = (None if end is None or level.median is None else end - level.median for end in ends)
        return low, high

    @property
    def shown(self) -> str:
        """The difference to a tenth of a dB, as people read it; empty where there is none."""
        difference = self.level.difference
        if difference is None:
            return ""
        bound = "" if not self.is_bound else ("≥ " if difference > 0 else "≤ ")
        return f"{bound}{difference:+z.1f}"


@dataclass(frozen=True)
class Comparison:
    """What separates a mix from its references.

    Attributes
    ----------
    n_references
        How many there are.
    bands, loudest
        Over the whole song, and over the loudest passage of each; one for each third of an octave.
    curves
        Spectra of the references, the level taken out, in dB, shape (n_references, n_bands); NaN where a
        file has none.
    loudness, loudness_range, true_peak
        In LUFS, LU and dBTP.
    crest, width
        In dB, one for each of ``measure.REGIONS``.
    correlation
        Below ``measure.LOW_CORRELATION``, -1 to 1.
    """

    n_references: int
    bands: tuple[Band, ...]
    loudest: tuple[Band, ...]
    curves: np.ndarray
    loudness: Reading
    loudness_range: Reading
    true_peak: Reading
    crest: tuple[Reading, ...]
    width: tuple[Reading, ...]
    correlation: Reading

    @property
    def is_mono(self) -> bool:
        """Whether the mix has two channels that are the same, as far as it carries anything."""
        widths = [reading.value for reading in self.width if reading.value is not None]
        return bool(widths) and max(widths) <= NARROWEST


def compare(mix: Measurement, references: Sequence[Measurement]) -> Comparison:
    """Compare a mix with at least one reference."""
    bands, curves = _compare_spectra(mix.spectrum, [other.spectrum for other in references])
    loudest, _ = _compare_spectra(mix.loudest, [other.loudest for other in references])

    def reading(name: str) -> Reading:
        return read(getattr(mix, name), [getattr(other, name) for other in references])

    def readings(name: str) -> tuple[Reading, ...]:
        return tuple(
            read(getattr(mix, name)[region], [getattr(other, name)[region] for other in references])
            for region in range(len(REGIONS))
        )

    return Comparison(
        n_references=len(references),
        bands=bands,
        loudest=loudest,
        curves=curves,
        loudness=reading("loudness"),
        loudness_range=reading("loudness_range"),
        true_peak=reading("true_peak"),
        crest=readings("crest"),
        width=tuple(map(_bounded, readings("width"))),
        correlation=replace(reading("correlation"), unclaimed=UNCLAIMED_CORRELATION),
    )


def read(value: float | None, references: Sequence[float | None]) -> Reading:
    """Put a number beside those of the references that have one, if half of them do."""
    known = [other for other in references if other is not None]
    if not known or 2 * len(known) < len(references):
        return Reading(value, None, None, None)
    median = float(np.median(known))
    if len(known) < FEWEST_FOR_SPREAD:
        return Reading(value, median, None, None)
    low, high = np.percentile(known, SPREAD)
    return Reading(value, median, float(low), float(high))


def _bounded(width: Reading) -> Reading:
    """A width that knows whether it, or the references', is where widths end."""
    return replace(width, is_bound=any(abs(end or 0.0) >= -NARROWEST for end in (width.value, width.median)))


def shown_width(width: float) -> str:
    """A width in dB as people read it, where widths end a bound."""
    bound = "" if abs(width) < -NARROWEST else ("≤ " if width < 0 else "≥ ")
    return f"{bound}{width:z.1f}"


def _compare_spectra(
    mix: Sequence[float | None], references: Sequence[Sequence[float | None]]
) -> tuple[tuple[Band, ...], np.ndarray]:
    (own, own_floor), others = _with_floor(mix), [_with_floor(spectrum) for spectrum in references]
    curves, floors = (np.array(part) for part in zip(*others, strict=True))
    shifts = _shifts(_audible(curves, floors))
    curves, floors = curves - shifts[:, None], floors - shifts[:, None]
    centre, their_floor = _medians(_audible(curves, floors)), np.median(floors, axis=0)
    shift = _shift(_audible(own, own_floor) - centre)
    # Once more, by the bands alone that stand over the common floor.
    floor = np.maximum(own_floor - shift, their_floor)
    shift += np.nan_to_num(_shift(_audible(own - shift, floor) - _audible(centre, floor)))
    floor = np.maximum(own_floor - shift, their_floor)
    own, curves = np.maximum(own - shift, floor), np.maximum(curves, floor)
    return tuple(map(_band, EDGES, own, curves.T, floor)), curves


def _band(edges: np.ndarray, own: float, column: np.ndarray, floor: float) -> Band:
    level = read(_number(own), [_number(other) for other in column])
    at_floor, theirs_at_floor = own <= floor, level.median is not None and level.median <= floor
    if at_floor and theirs_at_floor:
        level = replace(level, value=None)
    return Band(float(edges[0]), float(edges[1]), level, bool(at_floor), bool(at_floor or theirs_at_floor))


def _with_floor(spectrum: Sequence[float | None]) -> tuple[np.ndarray, np.ndarray]:
    """A spectrum in dB, NaN where the file holds nothing, and the floor of every band."""
    levels = np.array([np.nan if level is None else level for level in spectrum], dtype=np.float64)
    floor = np.full(len(levels), np.nanmax(levels) - AUDIBLE)
    bass = CENTRES < ONE_CRITICAL_BAND
    floor[bass] = np.maximum(floor[bass], np.nanmax(levels, where=bass, initial=-np.inf) - MASKED)
    return levels, floor


def _audible(levels: np.ndarray, floor: np.ndarray) -> np.ndarray:
    """Levels that stand over the floor; NaN for the others."""
    return np.where(levels > floor, levels, np.nan)


def _shifts(curves: np.ndarray) -> np.ndarray:
    """By how many dB to lower each curve to one level: to its own median first, then to the common curve."""
    own = np.array([_shift(curve) for curve in curves])
    centre = _medians(curves - own[:, None])
    return np.array([_shift(curve - centre) for curve in curves])


def _shift(differences: np.ndarray) -> float:
    """Median over the bands of `LEVELLED`, or over all where those hold nothing."""
    judged = differences[LEVELLED]
    return _median(differences if np.isnan(judged).all() else judged)


def _medians(curves: np.ndarray) -> np.ndarray:
    """Median of the curves in every band; NaN where none has a value."""
    return np.array([_median(column) for column in curves.T])


def _median(values: np.ndarray) -> float:
    known = values[~np.isnan(values)]
    return float(np.median(known)) if known.size else float("nan")


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
