"""Words on a printed map cover neither points nor each other where there is room."""

import itertools

import numpy as np
import pytest

from common import charts
from common.maps.labels import MOST_NAMED, find_room, label_songs, number_neighbours, write_near
from common.maps.selection import Star


@pytest.fixture
def axes():
    import matplotlib.pyplot as plt

    with charts.style():
        figure = plt.figure(figsize=(6, 6))
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set(xlim=(0, 1), ylim=(0, 1))
        yield axes
    plt.close(figure)


def hidden(axes, box, points):
    pixels = axes.transData.transform(points)
    return np.all((pixels > box.min) & (pixels < box.max), axis=1).sum()


def test_a_word_goes_where_no_point_is(axes):
    # A wall of points on every side but the lower left one.
    angles = np.linspace(-0.4 * np.pi, 0.9 * np.pi, 40)
    wall = 0.5 + 0.05 * np.column_stack([np.cos(angles), np.sin(angles)])
    box = write_near(find_room(axes, wall), "start", np.array([[0.5, 0.5]]), always=True, fontsize=11)
    assert hidden(axes, box, wall) == 0
    assert box.x0 < axes.transData.transform((0.5, 0.5))[0]


@pytest.mark.parametrize("corner", list(itertools.product((0.01, 0.99), repeat=2)))
def test_a_word_stays_in_the_picture(axes, corner):
    box = write_near(find_room(axes, np.empty((0, 2))), "end", np.array([corner]), fontsize=11)
    assert axes.bbox.x0 <= box.x0
    assert box.x1 <= axes.bbox.x1
    assert axes.bbox.y0 <= box.y0
    assert box.y1 <= axes.bbox.y1


def test_a_word_without_room_is_left_out_or_written_where_it_hides_least(axes):
    full = np.stack(np.meshgrid(*[np.linspace(0, 1, 60)] * 2), axis=-1).reshape(-1, 2)
    room, middle = find_room(axes, full), np.array([[0.5, 0.5]])
    assert write_near(room, "no room", middle, fontsize=11) is None
    assert not axes.texts
    assert write_near(room, "start", middle, always=True, fontsize=11) is not None
    assert [text.get_text() for text in axes.texts] == ["start"]


def test_neighbours_are_numbered_apart_from_each_other_and_from_all_songs(axes):
    places = np.random.default_rng(0).uniform(0.1, 0.9, (40, 2))
    number_neighbours(axes, Star(places[0], "a song", 0), places, [3, 1, 4, 15, 9])
    assert [text.get_text() for text in axes.texts] == ["1", "2", "3", "4", "5"]
    boxes = [text.get_window_extent() for text in axes.texts]
    assert not any(one.overlaps(other) for one, other in itertools.combinations(boxes, 2))
    assert sum(hidden(axes, box, places) for box in boxes) == 0
    assert len(axes.lines) == 5


def test_a_number_that_lies_nearer_to_another_song_is_led_to_its_own(axes):
    spot = np.array([[0.5, 0.5]])
    wall = spot + 0.02 * np.stack(np.meshgrid([-2, -1, 0, 1, 2], [-2, -1, 0, 1, 2]), axis=-1).reshape(-1, 2)
    number_neighbours(axes, Star(np.array([0.1, 0.1]), "song"), wall, [12])
    (box,) = (text.get_window_extent() for text in axes.texts)
    places = axes.transData.transform(wall)
    apart = np.linalg.norm(np.clip(places, box.min, box.max) - places, axis=1)
    assert apart.argmin() != 12
    assert len(axes.lines) == 2  # from the star, and from the number


def test_songs_are_named_beside_them_and_the_star_is_not(axes):
    places = np.stack(np.meshgrid(*[np.linspace(0.15, 0.85, 4)] * 2), axis=-1).reshape(-1, 2)
    star = Star(places[5], "song 5", 5)
    label_songs(find_room(axes, places, star), [f"song {row}" for row in range(16)], places, star)
    assert {text.get_text() for text in axes.texts} == {f"song {row}" for row in range(16)} - {"song 5"}
    boxes = [text.get_window_extent() for text in axes.texts]
    assert sum(hidden(axes, box, places) for box in boxes) == 0
    assert not axes.lines  # beside its song a name needs no line to it


def test_names_without_room_and_those_of_many_songs_are_left_out(axes):
    close = 0.5 + np.random.default_rng(0).normal(scale=0.01, size=(30, 2))
    label_songs(find_room(axes, close), [f"a song with a long name {row}" for row in range(30)], close)
    assert 0 < len(axes.texts) < 30
    many = np.random.default_rng(0).uniform(size=(MOST_NAMED + 1, 2))
    before = len(axes.texts)
    label_songs(find_room(axes, many), ["song"] * len(many), many)
    assert len(axes.texts) == before
