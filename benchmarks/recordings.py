"""Which copies of a recording are recognised, and are different songs ever taken for one?

Every song is copied in the ways that music libraries hold copies: encoded again, softer or louder, with other
silence at its ends, in mono. Each copy is decoded and analysed as stage 1 does, and compared with the
original by the rule of `common.recordings`. Changes that the rule does not promise to see through are
measured as well. Then all copies of all songs become one library, in which every song that becomes one
recording with another is a false merge. All are equally long, so length is no help here; in a library it is.

The two MP3 encoders are LAME with two settings (by ``lameenc`` and by libsndfile, constant bit rate); Vorbis,
Opus and FFmpeg's AAC are encoders of their own. AAC needs the optional package ``av``, or is left out.

The rule was chosen on every other one of 46 real songs, the 1st, 3rd and so on in the order of their paths;
its figures are those of the others.

Run     python -m benchmarks.recordings [MUSIC_DIR] [--seconds 40] [--songs 12]

Without a folder, songs are composed as `make demo` does.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import lameenc
import numpy as np
import soundfile
import soxr
from scipy.signal import butter, sosfilt
from threadpoolctl import threadpool_limits

from common import audio, decoders, features
from common.console import UserError
from common.demo import files
from common.library import COLUMNS, Library
from common.recordings import SAME_DECIBELS, recording_numbers, same_recording, spectral_difference
from common.text import table

BIT_RATES = (48, 64, 96, 128, 192, 320)
"""Of MP3, in kbit/s. As libsndfile's compression level goes from 0 to 1, it goes from the highest to 32."""

OPUS_RATE = 48_000

WRITTEN_AT_ONCE = 2**15
"""Frames; libsndfile's Vorbis encoder overflows the stack where there are many."""

Change = Callable[[np.ndarray, int], np.ndarray]
"""Samples, shape (n_frames, n_channels), and their rate in Hz -> other samples of that rate."""

Write = Callable[[np.ndarray, int, Path], Path]
"""Samples, their rate and a path without ending -> the file that holds them."""


# --- how files are written ---------------------------------------------------------------------------


def write_wav(samples: np.ndarray, rate: int, stem: Path) -> Path:
    path = stem.with_suffix(".wav")
    soundfile.write(path, samples, rate, subtype="FLOAT")
    return path


def write_lame(kilobits: int, samples: np.ndarray, rate: int, stem: Path) -> Path:
    encoder = lameenc.Encoder()
    encoder.set_in_sample_rate(rate)
    encoder.set_channels(samples.shape[1])
    encoder.set_bit_rate(kilobits)
    encoder.silence()
    path = stem.with_suffix(".mp3")
    path.write_bytes(bytes(encoder.encode(whole_numbers(samples).tobytes()) + encoder.flush()))
    return path


def write_sndfile(
    suffix: str, subtype: str, level: float, samples: np.ndarray, rate: int, stem: Path
) -> Path:
    path, kind = stem.with_suffix(suffix), "MP3" if suffix == ".mp3" else "OGG"
    with soundfile.SoundFile(
        path, "w", rate, samples.shape[1], subtype, format=kind, compression_level=level
    ) as file:
        for start in range(0, len(samples), WRITTEN_AT_ONCE):
            file.write(samples[start : start + WRITTEN_AT_ONCE])
    return path


def write_opus(level: float, samples: np.ndarray, rate: int, stem: Path) -> Path:
    return write_sndfile(".opus", "OPUS", level, resample(OPUS_RATE, samples, rate), OPUS_RATE, stem)


def write_aac(kilobits: int, samples: np.ndarray, rate: int, stem: Path) -> Path:
    import av

    layout, path = "mono" if samples.shape[1] == 1 else "stereo", stem.with_suffix(".m4a")
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=rate, layout=layout)
        stream.bit_rate = 1000 * kilobits
        stream.codec_context.open()
        frame = av.AudioFrame.from_ndarray(whole_numbers(samples).reshape(1, -1), format="s16", layout=layout)
        frame.sample_rate = rate
        resampler = av.AudioResampler(
            format=stream.codec_context.format.name,
            layout=layout,
            rate=rate,
            frame_size=stream.codec_context.frame_size,
        )
        for part in [*resampler.resample(frame), *resampler.resample(None)]:
            container.mux(stream.encode(part))
        container.mux(stream.encode(None))
    return path


def write_twice(samples: np.ndarray, rate: int, stem: Path) -> Path:
    first, rate = soundfile.read(write_lame(128, samples, rate, stem), dtype="float32", always_2d=True)
    return write_lame(128, first, rate, stem)


def write_at(new_rate: int, samples: np.ndarray, rate: int, stem: Path) -> Path:
    return write_wav(resample(new_rate, samples, rate), new_rate, stem)


def changed(change: Change, write: Write = write_wav) -> Write:
    return lambda samples, rate, stem: write(change(samples, rate), rate, stem)


def whole_numbers(samples: np.ndarray) -> np.ndarray:
    return np.rint(np.clip(samples, -1, 1) * 32_767).astype("<i2")


