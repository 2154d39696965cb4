"""The picture of what a library holds counts every song once."""

import matplotlib.pyplot as plt
import pytest
from libraries import random_library

from common import charts
from common.overview.contents_figure import MOST_GENRES, OTHERS, draw_contents


@pytest.fixture
def drawn():
    library = random_library(60)
    library.columns["genre"] = [f"G{min(row % 12, 9)}" for row in range(55)] + ["UNKNOWN"] * 5
    library.columns["bpm"] = [0.0] * 4 + [128.0] * 56
    library.columns["key"][:3] = [None] * 3
    library.columns["loudness"][0] = None
    guest = library.with_guest(library.embeddings[0], library.song(1))
    figure = draw_contents(guest)
    yield figure
    plt.close(figure)


def heights(axes):
    return sum(patch.get_height() for patch in axes.patches)


def test_every_song_is_counted_once(drawn):
    sizes, tempo, key, loudness = drawn.axes
    assert sum(patch.get_width() for patch in sizes.patches) == 60
    assert [heights(axes) for axes in (tempo, key, loudness)] == [56, 57, 59]
    assert tempo.get_title(loc="left") == "tempo in BPM (4 songs without)"
    assert loudness.get_title(loc="left") == "loudness in LUFS (1 song without)"
    assert key.get_title(loc="left") == "key, around the DJs' wheel (3 songs without)"


def test_small_genres_and_those_without_share_the_grey(drawn):
    labels = [label.get_text() for label in drawn.axes[0].get_yticklabels()]
    assert len(labels) == MOST_GENRES + 2
    assert labels[-2:] == [OTHERS, "without a genre"]
    for patch in drawn.axes[0].patches[-2:]:
        assert charts.UNKNOWN_COLOUR.lower() == plt.matplotlib.colors.to_hex(patch.get_facecolor())


def test_bars_are_whole_units_wide_so_that_whole_tempos_leave_no_gaps():
    library = random_library(14)
    library.columns["bpm"] = [float(bpm) for bpm in range(128, 142)]
    tempo = draw_contents(library).axes[1]
    plt.close("all")
    assert [patch.get_height() for patch in tempo.patches] == [1] * 14


def test_songs_are_counted_in_whole_numbers():
    figure = draw_contents(random_library(2, genre_names=["A", "B"]))
    figure.canvas.draw()
    for ticks in (figure.axes[0].get_xticks(), *(axes.get_yticks() for axes in figure.axes[1:])):
        assert all(tick == int(tick) for tick in ticks)
    plt.close(figure)


@pytest.mark.parametrize("n", [1, 2])
def test_a_library_of_few_songs_is_drawn(n, tmp_path):
    library = random_library(n)
    library.columns["loudness"] = [None] * n
    assert charts.save_png(draw_contents(library), tmp_path / "a.png", dpi=30).exists()


@pytest.mark.parametrize(("n_songs", "title"), [(1, "What 1 song is like"), (2, "What 2 songs are like")])
def test_the_title_counts_the_songs(n_songs, title):
    figure = draw_contents(random_library(n_songs))
    plt.close(figure)
    assert figure.get_suptitle() == title
