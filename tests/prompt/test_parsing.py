from __future__ import annotations

import importlib
import json

import pytest

from common.prompt import parsing
from common.prompt.commands import COMMANDS, markdown_table, near_command

stage4 = importlib.import_module("04_similarity_search")
GENRES = {"ITALODANCE": 7, "TRANCE": 6, "SOLO": 1}

SONG = "trance artist 1 - song 001"


def test_words_need_no_quotes_and_options_stand_anywhere(run):
    answers = [
        run("search", SONG, "-n", "2", "--json"),
        run("search", *SONG.split(), "-n", "2", "--json"),
        run("search", "--json", "trance", "-n", "2", "artist 1", "song 001"),
        run(*SONG.split(), "-n", "2", "--json"),
    ]
    assert len({answer[1] for answer in answers}) == 1
    assert {answer[0] for answer in answers} == {0}


@pytest.mark.parametrize("words", [["spaces", "->"], ["spaces", "--", "-x"], ["quit", "->"]])
def test_what_is_wrong_is_told_as_it_was_typed(run, say_lines, words, capsys):
    _, _, err = say_lines(" ".join(words))
    with pytest.raises(SystemExit):
        run(*words)
    for told in (err, capsys.readouterr().err):
        assert words[-1] in told
        assert "x00" not in told
        assert "\0" not in told


def test_folders_may_follow_the_command(make_library, capsys):
    paths, _ = make_library(GENRES)
    words = ["search", SONG, "--json", "--data", str(paths.data), "--outputs", str(paths.outputs)]
    assert stage4.main(words) == 0
    assert json.loads(capsys.readouterr().out)["results"]


def test_the_space_may_stand_before_or_after_and_the_last_counts(run):
    assert json.loads(run("--space", "standard", "search", SONG, "--json")[1])["space"] == "standard"
    found = run("--space", "standard", "search", SONG, "--json", "--space", "balanced")
    assert json.loads(found[1])["space"] == "balanced"


@pytest.mark.parametrize(
    "words",
    [
        ("search", "x", "-n", "0"),
        ("search", "x", "-n", "many"),
        ("diverse", "x", "--diversity", "2"),
        ("search", "x", "--same-genre", "--other-genre"),
        ("search", "x", "--nonsense"),
        ("search", "x", "--space", "outer"),
        ("--space", "outer", "list"),
        ("--nonsense",),
        ("genres", "too", "many"),
        ("search", "x", "--bpm", "fast"),
        ("search", "x", "--duration", "4:00-2:00"),
        ("search", "x", "--per-artist", "0"),
        ("set", "--energy", "sideways"),
        ("shuffle", "all", "--seed", "x"),
    ],
)
def test_wrong_usage_is_2(run, words):
    with pytest.raises(SystemExit) as left:
        run(*words)
    assert left.value.code == 2


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("search crying in the rain -n 5", ["search", "crying", "in", "the", "rain", "-n", "5"]),
        ('search "crying in the rain"', ["search", "crying in the rain"]),
        ("search don't stop 'til", ["search", "don't", "stop", "'til"]),
        ("search rock 'n' roll", ["search", "rock", "n", "roll"]),
        ('search 12" mix', ["search", '12"', "mix"]),
        ("  ", []),
    ],
)
def test_lines_are_split_as_people_write_them(line, words):
    assert parsing.split(line) == words


def test_the_readme_table_escapes_bars():
    table = markdown_table(COMMANDS)
    assert "`compare A \\| B`" in table
    assert table.count("\n") == len(COMMANDS) + 1


@pytest.mark.parametrize(
    ("word", "meant"),
    [("serch", "search"), ("comapre", "compare"), ("wy", "why"), ("sets", "set"), ("exti", "quit"),
     ("love", None), ("search", None), ("exit", None), ("", None)],
)  # fmt: skip
def test_a_mistyped_word_is_near_its_command(word, meant):
    near = near_command(word)
    assert (near and near.name) == meant


def test_wrong_usage_of_a_mistyped_command_says_what_was_meant(run, capsys):
    with pytest.raises(SystemExit) as left:
        run("serch", "--nonsense")
    assert left.value.code == 2
    assert "did you mean: search --nonsense?" in capsys.readouterr().err
