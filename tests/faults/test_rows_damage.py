"""Rows of large libraries are those of their songs, whatever became of the files they lie in."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import numpy as np
import pytest
from faults.damage import DAMAGES

from common.search import space as space_module
from common.search.spaces import build

HEADERS = {
    "another shape": lambda content: content.replace(b"(35, ", b"(34, ", 1),
    "a giant shape": lambda content: content.replace(b"(35, 641)", b"(99999, 9)", 1),
    "another type": lambda content: content.replace(b"<f4", b"<i4", 1),
    "by columns": lambda content: content.replace(b"False", b"True ", 1),
    "no header": lambda content: content[128:],
}


@pytest.fixture
def rows_kept(make_library, monkeypatch):
    """A library with its rows in a file, and a copy of that folder."""
    monkeypatch.setattr(space_module, "MATRIX_LIMIT_MB", 0)
    monkeypatch.setattr(space_module, "CHUNK", 8)
    paths, library = make_library({"A": 20, "B": 15})
    build("balanced", library, paths)
    folder = paths.space("balanced").parent
    shutil.copytree(folder, folder.with_name("copy"))
    return paths, library, folder.with_name("copy")


def attack(rows_kept, ending: str, damage, capsys: pytest.CaptureFixture) -> None:
    paths, library, copy = rows_kept
    for path in copy.iterdir():
        shutil.copy(path, paths.space("balanced").parent / path.name)
    path = paths.space("balanced").with_suffix(ending)
    whole = path.read_bytes()
    damage(path)
    changed = not path.exists() or path.read_bytes() != whole
    capsys.readouterr()
    expected = build("balanced", library)
    rows = build("balanced", library, paths).rows
    np.testing.assert_array_equal(np.asarray(rows), expected.rows)
    said = capsys.readouterr().err
    if ending == ".npy" and changed:
        assert "is missing or damaged, so it is made anew" in said
    build("balanced", library, paths)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("ending", [".npy", ".npz"])
@pytest.mark.parametrize("name", DAMAGES)
def test_damage_is_made_good(rows_kept, capsys, name, ending):
    rng = random.Random(name + ending)
    for _ in range(2):
        attack(rows_kept, ending, lambda path: DAMAGES[name](path, rng), capsys)


@pytest.mark.parametrize("name", HEADERS)
def test_other_headers_are_made_good(rows_kept, capsys, name):
    def damage(path: Path) -> None:
        path.write_bytes(HEADERS[name](path.read_bytes()))

    attack(rows_kept, ".npy", damage, capsys)


def test_rows_belong_to_the_songs_in_memory(rows_kept, make_library):
    """A library that was loaded before another was saved keeps its own rows, and spoils none."""
    paths, library, _ = rows_kept
    _, other = make_library({"A": 20, "B": 15}, seed=1)
    for one in (library, other, library):
        rows = np.asarray(build("balanced", one, paths).rows)
        np.testing.assert_array_equal(rows, build("balanced", one).rows)
