"""The journey's figures: what they say is true, and every word of them can be read."""

import itertools

import numpy as np
import pytest

from common import charts
from common.journey import figure, panels, perspectives
from common.journey.pulse import read_pulse
from common.journey.unusual import compare
from common.library import UNKNOWN_GENRE

LONG = "A title that goes on, with a remix, a feature and a subtitle, " + "until it is far too long " * 3
JAPANESE = "夜に駆ける長い題名" * 13
ARABIC = "أغنية طويلة جدا عن الحرية والسلام " * 4
UNDRAWABLE = "\U000e0101\U0010fffd \ue123 song"
"""Characters that no font has."""


def font_has(character: str) -> bool:
    """Whether one of the fonts that figures are drawn with, and that are installed, has a character."""
    from matplotlib import font_manager

    installed = charts.installed_fonts()
    files = [installed[name] for name in charts.FONTS if name in installed]
    return any(font_manager.get_font(file).get_char_index(ord(character)) for file in files)


needs_japanese = pytest.mark.skipif(not font_has("夜"), reason="no installed font has Japanese characters")


def test_thinning_averages():
    series = np.arange(2 * 5000.0).reshape(2, 5000)
    thin = panels.thin(series)
    assert thin.shape[1] <= panels.COLUMNS
    assert thin[0, 0] == series[0, :3].mean()
    assert thin[1, -1] == series[1, 4998:].mean()
    np.testing.assert_array_equal(panels.thin(series[:, :10]), series[:, :10])


def test_silence_has_no_brightness():
    centroid = np.full((1, 6000), 2000.0)
    rms = np.full((1, 6000), 0.1)
    rms[0, 3000:4500] = 0.00009  # 61 dB under the rest
    rms[0, 5000:] = 0.00011
    heard = panels.heard_centroid({"spectral_centroid": centroid, "rms": rms})
    assert heard.size == 2000
    np.testing.assert_allclose(heard[:1000], 2000.0)
    assert np.isnan(heard[1001:1499]).all()
    np.testing.assert_allclose(heard[1500:], 2000.0)
    silent = panels.heard_centroid({"spectral_centroid": centroid, "rms": 0.0 * rms})
    assert np.isnan(silent).all()


def test_the_caption_says_what_there_is_to_know(choose):
    song = choose(8)
    pulse = read_pulse(song.series["mel"], song.tempo, song.facts["beat_offset"])
    said = " · ".join(figure.caption(song, pulse))
    assert "264 600 samples at 22 050 Hz" in said
    assert "12 s" in said
    assert f"{song.tempo:.0f} BPM" in said
    assert "A minor 8A" in said
    assert "stored row" not in said
    assert figure.caption(song, pulse)[0] == "TRANCE"
    song.library.columns["genre"][0] = UNKNOWN_GENRE
    assert figure.caption(song, pulse)[0] == "without a genre"
    guest = choose(8, guest=True)
    assert figure.caption(guest, pulse)[-1] == "not in the library"


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
    [
        ("Click", 1),
        (LONG, 30),
        pytest.param(JAPANESE, 30, marks=needs_japanese),
        (ARABIC, 1),
        ("$x_1$ <script> & \\frac{", 30),
    ],
)
def test_every_word_of_the_journey_can_be_read(choose, name, n_songs):
    import matplotlib.pyplot as plt

    song = choose(n_songs, name)
    drawn = figure.draw(song, compare(song))
    _assert_readable(drawn)
    plt.close(drawn)


def test_every_word_of_the_perspectives_can_be_read(choose):
    import matplotlib.pyplot as plt

    drawn = perspectives.draw(choose(1, LONG), lambda axes: axes.set(xticks=[], yticks=[]))
    _assert_readable(drawn)
    plt.close(drawn)


def test_the_perspectives_name_the_nearest_songs(choose):
    import matplotlib.pyplot as plt

    near = ["One", LONG, "$x_1$", "Four", "Five"]
    drawn = perspectives.draw(choose(1), lambda axes: axes.set(xticks=[], yticks=[]), near)
    _assert_readable(drawn)
    said = [text for text, _ in words_of(drawn)]
    assert {"1  One", "3  $x_1$", "5  Five"} <= set(said)
    plt.close(drawn)


def test_characters_that_no_font_has_warn_nobody(choose, tmp_path):
    song = choose(6, UNDRAWABLE)
    drawn = figure.draw(song, compare(song))
    assert charts.save_png(drawn, tmp_path / "a.png", dpi=20).exists()


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
