from __future__ import annotations

import json

import pytest
from printed import json_documents

from common.prompt import session

SONG = "trance artist 1 - song 001"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("search",), "which song?"),
        (("search", "xyzzyx"), "no song is called 'xyzzyx'"),
        (("search", "trance artst 1 - song 001"), "did you mean: Trance Artist 1 - Song 001"),
        (("search", "trance artist 1"), "could be 2 songs"),
        (("search", "3"), "could be"),
        (("compare", "one two three"), "which two songs? Write A | B, not 'one two three'"),
        (("compare", SONG, SONG), "these are the same"),
        (("why", "3"), "write its number after a search, or SONG"),
        (("why", SONG, "99"), "there are only 13 other songs; write 1 to 13"),
        (("serch", "xyzzyx"), "'serch' is no command (did you mean: search xyzzyx?), and no song is called"),
        (("genrs",), "did you mean: genres?"),
        (("search", SONG, "--space", "classifier"), "run: python 03_genre_classifier.py --data /"),
        (("playlist", f"{SONG} -> {SONG}"), "these are the same"),
        (("playlist", SONG), f"which two songs? Write A -> B, not '{SONG}'"),
        (("playlist", SONG, "italodance artist 2 - song 002", "-n", "1"), "a path has at least 2 songs"),
        (("playlist", f"{SONG} -> italodance artist 2 - song 002 1"), "a path has at least 2 songs"),
        (("radio",), "which song does the radio start from?"),
        (("shuffle", "polka"), "no genre is called 'polka'"),
        (("set", "--bpm", "999-1000"), "no song has a tempo in this range"),
        (("save",), "nothing was listed yet"),
        (("play",), "No playlist was written yet"),
        (("open",), "No playlist was written yet"),
        (("like", "1"), "do so at the prompt, or write search A + B - C"),
        (("less",), "do so at the prompt, or write search A + B - C"),
        (("cues", "77"), "no song is called '77'; a number stands for a song at the prompt only"),
        (("play", SONG), "no longer there"),
    ],
)
def test_what_cannot_be_done_is_one_line(run, words, message):
    code, out, err = run(*words)
    assert (code, out) == (1, "")
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert message.lower() in err.lower()


def test_the_range_of_results_is_named(say_lines):
    _, _, err = say_lines(f"search {SONG} -n 4", "why 99", "why 0", "why 5")
    assert err.count("the last search lists 1 to 4") == 3


def test_like_and_less_take_the_numbers_of_results(say_lines):
    _, _, err = say_lines("less 1", f"search {SONG} -n 4", "like", "like 99", "less 5", "cues 99")
    assert err.splitlines()[1:] == [
        "error: there is no search to refine by the number of a result; search first",
        "error: write the number of a result; the last search lists 1 to 4",
        "error: there is no result 99; the last search lists 1 to 4",
        "error: there is no result 5; the last search lists 1 to 4",
        "error: no song is called '99'; the last list has the numbers 1 to 4",
    ]


HUGE = "9" * 5000
"""More digits than Python reads as a number."""


def test_a_number_of_thousands_of_digits_is_one_that_no_song_has(say_lines):
    numbers = [
        f"like {HUGE}",
        f"why {HUGE}",
        f"open {HUGE}",
        f"cues {SONG} #{HUGE}",
        f"compare {HUGE} | 1",
        HUGE,
    ]
    lines = [f"search {SONG} -n 4", *numbers, f"why {SONG} {HUGE}", "trance artist 1", HUGE]
    code, _, err = say_lines(*lines)
    assert code == 0
    told = err.splitlines()[1:]
    assert len(told) == 9
    assert [line.partition(HUGE)[0] for line in told[:6]] == [
        "error: there is no result ",
        "error: there is no result ",
        "error: no song is called '",
        f"error: no song is called '{SONG} #",
        "error: no song is called '",
        "error: no song is called '",
    ]
    assert told[6] == "error: there are only 13 other songs; write 1 to 13"


@pytest.mark.parametrize("words", [("search", SONG, "-n", HUGE), ("search", SONG, "-n", "0" * 5000 + "99")])
def test_as_many_songs_as_there_are_is_all_of_them(run, words):
    assert json.loads(run(*words, "--json")[1])["results"][12:]


def test_what_was_listed_after_a_search_is_nothing_to_refine(say_lines):
    _, _, err = say_lines(f"search {SONG} -n 4", "trance artist 1", "like 1", "list", "less 1")
    told = "error: the last list is of no search, so there is none to refine; search again"
    assert err.splitlines().count(told) == 2


def test_a_search_that_found_nothing_has_no_results_to_name(say_lines):
    _, _, err = say_lines("search solo artist --same-genre", "like", "less 1", "why 1")
    assert [line.partition("; ")[2] for line in err.splitlines()[1:]] == ["the last search found none"] * 3


def test_a_bar_without_a_first_song_compares_with_the_song_asked_for(say_lines):
    lines = [
        f"search {SONG}",
        "compare | italodance artist 2 - song 002 --json",
        "compare | 1 --json",
        "compare 1 --json",
    ]
    _, out, err = say_lines(*lines)
    by_name, by_number, by_bare_number = json_documents(out[out.index("{") :])
    assert by_name["one"]["song_name"] == "Trance Artist 1 - Song 001"
    assert by_name["other"]["song_name"] == "Italodance Artist 2 - Song 002"
    assert by_number == by_bare_number
    assert by_number["one"] == by_name["one"] != by_number["other"]
    assert "error" not in err


def test_a_bar_without_a_first_song_needs_a_search_before_it(say_lines):
    _, _, err = say_lines("list", "compare | italodance artist 2 - song 002")
    assert "error: which two songs? Write A | B" in err


def test_a_candidate_is_chosen_by_its_number_on_a_command_line(run):
    found = json.loads(run("search", "trance artist 1 #2", "--json")[1])
    assert found["song"]["song_name"] == "Trance Artist 1 - Song 004"


def test_an_offer_says_how_many_more_songs_a_text_may_mean(say_lines, monkeypatch):
    monkeypatch.setattr(session, "MOST_OFFERED", 3)
    _, out, err = say_lines("compare trance artist | 1", "search trance artist 1", "trance artist")
    assert len(out.splitlines()) == 2 + 3 + 2 + 2 + 2 + 3
    assert err.splitlines()[1:] == [
        "error: 'trance artist' could be 6 songs, of which these are the first; "
        "type its number, or more of its name",
        "error: 'trance artist 1' could be any of these; type its number",
        "error: 'trance artist' could be 6 songs, of which these are the first; "
        "type its number, or more of its name",
    ]
