from __future__ import annotations

import json

from printed import json_documents

from common.prompt import parsing, player
from common.prompt.commands import COMMANDS

SONG = "trance artist 1 - song 001"


def test_numbers_stand_for_songs_that_were_listed(say_lines):
    code, out, err = say_lines(f"{SONG} --json -n 3", "2 --json", "why 1 --json", "quit", "list")
    first, second, why = json_documents(out)
    assert (code, err.count("\n")) == (0, 1)
    assert second["song"] == {
        key: value
        for key, value in first["results"][1].items()
        if key not in ("rank", "similarity", "percentile")
    }
    assert why["one"] == {key: value for key, value in second["song"].items() if key != "copies"}
    assert why["similarity"] == second["results"][0]["similarity"]


def test_an_error_never_ends_the_prompt(say_lines):
    code, out, err = say_lines(
        "",
        "xyzzyx",
        "why 3",
        "search -n 0 x",
        "search --nonsense",
        'search "open quote',
        "compare a",
        "list solo",
    )
    assert code == 0
    assert "Solo Artist 1" in out
    assert err.count("error: ") == 6


def test_an_ambiguous_title_offers_numbers(say_lines):
    code, out, err = say_lines("trance artist 1", "2 --json")
    assert code == 0
    assert "type its number" in err
    assert json.loads(out[out.index("{") :])["song"]["song_name"] == "Trance Artist 1 - Song 004"


def test_a_number_after_an_offer_completes_the_line(say_lines):
    """The mixture and the pair that were asked for, and the numbers in them, are what they were."""
    mixture, two = "1 - 2 + trance artist 1 -n 1 --json", f"compare {SONG} | trance artist 1 --json"
    code, out, err = say_lines(f"{SONG} -n 3 --json", mixture, "2", two, "2")
    documents = "\n".join(line for line in out.splitlines() if line[:1] in {" ", "{", "}"})
    first, mixed, pair = json_documents(documents)
    found = [result["song_name"] for result in first["results"]]
    asked = [(song["sign"], song["song_name"]) for song in mixed["query"]]
    assert asked == [(1, found[0]), (-1, found[1]), (1, "Trance Artist 1 - Song 004")]
    assert pair["one"]["song_name"].casefold() == SONG
    assert pair["other"]["song_name"] == "Trance Artist 1 - Song 004"
    assert (code, err.count("type its number")) == (0, 2)


def test_every_command_of_the_table_runs_at_the_prompt(say_lines, monkeypatch):
    monkeypatch.setattr(player, "play", lambda path: f"played {path.name}")
    monkeypatch.setattr(player, "show", lambda path: f"showed {path.name}")
    lines = [
        SONG,
        "diverse 1",
        "like 2",
        "less 3",
        f"compare 1 | {SONG}",
        "why 2",
        "list",
        "genres",
        "clusters",
        "cues 1",
        "match --help",  # there is no sound to measure
        "versions --help",  # and none was kept
        "identify --help",
        f"playlist {SONG} -> italodance artist 2 - song 002 3",
        "radio 1 -n 2",
        "shuffle trance",
        "set --energy down -n 3",
        "save",
        "play",
        "open 1",
        "spaces standard",
        "help",
        "quit",
    ]
    names = [parsing.pick(line.split())[0].name for line in lines]
    assert sorted(names) == sorted(command.name for command in COMMANDS)
    code, _, err = say_lines(*lines)
    assert code == 0
    assert "error" not in err


def test_changing_the_space_lasts(say_lines):
    _, out, _ = say_lines("spaces standard", f"search {SONG} --json")
    assert json.loads(out[out.index("{") :])["space"] == "standard"


def test_help_of_a_command_does_not_leave(say_lines):
    code, out, _ = say_lines("search --help", "list solo")
    assert code == 0
    assert "--same-genre" in out
    assert "Solo Artist 1" in out


def test_exit_leaves_and_a_title_that_begins_so_is_a_title(say_lines):
    code, out, err = say_lines("exit music", "exit", "list")
    assert (code, out) == (0, "")
    assert "no song is called 'exit music'" in err


def test_a_mistyped_command_is_recognised_and_does_not_hide_a_title(say_lines):
    _, out, err = say_lines(f"serch {SONG}", "serch --nonsense", "lst", "solo --json")
    errors = [line for line in err.splitlines() if line.startswith("error: ")]
    assert f"(did you mean: search {SONG}?)" in errors[0]
    assert errors[1] == "error: unrecognized arguments: --nonsense; did you mean: search --nonsense?"
    assert "did you mean: list?" in errors[2]
    assert json.loads(out)["song"]["song_name"] == "Solo Artist 1 - Song 001"
