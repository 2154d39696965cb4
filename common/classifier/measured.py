"""What in a song speaks for a genre, in words with sizes: dB, Hz, BPM and standard deviations.

Conventions: a sentence compares the song with the average song of the genre that it speaks against, and only
says what is true of both: the song lies on the side of the genre it speaks for.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from common import layout
from common.layout import BLOCK_OF, GROUP_INDICES, SLICES

if TYPE_CHECKING:
    from common.classifier.model import Model

SMOOTH_BANDS = 9
"""Mel bands that are averaged before the strongest run is looked for: no ear hears one alone."""

RUN_SHARE = 0.5
"""Neighbouring mel bands are spoken of together as far as they push at least this share of the strongest."""

REGIONS = ((60, "sub-bass"), (250, "bass"), (500, "low mids"), (2000, "mids"), (4000, "upper mids"),
           (6000, "presence"), (math.inf, "highs"))  # fmt: skip
"""Names of parts of the spectrum, each with its upper end in Hz."""

SINGULAR = {"sub-bass", "bass", "presence"}

OPAQUE_WEIGHT = 0.3
"""How much a number counts that no ear can check (`layout.is_audible`), beside one that a listener can."""

TEMPO = SLICES["tempo"].start

LEAST_SD = 0.1
"""Differences of fewer standard deviations are not spoken of."""


def describe_group(
    group: str,
    value: float,
    pushes: np.ndarray,
    models: Sequence[Model],
    embedding: np.ndarray,
    first: int,
    second: int,
) -> str:
    """Say what in a group pushes the way the group as a whole does.

    Parameters
    ----------
    group
        The name of the group, a key of ``layout.GROUPS``.
    value
        What the group adds to the log-odds of the first genre against the second.
    pushes
        The log-odds that each number of the song adds, shape (``N_FEATURES``,).
    models
        The models that judge.
    embedding
        The embedding of the song, shape (``N_FEATURES``,).
    first, second
        Positions of the two genres.

    Returns
    -------
    str
        Words for one band or number and its distance from the average song of the genre spoken against;
        empty where nothing in particular does it.
    """
    favoured, rival = (first, second) if value >= 0 else (second, first)
    rival_mean, favoured_mean, deviation = _averages(models, rival, favoured)
    apart = embedding - rival_mean
    # A song beyond the average rival in the direction in which the favoured genre lies.
    typical = (apart * (favoured_mean - rival_mean) > 0) & (np.abs(apart) >= LEAST_SD * deviation)
    useful = np.where(typical, np.maximum(pushes * np.sign(value), 0.0), 0.0)
    name = models[0].genres[rival]
    if group == "mel":
        return _band_sentence(useful, apart, deviation, name)
    indices = np.array(GROUP_INDICES[group])
    heard = np.array([1.0 if layout.is_audible(int(i)) else OPAQUE_WEIGHT for i in indices])
    strength = useful[indices] * heard
    if strength.max(initial=0.0) <= 0.0:
        return ""
    index = int(indices[strength.argmax()])
    return _number_sentence(index, embedding, rival_mean, deviation, name)


def _averages(
    models: Sequence[Model], rival: int, favoured: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Average songs of two genres and the numbers' standard deviations, as embeddings."""
    found = [
        (one.mean + centres[rival] * one.scale, one.mean + centres[favoured] * one.scale, one.scale)
        for one, centres in ((model.representation, model.familiarity.centres) for model in models)
    ]
    rival_mean, favoured_mean, deviation = np.mean(found, axis=0)
    return rival_mean, favoured_mean, deviation


def _band_sentence(useful: np.ndarray, apart: np.ndarray, deviation: np.ndarray, rival: str) -> str:
    """The run of neighbouring mel bands that pushes most, in its average level."""
    level = SLICES["mel_mean"]
    per_band = np.sum([useful[SLICES[b.name]] for b in layout.LAYOUT if b.source == "mel"], axis=0)
    best, words = 0.0, ""
    for sign, side in ((1, "above"), (-1, "below")):
        pushing = np.where(np.sign(apart[level]) == sign, per_band, 0.0)
        smooth = np.convolve(pushing, np.full(SMOOTH_BANDS, 1 / SMOOTH_BANDS), mode="same")
        run = strongest_run(np.where(pushing > 0, smooth, 0.0))
        weight = float(pushing[run].sum())
        if weight > best:
            decibels = float(np.abs(apart[level][run]).mean())
            sd = float((np.abs(apart[level]) / deviation[level])[run].mean())
            where = spoken_run(run.start, run.stop - 1)
            best = weight
            verb = "is" if region_of(run.start, run.stop - 1) in SINGULAR else "are"
            words = f"its {where} {verb} {decibels:.1f} dB ({sd:.1f} sd) {side} the average {rival} song's"
    return words


def strongest_run(strength: np.ndarray) -> slice:
    """The strongest number and its neighbours that reach `RUN_SHARE` of it."""
    top = int(strength.argmax())
    strong = strength >= max(RUN_SHARE * strength[top], np.finfo(float).tiny)
    first = last = top
    while first > 0 and strong[first - 1]:
        first -= 1
    while last < len(strength) - 1 and strong[last + 1]:
        last += 1
    return slice(first, last + 1)


def spoken_run(first: int, last: int) -> str:
    """Name neighbouring mel bands: ``mids around 1.2 kHz``, ``bass from 80 Hz to 200 Hz``."""
    frequencies = layout.mel_frequencies()
    low, high = frequencies[first], frequencies[last]
    region = region_of(first, last)
    if high < 1.3 * low:
        return f"{region} around {layout.spoken_hz(math.sqrt(low * high))}"
    return f"{region} from {layout.spoken_hz(low)} to {layout.spoken_hz(high)}"


def region_of(first: int, last: int) -> str:
    """The part of the spectrum in which neighbouring mel bands have their middle."""
    frequencies = layout.mel_frequencies()
    centre = math.sqrt(frequencies[first] * frequencies[last])
    return next(name for end, name in REGIONS if centre < end)


def _number_sentence(
    index: int, embedding: np.ndarray, rival_mean: np.ndarray, deviation: np.ndarray, rival: str
) -> str:
    if index == TEMPO and embedding[index] == 0:
        return f"librosa finds no pulse in it, where the average {rival} song has {rival_mean[index]:.0f} BPM"
    apart = float(embedding[index] - rival_mean[index])
    sd = abs(apart) / float(deviation[index])
    amount = _amount(index, float(embedding[index]), float(rival_mean[index]))
    size = f"{amount} ({sd:.1f} sd)" if amount else f"{sd:.1f} sd"
    return f"{layout.words(index, apart > 0)}, by {size} against the average {rival} song's"


def _amount(index: int, value: float, other: float) -> str:
    """A difference in a unit that people know; empty where there is none."""
    block = BLOCK_OF[index]
    if index == TEMPO:
        return f"{abs(value - other):.0f} BPM of librosa's tempo"  # not the one that is read more finely
    if block.unit == "Hz":
        return f"{abs(value - other):.0f} Hz"
    if block.unit == "dB":
        return f"{abs(value - other):.1f} dB"
    if index == SLICES["mfcc_mean"].start:
        # The first MFCC is the sum of the mel bands' levels over the square root of their number.
        return f"{abs(value - other) / math.sqrt(layout.N_MELS):.1f} dB"
    if block.source == "rms" and value > 0 and other > 0:
        return f"{abs(20.0 * math.log10(value / other)):.1f} dB"
    return ""
