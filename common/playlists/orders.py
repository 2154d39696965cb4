"""Playlists: orders of songs in which every step is a good transition.

Conventions: what a step costs, and the roughness of an order, is the business of `transitions`; every order
here minimises the roughness. Songs are numbers of the library, and no recording comes twice.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import numpy as np

from common.console import UserError
from common.library import Library
from common.music import tempo_within, tempos
from common.playlists.transitions import WEIGHTS, Tracks, cost, parts, tracks
from common.recordings import artist_numbers, first_of_each, recording_numbers
from common.search.distribution import SAMPLE_SEED
from common.search.space import Space

BEAM = 64
"""Unfinished paths that are kept at every step of the search for a path."""

MOST_CANDIDATES = 400
"""Songs near the ends that a path is looked for among, unless it is longer."""

MOST_ORDERED = 1000
"""Songs that a shuffle or a set is made of; of more, a random sample is taken."""

RADIO_CANDIDATES, RADIO_MEMORY, ARTIST_REST = 200, 5, 5
"""Radio: songs looked at for a step; songs whose average it stays near; steps before an artist returns."""


# --- from one song to another ------------------------------------------------------------------------


def path(space: Space, start: int, end: int, n: int, per_artist: int | None = None) -> Tracks:
    """Find a way from one song to another whose steps are all good transitions.

    Beam search over paths without repeats, guided by the least cost that any walk to the end has with the
    steps that are left (dynamic programming), which no path can undercut.

    Parameters
    ----------
    space
        The space that songs are compared in.
    start, end
        The songs that the path leads from and to, two different ones.
    n
        How many songs the path has, both ends included; fewer where the library has fewer.
    per_artist
        How many songs of one artist may lie between the ends; None for any number.

    Raises
    ------
    UserError
        If start and end are one song, n is below 2, or no such path exists.
    """
    if start == end:
        raise UserError("a path leads from one song to another, and these are the same")
    if n < 2:
        raise UserError(f"a path has at least 2 songs, the one it leaves and the one it reaches, not {n}")
    songs = first_of_each(space.library, [start, end, *_around(space, start, end, n)])
    if end not in songs:
        songs = [start, end]  # copies of one recording: a path of one step
    found = tracks(space, songs)
    n = min(n, len(found))
    squares = found.costs**2
    left = _least_left(squares, n)
    artist_of = artist_numbers(space.library, found.songs)
    order = _beam(squares, left, n, artist_of, per_artist)
    if order is None:
        raise UserError(
            f"no path of {n} songs has at most {per_artist} by an artist; allow more, or fewer songs"
        )
    return found.take(order)


def _around(space: Space, start: int, end: int, n: int) -> list[int]:
    """Songs near the ends, and near both: all songs of a small library, without the ends."""
    most = max(MOST_CANDIDATES, 4 * n)
    near = [space.similarities(song).astype(np.float64) for song in (start, end)]
    rankings = [near[0] + near[1], near[0], near[1]]
    shares = [most // 2, most // 4, most // 4] if len(space) > most else [len(space)]
    picked = [
        np.argsort(-ranking, kind="stable")[:share] for ranking, share in zip(rankings, shares, strict=False)
    ]
    return [int(song) for song in np.unique(np.concatenate(picked)) if song not in (start, end)]


def _least_left(squares: np.ndarray, n: int) -> np.ndarray:
    """Least sum of squared costs of a walk from each song to the end in k steps, shape (n, m).

    Song 0 is the start, song 1 the end; neither is met in between.
    """
    m = len(squares)
    left = np.full((n, m), np.inf)
    left[0, 1] = 0.0
    between = np.arange(m) > 1
    for k in range(1, n):
        onward = np.where(between | (k == 1), left[k - 1], np.inf)
        left[k] = (squares + onward).min(axis=1)
    return left


def _beam(
    squares: np.ndarray, left: np.ndarray, n: int, artist_of: np.ndarray, per_artist: int | None
) -> list[int] | None:
    """Order of songs from 0 to 1 with n songs and the least sum of squared costs that the beam finds."""
    beam: list[tuple[float, list[int]]] = [(0.0, [0])]
    for position in range(1, n):
        grown: list[tuple[float, float, list[int]]] = []
        for spent, order in beam:
            onward = spent + squares[order[-1]]
            total = onward + left[n - 1 - position]
            total[order] = np.inf
            if position < n - 1:
                total[1] = np.inf
                total[_heard_enough(order, artist_of, per_artist)] = np.inf
            for song in np.argsort(total, kind="stable")[:BEAM]:
                if np.isfinite(total[song]):
                    grown.append((float(total[song]), float(onward[song]), [*order, int(song)]))
        grown.sort(key=lambda one: one[0])
        beam = [(spent, order) for _, spent, order in grown[:BEAM]]
    return beam[0][1] if beam else None


def _heard_enough(order: list[int], artist_of: np.ndarray, per_artist: int | None) -> np.ndarray:
    if per_artist is None:
        return np.zeros(len(artist_of), dtype=bool)
    heard = artist_of[order[1:]]
    numbers, times = np.unique(heard[heard >= 0], return_counts=True)
    return np.isin(artist_of, numbers[times >= per_artist])


# --- radio -------------------------------------------------------------------------------------------


def radio(space: Space, start: int) -> Iterator[int]:
    """Play on from a song until every recording of the library has been heard once.

    Each step goes to the song that costs least, half as the step itself and half as the distance from the
    average of the last songs, so that the sound stays together while it drifts. An artist rests for some
    steps, unless nobody else is left nearby.

    Yields
    ------
    int
        The next song; the first is ``start``.
    """
    recordings = recording_numbers(space.library)
    left = recordings[: len(space)] != recordings[start]
    heard = [start]
    yield start
    while left.any():
        centre = space.vectors(np.array(heard[-RADIO_MEMORY:])).mean(axis=0)
        near = np.where(left, space.rows @ centre, -np.inf)
        candidates = np.argsort(-near, kind="stable")[: min(RADIO_CANDIDATES, int(left.sum()))]
        rested = _rested(space.library, heard, candidates)
        choice = _next(tracks(space, heard[-1:]), tracks(space, rested), near[rested])
        song = int(rested[choice])
        left &= recordings[: len(space)] != recordings[song]
        heard.append(song)
        yield song


def _next(last: Tracks, candidates: Tracks, near: np.ndarray) -> int:
    return int(
        np.argmin(
            0.5 * cost(parts(last, candidates))[0]
            + 0.5 * WEIGHTS["sound"] * candidates.distribution.upper_tail(near)
        )
    )


def _rested(library: Library, heard: Sequence[int], candidates: np.ndarray) -> np.ndarray:
    """Candidates by artists that were not heard just now; all of them if there are none."""
    recent = artist_numbers(library, [*heard[-ARTIST_REST:], *candidates])
    before, after = recent[: len(recent) - len(candidates)], recent[len(recent) - len(candidates) :]
    rested = candidates[~np.isin(after, before[before >= 0])]
    return rested if len(rested) else candidates


# --- all songs in a smooth order ---------------------------------------------------------------------


def shuffle(space: Space, songs: Sequence[int], seed: int = 0) -> Tracks:
    """Put songs into an order that flows, another one for every seed.

    From a random song always to the cheapest one left, then 2-opt: stretches of the order are turned round
    as long as that makes it less rough (G. A. Croes, "A method for solving traveling-salesman problems",
    Operations Research 6, 1958).

    Parameters
    ----------
    space
        The space that songs are compared in.
    songs
        The songs to order; copies are left out, and of more than `MOST_ORDERED` a random sample is taken.
    seed
        The seed that chooses the sample and the first song.
    """
    rng = np.random.default_rng(seed)
    found = tracks(space, first_of_each(space.library, _sample(songs, rng)))
    order = _greedy(found.costs, int(rng.integers(len(found))))
    return found.take(_two_opt(found.costs**2, order))


def _sample(songs: Sequence[int] | np.ndarray, rng: np.random.Generator) -> list[int]:
    few = np.asarray(songs, dtype=int)
    if len(few) > MOST_ORDERED:
        few = np.sort(rng.choice(few, MOST_ORDERED, replace=False))
    return [int(song) for song in few]


def _greedy(costs: np.ndarray, start: int) -> np.ndarray:
    order, left = [start], np.ones(len(costs), dtype=bool)
    for _ in range(len(costs) - 1):
        left[order[-1]] = False
        order.append(int(np.argmin(np.where(left, costs[order[-1]], np.inf))))
    return np.array(order)


def _two_opt(squares: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Turn stretches round while that lowers the sum of squared costs; the first song stays."""
    order = order.copy()
    better = True
    while better:
        better = False
        for i in range(len(order) - 2):
            # Turning the stretch i+1 … j replaces the steps i, i+1 and j, j+1; at the end, only the first.
            ends = order[i + 2 :]
            after = np.append(squares[order[i + 1], order[i + 3 :]], 0.0)
            now = np.append(squares[ends[:-1], order[i + 3 :]], 0.0)
            gain = squares[order[i], order[i + 1]] + now - squares[order[i], ends] - after
            best = int(np.argmax(gain))
            if gain[best] > 1e-12:
                order[i + 1 : i + 3 + best] = order[i + 1 : i + 3 + best][::-1].copy()
                better = True
    return order


