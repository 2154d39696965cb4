"""One song's journey: waveform, spectrogram, frame-level features and the embedding, drawn on one page.

Conventions
-----------
Times are in seconds, frequencies in Hz, levels in dB under the song's loudest value. Places in a figure
are in inches from its top left corner. The embedding is shown as z-scores: how many standard deviations of
*this library* a number lies above (red) or below (blue) the library's mean; see `common.hearing`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from common import charts, layout
from common.journey.hearing import FRAME_SECONDS, STORED, Heard, Pulse, Standing, find_pulse, most_unusual
from common.layout import LAYOUT, N_FEATURES, SAMPLE_RATE, SLICES, Block
from common.music import Key
from common.text import clean, count, display_width, duration, shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text

Z_LIMIT = 3.0
"""Standard deviations at which the colours end."""

COLUMNS = 2400
"""Most columns a picture over time is drawn with; more would not be seen."""

PULSE_SECONDS = 10.0
"""How much of the song the pulse is shown of."""

A3 = (16.54, 11.69)
LEFT, RIGHT = (0.95, 9.0), (10.65, 16.0)
"""From where to where the two columns reach, in inches."""


# ------------------------------------------------------------------------------------------ the figure


def draw(heard: Heard, standing: Standing) -> Figure:
    """Draw the journey on an A3 page.

    Parameters
    ----------
    heard
        The song.
    standing
        How it stands in the library.
    """
    import matplotlib.pyplot as plt

    pulse = find_pulse(heard.series["mel"], heard.tempo)
    with charts.style():
        figure = plt.figure(figsize=A3)
        _heading(figure, heard, standing, pulse)
        _steps_over_time(figure, heard)
        _draw_pulse(_axes(figure, LEFT, 10.15, 10.95), pulse, heard)
        _unusual_box(figure, standing)
        _draw_embedding(figure, heard, standing)
    return figure


def draw_perspectives(heard: Heard, draw_map: Callable[[Axes], None]) -> Figure:
    """Draw one song as the producer, the computer and the data scientist see it.

    Parameters
    ----------
    heard
        The song.
    draw_map
        Called with the third panel's axes, to draw the map with this song starred.
    """
    import matplotlib.pyplot as plt

    with charts.style():
        figure = plt.figure(figsize=(18, 7))
        _title(figure, heard.name, 0.6, 16.8, y=0.35)
        columns = ((0.95, 6.0), (7.0, 12.0), (12.75, 17.6))
        heads = (
            ("The producer", "a waveform: when it is loud"),
            ("The computer", "a spectrogram: which frequencies sound when"),
            ("The data scientist", "a map: which songs are like it"),
        )
        for column, (who, what) in zip(columns, heads, strict=True):
            _text(figure, column[0], 1.2, who, size=16, weight="bold")
            _text(figure, column[0], 1.5, what, size=11)
        panels = [_axes(figure, column, 1.8, 6.3) for column in columns]
        _draw_waveform(panels[0], heard)
        _draw_mel(panels[1], heard)
        for axes in panels[:2]:
            _time_axis(axes, heard.duration)
            axes.set_xlabel("minutes : seconds")
        draw_map(panels[2])
    return figure


def _axes(figure: Figure, across: tuple[float, float], top: float, bottom: float) -> Axes:
    width, height = figure.get_size_inches()
    left, right = across
    return figure.add_axes(
        (left / width, 1 - bottom / height, (right - left) / width, (bottom - top) / height)
    )


def _text(figure: Figure, x: float, y: float, content: str, size: float = 10, **options) -> Text:
    width, height = figure.get_size_inches()
    return figure.text(x / width, 1 - y / height, content, fontsize=size, **{"va": "center", **options})


def _step(figure: Figure, x: float, y: float, number: int, name: str, what: str) -> None:
    """Write a step's heading: its number, its name, and what is to be seen."""
    dot = {"boxstyle": "circle,pad=0.25", "color": charts.INK}
    _text(figure, x + 0.05, y, str(number), 10, color=charts.PAPER, weight="bold", ha="center", bbox=dot)
    heading = _text(figure, x + 0.3, y, name, 13, weight="bold")
    _text(figure, x + 0.3 + _width(figure, heading) + 0.15, y, what, 10)


