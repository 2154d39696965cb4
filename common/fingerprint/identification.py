"""Which song a clip is of, and where in it: candidates of the index, compared peak by peak.

A candidate is believed when the song's own peaks sound in the clip, more of them than chance puts there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from common.fingerprint import kernels
from common.fingerprint.hearing import find_peaks
from common.fingerprint.index import Candidate, FetchPeaks, LandmarkIndex
from common.fingerprint.landmarks import CLIP_FAN, SPEEDS, landmarks_of, pitch_shift
from common.fingerprint.sequences import FRAME_RATE, Peaks
from common.layout import SAMPLE_RATE
from common.spectrum import frame_count

SHORTEST, LONGEST = 8.0, 20.0
"""Seconds of a clip that are needed, and that are listened to: those in its middle."""

PEAKS_PER_SECOND, FEWER_PEAKS = 40, 10
"""Peaks of a clip: twice those of a song, for what noise puts among them, and few. A long song has few
peaks in a second, so that those which follow one another are farther apart."""

CANDIDATES = 20
"""Places that are compared peak by peak."""

ALIKE, EQUAL = (2.0, 4.0), (1.0, 1.5)
"""Frames and pitches by which a peak may be off to be the same (46 ms, a quarter of a semitone), and by which
it is off at the right speed and frame."""

FINER_SPEEDS = (0.0, 0.0025, -0.0025, 0.005, -0.005, 0.0075, -0.0075)
"""Added to the speed of a candidate; the nearest first, so that it is preferred among equals."""

FRAMES_OFF = tuple(sorted(range(-16, 17), key=abs))
"""Added to the frame of a candidate, in such an order as well."""

ENOUGH, FEWEST_PEAKS = 0.35, 20
"""Score from which a song is what the clip is of, and peaks of the song that must lie in the clip's time.
Chosen on the 1st, 3rd … of 46 songs (``benchmarks.identify --choose``): of 100 strangers the highest scored
0.23, but for another version of its song (0.57); the lowest of 200 clips under noise scored 0.39."""

SURE = 0.6
"""Score under which a clip may be of another version of the song, made of the same recording; chosen on the
clip of that one."""


@dataclass(frozen=True)
class Place:
    """Where a clip may come from, compared peak by peak.

    Attributes
    ----------
    content
        The song's content.
    offset
        Seconds of the song at which the clip begins; negative if the clip begins before the song does.
    speed
        How much faster than the song the clip is played.
    score
        Share of the song's peaks that sound in the clip, beyond what chance would put there: 1 if all do, 0
        if as many as by chance. See J. Cohen, "A coefficient of agreement for nominal scales", 1960.
    n_peaks
        How many peaks the song has in the clip's time.
    """

    content: str
    offset: float
    speed: float
    score: float
    n_peaks: int

    @property
    def is_match(self) -> bool:
        """Whether the clip is of this song."""
        return self.score >= ENOUGH and self.n_peaks >= FEWEST_PEAKS


@dataclass(frozen=True)
class Clip:
    """A clip as it is listened to.

    Attributes
    ----------
    frames, pitches
        Its peaks, float64, shape (n_peaks,) each; frames count from the first that is listened to.
    n_frames
        How many frames are listened to.
    skipped
        Frames before the first of them.
    """

    frames: np.ndarray
    pitches: np.ndarray
    n_frames: int
    skipped: int


def identify(samples: np.ndarray, index: LandmarkIndex, fetch: FetchPeaks, start: float = 0.0) -> list[Place]:
    """Find the songs that a clip may be of, the likeliest first.

    Parameters
    ----------
    samples
        The clip, float32, shape (n_samples,), mono at ``SAMPLE_RATE``, `SHORTEST` seconds or longer.
    index
        The landmarks of the songs.
    fetch
        Where the songs' peaks come from.
    start
        Seconds of the clip before the samples.

    Returns
    -------
    list
        The best place in each song that shares some landmarks with the clip; `Place.is_match` tells whether
        the clip is of the first one.
    """
    skipped = max(0, (len(samples) - round(LONGEST * SAMPLE_RATE)) // 2)
    heard = samples[skipped : skipped + round(LONGEST * SAMPLE_RATE)]
    peaks = find_peaks(heard, PEAKS_PER_SECOND)
    fewer = find_peaks(heard, FEWER_PEAKS)
    named = [(speed, landmarks_of(some, speed, CLIP_FAN)) for some in (peaks, fewer) for speed in SPEEDS]
    candidates = index.candidates(named, CANDIDATES)
    songs = dict(fetch([*{one.content: None for one in candidates}]))
    clip = Clip(
        peaks.frames.astype(float),
        peaks.pitches.astype(float),
        frame_count(heard),
        round((skipped / SAMPLE_RATE + start) * FRAME_RATE),
    )
    best: dict[str, Place] = {}
    for candidate in candidates:
        if candidate.content in songs:
            place = compare(clip, songs[candidate.content], candidate)
            if place.content not in best or place.score > best[place.content].score:
                best[place.content] = place
    return sorted(best.values(), key=lambda place: (-place.score, place.content))


def compare(clip: Clip, peaks: Peaks, candidate: Candidate) -> Place:
    """Find the speed and the frame near a candidate's at which most of the song's peaks sound in the clip.

    Parameters
    ----------
    clip
        The clip.
    peaks
        The peaks of the candidate's song.
    candidate
        Where the clip may begin.
    """
    song = peaks.frames.astype(float), peaks.pitches.astype(float)
    trials = [
        (candidate.speed + finer, candidate.frame + off) for finer in FINER_SPEEDS for off in FRAMES_OFF
    ]
    numbers = [_n_together(clip, song, *trial, EQUAL) for trial in trials]
    speed, begin = trials[int(np.argmax(numbers))]
    first, last = np.searchsorted(song[0], (begin, begin + clip.n_frames * speed))
    by_chance = _chances(clip, song[1][first:last], speed).sum()
    score = (_n_together(clip, song, speed, begin, ALIKE) - by_chance) / max(last - first - by_chance, 1.0)
    offset = (begin - clip.skipped * speed) / FRAME_RATE
    return Place(candidate.content, offset, speed, max(float(score), 0.0), int(last - first))


def _n_together(
    clip: Clip, song: tuple[np.ndarray, np.ndarray], speed: float, begin: float, reach: tuple[float, float]
) -> int:
    """How many of a song's peaks sound in the clip, if that is so fast and begins there."""
    first, last = np.searchsorted(song[0], (begin, begin + clip.n_frames * speed))
    return kernels.coincide(
        song[0][first:last],
        song[1][first:last],
        clip.frames * speed + begin,
        clip.pitches + pitch_shift(speed),
        *reach,
    )


def _chances(clip: Clip, pitches: np.ndarray, speed: float) -> np.ndarray:
    """Chance of each of some pitches to have a peak near it at any time of the clip."""
    frames, off = ALIKE
    sounding = np.sort(clip.pitches + pitch_shift(speed))
    number = np.searchsorted(sounding, pitches + off, "right") - np.searchsorted(
        sounding, pitches - off, "left"
    )
    return 1 - np.exp(-number * (2 * frames + 1) / clip.n_frames)
