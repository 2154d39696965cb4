"""Panels over a song's time: waveform, spectrogram, features of each frame, and the pulse.

Conventions: times are in seconds, frequencies in Hz, levels in dB under the song's loudest value.
"""

from __future__ import annotations

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

SHORTEST_NAMED = 0.045
"""Share of a song from which a section's name fits into its piece of the ribbon."""

PULSE_SECONDS = 10.0
"""How much of the song the pulse is shown of."""


def mark_time(axes: Axes, duration: float) -> None:
    """Mark minutes and seconds at round places, about ten of them."""
    steps = (0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200)
    step = next((step for step in steps if duration / step <= 10), steps[-1])
    ticks = np.arange(0, duration, step)
    axes.set_xlim(0, duration)
    axes.set_xticks(ticks, [time_label(tick) for tick in ticks])


def time_label(seconds: float) -> str:
    """Write a time in seconds as minutes and seconds, with a tenth where it is not whole."""
    minutes, rest = divmod(seconds, 60)
    return f"{int(minutes)}:{rest:02.0f}" if rest == int(rest) else f"{int(minutes)}:{rest:04.1f}"


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
    from matplotlib.ticker import MaxNLocator

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
    axes.set(ylim=(-1.05 * peak, 1.05 * peak))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4, symmetric=True, prune="both"))
    axes.set_ylabel("amplitude", fontsize=9)
    axes.tick_params(labelsize=8.5)
    axes.margins(x=0)
    _draw_sections(axes, song.facts["sections"] or [], song.facts["cues"] or [])


def _draw_sections(axes: Axes, sections: list[dict[str, Any]], cues: list[dict[str, Any]]) -> None:
    """Draw a ribbon of sections along the top, those that sound alike in one colour, and the cue points."""
    letters = list(dict.fromkeys(part["letter"] for part in sections))
    for part in sections:
        colour = charts.PALETTE[letters.index(part["letter"]) % len(charts.PALETTE)]
        axes.axvspan(part["start"], part["end"], ymin=0.9, color=colour, alpha=0.75, linewidth=0)
        if part["end"] - part["start"] > SHORTEST_NAMED * sections[-1]["end"]:
            place = (part["start"] + part["end"]) / 2, 0.95
            name = part["label"] or part["letter"]
            where = axes.get_xaxis_transform()
            axes.text(*place, name, transform=where, ha="center", va="center", fontsize=7.5, clip_on=True)
    for cue in cues:
        axes.axvline(cue["at"], color=charts.INK, linewidth=0.9, linestyle=(0, (2, 2)))


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
    """Draw the brightness: the centre of the spectrum."""
    from matplotlib.ticker import MaxNLocator

    centroid = thin(song.series["spectral_centroid"])[0]
    times = np.linspace(0, song.duration, centroid.size)
    axes.fill_between(times, centroid, color=charts.PALETTE[4], alpha=0.35, linewidth=0)
    axes.plot(times, centroid, color=charts.PALETTE[4], linewidth=0.8)
    axes.set_ylim(0, max(float(centroid.max()) * 1.08, 1.0))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=3, integer=True))
    axes.yaxis.set_major_formatter(lambda frequency, _: layout.spoken_hz(frequency))
    axes.set_ylabel("centroid", fontsize=9)


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
    axes.set_xticks(seconds, [time_label(second) for second in seconds])
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
