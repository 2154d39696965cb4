"""Figures of what the classifier listens to: SHAP summary and dependence, and one song's waterfall.

Conventions: contributions are in log-odds; a component is drawn with what its high end sounds like. Every
function draws, writes one PNG, and returns its path.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from common import charts
from common.charts import GRID, INK, PALETTE, wrapped
from common.text import clean, shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from common.classifier.contributions import Contributions
    from common.classifier.explanation import Explanation
    from common.classifier.reasons import GroupReason
    from common.classifier.wording import ComponentMeaning

MOST_COMPONENTS = 10
"""Components that a summary shows, strongest first."""

LEAST_SHARE = 0.1
"""A component that matters less than this share of the strongest is not drawn."""

LEAST_STEP = 0.05
"""A group that adds less than this share of what the strongest adds is not drawn by itself, nor are trees
that add less than this share of the whole."""

LABEL_WIDTH = 72
"""Characters of a line of a step's label, of which no word is cut."""

LEAST_SEEN = 0.005
"""What a step adds, in log-odds, from which its label says more than nothing."""


def draw_summary(
    path: Path,
    contributions: Contributions,
    meanings: Sequence[ComponentMeaning],
    genre: int,
    alone: bool,
) -> Path:
    """Draw how much each component matters, and in which direction: bars and a swarm on shared rows.

    Parameters
    ----------
    path
        The file to write.
    contributions
        Contributions of the training songs.
    meanings
        What each component sounds like, one value per component.
    genre
        Position of the genre towards which contributions are drawn: against the other of two genres, or
        against the average of all.
    alone
        Whether the bars show this genre alone instead of all genres, stacked.
    """
    import matplotlib.pyplot as plt

    genres = [genre] if alone else range(len(contributions.genres))
    strength = np.sum([np.abs(contributions.towards(k)).mean(axis=0) for k in genres], axis=0)
    order = np.argsort(-strength, kind="stable")[:MOST_COMPONENTS]
    order = order[strength[order] >= LEAST_SHARE * strength.max()]
    name = shorten(clean(contributions.genres[genre]), 24)
    with charts.style():
        size = (15, 1.9 + 0.68 * len(order))
        figure, (bars, swarm) = plt.subplots(
            1, 2, figsize=size, layout="constrained", sharey=True, width_ratios=[2, 5]
        )
        _draw_bars(bars, contributions, order, genre if alone else None)
        labels = [_component_label(meanings[i]) for i in order]
        bars.set_yticks(np.arange(len(order)), labels, fontsize=10)
        summed = "" if alone else ", sum over all"
        bars.set(xlabel=f"mean |log-odds|{summed}", ylim=(len(order) - 0.4, -0.6))
        bars.set_title("How much it matters")
        _draw_swarm(figure, swarm, contributions, order, genre)
        swarm.set_title(f"Towards {name} →")
        return charts.save_png(
            figure, path, title=f"What speaks for {name}{'' if alone else ', and what matters to all'}"
        )


def _draw_swarm(
    figure: Figure, axes: Axes, contributions: Contributions, order: np.ndarray, genre: int
) -> None:
    """Draw every song's contribution as a point, one row per component, coloured by its value."""
    values = contributions.towards(genre)
    for row, component in enumerate(order):
        x = values[:, component]
        points = axes.scatter(
            x,
            row + _swarm_offsets(x, np.ptp(values)),
            c=_ranks(contributions.components[:, component]),
            cmap="coolwarm",
            s=16,
            vmin=0,
            vmax=1,
            linewidths=0,
        )
    axes.axvline(0, color=INK, lw=1)
    axes.set_xlabel(f"log-odds {_rival(contributions, genre)}")
    colours = figure.colorbar(points, ax=axes, ticks=[0, 1], pad=0.01, aspect=40)
    colours.ax.set_yticklabels(["low", "high"])
    colours.set_label("value of the component", labelpad=-8)


def _draw_bars(axes: Axes, contributions: Contributions, order: np.ndarray, genre: int | None) -> None:
    rows = np.arange(len(order))
    if genre is not None:
        strength = np.abs(contributions.towards(genre)).mean(axis=0)[order]
        axes.barh(rows, strength, color=PALETTE[0], height=0.6)
        return
    if len(contributions.genres) > len(PALETTE):
        values = [contributions.towards(k) for k in range(len(contributions.genres))]
        axes.barh(rows, np.abs(values).mean(axis=1).sum(axis=0)[order], color=PALETTE[0], height=0.6)
        return
    styles, left = charts.genre_styles(contributions.genres), np.zeros(len(order))
    for k, name in enumerate(contributions.genres):
        strength = np.abs(contributions.towards(k)).mean(axis=0)[order]
        label = shorten(clean(name), 20)
        axes.barh(rows, strength, left=left, color=styles[name][0], height=0.6, label=label)
        left += strength
    axes.legend(loc="lower right", fontsize=9, frameon=True)


