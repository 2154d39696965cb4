"""Fonts are found where they are installed, and a song's sections have their colours."""

from pathlib import Path
from types import SimpleNamespace

import matplotlib as mpl
import pytest
from matplotlib import font_manager

from common import charts
from common.text import display_width


def test_a_font_that_was_installed_later_is_drawn_with(monkeypatch):
    fonts = font_manager.fontManager
    own = [font for font in fonts.ttflist if font.fname.startswith(mpl.get_data_path())]
    later = sorted({font.name for font in fonts.ttflist} - {font.name for font in own})
    if not later:
        pytest.skip("no font but matplotlib's own is installed")
    monkeypatch.setattr(fonts, "ttflist", own)
    monkeypatch.setattr(charts, "installed_fonts", charts.installed_fonts.__wrapped__)
    installed = charts.installed_fonts()
    assert set(later) <= set(installed)
    # A family may have several files: matplotlib draws with one of those that were found.
    found = {(font.name, Path(font.fname)) for font in fonts.ttflist}
    for name in later:
        assert {(name, Path(font_manager.findfont(name))), (name, Path(installed[name]))} <= found


def test_sections_that_sound_alike_have_one_colour():
    colours = charts.section_colours([{"letter": letter} for letter in "ABABC"])
    assert list(colours) == ["A", "B", "C"]
    assert len(set(colours.values())) == 3
    assert not set(charts.SECTION_PALETTE) & set(charts.PALETTE)  # or a section would seem to be of a genre


@pytest.mark.parametrize(("seconds", "label"), [(0, "0:00"), (7.5, "0:07.5"), (60, "1:00"), (3725, "62:05")])
def test_times_are_marked_as_a_player_shows_them(seconds, label):
    assert charts.time_label(seconds) == label


@pytest.mark.parametrize("place", ["center left", "upper center"])
def test_a_legend_breaks_into_rows_where_the_figure_is_too_narrow(place):
    import matplotlib.pyplot as plt
    from matplotlib.lines import Line2D

    with charts.style():
        figure = plt.figure(figsize=(6, 4))
        handles = [Line2D([], [], label=f"section number {number}") for number in range(12)]
        spot = (0.02 if "left" in place else 0.5, 0.5)
        charts.fitting_legend(figure, handles, 12, loc=place, bbox_to_anchor=spot)
        (legend,) = figure.legends
        box = legend.get_window_extent()
    assert box.x0 >= 0
    assert box.x1 <= figure.bbox.x1
    assert len(legend.get_texts()) == 12
    plt.close(figure)


@pytest.mark.parametrize(
    ("name", "least", "most"), [("日本" * 30, 97, 100), ("a" * 120, 97, 100), ("日本", 4, 4)]
)
def test_a_line_that_is_shortened_fills_its_room(name, least, most):
    """Letters that are twice as wide are no reason to cut more."""
    written = []

    def write(x, y, told, **options):
        written.append(told)
        extent = SimpleNamespace(width=display_width(told))
        return SimpleNamespace(get_window_extent=lambda: extent, remove=written.pop)

    charts.fitting_line(
        SimpleNamespace(text=write, bbox=SimpleNamespace(width=200)), 0, 1, name, 0.5, (16, 11)
    )
    (told,) = written
    assert least <= display_width(told) <= most
