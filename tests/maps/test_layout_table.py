"""The table of a layout is read back as it was written, and a damaged one is none."""

import numpy as np
import pytest

from common.files import write_text
from common.maps.layout_table import read_layout, write_layout

FILES = ['/music/a, "b".mp3', "/music/ほし\x07.mp3", "/music/c.mp3"]


@pytest.mark.parametrize("dimensions", [2, 3])
def test_a_layout_is_read_back_for_the_songs_it_had(tmp_path, dimensions):
    places = np.random.default_rng(0).normal(size=(3, dimensions)).round(4)
    path = write_layout(tmp_path / "map.csv", FILES, places, np.array([0.2, 1.0, 0.6]), 7)
    assert (
        path.read_text(encoding="utf-8-sig").splitlines()[0]
        == "file_path," + "xyz"[:dimensions].replace("", ",").strip(",") + ",kept"
    )
    found = read_layout(path, [FILES[1], "/music/new.mp3", FILES[0]], dimensions)
    assert found.is_known.tolist() == [True, False, True]
    np.testing.assert_array_equal(found.coordinates[[0, 2]], places[[1, 0]])
    np.testing.assert_array_equal(found.kept[[0, 2]], [1.0, 0.2])
    assert found.version == 7


@pytest.mark.parametrize(
    "told",
    [None, "", "7", "[]", "[" * 100_000, '{"version": 7}', '{"version": 7, "table": "another"}'],
)
def test_a_table_that_nothing_speaks_of_is_of_no_version(tmp_path, told):
    path = write_layout(tmp_path / "map.csv", FILES, np.eye(3)[:, :2], np.ones(3), 7)
    if told is None:
        (tmp_path / ".map.json").unlink()
    else:
        write_text(tmp_path / ".map.json", told)
    found = read_layout(path, FILES, 2)
    assert found.is_known.all()
    assert found.version is None


def test_a_version_that_is_no_number_is_none(tmp_path):
    path = write_layout(tmp_path / "map.csv", FILES, np.eye(3)[:, :2], np.ones(3), 7)
    told = (tmp_path / ".map.json").read_text(encoding="utf-8")
    write_text(tmp_path / ".map.json", told.replace("7", "Infinity", 1))
    assert read_layout(path, FILES, 2).version is None


def test_a_table_that_was_changed_is_of_no_version(tmp_path):
    path = write_layout(tmp_path / "map.csv", FILES, np.eye(3)[:, :2], np.ones(3), 7)
    write_text(path, path.read_text(encoding="utf-8-sig").replace("0.0", "0.5"))
    assert read_layout(path, FILES, 2).version is None


@pytest.mark.parametrize(
    "content", [None, "", "file_path,x,y\na,1,2\n", "file_path,x,y,kept\na,1,two,3\n", "\0"]
)
def test_what_is_no_layout_is_none(tmp_path, content):
    if content is not None:
        write_text(tmp_path / "map.csv", content)
    found = read_layout(tmp_path / "map.csv", ["a"], 2)
    assert found is None or not found.is_known.any()


def test_places_that_mean_nothing_are_no_earlier_layout(tmp_path):
    path = write_layout(tmp_path / "map.csv", FILES, np.zeros((3, 2)), None, 7)
    assert read_layout(path, FILES, 2) is None
