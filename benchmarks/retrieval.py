"""How good are a song's neighbours in each space?

Nothing here looks at what a space was made from: labels only judge.

- *Same artist*: share of the 1, 5 and 10 nearest songs by the song's own artist (P@1, P@5, P@10), among songs
  whose artist is known and over those whose artist has others, with a 95% interval (bootstrap over artists).
- *Same style, other album*: the same of the 10 nearest, where songs of the song's own album do not count.
- *Hubness*: skewness of how often a song is among the 10 nearest of others, near 0 where none stands out.
- *Other half* (with ``--music``): how often the nearest of all windows is the other half of the same song;
  two windows of up to 45 s, one from the middle of each half; with a 95% interval (bootstrap over songs).
- *Encoded*: the same where one of the two windows, drawn at random, went through MP3 at 64 kbit/s in stereo.
  A space that hears the codec finds windows that were encoded alike instead.

*Local scaling* (CSLS: A. Conneau et al., "Word translation without parallel data", ICLR 2018) takes from each
cosine how near both songs are to their 10 nearest; stage 4 does without (docs/search.md).

Constants are chosen on one half of the albums (``--choose``); what is reported of them is the other half.

Run     python -m benchmarks.retrieval FOLDER [--choose] [--music FOLDER]
        FOLDER holds embeddings.npy and songs.csv with the columns song_name, album, artist, style
"""

from __future__ import annotations

import argparse
import csv
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import soundfile
from scipy.stats import skew

from benchmarks.recordings import write_lame
from common import audio, features
from common.layout import SAMPLE_RATE
from common.library import COLUMNS, Library
from common.search.space import Transform
from common.search.spaces import balanced, standard
from common.text import table

SECONDS = 45
SEED = 0
N_RESAMPLES = 1000

MakeTransform = Callable[[Library], Transform]


@dataclass(frozen=True)
class Contestant:
    """A space, and whether its cosines are scaled by their neighbourhoods."""

    make: MakeTransform
    scaled: bool = False


@dataclass(frozen=True)
class Songs:
    """Labelled songs: embeddings, shape (n_songs, n_features), and one label each; empty where unknown."""

    embeddings: np.ndarray
    artist: np.ndarray
    album: np.ndarray
    style: np.ndarray

    def take(self, rows: np.ndarray) -> Songs:
        return Songs(self.embeddings[rows], self.artist[rows], self.album[rows], self.style[rows])

    def halves(self) -> tuple[Songs, Songs]:
        """The songs of every second album, and the others."""
        albums = np.random.default_rng(SEED).permutation(np.unique(self.album))
        first = np.isin(self.album, albums[::2])
        return self.take(np.flatnonzero(first)), self.take(np.flatnonzero(~first))


