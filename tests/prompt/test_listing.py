from __future__ import annotations

import csv
import importlib
import json
from dataclasses import replace

import pytest

from common.prompt.commands import COMMANDS
from common.search.spaces import SPACES
from common.text import display_width

stage4 = importlib.import_module("04_similarity_search")


def test_help_fits_the_terminal(run, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    _, narrow, _ = run("help")
    assert max(map(len, narrow.splitlines())) <= 80
    monkeypatch.setenv("COLUMNS", "200")
    _, wide, _ = run("help")
    assert narrow.split() == wide.split()
    assert len(wide.splitlines()) < len(narrow.splitlines())


def test_help_tells_what_one_command_takes(run):
    code, out, _ = run("help", "shuffle")
    assert code == 0
    assert "--seed" in out
    assert "shuffle GENRE|all" in out
    assert json.loads(run("help", "why", "--json")[1])["command"] == "why [SONG] N"
    code, _, err = run("help", "serch")
    assert (code, err) == (1, "error: no command is called 'serch'; did you mean: help search?\n")


def test_list_is_by_genre(run):
    assert run("list", "trance")[1].count("Trance Artist") == 6
    everything = json.loads(run("list", "--json")[1])
    assert [song["genre"] for song in everything] == ["ITALODANCE"] * 7 + ["SOLO"] + ["TRANCE"] * 6
    code, _, err = run("list", "polka")
    assert code == 1
    assert err == "error: no genre is called 'polka'; there are ITALODANCE, SOLO, TRANCE\n"


def test_songs_without_a_genre_are_called_so_everywhere_at_the_prompt(make_library, capsys):
    paths, _ = make_library({"TRANCE": 3, "UNKNOWN": 2})
    folders = ["--data", str(paths.data), "--outputs", str(paths.outputs)]

    def told(*words: str) -> str:
        code = stage4.main([*folders, *words])
        told = "".join(capsys.readouterr())
        assert (code, "UNKNOWN" in told) == (0, False)
        return told

    assert told("list").count("without a genre") == 2
    assert "5 songs in 1 genre and without one" in told("list")
    assert "2 songs without a genre" in told("list", "without a genre")
    assert told("search", "unknown artist 1", "-n", "2").startswith(
        "Unknown Artist 1 - Song 001 (without a genre, "
    )
    assert told("shuffle", "unknown").startswith("shuffle without a genre")
    capsys.readouterr()
    assert stage4.main([*folders, "list", "--json"]) == 0
    assert capsys.readouterr().out.count('"genre": "UNKNOWN"') == 2


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


@pytest.fixture
def own_space(monkeypatch):
    """A space that came from the songs' genres, as the classifier's does, without a model to train."""
    monkeypatch.setitem(SPACES, "classifier", replace(SPACES["classifier"], make=SPACES["standard"].make))


@pytest.mark.usefixtures("own_space")
def test_a_space_that_was_made_from_genres_says_that_it_is_circular(run, say_lines):
    for words in (["genres"], ["clusters"]):
        assert "circular" not in "".join(run(*words)[1:])
        assert run(*words, "--space", "classifier")[2].startswith("circular: ")
    _, _, err = say_lines("spaces", "spaces classifier")
    assert err.count("circular: ") == 1


@pytest.mark.usefixtures("own_space")
def test_every_space_has_files_of_its_own(run, paths):
    run("genres")
    usual = {file: file.read_bytes() for file in paths.outputs.glob("*/genre_similarity*")}
    assert len(usual) == 3
    code, out, err = run("genres", "--space", "classifier")
    assert (code, "[classifier]" in out) == (0, True)
    assert {file: file.read_bytes() for file in usual} == usual
    for file in (
        paths.plot("genre_similarity_classifier"),
        paths.report("genre_similarity_classifier.csv"),
        paths.report("genre_similarity_matrix_classifier.csv"),
    ):
        assert file.exists()
        assert str(file) in err
    assert {row["space"] for row in json.loads(run("genres", "--json", "--space", "classifier")[1])} == {
        "classifier"
    }


def test_spaces_and_help_need_no_library(tmp_path, capsys):
    nowhere = ["--data", str(tmp_path / "none")]
    assert stage4.main([*nowhere, "spaces"]) == stage4.main([*nowhere, "help"]) == 0
    assert stage4.main([*nowhere, "quit"]) == 0
    out = capsys.readouterr().out
    assert "balanced" in out
    assert all(command.usage in out for command in COMMANDS)


def test_clusters_are_told_for_all_songs_and_every_genre(run):

    code, out, _ = run("clusters", "--json")
    assert code == 0
    told = json.loads(out)
    assert told[0]["genre"] is None
    assert {"genre", "songs", "stability", "clusters"} == set(told[0])
    code, out, _ = run("clusters")
    assert code == 0
    assert "across" in out


@pytest.mark.parametrize("width", [60, 80])
def test_tables_fit_the_terminal(run, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    for words in (["spaces"], ["compare", "trance artist 1 - song 001", "solo"], ["list"], ["genres"]):
        lines = run(*words)[1].splitlines()
        rule = next(place for place, line in enumerate(lines) if line.startswith("─"))
        end = next((place for place, line in enumerate(lines) if line.startswith("of a song's")), None)
        assert [line for line in lines[rule - 1 : end] if display_width(line) > width] == []


def test_a_list_needs_no_more_than_a_number_a_name_and_a_key(run, monkeypatch):
    monkeypatch.setenv("COLUMNS", "36")
    head, _, *rows = run("list")[1].splitlines()
    assert head.split() == ["#", "song", "key"]
    assert max(map(display_width, rows)) <= 36