def _width(figure: Figure, text: Text) -> float:
    """Width of a text in inches."""
    return text.get_window_extent(figure.canvas.get_renderer()).width / figure.dpi


def _title(figure: Figure, name: str, x: float, width: float, y: float) -> None:
    """Write a song's name as large as fits; a long one goes over two or three lines, whole."""
    name = clean(name)
    for size, lines in ((22, 1), (18, 1), (15, 1), (14, 2), (11, 2), (9, 3)):
        text = _text(figure, x, y, _wrap(name, lines), size, weight="bold", linespacing=1.15)
        if _width(figure, text) <= width:
            return
        text.remove()
    _text(figure, x, y, _wrap(shorten(name, 400), 3), 8, weight="bold")


def _wrap(text: str, lines: int) -> str:
    """Break a text into about equally wide lines, at spaces where there are any."""
    longest = display_width(text) / lines
    parts, part = [], ""
    for character in text:
        part += character
        over = display_width(part) - longest
        if len(parts) < lines - 1 and ((over >= 0 and character == " ") or over >= 12):
            parts.append(part.strip())
            part = ""
    return "\n".join([*parts, part.strip()])


def _heading(figure: Figure, heard: Heard, standing: Standing, pulse: Pulse) -> None:
    _title(figure, heard.name, 0.4, A3[0] - 0.8, y=0.42)
    _text(figure, 0.4, 0.92, " · ".join(caption(heard, standing, pulse)), size=11)


def caption(heard: Heard, standing: Standing, pulse: Pulse) -> list[str]:
    """What the figure says about the song: genre, length, samples, tempo, key, and the check."""
    samples = f"{heard.samples.size:,}".replace(",", " ")
    parts = [
        shorten(clean(heard.genre), 30) if heard.genre else "",
        duration(heard.duration),
        f"{samples} samples at {SAMPLE_RATE:,} Hz".replace(",", " "),
        tempo_words(heard.tempo, pulse),
        key_words(heard.key),
        STORED[standing.stored],
    ]
    return [part for part in parts if part]


def tempo_words(tempo: float, pulse: Pulse) -> str:
    """Say the tempo, and how sure it is."""
    if tempo <= 0:
        return "no pulse found"
    return f"{tempo:.0f} BPM" if pulse.is_clear else f"{tempo:.0f} BPM (no clear pulse)"


def key_words(key: Key | None) -> str:
    """Say the key, and how sure it is."""
    if key is None:
        return "no key"
    return f"{key.name} ({key.camelot})" if key.is_clear else f"perhaps {key.name} ({key.camelot})"


# ------------------------------------------------------------------------------------- steps one to three


def _steps_over_time(figure: Figure, heard: Heard) -> None:
    x = LEFT[0] - 0.5
    _step(figure, x, 1.45, 1, "Waveform", "what a loudspeaker does; the line is loudness (RMS)")
    _step(figure, x, 3.15, 2, "Mel spectrogram", "which frequencies sound when, spaced as the ear hears them")
    _step(figure, x, 5.65, 3, "Features of each frame", f"{1000 * FRAME_SECONDS:.0f} ms a frame")
    panels = (
        (_draw_waveform, 1.7, 2.75),
        (_draw_mel, 3.4, 5.25),
        (_draw_mfcc, 5.9, 7.0),
        (_draw_chroma, 7.15, 8.35),
        (_draw_centroid, 8.5, 9.25),
    )
    for draw_panel, top, bottom in panels:
        axes = _axes(figure, LEFT, top, bottom)
        draw_panel(axes, heard)
        _time_axis(axes, heard.duration)
        axes.tick_params(labelbottom=draw_panel not in (_draw_mfcc, _draw_chroma), labelsize=8.5, length=2)


