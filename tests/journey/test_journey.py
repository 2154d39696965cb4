"""The journey figure: what it says is true, and every word of it can be read."""

import dataclasses
import itertools
from pathlib import Path

import numpy as np
import pytest

from common import features
from common.audio import Tags
from common.journey import figure as journey
from common.journey import hearing
from common.journey.hearing import CLOSE, DIFFERENT, EQUAL, OUTSIDE, Heard, Standing
from common.layout import HOP_LENGTH, N_FEATURES, SAMPLE_RATE, index_of
from common.library import COLUMNS, Library
from common.song import Analysis, ContentHash, Song, Stamp

LONG = "A title that goes on, with a remix, a feature and a subtitle, " + "until it is far too long " * 3
JAPANESE = "夜に駆ける長い題名" * 13
ARABIC = "أغنية طويلة جدا عن الحرية والسلام " * 4


def clicks(bpm: float, seconds: float = 12.0) -> np.ndarray:
    """Short noise bursts at a tempo, with a quiet A minor chord below."""
    time = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    chord = sum(np.sin(2 * np.pi * f * time) for f in (220.0, 261.63, 329.63, 440.0))
    burst = np.random.default_rng(0).normal(size=time.size) * (time % (60.0 / bpm) < 0.01)
    return (0.02 * chord + 0.2 * burst).astype(np.float32)


@pytest.fixture(scope="module")
def heard() -> Heard:
    samples = clicks(120.0)
    series = features.describe(samples)
    stamp = Stamp(Path("click.wav"), 0, 0, ContentHash(""))
    song = Song(stamp, features.summarise(series), 12.0, SAMPLE_RATE, 1, Tags())
    return Heard(Analysis(song, samples, series), "Click", "TEST")


def library_around(embedding: np.ndarray, n_songs: int) -> Library:
    noise = np.random.default_rng(5).normal(size=(n_songs, N_FEATURES))
    rows = (embedding + noise * (1 + np.abs(embedding))).astype(np.float32)
    columns = {name: [None] * n_songs for name in COLUMNS}
    return Library(rows, columns)


def test_standing_is_counted_and_standardised_by_the_library(heard):
    library = library_around(heard.embedding, 40)
    standing = hearing.compare(heard.embedding, library, None)
    rows = library.embeddings.astype(np.float64)
    np.testing.assert_allclose(standing.z, (heard.embedding - rows.mean(0)) / rows.std(0), rtol=1e-5)
    index = index_of("spectral_centroid_mean")
    assert standing.below[index] == np.mean(rows[:, index] < heard.embedding[index])
    assert standing.stored == OUTSIDE


def test_the_stored_row_is_checked(heard):
    library = library_around(heard.embedding, 6)
    library.embeddings[2] = heard.embedding
    assert hearing.compare(heard.embedding, library, 2).stored == EQUAL
    assert hearing.compare(heard.embedding * np.float32(1 + 1e-6), library, 2).stored == CLOSE
    assert hearing.compare(heard.embedding, library, 3).stored == DIFFERENT


@pytest.mark.parametrize("n_songs", [1, 4])
def test_a_tiny_library_cannot_say_what_is_usual(heard, n_songs):
    standing = hearing.compare(heard.embedding, library_around(heard.embedding, n_songs), 0)
    assert standing.z is None
    assert hearing.most_unusual(standing) == []


def test_what_is_unusual_is_said_in_words_of_the_layout():
    z, below, above = np.zeros(N_FEATURES), np.full(N_FEATURES, 0.5), np.full(N_FEATURES, 0.5)
    for name, value in (
        ("spectral_centroid_mean", -2.5),
        ("mfcc_mean_09", 9.0),
        ("tonnetz_std_01", 8.0),
        ("chroma_std_10", 2.0),
        ("mel_mean_001", 3.0),
        ("mel_mean_002", 2.9),
    ):
        z[index_of(name)] = value
        below[index_of(name)], above[index_of(name)] = (0.939, 0.06) if value > 0 else (0.0, 1.0)
    assert hearing.most_unusual(Standing(50, z, below, above, OUTSIDE)) == [
        "more energy at 26 Hz than 93 % of the library",
        "darker than every other song",
        "a note A that comes and goes, more so than 93 % of the library",
    ]


