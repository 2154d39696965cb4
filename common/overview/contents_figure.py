"""What a library holds, at one glance: genres, tempos, keys and loudness, each genre in its colour."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from common import charts
from common.library import UNKNOWN_GENRE, Library
from common.music import KEYS, MINOR, Key, keys, tempos
from common.recordings import genre_label
from common.text import count, shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_GENRES = 7
"""Genres that have a colour of their own, the largest; there are as many colours that are no grey."""

OTHERS = "others"

BINS = 24
"""Bars of a histogram, about."""


def draw_contents(library: Library) -> Figure:
    """Draw how many songs there are of each genre, tempo, key and loudness.

    Parameters
    ----------
    library
        The songs, at least one; guests take no part.
    """
    import matplotlib.pyplot as plt

    group = _groups(library.genres[: library.n_own])
    gathered = [name for name in (OTHERS, genre_label(UNKNOWN_GENRE)) if name in group]
    names = [name for name, _ in Counter(group.tolist()).most_common() if name not in gathered]
    colours = {name: colour for name, (colour, _) in charts.genre_styles(names).items()}
    colours |= dict.fromkeys(gathered, charts.UNKNOWN_COLOUR)
    names += gathered
    own = slice(0, library.n_own)
    loudness = np.array(
        [np.nan if value is None else value for value in library.columns["loudness"][own]], float
    )
    bpm = tempos(library, own)
    with charts.style():
        figure, panels = plt.subplots(2, 2, figsize=(13, 7.4), layout="constrained")
        _draw_sizes(panels[0, 0], group, names, colours)
        _draw_histogram(panels[0, 1], np.where(bpm > 0, bpm, np.nan), group, names, colours, "tempo in BPM")
        _draw_keys(panels[1, 0], library, group, names, colours)
        _draw_histogram(panels[1, 1], loudness, group, names, colours, "loudness in LUFS")
        are = "is" if library.n_own == 1 else "are"
        figure.suptitle(f"What {count(library.n_own, 'song')} {are} like", x=0.01, ha="left", weight="bold")
    return figure


def _groups(genres: list[str]) -> np.ndarray:
    """The genre of every song, small ones gathered, shape (n_songs,)."""
    largest = {genre for genre, _ in Counter(genres).most_common(MOST_GENRES)} | {UNKNOWN_GENRE}
    return np.array([genre_label(genre) if genre in largest else OTHERS for genre in genres])


Colours = dict[str, str]


def _draw_sizes(axes: Axes, group: np.ndarray, names: list[str], colours: Colours) -> None:
    from matplotlib.ticker import MaxNLocator

    sizes = [int((group == name).sum()) for name in names]
    places = np.arange(len(names))
    bars = axes.barh(places, sizes, color=[colours[name] for name in names])
    axes.bar_label(bars, [str(size) for size in sizes], padding=4, fontsize=9)
    axes.set_yticks(places, [shorten(name, 24) for name in names], fontsize=10)
    axes.invert_yaxis()
    axes.margins(x=0.1)
    axes.xaxis.set_major_locator(MaxNLocator(8, integer=True, min_n_ticks=1))
    axes.tick_params(axis="x", labelsize=9)
    axes.grid(visible=False, axis="y")
    axes.set_title("songs of each genre", fontsize=11)


def _draw_histogram(
    axes: Axes, values: np.ndarray, group: np.ndarray, names: list[str], colours: Colours, title: str
) -> None:
    """Draw a stacked histogram of the songs whose value is known, and say of how many it is not."""
    from matplotlib.ticker import MaxNLocator

    known = np.isfinite(values)
    if known.any():
        axes.hist(
            [values[known & (group == name)] for name in names], bins=_edges(values[known]), stacked=True,
            color=[colours[name] for name in names], edgecolor=charts.PAPER, linewidth=0.5,
        )  # fmt: skip
    axes.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    missing = int((~known).sum())
    said = f" ({count(missing, 'song')} without)" if missing else ""
    _finish_counts(axes, f"{title}{said}")


def _edges(values: np.ndarray) -> list[float]:
    """Edges of bars that are whole units wide and about `BINS`: none lies between two whole numbers.

    Tempos are often whole, and narrower bars would show gaps where there are none.
    """
    low = np.floor(values.min())
    width = max(1.0, np.ceil((values.max() - low) / BINS))
    n_bars = int(np.ceil((values.max() - low + 0.5) / width))
    return [float(low - 0.5 + width * edge) for edge in range(n_bars + 1)]


def _draw_keys(axes: Axes, library: Library, group: np.ndarray, names: list[str], colours: Colours) -> None:
    """Draw how many songs are in each key, around the DJs' wheel: neighbours share nearly all notes."""
    found = keys(library, slice(0, library.n_own))
    place = np.array([-1 if key is None else 2 * (key.hour - 1) + (key.mode != MINOR) for key in found])
    bottom = np.zeros(24)
    for name in names:
        sizes = np.bincount(place[(group == name) & (place >= 0)], minlength=24)
        axes.bar(
            np.arange(24), sizes, bottom=bottom, color=colours[name], edgecolor=charts.PAPER, linewidth=0.5
        )
        bottom = bottom + sizes
    labels = {2 * (key.hour - 1) + (key.mode != MINOR): _tick(key) for key in KEYS.values()}
    axes.set_xticks(range(24), [labels[i] for i in range(24)])
    missing = int((place < 0).sum())
    said = f" ({count(missing, 'song')} without)" if missing else ""
    _finish_counts(axes, f"key, around the DJs' wheel{said}")
    axes.tick_params(axis="x", labelsize=7)


def _tick(key: Key) -> str:
    """Name and place of a key, one above the other: ``Am``, ``8A``."""
    tonic = key.name.split()[0]
    return f"{tonic}{'m' if key.mode == MINOR else ''}\n{key.camelot}"


def _finish_counts(axes: Axes, title: str) -> None:
    from matplotlib.ticker import MaxNLocator

    axes.set_ylim(0, 1.08 * max(axes.dataLim.y1, 1.0))
    axes.yaxis.set_major_locator(MaxNLocator(5, integer=True, min_n_ticks=1))
    axes.tick_params(labelsize=9)
    axes.grid(visible=False, axis="x")
    axes.set_ylabel("songs", fontsize=9)
    axes.set_title(title, fontsize=11)
