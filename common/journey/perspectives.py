"""One song as the producer, the computer and the data scientist see it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from common import charts
from common.journey.choice import ChosenSong
from common.journey.panels import draw_mel, draw_waveform
from common.journey.sheet import axes_at, write, write_title
from common.text import clean, shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def draw(song: ChosenSong, draw_map: Callable[[Axes], None], near: Sequence[str] = ()) -> Figure:
    """Draw one song as the producer, the computer and the data scientist see it.

    Parameters
    ----------
    song
        The song and what its numbers were computed from.
    draw_map
        A function that draws the map, with this song starred, into the third panel's axes.
    near
        The names of its nearest songs, nearest first, which the map numbers; they are written below it.
    """
    import matplotlib.pyplot as plt

    with charts.style():
        figure = plt.figure(figsize=(18, 8))
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
            charts.mark_time(axes, song.duration)
            axes.set_xlabel("minutes : seconds")
        draw_map(panels[2])
        for number, name in enumerate(near):
            line = f"{number + 1}  {shorten(clean(name), 56)}"
            write(figure, columns[2][0], 6.58 + 0.25 * number, line, size=10.5)
    return figure
