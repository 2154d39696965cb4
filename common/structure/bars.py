"""The bars of a song: where they begin, and what each sounds like.

A bar begins where harmony and sound change: of the beats that could be a bar's first, those are taken at
which, over the whole song, chords and instruments change most.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from common.layout import HOP_LENGTH, SAMPLE_RATE
from common.structure.grid import Pulse
from common.structure.onsets import Drums

FRAME_RATE = SAMPLE_RATE / HOP_LENGTH
"""Frames of a series in a second."""

N_BANDS = 16
"""Bands of the spectrum that bars are compared by: neighbouring mel bands together."""

METERS = (4, 3)
"""Beats in a bar, the usual first."""

CLEARLY_THREE = 0.8
"""A song is in three if beats three and six apart differ by less than this share of what beats four and eight
apart do."""

SOUND_SHARE = 0.5
"""Weight of changes of sound beside those of harmony in the search for a bar's first beat."""

KICK_TOLERANCE = 0.030
"""Seconds by which a kick may miss its beat."""

LEAST_BARS = 4
"""Bars below which a song has no structure to speak of."""


@dataclass(frozen=True)
class Bars:
    """The bars of a song with a beat grid.

    Attributes
    ----------
    edges
        float64, shape (n_bars + 1,), seconds at which bars begin, and the last one ends.
    meter
        Beats in a bar.
    levels
        float64, shape (n_bars, N_BANDS), mean level in dB of every band.
    kicks
        float64, shape (n_bars,), mean strength of the kick on the bar's beats, 0 to 1.
    """

    edges: np.ndarray
    meter: int
    levels: np.ndarray
    kicks: np.ndarray


def read_bars(pulse: Pulse, drums: Drums, mel: np.ndarray, chroma: np.ndarray) -> Bars | None:
    """Cut a song into bars.

    Parameters
    ----------
    pulse
        The tempo of the song and its first beat.
    drums
        The hits of the song, band by band.
    mel, chroma
        Series of the song: levels in dB, shape (n_mels, n_frames), and pitch classes, (12, n_frames).

    Returns
    -------
    Bars or None
        None without a beat grid, or with fewer than `LEAST_BARS` bars.
    """
    if pulse.offset is None:
        return None
    period = 60 / pulse.bpm
    n_beats = int((mel.shape[1] / FRAME_RATE - pulse.offset) / period)
    if n_beats < (LEAST_BARS + 1) * max(METERS):
        return None
    beats = pulse.offset + np.arange(n_beats + 1) * period
    levels = _per_beat(mel.reshape(N_BANDS, -1, mel.shape[1]).mean(axis=1), beats)
    harmony = _per_beat(chroma, beats)
    meter = _meter(levels)
    first = _first_downbeat(levels, harmony, meter)
    n_bars = (n_beats - first) // meter
    cut = slice(first, first + n_bars * meter)
    kicks = drums.kick.at(beats[:-1], KICK_TOLERANCE)
    return Bars(
        edges=beats[first : first + n_bars * meter + 1 : meter],
        meter=meter,
        levels=levels[cut].reshape(n_bars, meter, -1).mean(axis=1),
        kicks=kicks[cut].reshape(n_bars, meter).mean(axis=1),
    )


def _per_beat(series: np.ndarray, beats: np.ndarray) -> np.ndarray:
    """Mean of a series, shape (size, n_frames), from beat to beat: (n_beats, size)."""
    frames = np.clip(np.round(beats * FRAME_RATE).astype(int), 0, series.shape[1])
    running = np.concatenate(
        [np.zeros((len(series), 1)), np.cumsum(series, axis=1, dtype=np.float64)], axis=1
    )
    return (np.diff(running[:, frames]) / np.maximum(1, np.diff(frames))).T


def _meter(levels: np.ndarray) -> int:
    """Beats in a bar: three if beats three apart sound clearly more alike than beats four apart."""

    def difference(lag: int) -> float:
        return float(np.abs(levels[lag:] - levels[:-lag]).mean())

    three, four = (difference(meter) + difference(2 * meter) for meter in (3, 4))
    return 3 if three < CLEARLY_THREE * four else 4


def _first_downbeat(levels: np.ndarray, harmony: np.ndarray, meter: int) -> int:
    """Which of the first beats of a song begins a bar."""
    before, after = _around(harmony, 2)
    lengths = np.linalg.norm(before, axis=1) * np.linalg.norm(after, axis=1)
    chords = 1 - (before * after).sum(axis=1) / np.maximum(lengths, 1e-9)
    before, after = _around(levels, meter)
    sounds = ((after - before) ** 2).sum(axis=1)
    evidence = np.zeros(meter)
    for change, weight in ((chords, 1.0), (sounds, SOUND_SHARE)):
        change[:2] = change[-2:] = 0
        for place in range(meter):
            evidence[place] += weight * change[place::meter].mean() / max(change.mean(), 1e-9)
    return int(evidence.argmax())


def _around(rows: np.ndarray, length: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean of the rows before and from every row on, as many as there are up to a length."""
    running = np.concatenate([np.zeros((1, rows.shape[1])), np.cumsum(rows, axis=0)])
    places = np.arange(len(rows))
    first, last = np.maximum(places - length, 0), np.minimum(places + length, len(rows))
    before = (running[places] - running[first]) / np.maximum(places - first, 1)[:, None]
    return before, (running[last] - running[places]) / (last - places)[:, None]
