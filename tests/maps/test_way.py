"""A song's way: its windows are those of the sound, it visits what the song sounds like, and leads there."""

import json
import re

import numpy as np
import pytest
from libraries import library_of

from common import features
from common.layout import N_FEATURES, SAMPLE_RATE, SLICES
from common.maps import way_figure, way_page
from common.maps.projection import UMAP, Projection
from common.maps.selection import choose_shown
from common.maps.way import PASSED, Stretch, alike_stretches, follow, place_way, way_of, window_embeddings
from common.maps.way_colours import coloured_parts


@pytest.fixture(scope="module")
def two_tones():
    """Thirty seconds: half a low tone, half a high one, with a little noise."""
    time = np.arange(30 * SAMPLE_RATE) / SAMPLE_RATE
    tone = np.sin(2 * np.pi * np.where(time < 15, 220.0, 1760.0) * time)
    samples = (0.3 * tone + 0.01 * np.random.default_rng(0).normal(size=time.size)).astype(np.float32)
    return samples, features.describe(samples)


def test_windows_are_ten_seconds_every_two(two_tones):
    times, embeddings = window_embeddings(two_tones[1])
    assert embeddings.shape == (len(times), N_FEATURES)
    assert times[0] == pytest.approx(5.0, abs=0.05)
    np.testing.assert_allclose(np.diff(times), 2.0, atol=0.03)
    assert times[-1] <= 25.1


def test_a_windows_numbers_are_those_of_its_sound(two_tones):
    samples, series = two_tones
    times, embeddings = window_embeddings(series)
    start = round((times[2] - 5.0) * SAMPLE_RATE)
    alone = features.extract(samples[start : start + 10 * SAMPLE_RATE])
    for name in ("chroma_mean", "spectral_centroid_mean", "rms_mean", "spectral_flatness_mean"):
        np.testing.assert_allclose(embeddings[2][SLICES[name]], alone[SLICES[name]], rtol=0.05, atol=0.02)
    np.testing.assert_allclose(embeddings[2][SLICES["mel_mean"]], alone[SLICES["mel_mean"]], atol=1.5)


def test_a_short_song_is_one_window():
    series = features.describe(np.random.default_rng(0).normal(scale=0.1, size=3 * SAMPLE_RATE))
    times, embeddings = window_embeddings(series)
    assert len(times) == len(embeddings) == 1


@pytest.fixture
def visited(two_tones):
    """A library with one song like each half of the song, which is its first."""
    _, series = two_tones
    whole, (_, windows) = features.summarise(series), window_embeddings(series)
    noise = np.random.default_rng(1).normal(size=(12, N_FEATURES)) * (1.0 + np.abs(whole))
    library = library_of(np.vstack([whole, windows[0], windows[-1], whole + 3.0 * noise]))
    library.columns["duration"] = [60.0 + 10 * row for row in range(len(library))]  # no song is a copy
    return choose_shown(library, len(library), 0), series, whole


def test_a_song_sounds_like_the_song_of_each_half(visited):
    shown, series, whole = visited
    way = follow(shown, series, whole)
    stretches = alike_stretches(way, most=2)
    assert [stretch.row for stretch in stretches] == [1, 2]
    first, second = stretches
    assert first.start == 0.0
    assert first.end <= second.start
    assert 10.0 < first.end < 20.0
    assert second.end == pytest.approx(30.0, abs=2.1)
    told = way_figure.told(shown, [Stretch(45.0, 90.9, 2, 0.314), Stretch(91.0, 99.0, 3, -0.024)])
    assert told == [
        "0:45 to 1:30 sounds most like Song 2 (0.31)",
        "1:31 to 1:39 is like no other song, nearest is Song 3 (-0.02)",
    ]


def test_the_songs_that_the_way_passes_are_the_nearest_of_its_windows(visited):
    shown, series, whole = visited
    way = follow(shown, series, whole)
    cosines = way.vectors @ shown.vectors.T
    cosines[:, 0] = -2.0  # the song itself
    np.testing.assert_array_equal(way.near, np.argsort(-cosines, axis=1)[:, :PASSED])
    np.testing.assert_allclose(way.similarity, np.take_along_axis(cosines, way.near, axis=1))
    counts = [np.count_nonzero(way.near == row) for row in way.passed]
    assert counts == sorted(counts, reverse=True)
    assert set(way.passed) == set(way.near.flat)


def test_a_song_among_copies_of_its_own_passes_none(visited):
    _, _, whole = visited
    copies = choose_shown(library_of(np.vstack([whole, 1.001 * whole])), 2, 0)
    way = way_of(np.array([5.0]), copies.vectors[[0]], copies)
    assert way.passed == alike_stretches(way) == []


def test_the_way_leads_from_one_to_the_other(visited):
    shown, series, whole = visited
    coordinates = np.zeros((15, 2))
    coordinates[1], coordinates[2] = (-10.0, 0.0), (10.0, 0.0)
    trail = place_way(follow(shown, series, whole), shown, coordinates)
    assert trail[0, 0] < -1.0
    assert trail[-1, 0] > 1.0


