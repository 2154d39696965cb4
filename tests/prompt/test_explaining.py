from __future__ import annotations

import json

import pytest

from common import charts

SONG = "trance artist 1 - song 001"


@pytest.mark.parametrize(
    "words",
    [
        ("compare", SONG, "italodance artist 2 - song 002"),
        ("compare", f"{SONG} | italodance artist 2 - song 002"),
        ("compare", *SONG.split(), "|", *["italodance", "artist", "2", "-", "song", "002"]),
    ],
)
def test_compare_adds_up(run, paths, words):
    answer = json.loads(run(*words, "--json")[1])
    assert answer["other"]["song_name"] == "Italodance Artist 2 - Song 002"
    assert sum(answer["contributions"].values()) == pytest.approx(answer["similarity"], abs=1e-6)
    assert answer["tempo"]
    assert answer["key"]
    assert not list(paths.outputs.glob("plots/*"))


def test_compare_prints_reasons_and_draws_them(run, paths):
    code, out, err = run("compare", SONG, "italodance artist 2 - song 002")
    assert code == 0
    assert "% of 91 pairs" in out
    for word in ("timbre", "harmony", "mel", "sum", "both", "A, not B", "tempo", "key"):
        assert any(line.startswith(word) for line in out.splitlines())
    (chart,) = paths.outputs.glob("plots/compare_*.png")
    assert str(chart) in err


def test_every_space_has_a_chart_of_its_own_that_names_it(run, paths):
    found = []
    for space in ("balanced", "standard"):
        _, _, err = run("compare", SONG, "italodance artist 2 - song 002", "--space", space)
        (chart,) = (file for file in paths.outputs.glob("plots/compare_*.png") if str(file) in err)
        assert charts.png_title(chart).endswith(f"[{space}]")
        found.append(chart)
    assert len(set(found)) == 2


def test_why_explains_the_nth_neighbour(run):
    second = json.loads(run("search", SONG, "--json")[1])["results"][1]
    answer = json.loads(run("why", SONG, "2", "--json")[1])
    assert answer["other"]["file_path"] == second["file_path"]
    assert answer["similarity"] == second["similarity"]
