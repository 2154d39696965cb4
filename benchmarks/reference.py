"""Does reference matching tell the truth? Known changes to real songs, and what is read of them.

Takes five songs of a folder, spread over it, a minute and a half of each. Known equalisers must be read back
in decibels and undone by the preview; gain must move loudness alone, a fold-down to mono the width alone. The
cost is that of one pass over whole files, against decoding alone. With a library, each of its songs is held
against the references that `match` picks, as it is and after an MP3 encoder at 128 kbit/s: the same has to be
said below 14 kHz.

Run     python -m benchmarks.reference MUSIC_DIR [--data DATA_DIR]
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import numpy as np
import pyloudnorm
import soundfile
from scipy import signal
from threadpoolctl import threadpool_limits

from common import audio, library
from common.paths import Paths
from common.prompt.arguments import N_REFERENCES
from common.reference.arrangement import sections_of
from common.reference.choice import nearest_references
from common.reference.compare import LEVELLED, Comparison, compare
from common.reference.kept import measured
from common.reference.measure import EDGES, LOSSY_HZ, Lines, Measurement, measure
from common.reference.preview import render
from common.reference.words import sentences
from common.search.spaces import DEFAULT_SPACE, build

SONGS, SECONDS = 5, 90.0

MP3_128 = {
    "format": "MP3", "subtype": "MPEG_LAYER_III", "bitrate_mode": "CONSTANT",
    "compression_level": (320 - 128) / (320 - 32),
}  # fmt: skip
"""What libsndfile calls an MP3 at a constant 128 kbit/s."""

LAME_GAIN = 0.95
"""What its encoder multiplies samples by, lest they clip: a true change of loudness, which is undone."""

SIZE = re.compile(r"(?:[Aa]bout|[Aa]t least|by) (-?[\d.]+)(?: dB| LU)? (\w+)")
"""The size in a sentence, and the word that follows it: its direction."""

Equaliser = tuple[str, np.ndarray]
"""Name and second-order sections."""


def bell(frequency: float, gain: float, q: float, rate: int) -> np.ndarray:
    """Peaking equaliser of R. Bristow-Johnson's Audio EQ Cookbook."""
    level, angle = 10 ** (gain / 40), 2 * np.pi * frequency / rate
    alpha = np.sin(angle) / (2 * q)
    b = [1 + alpha * level, -2 * np.cos(angle), 1 - alpha * level]
    a = [1 + alpha / level, -2 * np.cos(angle), 1 - alpha / level]
    return np.array([[*b, *a]]) / a[0]


def shelf(frequency: float, gain: float, is_high: bool, rate: int) -> np.ndarray:
    """Shelf of slope 1 of the same cookbook; a high one is the low one mirrored."""
    level, angle = 10 ** (gain / 40), 2 * np.pi * frequency / rate
    sign, root = (-1 if is_high else 1), np.sqrt(level) * np.sin(angle) * np.sqrt(2)
    cosine, up, down = sign * np.cos(angle), level + 1, level - 1
    b = [level * (up - down * cosine + root), sign * 2 * level * (down - up * cosine),
         level * (up - down * cosine - root)]  # fmt: skip
    a = [up + down * cosine + root, -sign * 2 * (down + up * cosine), up + down * cosine - root]
    return np.array([[*b, *a]]) / a[0]


def equalisers(rate: int) -> list[Equaliser]:
    """Twenty: bells, shelves and tilts, 0.5 to 8 dB."""
    bells = [(60, 4, 1), (100, -3, 2), (200, 2, 1), (300, -6, 1.4), (500, 0.5, 1), (1000, 8, 1),
             (1500, -8, 2), (2500, 3, 0.7), (4000, -4, 1), (8000, 5, 1.4)]  # fmt: skip
    found = [(f"bell {f} Hz {g:+g} dB", bell(f, g, q, rate)) for f, g, q in bells]
    found += [
        (f"low shelf {f} Hz {g:+g} dB", shelf(f, g, False, rate)) for f, g in ((100, 3), (200, -5), (80, 8))
    ]
    found += [
        (f"high shelf {f} Hz {g:+g} dB", shelf(f, g, True, rate))
        for f, g in ((8000, 2), (5000, -6), (3000, 4))
    ]
    for gain in (0.5, 1.5, -3, 5):
        tilt = np.concatenate([shelf(700, -gain, False, rate), shelf(700, gain, True, rate)])
        found.append((f"tilt {gain:+g} dB", tilt))
    return found


