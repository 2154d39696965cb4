"""All numbers of the embedding: strips of cells for descriptors of many numbers, bars for those of one.

Conventions: numbers are shown as z-scores, how many standard deviations of *this library* a number lies above
(red) or below (blue) the library's mean; in a library too small for that every row has a scale of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from common import charts, layout
from common.journey.panels import Z_LIMIT, mel_ticks
from common.journey.sheet import axes_at
from common.layout import LAYOUT, SLICES, Block

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage


def draw_embedding(
    figure: Figure, across: tuple[float, float], top: float, embedding: np.ndarray, z: np.ndarray | None
) -> None:
    """Draw all numbers below each other, with their scale at the bottom.

    Parameters
    ----------
    figure
        The sheet; see `common.journey.sheet`.
    across
        Where the strips' left and right edges lie, in inches from the left edge.
    top
        Where the first strip's upper edge lies, in inches from the top edge.
    embedding
        The numbers, shape (``N_FEATURES``,), each in its own unit.
    z
        The same as z-scores; None where the library is too small for them.
    """
    narrow = (across[0] + 0.75, across[1] - 0.95)
    for source, blocks in _sources().items():
        if blocks[0].size > 1:
            bottom = top + 0.175 * len(blocks) + (0.25 if source == "mel" else 0.0)
            image = _draw_strip(axes_at(figure, across, top, bottom), blocks, embedding, z)
            top = bottom + 0.58
    singles = [block for block in LAYOUT if block.size == 1]
    _draw_bars(axes_at(figure, narrow, top, 10.8), singles, embedding, z)
    _draw_scale(axes_at(figure, narrow, 10.95, 11.07), image, z is None)


def _sources() -> dict[str, list[Block]]:
    """Descriptor -> its blocks, the largest descriptor first."""
    found: dict[str, list[Block]] = {}
    for block in LAYOUT:
        found.setdefault(block.source, []).append(block)
    return dict(sorted(found.items(), key=lambda item: -sum(block.size for block in item[1])))


_STATISTIC_NAMES = {"p25": "quiet quarter", "p75": "loud quarter", "delta_mean": "drift", "std": "changes"}


def _draw_strip(axes: Axes, blocks: list[Block], embedding: np.ndarray, z: np.ndarray | None) -> AxesImage:
    """Draw the blocks of one descriptor as rows of cells."""
    values = np.array([(embedding if z is None else z)[SLICES[block.name]] for block in blocks])
    if z is None:
        low, width = values.min(axis=1, keepdims=True), np.ptp(values, axis=1, keepdims=True)
        values = (values - low) / np.where(width > 0, width, 1.0)
    colours, least, most = ("viridis", 0.0, 1.0) if z is None else (charts.DIVERGING, -Z_LIMIT, Z_LIMIT)
    image = axes.imshow(values, aspect="auto", interpolation="nearest", cmap=colours, vmin=least, vmax=most)
    _label_strip(axes, blocks)
    return image


def _label_strip(axes: Axes, blocks: list[Block]) -> None:
    """Say which descriptor a strip shows, which statistic is in which row, and what the columns are."""
    source, group, size = blocks[0].source, blocks[0].group, blocks[0].size
    colour = charts.GROUP_COLOURS[group]
    axes.grid(False)
    names = [_STATISTIC_NAMES.get(block.statistic, block.statistic) for block in blocks]
    axes.set_yticks(range(len(blocks)), names)
    axes.set_xticks(*_strip_ticks(source, size))
    axes.tick_params(labelsize=8.5, length=0, pad=2)
    if size <= 20:
        axes.set_yticks(np.arange(0.5, len(blocks) - 1), minor=True)
        axes.set_xticks(np.arange(0.5, size - 1), minor=True)
        axes.grid(which="minor", color=charts.PAPER, linewidth=1.0)
        axes.tick_params(which="minor", length=0)
    descriptor = source.replace("_", " ")
    axes.set_title(f"{descriptor} ({len(blocks)} × {size})", fontsize=10, color=colour, pad=3)
    axes.set_title(layout.GROUPS[group], fontsize=8.5, color=colour, pad=3, loc="right", weight="normal")


def _strip_ticks(source: str, size: int) -> tuple[Sequence[float] | np.ndarray, Sequence[str]]:
    """Where a strip has marks, and what they say."""
    if source == "mel":
        return mel_ticks()
    if source == "spectral_contrast":
        edges = [layout.spoken_hz(edge) for edge in layout.contrast_edges()]
        return np.arange(size + 1) - 0.5, edges
    if source == "tonnetz":
        return np.arange(0, size, 2) + 0.5, [axis.split(",")[0] for axis in layout.TONNETZ_AXES[::2]]
    if source == "chroma":
        return range(size), layout.PITCH_CLASSES
    return range(size), [str(number + 1) for number in range(size)]


def _draw_bars(axes: Axes, blocks: list[Block], embedding: np.ndarray, z: np.ndarray | None) -> None:
    """Draw the descriptors of one number as bars of z-scores, with their values in their units."""
    import matplotlib as mpl

    colours = mpl.colormaps[charts.DIVERGING]
    for row, block in enumerate(blocks):
        value = float(embedding[SLICES[block.name]][0])
        if z is not None:
            shown = float(np.clip(z[SLICES[block.name]][0], -Z_LIMIT, Z_LIMIT))
            axes.barh(row, shown, height=0.72, color=colours(0.5 + shown / Z_LIMIT / 2), edgecolor=charts.INK,
                      linewidth=0.4)  # fmt: skip
        beside = (0.0 if z is None else 1.0, row)
        axes.annotate(
            _with_unit(value, block.unit), beside, xycoords=("axes fraction", "data"), xytext=(6, 0),
            textcoords="offset points", fontsize=8.5, va="center",
        )  # fmt: skip
    axes.set_yticks(range(len(blocks)), [_row_name(block) for block in blocks])
    for label, block in zip(axes.get_yticklabels(), blocks, strict=True):
        label.set_color(charts.GROUP_COLOURS[block.group])
    axes.tick_params(labelsize=8.5, length=0, pad=2)
    axes.set(ylim=(len(blocks) - 0.5, -0.5), xlim=(-Z_LIMIT, Z_LIMIT))
    if z is not None:
        axes.set_xticks(range(-3, 4), [])
        axes.axvline(0, color=charts.INK, linewidth=0.8)
    else:
        # Without a scale there is nothing to frame: the values stand beside their names.
        axes.set_xticks([])
        axes.grid(False)
        for spine in axes.spines.values():
            spine.set_visible(False)
    axes.set_title(f"one number each ({len(blocks)})", fontsize=10, pad=3)


def _row_name(block: Block) -> str:
    if block.name == "tempo":
        # The figure's title has the tempo that was read of the song: often half or double this, or none.
        return "tempo by librosa"
    return block.name.replace("spectral_", "").replace("_", " ")


def _with_unit(value: float, unit: str) -> str:
    number = f"{value:,.0f}".replace(",", " ") if abs(value) >= 100 else f"{value:.3g}"
    return f"{number} {unit}" if unit in {"Hz", "BPM", "dB"} else number


def _draw_scale(axes: Axes, image: AxesImage, by_row: bool) -> None:
    """Draw what the colours mean: the range of each row, or z-scores."""
    bar = axes.figure.colorbar(image, cax=axes, orientation="horizontal")
    bar.outline.set_visible(False)
    if by_row:
        bar.set_ticks([0, 1], labels=["the row's lowest", "the row's highest"])
    else:
        bar.set_ticks([-3, 0, 3], labels=["≤ −3", "usual here", "≥ 3 standard deviations"])
    bar.ax.tick_params(labelsize=8.5, length=2)