def _time_axis(axes: Axes, duration: float) -> None:
    """Mark minutes and seconds at round places, about ten of them."""
    steps = (0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200)
    step = next((step for step in steps if duration / step <= 10), steps[-1])
    ticks = np.arange(0, duration, step)
    axes.set_xlim(0, duration)
    axes.set_xticks(ticks, [_clock(tick) for tick in ticks])


def _clock(seconds: float) -> str:
    minutes, rest = divmod(seconds, 60)
    return f"{int(minutes)}:{rest:02.0f}" if rest == int(rest) else f"{int(minutes)}:{rest:04.1f}"


def _thin(series: np.ndarray) -> np.ndarray:
    """Average neighbouring frames until at most `COLUMNS` are left: (size, n) -> (size, m)."""
    step = -(-series.shape[1] // COLUMNS)
    if step == 1:
        return series
    starts = np.arange(0, series.shape[1], step)
    return np.add.reduceat(series, starts, axis=1) / np.diff([*starts, series.shape[1]])


def _image(axes: Axes, series: np.ndarray, heard: Heard, **options):
    """Draw a series over the song's time, element 0 at the bottom."""
    extent = (0, heard.duration, -0.5, len(series) - 0.5)
    axes.grid(False)
    return axes.imshow(
        _thin(series), aspect="auto", origin="lower", interpolation="nearest", extent=extent, **options
    )


def _scale(axes: Axes, image, label: str) -> None:
    """Put a colour scale to the right of a panel."""
    bar = axes.figure.colorbar(image, cax=axes.inset_axes((1.012, 0, 0.013, 1)))
    bar.set_label(label, fontsize=8.5)
    bar.ax.tick_params(labelsize=8, length=2)
    bar.outline.set_visible(False)


def _draw_waveform(axes: Axes, heard: Heard) -> None:
    from matplotlib.ticker import MaxNLocator

    samples = heard.samples
    starts = np.linspace(0, samples.size, min(COLUMNS, samples.size), endpoint=False).astype(int)
    times = starts / SAMPLE_RATE
    axes.fill_between(
        times, np.minimum.reduceat(samples, starts), np.maximum.reduceat(samples, starts),
        color="#9BB8D3", linewidth=0,
    )  # fmt: skip
    rms = _thin(heard.series["rms"])[0]
    axes.plot(np.linspace(0, heard.duration, rms.size), rms, color=charts.PALETTE[1], linewidth=1.2)
    peak = max(float(np.abs(samples).max()), 1e-6)
    axes.set(ylim=(-1.05 * peak, 1.05 * peak))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4, symmetric=True, prune="both"))
    axes.set_ylabel("amplitude", fontsize=9)
    axes.tick_params(labelsize=8.5)
    axes.margins(x=0)


def _draw_mel(axes: Axes, heard: Heard) -> None:
    image = _image(axes, heard.series["mel"], heard, cmap=charts.SEQUENTIAL, vmin=-80, vmax=0)
    axes.set_yticks(*_mel_ticks())
    axes.tick_params(labelsize=8.5)
    _scale(axes, image, "dB")


def _mel_ticks() -> tuple[np.ndarray, list[str]]:
    """Where some frequencies lie among the mel bands, counted from 0, and what to call them."""
    frequencies = (200, 500, 1000, 2000, 4000, 8000)
    places = np.interp(frequencies, layout.mel_frequencies(), np.arange(layout.N_MELS))
    return places, [layout.spoken_hz(frequency).replace(".0", "") for frequency in frequencies]


