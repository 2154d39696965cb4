"""Figures of the genre classifier: confusion, scores, SHAP summary, dependence, waterfall, boundary songs.

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
from common.charts import GRID, INK, PALETTE
from common.text import clean, display_width, shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from common.classifier.evaluation import Confidence, Doubt, Scores, TrainingSet
    from common.classifier.explanation import ComponentMeaning, Contributions, Explanation
    from common.library import Library

MOST_COMPONENTS, MOST_SONGS, MOST_STEPS = 10, 20, 8

FOR, AGAINST = PALETTE[1], PALETTE[0]
"""Colours of what speaks for and against a genre."""

WAYS = {"plain": "any song", "artist": "artists apart", "album": "albums apart"}
"""Ways of splitting, in a few words."""


def draw_confusion(path: Path, genres: Sequence[str], counts: np.ndarray, caption: str) -> Path:
    """Draw the confusion matrix: songs per cell, coloured by share of the true genre.

    Parameters
    ----------
    path
        Where.
    genres
        Names, in the order of rows and columns.
    counts
        Shape (K, K): true genre in rows, predicted in columns.
    caption
        A line under the title.
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
            f"Which genres are mistaken for which\n{_wrapped(caption, int(8 * (side + 3)))}",
            x=0.02,
            ha="left",
            fontsize=12,
        )
        figure.colorbar(image, ax=axes, label="share of the genre's songs", shrink=0.8)
        return charts.save_png(figure, path, title="Which genres are mistaken for which")


def _wrapped(text: str, width: int) -> str:
    return "\n".join(textwrap.wrap(clean(text), width))


def draw_scores(path: Path, scores: Sequence[Scores], bins: Sequence[Confidence]) -> Path:
    """Draw accuracies with intervals beside their baselines, and confidence against success.

    Parameters
    ----------
    path
        Where.
    scores
        One per way of splitting.
    bins
        Of the plain way.
    """
    import matplotlib.pyplot as plt

    kinds = {
        "model": ("this classifier", "o", PALETTE[1]),
        "line": ("its straight line alone", "D", PALETTE[4]),
        "logistic": ("logistic regression, plain PCA", "s", PALETTE[0]),
        "majority": ("always the largest genre", "v", PALETTE[7]),
    }
    with charts.style():
        figure, (left, right) = plt.subplots(
            1, 2, figsize=(13, 5.2), layout="constrained", width_ratios=[3, 2]
        )
        for place, one in enumerate(scores):
            left.plot(one.interval, [place, place], color=PALETTE[1], lw=7, alpha=0.25, solid_capstyle="butt")
            for kind, (label, marker, colour) in kinds.items():
                value = getattr(one, kind).accuracy
                left.plot(value, place, marker, color=colour, ms=10, label=label if not place else None)
        left.set_yticks(range(len(scores)), [WAYS[one.way] for one in scores])
        left.set(xlim=(0, 1.02), ylim=(len(scores) - 0.4, -0.6), xlabel="accuracy on unseen songs")
        left.set_title("What the score is worth")
        left.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2, frameon=False)
        _draw_calibration(right, bins)
        return charts.save_png(
            figure, path, title="What the score is worth, and whether it is as sure as right"
        )


