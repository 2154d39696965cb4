"""Figures of how good the classifier is: scores, calibration, confusion, boundary songs.

Conventions: every function draws, writes one PNG, and returns its path.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from common import charts
from common.charts import GRID, INK, PALETTE, wrapped
from common.classifier.names import CLASSIFIERS, WAYS
from common.text import clean, display_width, shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from common.classifier.calibration import Confidence
    from common.classifier.doubts import Doubt
    from common.classifier.scores import Scores
    from common.classifier.songs import TrainingSet
    from common.library import Library

MARKERS = {"model": "o", "line": "D", "described": "^", "logistic": "s", "majority": "v"}
COLOURS = {
    "model": PALETTE[1],
    "line": PALETTE[4],
    "described": PALETTE[2],
    "logistic": PALETTE[0],
    "majority": PALETTE[7],
}
"""Marker and colour of each of `CLASSIFIERS`."""

LANE = 0.17
"""Distance of two classifiers' lines in the picture of scores, as a share of the distance of two ways."""

MOST_SONGS = 20
"""Songs that the picture of boundary songs shows."""


def draw_confusion(path: Path, genres: Sequence[str], counts: np.ndarray, caption: str) -> Path:
    """Draw the confusion matrix: songs per cell, coloured by share of the true genre.

    Parameters
    ----------
    path
        The file to write.
    genres
        Names of the genres, in the order of rows and columns.
    counts
        Number of songs, shape (K, K): the genre a song is filed under in rows, the predicted one in columns.
    caption
        A line that is drawn under the title.
    """
    import matplotlib.pyplot as plt

    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    names = [shorten(clean(genre), 22) for genre in genres]
    side = max(4.0, 0.75 * len(genres))
    with charts.style():
        figure, axes = plt.subplots(figsize=(side + 3.2, side + 1.9), layout="constrained")
        image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
        for row, column in np.ndindex(*counts.shape):
            colour = "white" if shares[row, column] > 0.55 else INK
            axes.text(column, row, f"{counts[row, column]}", ha="center", va="center", color=colour)
        tilted = len(names) > 3 or max(map(display_width, names)) > 14
        axes.set_xticks(range(len(names)), names, rotation=40 if tilted else 0, rotation_mode="anchor")
        plt.setp(axes.get_xticklabels(), ha="right" if tilted else "center")
        axes.set_yticks(range(len(names)), names)
        axes.grid(visible=False)
        axes.set(xlabel="heard as", ylabel="filed under")
        figure.suptitle(
            f"What is mistaken for what\n{wrapped(caption, int(8 * (side + 3)))}",
            x=0.02,
            ha="left",
            fontsize=12,
        )
        figure.colorbar(image, ax=axes, label="share of the songs filed under it", shrink=0.8)
        return charts.save_png(figure, path, title="What is mistaken for what")


def draw_scores(path: Path, scores: Sequence[Scores], bins: Sequence[Confidence]) -> Path:
    """Draw accuracies with intervals beside their baselines, and confidence against success.

    Parameters
    ----------
    path
        The file to write.
    scores
        One value per way of splitting.
    bins
        Confidence against success in the plain way of splitting.
    """
    import matplotlib.pyplot as plt

    with charts.style():
        figure, (left, right) = plt.subplots(
            1, 2, figsize=(13, 3.4 + 0.8 * len(scores)), layout="constrained", width_ratios=[3, 2]
        )
        for place, one in enumerate(scores):
            _draw_way(left, one, place)
        left.set_yticks(range(len(scores)), [WAYS[one.way] for one in scores])
        left.set(xlim=(0, 1.02), ylim=(len(scores) - 0.5, -0.5), xlabel="accuracy on unseen songs")
        left.grid(visible=False, axis="y")
        left.set_title("What the score is worth")
        figure.legend(loc="outside lower left", ncols=3, frameon=False, fontsize=10)
        _draw_calibration(right, bins)
        return charts.save_png(
            figure, path, title="What the score is worth, and whether it is as sure as right"
        )


