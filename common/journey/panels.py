"""Panels over a song's time: waveform, spectrogram, features of each frame, and the pulse.

Conventions: times are in seconds, frequencies in Hz, levels in dB under the song's loudest value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from common import charts, layout
from common.journey.choice import ChosenSong
from common.journey.pulse import FRAME_SECONDS, Pulse
from common.layout import SAMPLE_RATE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.image import AxesImage

Z_LIMIT = 3.0
"""Standard deviations at which the colours end."""

COLUMNS = 2400
"""Most columns a picture over time is drawn with; more would not be seen."""

SILENT_DB = -60.0
"""Level of a frame under the loudest at which it counts as silence: the one at which librosa trims."""

RIBBON_INCHES = 0.15
"""Height of the ribbon of sections."""

PULSE_SECONDS = 10.0
"""How much of the song the pulse is shown of."""


def thin(series: np.ndarray) -> np.ndarray:
    """Average neighbouring frames until at most `COLUMNS` are left: (size, n) -> (size, m)."""
    step = -(-series.shape[1] // COLUMNS)
    if step == 1:
        return series
    starts = np.arange(0, series.shape[1], step)
    return np.add.reduceat(series, starts, axis=1) / np.diff([*starts, series.shape[1]])


def _draw_image(axes: Axes, series: np.ndarray, song: ChosenSong, **options: Any) -> AxesImage:
    """Draw a series over the song's time, element 0 at the bottom."""
    extent = (0, song.duration, -0.5, len(series) - 0.5)
    axes.grid(False)
    return axes.imshow(
        thin(series), aspect="auto", origin="lower", interpolation="nearest", extent=extent, **options
    )


def _scale(axes: Axes, image: AxesImage, label: str) -> None:
    """Put a colour scale to the right of a panel."""
    bar = axes.figure.colorbar(image, cax=axes.inset_axes((1.012, 0, 0.013, 1)))
    bar.set_label(label, fontsize=8.5)
    bar.ax.tick_params(labelsize=8, length=2)
    bar.outline.set_visible(False)


def draw_waveform(axes: Axes, song: ChosenSong) -> None:
    """Draw the outline of the samples, and over it their loudness."""
    samples = song.samples
    starts = np.linspace(0, samples.size, min(COLUMNS, samples.size), endpoint=False).astype(int)
    times = starts / SAMPLE_RATE
    axes.fill_between(
        times, np.minimum.reduceat(samples, starts), np.maximum.reduceat(samples, starts),
        color="#9BB8D3", linewidth=0,
    )  # fmt: skip
    rms = thin(song.series["rms"])[0]
    axes.plot(np.linspace(0, song.duration, rms.size), rms, color=charts.PALETTE[1], linewidth=1.2)
    peak = max(float(np.abs(samples).max()), 1e-6)
    sections = song.facts["sections"] or []
    ribbon = RIBBON_INCHES / axes.bbox.height * axes.figure.dpi if sections else 0.0
    axes.set(ylim=(-1.05 * peak, 1.05 * peak * (1.0 + ribbon) / (1.0 - ribbon)))  # the sound lies below it
    axes.set_yticks([-_round_half(peak), 0.0, _round_half(peak)])
    axes.set_ylabel("amplitude", fontsize=9)
    axes.tick_params(labelsize=8.5)
    axes.margins(x=0)
    _draw_sections(axes, sections, ribbon)
    for cue in song.facts["cues"] or []:
        axes.axvline(cue["at"], color=charts.INK, linewidth=0.9, linestyle=(0, (2, 2)))


def _round_half(peak: float) -> float:
    """Half of a peak, to one digit that counts."""
    return float(f"{peak / 2:.1g}")


def _draw_sections(axes: Axes, sections: Sequence[Mapping[str, Any]], ribbon: float) -> None:
    """Draw a ribbon of sections along the top, a share of the panel high, named where the name fits.

    One colour is one sound.
    """
    colours = charts.section_colours(sections)
    for part in sections:
        colour = colours[part["letter"]]
        axes.axvspan(part["start"], part["end"], ymin=1.0 - ribbon, color=colour, alpha=0.75, linewidth=0)
        place = (part["start"] + part["end"]) / 2, 1.0 - 0.55 * ribbon
        name, where = part["label"] or part["letter"], axes.get_xaxis_transform()
        text = axes.text(*place, name, transform=where, ha="center", va="center", fontsize=7.5, clip_on=True)
        room = (part["end"] - part["start"]) / sections[-1]["end"] * axes.bbox.width
        if 1.15 * text.get_window_extent().width > room:
            text.remove()


def draw_mel(axes: Axes, song: ChosenSong) -> None:
    """Draw the mel spectrogram."""
    image = _draw_image(axes, song.series["mel"], song, cmap=charts.SEQUENTIAL, vmin=-80, vmax=0)
    axes.set_yticks(*mel_ticks())
    axes.tick_params(labelsize=8.5)
    _scale(axes, image, "dB")


