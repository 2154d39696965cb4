"""Libraries made of numbers, for measuring what happens to large ones: no audio, no files.

Songs lie around their artist, artists around their genre, in far fewer directions than an embedding has
numbers, as real embeddings do; each number adds a little noise of its own. Genres are of nearly equal size,
an artist has four songs, an album two. Names, tags and paths are as long as real ones.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import numpy as np

from common import library
from common.arrays import neighbours
from common.layout import N_FEATURES, SLICES, index_of
from common.library import COLUMNS, READING_COLUMNS, Library
from common.music import estimate_keys
from common.paths import Paths
from common.search import spaces, within_song

SONGS_PER_ARTIST, SONGS_PER_ALBUM = 4, 2

DIRECTIONS = 60
"""Independent directions in which songs differ; those that come later matter less."""

SPREAD = {"genre": 0.4, "artist": 0.6, "noise": 0.3}
"""Standard deviations, where a song's own around its artist is 1: genres are hard, artists easier."""

CHUNK = 20_000

NEAREST = 5
"""Songs near to a song, between which and it others are grown."""


def make_library(n_songs: int, n_genres: int = 10, seed: int = 0) -> Library:
    """Make a library of random songs; the same sizes and seed give the same songs.

    Parameters
    ----------
    n_songs, n_genres
        The number of songs, and that of the genres that they are spread over.
    seed
        For the random numbers.
    """
    genre = np.arange(n_songs) % n_genres
    within = np.arange(n_songs) // n_genres
    artist = genre + n_genres * (within // SONGS_PER_ARTIST)
    album = genre + n_genres * (within // SONGS_PER_ALBUM)
    rng = np.random.default_rng(seed)
    rows = np.concatenate(list(_rows(rng, genre, artist)))
    return Library(rows, _columns(rng, genre, artist, album) | read_readings(rows))


def with_embeddings(embeddings: np.ndarray) -> Library:
    """A library of songs with these embeddings, and names, tags and readings of no meaning."""
    return dataclasses.replace(make_library(len(embeddings)), embeddings=embeddings)


def grow(library: Library, n_songs: int, seed: int = 0) -> np.ndarray:
    """Make more songs like those of a library: each lies between a song and one of its nearest.

    From there it departs as the halves of one song do from their mean (`within_song`), so that as many
    directions tell near songs apart as in music.

    Parameters
    ----------
    library
        The songs to begin with.
    n_songs
        How many are made.
    seed
        For the random numbers.

    Returns
    -------
    ndarray
        Embeddings, float32, shape (n_songs, ``N_FEATURES``).
    """
    rng, known = np.random.default_rng(seed), library.embeddings
    near, _ = neighbours(np.array(spaces.build(spaces.DEFAULT_SPACE, library).rows), NEAREST)
    one = rng.integers(len(known), size=n_songs)
    other = near[one, rng.integers(NEAREST, size=n_songs)]
    rows = known[one] + rng.random((n_songs, 1)) * (known[other] - known[one])
    spread = np.where(np.isfinite(library.scaling[1]), library.scaling[1], 0.0)
    for part in spaces.balanced_parts():
        # Numbers that are not of the embedding stand behind it: the tempo as a circle.
        within, features = part.features < N_FEATURES, part.features[part.features < N_FEATURES]
        variances, directions = np.linalg.eigh(within_song.scatter(part.name))
        departures = rng.standard_normal((n_songs, len(variances))) * np.sqrt(np.maximum(variances, 0.0))
        rows[:, features] += (departures @ directions.T)[:, within] * spread[features]
    return rows.astype(np.float32)


def _rows(rng: np.random.Generator, genre: np.ndarray, artist: np.ndarray) -> Iterator[np.ndarray]:
    """Embeddings, float32, a chunk of songs at a time."""
    strength = (1.0 / np.sqrt(1.0 + np.arange(DIRECTIONS))).astype(np.float32)
    mixing = rng.standard_normal((DIRECTIONS, N_FEATURES), dtype=np.float32) * strength[:, np.newaxis]
    centres = [
        (SPREAD[name] * rng.standard_normal((who.max() + 1, DIRECTIONS), dtype=np.float32), who)
        for name, who in (("genre", genre), ("artist", artist))
    ]
    for start in range(0, len(genre), CHUNK):
        part = slice(start, start + CHUNK)
        songs = sum(centre[who[part]] for centre, who in centres)
        songs = songs + rng.standard_normal(songs.shape, dtype=np.float32)
        noise = SPREAD["noise"] * rng.standard_normal((len(songs), N_FEATURES), dtype=np.float32)
        yield _in_units(songs @ mixing + noise)


def _in_units(rows: np.ndarray) -> np.ndarray:
    """Give the numbers that are read out loud a plausible size: tempo in BPM, level, presence of notes."""
    rows[:, index_of("tempo")] = 125.0 + 8.0 * rows[:, index_of("tempo")]
    rows[:, index_of("rms_mean")] = 0.15 * 2.0 ** (rows[:, index_of("rms_mean")] / 3)
    rows[:, SLICES["chroma_mean"]] = 1.0 / (1.0 + np.exp(-rows[:, SLICES["chroma_mean"]]))
    return rows


def _columns(
    rng: np.random.Generator, genre: np.ndarray, artist: np.ndarray, album: np.ndarray
) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = {name: [None] * len(genre) for name in COLUMNS}
    columns["genre"] = [f"GENRE {number:02d}" for number in genre.tolist()]
    columns["artist"] = [f"Some Artist {number}" for number in artist.tolist()]
    columns["album"] = [f"The Album Before the Last {number}" for number in album.tolist()]
    columns["title"] = [f"A Song Title of Usual Length {number}" for number in range(len(genre))]
    columns["duration"] = rng.uniform(120, 420, size=len(genre)).tolist()
    named = zip(columns["artist"], columns["title"], strict=True)
    columns["song_name"] = [f"{name} - {title}" for name, title in named]
    columns["file_path"] = [
        f"/home/somebody/Music/collection/{folder}/{name}.mp3"
        for folder, name in zip(columns["genre"], columns["song_name"], strict=True)
    ]
    return columns


def read_readings(embeddings: np.ndarray) -> dict[str, list[Any]]:
    """Columns of readings that say what embeddings say: their tempo, key and level; the rest is unknown.

    Parameters
    ----------
    embeddings
        Float, shape (n_songs, ``N_FEATURES``), in the units of the layout.
    """
    columns: dict[str, list[Any]] = {name: [None] * len(embeddings) for name in READING_COLUMNS}
    level = np.maximum(embeddings[:, index_of("rms_mean")].astype(np.float64), 1e-5)
    keys = estimate_keys(embeddings[:, SLICES["chroma_mean"]])
    columns["bpm"] = np.maximum(embeddings[:, index_of("tempo")].astype(np.float64), 0.0).tolist()
    columns["key"] = [key and key.name for key in keys]
    columns["camelot"] = [key and key.camelot for key in keys]
    columns["key_confidence"] = [key and key.confidence for key in keys]
    columns["key_alternative"] = [key and key.alternative for key in keys]
    columns["loudness"] = (20 * np.log10(level)).tolist()
    columns["onset_rate"] = [4.0] * len(embeddings)
    return columns


def write_library(paths: Paths, n_songs: int, n_genres: int = 10) -> Library:
    """Make a library and save it where the stages look for it."""
    made = make_library(n_songs, n_genres)
    library.save(paths, made, {"versions": {}, "songs": {}})
    return made