def test_a_window_at_a_song_lies_there(visited):
    shown, _, _ = visited
    way = way_of(np.array([5.0]), shown.vectors[[4]], shown)
    places = np.random.default_rng(0).normal(size=(15, 2))
    near = np.argsort(-(shown.vectors @ shown.vectors[4]))[:6]
    found = place_way(way, shown, places)[0]
    assert np.linalg.norm(found - places[4]) < np.linalg.norm(places[near].mean(axis=0) - places[4])


def test_songs_that_nothing_tells_apart_have_no_way(two_tones):
    shown = choose_shown(library_of(np.ones((4, N_FEATURES))), 4, 0)
    assert follow(shown, two_tones[1], np.ones(N_FEATURES)) is None


def test_the_picture_says_what_the_colours_of_the_way_mean(visited, two_tones):
    import matplotlib.pyplot as plt
    from matplotlib.colors import to_hex

    shown, series, whole = visited
    way = follow(shown, series, whole)
    kept = np.linspace(0.0, 1.0, 15)  # songs have weights of their own
    flat = Projection(np.random.default_rng(2).normal(size=(15, 2)), UMAP, kept, 0.9, 15)
    parts = coloured_parts(
        [
            {"start": 0.0, "end": 15.0, "letter": "A", "label": "intro"},
            {"start": 15.0, "end": 30.0, "letter": "B", "label": None},
        ]
    )
    figure = way_figure.draw_way(shown, flat, two_tones[0], way, [], parts)
    [legend] = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["intro (A)", "section B"]
    written = {text.get_text() for text in figure.axes[0].texts}
    assert {shown.songs.titles[row] for row in way.passed} & written
    trail = figure.axes[0].collections[-1]
    painted = [to_hex(colour).upper() for colour in trail.get_facecolors()]
    assert painted == [parts[int(time >= 15.0)].colour for time in way.times]
    plt.close(figure)
    by_time = way_figure.draw_way(shown, flat, two_tones[0], way, [])
    assert not by_time.legends
    assert any("from the start" in text.get_text() for text in by_time.texts)
    plt.close(by_time)


def test_a_long_name_stays_on_the_paper(visited, two_tones):
    import matplotlib.pyplot as plt

    shown, series, whole = visited
    shown.library.columns["song_name"][0] = "A very long title " * 12
    flat = Projection(np.random.default_rng(2).normal(size=(15, 2)), UMAP, None, 0.9, 15)
    way = follow(shown, series, whole)
    figure = way_figure.draw_way(shown, flat, two_tones[0], way, [Stretch(0.0, 9.0, 0, 0.1)])
    for text in figure.texts:
        assert text.get_window_extent().x1 <= figure.bbox.x1
    plt.close(figure)


def test_a_song_of_one_window_is_not_said_to_have_more(visited, two_tones, tmp_path):
    shown, _, _ = visited
    maps = [Projection(np.random.default_rng(d).normal(size=(15, d)), UMAP, None, 0.9, 15) for d in (2, 3)]
    way = way_of(np.array([5.0]), shown.vectors[[4]], shown)
    page = way_page.write_way(tmp_path / "a.html", shown, maps, two_tones[0], way, []).read_text("utf-8")
    assert "The whole song is measured at once" in page
    assert "Every" not in page.split("<footer>")[1].split("</footer>")[0]


def test_the_page_holds_the_way_in_both_maps_and_needs_no_network(visited, two_tones, tmp_path):
    shown, series, whole = visited
    shown.library.columns["song_name"][0] = "</script><b>x"
    way = follow(shown, series, whole)
    maps = [Projection(np.random.default_rng(d).normal(size=(15, d)), UMAP, None, 0.9, 15) for d in (2, 3)]
    stretches = alike_stretches(way)
    named = [("A", "</script>intro"), ("B", "drop")]
    parts = coloured_parts(
        [{"start": 0.0, "end": 15.0, "letter": one, "label": label} for one, label in named]
    )
    path = way_page.write_way(tmp_path / "a.html", shown, maps, two_tones[0], way, stretches, parts)
    page = path.read_text(encoding="utf-8")
    content = json.loads(re.search(r'id="journey">(.*?)</script>', page, re.DOTALL)[1])
    assert content["duration"] == 30.0
    for d in ("2", "3"):
        assert np.shape(content["maps"][d]["way"]) == (int(d), len(content["times"]))
    assert [row for row, _ in content["passed"]] == way.passed
    assert [[row for row, *_ in window] for window in content["near"]] == way.near.tolist()
    assert content["parts"][0] == [0.0, 15.0, *["</script>intro (A)", parts[0].colour, "</script>intro (A)"]]
    assert "one colour" in page
    assert "Every 2 seconds, 10 seconds of the song" in page
    assert content["songs"]["title"][0] == "</script><b>x"
    assert "<b>x" not in page
    assert not re.search(r"(src|href)=.https?:|@import|url\(", page)
