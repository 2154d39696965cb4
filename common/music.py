"""A song in musical terms: its key, its tempo, its energy, and how those of two songs relate.

Conventions: a pitch class is 0 (C) to 11 (B); a tempo is in BPM, and 0 means that no pulse was found. A
key comes from the average chroma, so a song that modulates gets the key it spends most of its time in.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from common.arrays import unit_rows
from common.layout import index_of
from common.library import Library

MAJOR_PROFILE = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
MINOR_PROFILE = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
"""How well each pitch class fits a key on C: C. L. Krumhansl and E. J. Kessler, "Tracing the dynamic
changes in perceived tonal organization in a spatial representation of musical keys", Psychological
Review 89 (1982)."""

MAJOR, MINOR = "major", "minor"

# As musicians spell them: five flats rather than seven sharps.
_MAJOR_NAMES = ("C", "D♭", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B")
_MINOR_NAMES = ("C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "G♯", "A", "B♭", "B")

CLEAR = 0.05
"""Lead over the runner-up from which a key is worth believing: below it two keys fit about equally well.

On ten seconds of a demo song the runner-up is the true key in 0.38 of the cases below it and in 0.08 of those
above (0.34 and 0.07 in a demo of another seed), the first in 0.47 and 0.85 (0.54 and 0.90)."""

MOST_NOTES = 11.47
"""Pitch classes that sound at once in an average frame, of 12, from which a song is noise; see
`notes_at_once`. White, pink and brown noise of 2 to 180 s comes out at 11.48 to 11.90 (108 pieces); of 199
pieces of games' music two do, a drone of ten minutes and a locomotive that lies among them."""

LEAST_FIT = 0.4
"""Correlation with the best key's profile below which none fits: it is 0.31 to 0.40 for the drums alone of 12
demo songs and 0.25 to 0.33 for noise through filters, at least 0.43 for the 48 whole demo songs, 47 of whose
keys are right, and below it for 5 of 199 pieces of games' music, one of them an announcement at an
airport."""

_LEAST_SPREAD = 1e-3
"""Chroma values (0–1) that differ by less than this name no key."""


@dataclass(frozen=True, order=True)
class Key:
    """A musical key.

    Attributes
    ----------
    tonic
        The pitch class of the key's first note, 0 (C) to 11 (B).
    mode
        The mode, ``major`` or ``minor``.
    confidence
        How far the correlation with this key's profile lies above the next best key's, 0 to 2; see
        `CLEAR`.
    alternative
        Name of the next best key where it fits about as well, or None.
    """

    tonic: int
    mode: str
    confidence: float = 0.0
    alternative: str | None = field(default=None, compare=False)

    @property
    def name(self) -> str:
        """Name for people, such as ``F♯ minor``."""
        return f"{(_MAJOR_NAMES if self.mode == MAJOR else _MINOR_NAMES)[self.tonic]} {self.mode}"

    @property
    def hour(self) -> int:
        """Place on the circle of fifths in the DJs' numbering, 1 to 12 (C major and A minor are 8)."""
        relative_major = self.tonic if self.mode == MAJOR else self.tonic + 3
        return (relative_major * 7 + 7) % 12 + 1

    @property
    def camelot(self) -> str:
        """The DJs' name of the key: hour on the circle of fifths, A for minor, B for major (``8A``)."""
        return f"{self.hour}{'B' if self.mode == MAJOR else 'A'}"

    @property
    def label(self) -> str:
        """What is shown wherever a key is: ``A minor 8A``, or ``A minor 8A or C major 8B`` in doubt."""
        other = KEYS[self.alternative] if self.alternative else None
        return f"{self.name} {self.camelot}" + (f" or {other.name} {other.camelot}" if other else "")

    @property
    def short_label(self) -> str:
        """The same where room is short: ``Am 8A``, or ``Am 8A ?`` in doubt."""
        tonic = self.name.split()[0]
        minor = "m" if self.mode == MINOR else ""
        return f"{tonic}{minor} {self.camelot}{'' if self.is_clear else ' ?'}"

    @property
    def is_clear(self) -> bool:
        """Whether no other key fits about as well."""
        return self.confidence >= CLEAR


_ORDERED_KEYS = tuple(Key(tonic, mode) for mode in (MAJOR, MINOR) for tonic in range(12))

KEYS = {key.name: key for key in _ORDERED_KEYS}
"""Name of a key -> the key."""