def _draw_mfcc(axes: Axes, heard: Heard) -> None:
    mfcc = heard.series["mfcc"]
    spread = mfcc.std(axis=1, keepdims=True)
    around = (mfcc - mfcc.mean(axis=1, keepdims=True)) / np.where(spread > 0, spread, 1.0)
    image = _image(axes, around, heard, cmap=charts.DIVERGING, vmin=-Z_LIMIT, vmax=Z_LIMIT)
    axes.set_yticks([0, 4, 9, 14, 19], ["1", "5", "10", "15", "20"])
    axes.set_ylabel("MFCC", fontsize=9)
    _scale(axes, image, "deviations")


def _draw_chroma(axes: Axes, heard: Heard) -> None:
    image = _image(axes, heard.series["chroma"], heard, cmap=charts.SEQUENTIAL, vmin=0, vmax=1)
    axes.set_yticks(range(0, 12, 2), layout.PITCH_CLASSES[::2])
    axes.set_yticks(range(12), minor=True)
    axes.set_ylabel("chroma", fontsize=9)
    _scale(axes, image, "presence")


def _draw_centroid(axes: Axes, heard: Heard) -> None:
    from matplotlib.ticker import MaxNLocator

    centroid = _thin(heard.series["spectral_centroid"])[0]
    times = np.linspace(0, heard.duration, centroid.size)
    axes.fill_between(times, centroid, color=charts.PALETTE[4], alpha=0.35, linewidth=0)
    axes.plot(times, centroid, color=charts.PALETTE[4], linewidth=0.8)
    axes.set_ylim(0, max(float(centroid.max()) * 1.08, 1.0))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=3, integer=True))
    axes.yaxis.set_major_formatter(lambda frequency, _: layout.spoken_hz(frequency))
    axes.set_ylabel("centroid", fontsize=9)


def _draw_pulse(axes: Axes, pulse: Pulse, heard: Heard) -> None:
    """Show some seconds of the song with its onsets, and the beats where they can be believed."""
    span = round(PULSE_SECONDS / FRAME_SECONDS)
    start = _strongest(pulse.onsets, span)
    onsets = pulse.onsets[start : start + span]
    times = (start + np.arange(onsets.size)) * FRAME_SECONDS
    axes.fill_between(times, onsets, color="#66C2A5", linewidth=0, zorder=2)
    beats = pulse.beats[(pulse.beats >= start) & (pulse.beats < start + span)] * FRAME_SECONDS
    if pulse.is_clear:
        axes.vlines(beats, 0, onsets.max() * 1.08, color=charts.INK, linewidth=1.1, zorder=1)
        what = f"{heard.tempo:.0f} beats per minute: the lines are the beats it found"
    elif heard.tempo > 0:
        what = f"no beat clear enough to draw; {heard.tempo:.0f} BPM is a guess"
    else:
        what = "nothing ever begins, so there is no tempo"
    seconds = np.arange(np.ceil(times[0]), times[-1] + 1e-9, 1.0)
    axes.set_xticks(seconds, [_clock(second) for second in seconds])
    axes.set(xlim=(times[0], times[-1]), ylim=(0, max(float(onsets.max()) * 1.1, 1e-6)), yticks=[])
    axes.grid(False)
    axes.tick_params(labelsize=8.5, length=2)
    axes.set_ylabel("onsets", fontsize=9)
    x = LEFT[0] - 0.5
    name = _text(axes.figure, x, 9.9, "Pulse", 11, weight="bold")
    shown = f"{PULSE_SECONDS:.0f} s up close" if pulse.onsets.size > span else "up close"
    _text(axes.figure, x + _width(axes.figure, name) + 0.15, 9.9, f"{shown}; {what}", 10)
    _text(axes.figure, LEFT[1], 11.35, "minutes : seconds", 8.5, ha="right")


def _strongest(onsets: np.ndarray, span: int) -> int:
    """First frame of the stretch with the most onsets."""
    if onsets.size <= span:
        return 0
    total = np.concatenate([[0.0], np.cumsum(onsets, dtype=np.float64)])
    return int(np.argmax(total[span:] - total[:-span]))


