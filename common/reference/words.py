"""What a producer can act on: the strongest differences in a few sentences, each with its size and evidence.

Conventions
-----------
Nothing is said of what lies inside the references' spread, and nothing without a number. Strengths are in dB
outside the spread, so that differences of every kind can be put in one order. A size is rounded to what the
references allow, see `_step`; what is measured, to a tenth, is in the tables.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from statistics import fmean

from common.reference.compare import FEWEST_FOR_SPREAD, Band, Comparison, Reading, shown_width
from common.reference.measure import LOW_CORRELATION, REGIONS

MOST = 6
"""Sentences, the one about what a spectrum cannot tell included."""

LEAST = 1.0
"""dB or LU of difference from which something is said."""

LEAST_STRENGTH = 0.8
"""Strength from which something is said."""

STEPS = (0.5, 1.0, 2.0)
"""dB or LU that sizes are said in."""

LOPSIDED = 1.5
"""How much further than half the spread its longer side reaches from the median where ± would mislead."""

LEAST_CORRELATION = 0.1
"""Loss of correlation from which something is said."""

MONO_BASS = -20.0
"""dB of side over middle under which bass is mono to the ear: left and right correlate by 0.98."""

WIDE = 0.9
"""Octaves from which a range is wide: three thirds, which are a little less than an octave."""

LOUDNESS_WEIGHT, WIDTH_WEIGHT, CORRELATION_WEIGHT = 0.5, 0.5, 10.0
"""How much a LU of loudness, a dB of width and a unit of correlation weigh against a dB of an octave."""

ADD = "a boost finds nothing {}; add a sound that has it."
"""What to do where the references have energy and the mix has none."""

MOST_BOOST, FIND = 12.0, "no boost makes up for that; look for what cuts it, or add a sound that has it."
"""dB that an equaliser makes up for at most, and what to do about more."""

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


def nothing(n_references: int) -> str:
    """What is said where there are no sentences."""
    if n_references < FEWEST_FOR_SPREAD:
        return _of(n_references, "Nothing lies far enough from the references to act on.")
    return "Nothing lies far enough outside the references' spread to act on."


def sentences(comparison: Comparison) -> list[Sentence]:
    """At most `MOST` sentences, the strongest difference first; none if the mix lies inside all spreads."""
    n_references = comparison.n_references
    found = [
        *_balance(comparison.bands, n_references),
        *_dynamics(comparison),
        *_crest(comparison.crest, n_references),
        *_stereo(comparison),
    ]
    told = [sentence for sentence in found if sentence.strength >= LEAST_STRENGTH]
    strongest = sorted(told, key=lambda sentence: -sentence.strength)[: MOST - 1]
    strongest = [replace(one, text=_of(n_references, one.text)) for one in strongest]
    return [*strongest, _caveat(len(strongest))] if strongest else []


def _of(n_references: int, text: str) -> str:
    """A text about the references, of as many as there are."""
    if n_references > 1:
        return text
    return text.replace("the references'", "the reference's").replace("the references", "the reference")


def _caveat(number: int) -> Sentence:
    what = "makes this 1 difference" if number == 1 else f"makes these {number} differences"
    text = f"Whether the arrangement or the mixing {what} cannot be told from a spectrum: listen first."
    return Sentence("caveat", text, 0.0)


def _balance(bands: Sequence[Band], n_references: int) -> Iterator[Sentence]:
    """A sentence for every range of neighbouring bands that lie outside on the same side."""
    compared = [band for band in bands if band.level.difference is not None]
    for run in _runs(bands):
        # Nothing can be compared below the lowest of them: what is said of it is said of all below.
        low, high = bands[0].low_hz if run[0] is compared[0] else run[0].low_hz, run[-1].high_hz
        levels = [band.level for band in run]
        mean = fmean(level.difference or 0.0 for level in levels)
        spread, octaves = _spread(levels), math.log2(high / run[0].low_hz)
        is_bound = any(band.is_bound for band in run)
        size = _rounded(mean, spread, n_references, is_bound)
        text = f"{size} dB {'more' if mean > 0 else 'less'} than the references {_where(low, high, bands)}"
        text += f"{_farthest(run, size, spread, n_references)}, {_doubt(levels, mean)}: "
        text += _boost_or_add(run, low, high, bands, octaves, mean)
        strength = fmean(abs(level.excess) for level in levels) * math.sqrt(octaves)
        yield Sentence("balance", _capital(text), strength, low, high)


def _farthest(run: Sequence[Band], mean: str, spread: float | None, n_references: int) -> str:
    """That a size is a mean, and that of the band which lies farthest off; empty if they are told alike."""
    band = max(run, key=lambda one: abs(one.level.difference or 0.0))
    size = _rounded(band.level.difference or 0.0, spread, n_references, band.is_bound)
    at = _hertz(math.sqrt(band.low_hz * band.high_hz))
    return "" if size == mean else f" (mean; {size.removeprefix('about ')} dB at {at})"


def _runs(bands: Sequence[Band]) -> Iterator[list[Band]]:
    """Ranges of bands that lie on the same side of the references.

    A single band inside the spread that lies on the same side does not part them. The highest band, where
    lossy encoders cut, stands alone: what it does changes nothing that is said below, and is told only if the
    next lower one does not do the same.
    """
    sides = [_side(band.level) if band.level.excess else 0 for band in bands]
    for before, (band, after) in enumerate(zip(bands[1:-2], sides[2:-1], strict=True)):
        if sides[before] == after == _side(band.level):
            sides[before + 1] = after
    sides[-1] *= sides[-1] != sides[-2]
    for side, run in groupby(zip(bands, sides, strict=True), key=lambda pair: pair[1]):
        if side:
            yield [band for band, _ in run]


def _side(level: Reading) -> int:
    """1 above the references' median, -1 below it, 0 nearer to it than `LEAST`."""
    difference = level.difference or 0.0
    return 0 if abs(difference) < LEAST else (1 if difference > 0 else -1)