def _rival(contributions: Contributions, genre: int) -> str:
    name, others = contributions.genres[genre], [g for k, g in enumerate(contributions.genres) if k != genre]
    if len(others) == 1:
        return f"of {shorten(clean(name), 24)} against {shorten(clean(others[0]), 24)}"
    return f"of {shorten(clean(name), 24)} against the average of all"


def _component_label(meaning: ComponentMeaning) -> str:
    return f"{meaning.name}: {meaning.nickname}"


def _ranks(values: np.ndarray) -> np.ndarray:
    """Ranks of values, 0 to 1; equal values get equal ranks."""
    return np.searchsorted(np.sort(values), values) / max(len(values) - 1, 1)


def _swarm_offsets(x: np.ndarray, width: float, height: float = 0.36) -> np.ndarray:
    """Spread points of a row up and down so that neighbours do not hide each other."""
    bins = np.round(x / (width / 120 or 1.0)).astype(int)
    offsets = np.zeros(len(x))
    crowd = max(1, int(np.unique(bins, return_counts=True)[1].max()))
    for value in np.unique(bins):
        inside = np.flatnonzero(bins == value)
        steps = np.arange(len(inside)) - (len(inside) - 1) / 2
        offsets[inside] = steps * min(0.09, 2 * height / crowd)
    return offsets


def draw_dependence(
    path: Path,
    contributions: Contributions,
    meanings: Sequence[ComponentMeaning],
    genre: int,
    component: int,
    partner: int | None,
) -> Path:
    """Draw what a component contributes against its value, coloured by the one it interacts with.

    Parameters
    ----------
    path
        The file to write.
    contributions, meanings, genre
        The same as for `draw_summary`.
    component
        Position of the component to draw.
    partner
        Position of the component with the strongest interaction; None if there is none.
    """
    import matplotlib.pyplot as plt

    meaning = meanings[component]
    colour = PALETTE[0] if partner is None else _ranks(contributions.components[:, partner])
    name = shorten(clean(contributions.genres[genre]), 24)
    whole, trees = (
        np.abs(contributions.towards(genre, alone)[:, component]).max() for alone in (False, True)
    )
    parts = [(False, "Line and XGBoost together"), (True, "XGBoost's part alone")]
    if trees < LEAST_STEP * whole:
        parts = [(False, "The straight line, to which XGBoost adds next to nothing")]
    with charts.style():
        size = (7.5 * len(parts), 6.2)
        figure, panels = plt.subplots(1, len(parts), figsize=size, layout="constrained", squeeze=False)
        for axes, (alone, heading) in zip(panels[0], parts, strict=True):
            points = axes.scatter(
                contributions.components[:, component],
                contributions.towards(genre, trees_alone=alone)[:, component],
                c=colour, cmap=None if partner is None else "coolwarm", s=42, edgecolors=GRID,
            )  # fmt: skip
            axes.axhline(0, color=INK, lw=1)
            axes.set_title(heading, fontsize=12)
            axes.set_xlabel(f"← low        {meaning.name}: {meaning.nickname}        high →")
        panels[0, 0].set_ylabel(f"log-odds {_rival(contributions, genre)}".replace(" against", "\nagainst"))
        heard = f"high: {', '.join(meaning.high[:2])}.  Low: {', '.join(meaning.low[:2])}."
        title = f"What {meaning.name} says about {name}"
        figure.suptitle(f"{title}\n{wrapped(heard, 65 * len(parts))}", x=0.01, ha="left", fontsize=13)
        if partner is not None:
            bar = figure.colorbar(points, ax=panels, ticks=[0, 1], aspect=40, pad=0.01)
            bar.ax.set_yticklabels(["low", "high"])
            other = meanings[partner]
            bar.set_label(wrapped(f"{other.name}, high: {other.high[0]}", 60), labelpad=-8)
        return charts.save_png(figure, path, title=title)