# ---------------------------------------------------------------------------------------------- step four


def _unusual_box(figure: Figure, standing: Standing) -> None:
    x, width = RIGHT[0] - 0.95, RIGHT[1] - RIGHT[0] + 1.0
    _text(figure, x, 1.45, "Most unusual about this song", 13, weight="bold")
    lines = most_unusual(standing)
    if not lines:
        why = "no song differs from it" if standing.z is not None else "too few songs to say what is usual"
        lines = [f"{count(standing.n_songs, 'song')} in the library: {why}"]
    y = 1.66
    for line in lines:
        line = line.replace(" Hz", "\u00a0Hz").replace(" kHz", "\u00a0kHz")  # no number without its unit
        text = _text(figure, x + 0.2, y, line, 10.5, va="top", linespacing=1.15)
        rows = int(np.ceil(_width(figure, text) / width))
        text.set_text(_wrap(line, rows))
        _text(figure, x + 0.02, y, "•", 10.5, va="top")
        y += 0.17 * rows + 0.06


def _draw_embedding(figure: Figure, heard: Heard, standing: Standing) -> None:
    """Draw all numbers: strips of cells for the descriptors with many, bars for those with one."""
    usual = f"against {standing.n_songs} songs" if standing.z is not None else "each row on its own scale"
    _step(figure, RIGHT[0] - 0.95, 3.0, 4, f"The embedding: {N_FEATURES} numbers", usual)
    top = 3.5
    for source, blocks in _sources().items():
        if blocks[0].size > 1:
            bottom = top + 0.175 * len(blocks) + (0.25 if source == "mel" else 0.0)
            axes = _axes(figure, RIGHT, top, bottom)
            image = _draw_strip(axes, source, blocks, heard.embedding, standing.z)
            top = bottom + 0.58
    singles = [block for block in LAYOUT if block.size == 1]
    _draw_bars(_axes(figure, (RIGHT[0] + 0.75, RIGHT[1] - 0.95), top, 10.8), singles, heard, standing)
    _embedding_scale(figure, image, standing)


def _sources() -> dict[str, list[Block]]:
    """Descriptor -> its blocks, the largest descriptor first."""
    found: dict[str, list[Block]] = {}
    for block in LAYOUT:
        found.setdefault(block.source, []).append(block)
    return dict(sorted(found.items(), key=lambda item: -sum(block.size for block in item[1])))


STATISTIC_NAMES = {"p25": "quiet quarter", "p75": "loud quarter", "delta_mean": "drift", "std": "changes"}


def _draw_strip(axes: Axes, source: str, blocks: list[Block], embedding: np.ndarray, z: np.ndarray | None):
    group = blocks[0].group
    colour = charts.GROUP_COLOURS[group]
    values = np.array([(embedding if z is None else z)[SLICES[block.name]] for block in blocks])
    if z is None:
        low, width = values.min(axis=1, keepdims=True), np.ptp(values, axis=1, keepdims=True)
        values = (values - low) / np.where(width > 0, width, 1.0)
        options = {"cmap": "viridis", "vmin": 0, "vmax": 1}
    else:
        options = {"cmap": charts.DIVERGING, "vmin": -Z_LIMIT, "vmax": Z_LIMIT}
    image = axes.imshow(values, aspect="auto", interpolation="nearest", **options)
    axes.grid(False)
    names = [STATISTIC_NAMES.get(block.statistic, block.statistic) for block in blocks]
    axes.set_yticks(range(len(blocks)), names)
    axes.set_xticks(*_strip_ticks(source, blocks[0].size))
    axes.tick_params(labelsize=8.5, length=0, pad=2)
    if blocks[0].size <= 20:
        axes.set_yticks(np.arange(0.5, len(blocks) - 1), minor=True)
        axes.set_xticks(np.arange(0.5, blocks[0].size - 1), minor=True)
        axes.grid(which="minor", color=charts.PAPER, linewidth=1.0)
        axes.tick_params(which="minor", length=0)
    size = " × ".join([str(len(blocks)), str(blocks[0].size)])
    descriptor = source.replace("_", " ")
    axes.set_title(f"{descriptor} ({size})", fontsize=10, color=colour, pad=3)
    axes.set_title(layout.GROUPS[group], fontsize=8.5, color=colour, pad=3, loc="right", weight="normal")
    return image


