"""What the maps show, and that a stranger's title cannot do more than be shown."""

import dataclasses
import itertools
import json
import re

import numpy as np
import pytest
from libraries import reread

from common import charts
from common.layout import SLICES
from common.maps import figures, words
from common.maps import page as map_pages
from common.maps.projection import DISC, PCA, UMAP, Projection
from common.maps.regions import Region, Regions
from common.maps.selection import Star, choose_shown, locate
from common.pages import address
from common.search import spaces
from common.text import clean, shorten

HOSTILE = '</script><script>alert(1)</script> & "x" <b>${7*7}</b> <!--'


def flat(library, dimensions=2, method=UMAP, trust=0.93):
    """A projection without the work of computing one."""
    coordinates = np.random.default_rng(0).normal(size=(len(library), dimensions)) * 3
    return Projection(coordinates, method, None, trust, len(library))


def everything(library):
    """All songs on a map."""
    return choose_shown(library, library.n_own)


def songs_of(path):
    page = path.read_text(encoding="utf-8")
    return json.loads(re.search(r'id="songs">(.*?)</script>', page, re.DOTALL)[1]), page


@pytest.fixture
def library(make_library):
    _, library = make_library({"TRANCE": 8, "ITALODANCE": 5, "UNKNOWN": 2})
    library.columns["title"][3], library.columns["song_name"][3] = HOSTILE, f"Nobody - {HOSTILE}"
    library.columns["title"][4] = None
    library.embeddings[:, SLICES["tempo"]] = 140.26
    library.embeddings[5, SLICES["tempo"]] = 0.0
    return reread(library)


def test_facts_are_the_librarys(library):
    facts = map_pages.song_facts(library)
    assert {len(values) for values in facts.values()} == {len(library)}
    assert facts["genre"] == [*library.genres[:-2], *["without a genre"] * 2]
    assert facts["title"][4] == library.names[4]
    assert facts["tempo"][4] == 140.3
    assert facts["tempo"][5] is None
    assert re.fullmatch(r"[A-G][♭♯]? (major|minor) \d+[AB]( \?)?", facts["key"][0])


def page_of(library, made, path, star=None):
    map_pages.write_map(library, made, map_pages.nearest_songs(everything(library)), path, star)
    return songs_of(path)


@pytest.mark.parametrize("dimensions", [2, 3])
def test_a_page_holds_every_song_and_needs_no_network(library, tmp_path, dimensions):
    made = flat(library, dimensions)
    content, page = page_of(library, made, tmp_path / "map.html")
    np.testing.assert_allclose(np.array(content["places"]).T, made.coordinates, atol=1e-3)
    assert content["songs"]["title"][3] == HOSTILE
    assert [genre["name"] for genre in content["genres"]] == [*library.genre_names[:-1], "without a genre"]
    assert content["songs"]["genre"].count("without a genre") == 2
    assert re.findall(r'<script src="([^"]*)"', page) == ["plotly.min.js"]
    assert (tmp_path / "plotly.min.js").stat().st_size > 1_000_000
    assert not re.search(r"(src|href)=.https?:|@import|url\(", page)
    assert "0.93" in page
    assert "mean little" in page


def test_a_hostile_title_stays_inside_the_data(library, tmp_path):
    star = Star(np.zeros(2), HOSTILE, 3)
    content, page = page_of(library, flat(library), tmp_path / "map.html", star)
    assert content["star"] == 3
    assert "alert(1)</script>" not in page
    assert page.count("<script") == 3
    assert "<!--" not in page


def test_nearest_songs_are_those_of_the_search(library):
    found = map_pages.nearest_songs(everything(library))
    space = spaces.build(spaces.DEFAULT_SPACE, library)
    rows = space.rows.astype(np.float64)
    cosines = rows @ rows.T
    np.fill_diagonal(cosines, -2.0)
    for row, nearest in enumerate(found):
        assert [other for other, _ in nearest] == np.argsort(-cosines[row])[:5].tolist()
        np.testing.assert_allclose([score for _, score in nearest], np.sort(cosines[row])[:-6:-1], atol=1e-5)


def test_each_recording_is_found_once_and_a_songs_own_copies_are_not(library):
    copied = library.take([*range(15), 2, 2, 2, 7])
    found = map_pages.nearest_songs(everything(copied))
    originals = np.array([*range(15), 2, 2, 2, 7])
    for row, nearest in enumerate(found):
        recordings = originals[[other for other, _ in nearest]].tolist()
        assert len(set(recordings) - {originals[row]}) == len(recordings) == 5


def test_on_a_sampled_map_the_nearest_are_among_those_shown(library):
    guest = library.with_guest(library.embeddings[6], library.song(6) | {"song_name": "mine"})
    shown = np.array([0, 2, 3, 6, 8, 11, 14])
    found = map_pages.nearest_songs(dataclasses.replace(everything(guest), rows=shown))
    rows = spaces.build(spaces.DEFAULT_SPACE, library).rows.astype(np.float64)[[*shown, 6]]
    cosines = rows @ rows[:-1].T
    cosines[np.arange(7), np.arange(7)] = -2.0
    cosines[7, 3] = -2.0  # the guest's own recording
    for row, nearest in enumerate(found):
        assert [other for other, _ in nearest] == np.argsort(-cosines[row])[:5].tolist()
        np.testing.assert_allclose([score for _, score in nearest], np.sort(cosines[row])[:-6:-1], atol=1e-5)


