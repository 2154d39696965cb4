from __future__ import annotations

import csv
import importlib
import json

from common.prompt.commands import COMMANDS

stage4 = importlib.import_module("04_similarity_search")


def test_help_fits_the_terminal(run, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    _, narrow, _ = run("help")
    assert max(map(len, narrow.splitlines())) <= 80
    monkeypatch.setenv("COLUMNS", "200")
    _, wide, _ = run("help")
    assert narrow.split() == wide.split()
    assert len(wide.splitlines()) < len(narrow.splitlines())


def test_list_is_by_genre(run):
    assert run("list", "trance")[1].count("Trance Artist") == 6
    everything = json.loads(run("list", "--json")[1])
    assert [song["genre"] for song in everything] == ["ITALODANCE"] * 7 + ["SOLO"] + ["TRANCE"] * 6
    code, _, err = run("list", "polka")
    assert code == 1
    assert err == "error: no genre is called 'polka'; there are ITALODANCE, SOLO, TRANCE\n"


def test_genres_are_measured_and_written(run, paths):
    code, out, _ = run("genres")
    assert code == 0
    assert "by chance" in out
    with paths.report("genre_similarity.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["genre"] for row in rows] == ["ITALODANCE", "SOLO", "TRANCE"]
    assert float(rows[0]["inside"]) > float(rows[0]["outside"])
    assert rows[1]["inside"] == ""
    assert paths.report("genre_similarity_matrix.csv").exists()
    assert paths.plot("genre_similarity").stat().st_size > 10_000


def test_spaces_and_help_need_no_library(tmp_path, capsys):
    nowhere = ["--data", str(tmp_path / "none")]
    assert stage4.main([*nowhere, "spaces"]) == stage4.main([*nowhere, "help"]) == 0
    assert stage4.main([*nowhere, "quit"]) == 0
    out = capsys.readouterr().out
    assert "balanced" in out
    assert all(command.usage in out for command in COMMANDS)


def test_clusters_are_told_for_all_songs_and_every_genre(run):
    import json

    code, out, _ = run("clusters", "--json")
    assert code == 0
    told = json.loads(out)
    assert told[0]["genre"] is None
    assert {"genre", "songs", "stability", "clusters"} == set(told[0])
    code, out, _ = run("clusters")
    assert code == 0
    assert "across" in out