# --- a set that climbs -------------------------------------------------------------------------------


def climb(
    space: Space,
    songs: Sequence[int],
    n: int,
    tempo: tuple[float, float] | None = None,
    rising: bool = True,
) -> Tracks:
    """Build a set whose energy climbs (or falls) from the quietest to the loudest songs.

    The songs are divided by energy into as many bins as the set has songs; one song is taken from each
    bin, so that the set climbs, and dynamic programming finds the least rough choice.

    Parameters
    ----------
    space
        The space that songs are compared in.
    songs
        The songs that may be taken; copies are left out, and of more than `MOST_ORDERED` a sample is taken.
    n
        How many songs the set has; fewer where there are fewer.
    tempo
        Lowest and highest tempo in BPM, half and double time included; None for any.
    rising
        Whether the energy climbs; it falls if not.

    Raises
    ------
    UserError
        If no song has such a tempo.
    """
    chosen = np.asarray(songs, dtype=int)
    if tempo is not None:
        chosen = chosen[tempo_within(tempos(space.library, [int(song) for song in songs]), *tempo)]
    if not len(chosen):
        raise UserError("no song has a tempo in this range, nor at half or double time")
    sample = _sample(chosen, np.random.default_rng(SAMPLE_SEED))
    found = tracks(space, first_of_each(space.library, sample))
    by_energy = np.argsort(found.energy if rising else -found.energy, kind="stable")
    bins = np.array_split(by_energy, min(n, len(found)))
    return found.take(_cheapest_chain(found, bins))


def _cheapest_chain(found: Tracks, bins: Sequence[np.ndarray]) -> list[int]:
    """One song per bin with the least sum of squared costs (Viterbi)."""
    total, back = np.zeros(len(bins[0])), []
    for one, other in itertools.pairwise(bins):
        sums = total[:, None] + cost(parts(found.take(one), found.take(other))) ** 2
        back.append(sums.argmin(axis=0))
        total = sums.min(axis=0)
    place = int(total.argmin())
    chain = [int(bins[-1][place])]
    for one_bin, origin in zip(reversed(bins[:-1]), reversed(back), strict=True):
        place = int(origin[place])
        chain.append(int(one_bin[place]))
    return chain[::-1]