def test_a_sampled_map_says_so(library, tmp_path):
    made = dataclasses.replace(flat(library), drawn_from=70_000)
    assert words.title(15, made) == "15 of 70 000 songs on a map in 2D"
    assert "15 songs, drawn at random from 70 000 songs, each genre by its share" in words.describe(made)
    _, page = page_of(library, made, tmp_path / "map.html")
    assert "15 of 70 000 songs" in page
    assert "the 5 songs among those shown that are nearest" in page


def test_a_guest_looks_for_songs_and_is_not_found(library):
    guest = library.with_guest(library.embeddings[6], library.song(6) | {"song_name": "mine"})
    found = map_pages.nearest_songs(everything(guest))
    assert [other for other, _ in found[-1]] == [other for other, _ in found[6]]
    assert found[:-1] == map_pages.nearest_songs(everything(library))


@pytest.mark.parametrize("n_songs", [1, 3])
def test_songs_that_nothing_tells_apart_have_no_nearest(make_library, n_songs):
    _, library = make_library({"TRANCE": n_songs})
    library.embeddings[:] = library.embeddings[0]
    assert map_pages.nearest_songs(everything(library)) == [[]] * n_songs


@pytest.mark.parametrize(
    "name", ["plain.mp3", "50% off #1? 'x' \"y\" <b> & ほし é.mp3", "a:b.mp3", "sp ace\\.ogg"]
)
def test_an_address_leads_a_browser_to_the_file(tmp_path, name):
    from urllib.parse import unquote, urljoin, urlsplit

    home, file = tmp_path / "out puts" / "html", tmp_path / "data #1" / name
    base = (home / "map_2d.html").as_uri()
    found = urlsplit(urljoin(base, address(file, home)))
    assert (found.scheme, found.query, found.fragment) == ("file", "", "")
    assert unquote(found.path) == str(file)


def test_a_file_name_in_no_known_encoding_has_an_address(tmp_path):
    assert address("/music/caf\udce9.mp3", tmp_path).endswith("caf%E9.mp3")


def test_unknown_is_grey_and_56_genres_stay_distinct():
    styles = charts.genre_styles([f"genre {number:02d}" for number in range(56)] + ["UNKNOWN"])
    assert styles["UNKNOWN"][0] == charts.UNKNOWN_COLOUR
    assert list(styles)[-1] == "UNKNOWN"
    assert len(set(styles.values())) == 57


def test_symbols_double_the_genres_in_both_kinds_of_map():
    assert set(charts.PLOTLY_MARKERS) == set(charts.MARKERS)
    assert len(set(charts.PLOTLY_MARKERS.values())) == len(charts.MARKERS)


def test_a_map_says_how_it_was_made(library):
    assert "Trustworthiness 0.93" in words.describe(flat(library))
    assert "too few songs for UMAP in 3D" in words.describe(flat(library, 3, PCA))
    assert "places mean nothing" in words.describe(flat(library, 2, DISC, None))
    sampled = Projection(np.zeros((9000, 2)), UMAP, None, 0.9, 3000)
    assert "measured on 3 000 songs" in words.describe(sampled)


@pytest.mark.parametrize(
    ("n_songs", "told"),
    [
        (46, "the truest of several layouts, with songs moved"),
        (300, "It is a layout, with songs moved"),
        (9000, "It is a layout, with songs moved"),
        (7, ""),
    ],
)
def test_a_map_says_what_was_sought(n_songs, told):
    made = words.describe(Projection(np.zeros((n_songs, 2)), UMAP, np.ones(n_songs), 0.9, n_songs))
    assert told in made
    assert ("moved" in made) == bool(told)


def test_a_file_from_outside_is_placed_and_a_song_of_the_library_stays(library):
    made = flat(library)
    inside = locate(choose_shown(library, 15, 2), made)
    np.testing.assert_array_equal(inside.coordinates, made.coordinates[2])
    assert (inside.row, inside.name) == (2, library.names[2])
    guest = library.with_guest(library.embeddings[2] + 0.1, library.song(2) | {"song_name": "mine"})
    outside = locate(choose_shown(guest, 15, 15), made)
    assert (outside.row, outside.name) == (None, "mine")
    assert np.isfinite(outside.coordinates).all()
    assert locate(everything(library), made) is None