def read_songs(folder: Path) -> Songs:
    with (folder / "songs.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    labels = (np.array([row[name] for row in rows]) for name in ("artist", "album", "style"))
    return Songs(np.load(folder / "embeddings.npy", allow_pickle=False), *labels)


def similarities(embeddings: np.ndarray, contestant: Contestant, k: int = 10) -> np.ndarray:
    """Similarity of every two songs, shape (n_songs, n_songs); a song is no neighbour of itself."""
    columns: dict[str, list] = {name: [None] * len(embeddings) for name in COLUMNS}
    rows = contestant.make(Library(embeddings, columns)).rows(embeddings)
    cosines = rows @ rows.T
    np.fill_diagonal(cosines, -np.inf)
    if contestant.scaled:
        near = np.sort(cosines, axis=1)[:, -k:].mean(axis=1)
        cosines = 2 * cosines - near - near[:, None]
    return cosines


def nearest(cosines: np.ndarray, k: int) -> np.ndarray:
    return np.argsort(-cosines, axis=1, kind="stable")[:, :k]


def artist_hits(cosines: np.ndarray, artist: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Precision of every song whose artist has others, and that artist."""
    names, counts = np.unique(artist, return_counts=True)
    asked = np.flatnonzero(np.isin(artist, names[counts > 1]))
    return (artist[nearest(cosines, k)[asked]] == artist[asked, None]).mean(axis=1), artist[asked]


def interval(hits: np.ndarray, artist: np.ndarray) -> tuple[float, float]:
    """95% interval of the mean over artists drawn with replacement."""
    rng = np.random.default_rng(SEED)
    names, number = np.unique(artist, return_inverse=True)
    sums, sizes = np.bincount(number, hits), np.bincount(number)
    drawn = rng.integers(len(names), size=(N_RESAMPLES, len(names)))
    low, high = np.percentile(sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1), [2.5, 97.5])
    return float(low), float(high)


def style_precision(cosines: np.ndarray, songs: Songs, k: int = 10) -> float:
    others = np.where(songs.album[:, None] == songs.album, -np.inf, cosines)
    asked = np.flatnonzero(songs.style != "")
    return float((songs.style[nearest(others, k)[asked]] == songs.style[asked, None]).mean())


def hubness(cosines: np.ndarray, k: int = 10) -> float:
    return float(skew(np.bincount(nearest(cosines, k).ravel(), minlength=len(cosines))))


@dataclass(frozen=True)
class Windows:
    """Two windows of every song, as they are and encoded: embeddings, shape (2, n_songs, n_features)."""

    plain: np.ndarray
    encoded: np.ndarray

    def half_encoded(self) -> np.ndarray:
        """One window of every song as it is and the other one encoded, drawn at random."""
        chosen = np.random.default_rng(SEED).integers(2, size=self.plain.shape[1])
        sides = np.arange(2)[:, None] == chosen
        return np.where(sides[:, :, None], self.encoded, self.plain)


def read_windows(folder: Path) -> Windows:
    """The middle of both halves of every song of a folder."""
    plain, encoded = [], []
    for path in audio.find_songs(folder):
        halves = [middle(half) for half in np.array_split(audio.load(path).samples, 2)]
        plain.append([features.extract(half) for half in halves])
        encoded.append([features.extract(encode(half)) for half in halves])
    return Windows(np.array(plain).transpose(1, 0, 2), np.array(encoded).transpose(1, 0, 2))


def middle(samples: np.ndarray) -> np.ndarray:
    start = max(0, (len(samples) - SECONDS * SAMPLE_RATE) // 2)
    return samples[start : start + SECONDS * SAMPLE_RATE]


def encode(samples: np.ndarray) -> np.ndarray:
    """Mono samples after MP3 at 32 kbit/s, which is 64 in stereo."""
    with tempfile.TemporaryDirectory() as folder:
        path = write_lame(32, samples[:, np.newaxis], SAMPLE_RATE, Path(folder) / "window")
        return soundfile.read(path, dtype="float32", always_2d=True)[0].mean(axis=1)


def other_half(halves: np.ndarray, contestant: Contestant) -> str:
    """How often a window's nearest is the other one of its song, with its interval."""
    n = halves.shape[1]
    cosines = similarities(halves.reshape(2 * n, -1), contestant)
    hits = cosines.argmax(axis=1) == (np.arange(2 * n) + n) % (2 * n)
    low, high = interval(hits.astype(float), np.arange(2 * n) % n)
    return f"{hits.mean():.3f} ({low:.2f}-{high:.2f})"


def judge(songs: Songs, contestant: Contestant, windows: Windows | None) -> list[str]:
    """One line of the table: precisions with their intervals, style, hubness, other half."""
    named = songs.take(np.flatnonzero(songs.artist != ""))
    cosines = similarities(named.embeddings, contestant)
    cells = []
    for k in (1, 5, 10):
        hits, artist = artist_hits(cosines, named.artist, k)
        low, high = interval(hits, artist)
        cells.append(f"{hits.mean():.3f} ({low:.2f}-{high:.2f})")
    cosines = similarities(songs.embeddings, contestant)
    cells += [f"{style_precision(cosines, songs):.3f}", f"{hubness(cosines):+.2f}"]
    if windows is None:
        return [*cells, "", ""]
    return [*cells, *(other_half(halves, contestant) for halves in (windows.plain, windows.half_encoded()))]


HEADERS = ("space", "P@1", "P@5", "P@10", "style", "hubness", "other half", "encoded")

SPACES = {
    "balanced": Contestant(balanced),
    "balanced, local scaling": Contestant(balanced, scaled=True),
    "balanced without scatter": Contestant(partial(balanced, wandering=0.0)),
    "standard": Contestant(standard),
}

CANDIDATES = {
    **{f"shrinkage {q}": Contestant(partial(balanced, shrinkage=q)) for q in (0.5, 0.2, 0.1, 0.05)},
    **{f"exponent {x}": Contestant(partial(balanced, exponent=x)) for x in (0.25, 0.375, 0.5)},
    **{f"wandering {k}": Contestant(partial(balanced, wandering=k)) for k in (0.0, 0.3, 1.0, 3.0)},
}


def report(title: str, songs: Songs, spaces: dict[str, Contestant], windows: Windows | None) -> None:
    print(f"{title}: {len(songs.artist)} songs")
    print(table(HEADERS, [[name, *judge(songs, contestant, windows)] for name, contestant in spaces.items()]))


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="embeddings.npy and songs.csv")
    parser.add_argument("--choose", action="store_true", help="constants of balanced on half of the albums")
    parser.add_argument("--music", type=Path, help="songs whose halves shall find each other")
    arguments = parser.parse_args()
    songs = read_songs(arguments.folder)
    windows = read_windows(arguments.music) if arguments.music else None
    chosen_on, reported_on = songs.halves()
    if arguments.choose:
        report("constants, on the first half of the albums", chosen_on, CANDIDATES, None)
    report("on the other half of the albums", reported_on, SPACES, windows)
    report("on all songs, the ones that constants were chosen on included", songs, SPACES, None)
    return 0


if __name__ == "__main__":
    sys.exit(main())
