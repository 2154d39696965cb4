"""How readings moved: what was planted is found, what was not is not, and bands are wide enough."""

import numpy as np
import pytest
from libraries import random_library
from scipy import stats

from common.overview.trend import READINGS, find_trends, fit_trend
from common.overview.trend_figure import HEADER, draw_trends, heading, table_rows

LOUDNESS = READINGS[1]


def dated_library(per_decade=0.0, n=240, n_artists=40, seed=0):
    """Songs of four decades; artists differ in loudness by 1 dB and songs of one by 1 dB, plus the trend."""
    rng = np.random.default_rng(seed)
    artist = rng.integers(n_artists, size=n)
    years = np.clip(rng.uniform(1982, 2018, n_artists)[artist] + rng.uniform(-3, 3, n), 1980, 2020).round()
    library = random_library(n, seed, artists=[f"Artist {number}" for number in artist])
    noise = rng.normal(size=n_artists)[artist] + rng.normal(size=n)
    library.columns["loudness"] = (-12.0 + noise + per_decade * (years - 2000.0) / 10.0).tolist()
    library.columns["year"] = [f"{year:.0f}-03-01" for year in years]
    return library


def loudness_of(library):
    return next(one for one in find_trends(library).found if one.reading is LOUDNESS)


@pytest.mark.parametrize("seed", range(5))
def test_a_planted_decibel_per_decade_is_found(seed):
    found = loudness_of(dated_library(per_decade=1.0, seed=seed))
    assert found.moved
    assert found.low < 1.0 < found.high
    assert found.sentence.startswith("loudness: +")
    assert "chance" not in found.sentence


@pytest.mark.parametrize("seed", range(5))
def test_shuffled_years_give_none(seed):
    library = dated_library(per_decade=1.0, seed=seed)
    years = library.columns["year"]
    library.columns["year"] = [years[i] for i in np.random.default_rng(seed).permutation(len(years))]
    assert not any(one.moved for one in find_trends(library).found)


def test_line_and_slope_are_those_of_least_squares():
    found = loudness_of(dated_library(per_decade=1.0))
    oracle = stats.linregress(found.years, found.values)
    assert found.per_decade == pytest.approx(10.0 * oracle.slope)
    np.testing.assert_allclose(found.line, oracle.intercept + oracle.slope * found.grid)
    assert np.all(found.below < found.line)
    assert np.all(found.line < found.above)


@pytest.mark.parametrize("n_artists", [8, 12, 30])
def test_intervals_miss_hardly_more_often_than_they_promise(n_artists):
    """Without a trend 0.25% may leave out 0; artists stay in their years, which is the hardest case."""
    rng, missed, tries = np.random.default_rng(n_artists), 0, 150
    for _ in range(tries):
        artist = np.repeat(np.arange(n_artists), rng.integers(1, 7, n_artists))
        years = (rng.uniform(1985, 2015, n_artists)[artist] + rng.uniform(-2, 2, len(artist))).round()
        values = rng.normal(size=n_artists)[artist] + rng.normal(size=len(artist))
        missed += fit_trend(LOUDNESS, years, values, artist).moved
    # A rate of 1% would be exceeded so once in a thousand tests.
    assert missed <= stats.binom.ppf(0.999, tries, 0.01)


def test_artists_are_blocks():
    """Ten copies of every song by its artist tell nothing new."""
    rng = np.random.default_rng(0)
    years, values = rng.uniform(1980, 2020, 40).round(), rng.normal(size=40)
    once = fit_trend(LOUDNESS, years, values, np.arange(40))
    many = fit_trend(LOUDNESS, np.repeat(years, 10), np.repeat(values, 10), np.repeat(np.arange(40), 10))
    assert many.high - many.low == pytest.approx(once.high - once.low, rel=1e-6)
    alone = fit_trend(LOUDNESS, np.repeat(years, 10), np.repeat(values, 10), np.arange(400))
    assert alone.high - alone.low < 0.5 * (once.high - once.low)


@pytest.mark.parametrize(
    ("years", "why"),
    [
        ([None] * 60, "0 of 60 songs name a year, at least 5"),
        (["29.01.07", "", "soon"] * 20, "0 of 60 songs name a year"),
        (["1999", "2000", "2001", "2002"] * 15, "60 of 60 songs name a year and there are 4 different ones"),
    ],
)
def test_it_is_said_why_there_is_none(years, why):
    library = random_library(60, artists=[f"Artist {i % 20}" for i in range(60)])
    library.columns["year"] = years
    found = find_trends(library)
    assert found.found == ()
    assert why in found.why_none


def test_few_artists_are_too_few():
    library = dated_library(n_artists=7)
    assert "by 7 artists, at least 8" in find_trends(library).why_none


def test_a_reading_that_few_songs_have_is_left_out():
    library = dated_library()
    library.columns["bpm"] = [0.0] * len(library)
    library.columns["key_confidence"] = [None] * len(library)
    assert [one.reading.name for one in find_trends(library).found] == ["loudness", "brightness"]


def test_guests_and_copies_do_not_count():
    library = dated_library(n=120)
    twice = library.take([*range(120), *range(120)])
    guest = twice.with_guest(twice.embeddings[0], {**twice.song(0), "year": "1900"})
    once, again = loudness_of(library), loudness_of(guest)
    assert len(once.years) == len(again.years)
    assert again.years.min() > 1900
    assert again.per_decade == pytest.approx(once.per_decade)


def test_picture_and_table_tell_the_same(tmp_path):
    from common import charts

    trends = find_trends(dated_library(per_decade=1.0)).found
    rows = [dict(zip(HEADER, row, strict=True)) for row in table_rows(trends)]
    assert [row["reading"] for row in rows] == ["tempo", "loudness", "brightness", "key clarity"]
    assert rows[1]["moved"] == "yes"
    assert rows[1]["per_decade"] == pytest.approx(trends[1].per_decade, abs=0.006)
    figure = draw_trends(trends)
    assert figure.get_suptitle() == "How the music moved over the years"
    still = [one for one in trends if not one.moved]
    assert heading(still) == "Over the years nothing moved by more than chance may"
    titles = [axes.get_title(loc="left").replace("\n", " ") for axes in figure.axes]
    assert titles == [one.sentence for one in trends]
    assert charts.save_png(figure, tmp_path / "a.png", dpi=30).exists()