def mel_ticks() -> tuple[np.ndarray, list[str]]:
    """Where some frequencies lie among the mel bands, counted from 0, and what to call them."""
    frequencies = (200, 500, 1000, 2000, 4000, 8000)
    places = np.interp(frequencies, layout.mel_frequencies(), np.arange(layout.N_MELS))
    return places, [layout.spoken_hz(frequency).replace(".0", "") for frequency in frequencies]


def draw_mfcc(axes: Axes, song: ChosenSong) -> None:
    """Draw the MFCCs, each around its own mean in its own standard deviations."""
    mfcc = song.series["mfcc"]
    spread = mfcc.std(axis=1, keepdims=True)
    around = (mfcc - mfcc.mean(axis=1, keepdims=True)) / np.where(spread > 0, spread, 1.0)
    image = _draw_image(axes, around, song, cmap=charts.DIVERGING, vmin=-Z_LIMIT, vmax=Z_LIMIT)
    axes.set_yticks([0, 4, 9, 14, 19], ["1", "5", "10", "15", "20"])
    axes.set_ylabel("MFCC", fontsize=9)
    _scale(axes, image, "deviations")


def draw_chroma(axes: Axes, song: ChosenSong) -> None:
    """Draw the presence of the twelve notes."""
    image = _draw_image(axes, song.series["chroma"], song, cmap=charts.SEQUENTIAL, vmin=0, vmax=1)
    axes.set_yticks(range(0, 12, 2), layout.PITCH_CLASSES[::2])
    axes.set_yticks(range(12), minor=True)
    axes.set_ylabel("chroma", fontsize=9)
    _scale(axes, image, "presence")


def draw_centroid(axes: Axes, song: ChosenSong) -> None:
    """Draw the brightness: the centre of the spectrum, where there is sound."""
    from matplotlib.ticker import MaxNLocator

    centroid = heard_centroid(song.series)
    times = np.linspace(0, song.duration, centroid.size)
    axes.fill_between(times, centroid, color=charts.PALETTE[4], alpha=0.35, linewidth=0)
    axes.plot(times, centroid, color=charts.PALETTE[4], linewidth=0.8)
    axes.set_ylim(0, max(float(np.nan_to_num(centroid).max()) * 1.08, 1.0))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=3, integer=True))
    axes.yaxis.set_major_formatter(lambda frequency, _: layout.spoken_hz(frequency))
    axes.set_ylabel("centroid", fontsize=9)


def heard_centroid(series: Mapping[str, np.ndarray]) -> np.ndarray:
    """The centre of the spectrum in Hz, shape (at most `COLUMNS`,); NaN in silence, whose rest has no colour.

    Parameters
    ----------
    series
        The descriptors over time; ``spectral_centroid`` and ``rms`` are used, each of shape (1, n_frames).
    """
    rms = series["rms"]
    heard = (rms > rms.max() * 10.0 ** (SILENT_DB / 20.0)).astype(np.float64)
    share = thin(heard)[0]
    summed = thin(heard * series["spectral_centroid"])[0]
    return np.divide(summed, share, out=np.full(share.size, np.nan), where=share > 0)


def draw_pulse(axes: Axes, pulse: Pulse) -> None:
    """Show some seconds of the song with its onsets, and the beats where they can be believed."""
    span = round(PULSE_SECONDS / FRAME_SECONDS)
    start = _strongest(pulse.onsets, span)
    onsets = pulse.onsets[start : start + span]
    times = (start + np.arange(onsets.size)) * FRAME_SECONDS
    axes.fill_between(times, onsets, color="#66C2A5", linewidth=0, zorder=2)
    beats = pulse.beats[(pulse.beats >= start) & (pulse.beats < start + span)] * FRAME_SECONDS
    if pulse.has_grid:
        axes.vlines(beats, 0, onsets.max() * 1.08, color=charts.INK, linewidth=1.1, zorder=1)
    seconds = np.arange(np.ceil(times[0]), times[-1] + 1e-9, 1.0)
    axes.set_xticks(seconds, [charts.time_label(second) for second in seconds])
    axes.set(xlim=(times[0], times[-1]), ylim=(0, max(float(onsets.max()) * 1.1, 1e-6)), yticks=[])
    axes.grid(False)
    axes.tick_params(labelsize=8.5, length=2)
    axes.set_ylabel("onsets", fontsize=9)


def _strongest(onsets: np.ndarray, span: int) -> int:
    """First frame of the stretch with the most onsets."""
    if onsets.size <= span:
        return 0
    total = np.concatenate([[0.0], np.cumsum(onsets, dtype=np.float64)])
    return int(np.argmax(total[span:] - total[:-span]))
