"""The period of the beat from drum hits: proposed by autocorrelation, decided by how well it explains them.

Which of several periods is the beat (half, double, two thirds) follows from the hits themselves, the kick
drum's before the others', and only then from the tempos that music usually has.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import scipy.fft
from scipy import signal

from common.structure import kernels
from common.structure.onsets import Drums, Hits

SLOWEST, FASTEST = 50.0, 210.0
"""BPM between which the beat is sought."""

USUAL_TEMPO, USUAL_SPREAD = 122.0, 2.0
"""BPM at the middle of what music usually has, and the standard deviation around it in octaves."""

SNARE_SHARE, CYMBAL_SHARE = 0.25, 0.1
"""Weight of how well a period explains snares and cymbals, beside the kick's 1."""

SERIES_RATE = 172.0
"""Values per second of the series whose autocorrelation proposes periods."""

LONGEST_LAG, SHORTEST_LAG, N_PEAKS = 6.0, 0.12, 10
"""Seconds between which hits are correlated with themselves, and how many peaks are looked at."""

RELATIVES = (1.0, 2.0, 0.5, 1.5, 2 / 3, 3.0, 1 / 3, 4.0, 0.25, 4 / 3, 0.75)
"""Multiples of a proposed period that are tried as well."""

SAME_PERIOD = 0.004
"""Share by which two proposals may differ and still be one."""

WINDOW = 12.0
"""Seconds in which a period is judged on its own, so that a tempo that drifts a little still counts."""

TOLERANCE, SHARE = 0.025, 0.08
"""Seconds, and share of a period, by which a hit may miss its beat (the smaller of both)."""

N_PHASES = 128
"""Places in a period that hits are sorted into."""

SLOW, SNARE_BETWEEN, BASS_BETWEEN = 90.0, 0.75, 1.5
"""A tempo below `SLOW` BPM is doubled if snares between its beats reach this share of those on them, and bass
notes do not exceed that share: kick and snare alternate."""

VERY_SLOW, THREE_OVER_TWO, THREE_OVER_ONE, EVEN = 75.0, 1.3, 1.1, 0.4
"""A tempo below `VERY_SLOW` BPM is tripled if three beats explain snares and cymbals so much better than two,
and than one, and the second of three is at least `EVEN` times as strong as the third: a waltz's bar."""


@dataclass(frozen=True)
class Period:
    """The beat's period in seconds and how well it explains the kicks, the snares and the cymbals, 0 to 1."""

    seconds: float
    kick: float
    snare: float
    cymbal: float

    @property
    def bpm(self) -> float:
        return 60.0 / self.seconds

    @property
    def fit(self) -> float:
        """How well it explains all hits, 0 to 1."""
        total = self.kick + SNARE_SHARE * self.snare + CYMBAL_SHARE * self.cymbal
        return total / (1 + SNARE_SHARE + CYMBAL_SHARE)

    @property
    def score(self) -> float:
        """The fit, and how usual the tempo is."""
        octaves = np.log2(self.bpm / USUAL_TEMPO)
        return self.fit * float(np.exp(-0.5 * (octaves / USUAL_SPREAD) ** 2))


def find_periods(drums: Drums, duration: float) -> list[Period]:
    """Judge every period that the hits propose.

    Parameters
    ----------
    drums
        The hits of the song.
    duration
        Seconds of the song.

    Returns
    -------
    list of Period
        The likeliest beat first; empty if the hits propose none.
    """
    kicks = drums.kick.to_the(3)
    bands = (kicks, drums.snare, drums.cymbal)
    periods = [
        Period(float(seconds), *(fit_of(hits, seconds, duration) for hits in bands))
        for seconds in proposals(drums, duration)
    ]
    if not periods:
        return []
    periods.sort(key=lambda period: -period.score)
    beat = _subdivided(periods[0], periods, drums)
    return [beat, *(period for period in periods if period is not beat)]


def proposals(drums: Drums, duration: float) -> np.ndarray:
    """Propose periods in seconds: peaks of the hits' autocorrelation, and their relatives."""
    bands = (drums.kick, drums.snare, drums.cymbal, drums.bass)
    total = np.sum([_autocorrelation(hits, duration) for hits in bands], axis=0)
    before = round(SHORTEST_LAG * SERIES_RATE) - 1
    peaks = signal.find_peaks(total[before:], height=0)[0] + before
    peaks = peaks[np.argsort(-total[peaks], kind="stable")][:N_PEAKS]
    left, centre, right = (total[peaks + shift] for shift in (-1, 0, 1))
    exact = (peaks + 0.5 * (left - right) / (left - 2 * centre + right)) / SERIES_RATE
    periods = np.unique(np.outer(exact, RELATIVES))
    periods = periods[slice(*np.searchsorted(periods, (60 / FASTEST, 60 / SLOWEST)))]
    groups = np.cumsum(np.diff(np.log(periods), prepend=-np.inf) > SAME_PERIOD)
    return np.array([periods[groups == group].mean() for group in np.unique(groups)])


