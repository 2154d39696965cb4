"""One song's journey: waveform, spectrogram, frame-level features and the embedding, drawn on one page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from common import charts
from common.journey import panels
from common.journey.choice import ChosenSong
from common.journey.pulse import FRAME_SECONDS, Pulse, read_pulse
from common.journey.sheet import A3, axes_at, width_of, wrap, write, write_step, write_title
from common.journey.strips import draw_embedding
from common.journey.unusual import Comparison, most_unusual
from common.layout import N_FEATURES, SAMPLE_RATE
from common.music import shown_tempo
from common.recordings import genre_label
from common.text import count, duration, shorten

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LEFT, RIGHT = (0.95, 9.0), (10.65, 16.0)
"""From where to where the two columns reach, in inches."""


def draw(song: ChosenSong, comparison: Comparison) -> Figure:
    """Draw the journey on an A3 page.

    Parameters
    ----------
    song
        The song and what its numbers were computed from.
    comparison
        How it compares with its library.
    """
    import matplotlib.pyplot as plt

    pulse = read_pulse(song.series["mel"], song.tempo, song.facts["beat_offset"])
    with charts.style():
        figure = plt.figure(figsize=A3)
        write_title(figure, song.name, 0.4, A3[0] - 0.8, y=0.42)
        write(figure, 0.4, 0.92, " · ".join(caption(song, pulse)), size=11)
        _steps_over_time(figure, song)
        _pulse_up_close(figure, song, pulse)
        _write_unusual(figure, comparison)
        _embedding(figure, song, comparison)
    return figure


def caption(song: ChosenSong, pulse: Pulse) -> list[str]:
    """What the figure says about the song: genre, length, samples, tempo, key, whether it is a guest."""
    samples = f"{song.samples.size:,}".replace(",", " ")
    parts = [
        shorten(genre_label(song.genre), 30) if song.genre else "",
        duration(song.duration),
        f"{samples} samples at {SAMPLE_RATE:,} Hz".replace(",", " "),
        tempo_words(song.tempo, pulse),
        song.key.label if song.key else "no key",
        "not in the library" if song.is_guest else "",
    ]
    return [part for part in parts if part]


def tempo_words(tempo: float, pulse: Pulse) -> str:
    """Say the tempo, and how sure it is."""
    if tempo <= 0:
        return "no pulse found"
    return f"{shown_tempo(tempo):g} BPM{'' if pulse.has_grid else ' (no steady grid)'}"


def _steps_over_time(figure: Figure, song: ChosenSong) -> None:
    """Draw steps one to three, which share the axis of time."""
    x = LEFT[0] - 0.5
    write_step(
        figure, x, 1.45, 1, "Waveform", "what a loudspeaker does, its loudness (RMS), sections and cue points"
    )
    write_step(
        figure, x, 3.15, 2, "Mel spectrogram", "which frequencies sound when, spaced as the ear hears them"
    )
    write_step(figure, x, 5.65, 3, "Features of each frame", f"{1000 * FRAME_SECONDS:.0f} ms a frame")
    drawn = (
        (panels.draw_waveform, 1.7, 2.75),
        (panels.draw_mel, 3.4, 5.25),
        (panels.draw_mfcc, 5.9, 7.0),
        (panels.draw_chroma, 7.15, 8.35),
        (panels.draw_centroid, 8.5, 9.25),
    )
    for draw_panel, top, bottom in drawn:
        axes = axes_at(figure, LEFT, top, bottom)
        draw_panel(axes, song)
        charts.mark_time(axes, song.duration)
        axes.tick_params(
            labelbottom=draw_panel not in (panels.draw_mfcc, panels.draw_chroma), labelsize=8.5, length=2
        )


def _pulse_up_close(figure: Figure, song: ChosenSong, pulse: Pulse) -> None:
    """Draw the beats of some seconds, with a heading that says how far to believe them."""
    if pulse.has_grid:
        what = f"{shown_tempo(song.tempo):g} beats per minute: the lines are the beats it found"
    else:
        what = f"no beat grid: {(song.facts['unknown'] or {}).get('beat_offset', 'not read')}"
    panels.draw_pulse(axes_at(figure, LEFT, 10.15, 10.95), pulse)
    x = LEFT[0] - 0.5
    heading = write(figure, x, 9.9, "Pulse", 11, weight="bold")
    is_excerpt = pulse.onsets.size > round(panels.PULSE_SECONDS / FRAME_SECONDS)
    shown = f"{panels.PULSE_SECONDS:.0f} s up close" if is_excerpt else "up close"
    write(figure, x + width_of(figure, heading) + 0.15, 9.9, f"{shown}; {what}", 10)
    write(figure, LEFT[1], 11.35, "minutes : seconds", 8.5, ha="right")


def _embedding(figure: Figure, song: ChosenSong, comparison: Comparison) -> None:
    """Draw step four: all numbers."""
    usual = f"against {comparison.n_songs} songs" if comparison.z is not None else "each row on its own scale"
    write_step(figure, RIGHT[0] - 0.95, 3.0, 4, f"The embedding: {N_FEATURES} numbers", usual)
    draw_embedding(figure, RIGHT, 3.5, song.embedding, comparison.z)


def _write_unusual(figure: Figure, comparison: Comparison) -> None:
    """Write what is most unusual about the song, as a list."""
    x, width = RIGHT[0] - 0.95, RIGHT[1] - RIGHT[0] + 1.0
    write(figure, x, 1.45, "Most unusual about this song", 13, weight="bold")
    lines = most_unusual(comparison)
    if not lines:
        why = "no song differs from it" if comparison.z is not None else "too few songs to say what is usual"
        lines = [f"{count(comparison.n_songs, 'song')} in the library: {why}"]
    y = 1.66
    for line in lines:
        whole = line.replace(" Hz", "\u00a0Hz").replace(" kHz", "\u00a0kHz")  # no number without its unit
        text = write(figure, x + 0.2, y, whole, 10.5, va="top", linespacing=1.15)
        rows = int(np.ceil(width_of(figure, text) / width))
        text.set_text(wrap(whole, rows))
        write(figure, x + 0.02, y, "•", 10.5, va="top")
        y += 0.17 * rows + 0.06