def _spread(readings: Sequence[Reading]) -> float | None:
    """Half of how far the references lie apart, the mean over readings; None where none is claimed."""
    ends = _reach(readings)
    return None if ends is None else (ends[1] - ends[0]) / 2


def _step(spread: float | None, n_references: int) -> float:
    """Least of `STEPS` that is no finer than what is known of the references' median.

    That of n records which differ by ±s is known to within about ±s / sqrt(n), its standard error. The step
    depends on the references alone, so that a mix which hardly changes is hardly told otherwise.
    """
    known_within = 0.0 if spread is None else 2 * spread / math.sqrt(n_references)
    return next((step for step in STEPS if step >= known_within), STEPS[-1])


def _rounded(size: float, spread: float | None, n_references: int, is_bound: bool = False) -> str:
    step = _step(spread, n_references)
    if is_bound:
        step = max(finer for finer in STEPS if finer <= min(step, abs(size)))  # it is rounded down, not to 0
        return f"at least {math.floor(abs(size) / step) * step:g}"
    return f"about {max(1, round(abs(size) / step)) * step:g}"


def _where(low: float, high: float, bands: Sequence[Band]) -> str:
    if low == bands[0].low_hz:
        return f"below {_hertz(high)}"
    if high == bands[-1].high_hz:
        return f"above {_hertz(low)}"
    return f"between {_hertz(low)} and {_hertz(high)}"


def _doubt(readings: Sequence[Reading], size: float) -> str:
    """How far the references differ: by ± half their spread, or its ends where it is lopsided."""
    spread, ends = _spread(readings), _reach(readings)
    if spread is None or ends is None:
        return "too few references to tell their spread"
    if spread < abs(size) and max(map(abs, ends)) < LOPSIDED * spread:
        return f"where they differ by ±{spread:.1f} dB"
    return f"where they lie from {ends[0]:+z.1f} to {ends[1]:+z.1f} dB around their median"


def _reach(readings: Sequence[Reading]) -> tuple[float, float] | None:
    """The ends of the references' spread over their median, the means over readings."""
    lows = [one.low - one.median for one in readings if one.low is not None and one.median is not None]
    highs = [one.high - one.median for one in readings if one.high is not None and one.median is not None]
    return (fmean(lows), fmean(highs)) if lows and highs else None


def _boost_or_add(
    run: Sequence[Band], low: float, high: float, bands: Sequence[Band], octaves: float, size: float
) -> str:
    """What to do about a range: what an equaliser does, but for bands in which it would find nothing."""
    advice, empty = _advice(low, high, bands, octaves, size), [band for band in run if band.at_floor]
    if empty:
        begin, end = low if empty[0] is run[0] else empty[0].low_hz, empty[-1].high_hz
        where = "there" if (begin, end) == (low, high) else _where(begin, end, bands)
        if 2 * len(empty) >= len(run):
            return ADD.format(where)
    if size < -MOST_BOOST:
        return FIND
    if not empty:
        return advice
    return f"{advice[:-1]}; it finds nothing {where}."


def _advice(low: float, high: float, bands: Sequence[Band], octaves: float, size: float) -> str:
    if low == bands[0].low_hz:
        return f"try a low shelf {'down' if size > 0 else 'up'}."
    if high >= bands[-2].high_hz:
        return f"try a high shelf {'down' if size > 0 else 'up'}."
    return f"try a {'wide' if octaves >= WIDE else 'narrow'} {'cut' if size > 0 else 'boost'} there."


def _dynamics(comparison: Comparison) -> Iterator[Sentence]:
    n_references = comparison.n_references
    loudness, span, peak = comparison.loudness, comparison.loudness_range, comparison.true_peak
    if _is_told(loudness):
        advice = "there is room to lower the master" if loudness.excess > 0 else "raise it in mastering"
        text = f"{_size(loudness, n_references, 'LU', 'louder', 'quieter')} than the references"
        text += f" ({_pair(loudness, 'LUFS')}): {advice}."
        yield Sentence("loudness", _capital(text), abs(loudness.excess) * LOUDNESS_WEIGHT)
    if _is_told(span):
        advice = "ride the faders or compress the bus" if span.excess > 0 else "let quiet sections be quieter"
        text = f"Loudness range {_size(span, n_references, 'LU', 'wider', 'narrower')} than the references'"
        yield Sentence(
            "range", f"{text} ({_pair(span, 'LU')}): {advice}.", abs(span.excess) * LOUDNESS_WEIGHT
        )
    if _is_told(peak) and peak.excess > 0 and (peak.value or 0.0) > SAFE_PEAK:
        text = f"True peak {_size(peak, n_references, 'dB', 'above', 'below')} the references'"
        text += f" ({_pair(peak, 'dBTP')}): set the limiter's ceiling to {SAFE_PEAK:g} dBTP."
        yield Sentence("peak", text, peak.excess * LOUDNESS_WEIGHT)