def true_difference(sections: np.ndarray, rate: int) -> np.ndarray:
    """Gain of a filter in every band, in dB, from scipy's frequency response."""
    gains = []
    for low, high in EDGES:
        _, response = signal.sosfreqz(sections, np.linspace(low, min(high, rate / 2), 64), fs=rate)
        gains.append(10 * np.log10(np.mean(np.abs(response) ** 2)))
    return np.array(gains)


class Song:
    """Part of a real song, and the changed files that are made of it."""

    def __init__(self, source: Path, folder: Path) -> None:
        samples, self.rate = soundfile.read(source, always_2d=True, dtype="float32")
        middle, n_frames = len(samples) // 2, round(SECONDS * self.rate)
        start = max(0, middle - n_frames // 2)
        self.name, self.source, self._folder = source.stem, source, folder
        # Whole tenths of a second: pyloudnorm also counts a last window that is not whole.
        n_frames = min(n_frames, len(samples) - start) // (self.rate // 10) * (self.rate // 10)
        self.samples = samples[start : start + n_frames] / 4  # room for 8 dB of boost
        self.measurement, _ = self.measure(self.samples)

    def write(self, samples: np.ndarray, name: str = "changed.wav", **options) -> Path:
        soundfile.write(self._folder / name, samples, self.rate, **{"subtype": "FLOAT", **options})
        return self._folder / name

    def measure(self, samples: np.ndarray) -> tuple[Measurement, Lines]:
        return measure(self.write(samples))

    def equalised(self, sections: np.ndarray) -> np.ndarray:
        return signal.sosfilt(sections, self.samples, axis=0).astype(np.float32)


def found_difference(comparison: Comparison) -> np.ndarray:
    """In every band that carries energy, in dB; NaN in the others."""
    values = [None if band.is_bound else band.level.difference for band in comparison.bands]
    return np.array([np.nan if value is None else value for value in values])


def report_equalisers(songs: list[Song], folder: Path) -> None:
    errors, left = [], []
    for number, song in enumerate(songs):
        for place, (_, sections) in enumerate(equalisers(song.rate)):
            own, lines = song.measure(song.equalised(sections))
            comparison = compare(own, [song.measurement])
            found, true = found_difference(comparison), true_difference(sections, song.rate)
            known = ~np.isnan(found)
            level = np.median(true[known & LEVELLED])
            errors.append(np.abs(found - (true - level))[known])
            if place % len(songs) == number:
                source = folder / "changed.wav"
                preview = render(source, folder / "preview.wav", comparison, lines, [song.measurement])
                left.append(preview.left)
    joined = np.concatenate(errors)
    print(f"{len(errors)} known equalisers on {len(songs)} songs, {joined.size} bands: error in dB")
    print(
        f"  median {np.median(joined):.3f}, p95 {np.percentile(joined, 95):.3f}, largest {joined.max():.2f}"
    )
    print(f"{len(left)} previews of them: left in dB, largest band of each")
    print(f"  median {np.median(left):.3f}, largest {max(left):.3f}")


def report_levels(songs: list[Song]) -> None:
    """Gain and the fold-down, against the song as it was."""
    changes: dict[str, Callable[[np.ndarray], np.ndarray]] = {
        "-6 dB of gain": lambda samples: samples * np.float32(10 ** (-6 / 20)),
        "folded down to mono": lambda samples: np.repeat(samples.mean(axis=1, keepdims=True), 2, axis=1),
    }
    for name, change in changes.items():
        print(f"{name}: largest change")
        pairs = [(song.measurement, song.measure(change(song.samples))[0]) for song in songs]
        found = [compare(after, [before]) for before, after in pairs]
        for what, values in (
            ("balance, dB", [np.nanmax(np.abs(found_difference(one))) for one in found]),
            ("crest, dB", [abs(r.difference or 0.0) for one in found for r in one.crest]),
            ("width, dB", [abs(r.difference or 0.0) for one in found for r in one.width]),
            ("loudness, LU", [abs(one.loudness.difference or 0.0) for one in found]),
            ("loudness range, LU", [abs(one.loudness_range.difference or 0.0) for one in found]),
        ):
            print(f"  {what:20} {max(values):.3f}")


def report_loudness(songs: list[Song]) -> None:
    meters = [pyloudnorm.Meter(song.rate, filter_class="DeMan") for song in songs]
    differences = [
        abs(meter.integrated_loudness(song.samples) - (song.measurement.loudness or 0.0))
        for meter, song in zip(meters, songs, strict=True)
    ]
    print(f"loudness against pyloudnorm: largest difference {max(differences):.3f} LU")


def report_encoding(data: Path, folder: Path) -> None:
    """What is said of every song of a library, before and after an encoder."""
    paths = Paths(data, folder)
    songs = library.load(paths)
    space = build(DEFAULT_SPACE, songs, paths)
    files = {Path(path): sections_of(songs, row) for row, path in enumerate(songs.paths)}
    known = cast("list[Measurement]", [*measured(folder / "measurements.json", files).values()])
    counts: Counter[str] = Counter()
    for song, (file, name) in enumerate(zip(files, songs.names, strict=True)):
        others = [known[row] for row in nearest_references(space, song, N_REFERENCES)]
        before, after = (said(compare(own, others)) for own in encoded(file, folder))
        counts["same"] += len(before.items() & after.items())
        for topic in before.keys() | after.keys():
            old, new = before.get(topic), after.get(topic)
            if old != new:
                counts["gone" if new is None else "new" if old is None else "resized"] += 1
                print(f"  {name}: {topic}: {old} -> {new}")
    total = sum(counts.values()) - counts["new"]
    print(f"128 kbit/s, {len(files)} songs against {N_REFERENCES} references each:")
    print(f"  of {total} sentences below 14 kHz {counts['same']} stay as they are, {counts['resized']}")
    print(f"  tell another size, {counts['gone']} are gone; {counts['new']} are new")


def encoded(file: Path, folder: Path) -> Iterator[Measurement]:
    """Measure a song, and the same after an encoder."""
    with audio.decode(file) as (rate, _, _, blocks):
        samples = np.concatenate([block.copy() for block in blocks])
    soundfile.write(folder / "song.wav", samples, rate, subtype="FLOAT")
    yield measure(folder / "song.wav")[0]
    soundfile.write(folder / "song.mp3", samples / LAME_GAIN, rate, **MP3_128)
    yield measure(folder / "song.mp3")[0]


def said(comparison: Comparison) -> dict[str, str]:
    """Subject, range and direction of every sentence below the encoder's cut -> the size it tells."""
    found = {}
    for sentence in sentences(comparison):
        if sentence.about != "caveat" and sentence.low_hz < LOSSY_HZ:
            size, direction = [*SIZE.findall(sentence.text), ("", "")][0]  # that a mix is mono has no size
            found[f"{sentence.about} {sentence.low_hz:.0f}-{sentence.high_hz:.0f} Hz {direction}"] = size
    return found


def report_cost(songs: list[Song]) -> None:
    ratios = []
    for song in songs:
        decoded, measured_in = (
            min(_processor_seconds(work, song.source) for _ in range(5)) for work in (_decode, measure)
        )
        ratios.append(measured_in / decoded)
    print(f"cost of measuring, in times decoding: {', '.join(f'{ratio:.2f}' for ratio in ratios)}")


def _processor_seconds(work: Callable[[Path], object], file: Path) -> float:
    start = time.process_time()
    work(file)
    return time.process_time() - start


def _decode(file: Path) -> None:
    with audio.decode(file) as (_, _, _, blocks):
        for _ in blocks:
            pass


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("music", type=Path, metavar="MUSIC_DIR")
    parser.add_argument("--data", type=Path, metavar="DATA_DIR", help="a library, to encode songs of")
    arguments = parser.parse_args()
    files = audio.find_songs(arguments.music)
    chosen = [files[len(files) * (2 * number + 1) // (2 * SONGS)] for number in range(SONGS)]
    # One BLAS thread, as the four stages have it.
    with tempfile.TemporaryDirectory() as made, threadpool_limits(1):
        folder = Path(made)
        songs = [Song(file, folder) for file in chosen]
        report_cost(songs)
        report_loudness(songs)
        report_levels(songs)
        if arguments.data:
            report_encoding(arguments.data, folder)
        report_equalisers(songs, folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