def test_a_song_like_all_others_has_nothing_unusual():
    same = np.zeros(N_FEATURES)
    assert hearing.most_unusual(Standing(50, same, same, same, EQUAL)) == []


def test_beats_of_a_click_track_are_where_the_clicks_are(heard):
    pulse = hearing.find_pulse(heard.series["mel"], heard.tempo)
    assert pulse.is_clear
    seconds = pulse.beats * HOP_LENGTH / SAMPLE_RATE
    assert np.abs((seconds + 0.25) % 0.5 - 0.25).max() < 0.06


def test_noise_has_no_clear_pulse():
    noise = np.random.default_rng(0).normal(scale=0.1, size=30 * SAMPLE_RATE).astype(np.float32)
    series = features.describe(noise)
    pulse = hearing.find_pulse(series["mel"], float(series["tempo"][0, 0]))
    assert not pulse.is_clear
    assert "no clear pulse" in journey.tempo_words(100.0, pulse)


def test_no_tempo_means_no_beats():
    pulse = hearing.find_pulse(np.full((128, 200), -80.0), 0.0)
    assert pulse.beats.size == 0
    assert journey.tempo_words(0.0, pulse) == "no pulse found"


def test_thinning_averages():
    series = np.arange(2 * 5000.0).reshape(2, 5000)
    thin = journey._thin(series)
    assert thin.shape[1] <= journey.COLUMNS
    assert thin[0, 0] == series[0, :3].mean()
    assert thin[1, -1] == series[1, 4998:].mean()
    np.testing.assert_array_equal(journey._thin(series[:, :10]), series[:, :10])


def test_the_caption_says_what_the_issue_asks_for(heard):
    library = library_around(heard.embedding, 8)
    library.embeddings[0] = heard.embedding
    pulse = hearing.find_pulse(heard.series["mel"], heard.tempo)
    said = " · ".join(journey.caption(heard, hearing.compare(heard.embedding, library, 0), pulse))
    assert "264 600 samples at 22 050 Hz" in said
    assert "12 s" in said
    assert f"{heard.tempo:.0f} BPM" in said
    assert "A minor (8A)" in said
    assert "the embedding equals the stored row" in said


def words_of(figure):
    """Every text that is drawn, with the box it takes, in pixels."""
    from matplotlib.text import Text

    drawn, original = [], Text.draw

    def draw(text, renderer):
        if text.get_visible() and text.get_text().strip():
            drawn.append((text.get_text(), text.get_window_extent(renderer)))
        return original(text, renderer)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Text, "draw", draw)
        figure.canvas.draw()
    return drawn


@pytest.mark.parametrize(
    ("name", "n_songs"),
    [("Click", 1), (LONG, 30), (JAPANESE, 30), (ARABIC, 1), ("$x_1$ <script> & \\frac{", 30)],
)
def test_every_word_of_the_journey_can_be_read(heard, name, n_songs):
    import matplotlib.pyplot as plt

    library = library_around(heard.embedding, n_songs)
    heard = dataclasses.replace(heard, name=name)
    figure = journey.draw(heard, hearing.compare(heard.embedding, library, 0))
    _assert_readable(figure)
    plt.close(figure)


def test_every_word_of_the_perspectives_can_be_read(heard):
    import matplotlib.pyplot as plt

    figure = journey.draw_perspectives(
        dataclasses.replace(heard, name=LONG), lambda axes: axes.set(xticks=[], yticks=[])
    )
    _assert_readable(figure)
    plt.close(figure)


def _assert_readable(figure):
    words = words_of(figure)
    width, height = figure.bbox.size
    for text, box in words:
        assert box.x0 >= 0, text
        assert box.y0 >= 0, text
        assert box.x1 <= width, text
        assert box.y1 <= height, text
    for (one, box), (other, second) in itertools.combinations(words, 2):
        shared = (
            min(box.x1, second.x1) - max(box.x0, second.x0),
            min(box.y1, second.y1) - max(box.y0, second.y0),
        )
        assert min(shared) <= 2, f"{one!r} covers {other!r}"