def resample(new_rate: int, samples: np.ndarray, rate: int) -> np.ndarray:
    return samples if rate == new_rate else soxr.resample(samples, rate, new_rate)


# --- how recordings are changed ----------------------------------------------------------------------


def gain(decibels: float) -> Change:
    return lambda samples, rate: samples * np.float32(10 ** (decibels / 20))


def trimmed(samples: np.ndarray, rate: int) -> np.ndarray:
    """Without what is softer than -60 dB of full scale at both ends."""
    loud = np.flatnonzero(np.abs(samples).max(axis=1) > 1e-3)
    return samples[loud[0] : loud[-1] + 1]


def between_silence(before: float, after: float) -> Change:
    """With so many seconds of silence at both ends."""
    return lambda samples, rate: np.pad(samples, [(round(before * rate), round(after * rate)), (0, 0)])


def mono(samples: np.ndarray, rate: int) -> np.ndarray:
    return samples.mean(axis=1, keepdims=True)


def clipped(samples: np.ndarray, rate: int) -> np.ndarray:
    """6 dB louder than full scale allows."""
    return np.clip(2.0 * samples / np.abs(samples).max(), -1, 1)


def limited(samples: np.ndarray, rate: int) -> np.ndarray:
    """Loud, as masters are in some decades."""
    return np.tanh(3.0 * samples / np.abs(samples).max())


def brighter(decibels: float) -> Change:
    """With the highs raised above the lows by so much, 6 dB per octave around 1 kHz."""

    def change(samples: np.ndarray, rate: int) -> np.ndarray:
        low = sosfilt(butter(1, 1000, fs=rate, output="sos"), samples, axis=0)
        half = 10 ** (decibels / 40)
        return (low / half + (samples - low) * half).astype(np.float32)

    return change


def faded(seconds: float) -> Change:
    def change(samples: np.ndarray, rate: int) -> np.ndarray:
        n = min(len(samples), round(seconds * rate))
        curve = np.append(np.ones(len(samples) - n), np.linspace(1, 0, n) ** 2).astype(np.float32)
        return samples * curve[:, np.newaxis]

    return change


def first_share(share: float) -> Change:
    return lambda samples, rate: samples[: round(share * len(samples))]


def faster(percent: float) -> Change:
    """As a turntable plays it: in less time, and higher."""
    return lambda samples, rate: soxr.resample(samples, rate * (1 + percent / 100), rate)


def copies() -> dict[str, Write]:
    """What is promised to be found: kind of copy -> how it is written."""
    kinds: dict[str, Write] = {}
    for name, write in (("lameenc", lambda k: partial(write_lame, k)), ("libsndfile", _mp3_by_sndfile)):
        kinds |= {f"MP3, {name}, {rate} kbit/s": write(rate) for rate in BIT_RATES}
    kinds |= {f"Vorbis, quality {q}": partial(write_sndfile, ".ogg", "VORBIS", 1 - q / 10) for q in (0, 2, 5)}
    kinds |= {f"Opus, quality {q}": partial(write_opus, 1 - q / 10) for q in (1, 3, 5)}
    if importlib.util.find_spec("av"):
        kinds |= {f"AAC, FFmpeg, {rate} kbit/s": partial(write_aac, rate) for rate in (48, 64, 128)}
    kinds |= {f"{level:+d} dB": changed(gain(level)) for level in (-20, -6, -3, 3)}
    return kinds | {
        "-6 dB, then MP3 at 64 kbit/s": changed(gain(-6), partial(write_lame, 64)),
        "MP3 at 128 kbit/s, twice": write_twice,
        "silence at the ends trimmed": changed(trimmed),
        "half a second of silence at both ends": changed(between_silence(0.5, 0.5)),
        "2 s of silence at the end": changed(between_silence(0, 2)),
        "mono": changed(mono),
        "sampled at 22 050 Hz": partial(write_at, 22_050),
    }


def _mp3_by_sndfile(kilobits: int) -> Write:
    return partial(write_sndfile, ".mp3", "MPEG_LAYER_III", (320 - kilobits) / (320 - 32))


def other_versions() -> dict[str, Write]:
    """What is not promised: kind of change -> how it is written."""
    return {
        "clipped by 6 dB": changed(clipped),
        "limited": changed(limited),
        "highs raised by 3 dB": changed(brighter(3)),
        "highs raised by 6 dB": changed(brighter(6)),
        "faded out over 5 s": changed(faded(5)),
        "faded out over 10 s": changed(faded(10)),
        "the first nine tenths": changed(first_share(0.9)),
        "the first half": changed(first_share(0.5)),
        "played 1% faster": changed(faster(1)),
        "played 3% faster": changed(faster(3)),
    }


# --- measuring ---------------------------------------------------------------------------------------


