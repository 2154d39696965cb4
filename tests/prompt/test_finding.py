from __future__ import annotations

import importlib
import json
import re
import shlex
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import percentileofscore

from common.library import load
from common.paths import Paths
from common.prompt.finding import SearchAnswer
from common.search.distribution import SimilarityDistribution
from common.search.nearest import Match
from common.search.query import Query
from common.search.spaces import build
from common.text import display_width

stage4 = importlib.import_module("04_similarity_search")
GENRES = {"ITALODANCE": 7, "TRANCE": 6, "SOLO": 1}

SONG = "trance artist 1 - song 001"


def test_search_numbers_the_results_and_prints_their_files(run, paths):
    code, out, err = run("search", SONG, "-n", "3", "-v")
    assert code == 0
    assert "TRANCE" in out.splitlines()[0]
    assert [line.split()[0] for line in out.splitlines()[3:-1:2]] == ["1", "2", "3"]
    files = [line.strip() for line in out.splitlines()[4:-1:2]]
    assert all(file.startswith(str(paths.raw)) and file.endswith(".mp3") for file in files)
    next_line = f"next: python 04_similarity_search.py --data {paths.data} --outputs {paths.outputs} compare "
    assert err.splitlines()[-1].startswith(next_line)


def test_the_suggested_command_compares_with_the_nearest_song_found(run):
    found = ("search", SONG, "-n", "2", "--other-genre")
    nearest, _ = json.loads(run(*found, "--json")[1])["results"]
    words = shlex.split(run(*found)[2].strip().partition(".py ")[2])
    other = json.loads(run(*words, "--json")[1])["other"]
    assert other["genre"] != "TRANCE"
    assert other["file_path"] == nearest["file_path"]


def test_a_long_path_is_printed_whole(make_library, capsys):
    paths, made = make_library({"GENRE WITH A NAME " * 6: 3})
    assert stage4.main(["--data", str(paths.data), "--outputs", str(paths.outputs), "001", "-v"]) == 0
    out = capsys.readouterr().out
    assert all(f"   {path}\n" in out for path in made.paths[1:])


def test_search_as_json(run):
    code, out, _ = run("search", SONG, "-n", "4", "--json")
    answer = json.loads(out)
    assert code == 0
    assert answer["song"]["song_name"] == "Trance Artist 1 - Song 001"
    assert answer["space"] == "balanced"
    assert [result["rank"] for result in answer["results"]] == [1, 2, 3, 4]
    scores = [result["similarity"] for result in answer["results"]]
    assert scores == sorted(scores, reverse=True)
    assert all(Path(result["file_path"]).is_absolute() for result in answer["results"])


@pytest.mark.parametrize("command", ["search", "diverse"])
@pytest.mark.parametrize(
    ("flag", "fits"),
    [
        ("--same-genre", lambda song: song["genre"] == "TRANCE"),
        ("--other-genre", lambda song: song["genre"] != "TRANCE"),
        ("--other-artist", lambda song: song["artist"] != "Trance Artist 1"),
        ("--other-album", lambda song: song["album"] != "Trance Artist 1, the album"),
    ],
)
def test_filters(run, command, flag, fits):
    everything = json.loads(run(command, SONG, "-n", "99", "--json")[1])["results"]
    filtered = json.loads(run(command, SONG, "-n", "99", "--json", flag)[1])["results"]
    assert len(everything) == sum(GENRES.values()) - 1
    assert {song["file_path"] for song in filtered} == {s["file_path"] for s in everything if fits(s)}


def test_filters_that_nothing_passes_find_nothing_in_text_as_in_json(run):
    code, out, err = run("search", "solo artist", "--same-genre", "--save", "none")
    assert code == 0
    assert out.endswith("no other song passes these filters\n")
    assert err.startswith("next: ")
    code, out, _ = run("search", "solo artist", "--same-genre", "--json")
    assert (code, json.loads(out)["results"]) == (0, [])


def test_diverse_at_0_is_search(run):
    nearest = json.loads(run("search", SONG, "--json")[1])["results"]
    assert json.loads(run("diverse", SONG, "--json", "--diversity", "0")[1])["results"] == nearest
    assert json.loads(run("diverse", SONG, "--json", "--diversity", "1")[1])["results"] != nearest


def test_filters_reach_the_search(run):
    def names(*words: str) -> list[dict]:
        return json.loads(run("search", SONG, "-n", "20", *words, "--json")[1])["results"]

    assert len(names()) == 13
    assert {song["artist"] for song in names("--other-artist")} == {song["artist"] for song in names()} - {
        "Trance Artist 1"
    }
    assert all(61 <= song["duration"] <= 63 for song in names("--duration", "1:01-1:03"))
    artists = [song["artist"] for song in names("--per-artist", "1")]
    assert len(artists) == len(set(artists)) == 7


def test_every_result_stands_among_all_pairs(run, folders):
    results = json.loads(run("search", SONG, "-n", "13", "--json")[1])["results"]
    library = load(Paths(folders[1], folders[3]))
    rows = {path: row for row, path in enumerate(library.paths)}
    space = build("balanced", library)
    cosine = space.rows.astype(float) @ space.rows.T.astype(float)
    every = cosine[np.triu_indices(14, 1)]
    asked = library.find(SONG)
    for result in results:
        score = cosine[asked, rows[result["file_path"]]]
        assert result["percentile"] == pytest.approx(percentileofscore(every, score, "mean"), abs=100 / 91)
    shares = [line.split()[2].rstrip("%") for line in run("search", SONG, "-n", "13")[1].splitlines()[3:-1]]
    assert [float(share) for share in shares] == pytest.approx([r["percentile"] for r in results], abs=0.11)


def test_one_line_per_song_fits_a_terminal(run, monkeypatch):
    for width in (80, 120):
        monkeypatch.setenv("COLUMNS", str(width))
        for command in (["search", SONG], ["diverse", SONG], ["radio", SONG], ["list"]):
            lines = run(*command)[1].splitlines()
            numbered = [line for line in lines if re.match(r" ?\d+  ", line)]
            assert len(numbered) in (10, 14)
            assert [line for line in numbered if display_width(line) > width] == []
            whole = not any("…" in line for line in numbered)
            assert whole or (width == 80 and command[0] in ("diverse", "radio"))
            assert width == 80 or " time " in lines[0] + lines[1]


def test_it_says_so_when_even_the_best_is_not_alike(run):
    _, out, err = run("search", SONG, "--other-genre", "-n", "2")
    assert "not alike: even the best has a similarity below 0, -" in err
    found = json.loads(run("search", "italodance artist 1 - song 001", "--json")[1])["results"]
    assert found[0]["percentile"] > 90
    assert "not alike" not in run("search", "italodance artist 1 - song 001")[2]
    assert "not alike" not in out


@pytest.mark.parametrize(("best", "told"), [(0.3, ["55.0%"]), (0.9, [])])
def test_what_is_more_alike_than_few_pairs_is_said_to_be_so(best, told):
    space = SimpleNamespace(distribution=SimilarityDistribution(np.linspace(-0.5, 0.9, 20)))
    found = SearchAnswer(space, Query((0,), (1,)), (), [Match(1, best), Match(2, 0.1)]).warnings()
    assert found == [f"not alike: even the best is more alike than only {share} of pairs" for share in told]
