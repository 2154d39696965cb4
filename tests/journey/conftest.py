"""A click track as the song of a journey."""

from pathlib import Path

import numpy as np
import pytest
from libraries import library_of

from common import features
from common.journey.choice import ChosenSong
from common.layout import N_FEATURES, SAMPLE_RATE
from common.library import Library
from common.song import Analysis, ContentHash, Song, Stamp
from common.structure import readings
from common.structure.loudness import measure
from common.tags import Tags


def clicks(bpm: float, seconds: float = 12.0) -> np.ndarray:
    """Short noise bursts at a tempo, with a quiet A minor chord below."""
    time = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    chord = sum(np.sin(2 * np.pi * f * time) for f in (220.0, 261.63, 329.63, 440.0))
    burst = np.random.default_rng(0).normal(size=time.size) * (time % (60.0 / bpm) < 0.01)
    return (0.02 * chord + 0.2 * burst).astype(np.float32)


@pytest.fixture(scope="session")
def analysis() -> Analysis:
    samples = clicks(120.0)
    series = features.describe(samples)
    stamp = Stamp(Path("click.wav"), 0, 0, ContentHash(""))
    read = readings.read(samples, series, measure(samples, SAMPLE_RATE)).plain()
    song = Song(stamp, features.summarise(series), 12.0, SAMPLE_RATE, 1, Tags(), read)
    return Analysis(song, samples, series)


def library_around(embedding: np.ndarray, n_songs: int) -> Library:
    """Songs that differ from an embedding by as much as its numbers are large."""
    noise = np.random.default_rng(5).normal(size=(n_songs, N_FEATURES))
    return library_of((embedding + noise * (1 + np.abs(embedding))).astype(np.float32))


@pytest.fixture
def choose(analysis):
    """The click track among other songs: as one of the library's, or as its guest."""

    def build(n_songs: int, name: str = "Click", guest: bool = False) -> ChosenSong:
        library = library_around(analysis.song.embedding, n_songs)
        if guest:
            facts = analysis.song.metadata("UNKNOWN") | {"song_name": name}
            return ChosenSong(library.with_guest(analysis.song.embedding, facts), n_songs, analysis)
        library.embeddings[0] = analysis.song.embedding
        for column, value in analysis.song.metadata("TRANCE").items():
            library.columns[column][0] = value
        library.columns["song_name"][0] = name
        return ChosenSong(library, 0, analysis)

    return build
