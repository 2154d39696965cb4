from __future__ import annotations

import numpy as np
import pytest

from common.search import space as space_module
from common.search.nearest import nearest
from common.search.spaces import SPACES, build

UNTRAINED = sorted(set(SPACES) - {"classifier"})


@pytest.fixture(params=UNTRAINED)
def space_name(request) -> str:
    return request.param


def test_a_large_library_lives_in_a_file_that_is_made_once(make_library, monkeypatch, capsys, space_name):
    paths, library = make_library({"A": 20, "B": 15})
    small = build(space_name, library, paths)
    assert not paths.space(space_name).exists()
    monkeypatch.setattr(space_module, "MATRIX_LIMIT_MB", 0)
    monkeypatch.setattr(space_module, "CHUNK", 8)
    first, again = build(space_name, library, paths), build(space_name, library, paths)
    assert capsys.readouterr().err.count("once") == 1
    assert isinstance(again.rows.base, np.memmap)
    for song in range(35):
        assert nearest(first, song, 6) == nearest(again, song, 6)
        expected = nearest(small, song, 6)
        assert [match.row for match in nearest(again, song, 6)] == [match.row for match in expected]
        assert [m.score for m in nearest(again, song, 6)] == pytest.approx([m.score for m in expected])
    assert again.contributions(3, 30) == pytest.approx(small.contributions(3, 30), abs=1e-9)


@pytest.mark.parametrize("harm", ["other songs", "damaged transform", "no rows"])
def test_a_stale_or_damaged_file_is_made_anew(make_library, monkeypatch, capsys, harm):
    paths, library = make_library({"A": 20, "B": 15})
    monkeypatch.setattr(space_module, "MATRIX_LIMIT_MB", 0)
    build("balanced", library, paths)
    if harm == "other songs":
        paths, library = make_library({"A": 20, "B": 15}, seed=1)
    elif harm == "damaged transform":
        paths.space("balanced").with_suffix(".npz").write_bytes(b"PK nonsense")
    else:
        paths.space("balanced").unlink()
    capsys.readouterr()
    space = build("balanced", library, paths)
    assert "once" in capsys.readouterr().err
    assert np.allclose(space.rows, build("balanced", library).rows, atol=1e-6)


def test_a_folder_that_cannot_be_written_is_no_obstacle(make_library, monkeypatch, capsys):
    paths, library = make_library({"A": 20, "B": 15})
    monkeypatch.setattr(space_module, "MATRIX_LIMIT_MB", 0)
    paths.space("x").parent.write_text("a file where the folder should be")
    assert len(build("balanced", library, paths)) == 35
    assert "cannot be kept" in capsys.readouterr().err
