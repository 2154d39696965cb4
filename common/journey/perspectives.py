"""One song as the producer, the computer and the data scientist see it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from common import charts
from common.journey.choice import ChosenSong
from common.journey.panels import draw_mel, draw_waveform, mark_time
from common.journey.sheet import axes_at, write, write_title

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def draw(song: ChosenSong, draw_map: Callable[[Axes], None]) -> Figure:
    """Draw one song as the producer, the computer and the data scientist see it.

    Parameters
    ----------
    song
        The song and what its numbers were computed from.
    draw_map
        A function that draws the map, with this song starred, into the third panel's axes.
    """
    import matplotlib.pyplot as plt

    with charts.style():
        figure = plt.figure(figsize=(18, 7))
        write_title(figure, song.name, 0.6, 16.8, y=0.35)
        columns = ((0.95, 6.0), (7.0, 12.0), (12.75, 17.6))
        heads = (
            ("The producer", "a waveform: when it is loud"),
            ("The computer", "a spectrogram: which frequencies sound when"),
            ("The data scientist", "a map: which songs are like it"),
        )
        for column, (who, what) in zip(columns, heads, strict=True):
            write(figure, column[0], 1.2, who, size=16, weight="bold")
            write(figure, column[0], 1.5, what, size=11)
        panels = [axes_at(figure, column, 1.8, 6.3) for column in columns]
        draw_waveform(panels[0], song)
        draw_mel(panels[1], song)
        for axes in panels[:2]:
            mark_time(axes, song.duration)
            axes.set_xlabel("minutes : seconds")
        draw_map(panels[2])
    return figure