def _crest(readings: Sequence[Reading], n_references: int) -> Iterator[Sentence]:
    for (low, high), reading in zip(REGIONS.values(), readings, strict=True):
        if _is_told(reading):
            advice = "tame its hits" if reading.excess > 0 else "compress it less"
            size = _size(reading, n_references, "dB", "higher", "lower")
            text = (
                f"Peaks between {_hertz(low)} and {_hertz(high)} stand {size} over their average than in the"
            )
            text += f" references ({_pair(reading, 'dB')}): {advice}."
            yield Sentence("crest", text, abs(reading.excess), low, high)


def _stereo(comparison: Comparison) -> Iterator[Sentence]:
    yield from _mono(comparison) if comparison.is_mono else _widths(comparison)
    together = comparison.correlation
    if -together.excess >= LEAST_CORRELATION:
        text = f"Left and right correlate by {together.value:z.2f} below {_hertz(LOW_CORRELATION)}, "
        text += f"the references by {together.median:z.2f}: make the bass mono."
        strength = -together.excess * CORRELATION_WEIGHT
        yield Sentence("correlation", text, strength, high_hz=LOW_CORRELATION)


def _widths(comparison: Comparison) -> Iterator[Sentence]:
    for (low, high), reading, excess in _judged_widths(comparison):
        advice = "narrow the sides" if excess > 0 else "widen it, and check it in mono"
        size = _size(reading, comparison.n_references, "dB", "stronger", "weaker")
        text = f"Sides {size} than the references' against the middle"
        text += f" between {_hertz(low)} and {_hertz(high)} ({_pair(reading, 'dB', shown_width)}): {advice}."
        yield Sentence("width", text, abs(excess) * WIDTH_WEIGHT, low, high)


def _mono(comparison: Comparison) -> Iterator[Sentence]:
    """Instead of a sentence for every band: all have the same cause."""
    told = [*_judged_widths(comparison)]
    if told:
        (low, _), (_, high) = told[0][0], told[-1][0]
        medians = [reading.median or 0.0 for _, reading, _ in told]
        text = "Both channels are the same: the mix is mono. The references' sides lie at"
        text += f" {_ends(shown_width(min(medians)), shown_width(max(medians)))} dB against the middle"
        text += f" between {_hertz(low)} and {_hertz(high)}: widen it, and check it in mono."
        strength = max(abs(excess) for *_, excess in told)
        yield Sentence("width", text, strength * WIDTH_WEIGHT, low, high)


def _judged_widths(comparison: Comparison) -> Iterator[tuple[tuple[float, float], Reading, float]]:
    """Edges and width of each band of which something is said, and how far outside that counts."""
    for (low, high), reading in zip(REGIONS.values(), comparison.width, strict=True):
        judged = reading if low >= LOW_CORRELATION else _not_below(reading, MONO_BASS)
        # Bass that is nearer to mono than the references' is no fault.
        if _is_told(judged) and (judged.excess > 0 or low >= LOW_CORRELATION):
            yield (low, high), reading, judged.excess


def _not_below(reading: Reading, floor: float) -> Reading:
    """A reading, all of it put at a floor that lies below it."""
    names = ("value", "median", "low", "high")
    numbers = {name: number for name in names if (number := getattr(reading, name)) is not None}
    return replace(reading, **{name: max(number, floor) for name, number in numbers.items()})


def _ends(low: str, high: str) -> str:
    return low if low == high else f"{low} to {high}"


def _is_told(reading: Reading) -> bool:
    return reading.excess != 0 and abs(reading.difference or 0.0) >= LEAST


def _size(reading: Reading, n_references: int, unit: str, above: str, below: str) -> str:
    difference = reading.difference or 0.0
    size = _rounded(difference, _spread([reading]), n_references, reading.is_bound)
    return f"{size} {unit} {above if difference > 0 else below}"


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def _pair(reading: Reading, unit: str, show: Callable[[float], str] = "{:z.1f}".format) -> str:
    """The value against the median, and how far the references reach."""
    value, median, low, high = (
        None if number is None else show(number)
        for number in (reading.value, reading.median, reading.low, reading.high)
    )
    reach = "" if low is None else f"; they run from {low} to {high}"
    return f"{value} against {median} {unit}{reach}"


def _hertz(frequency: float) -> str:
    """Two figures: ``350 Hz``, ``1.4 kHz``."""
    rounded = float(f"{frequency:.2g}")
    return f"{rounded:g} Hz" if rounded < 1000 else f"{rounded / 1000:g} kHz"