def draw_waterfall(path: Path, explanation: Explanation) -> Path:
    """Draw how one song's log-odds come about, group by group.

    Parameters
    ----------
    path
        The file to write.
    explanation
        The explanation of the song.
    """
    import matplotlib.pyplot as plt

    reasons = explanation.reasons
    steps = waterfall_steps(reasons.groups)
    first, second = (shorten(clean(name), 24) for name in (explanation.first, explanation.second))
    with charts.style():
        figure, axes = plt.subplots(figsize=(13, 2.6 + 0.62 * len(steps)), layout="constrained")
        _draw_steps(axes, reasons.base, steps, reasons.margin, *side_colours(explanation))
        axes.set_xlabel(
            f"log-odds    ← {second}        {first} →\n{wrapped(explanation.limit, 100)}".rstrip()
        )
        title = "\n".join(textwrap.wrap(shorten(clean(explanation.name), 150), 80))
        verdict = f"{first} {explanation.p_first:.0%}, against {second} {explanation.p_second:.0%}"
        heard = ", by models that had not heard it" if explanation.n_held_out else ""
        heard += ", though it is unlike the training songs" if explanation.is_unfamiliar else ""
        figure.suptitle(f"{title}\n{verdict}{heard}", x=0.01, ha="left", fontsize=14)
        return charts.save_png(figure, path, title=f"Why {explanation.name} is {verdict}")


def waterfall_steps(groups: Sequence[GroupReason]) -> list[tuple[str, float]]:
    """Choose the steps of a waterfall: label, and what it adds in log-odds.

    Groups that add next to nothing are left out; they share a step where together they add something.
    """
    strongest = max(abs(one.value) for one in groups)
    if strongest < LEAST_SEEN:
        return [("nothing in particular", 0.0)]
    least = LEAST_STEP * strongest
    steps = [(_step_label(one), one.value) for one in groups if abs(one.value) >= least]
    small = [one for one in groups if abs(one.value) < least]
    rest = sum(one.value for one in small)
    together = f"{', '.join(one.group for one in small)} together"
    return [*steps, (together, rest)] if abs(rest) >= max(least, LEAST_SEEN) else steps


def _step_label(reason: GroupReason) -> str:
    return f"{reason.group}: {reason.sentence}" if reason.sentence else reason.group


def side_colours(explanation: Explanation) -> tuple[str, str]:
    """Colours of what speaks for the likeliest genre and for the runner-up: those they have in every picture.

    Above as many genres as there are colours, two may share one; the runner-up's is then a grey.
    """
    styles = charts.genre_styles(explanation.genres)
    first, second = styles[explanation.first][0], styles[explanation.second][0]
    return first, PALETTE[-1] if second == first else second


def _draw_steps(
    axes: Axes, base: float, steps: Sequence[tuple[str, float]], margin: float, first: str, second: str
) -> None:
    """Draw a waterfall from the base at the top down to the song's margin, in the colours of two genres."""
    ends = base + np.cumsum([value for _, value in steps])
    starts = np.concatenate([[base], ends[:-1]])
    low, high = min(0.0, base, margin, *ends), max(0.0, base, margin, *ends)
    room = 0.02 * (high - low or 1.0)
    labels = [f"halfway between the averages {_signed(base)}", *(text for text, _ in steps)]
    labels.append(f"this song {_signed(margin)}")
    axes.plot([base, base], [-0.3, 1], color=INK, lw=1)
    for row, (start, end) in enumerate(zip(starts, ends, strict=True), start=1):
        axes.barh(row, end - start, left=start, height=0.62, color=first if end >= start else second)
        # What has no step of its own lies between the last end and the song.
        below = margin if row == len(steps) else end
        axes.plot([end, end, below], [row - 0.31, row + 0.31, row + 1], color=INK, lw=0.8)
        text = axes.text(max(start, end) + room, row, _signed(end - start), va="center", fontsize=9)
        text.set_bbox({"facecolor": charts.PAPER, "edgecolor": "none", "pad": 1.0})
    axes.plot(base, 0, "o", color=INK)
    axes.plot(margin, len(steps) + 1, "D", color=INK)
    axes.axvline(0, color=INK, lw=1, ls=":")
    folded = [wrapped(label, LABEL_WIDTH) for label in labels]
    axes.set_yticks(range(len(labels)), folded, fontsize=9)
    axes.set(ylim=(len(labels) - 0.4, -0.6))
    axes.set_xlim(low - 3 * room, high + 5 * room)
    axes.grid(visible=False, axis="y")


def _signed(value: float) -> str:
    """Write log-odds with their sign, and never a negative nothing."""
    return f"{round(value, 2) + 0.0:+.2f}"
