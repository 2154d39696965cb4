from __future__ import annotations

import csv
import importlib
import io
import json
import os
import shlex
import subprocess
import sys
import time
from pathlib import Path

import pytest
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document

from common.paths import Paths
from common.prompt import loop, player
from common.prompt.completion import LineCompleter, best_matches
from common.text import fold

stage4 = importlib.import_module("04_similarity_search")
SCRIPT = Path(stage4.__file__)

GENRES = {"ITALODANCE": 7, "TRANCE": 6, "SOLO": 1}


@pytest.fixture
def folders(make_library) -> list[str]:
    paths, _ = make_library(GENRES)
    return ["--data", str(paths.data), "--outputs", str(paths.outputs)]


@pytest.fixture
def run(folders, capsys):
    """Run one command; give its exit code, stdout and stderr."""

    def call(*words: str) -> tuple[int, str, str]:
        code = stage4.main([*folders, *words])
        return (code, *capsys.readouterr())

    return call


@pytest.fixture
def say_lines(folders, capsys, monkeypatch):
    """Pipe lines into the prompt; give its exit code, stdout and stderr."""

    def call(*lines: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{line}\n" for line in lines)))
        code = stage4.main(folders)
        return (code, *capsys.readouterr())

    return call


SONG = "trance artist 1 - song 001"


# --- one-shot ----------------------------------------------------------------------------------------


def test_search_numbers_the_results_and_prints_their_files(run, paths):
    code, out, err = run("search", SONG, "-n", "3")
    assert code == 0
    assert "TRANCE" in out.splitlines()[0]
    assert [line.split()[0] for line in out.splitlines()[3::2]] == ["1", "2", "3"]
    files = [line.strip() for line in out.splitlines()[4::2]]
    assert all(file.startswith(str(paths.raw)) and file.endswith(".mp3") for file in files)
    assert err.strip().startswith("next: python 04_similarity_search.py compare")


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


def test_words_need_no_quotes_and_options_stand_anywhere(run):
    answers = [
        run("search", SONG, "-n", "2", "--json"),
        run("search", *SONG.split(), "-n", "2", "--json"),
        run("search", "--json", "trance", "-n", "2", "artist 1", "song 001"),
        run(*SONG.split(), "-n", "2", "--json"),
    ]
    assert len({answer[1] for answer in answers}) == 1
    assert {answer[0] for answer in answers} == {0}


def test_folders_may_follow_the_command(make_library, capsys):
    paths, _ = make_library(GENRES)
    words = ["search", SONG, "--json", "--data", str(paths.data), "--outputs", str(paths.outputs)]
    assert stage4.main(words) == 0
    assert json.loads(capsys.readouterr().out)["results"]


def test_the_space_may_stand_before_or_after_and_the_last_counts(run):
    assert json.loads(run("--space", "standard", "search", SONG, "--json")[1])["space"] == "standard"
    found = run("--space", "standard", "search", SONG, "--json", "--space", "balanced")
    assert json.loads(found[1])["space"] == "balanced"


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


def test_why_explains_the_nth_neighbour(run):
    second = json.loads(run("search", SONG, "--json")[1])["results"][1]
    answer = json.loads(run("why", SONG, "2", "--json")[1])
    assert answer["other"]["file_path"] == second["file_path"]
    assert answer["similarity"] == second["similarity"]


def test_list_is_by_genre(run):
    assert run("list", "trance")[1].count("Trance Artist") == 2 * 6
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
    assert all(command.usage in out for command in stage4.COMMANDS)


# --- songs outside the library -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def heard(tmp_path_factory):
    """A library of five real sounds, and a copy of one of them outside it."""
    import shutil

    import numpy as np
    import soundfile

    from common import audio, features, library

    folder = tmp_path_factory.mktemp("heard")
    rng, rate = np.random.default_rng(0), 22_050
    time = np.arange(3 * rate) / rate
    columns, rows = {name: [] for name in library.COLUMNS}, []
    for number in range(5):
        tones = sum(np.sin(2 * np.pi * 220 * 2 ** (k / 12) * time) for k in rng.integers(0, 24, 3))
        samples = 0.1 * tones * (1 + np.sin(2 * np.pi * (number + 1) * time)) + 0.01 * rng.normal(
            size=len(time)
        )
        path = folder / "music" / f"sound {number}.wav"
        path.parent.mkdir(exist_ok=True)
        soundfile.write(path, samples, rate)
        sound = audio.load(path)
        rows.append(features.extract(sound.samples))
        facts = {"song_name": path.stem, "file_path": str(path), "genre": "A", "duration": sound.duration,
                 "sample_rate": rate, "channels": 1}  # fmt: skip
        for name in library.COLUMNS:
            columns[name].append(facts.get(name))
    paths = Paths(folder / "data", folder / "outputs")
    library.save(paths, library.Library(np.array(rows), columns), {"versions": {}, "songs": {}})
    outside = folder / "other name.wav"
    shutil.copy(folder / "music" / "sound 2.wav", outside)
    return ["--data", str(paths.data), "--outputs", str(paths.outputs)], outside


def test_a_file_outside_is_searched_as_if_it_were_inside(heard, capsys):
    folders, outside = heard

    def results(*words: str) -> dict:
        assert stage4.main([*folders, *words, "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    inside, from_file = results("search", "sound 2"), results("search", str(outside))
    assert from_file["song"]["copies"] == [inside["song"]["file_path"]]
    assert [r["file_path"] for r in from_file["results"]] == [r["file_path"] for r in inside["results"]]
    assert [r["similarity"] for r in from_file["results"]] == pytest.approx(
        [r["similarity"] for r in inside["results"]], abs=1e-6
    )
    why = results("compare", f"{outside} | sound 0")
    known = results("compare", "sound 2 | sound 0")
    assert why["contributions"] == pytest.approx(known["contributions"], abs=1e-6)
    assert why["both"] == known["both"]


def test_a_guest_stays_for_the_session_and_no_longer(heard, capsys, monkeypatch):
    folders, outside = heard
    lines = [str(outside), "why 1", "other name", "diverse other name -n 2", "radio other name -n 3", "list"]
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n".join(lines)))
    assert stage4.main(folders) == 0
    out, err = capsys.readouterr()
    assert "error" not in err
    assert err.count("listening to") == 1
    assert "not in the library" in out
    assert "5 songs in 1 genre" in err
    assert stage4.main([*folders, "search", "other name"]) == 1


def test_a_file_that_is_no_song_is_one_line(heard, capsys, tmp_path):
    folders, _ = heard
    (tmp_path / "x.mp3").write_bytes(b"nonsense" * 1000)
    assert stage4.main([*folders, "search", str(tmp_path / "x.mp3")]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines()[-1].startswith("error: ")


# --- listening ---------------------------------------------------------------------------------------

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
    code, out, err = run(*words)
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
    code, out, err = say_lines(f"radio {SONG} -n 6", "radio -n 6", "radio -n 6", "radio")
    assert code == 0
    assert "error: the radio has played every song" in err
    (written,) = paths.outputs.glob("playlists/*.m3u8")
    files = [line for line in written.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    assert len(files) == len(set(files)) == 14
    assert all(out.count(file) == 1 for file in files)


@pytest.mark.parametrize(
    ("lines", "played"),
    [
        ((SONG, "play 2", "open 2"), "result"),
        ((f"radio {SONG} -n 3", "play", "open"), "playlist"),
        ((SONG, "save my list", "play", "open"), "playlist"),
    ],
)
def test_play_and_open_take_a_result_or_the_playlist(say_lines, paths, monkeypatch, lines, played):
    asked = []
    monkeypatch.setattr(player, "play", lambda path: asked.append(path) or "played")
    monkeypatch.setattr(player, "show", lambda path: asked.append(path) or "showed")
    _, out, err = say_lines(*lines)
    assert "error" not in err
    assert out.endswith("played\nshowed\n")
    assert asked[0] == asked[1]
    assert asked[0].suffix == (".mp3" if played == "result" else ".m3u8")


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


# --- mistakes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [(), ("search", "x"), ("genres",)])
def test_a_missing_library_names_the_script_that_makes_it(tmp_path, capsys, words):
    assert stage4.main(["--data", str(tmp_path), *words]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert "run: python 01_feature_extraction.py" in err


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
    ("words", "message"),
    [
        (("search",), "which song?"),
        (("search", "xyzzyx"), "no song is called 'xyzzyx'"),
        (("search", "trance artst 1 - song 001"), "did you mean: Trance Artist 1 - Song 001"),
        (("search", "trance artist 1"), "could be 2 songs"),
        (("search", "3"), "could be"),
        (("compare", "one two three"), "which two songs?"),
        (("why", "3"), "write its number after a search, or SONG"),
        (("why", SONG, "99"), "there are only 13 other songs"),
        (("search", SONG, "--space", "classifier"), "run: python 03_genre_classifier.py"),
        (("playlist", f"{SONG} -> {SONG}"), "these are the same"),
        (("playlist", SONG), "which two songs?"),
        (("radio",), "which song does the radio start from?"),
        (("shuffle", "polka"), "no genre is called 'polka'"),
        (("set", "--bpm", "999-1000"), "no song has a tempo in this range"),
        (("save",), "nothing was listed yet"),
        (("play",), "which song?"),
        (("play", SONG), "no longer there"),
    ],
)
def test_what_cannot_be_done_is_one_line(run, words, message):
    code, out, err = run(*words)
    assert (code, out) == (1, "")
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert message.lower() in err.lower()


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_small_libraries_give_a_result_or_one_sentence(make_library, capsys, size):
    paths, made = make_library({"TRANCE": size})
    folders = ["--data", str(paths.data), "--outputs", str(paths.outputs)]
    first, last = made.names[0], made.names[-1]
    for words in (["search", first], ["diverse", first], ["compare", first, last], ["genres"], ["list"]):
        code = stage4.main([*folders, *words])
        out, err = capsys.readouterr()
        assert out if code == 0 else err.startswith("error: ") and err.count("\n") == 1
        assert code == (1 if size == 1 and words != ["list"] else 0)


# --- the prompt --------------------------------------------------------------------------------------


def test_numbers_stand_for_songs_that_were_listed(say_lines):
    code, out, err = say_lines(f"{SONG} --json -n 3", "2 --json", "why 1 --json", "quit", "list")
    first, second, why = _json_documents(out)
    assert (code, err.count("\n")) == (0, 1)
    assert second["song"] == {
        key: value for key, value in first["results"][1].items() if key not in ("rank", "similarity")
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


def test_every_command_of_the_table_runs_at_the_prompt(say_lines, monkeypatch):
    monkeypatch.setattr(player, "play", lambda path: f"played {path.name}")
    monkeypatch.setattr(player, "show", lambda path: f"showed {path.name}")
    lines = [
        SONG,
        "diverse 1",
        f"compare 1 | {SONG}",
        "why 2",
        "list",
        "genres",
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
    names = [loop.pick(stage4.COMMANDS, line.split())[0].name for line in lines]
    assert sorted(names) == sorted(command.name for command in stage4.COMMANDS)
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


def _json_documents(text: str) -> list:
    decoder, found = json.JSONDecoder(), []
    while text.strip():
        document, end = decoder.raw_decode(text.lstrip())
        found.append(document)
        text = text.lstrip()[end:]
    return found


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
    assert loop.split(line) == words


def test_the_readme_table_escapes_bars():
    table = loop.markdown_table(stage4.COMMANDS)
    assert "`compare A \\| B`" in table
    assert table.count("\n") == len(stage4.COMMANDS) + 1


# --- completion --------------------------------------------------------------------------------------

TITLES = ["Crying in the Rain", "The Rain Song", "Café del Mar", "Train of Thought", "list of demands"]


@pytest.fixture
def complete():
    completer = LineCompleter(stage4.COMMANDS, {"songs": lambda: TITLES, "genres": lambda: ["TRANCE"]})

    def lines(text: str) -> list[str]:
        found = completer.get_completions(Document(text), CompleteEvent())
        return [text[: len(text) + one.start_position] + one.text for one in found]

    return lines


def test_titles_are_matched_in_their_middle_best_first():
    folded = [fold(title) for title in TITLES]
    assert best_matches("rain", TITLES, folded) == ["Crying in the Rain", "The Rain Song", "Train of Thought"]
    assert best_matches("THE RAIN", TITLES, folded)[0] == "The Rain Song"
    assert best_matches("rain crying", TITLES, folded) == ["Crying in the Rain"]
    assert best_matches("cafe", TITLES, folded) == ["Café del Mar"]
    assert best_matches("cfdm", TITLES, folded) == ["Café del Mar"]
    assert best_matches("(", TITLES, folded) == []
    assert best_matches("", TITLES, folded, most=2) == TITLES[:2]


def test_completion_of_commands_titles_options_and_genres(complete):
    assert complete("se") == ["search", "set"]
    assert complete("crying i") == ["Crying in the Rain"]
    assert complete("search crying i") == ["search Crying in the Rain"]
    assert complete("diverse del") == ["diverse Café del Mar"]
    assert complete("playlist Café del Mar -> thought") == ["playlist Café del Mar -> Train of Thought"]
    assert complete("compare Café del Mar | thought") == ["compare Café del Mar | Train of Thought"]
    assert complete("search Café del Mar --same") == [
        "search Café del Mar --same-genre",
        "search Café del Mar --same-tempo",
    ]
    assert complete("list tr") == ["list TRANCE"]
    assert complete("genres x") == []
    assert {command.name for command in stage4.COMMANDS} == set(complete(""))


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_the_prompt_on_a_terminal(folders, tmp_path):
    """Type, complete, clear with Ctrl-C, leave with Ctrl-D; the next run remembers what was typed."""
    state = tmp_path / "state"
    with Terminal([*folders], state) as terminal:
        terminal.wait_for("type part of a title")
        terminal.type("solo art")
        terminal.wait_for("Solo Artist 1 - Song 001")
        terminal.type("\t\r")
        terminal.wait_for("ITALODANCE")
        terminal.wait_for("diverse SONG")
        terminal.type("nonsense nobody wants")
        terminal.wait_for("wants")
        terminal.type("\x03")
        terminal.wait_for("♪")
        terminal.type("xyzzyx\r")
        terminal.wait_for("no song is called 'xyzzyx'")
        terminal.wait_for("♪")
        terminal.type("\x04")
        assert terminal.exit_code() == 0
    (history,) = state.rglob("history")
    assert "+Solo Artist 1 - Song 001" in history.read_text(encoding="utf-8")
    assert "nonsense" not in history.read_text(encoding="utf-8")
    with Terminal([*folders], state) as terminal:
        terminal.wait_for("diverse SONG")
        terminal.type("\x1b[A\x1b[A\r")
        terminal.wait_for("ITALODANCE")
        terminal.wait_for("♪")
        terminal.type("\x04")
        assert terminal.exit_code() == 0
        assert "type part of a title" not in terminal.seen


class Terminal:
    """The script on a pseudo-terminal."""

    def __init__(self, words: list[str], state: Path) -> None:
        import pty
        import termios

        self._end, end = pty.openpty()
        termios.tcsetwinsize(end, (50, 120))
        environment = {**os.environ, "TERM": "xterm", "XDG_STATE_HOME": str(state), "HOME": str(state)}
        self._process = subprocess.Popen(
            [sys.executable, str(SCRIPT), *words], stdin=end, stdout=end, stderr=end, env=environment,
            start_new_session=True,
        )  # fmt: skip
        os.close(end)
        self.seen = ""
        self._fresh = ""

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._end)

    def type(self, keys: str) -> None:
        os.write(self._end, keys.encode())

    def wait_for(self, text: str, seconds: float = 30) -> None:
        """Read until a text appears that was not there when it was last waited for."""
        until = time.monotonic() + seconds
        while text not in self._fresh:
            assert time.monotonic() < until, f"{text!r} did not appear in {self._fresh!r}"
            assert self._read(0.1) or self._process.poll() is None, self._fresh
        self._fresh = self._fresh.partition(text)[2]

    def exit_code(self, seconds: float = 30) -> int:
        until = time.monotonic() + seconds
        while self._process.poll() is None and time.monotonic() < until:
            self._read(0.1)
        return self._process.wait(timeout=1)

    def _read(self, seconds: float) -> bool:
        import select

        if not select.select([self._end], [], [], seconds)[0]:
            return False
        try:
            text = os.read(self._end, 65536).decode("utf-8", "replace")
        except OSError:  # the other end is closed
            return False
        # Answer the question for the cursor's position, as a terminal does.
        if "\x1b[6n" in text:
            os.write(self._end, b"\x1b[1;1R")
        self.seen += text
        self._fresh += text
        return True


# --- as a command ------------------------------------------------------------------------------------


def test_help_imports_nothing_heavy(tmp_path):
    code = (
        "import sys, importlib, runpy\n"
        f"sys.argv = ['04_similarity_search.py', '--help']\n"
        f"try: runpy.run_path({str(SCRIPT)!r}, run_name='__main__')\n"
        "except SystemExit as left: assert left.code == 0\n"
        "heavy = {'numpy', 'matplotlib', 'prompt_toolkit', 'pandas', 'plotly'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    environment = {**os.environ, "PYTHONPATH": str(SCRIPT.parent)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert all(command.usage in done.stdout for command in stage4.COMMANDS)


def test_it_runs_as_a_command_from_another_directory(folders, tmp_path):
    command = [sys.executable, str(SCRIPT), "search", SONG, "-n", "1", *folders]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0
    assert "TRANCE" in done.stdout
