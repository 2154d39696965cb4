from __future__ import annotations

import json
import re

import pytest
from printed import json_documents

SONG = "trance artist 1 - song 001"

OTHER = "italodance artist 2 - song 002"


@pytest.mark.parametrize(
    "words",
    [
        ("playlist", f"{SONG} -> {OTHER}", "-n", "5"),
        ("playlist", f"{SONG} -> {OTHER} 5"),
        ("playlist", *SONG.split(), "->", *OTHER.split(), "5"),
        ("playlist", SONG, OTHER, "-n", "5"),
        ("playlist", f"{SONG} | {OTHER}", "-n", "5", "--per-artist", "2"),
        ("playlist", f"{SONG} → {OTHER}", "-n", "5"),
    ],
)
def test_a_playlist_is_asked_for_in_many_ways(run, words):
    found = json.loads(run(*words, "--json")[1])
    assert len(found["songs"]) == 5
    assert found["songs"][0]["song_name"] == "Trance Artist 1 - Song 001"
    assert found["songs"][-1]["song_name"] == "Italodance Artist 2 - Song 002"
    assert found["songs"][0]["step"] is None
    assert all(song["step"]["words"] for song in found["songs"][1:])


@pytest.mark.parametrize("line", ["playlist 1 -> 2", "playlist 1 → 2 -n 10", "playlist 1 | 2 10"])
def test_numbers_of_songs_that_were_listed_are_the_ends_of_a_playlist(say_lines, line):
    code, out, err = say_lines("list italodance", line)
    assert (code, "error" in err) == (0, False)
    assert out.count("Italodance Artist 1 - Song 001") >= 2


def test_a_title_may_end_in_a_number(run):
    found = json.loads(run("playlist", f"{SONG} -> solo artist 1", "--json")[1])
    assert found["songs"][-1]["song_name"] == "Solo Artist 1 - Song 001"
    assert len(found["songs"]) == 10


@pytest.mark.parametrize(
    "words",
    [
        ("playlist", f"{SONG} -> {OTHER}"),
        ("radio", SONG, "-n", "5"),
        ("shuffle", "trance"),
        ("shuffle", "all", "--seed", "3"),
        ("set", "-n", "4", "--energy", "down"),
        ("search", SONG, "--save", "like it"),
        ("list", "trance", "--save", "all of it"),
    ],
)
def test_orders_are_printed_with_reasons_and_written(run, paths, words):
    code, out, err = run(*words, "-v")
    assert code == 0
    (written,) = paths.outputs.glob("playlists/*.m3u8")
    assert str(written) in err
    assert written.with_suffix(".json").exists()
    assert written.with_suffix(".csv").exists()
    files = [line for line in written.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    shown = [line.strip() for line in out.splitlines() if line.strip() in files]
    assert files == shown
    if words[0] not in ("search", "list"):
        assert "roughness" in out
        assert "energy" in out


def test_json_writes_nothing(run, paths):
    for words in (["radio", SONG], ["shuffle", "all"], ["set"], ["search", SONG]):
        assert json.loads(run(*words, "--json")[1])
    assert not paths.outputs.exists()


def test_relative_paths_lead_from_the_playlist_to_the_music(run, paths):
    run("shuffle", "trance", "--relative")
    (written,) = paths.outputs.glob("playlists/*.m3u8")
    lines = [line for line in written.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    assert all(line.startswith("../../data/raw/TRANCE/") for line in lines)


def test_the_radio_goes_on_at_the_prompt_until_all_is_played(say_lines, paths):
    code, out, err = say_lines(f"radio {SONG} -n 6 -v", "radio -n 6 -v", "radio -n 6 -v", "radio")
    assert code == 0
    assert "error: the radio has played every song" in err
    (written,) = paths.outputs.glob("playlists/*.m3u8")
    files = [line for line in written.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    assert len(files) == len(set(files)) == 14
    assert all(out.count(file) == 1 for file in files)


def test_a_radio_that_goes_on_counts_on(say_lines):
    _, out, err = say_lines(f"radio {SONG} -n 3", "radio -n 3")
    numbers = [line.split()[0] for line in out.splitlines() if line[:2].strip().isdecimal()]
    assert numbers == ["1", "2", "3", "4", "5", "6"]
    said = max(int(number) for number in re.findall(r"into song (\d+)", out + err))
    assert 1 < said <= 6
    _, out, _ = say_lines(f"radio {SONG} -n 3 --json", "radio -n 3 --json", "search 5 --json")
    _, heard, found = json_documents(out)
    assert found["song"]["file_path"] == heard["songs"][4]["file_path"]


def test_steps_between_strangers_are_told(run):
    words = ("playlist", f"{SONG} -> {OTHER}", "-n", "3")
    songs = json.loads(run(*words, "--json")[1])["songs"]
    percentiles = [song["step"]["percentile"] for song in songs[1:]]
    assert min(percentiles) < 50
    worst = percentiles.index(min(percentiles)) + 2
    _, _, err = run(*words)
    below = sum(percentile < 50 for percentile in percentiles)
    assert f"{below} of 2 steps below 50%: the step into song {worst} is more alike than only" in err
    assert "below 50%" not in run("set", "trance", "-n", "2")[2]