def versions_of(path: Path, seconds: float | None) -> tuple[np.ndarray, list[float]]:
    """Embedding and length of a song, its copies and its other versions, in this order."""
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    samples = samples[: round(seconds * rate)] if seconds else samples
    # Headroom for what is written as whole numbers: decoders overshoot.
    samples = samples * np.float32(0.99 / max(0.99, np.abs(samples).max()))
    found = []
    with tempfile.TemporaryDirectory() as folder, threadpool_limits(1):
        for number, write in enumerate((write_wav, *copies().values(), *other_versions().values())):
            decoded = audio.load(write(samples, rate, Path(folder) / str(number)))
            found.append((features.extract(decoded.samples), decoded.duration))
    return np.array([embedding for embedding, _ in found]), [length for _, length in found]


def gather(paths: list[Path], seconds: float | None) -> tuple[Library, int]:
    """A library of all versions of all songs, song after song, and how many versions each has."""
    embeddings: list[np.ndarray] = []
    columns: dict[str, list] = {name: [] for name in COLUMNS}
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as executor:
        found = executor.map(partial(versions_of, seconds=seconds), paths)
        for path, (of_song, lengths) in zip(paths, found, strict=True):
            print(f"{len(embeddings) + 1} of {len(paths)}: {path.name}", file=sys.stderr, flush=True)
            embeddings.append(of_song)
            for number, length in enumerate(lengths):
                facts = {"song_name": f"{path.stem}, {number}", "file_path": str(path), "duration": length}
                for name in COLUMNS:
                    columns[name].append(facts.get(name))
    return Library(np.concatenate(embeddings), columns), len(lengths)


def recall_table(library: Library, n_versions: int) -> str:
    """One row per kind: how many songs are recognised in it, in both halves, and how far it is off."""
    originals = np.arange(0, len(library), n_versions)
    rows: list[tuple[str, ...]] = []
    for number, kind in enumerate([*copies(), *other_versions()], start=1):
        same = np.array([same_recording(library, row, row + number) for row in originals.tolist()])
        apart = spectral_difference(library, originals, originals + number)
        if number == len(copies()) + 1:
            rows.append(("– not promised –", *[""] * 4))
        halves = [f"{half.sum()} of {half.size}" for half in (same[::2], same[1::2])]
        rows.append((kind, *halves, f"{np.median(apart):.2f}", f"{apart.max():.2f}"))
    headers = ("kind of copy", "1st, 3rd … song", "2nd, 4th …", "median dB", "largest dB")
    return table(headers, rows, right="lrrrr")


def merge_sentences(library: Library, n_versions: int) -> Iterator[str]:
    """How many songs become one recording with another, and how near the nearest come."""
    promised = np.arange(len(library)) % n_versions <= len(copies())
    rows = np.flatnonzero(promised)
    song, number = rows // n_versions, recording_numbers(library, rows)
    merged = sum(len(set(song[number == one])) - 1 for one in set(number))
    n_songs = len(set(song))
    first, second = np.triu_indices(len(rows), 1)
    different = song[first] != song[second]
    yield (
        f"{n_songs} songs in {len(rows)} files, {int(different.sum())} pairs of different songs: "
        f"{merged} songs are merged with another"
    )
    for what, few in (("files", rows), ("originals", np.arange(0, len(library), n_versions))):
        one, other, apart = nearest_pair(library, few, n_versions)
        names = " | ".join(Path(library.paths[row]).stem for row in (one, other))
        yield f"nearest {what} of different songs: {apart:.2f} dB (one up to {SAME_DECIBELS}), {names}"


def nearest_pair(library: Library, rows: np.ndarray, n_versions: int) -> tuple[int, int, float]:
    """The two most similar files of different songs, and their difference in dB."""
    best = (0, 0, np.inf)
    for place, row in enumerate(rows):
        others = rows[place + 1 :][rows[place + 1 :] // n_versions != row // n_versions]
        if len(others):
            apart = spectral_difference(library, np.full(len(others), row), others)
            nearest = int(np.argmin(apart))
            best = min(best, (int(row), int(others[nearest]), float(apart[nearest])), key=lambda one: one[2])
    return best


def get_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("music", nargs="?", type=Path, metavar="MUSIC_DIR", help="songs of yours")
    parser.add_argument(
        "--seconds", type=float, default=40, help="how much of each song; 0 for all of it (default: 40)"
    )
    parser.add_argument("--songs", type=int, help="at most so many songs (default: 12 composed ones, or all)")
    return parser


def main(argv: list[str] | None = None) -> int:
    arguments = get_parser().parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        if arguments.music is None:
            files.write_library(Path(folder), arguments.songs or 12)
        paths = audio.find_songs(arguments.music or Path(folder))[: arguments.songs]
        paths = [path for path in paths if path.suffix.lower() in decoders.SNDFILE_SUFFIXES]
        if len(paths) < 2:
            raise UserError("two songs are needed, and the folder has fewer that libsndfile decodes")
        library, n_versions = gather(paths, arguments.seconds or None)
    print(recall_table(library, n_versions))
    print()
    for sentence in merge_sentences(library, n_versions):
        print(sentence)
    return 0


if __name__ == "__main__":
    sys.exit(main())