def _autocorrelation(hits: Hits, duration: float) -> np.ndarray:
    """Correlation of hits with themselves at lags up to `LONGEST_LAG`, 1 at lag 0; zeros without hits."""
    size, n_lags = int(duration * SERIES_RATE) + 2, round(LONGEST_LAG * SERIES_RATE)
    places = hits.times * SERIES_RATE
    below = places.astype(int)
    series = np.bincount(below, hits.strengths * (1 - places + below), size)[:size]
    series += np.bincount(below + 1, hits.strengths * (places - below), size)[:size]
    smooth = np.convolve(series, np.hanning(9), "same")
    smooth -= smooth.mean()
    n_fft = scipy.fft.next_fast_len(size + n_lags, real=True)
    spectrum = scipy.fft.rfft(smooth, n_fft)
    correlation = scipy.fft.irfft(spectrum.real**2 + spectrum.imag**2, n_fft)[:n_lags]
    return correlation / correlation[0] if correlation[0] > 0 else np.zeros(n_lags)


def windows(duration: float) -> np.ndarray:
    """Seconds at which the windows begin in which a period is judged."""
    return np.arange(max(1, round(duration / WINDOW))) * WINDOW


def tolerance(period: float) -> float:
    """Seconds by which a hit may miss its beat."""
    return min(TOLERANCE, SHARE * period)


def fit_of(hits: Hits, period: float, duration: float) -> float:
    """How well beats of a period explain hits, 0 to 1: mean of the windows, weighted by their hits."""
    fits, total = 0.0, 1e-9
    edges = np.searchsorted(hits.times, [*windows(duration), np.inf])
    for first, last in itertools.pairwise(edges):
        if last - first > 2:
            times, strengths = hits.times[first:last], hits.strengths[first:last]
            weight = strengths.sum()
            fits += weight * kernels.window_fit(times, strengths, period, tolerance(period), N_PHASES)
            total += weight
    return float(fits / total)


def best_phase(hits: Hits, period: float) -> float:
    """Seconds from 0 to a period at which beats catch the most strength."""
    return kernels.best_phase(hits.times, hits.strengths, period, tolerance(period), N_PHASES)


def _subdivided(beat: Period, periods: list[Period], drums: Drums) -> Period:
    """Take a half or a third of the likeliest period where it turns out to be a bar or half a bar."""
    half, third = (_nearest(periods, beat.seconds / parts) for parts in (2, 3))
    snares, basses = (
        _between(hits.to_the(2), drums.kick.to_the(3), beat.seconds) for hits in (drums.snare, drums.bass)
    )
    if third is not None and beat.bpm < VERY_SLOW:
        cymbals = _between(drums.cymbal.to_the(2), drums.kick.to_the(3), beat.seconds)
        told = [period.snare + period.cymbal if period else 0.0 for period in (third, half, beat)]
        even = snares[2] + cymbals[2] > EVEN * (snares[3] + cymbals[3])
        if told[0] > THREE_OVER_TWO * told[1] and told[0] > THREE_OVER_ONE * told[2] and even:
            return third
    alternating = snares[1] > SNARE_BETWEEN * snares[0] and basses[1] < BASS_BETWEEN * basses[0]
    return half if half is not None and beat.bpm < SLOW and alternating else beat


def _nearest(periods: list[Period], seconds: float) -> Period | None:
    """The period of that length, if it is among them."""
    near = min(periods, key=lambda period: abs(period.seconds / seconds - 1))
    return near if abs(near.seconds / seconds - 1) < 0.015 else None


def _between(hits: Hits, kicks: Hits, period: float) -> np.ndarray:
    """Strength of hits at 0, 1/2, 1/3 and 2/3 of a period, counted from the kicks; shape (4,)."""
    masses = np.zeros(4)
    if not hits.times.size or not kicks.times.size:
        return masses
    width = min(0.035 / period, 0.1)
    for start in windows(max(hits.times[-1], kicks.times[-1])):
        part, beats = hits.between(start, start + WINDOW), kicks.between(start, start + WINDOW)
        if not beats.times.size:
            continue
        places = (part.times - best_phase(beats, period)) / period
        for number, place in enumerate((0, 1 / 2, 1 / 3, 2 / 3)):
            masses[number] += part.strengths[np.abs((places - place + 0.5) % 1 - 0.5) < width].sum()
    return masses