def _draw_calibration(axes: Axes, bins: Sequence[Confidence]) -> None:
    used = [one for one in bins if one.n]
    axes.plot([0, 1], [0, 1], color=INK, lw=1, ls="--", label="perfectly honest")
    axes.plot(
        [b.said for b in used], [b.right for b in used], "o-", color=PALETTE[1], label="this classifier"
    )
    for one in used:
        axes.annotate(
            f"{one.n}", (one.said, one.right), xytext=(0, 9), textcoords="offset points", ha="center"
        )
    axes.set(xlim=(0, 1.05), ylim=(0, 1.12), xlabel="how sure it was", ylabel="how often it was right")
    axes.set_title("Is it as sure as it should be? (numbers: songs)", fontsize=12)
    axes.legend(loc="lower right")


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
        Where.
    contributions
        Of all training songs.
    meanings
        Of all components.
    genre
        Towards which genre the swarm shows; against the other, or against the average of all.
    alone
        Whether the bars are about this genre alone, or about all, stacked.
    """
    import matplotlib.pyplot as plt

    values = contributions.towards(genre)
    genres = [genre] if alone else range(len(contributions.genres))
    strength = sum(np.abs(contributions.towards(k)).mean(axis=0) for k in genres)
    order = np.argsort(-strength, kind="stable")[:MOST_COMPONENTS]
    rows = np.arange(len(order))
    name = shorten(clean(contributions.genres[genre]), 24)
    with charts.style():
        figure, (bars, swarm) = plt.subplots(
            1,
            2,
            figsize=(15, 1.9 + 0.68 * len(order)),
            layout="constrained",
            sharey=True,
            width_ratios=[2, 5],
        )
        _draw_bars(bars, contributions, order, genre if alone else None)
        bars.set_yticks(rows, [_component_label(meanings[i]) for i in order], fontsize=10)
        summed = "" if alone else ", sum over genres"
        bars.set(xlabel=f"mean |log-odds|{summed}", ylim=(len(order) - 0.4, -0.6))
        bars.set_title("How much it matters")
        points = None
        for row, component in enumerate(order):
            x = values[:, component]
            points = swarm.scatter(
                x,
                row + _swarm_offsets(x, np.ptp(values)),
                c=_ranks(contributions.components[:, component]),
                cmap="coolwarm",
                s=16,
                vmin=0,
                vmax=1,
                linewidths=0,
            )
        swarm.axvline(0, color=INK, lw=1)
        swarm.set_xlabel(f"log-odds {_rival(contributions, genre)}")
        swarm.set_title(f"Towards {name} →")
        colours = figure.colorbar(points, ax=swarm, ticks=[0, 1], pad=0.01, aspect=40)
        colours.ax.set_yticklabels(["low", "high"])
        colours.set_label("value of the component", labelpad=-8)
        return charts.save_png(
            figure, path, title=f"What speaks for {name}{'' if alone else ', and what matters to all genres'}"
        )


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
    return f"of {shorten(clean(name), 24)} against the average of all genres"


def _component_label(meaning: ComponentMeaning) -> str:
    heard = textwrap.wrap(f"{meaning.name}: high is {meaning.high[0]}", 44)
    return "\n".join(heard[:2])


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
        Where.
    contributions, meanings, genre
        As of `draw_summary`.
    component
        Which component.
    partner
        The component with the strongest interaction; None if there is none.
    """
    import matplotlib.pyplot as plt

    meaning = meanings[component]
    colour = PALETTE[0] if partner is None else _ranks(contributions.components[:, partner])
    name = shorten(clean(contributions.genres[genre]), 24)
    with charts.style():
        figure, panels = plt.subplots(1, 2, figsize=(15, 6.2), layout="constrained")
        for axes, alone, title in zip(
            panels, (False, True), ("Line and XGBoost together", "XGBoost's part alone"), strict=True
        ):
            points = axes.scatter(
                contributions.components[:, component],
                contributions.towards(genre, trees_alone=alone)[:, component],
                c=colour, cmap=None if partner is None else "coolwarm", s=42, edgecolors=GRID,
            )  # fmt: skip
            axes.axhline(0, color=INK, lw=1)
            axes.set_title(title, fontsize=12)
            axes.set_xlabel(f"← low        {meaning.name}        high →")
        panels[0].set_ylabel(f"log-odds {_rival(contributions, genre)}".replace(" against", "\nagainst"))
        heard = f"high: {', '.join(meaning.high[:2])}.  Low: {', '.join(meaning.low[:2])}."
        figure.suptitle(
            f"What {meaning.name} says about {name}\n{_wrapped(heard, 130)}", x=0.01, ha="left", fontsize=13
        )
        if partner is not None:
            bar = figure.colorbar(points, ax=panels, ticks=[0, 1], aspect=40, pad=0.01)
            bar.ax.set_yticklabels(["low", "high"])
            other = meanings[partner]
            bar.set_label(_wrapped(f"{other.name}, high: {other.high[0]}", 60), labelpad=-8)
        return charts.save_png(figure, path, title=f"What {meaning.name} says about {name}")


