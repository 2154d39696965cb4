"""Musical readings of the embedding: the key a song seems to be in, and tempos that a dancer calls equal.

Conventions: a pitch class is 0 (C) to 11 (B); a tempo is in BPM, and 0 means that no pulse was found. A
key comes from the average chroma, so a song that modulates gets the key it spends most of its time in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from common.arrays import unit_rows
from common.layout import SLICES, index_of
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
"""Lead over the runner-up from which a key is worth believing: below it two keys fit about equally well."""

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
    """

    tonic: int
    mode: str
    confidence: float = 0.0

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
        """What is shown wherever a key is: ``A minor 8A``, or ``A minor 8A ?`` where another fits as well."""
        return f"{self.name} {self.camelot}{'' if self.is_clear else ' ?'}"

    @property
    def short_label(self) -> str:
        """The same where room is short: ``Am 8A``, or ``Am 8A ?``."""
        tonic = self.name.split()[0]
        minor = "m" if self.mode == MINOR else ""
        return f"{tonic}{minor} {self.camelot}{'' if self.is_clear else ' ?'}"

    @property
    def is_clear(self) -> bool:
        """Whether no other key fits about as well."""
        return self.confidence >= CLEAR


def estimate_key(chroma_mean: Sequence[float] | np.ndarray) -> Key | None:
    """Estimate a song's key; see `estimate_keys`.

    Parameters
    ----------
    chroma_mean
        The average presence of each pitch class, 0 to 1, C first, shape (12,).

    Returns
    -------
    Key or None
        None if the chroma is flat (silence, noise, drums alone).
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
    best, lead = _best_fits(chroma_means)
    return [
        Key(int(fit % 12), MAJOR if fit < 12 else MINOR, float(ahead)) if fit >= 0 else None
        for fit, ahead in zip(best, lead, strict=True)
    ]


def wheel_places(chroma_means: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where the keys of many songs lie on the DJs' wheel, without a `Key` for each.

    Parameters
    ----------
    chroma_means
        The average presence of each pitch class in each song, as in `estimate_keys`.

    Returns
    -------
    tuple
        Hour, 1 to 12, or 0 where there is no key; whether the key is minor. Shape (n_songs,) each.
    """
    best, _ = _best_fits(chroma_means)
    hours = np.array([*(Key(tonic, mode).hour for mode in (MAJOR, MINOR) for tonic in range(12)), 0])
    return hours[best], best >= 12


def _best_fits(chroma_means: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Position of the best of 24 keys (-1 where none stands out), and how far it leads the runner-up."""
    chroma = np.asarray(chroma_means, dtype=np.float64)
    if chroma.ndim != 2 or chroma.shape[1] != 12:
        raise ValueError(f"expected (n_songs, 12) chroma means, got shape {chroma.shape}")
    correlations = _correlations(chroma)
    order = np.argsort(-correlations, axis=1, kind="stable")[:, :2]
    first, second = np.take_along_axis(correlations, order, axis=1).T
    return np.where(np.ptp(chroma, axis=1) > _LEAST_SPREAD, order[:, 0], -1), first - second


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


def tempo_within(tempo: np.ndarray, low: float, high: float) -> np.ndarray:
    """Whether tempos lie in a closed range of BPM as they are, at half or at double time; shape as ``tempo``.

    One octave each way and no more, for with all of them a range that is open at one end would hold every
    tempo.
    """
    at = np.asarray(tempo, dtype=np.float64)[..., np.newaxis] * (0.5, 1.0, 2.0)
    return np.any((at >= low) & (at <= high) & (at > 0), axis=-1)


def shown_tempo(tempo: float) -> int | None:
    """A tempo as it is shown to people, in whole BPM; None where no pulse was found."""
    return round(float(tempo)) if tempo > 0 else None


FAINTEST_DB = -100.0
"""Energies below this are this: sixteen bits hold nothing fainter."""


def tempos(library: Library, rows: Sequence[int] | slice = slice(None)) -> np.ndarray:
    """Tempo of every song in BPM, or of some; shape (n,); 0 where no pulse was found."""
    return library.embeddings[rows, index_of("tempo")].astype(np.float64)


def energies(library: Library, rows: Sequence[int] | slice = slice(None)) -> np.ndarray:
    """Energy of every song in dB of full scale, or of some; shape (n,)."""
    level = library.embeddings[rows, index_of("rms_mean")].astype(np.float64)
    return 20.0 * np.log10(np.maximum(level, 10.0 ** (FAINTEST_DB / 20.0)))


def keys(library: Library, rows: Sequence[int] | slice = slice(None)) -> list[Key | None]:
    """Key of every song, or of some."""
    return estimate_keys(library.embeddings[rows, SLICES["chroma_mean"]])