def test_a_sample_keeps_the_genres_shares_and_the_song_to_point_out(make_library):
    _, library = make_library({"TRANCE": 20, "ITALODANCE": 10})
    sample = choose_shown(library, 9)
    assert sorted(sample.songs.genres) == ["ITALODANCE"] * 3 + ["TRANCE"] * 6
    assert (sample.drawn_from, sample.place) == (30, None)
    for row in range(30):
        shown = choose_shown(library, 9, row)
        assert shown.songs.names[shown.place] == library.names[row]
        assert (np.diff(shown.rows) > 0).all()
        assert len(shown.rows) == 9
    whole = choose_shown(library, 30, 7)
    assert (whole.drawn_from, whole.place) == (None, 7)


def _boxes(figure):
    figure.canvas.draw()
    texts = [text for axes in figure.axes for text in axes.texts] + figure.texts
    return [text.get_window_extent() for text in texts if text.get_text().strip()]


def assert_no_word_covers_a_song(axes, coordinates):
    axes.figure.canvas.draw()
    points = axes.transData.transform(coordinates)
    for text in axes.texts:
        box = text.get_window_extent()
        assert not ((points > box.min) & (points < box.max)).all(axis=1).any(), text.get_text()


def test_words_on_a_crowded_map_cover_no_song(make_library):
    """Four clouds of songs that touch, so that there is room only around them."""
    import matplotlib.pyplot as plt

    _, library = make_library({"TRANCE": 150, "ITALODANCE": 150, "AMBIENT": 150, "METAL": 150})
    rng = np.random.default_rng(5)
    middles = np.array([[0, 0], [3, 0], [0, 3], [3, 3]])[np.arange(600) // 150]
    coordinates = middles + rng.normal(size=(600, 2))
    made = Projection(coordinates, UMAP, None, 0.9, 600)
    regions = Regions((Region("faster, brighter, more energy at 60 Hz", tuple(range(140))),), "One.")
    figure = figures.draw_2d(library, made, Star(coordinates[300], "The star", 300), regions)
    words = {text.get_text().replace("\n", " ") for text in figure.axes[0].texts}
    assert words == {"TRANCE", "ITALODANCE", "AMBIENT", "METAL", "The star", regions.found[0].name}
    assert_no_word_covers_a_song(figure.axes[0], coordinates)
    boxes = [text.get_window_extent() for text in figure.axes[0].texts]
    assert not any(one.overlaps(other) for one, other in itertools.combinations(boxes, 2))
    plt.close(figure)


@pytest.mark.parametrize("star", [HOSTILE * 3, "W" * 130])
@pytest.mark.parametrize(("draw", "dimensions"), [(figures.draw_2d, 2), (figures.draw_3d, 3)])
def test_words_on_a_printed_map_neither_overlap_nor_leave_it(library, draw, dimensions, star):
    import matplotlib.pyplot as plt

    made = flat(library, dimensions)
    figure = draw(library, made, Star(made.coordinates[0], star, 0))
    boxes = _boxes(figure)
    for i, box in enumerate(boxes):
        assert box.x0 >= 0
        assert box.x1 <= figure.bbox.x1
        assert not any(box.overlaps(other) for other in boxes[i + 1 :])
    (legend,) = (legend.get_window_extent() for legend in figure.legends)
    assert legend.x0 >= 0
    assert legend.x1 <= figure.bbox.x1
    assert not any(legend.overlaps(text.get_window_extent()) for text in figure.texts)
    plt.close(figure)


def test_the_solid_map_says_from_which_side_it_is_seen(library):
    import matplotlib.pyplot as plt

    figure = figures.draw_3d(library, flat(library, 3))
    left, right = figure.axes
    assert [axes.get_title() for axes in (left, right)] == ["from the left", "from the right"]
    # The azimuth grows as the eye moves against the clock, seen from above: from left to right.
    assert left.azim < right.azim
    plt.close(figure)


def test_a_song_has_the_name_that_lists_have_for_it(library):
    """A title that is not part of the name would be of another song; case and accents do not matter."""
    library.columns["song_name"][:3] = ["Trunc - cut", "01 chaos god", "Muldjord - Chaos God"]
    library.columns["title"][:3] = ["Chaos God"] * 3
    assert words.short_names(library)[:3] == ["cut", "Chaos God", "Chaos God"]
    assert map_pages.song_facts(library)["title"][0] == "cut"


def test_known_genres_and_songs_are_labelled_in_the_picture(library):
    import matplotlib.pyplot as plt

    figure = figures.draw_2d(library, flat(library))
    written = {text.get_text() for text in figure.axes[0].texts}
    titles = {shorten(clean(title), 32) for title in library.titles}
    assert {"TRANCE", "ITALODANCE"} < written <= {"TRANCE", "ITALODANCE", *titles}
    plt.close(figure)


@pytest.mark.parametrize(("n_songs", "says"), [(4, False), (6, False), (7, True)])
def test_a_map_does_not_boast_of_what_cannot_be_otherwise(n_songs, says):
    """Of six songs, the five nearest of each are all others, on any map."""
    made = Projection(np.zeros((n_songs, 2)), UMAP, np.ones(n_songs), 0.9, n_songs)
    assert bool(words.keeps(made)) == ("paler" in words.describe(made)) == says
    assert f"{min(6, n_songs - 2)} neighbours" in words.describe(made)
