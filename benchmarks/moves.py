"""Does advice keep its word? What would make a song another genre, made with other tools and heard anew.

Every song of a library is taken towards its runner-up. What is said was measured on a file that this project
changed: here the same moves are made with scipy's filters of minimum phase, as an equaliser in a studio has
them, and librosa's phase vocoder, the file is analysed, and the lead of the wanted genre (log-odds against
the likeliest other) has to be where it was said to be. Beside it: how well the sketch tells single moves of
random kind and size before they are made, with more and with fewer frames. The demo was designed on; other
libraries were not.

Run     python -m benchmarks.moves DATA_DIR … [--every N] [--seed N]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import librosa
import numpy as np
import soundfile
from scipy import signal

from common import audio, library, song
from common.classifier.least_change import Change, Judges, least_change
from common.classifier.scores import Scores
from common.classifier.selection import AUTO_COMPONENTS
from common.classifier.songs import TrainingSet, gather
from common.classifier.validation import cross_validate
from common.moves.moves import BELLS, KINDS, Move, decibels, stretch
from common.moves.render import render
from common.moves.sketch import FRAMES, Sketch
from common.paths import Paths
from common.text import table

SHARE, LEAST = 0.1, 0.1
"""A change of the lead is as promised within this share of it, or so many log-odds; chosen on the demo."""

SKETCHES = (FRAMES // 4, FRAMES, 4 * FRAMES)
"""Frames of the sketches that are compared."""

N_TAPS = 8191


@dataclass(frozen=True)
class Word:
    """A lead that was promised, and what it was found to be; ``start`` is the lead of the song as it is."""

    start: float
    promised: float
    found: float

    @property
    def has_sign(self) -> bool:
        """Whether the lead moves the way it was said to."""
        return (self.found - self.start) * (self.promised - self.start) > 0

    @property
    def is_kept(self) -> bool:
        """Whether it moves as far, too."""
        room = max(LEAST, SHARE * abs(self.promised - self.start))
        return self.has_sign and abs(self.found - self.promised) <= room


def get_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("data", type=Path, nargs="+", metavar="DATA_DIR", help="what stage 1 wrote")
    parser.add_argument(
        "--every", type=int, default=1, metavar="N", help="take every so many songs (default: 1)"
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of the random moves (default: 0)")
    return parser


def change_elsewhere(source: Path, target: Path, moves: list[Move]) -> None:
    """Make moves with other tools than this project's: minimum phase, and a phase vocoder."""
    with audio.decode(source) as (rate, _, _, blocks):
        samples = np.concatenate(list(blocks))
    faster = stretch(moves)
    if faster != 1.0:
        samples = np.stack([librosa.effects.time_stretch(one, rate=faster) for one in samples.T], axis=1)
    frequencies = np.linspace(0, rate / 2, N_TAPS // 2 + 1)
    gain = 10 ** (decibels(moves, frequencies) / 20)
    if np.ptp(gain):
        taps = signal.firwin2(N_TAPS, frequencies, gain, fs=rate)
        taps = signal.minimum_phase(taps, half=False)
        samples = signal.oaconvolve(samples, taps[:, None], axes=0)[: len(samples)]
    else:
        samples = samples * gain[0]
    soundfile.write(target, samples.astype(np.float32), rate, subtype="FLOAT")


class Songs:
    """A library's songs with the models that have not heard them."""

    def __init__(self, data: Path, folder: Path) -> None:
        songs = library.load(Paths(data, folder))
        self.training: TrainingSet = gather(songs)
        self._scores: Scores = cross_validate(self.training, "plain", AUTO_COMPONENTS, lambda: None)
        self._paths, self._changed = songs.paths, folder / "changed.wav"

    def path(self, place: int) -> Path:
        """The file of a song."""
        return Path(self._paths[self.training.rows[place]])

    def judges(self, place: int) -> Judges:
        """Who judges a song, towards its runner-up."""
        runner_up = int(np.argsort(self._scores.probability[place], kind="stable")[-2])
        return Judges(self._scores.models_for(place), runner_up)

    def advice(self, place: int) -> tuple[Change, Word | None, Word | None]:
        """What is said, the sketch's word for it, and its own word held against other tools."""
        judges, path = self.judges(place), self.path(place)
        change = least_change(path, self.training.X[place], judges)
        if not change.moves:
            return change, None, None
        change_elsewhere(path, self._changed, change.moves)
        there = self._lead(judges)
        return (
            change,
            Word(change.lead, change.promised, change.measured),
            Word(change.lead, change.measured, there),
        )

    def random_move(self, place: int, rng: np.random.Generator) -> tuple[str, list[Word]]:
        """A random move's kind, and the word of every sketch for it."""
        kind = str(rng.choice([*KINDS]))
        steps = int(rng.integers(1, round(KINDS[kind].most / KINDS[kind].step) + 1))
        size = float(rng.choice([-1, 1]) * steps * KINDS[kind].step)
        move = Move(kind, size, float(rng.choice(BELLS)) if kind == "bell" else 0.0)
        analysis, judges = song.analyse(self.path(place)), self.judges(place)
        render(self.path(place), self._changed, [move])
        found = self._lead(judges)
        start = float(judges.leads(analysis.song.embedding[None, :])[0])
        told = [Sketch(analysis, frames).embedding([move]) for frames in SKETCHES]
        return kind, [Word(start, float(lead), found) for lead in judges.leads(np.stack(told))]

    def _lead(self, judges: Judges) -> float:
        return float(judges.leads(song.analyse(self._changed).song.embedding[None, :])[0])


def row(name: str, words: list[Word]) -> tuple[str, int, str, str, str, str]:
    """How words were kept."""
    if not words:
        return name, 0, "–", "–", "–", "–"
    off = np.abs([one.found - one.promised for one in words])
    moved = np.abs([one.promised - one.start for one in words])
    return (
        name,
        len(words),
        f"{np.mean([one.has_sign for one in words]):.0%}",
        f"{np.mean([one.is_kept for one in words]):.0%}",
        f"{np.median(off):.2f}",
        f"{np.median(moved):.2f}",
    )


def report(data: Path, every: int, seed: int) -> None:
    """Print how one library's words were kept."""
    rng = np.random.default_rng(seed)
    told, kept, reached, tried = [], [], 0, 0
    single: dict[str, list[list[Word]]] = {kind: [] for kind in KINDS}
    with tempfile.TemporaryDirectory() as folder:
        songs = Songs(data, Path(folder))
        places = range(0, len(songs.training), every)
        start = time.process_time()
        for place in places:
            change, sketched, elsewhere = songs.advice(place)
            tried, reached = tried + 1, reached + change.is_reached
            told += [] if sketched is None else [sketched]
            kept += [] if elsewhere is None else [elsewhere]
        seconds = (time.process_time() - start) / tried
        for place in places:
            kind, words = songs.random_move(place, rng)
            single[kind].append(words)
    print(f"\n{data}: {tried} songs towards their runner-up, {reached} reached by at most three moves")
    print(f"{seconds:.1f} s of processor time a song, the other tools' work included")
    every_word = [words for found in single.values() for words in found]
    rows = [
        row("advice, made with other tools", kept),
        row("advice, told by the sketch before", told),
        *(
            row(f"random {kind}, told before", [words[1] for words in found])
            for kind, found in single.items()
        ),
        *(
            row(f"random moves, {frames} frames", [words[i] for words in every_word])
            for i, frames in enumerate(SKETCHES)
        ),
    ]
    headers = ("", "moves", "right sign", "as promised", "median error", "median change")
    print(table(headers, rows, right=" rrrrr"), flush=True)


def main() -> int:
    arguments = get_parser().parse_args()
    print(f"as promised: within {SHARE:.0%} of the change or {LEAST:g} log-odds, whichever is more")
    for data in arguments.data:
        report(data, arguments.every, arguments.seed)
    return 0


if __name__ == "__main__":
    sys.exit(main())
