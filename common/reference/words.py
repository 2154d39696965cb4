"""What a producer can act on: the strongest differences in a few sentences, each with its size and evidence.

Conventions
-----------
Nothing is said of what lies inside the references' spread, and nothing without a number. Strengths are in dB
outside the spread, so that differences of every kind can be put in one order.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from common.reference.compare import Band, Comparison, Reading
from common.reference.measure import LOW_CORRELATION, REGIONS

MOST = 6
"""Sentences, the one about what a spectrum cannot tell included."""

LEAST = 1.0
"""dB or LU of difference from which something is said."""

LEAST_CORRELATION = 0.1
"""Loss of correlation from which something is said."""

WIDE = 0.9
"""Octaves from which a range is wide: three thirds, which are a little less than an octave."""

LOUDNESS_WEIGHT, WIDTH_WEIGHT, CORRELATION_WEIGHT = 0.5, 0.5, 10.0
"""How much a LU of loudness, a dB of width and a unit of correlation weigh against a dB of an octave."""

SAFE_PEAK = -1.0
"""dBTP under which lossy encoders do not clip, as streaming services ask for."""


@dataclass(frozen=True)
class Sentence:
    """Something to act on.

    Attributes
    ----------
    about
        What it is about, such as ``balance`` or ``loudness``.
    text
        The sentence as people read it.
    strength
        How far the mix lies outside the spread, weighted; at least 0.
    low_hz, high_hz
        The range it is about; 0 and infinity for all.
    """

    about: str
    text: str
    strength: float
    low_hz: float = 0.0
    high_hz: float = math.inf


def sentences(comparison: Comparison) -> list[Sentence]:
    """At most `MOST` sentences, the strongest difference first; none if the mix lies inside all spreads."""
    found = [
        *_balance(comparison.bands, comparison.n_references),
        *_dynamics(comparison),
        *_crest(comparison.crest),
        *_stereo(comparison),
    ]
    strongest = sorted(found, key=lambda sentence: -sentence.strength)[: MOST - 1]
    return [*strongest, _caveat(len(strongest))] if strongest else []


def _caveat(number: int) -> Sentence:
    what = "makes this 1 difference" if number == 1 else f"makes these {number} differences"
    text = f"Whether the arrangement or the mixing {what} cannot be told from a spectrum: listen first."
    return Sentence("caveat", text, 0.0)


def _balance(bands: Sequence[Band], n_references: int) -> Iterator[Sentence]:
    """A sentence for every run of neighbouring bands that lie outside on the same side."""
    for run in _runs(bands):
        low, high = run[0].low_hz, run[-1].high_hz
        differences = [band.level.difference or 0.0 for band in run]
        size, octaves = sum(differences) / len(run), math.log2(high / low)
        more = "more" if size > 0 else "less"
        where = _where(run, bands)
        text = f"{abs(size):.1f} dB {more} than the references {where}, {_doubt(run, n_references)}: "
        strength = sum(abs(band.level.excess) for band in run) / len(run) * math.sqrt(octaves)
        yield Sentence("balance", text + _advice(run, bands, octaves, size), strength, low, high)


def _runs(bands: Sequence[Band]) -> Iterator[list[Band]]:
    run: list[Band] = []
    for band in bands:
        excess = band.level.excess if abs(band.level.difference or 0.0) >= LEAST else 0.0
        if run and excess * run[0].level.excess <= 0:
            yield run
            run = []
        if excess:
            run.append(band)
    if run:
        yield run


def _where(run: Sequence[Band], bands: Sequence[Band]) -> str:
    if run[0] is bands[0]:
        return f"below {_hertz(run[-1].high_hz)}"
    if run[-1] is bands[-1]:
        return f"above {_hertz(run[0].low_hz)}"
    return f"between {_hertz(run[0].low_hz)} and {_hertz(run[-1].high_hz)}"


def _doubt(run: Sequence[Band], n_references: int) -> str:
    spreads = [
        band.level.high - band.level.low
        for band in run
        if band.level.low is not None and band.level.high is not None
    ]
    if not spreads:
        return f"of which {n_references} tell no spread"
    return f"where they differ by ±{sum(spreads) / len(spreads) / 2:.1f} dB"


def _advice(run: Sequence[Band], bands: Sequence[Band], octaves: float, size: float) -> str:
    if run[0] is bands[0]:
        return f"try a low shelf {'down' if size > 0 else 'up'}."
    if run[-1] is bands[-1]:
        return f"try a high shelf {'down' if size > 0 else 'up'}."
    return f"try a {'wide' if octaves >= WIDE else 'narrow'} {'cut' if size > 0 else 'boost'} there."


def _dynamics(comparison: Comparison) -> Iterator[Sentence]:
    loudness, span, peak = comparison.loudness, comparison.loudness_range, comparison.true_peak
    if _is_told(loudness):
        advice = "there is room to lower the master" if loudness.excess > 0 else "raise it in mastering"
        text = f"{_size(loudness, 'LU', 'louder', 'quieter')} than the references"
        text += f" ({_pair(loudness, 'LUFS')}): {advice}."
        yield Sentence("loudness", text, abs(loudness.excess) * LOUDNESS_WEIGHT)
    if _is_told(span):
        advice = "ride the faders or compress the bus" if span.excess > 0 else "let quiet sections be quieter"
        text = f"Loudness range {_size(span, 'LU', 'wider', 'narrower')} than the references'"
        yield Sentence(
            "range", f"{text} ({_pair(span, 'LU')}): {advice}.", abs(span.excess) * LOUDNESS_WEIGHT
        )
    if _is_told(peak) and peak.excess > 0 and (peak.value or 0.0) > SAFE_PEAK:
        text = f"True peak {_size(peak, 'dB', 'above', 'below')} the references' ({_pair(peak, 'dBTP')})"
        text += f": set the limiter's ceiling to {SAFE_PEAK:g} dBTP."
        yield Sentence("peak", text, peak.excess * LOUDNESS_WEIGHT)


def _crest(readings: Sequence[Reading]) -> Iterator[Sentence]:
    for (low, high), reading in zip(REGIONS.values(), readings, strict=True):
        if _is_told(reading):
            advice = "tame its hits" if reading.excess > 0 else "compress it less"
            size = _size(reading, "dB", "higher", "lower")
            text = (
                f"Peaks between {_hertz(low)} and {_hertz(high)} stand {size} over their average than in the"
            )
            text += f" references ({_pair(reading, 'dB')}): {advice}."
            yield Sentence("crest", text, abs(reading.excess), low, high)


def _stereo(comparison: Comparison) -> Iterator[Sentence]:
    for (low, high), reading in zip(REGIONS.values(), comparison.width, strict=True):
        if _is_told(reading):
            advice = "narrow the sides" if reading.excess > 0 else "widen it, and check it in mono"
            text = (
                f"Sides {_size(reading, 'dB', 'stronger', 'weaker')} than the references' against the middle"
            )
            text += f" between {_hertz(low)} and {_hertz(high)} ({_pair(reading, 'dB')}): {advice}."
            yield Sentence("width", text, abs(reading.excess) * WIDTH_WEIGHT, low, high)
    together = comparison.correlation
    if -together.excess >= LEAST_CORRELATION:
        text = f"Left and right correlate by {together.value:.2f} below {_hertz(LOW_CORRELATION)}, "
        text += f"the references by {together.median:.2f}: make the bass mono."
        strength = -together.excess * CORRELATION_WEIGHT
        yield Sentence("correlation", text, strength, high_hz=LOW_CORRELATION)


def _is_told(reading: Reading) -> bool:
    return reading.excess != 0 and abs(reading.difference or 0.0) >= LEAST


def _size(reading: Reading, unit: str, above: str, below: str) -> str:
    difference = reading.difference or 0.0
    return f"{abs(difference):.1f} {unit} {above if difference > 0 else below}"


def _pair(reading: Reading, unit: str) -> str:
    """The value against the median, and how far the references reach."""
    text = f"{reading.value:.1f} against {reading.median:.1f} {unit}"
    if reading.low is None or reading.high is None:
        return text
    return f"{text}; they run from {reading.low:.1f} to {reading.high:.1f}"


def _hertz(frequency: float) -> str:
    """Two figures: ``350 Hz``, ``1.4 kHz``."""
    rounded = float(f"{frequency:.2g}")
    return f"{rounded:g} Hz" if rounded < 1000 else f"{rounded / 1000:g} kHz"
