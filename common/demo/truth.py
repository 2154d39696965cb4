"""What there is to hear in a demo song, exactly: tempo, beats, key and sections, for measuring readings.

All times are seconds from the first sample of what a decoder hands out. A rendered song begins with its
first beat; an MP3 file of it begins `MP3_DELAY` later.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from common.demo.score import Song
from common.demo.synth import SAMPLE_RATE

MP3_DELAY = 1105 / SAMPLE_RATE
"""Seconds of silence in front of a decoded demo file. An MP3 encoder delays by 576 samples and a decoder by
529 (https://lame.sourceforge.io/tech-FAQ.txt); these files carry no tag that would let a decoder cut them."""

BEATS = 4
"""Beats in a bar."""

SECTION_NAMES = {"intro": "intro", "build": "build", "drop": "drop", "breakdown": "break", "outro": "outro"}
"""Name of a passage in a score -> name that a DJ gives the section."""


@dataclass(frozen=True)
class TrueSection:
    """A section of a song: its name, and where it starts and ends in seconds."""

    name: str
    start: float
    end: float
    bars: int


@dataclass(frozen=True)
class Truth:
    """What a song was composed to be.

    Attributes
    ----------
    bpm
        Beats per minute, the same from start to end.
    beats, downbeats
        float64, shape (n,), seconds of every beat of the arrangement, kick or no kick, and of the first
        beat of every bar. The song's last notes die away after the last bar.
    tonic, mode
        Pitch class (C = 0), and "minor" or "major".
    sections
        In order and without gaps.
    """

    bpm: float
    beats: np.ndarray
    downbeats: np.ndarray
    tonic: int
    mode: str
    sections: tuple[TrueSection, ...]


def truth_of(song: Song, delay: float = 0.0) -> Truth:
    """Tell what there is to hear in a song.

    Parameters
    ----------
    song : Song
        The score that the truth is read from.
    delay : float
        Seconds before the song's first beat: 0 in rendered samples, `MP3_DELAY` in a decoded file.

    Returns
    -------
    Truth
        Times are exact to half a sample, which is what a sound's start is rounded to.
    """
    beats = delay + np.arange(BEATS * song.bars) * song.bar_seconds / BEATS
    edges = np.cumsum([0, *(passage.bars for passage in song.arrangement)])
    times = delay + edges * song.bar_seconds
    sections = tuple(
        TrueSection(SECTION_NAMES[passage.name], float(start), float(end), passage.bars)
        for passage, start, end in zip(song.arrangement, times[:-1], times[1:], strict=True)
    )
    return Truth(song.bpm, beats, beats[::BEATS], song.tonic, song.mode, sections)