def read_key(chroma: np.ndarray) -> Key | None:
    """Read the key of a song, unless it is noise or drums alone.

    Parameters
    ----------
    chroma
        The presence of each pitch class in each frame, 0 to 1, C first, shape (12, n_frames).

    Returns
    -------
    Key or None
        None if all pitch classes sound at once (see `MOST_NOTES`), or no key fits (see `LEAST_FIT`).
    """
    if notes_at_once(chroma) >= MOST_NOTES:
        return None
    mean = chroma.mean(axis=1)
    return estimate_key(mean) if _correlations(mean[np.newaxis]).max() >= LEAST_FIT else None


def notes_at_once(chroma: np.ndarray) -> float:
    """How many pitch classes sound at once: 1 for one tone, 12 for white noise, 0 for silence.

    The perplexity of a frame's chroma, by the mean entropy of those that are not silent.

    Parameters
    ----------
    chroma
        The presence of each pitch class in each frame, shape (12, n_frames).
    """
    total = chroma.sum(axis=0, dtype=np.float64)
    share = chroma[:, total > 0] / total[total > 0]
    entropy = -(share * np.log(np.maximum(share, np.finfo(float).tiny))).sum(axis=0)
    return float(np.exp(entropy.mean())) if entropy.size else 0.0


def estimate_key(chroma_mean: Sequence[float] | np.ndarray) -> Key | None:
    """Estimate a song's key; see `estimate_keys`.

    Parameters
    ----------
    chroma_mean
        The average presence of each pitch class, 0 to 1, C first, shape (12,).

    Returns
    -------
    Key or None
        None if the chroma is flat.
    """
    return estimate_keys(np.asarray(chroma_mean, dtype=np.float64)[np.newaxis])[0]


def estimate_keys(chroma_means: np.ndarray) -> list[Key | None]:
    """Estimate the key of every song: the profile that correlates best with its average chroma.

    The Krumhansl–Schmuckler algorithm (C. L. Krumhansl, "Cognitive Foundations of Musical Pitch", 1990,
    chapter 4) on chroma instead of note durations.

    Parameters
    ----------
    chroma_means
        The average presence of each pitch class in each song, C first, shape (n_songs, 12).

    Returns
    -------
    list
        One per song; None where all pitch classes are equally present.

    Raises
    ------
    ValueError
        If there are not 12 pitch classes.
    """
    return [
        _key_of(best, second, ahead) if best >= 0 else None
        for best, second, ahead in zip(*_best_fits(chroma_means), strict=True)
    ]


def _key_of(best: int, second: int, lead: float) -> Key:
    """The key at one place of 24, and the one at another as its alternative where its lead is small."""
    key = replace(_ORDERED_KEYS[best], confidence=float(lead))
    return key if key.is_clear else replace(key, alternative=_ORDERED_KEYS[second].name)