def draw_waterfall(path: Path, explanation: Explanation, meanings: Sequence[ComponentMeaning]) -> Path:
    """Draw how one song's log-odds come about: component by component, and group by group.

    Parameters
    ----------
    path
        Where.
    explanation
        Of the song.
    meanings
        Of all components.
    """
    import matplotlib.pyplot as plt

    steps = _component_steps(explanation, meanings)
    groups = _group_steps(explanation)
    first, second = (shorten(clean(name), 24) for name in (explanation.first, explanation.second))
    share = explanation.probability[explanation.pair.first]
    with charts.style():
        figure, (top, bottom) = plt.subplots(
            2, 1, figsize=(13, 3.4 + 0.5 * (len(steps) + len(groups))), layout="constrained", sharex=True,
            height_ratios=[len(steps) + 1, len(groups) + 1],
        )  # fmt: skip
        base = explanation.attribution.base
        reached = [0.0, base] + [
            end for part in (steps, groups) for end in base + np.cumsum([value for _, value in part])
        ]
        limits = (min(reached), max(reached))
        _draw_steps(top, base, steps, limits)
        top.set_title("Component by component", fontsize=12)
        _draw_steps(bottom, base, groups, limits)
        bottom.set_title("The same, by musical group", fontsize=12)
        bottom.set_xlabel(f"log-odds    ← {second}        {first} →")
        title = "\n".join(textwrap.wrap(shorten(clean(explanation.name), 150), 80))
        verdict = f"{first} {share:.0%}, against {second}"
        figure.suptitle(f"{title}\n{verdict}", x=0.01, ha="left", fontsize=14)
        return charts.save_png(figure, path, title=f"Why {explanation.name} is {verdict}")


def _component_steps(
    explanation: Explanation, meanings: Sequence[ComponentMeaning]
) -> list[tuple[str, float]]:
    values = explanation.pair.values[0]
    order = np.argsort(-np.abs(values), kind="stable")
    steps = []
    for i in order[:MOST_STEPS]:
        heard = meanings[i].high if explanation.components[i] > 0 else meanings[i].low
        steps.append((f"{meanings[i].name}: {heard[0]}", float(values[i])))
    if len(order) > MOST_STEPS:
        rest = order[MOST_STEPS:]
        steps.append((f"{len(rest)} more components", float(values[rest].sum())))
    return steps


def _group_steps(explanation: Explanation) -> list[tuple[str, float]]:
    steps = [
        (f"{one.group}: {one.words[0]}" if one.words else one.group, one.value)
        for one in explanation.attribution.groups
    ]
    return [*steps, ("no single group", explanation.attribution.remainder)]


def _draw_steps(
    axes: Axes, base: float, steps: Sequence[tuple[str, float]], limits: tuple[float, float]
) -> None:
    """Draw a waterfall from the base at the top down to the sum."""
    ends = base + np.cumsum([value for _, value in steps])
    starts = np.concatenate([[base], ends[:-1]])
    room = 0.02 * (limits[1] - limits[0])
    labels = [f"average song {base:+.2f}", *(text for text, _ in steps), f"this song {ends[-1]:+.2f}"]
    axes.plot([base, base], [-0.3, 1], color=INK, lw=1)
    for row, (start, end) in enumerate(zip(starts, ends, strict=True), start=1):
        axes.barh(row, end - start, left=start, height=0.62, color=FOR if end >= start else AGAINST)
        axes.plot([end, end], [row - 0.31, row + 1], color=INK, lw=0.8)
        axes.text(max(start, end) + room, row, f"{end - start:+.2f}", va="center", fontsize=9)
    axes.plot(base, 0, "o", color=INK)
    axes.plot(ends[-1], len(steps) + 1, "D", color=INK)
    axes.axvline(0, color=INK, lw=1, ls=":")
    wrapped = ["\n".join(textwrap.wrap(clean(label), 52)[:2]) for label in labels]
    axes.set_yticks(range(len(labels)), wrapped, fontsize=9)
    axes.set(ylim=(len(labels) - 0.4, -0.6))
    axes.set_xlim(limits[0] - 3 * room, limits[1] + 5 * room)
    axes.grid(visible=False, axis="y")


def draw_boundary(path: Path, library: Library, training: TrainingSet, songs: Sequence[Doubt]) -> Path:
    """Draw the songs between genres: how much each of the two likeliest genres claims them.

    Parameters
    ----------
    path
        Where.
    library
        For the names.
    training
        For the genres.
    songs
        At least one, closest call first.
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
        axes.set_title(f"Between two genres ({len(shown)} of {len(songs)}); a dark rim is where it is filed")
        involved = {genre for song in shown for genre in (song.first, song.second)}
        for genre in sorted(involved):
            colour, marker = styles[training.genres[genre]]
            label = shorten(clean(training.genres[genre]), 24)
            axes.plot([], [], marker, color=colour, ms=10, label=label)
        axes.legend(loc="lower right", frameon=True)
        return charts.save_png(figure, path, title="Songs between two genres")