def _strip_ticks(source: str, size: int) -> tuple[Sequence[float], Sequence[str]]:
    """Where a strip has marks, and what they say."""
    if source == "mel":
        return _mel_ticks()
    if source == "spectral_contrast":
        edges = [layout.spoken_hz(edge) for edge in layout.contrast_edges()]
        return np.arange(size + 1) - 0.5, edges
    if source == "tonnetz":
        return np.arange(0, size, 2) + 0.5, [axis.split(",")[0] for axis in layout.TONNETZ_AXES[::2]]
    if source == "chroma":
        return range(size), layout.PITCH_CLASSES
    return range(size), [str(number + 1) for number in range(size)]


def _draw_bars(axes: Axes, blocks: list[Block], heard: Heard, standing: Standing) -> None:
    """Draw the descriptors of one number as bars of z-scores, with their values in their units."""
    import matplotlib as mpl

    colours = mpl.colormaps[charts.DIVERGING]
    for row, block in enumerate(blocks):
        value = float(heard.embedding[SLICES[block.name]][0])
        if standing.z is not None:
            z = float(standing.z[SLICES[block.name]][0])
            shown = float(np.clip(z, -Z_LIMIT, Z_LIMIT))
            axes.barh(row, shown, height=0.72, color=colours(0.5 + shown / Z_LIMIT / 2), edgecolor=charts.INK,
                      linewidth=0.4)  # fmt: skip
        beside = (0.0 if standing.z is None else 1.0, row)
        axes.annotate(
            _with_unit(value, block.unit), beside, xycoords=("axes fraction", "data"), xytext=(6, 0),
            textcoords="offset points", fontsize=8.5, va="center",
        )  # fmt: skip
    names = [block.name.replace("spectral_", "").replace("_", " ") for block in blocks]
    axes.set_yticks(range(len(blocks)), names)
    for label, block in zip(axes.get_yticklabels(), blocks, strict=True):
        label.set_color(charts.GROUP_COLOURS[block.group])
    axes.tick_params(labelsize=8.5, length=0, pad=2)
    axes.set(ylim=(len(blocks) - 0.5, -0.5), xlim=(-Z_LIMIT, Z_LIMIT))
    if standing.z is not None:
        axes.set_xticks(range(-3, 4), [])
        axes.axvline(0, color=charts.INK, linewidth=0.8)
    else:
        # Without a scale there is nothing to frame: the values stand beside their names.
        axes.set_xticks([])
        axes.grid(False)
        for spine in axes.spines.values():
            spine.set_visible(False)
    axes.set_title(f"one number each ({len(blocks)})", fontsize=10, pad=3)


def _with_unit(value: float, unit: str) -> str:
    number = f"{value:,.0f}".replace(",", " ") if abs(value) >= 100 else f"{value:.3g}"
    return f"{number} {unit}" if unit in {"Hz", "BPM", "dB"} else number


def _embedding_scale(figure: Figure, image, standing: Standing) -> None:
    axes = _axes(figure, (RIGHT[0] + 0.75, RIGHT[1] - 0.95), 10.95, 11.07)
    bar = figure.colorbar(image, cax=axes, orientation="horizontal")
    bar.outline.set_visible(False)
    if standing.z is None:
        bar.set_ticks([0, 1], labels=["the row's lowest", "the row's highest"])
    else:
        bar.set_ticks([-3, 0, 3], labels=["≤ −3", "usual here", "≥ 3 standard deviations"])
    bar.ax.tick_params(labelsize=8.5, length=2)