def _best_fits(chroma_means: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Places of the best of 24 keys (-1 where none stands out) and of the next, and how far it leads."""
    chroma = np.asarray(chroma_means, dtype=np.float64)
    if chroma.ndim != 2 or chroma.shape[1] != 12:
        raise ValueError(f"expected (n_songs, 12) chroma means, got shape {chroma.shape}")
    correlations = _correlations(chroma)
    order = np.argsort(-correlations, axis=1, kind="stable")[:, :2]
    first, second = np.take_along_axis(correlations, order, axis=1).T
    best = np.where(np.ptp(chroma, axis=1) > _LEAST_SPREAD, order[:, 0], -1)
    return best, order[:, 1], first - second


def _correlations(chroma: np.ndarray) -> np.ndarray:
    """Pearson correlation with the 12 major, then the 12 minor keys: (n_songs, 12) -> (n_songs, 24)."""
    profiles = np.array([np.roll(p, tonic) for p in (MAJOR_PROFILE, MINOR_PROFILE) for tonic in range(12)])
    return unit_rows(_centred(chroma)) @ unit_rows(_centred(profiles)).T


def _centred(rows: np.ndarray) -> np.ndarray:
    return rows - rows.mean(axis=1, keepdims=True)


def wheel_distance(one: Key, other: Key) -> int:
    """Steps between two keys on the DJs' wheel, 0 (the same) to 7; see `wheel_steps`."""
    return int(wheel_steps(one.hour, one.mode == MINOR, other.hour, other.mode == MINOR))


def wheel_steps(
    hour: ArrayLike, minor: ArrayLike, other_hour: ArrayLike, other_minor: ArrayLike
) -> np.ndarray:
    """Steps between keys on the DJs' wheel, 0 (the same) to 7.

    A step is a fifth up or down, or the change to the relative major or minor; songs at most one step
    apart share all notes or all but one, and mix well.

    Parameters
    ----------
    hour, other_hour
        Places of keys on the wheel, 1 to 12, of shapes that go together; see `Key.hour`.
    minor, other_minor
        Whether the keys are minor, of the same shapes.
    """
    around = np.abs(np.subtract(hour, other_hour))
    return np.minimum(around, 12 - around) + np.not_equal(minor, other_minor)


def tempo_octaves(one: ArrayLike, other: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """How far tempos are apart: whole octaves, which do not count, and the rest, which does.

    A song that is counted twice as fast is the same song: half and double time are one tempo.

    Parameters
    ----------
    one, other
        Tempos in BPM, of shapes that go together; 0 where no pulse was found.

    Returns
    -------
    octaves
        Whole octaves that the other is faster, -1.0 for half time; NaN where either has no pulse.
    rest
        What is left, from -0.5 up to 0.5 octaves; NaN likewise.
    """
    one, other = np.asarray(one, dtype=np.float64), np.asarray(other, dtype=np.float64)
    known = (one > 0) & (other > 0)
    apart = np.log2(np.where(other > 0, other, 1.0)) - np.log2(np.where(one > 0, one, 1.0))
    apart = np.where(known, apart, np.nan)
    octaves = np.floor(apart + 0.5)
    return octaves, apart - octaves


def tempo_circle(tempo: np.ndarray) -> np.ndarray:
    """Tempos as points of a circle that is one octave round, so that half and double time are one point.

    Parameters
    ----------
    tempo
        Tempos in BPM, shape (n,); 0 where no pulse was found.

    Returns
    -------
    ndarray
        float64, shape (n, 2), of length 1; the middle of the circle, (0, 0), where there is no pulse.
    """
    known = np.asarray(tempo, dtype=np.float64) > 0
    angle = 2.0 * np.pi * np.log2(np.where(known, tempo, 1.0))
    return known[:, np.newaxis] * np.column_stack([np.cos(angle), np.sin(angle)])


def tempo_ratio(one: float, other: float) -> float | None:
    """How much faster the other tempo is, when half and double time count as the same.

    Parameters
    ----------
    one, other
        The two tempos in BPM.

    Returns
    -------
    float or None
        ``other / one`` folded by powers of two into [1/√2, √2): 1.0 for 70 and 140 BPM. None if either
        song has no pulse.
    """
    _, rest = tempo_octaves(one, other)
    return None if np.isnan(rest) else float(2.0**rest)


TEMPO_TOLERANCE = 0.04
"""Tempos that differ by no more are the same: the usual tolerance of tempo evaluation (F. Gouyon et al., "An
experimental comparison of audio tempo induction algorithms", 2006)."""


def same_tempo(one: ArrayLike, other: ArrayLike) -> np.ndarray:
    """Whether tempos agree within `TEMPO_TOLERANCE`, half and double time included; without a pulse, none."""
    _, rest = tempo_octaves(one, other)
    return np.abs(2.0**rest - 1.0) <= TEMPO_TOLERANCE


TEMPO_DECIMALS = 1
"""Decimals of a tempo in BPM that people are told."""


def tempo_within(tempo: np.ndarray, low: float, high: float) -> np.ndarray:
    """Whether tempos lie in a closed range of BPM as they are, at half or at double time; shape as ``tempo``.

    Tempos count as they are shown, so that a song of 140.002 BPM lies in a range up to 140. One octave each
    way and no more, for with all of them a range that is open at one end would hold every
    tempo.
    """
    at = np.round(np.asarray(tempo, dtype=np.float64)[..., np.newaxis] * (0.5, 1.0, 2.0), TEMPO_DECIMALS)
    return np.any((at >= low) & (at <= high) & (at > 0), axis=-1)


_YEAR = re.compile(r"(?<!\d)((?:19|20)\d\d)(?:\d{4})?(?!\d)", re.ASCII)


def year_of(date: str | None) -> int | None:
    """Find the year in what a tag says, such as ``2003-05-01``: its first four digits that name one.

    Parameters
    ----------
    date
        The tag; None where there is none.
    """
    found = _YEAR.search(date or "")
    return int(found[1]) if found else None


def shown_tempo(tempo: float) -> float | None:
    """A tempo as it is shown to people, to a tenth of a BPM; None where no steady pulse was found."""
    return round(float(tempo), TEMPO_DECIMALS) if tempo > 0 else None


FAINTEST = -100.0
"""LUFS that stand for a song too faint or too short to have a loudness: sixteen bits hold nothing fainter."""

USUAL_BRIGHTNESS, USUAL_ONSET_RATE = 2000.0, 4.0
"""Spectral centroid (Hz) and onsets per second at which energy is loudness alone."""

ENERGY_PER_OCTAVE = 3.0
"""LU that twice the brightness, or twice the onset rate, adds to the energy."""

MOST_OCTAVES = 2.0
"""Octaves of brightness and of onset rate that count at most, either way."""


BROKEN_PEAK, BROKEN_LEAD = 6.0, 30.0
"""True peak (dBTP), and LU that it lies above the loudness, from which it is no music but a few broken
samples: both at once, for hot masters that were encoded have the first. Of 46 real songs one has both, 43
dBTP from 115 samples; the others' peaks, and those of 126 pieces of games' music, are at most 22 LU above
their loudness, and two of them at 6.9 and 9.5 dBTP."""


def has_broken_samples(facts: Mapping[str, Any]) -> bool:
    """Whether a few samples of a song tower over all others, as damage to a file leaves them.

    Parameters
    ----------
    facts
        The song's ``true_peak`` (dBTP) and ``loudness`` (LUFS); None where unknown.
    """
    peak, loudness = facts["true_peak"], facts["loudness"]
    if peak is None or loudness is None:
        return False
    return peak > BROKEN_PEAK and peak - loudness > BROKEN_LEAD


def tempos(library: Library, rows: Sequence[int] | slice = slice(None)) -> np.ndarray:
    """Tempo of every song in BPM, or of some; shape (n,); 0 where no steady pulse was found."""
    return _numbers(library, "bpm", rows, unknown=0.0)


def energies(library: Library, rows: Sequence[int] | slice = slice(None)) -> np.ndarray:
    """Energy of every song, or of some, in LU of full scale; shape (n,).

    Club masters are equally loud, so loudness alone tells little: a song that is an octave brighter, or in
    which twice as much happens in a second, counts as much as one that is `ENERGY_PER_OCTAVE` louder.
    """
    brightness = library.embeddings[rows, index_of("spectral_centroid_mean")].astype(np.float64)
    onset_rate = _numbers(library, "onset_rate", rows, unknown=0.0)
    octaves = _octaves_above(brightness, USUAL_BRIGHTNESS) + _octaves_above(onset_rate, USUAL_ONSET_RATE)
    return _numbers(library, "loudness", rows, unknown=FAINTEST) + ENERGY_PER_OCTAVE * octaves


def _octaves_above(values: np.ndarray, usual: float) -> np.ndarray:
    lowest = usual * 2.0**-MOST_OCTAVES
    return np.clip(np.log2(np.maximum(values, lowest) / usual), -MOST_OCTAVES, MOST_OCTAVES)


def _numbers(library: Library, column: str, rows: Sequence[int] | slice, unknown: float) -> np.ndarray:
    """Values of a column, float64, with a number in the place of None."""
    return np.array([unknown if value is None else value for value in _values(library, column, rows)], float)


def _values(library: Library, column: str, rows: Sequence[int] | slice) -> list:
    values = library.columns[column]
    return values[rows] if isinstance(rows, slice) else [values[row] for row in rows]


def keys(library: Library, rows: Sequence[int] | slice = slice(None)) -> list[Key | None]:
    """Key of every song, or of some; None where no key stands out."""
    columns = (_values(library, column, rows) for column in ("key", "key_confidence", "key_alternative"))
    return [
        name and replace(KEYS[name], confidence=confidence or 0.0, alternative=alternative)
        for name, confidence, alternative in zip(*columns, strict=True)
    ]


def key_places(library: Library) -> tuple[np.ndarray, np.ndarray]:
    """Where the keys of all songs lie on the DJs' wheel, without a `Key` for each.

    Returns
    -------
    tuple
        Hour, 1 to 12, or 0 where there is no key; whether the key is minor. Shape (n_songs,) each.
    """
    names = library.columns["key"]
    hours = np.array([KEYS[name].hour if name else 0 for name in names], dtype=int)
    return hours, np.array([bool(name) and KEYS[name].mode == MINOR for name in names], dtype=bool)
