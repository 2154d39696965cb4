from __future__ import annotations

import importlib
import json
import shlex
from pathlib import Path

import pytest

stage4 = importlib.import_module("04_similarity_search")
GENRES = {"ITALODANCE": 7, "TRANCE": 6, "SOLO": 1}

SONG = "trance artist 1 - song 001"


def test_search_numbers_the_results_and_prints_their_files(run, paths):
    code, out, err = run("search", SONG, "-n", "3")
    assert code == 0
    assert "TRANCE" in out.splitlines()[0]
    assert [line.split()[0] for line in out.splitlines()[3::2]] == ["1", "2", "3"]
    files = [line.strip() for line in out.splitlines()[4::2]]
    assert all(file.startswith(str(paths.raw)) and file.endswith(".mp3") for file in files)
    next_line = f"next: python 04_similarity_search.py --data {paths.data} --outputs {paths.outputs} compare "
    assert err.startswith(next_line)


def test_the_suggested_command_works(run):
    _, _, err = run("search", SONG, "-n", "2", "--other-genre")
    words = shlex.split(err.strip().partition(".py ")[2])
    other = json.loads(run(*words, "--json")[1])["other"]
    assert other["genre"] != "TRANCE"


def test_a_long_path_is_printed_whole(make_library, capsys):
    paths, made = make_library({"GENRE WITH A NAME " * 6: 3})
    assert stage4.main(["--data", str(paths.data), "--outputs", str(paths.outputs), "001"]) == 0
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


def test_filters_nothing_passes_are_an_error(run):
    code, _, err = run("search", "solo artist", "--same-genre")
    assert (code, err) == (1, "error: no other song passes these filters\n")


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
