"""Which song is a clip of, and at what second? And is a stranger taken for one of them?

Clips of 8 s are cut from songs at random, degraded in one way each, written to a file and decoded as
`identify` does. A clip is right if its song is named with an offset that is off by up to half a second; a
song that repeats itself to the sample has several right offsets, of which one counts. Strangers are clips
of a song that is left out of the index with all that `versions` calls the same recording or another version
of it; the index holds all others. With ``--elsewhere`` there are as many strangers from another folder.

The score from which a song is named (``identification.ENOUGH``) was chosen on every other song, the 1st,
3rd and so on in the order of their paths (``--choose``); the figures are those of the others. All songs are
in the index. How peaks are picked and landmarks are named was chosen on clips of songs of both halves, so
how many clips are right is no figure of songs that were never seen; how many strangers are named is.

With ``--library`` the index holds so many songs: those of the folder, and others made of their peaks, ten
seconds here, ten there, moved in pitch and time, so that their landmarks are as frequent or rare as real
ones.

With ``--density`` songs have as many peaks as long ones do.

Run     python -m benchmarks.identify MUSIC_DIR [--clips 200] [--strangers 100] [--library 10000]
                                                [--elsewhere DIR] [--density 20] [--seconds 8]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import soundfile
from threadpoolctl import threadpool_limits

from benchmarks.recordings import Change, Write, changed, faster, gain, write_lame, write_wav
from benchmarks.versions import relatives, sequences_of
from common import audio, decoders
from common.fingerprint.hearing import find_peaks
from common.fingerprint.identification import SHORTEST, SURE, Place, identify
from common.fingerprint.index import FetchPeaks, LandmarkIndex
from common.fingerprint.sequences import FRAME_RATE, MOST_PEAKS, PEAKS_PER_SECOND, PITCH_BITS, STEPS, Peaks
from common.fingerprint.versions import Kind
from common.text import table

NEAR_ENOUGH = 0.5
"""Seconds by which an offset may be off."""

PIECE = 10.0
"""Seconds of a song that go into a made-up one together."""


def noisy(ratio: float) -> Change:
    """With white noise so many dB under the clip."""

    def change(samples: np.ndarray, rate: int) -> np.ndarray:
        noise = np.random.default_rng(len(samples)).standard_normal(samples.shape, np.float32)
        return samples + noise * np.sqrt(np.mean(samples**2)) * np.float32(10 ** (-ratio / 20))

    return change


DEGRADATIONS: dict[str, Write] = {
    "none": write_wav,
    "noise, 20 dB under": changed(noisy(20)),
    "noise, 10 dB under": changed(noisy(10)),
    "noise, 5 dB under": changed(noisy(5)),
    "12 dB softer": changed(gain(-12)),
    "MP3 at 64 kbit/s": partial(write_lame, 64),
    "2% faster": changed(faster(2)),
    "2% slower": changed(faster(-2)),
}
"""Kind of degradation -> how the clip is written."""

SPEEDS = {"2% faster": 1.02, "2% slower": 0.98}


@dataclass(frozen=True)
class Song:
    """A song: its file, and its peaks as stage 1 keeps them."""

    path: Path
    peaks: Peaks

    @property
    def name(self) -> str:
        return str(self.path)


@dataclass(frozen=True)
class Answer:
    """A clip and what was found: song, degradation, true offset (s), places, seconds of CPU time."""

    song: int
    degradation: str
    offset: float
    places: list[Place]
    seconds: float

    @property
    def named(self) -> Place | None:
        return self.places[0] if self.places and self.places[0].is_match else None

    def is_right(self, songs: Sequence[Song]) -> bool:
        named = self.named
        return named is not None and named.content == songs[self.song].name and (
            abs(named.offset - self.offset) <= NEAR_ENOUGH
        )  # fmt: skip


def read_songs(folder: Path, per_second: int) -> list[Song]:
    """The songs of a folder that libsndfile decodes, with so many peaks a second."""
    songs = []
    for path in audio.find_songs(folder):
        if path.suffix.lower() in decoders.SNDFILE_SUFFIXES:
            songs.append(Song(path, find_peaks(audio.load(path).samples, per_second)))
    return songs


def cut(song: Song, rng: np.random.Generator, seconds: float) -> tuple[float, np.ndarray, int]:
    """A stretch of a song that is no silence: the second that it begins at, its samples and their rate."""
    with soundfile.SoundFile(song.path) as file:
        length = round(seconds * file.samplerate)
        while True:
            begin = int(rng.integers(file.frames - length))
            file.seek(begin)
            samples = file.read(length, dtype="float32", always_2d=True)
            if np.sqrt(np.mean(samples**2)) > 1e-3:
                return begin / file.samplerate, samples, file.samplerate


def ask(
    songs: Sequence[Song],
    chosen: Sequence[int],
    n_clips: int,
    index: LandmarkIndex,
    fetch: FetchPeaks,
    seed: int,
    seconds: float = SHORTEST,
) -> Iterator[Answer]:
    """Identify clips of some songs, of each song and in each degradation about as many as of others."""
    rng = np.random.default_rng(seed)
    with tempfile.TemporaryDirectory() as folder:
        for number in range(n_clips):
            song = songs[chosen[number % len(chosen)]]
            kind = list(DEGRADATIONS)[number % len(DEGRADATIONS)]
            # What is played faster is shorter: the clip has its length afterwards.
            offset, samples, rate = cut(song, rng, seconds * SPEEDS.get(kind, 1.0))
            heard = audio.load(DEGRADATIONS[kind](samples, rate, Path(folder) / "clip")).samples
            started = time.process_time()
            places = identify(heard, index, fetch)
            taken = time.process_time() - started
            yield Answer(chosen[number % len(chosen)], kind, offset, places, taken)


def fetch_from(peaks: dict[str, Peaks]) -> FetchPeaks:
    return lambda contents: ((content, peaks[content]) for content in contents if content in peaks)


def versions_among(songs: Sequence[Song], folder: Path) -> dict[int, set[str]]:
    """Numbers of the songs that have other versions among the others -> the names of those."""
    kept = {song.path: sequences_of(song.path, folder) for song in songs}
    found: dict[int, set[str]] = {}
    numbers = {song.path: number for number, song in enumerate(songs)}
    for pair in relatives(kept):
        if pair.kind in (Kind.SAME, Kind.VERSION):
            found.setdefault(numbers[pair.one], set()).add(str(pair.other))
            found.setdefault(numbers[pair.other], set()).add(str(pair.one))
    return found


def strangers(
    songs: Sequence[Song], chosen: Sequence[int], n_clips: int, without: dict[int, set[str]], folder: Path
) -> list[Answer]:
    """Identify clips of songs that are not in the index, nor songs that are to be left out with them."""
    answers: list[Answer] = []
    for place, number in enumerate(chosen):
        n_of_song = n_clips * (place + 1) // len(chosen) - n_clips * place // len(chosen)
        left_out = {songs[number].name} | without.get(number, set())
        others = {song.name: song.peaks for song in songs if song.name not in left_out}
        with LandmarkIndex(folder / f"without {number} and {len(left_out) - 1}.sqlite") as index:
            index.refresh(list(others), fetch_from(others))
            answers += ask(songs, [number], n_of_song, index, fetch_from(others), seed=number)
    return answers


def from_elsewhere(songs: Sequence[Song], music: Path, n_clips: int, index: LandmarkIndex) -> str:
    """Identify clips of songs of another folder."""
    paths = [path for path in audio.find_songs(music) if path.suffix.lower() in decoders.SNDFILE_SUFFIXES]
    others = [Song(path, Peaks(np.empty(0, np.uint32))) for path in paths]
    peaks = {song.name: song.peaks for song in songs}
    # All clips of a song would be of one degradation if the songs were asked for in their order.
    order = np.random.default_rng(2).permutation(len(others)).tolist()
    answers = list(ask(others, order, n_clips, index, fetch_from(peaks), seed=2))
    return "\n".join([f"songs of another folder, {len(others)}:", *stranger_sentences(others, answers)])


def recall_table(songs: Sequence[Song], answers: Sequence[Answer]) -> str:
    """One row per degradation: how many clips are right, and how sure the least sure is."""
    rows = []
    for kind in (*DEGRADATIONS, "all"):
        of_kind = [answer for answer in answers if kind in ("all", answer.degradation)]
        right = [answer for answer in of_kind if answer.is_right(songs)]
        song_only = sum(
            answer.named is not None and answer.named.content == songs[answer.song].name for answer in of_kind
        )
        lowest = min((answer.places[0].score for answer in right), default=float("nan"))
        share = f"{len(right) / len(of_kind):.1%}"
        rows.append((kind, len(of_kind), song_only, len(right), share, f"{lowest:.2f}"))
    headers = ("degradation", "clips", "right song", "and second", "share", "lowest score")
    return table(headers, rows, right="lrrrrr")


def wrong_ones(songs: Sequence[Song], answers: Sequence[Answer]) -> Iterator[str]:
    """A line for each clip that was taken for another song or second."""
    for answer in answers:
        if not answer.is_right(songs):
            told = answer.named
            found = (
                f"{Path(told.content).stem} at {told.offset:.1f} s ({told.score:.2f})"
                if told
                else "none of these"
            )
            of = f"{songs[answer.song].path.stem} at {answer.offset:.1f} s, {answer.degradation}"
            yield f"  {of}: {found}"


def stranger_sentences(songs: Sequence[Song], answers: Sequence[Answer]) -> Iterator[str]:
    false = [answer for answer in answers if answer.named is not None]
    scores = sorted((answer.places[0].score for answer in answers if answer.places), reverse=True)
    highest = ", ".join(f"{score:.2f}" for score in scores[:5])
    yield f"{len(answers)} strangers: {len(false)} taken for a song; highest scores {highest}"
    yield from wrong_ones(songs, false)


def report_strangers(songs: Sequence[Song], chosen: Sequence[int], n_clips: int, folder: Path) -> None:
    """What becomes of strangers, and of those that have a version in the index if it is left there."""
    versions = versions_among(songs, folder)
    found = strangers(songs, chosen, n_clips, versions, folder)
    print("\n".join(stranger_sentences(songs, found)))
    have_one = [number for number in chosen if number in versions]
    print(f"{len(have_one)} of {len(chosen)} songs have versions among the others, left out with them")
    asked = [answer for answer in strangers(songs, chosen, n_clips, {}, folder) if answer.song in have_one]
    named = [answer for answer in asked if answer.named and answer.named.content in versions[answer.song]]
    at_second = [answer for answer in named if abs(answer.places[0].offset - answer.offset) <= NEAR_ENOUGH]
    print(
        f"with the versions in the index: {len(named)} of {len(asked)} clips are named after one,"
        f" {len(at_second)} at the second that they were cut at"
    )
    print("\n".join(wrong_ones(songs, named)))


# --- larger libraries --------------------------------------------------------------------------------


def made_up(songs: Sequence[Song], number: int) -> Peaks:
    """The peaks of a song of four minutes made of pieces of others, each moved in pitch and time."""
    rng = np.random.default_rng(number)
    parts, begin = [], 0
    while begin < 240 * FRAME_RATE:
        frames, pitches = _arrays(songs, int(rng.integers(len(songs))))
        first, last = np.searchsorted(
            frames, int(rng.integers(frames[-1])) + np.array([0, PIECE * FRAME_RATE])
        )
        speed = rng.uniform(0.8, 1.25)
        # Two to eight semitones off what the speed does to the pitch, or it would be the song itself.
        shift = round(-STEPS * np.log2(speed)) + int(rng.choice((-1, 1)) * rng.integers(32, 129))
        moved = (
            begin + ((frames[first:last] - frames[first]) * speed).astype(int),
            pitches[first:last] + shift,
        )
        inside = (moved[1] >= 0) & (moved[1] < 2**PITCH_BITS)
        parts.append(moved[0][inside] << PITCH_BITS | moved[1][inside])
        begin += int(PIECE * FRAME_RATE * speed)
    return Peaks(np.unique(np.concatenate(parts))[:MOST_PEAKS].astype(np.uint32))


_kept: dict[int, tuple[np.ndarray, np.ndarray]] = {}


def _arrays(songs: Sequence[Song], number: int) -> tuple[np.ndarray, np.ndarray]:
    if number not in _kept:
        _kept[number] = songs[number].peaks.frames, songs[number].peaks.pitches
    return _kept[number]


def large_library(
    songs: Sequence[Song], chosen: Sequence[int], n_songs: int, n_clips: int, folder: Path
) -> str:
    """How long a clip takes among many songs, how often it is right, and what the index takes."""
    own = {song.name: song.peaks for song in songs}

    def fetch(contents: Sequence[str]) -> Iterator[tuple[str, Peaks]]:
        for content in contents:
            yield content, own[content] if content in own else made_up(songs, int(content))

    path = folder / "large.sqlite"
    with LandmarkIndex(path) as index:
        started = time.process_time()
        index.refresh([*own, *map(str, range(n_songs - len(own)))], fetch)
        built = time.process_time() - started
        answers = list(ask(songs, chosen, n_clips, index, fetch, seed=1))
    right = sum(answer.is_right(songs) for answer in answers)
    taken = np.array([answer.seconds for answer in answers])
    size = sum(file.stat().st_size for file in folder.glob("large.sqlite*"))
    return (
        f"{n_songs} songs: {right} of {len(answers)} clips right; {np.median(taken):.2f} s of CPU time a clip"
        f" (median), {taken.max():.2f} s at most; {size / n_songs:.0f} bytes of the index a song,"
        f" built in {1000 * built / n_songs:.1f} ms of CPU time a song with making its peaks up"
    )


def get_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("music", type=Path, metavar="MUSIC_DIR", help="songs of yours")
    parser.add_argument("--clips", type=int, default=200, help="(default: 200)")
    parser.add_argument("--strangers", type=int, default=100, help="(default: 100)")
    parser.add_argument(
        "--elsewhere", type=Path, metavar="DIR", help="other songs, none of them in MUSIC_DIR"
    )
    parser.add_argument("--library", type=int, help="songs of a larger index, most of them made up")
    parser.add_argument("--seconds", type=float, default=SHORTEST, help="of a clip (default: 8)")
    parser.add_argument(
        "--density", type=int, default=PEAKS_PER_SECOND, help="peaks a second; songs of 20 minutes have 5"
    )
    parser.add_argument("--choose", action="store_true", help="report the songs that constants are chosen on")
    return parser


def main(argv: list[str] | None = None) -> int:
    arguments = get_parser().parse_args(argv)
    with threadpool_limits(1), tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        songs = read_songs(arguments.music, arguments.density)
        chosen = list(range(len(songs)))[0 if arguments.choose else 1 :: 2]
        peaks = {song.name: song.peaks for song in songs}
        n_bytes = np.mean([len(song.peaks.packed()[0]) for song in songs])
        with LandmarkIndex(folder / "all.sqlite") as index:
            index.refresh(list(peaks), fetch_from(peaks))
            answers = list(
                ask(songs, chosen, arguments.clips, index, fetch_from(peaks), 0, arguments.seconds)
            )
            if arguments.elsewhere:
                print(from_elsewhere(songs, arguments.elsewhere, arguments.strangers, index))
        size = sum(file.stat().st_size for file in folder.glob("all.sqlite*")) / len(songs)
        print(f"{len(songs)} songs in the index, clips of {arguments.seconds:g} s of {len(chosen)} of them")
        print(recall_table(songs, answers))
        print("\n".join(wrong_ones(songs, answers)))
        n_unsure = sum(answer.is_right(songs) and answer.places[0].score < SURE for answer in answers)
        print(f"{n_unsure} right clips score less than {SURE:g}, as another version of the song may")
        taken = np.median([answer.seconds for answer in answers])
        print(f"{taken:.3f} s of CPU time a clip, decoding not included")
        print(f"{n_bytes:.0f} bytes of peaks a song, and {size:.0f} of the index")
        if arguments.strangers:
            report_strangers(songs, chosen, arguments.strangers, folder)
        if arguments.library:
            print(large_library(songs, chosen, arguments.library, arguments.clips, folder))
    return 0


if __name__ == "__main__":
    sys.exit(main())
