"""The picture of a mix against its references: balance, dynamics and width on one sheet."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from common import charts
from common.reference.compare import FEWEST_FOR_SPREAD, UNCLAIMED, Band, Comparison, Reading, shown_width
from common.reference.measure import CENTRES, EDGES, LOW_CORRELATION, REGIONS
from common.reference.words import Sentence, nothing
from common.text import count, shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TICKS = (31.5, 63, 125, 250, 500, 1000, 2000, 4000, 8000, 16_000)

MIX, OUTSIDE, REFERENCES = charts.PALETTE[0], charts.PALETTE[1], charts.PALETTE[7]
"""Colours: of the mix, of what lies outside the spread, of the references."""

ROOM = 0.2
"""Share of the height of the curves that is left above them for the legend."""

LABEL_BANDS, LABEL_HEIGHT = 3, 0.08
"""Bands, and share of the height of the axis, that the size of a bar takes up."""

LEAST_HALF = 4.0
"""dB that the axis of differences reaches at least in either direction."""


def draw(
    path: Path, name: str, comparison: Comparison, sentences: Sequence[Sentence], note: str = ""
) -> Path:
    """Draw a mix against its references.

    Parameters
    ----------
    path
        The PNG file that is written.
    name
        The name of the mix, as a title shows it.
    comparison
        What separates it from its references.
    sentences
        What is said of it.
    note
        A line under the sentences; empty for none.
    """
    from matplotlib import pyplot as plt

    with charts.style():
        figure = plt.figure(figsize=(15, 10.5), layout="constrained")
        grid = figure.add_gridspec(3, 2, width_ratios=(1.75, 1), height_ratios=(1.45, 1, 0.62))
        _draw_curves(figure.add_subplot(grid[0, 0]), comparison)
        _draw_differences(figure.add_subplot(grid[1, 0]), comparison)
        _draw_readings(figure.add_subplot(grid[:2, 1]), comparison)
        _write_sentences(figure.add_subplot(grid[2, :]), sentences, comparison.n_references, note)
        title = f"{shorten(name, 70)} against {count(comparison.n_references, 'reference')}"
        figure.suptitle(title, x=0.012, ha="left", fontsize=17, fontweight="bold")
        return charts.save_png(figure, path, dpi=150)


def _draw_curves(axes: Axes, comparison: Comparison) -> None:
    """The spectra over the references' corridor, the common tilt left in, all at one level."""
    low, median, high, own = _columns(comparison.bands)
    for curve in comparison.curves:
        axes.plot(CENTRES, curve, color=REFERENCES, linewidth=0.7, alpha=0.35)
    if not np.isnan(low).all():
        axes.fill_between(
            CENTRES, low, high, color=REFERENCES, alpha=0.25, linewidth=0, label="10th to 90th percentile"
        )
    axes.plot(CENTRES, median, color=charts.INK, linewidth=1.6, linestyle="--", label="references' median")
    axes.plot(CENTRES, own, color=MIX, linewidth=2.8, label="this mix")
    outside = np.array([band.level.excess != 0 for band in comparison.bands])
    axes.scatter(CENTRES[outside], own[outside], s=46, color=OUTSIDE, zorder=4, label="outside")
    _frequency_axis(axes)
    axes.set_ylabel("level in dB, loudness taken out")
    axes.set_title("Tonal balance, thirds of an octave", fontsize=13)
    lowest, highest = axes.get_ylim()
    axes.set_ylim(lowest, highest + ROOM * (highest - lowest))
    axes.legend(loc="upper right", fontsize=10, frameon=True, framealpha=0.9, ncols=2)


def _draw_differences(axes: Axes, comparison: Comparison) -> None:
    """A bar per band, beside how far the references themselves reach; the loudest passage as dots."""
    bands = comparison.bands
    low, median, high, own = _columns(bands)
    difference, widths = own - median, EDGES[:, 1] - EDGES[:, 0]
    colours = [OUTSIDE if band.level.excess else MIX for band in bands]
    axes.bar(EDGES[:, 0], difference, widths * 0.86, align="edge", color=colours, zorder=3)
    edges = np.append(EDGES[:, 0], EDGES[-1, 1])
    if not np.isnan(low).all():
        axes.stairs(high - median, edges, baseline=low - median, fill=True, color=REFERENCES, alpha=0.25)
    axes.axhline(0, color=charts.INK, linewidth=1, zorder=4)
    _, loudest_median, _, loudest = _columns(comparison.loudest)
    axes.plot(CENTRES, loudest - loudest_median, "o", markersize=5, markerfacecolor=charts.PAPER,
              markeredgecolor=charts.INK, zorder=5)  # fmt: skip
    farthest = np.nanmax(np.abs([difference, loudest - loudest_median]))
    half = max(LEAST_HALF, 1.25 * farthest)
    axes.set_ylim(-half, half)
    _label_largest(axes, bands, difference, loudest - loudest_median)
    _frequency_axis(axes)
    axes.set_ylabel("dB over the median")
    outside = "outside their spread"
    if comparison.n_references < FEWEST_FOR_SPREAD:
        outside = f"over {UNCLAIMED:g} dB away"
    # No legend: a bar and its size may reach anywhere.
    axes.set_xlabel(f"Hz; orange: {outside}, ○: loudest section")
    axes.set_title("Difference to the median", fontsize=13)


