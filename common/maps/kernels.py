"""The compiled inner loop of settling: songs on a map, found by where they lie, and moved.

Conventions
-----------
A `Board` holds the songs of a map. Places have three coordinates, float64; on a flat map the last is 0.
Distances are squared. Songs lie in the cells of several nets, each a grid of cubes with a list of songs per
cell: net 0 holds every song by its place; every further net holds, likewise by their places, those songs
whose reach, the distance to the farthest of its ``k + 1`` closest songs, is no longer than an edge of its
cubes, and that fit into no finer net. Who has a place within reach is then in one of 27 cubes of each net. A
place beyond the nets belongs to the outermost cube.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from common.compiled import as_written

FAR = 1 << 40
"""More than all songs of any map keep."""


class Board(NamedTuple):
    """The places of songs, and which lie closest to each.

    Attributes
    ----------
    places
        Float64, shape (n_songs, 3).
    wanted
        The songs that each song wants near it, int64, shape (n_songs, k).
    wanting
        The songs that want each song, those of one song after those of another, int64, shape (n_songs * k,).
    begins
        Where those of each song begin, and where the last end, int64, shape (n_songs + 1,).
    closest
        The k + 1 songs closest to each on the map, closest first, int64, shape (n_songs, k + 1).
    apart
        How far off these are, shape (n_songs, k + 1).
    keeps
        Which of these the song wants, int64, 0 or 1, shape (n_songs, k + 1).
    origin
        The corner of all nets, shape (3,).
    edges
        The edge of the cubes of every net, shape (n_nets,).
    shapes
        Cubes of every net per axis, int64, shape (n_nets, 3).
    starts
        Where the cells of every net begin in ``first``, int64, shape (n_nets,).
    held
        How many songs' reaches every net holds, int64, shape (n_nets,).
    first
        The first song of every cell, -1 for none, int64, shape (n_cells,).
    following, previous
        The songs after and before each in the list of its cell, for its place and for its reach; -1 for none;
        int64, shape (2, n_songs).
    net
        The net that holds each song's reach, int64, shape (n_songs,).
    """

    places: np.ndarray
    wanted: np.ndarray
    wanting: np.ndarray
    begins: np.ndarray
    closest: np.ndarray
    apart: np.ndarray
    keeps: np.ndarray
    origin: np.ndarray
    edges: np.ndarray
    shapes: np.ndarray
    starts: np.ndarray
    held: np.ndarray
    first: np.ndarray
    following: np.ndarray
    previous: np.ndarray
    net: np.ndarray


@as_written
def _along(board, net, value, axis):
    """The cube of a place along an axis."""
    # Whole numbers are cut towards 0, and what would lie below it belongs to 0 anyhow.
    cube = int((value - board.origin[axis]) / board.edges[net])
    return min(max(cube, 0), board.shapes[net, axis] - 1)


@as_written
def _cube(board, net, x, y, z):
    return _along(board, net, x, 0), _along(board, net, y, 1), _along(board, net, z, 2)


@as_written
def _cell(board, net, song):
    x, y, z = board.places[song, 0], board.places[song, 1], board.places[song, 2]
    column, line, layer = _cube(board, net, x, y, z)
    return board.starts[net] + (column * board.shapes[net, 1] + line) * board.shapes[net, 2] + layer


@as_written
def _put(board, kind, net, song):
    cell = _cell(board, net, song)
    after = board.first[cell]
    board.first[cell] = song
    board.previous[kind, song] = -1
    board.following[kind, song] = after
    if after >= 0:
        board.previous[kind, after] = song


@as_written
def _take(board, kind, net, song):
    before, after = board.previous[kind, song], board.following[kind, song]
    if after >= 0:
        board.previous[kind, after] = before
    if before >= 0:
        board.following[kind, before] = after
    else:
        cell = _cell(board, net, song)
        board.first[cell] = after


@as_written
def _distance(board, song, x, y, z):
    across = board.places[song, 0] - x
    along = board.places[song, 1] - y
    up = board.places[song, 2] - z
    return across * across + along * along + up * up


@as_written
def _look(board, place, but, found, apart):
    """Find the songs closest to a place, but one: as many as ``found`` has room for."""
    x, y, z = place[0], place[1], place[2]
    n_wide, n_long, n_deep = board.shapes[0]
    column, line, layer = _cube(board, 0, x, y, z)
    last = len(found) - 1
    apart[:] = np.inf
    found[:] = -1
    for ring in range(max(n_wide, n_long, n_deep)):
        # What lies in a farther ring is at least as far off as whole cubes lie between.
        if ring > 0 and apart[last] <= ((ring - 1) * board.edges[0]) ** 2:
            break
        for i in range(max(column - ring, 0), min(column + ring, n_wide - 1) + 1):
            for j in range(max(line - ring, 0), min(line + ring, n_long - 1) + 1):
                inside = abs(i - column) < ring and abs(j - line) < ring
                row = board.starts[0] + (i * n_long + j) * n_deep
                for h in range(max(layer - ring, 0), min(layer + ring, n_deep - 1) + 1):
                    if not (inside and abs(h - layer) < ring):
                        _look_into(board, row + h, x, y, z, but, found, apart)


@as_written
def _look_into(board, cell, x, y, z, but, found, apart):
    last = len(found) - 1
    other = board.first[cell]
    while other >= 0:
        distance = _distance(board, other, x, y, z)
        if distance < apart[last] and other != but:
            at = last
            while at > 0 and apart[at - 1] > distance:
                apart[at], found[at] = apart[at - 1], found[at - 1]
                at -= 1
            apart[at], found[at] = distance, other
        other = board.following[0, other]


@as_written
def _reaching(board, place, within, distances):
    """List the songs that have a place within reach, and how far off they are; return how many there are."""
    x, y, z = place[0], place[1], place[2]
    n_found = 0
    for net in range(1, len(board.edges)):
        if board.held[net] == 0:
            continue
        n_wide, n_long, n_deep = board.shapes[net]
        column, line, layer = _cube(board, net, x, y, z)
        for i in range(max(column - 1, 0), min(column + 1, n_wide - 1) + 1):
            for j in range(max(line - 1, 0), min(line + 1, n_long - 1) + 1):
                row = board.starts[net] + (i * n_long + j) * n_deep
                for h in range(max(layer - 1, 0), min(layer + 1, n_deep - 1) + 1):
                    other = board.first[row + h]
                    while other >= 0:
                        distance = _distance(board, other, x, y, z)
                        if distance <= board.apart[other, -1]:
                            within[n_found], distances[n_found] = other, distance
                            n_found += 1
                        other = board.following[1, other]
    return n_found


@as_written
def _wants(board, song, other):
    for at in range(board.wanted.shape[1]):
        if board.wanted[song, at] == other:
            return 1
    return 0


@as_written
def _value(kept):
    """What it is worth to keep so many: to keep none counts as one fewer than that."""
    return kept if kept > 0 else -1


@as_written
def _gain(board, other, song, distance):
    """What another song gains if a song lies so far off it, against where it is on no map."""
    k = board.wanted.shape[1]
    kept, last = 0, k - 1
    for at in range(k):
        if board.closest[other, at] == song:
            # Without the song, the next one is among the k closest.
            last = k
        else:
            kept += board.keeps[other, at]
    if last == k:
        kept += board.keeps[other, k]
    if distance >= board.apart[other, last]:
        return 0
    return _value(kept + _wants(board, other, song) - board.keeps[other, last]) - _value(kept)


@as_written
def _worth(board, song, place, elbow, least, found, apart, within, distances):
    """What the song and all others with it keep if it lies at a place; very little if that is taken.

    Where it is clearly no more than ``least``, some number that is no more.
    """
    _look(board, place, song, found, apart)
    if apart[0] < elbow:
        return -FAR
    own = 0
    for at in range(len(found)):
        own += _wants(board, song, found[at])
    worth = most = _value(own)
    # Only those who want the song can gain; who they are is known without looking around.
    for at in range(board.begins[song], board.begins[song + 1]):
        other = board.wanting[at]
        distance = _distance(board, other, place[0], place[1], place[2])
        most += max(_gain(board, other, song, distance), 0)
    if most <= least:
        return most
    for at in range(_reaching(board, place, within, distances)):
        if within[at] != song:
            worth += _gain(board, within[at], song, distances[at])
    return worth


@as_written
def _know(board, song):
    """Note the songs closest to a song, and put it into the net of its reach."""
    _look(board, board.places[song], song, board.closest[song], board.apart[song])
    for at in range(board.closest.shape[1]):
        board.keeps[song, at] = _wants(board, song, board.closest[song, at])
    reach, net = np.sqrt(board.apart[song, -1]), 1
    while net < len(board.edges) - 1 and board.edges[net] < reach:
        net += 1
    board.net[song] = net
    board.held[net] += 1
    _put(board, 1, net, song)


@as_written
def _forget(board, song):
    """Take a song out of the net of its reach."""
    board.held[board.net[song]] -= 1
    _take(board, 1, board.net[song], song)


@as_written
def _move(board, song, place, within, distances):
    """Put a song somewhere else, and look again who is closest to those that it leaves or comes to."""
    n_left = _reaching(board, board.places[song], within, distances)
    n_met = _reaching(board, place, within[n_left:], distances[n_left:])
    _take(board, 0, 0, song)
    _forget(board, song)
    board.places[song] = place
    _put(board, 0, 0, song)
    _know(board, song)
    for other in within[: n_left + n_met]:
        if other != song:
            _forget(board, other)
            _know(board, other)


@as_written
def look_around(board):
    """Put all songs into the nets; ``first`` is -1 everywhere."""
    for song in range(len(board.places)):
        _put(board, 0, 0, song)
    for song in range(len(board.places)):
        _know(board, song)


@as_written
def _mix(board, song, shares, steps, place):
    """Work out an offered place."""
    k = board.wanted.shape[1]
    reach = 0.0
    place[:] = 0.0
    for at in range(k + 1):
        anchor = song if at == 0 else board.wanted[song, at - 1]
        reach += shares[at] * np.sqrt(board.apart[anchor, k - 1])
        for axis in range(3):
            place[axis] += shares[at] * board.places[anchor, axis]
    for axis in range(3):
        place[axis] += reach * steps[axis]


@as_written
def improve(board, songs, shares, steps, elbow):
    """Move songs, one after the other, to the offered places where most is kept.

    Parameters
    ----------
    board
        The songs, which it changes.
    songs
        The rows of the songs that may move, in turn, int64, shape (n,).
    shares
        Where a place is offered between the song and those that it wants, shape (n, n_offers, 1 + k).
    steps
        How far beside that, in distances of those songs to their k-th closest, shape (n, n_offers, 3).
    elbow
        How near a place may be to another song, squared.

    Returns
    -------
    int
        How many moved.
    """
    k = board.wanted.shape[1]
    found, apart = np.empty(k, np.int64), np.empty(k)
    # Who may be left and who met by a song that moves, each at most all songs.
    within, distances = np.empty(2 * len(board.places), np.int64), np.empty(2 * len(board.places))
    place, best, n_moved = np.empty(3), np.empty(3), 0
    for turn in range(len(songs)):
        song = songs[turn]
        place[:] = board.places[song]
        stays = most = _worth(board, song, place, -1.0, -FAR, found, apart, within, distances)
        for offer in range(shares.shape[1]):
            _mix(board, song, shares[turn, offer], steps[turn, offer], place)
            worth = _worth(board, song, place, elbow, most, found, apart, within, distances)
            if worth > most:
                most = worth
                best[:] = place
        if most > stays:
            _move(board, song, best, within, distances)
            n_moved += 1
    return n_moved