def _draw_way(axes: Axes, scores: Scores, place: int) -> None:
    """Draw the accuracies of one way of splitting, each classifier on a line of its own."""
    for lane, (name, label) in enumerate(CLASSIFIERS.items()):
        y = place + LANE * (lane - (len(CLASSIFIERS) - 1) / 2)
        if name == "model":
            axes.plot(scores.interval, [y, y], color=COLOURS[name], lw=7, alpha=0.25, solid_capstyle="butt")
        accuracy, shown = scores.measures[name].accuracy, label if place == 0 else None
        axes.plot(accuracy, y, MARKERS[name], color=COLOURS[name], ms=8, label=shown)
        text = f"{accuracy:.0%}"
        axes.annotate(text, (accuracy, y), xytext=(8, 0), textcoords="offset points", va="center", fontsize=8)
    axes.axhline(place + 0.5, color=GRID, lw=0.8)


def _draw_calibration(axes: Axes, bins: Sequence[Confidence]) -> None:
    used = [one for one in bins if one.n]
    axes.plot([0, 1], [0, 1], color=INK, lw=1, ls="--", label="perfectly honest")
    axes.plot(
        [b.said for b in used], [b.right for b in used], "o-", color=PALETTE[1], label="this classifier"
    )
    for one in used:
        # To the lower right, where neither the line of the classifier nor the honest one goes.
        axes.annotate(
            f"{one.n}", (one.said, one.right), xytext=(7, -13), textcoords="offset points", fontsize=10
        )
    axes.set(xlim=(0, 1.05), ylim=(0, 1.12), xlabel="how sure it was", ylabel="how often it was right")
    axes.set_title("Is it as sure as it should be?\n(any song left out; numbers: songs)", fontsize=12)
    axes.legend(loc="lower right")


def draw_boundary(path: Path, library: Library, training: TrainingSet, songs: Sequence[Doubt]) -> Path:
    """Draw the songs between genres: how much each of the two likeliest genres claims them.

    Parameters
    ----------
    path
        The file to write.
    library
        All songs; their names are drawn.
    training
        The labelled songs; their genres are drawn.
    songs
        At least one boundary song, closest call first.
    """
    import matplotlib.pyplot as plt

    shown = songs[:MOST_SONGS]
    styles = charts.genre_styles(training.genres)
    with charts.style():
        figure, axes = plt.subplots(figsize=(13, 2.2 + 0.42 * len(shown)), layout="constrained")
        for row, song in enumerate(shown):
            ends = ((song.first, song.p_first), (song.second, song.p_second))
            axes.plot([song.p_second, song.p_first], [row, row], color=GRID, lw=4, zorder=1)
            for genre, share in ends:
                colour, marker = styles[training.genres[genre]]
                own = training.genres[genre] == library.genres[song.row]
                axes.plot(
                    share, row, marker, color=colour, ms=10, mec=INK if own else colour, mew=1.8, zorder=2
                )
        names = [shorten(clean(library.names[song.row]), 56) for song in shown]
        axes.set_yticks(range(len(shown)), names, fontsize=10)
        axes.set(ylim=(len(shown) - 0.4, -0.6), xlim=(0, 1), xlabel="probability, before the song was seen")
        which = f"Between two {training.subject.noun}s ({len(shown)} of {len(songs)})"
        axes.set_title(f"{which}; a dark rim is where it is filed")
        involved = {genre for song in shown for genre in (song.first, song.second)}
        for genre in sorted(involved):
            colour, marker = styles[training.genres[genre]]
            label = shorten(clean(training.genres[genre]), 24)
            axes.plot([], [], marker, color=colour, ms=10, label=label)
        figure.legend(loc="outside lower left", ncols=5, frameon=False, fontsize=10)
        return charts.save_png(figure, path, title=f"Songs between two {training.subject.noun}s")