def _label_largest(axes: Axes, bands: Sequence[Band], difference: np.ndarray, loudest: np.ndarray) -> None:
    """Write the size of every bar that lies outside and is higher than its neighbours, clear of its dot.

    The highest come first; a size that would run into another one is left out.
    """
    taken: list[tuple[int, float]] = []
    height = LABEL_HEIGHT * np.ptp(axes.get_ylim())
    for number in np.argsort(-np.nan_to_num(np.abs(difference)), kind="stable").tolist():
        neighbours, band = difference[max(0, number - 1) : number + 2], bands[number]
        above = difference[number] > 0
        reach = (np.nanmax if above else np.nanmin)([difference[number], loudest[number], 0.0])
        is_free = all(
            abs(number - other) >= LABEL_BANDS or abs(reach - place) >= height for other, place in taken
        )
        if band.level.excess and is_free and abs(difference[number]) >= np.nanmax(np.abs(neighbours)):
            taken.append((number, reach))
            axes.annotate(
                band.shown, (CENTRES[number], reach), (0, 6 if above else -6),
                textcoords="offset points", ha="center", va="bottom" if above else "top",
                fontsize=10, zorder=5,
            )  # fmt: skip


def _draw_readings(axes: Axes, comparison: Comparison) -> None:
    """Loudness, crest factors and widths as bars from the median, over the references' spread."""
    rows = _rows(comparison)
    known = [(label, unit, reading) for label, unit, reading in rows if reading.difference is not None]
    for place, (_, unit, reading) in enumerate(known):
        _draw_reading(axes, place, unit, reading)
    axes.axvline(0, color=charts.INK, linewidth=1, zorder=4)
    axes.set_yticks(range(len(known)), [label for label, _, _ in known], fontsize=11)
    axes.invert_yaxis()
    # What is a bound may reach out of the picture.
    ends = [abs(reading.difference or 0.0) for _, _, reading in known if not reading.is_bound]
    reach = max([LEAST_HALF, *ends])
    axes.set_xlim(-1.15 * reach, 1.15 * reach)
    axes.grid(axis="y", visible=False)
    axes.set_xlabel("dB or LU over the median" + _correlation(comparison.correlation))
    axes.set_title("Dynamics and stereo: mix | median", fontsize=13)


def _draw_reading(axes: Axes, place: int, unit: str, reading: Reading) -> None:
    median, difference = reading.median or 0.0, reading.difference or 0.0
    axes.barh(place, difference, 0.5, color=OUTSIDE if reading.excess else MIX, zorder=3)
    if reading.low is not None and reading.high is not None:
        reach, left = reading.high - reading.low, reading.low - median
        axes.barh(place, reach, 0.86, left=left, color=REFERENCES, alpha=0.25, zorder=1)
    show = shown_width if reading.is_bound else "{:z.1f}".format
    axes.annotate(
        f"{show(reading.value or 0.0)} | {show(median)} {unit}", (1.0, place), (6, 0),
        xycoords=("axes fraction", "data"), textcoords="offset points", va="center", fontsize=10,
        annotation_clip=False,
    )  # fmt: skip


def _correlation(reading: Reading) -> str:
    if reading.value is None:
        return ""
    against = "" if reading.median is None else f" | {reading.median:z.2f}"
    return f"\ncorrelation below {LOW_CORRELATION:g} Hz: {reading.value:z.2f}{against}"


def _rows(comparison: Comparison) -> list[tuple[str, str, Reading]]:
    regions = [f"{low / 1000:g}–{high / 1000:g} kHz" if high > 1000 else f"{low:g}–{high:g} Hz"
               for low, high in REGIONS.values()]  # fmt: skip
    return [
        ("loudness", "LUFS", comparison.loudness),
        ("loudness range", "LU", comparison.loudness_range),
        ("true peak", "dBTP", comparison.true_peak),
        *(
            (f"crest {region}", "dB", reading)
            for region, reading in zip(regions, comparison.crest, strict=True)
        ),
        *(
            (f"width {region}", "dB", reading)
            for region, reading in zip(regions, comparison.width, strict=True)
        ),
    ]


def _write_sentences(axes: Axes, sentences: Sequence[Sentence], n_references: int, note: str) -> None:
    """What is said, a number before each sentence."""
    axes.axis("off")
    lines = [f"{number}.  {sentence.text}" for number, sentence in enumerate(sentences, start=1)]
    lines = lines or [nothing(n_references)]
    wrapped = [
        textwrap.fill(line, 170, subsequent_indent="     ") for line in [*lines, *filter(None, [note])]
    ]
    axes.text(
        0.0, 1.0, "\n".join(wrapped), va="top", fontsize=11.5, linespacing=1.45, transform=axes.transAxes
    )


def _columns(bands: Sequence[Band]) -> np.ndarray:
    """Low end and middle of the references, their high end, and the mix: shape (4, n_bands), NaN for None."""
    fields = ("low", "median", "high", "value")
    rows = [[getattr(band.level, field) for band in bands] for field in fields]
    return np.array(rows, dtype=np.float64)


def _frequency_axis(axes: Axes) -> None:
    from matplotlib.ticker import NullLocator

    axes.set_xscale("log")
    axes.set_xlim(EDGES[0, 0], EDGES[-1, 1])
    axes.set_xticks(TICKS, [f"{tick / 1000:g}k" if tick >= 1000 else f"{tick:g}" for tick in TICKS])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel("Hz")
