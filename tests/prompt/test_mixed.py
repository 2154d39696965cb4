"""Searches for several songs at once, as people write them."""

from __future__ import annotations

import json

import pytest

ONE, TWO, THREE = "trance artist 1 - song 001", "italodance artist 2 - song 002", "solo artist 1 - song 001"


def names(songs: list[dict]) -> list[str]:
    return [song["song_name"] for song in songs]


def test_plus_and_minus_stand_between_songs_and_in_titles(run):
    found = json.loads(run("search", f"{ONE} + {TWO} - {THREE}", "--json")[1])
    assert [song["sign"] for song in found["query"]] == [1, 1, -1]
    expected = ["Trance Artist 1 - Song 001", "Italodance Artist 2 - Song 002", "Solo Artist 1 - Song 001"]
    assert names(found["query"]) == expected
    assert not set(expected) & set(names(found["results"]))
    for result in found["results"]:
        assert sum(result["parts"]) == pytest.approx(result["similarity"], abs=1e-6)
    words = f"{ONE} + {TWO} - {THREE}".split()
    assert json.loads(run("search", *words, "--json")[1]) == found


def test_an_artist_and_a_part_of_a_title_are_one_song(run):
    assert (
        json.loads(run("search", "solo - song", "--json")[1])["song"]["song_name"]
        == "Solo Artist 1 - Song 001"
    )


def test_a_song_less_itself_is_one_line(run):
    for text in (f"{ONE} - {ONE}", f"{THREE} - solo"):
        code, out, err = run("search", text)
        assert (code, out) == (1, "")
        assert err == "error: these songs cancel out, so that nothing is asked for\n"


def test_why_shows_what_each_song_and_group_adds(run):
    text = f"{ONE} + {TWO} - {THREE}"
    second = json.loads(run("search", text, "--json")[1])["results"][1]
    why = json.loads(run("why", text, "2", "--json")[1])
    assert why["other"]["file_path"] == second["file_path"]
    assert why["similarity"] == pytest.approx(second["similarity"])
    sums = [sum(of_song.values()) for of_song in why["contributions"]]
    assert sums == pytest.approx(second["parts"], abs=1e-6)
    out = run("why", text, "2")[1]
    total = next(line for line in out.splitlines() if line.startswith("sum")).split()[1:]
    assert [float(value) for value in total] == pytest.approx([*sums, why["similarity"]], abs=6e-4)


def test_like_and_less_refine_what_was_asked_for(say_lines):
    _, out, err = say_lines(f"{ONE} --json", "like 1 2 --json", "less 3 --json", "why 1 --json")
    decoder, documents = json.JSONDecoder(), []
    while out.strip():
        document, end = decoder.raw_decode(out.lstrip())
        documents.append(document)
        out = out.lstrip()[end:]
    first, liked, lessened, why = documents
    assert names(liked["query"]) == ["Trance Artist 1 - Song 001", *names(first["results"][:2])]
    assert names(lessened["query"]) == [*names(liked["query"]), names(liked["results"])[2]]
    assert [song["sign"] for song in lessened["query"]] == [1, 1, 1, -1]
    assert why["similarity"] == pytest.approx(lessened["results"][0]["similarity"])
    assert "error" not in err


def test_a_refined_search_keeps_its_filters(say_lines):
    """Genre and artists stay through two refinements; a genre of one's own takes the place of the other."""
    _, out, err = say_lines(
        f"search {ONE} --same-genre --per-artist 1 --json", "like 1 --json", "less 2 -n 3 --json",
        "like 1 --other-genre --json", f"search {ONE} --json", "like 1 --json",
    )  # fmt: skip
    decoder, found = json.JSONDecoder(), []
    while out.strip():
        document, end = decoder.raw_decode(out.lstrip())
        found.append([song["genre"] for song in document["results"]])
        out = out.lstrip()[end:]
    narrowed, other, wide = found[:3], found[3], found[5]
    assert all(set(genres) == {"TRANCE"} for genres in narrowed)
    assert "TRANCE" not in other
    assert len(set(wide)) > 1
    assert "error" not in err


def test_numbers_are_mixed_at_the_prompt(say_lines):
    _, out, _ = say_lines(f"{ONE} --json", "search 1 + 2 - 3 --json")
    decoder = json.JSONDecoder()
    first, end = decoder.raw_decode(out)
    second, _ = decoder.raw_decode(out[end:].lstrip())
    assert names(second["query"]) == names(first["results"][:3])


def test_there_is_nothing_to_refine_before_a_search(run):
    code, _, err = run("like", "1")
    assert (code, err.count("\n")) == (1, 1)
    assert "there is no search to refine" in err
