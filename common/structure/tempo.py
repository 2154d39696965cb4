"""The period of the beat from drum hits: proposed by autocorrelation, decided by how well it explains them.

Which of several periods is the beat (half, double, two thirds) follows from the hits themselves, the kick
drum's before the others', and only then from the tempos that music usually has.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import scipy.fft

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

FAINT_BETWEEN, NO_BACKBEAT = 0.2, 0.8
"""Where every other beat has at least `NO_BACKBEAT` of the others' snare, so that what sounds on the beats is
the kick alone, snares between them need to reach this share only. Chosen on loops with seeds that
`benchmarks.readings` does not use: 8 of the 16 rock loops that were read at half their tempo no longer are,
and no other style is doubled."""

VERY_SLOW, THREE_OVER_TWO, THREE_OVER_ONE, EVEN, KICK_BETWEEN = 75.0, 1.3, 1.1, 0.4, 0.2
"""A bar below `VERY_SLOW` in a minute has three beats if three explain snares and cymbals so much better
than two, and than one, the second of three is at least `EVEN` times as strong as the third, and kicks in its
middle have less than that share of those at its start: a waltz."""

PART, LEAST_PARTS, SAME_TEMPO = 18.0, 4, 0.005
"""Length (s) of the parts of a song that are asked for its tempo one by one, how many of them at least must
tell the song's own, and by what share of it each may be off. See docs/readings.md."""


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


def is_found_by_parts(beat: Period, drums: Drums, duration: float) -> bool:
    """Whether most parts of a song, each on its own, tell the tempo that all of it is read at.

    A part knows nothing of the others, and chance seldom hits upon a tempo to half a percent: what explains
    few of the hits, but the same in part after part, is a pulse all the same.
    """
    n_parts = max(1, round(duration / PART))
    edges = np.linspace(0, duration, n_parts + 1)
    told = [find_periods(drums.part(*edge), duration / n_parts)[:1] for edge in itertools.pairwise(edges)]
    agreeing = sum(abs(found.seconds / beat.seconds - 1) < SAME_TEMPO for part in told for found in part)
    return agreeing >= LEAST_PARTS and agreeing > n_parts / 2


def proposals(drums: Drums, duration: float) -> np.ndarray:
    """Propose periods in seconds: peaks of the hits' autocorrelation, and their relatives."""
    bands = (drums.kick, drums.snare, drums.cymbal, drums.bass)
    total = np.sum([_autocorrelation(hits, duration) for hits in bands], axis=0)
    before = round(SHORTEST_LAG * SERIES_RATE) - 1
    peaks = scipy.signal.find_peaks(total[before:], height=0)[0] + before
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


def windows(duration: float, length: float = WINDOW) -> np.ndarray:
    """Seconds at which windows of a length (s) begin that together make up a song."""
    return np.arange(max(1, round(duration / length))) * length


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
    """Take another period where the likeliest turns out to be a bar, or half a bar."""
    for bar in (beat.seconds, 2 * beat.seconds):
        third = _nearest(periods, bar / 3)
        if third is not None and 60 / bar < VERY_SLOW and _is_in_three(bar, periods, drums):
            return third
    half = _nearest(periods, beat.seconds / 2)
    return half if half is not None and beat.bpm < SLOW and _alternates(beat.seconds, drums) else beat


def _is_in_three(bar: float, periods: list[Period], drums: Drums) -> bool:
    """Whether a bar (s) is a waltz's."""
    kicks = drums.kick.to_the(3)
    kick, snare, cymbal = (
        _between(hits, kicks, bar) for hits in (kicks, drums.snare.to_the(2), drums.cymbal.to_the(2))
    )
    found = [_nearest(periods, bar / parts) for parts in (3, 2, 1)]
    three, two, one = (period.snare + period.cymbal if period else 0.0 for period in found)
    even = snare[2] + cymbal[2] > EVEN * (snare[3] + cymbal[3])
    alone = kick[1] < KICK_BETWEEN * kick[0]
    return bool(three > THREE_OVER_TWO * two and three > THREE_OVER_ONE * one and even and alone)


def _alternates(beat: float, drums: Drums) -> bool:
    """Whether kicks on the beats of a period (s) alternate with snares between them."""
    kicks, snares = drums.kick.to_the(3), drums.snare.to_the(2)
    snare, bass = (_between(hits, kicks, beat) for hits in (snares, drums.bass.to_the(2)))
    even, odd = _between(snares, kicks, 2 * beat)[:2]
    has_backbeat = min(even, odd) < NO_BACKBEAT * max(even, odd)
    needed = SNARE_BETWEEN if has_backbeat else FAINT_BETWEEN
    return bool(snare[1] > needed * snare[0] and bass[1] < BASS_BETWEEN * bass[0])


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
