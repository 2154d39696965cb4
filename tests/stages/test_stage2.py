"""Stage 2 as a command: what it writes, what it says, and how it fails."""

import csv
import importlib
import json
import re

import numpy as np
import pytest
import soundfile

from common import features
from common.layout import N_FEATURES
from common.library import Library, save
from common.maps.layout_table import write_layout
from common.maps.projection import MAP_VERSION, kept_share
from common.maps.selection import choose_shown
from common.paths import SEARCH, TRAIN, Paths

pytestmark = pytest.mark.slow

stage = importlib.import_module("02_embedding_journey")


def folders(paths: Paths) -> list[str]:
    return ["--data", str(paths.data), "--outputs", str(paths.outputs)]


def write_song(path, seconds=4.0, frequency=330.0):
    path.parent.mkdir(parents=True, exist_ok=True)
    time = np.arange(int(seconds * 22_050)) / 22_050
    samples = 0.3 * np.sin(2 * np.pi * frequency * time) * (time % 0.5 < 0.3)
    soundfile.write(path, samples.astype(np.float32), 22_050, subtype="FLOAT")
    return samples.astype(np.float32)


def written(paths: Paths) -> set[str]:
    return {path.name for path in paths.outputs.rglob("*") if path.is_file()}


MAPS = {
    *("map_2d.png", "map_3d.png", "map_2d.html", "map_3d.html", "map_2d.csv", "map_3d.csv"),
    *(".map_2d.json", ".map_3d.json"),
    *("plotly.min.js", "index.html", "songs.csv", "songs.html", "overview.txt", "contents.png"),
}


@pytest.mark.parametrize("n_songs", [1, 5])
def test_maps_are_made_even_when_no_file_is_left(make_library, capsys, n_songs):
    paths, _ = make_library({"TRANCE": n_songs})
    assert stage.main(folders(paths)) == 0
    assert written(paths) == MAPS
    out, err = capsys.readouterr()
    assert str(paths.gallery) in out
    assert "no file of the library's songs exists" in err
    assert err.strip().splitlines()[-1].endswith(paths.command(SEARCH))  # one genre is none to learn


def test_a_song_of_the_library_equals_its_stored_row(make_library, capsys):
    paths, library = make_library({"TRANCE": 4, "ITALODANCE": 3})
    path = paths.raw / "TRANCE" / "a.wav"
    library.embeddings[1] = features.extract(write_song(path))
    library.columns["file_path"][1] = str(path)
    save(paths, library, {})
    assert stage.main([*folders(paths), "--song", library.names[1]]) == 0
    name = library.names[1].replace(" ", "_")
    assert written(paths) == MAPS | {
        *(f"journey_{name}.png", f"three_perspectives_{name}.png"),
        *(f"journey_map_{name}.png", f"journey_{name}.html", "names.json", ".names.lock"),
    }
    assert "the embedding equals the stored row" in capsys.readouterr().err


def test_a_file_outside_the_library_is_measured_and_placed(make_library, tmp_path, capsys):
    paths, _ = make_library({"TRANCE": 6})
    path = tmp_path / "mine.wav"
    write_song(path)
    assert stage.main([*folders(paths), "--song", str(path)]) == 0
    assert "not in the library" in capsys.readouterr().err
    for name in ("map_2d", "map_3d"):
        page = paths.html(name).read_text(encoding="utf-8")
        assert '"own":6,"star":6' in page
        assert '"../../"' in page
        assert ',"mine.wav"]' in page


def test_the_default_song_is_the_most_typical_one_with_a_file(make_library, capsys):
    paths, library = make_library({"TRANCE": 5})
    path = paths.raw / "a.wav"
    library.embeddings[2] = features.extract(write_song(path))
    library.columns["file_path"][2] = str(path)
    save(paths, library, {})
    assert stage.main(folders(paths)) == 0
    assert f"journey of the most typical song: {library.names[2]}" in capsys.readouterr().err
    assert page_songs(paths)["star"] is None


def test_with_two_genres_the_next_thing_is_to_learn_them(make_library, capsys):
    paths, _ = make_library({"TRANCE": 3, "HOUSE": 2})
    assert stage.main(folders(paths)) == 0
    assert capsys.readouterr().err.strip().splitlines()[-1].endswith(paths.command(TRAIN))


def page_songs(paths: Paths) -> dict:
    page = paths.html("map_2d").read_text(encoding="utf-8")
    return json.loads(re.search(r'id="songs">(.*?)</script>', page, re.DOTALL)[1])


def test_a_large_library_is_shown_by_a_sample(make_library, capsys):
    paths, library = make_library({"TRANCE": 20, "ITALODANCE": 10})
    assert stage.main([*folders(paths), "--sample", "12"]) == 0
    assert "the maps show 12 of 30 songs, drawn at random" in capsys.readouterr().err
    content = page_songs(paths)
    assert sorted(content["songs"]["genre"]) == ["ITALODANCE"] * 4 + ["TRANCE"] * 8
    assert set(content["songs"]["title"]) <= set(library.columns["title"])
    assert len(content["places"][0]) == len(content["nearest"]) == 12
    assert stage.main([*folders(paths), "--sample", "30"]) == 0
    assert "drawn at random" not in capsys.readouterr().err
    assert len(page_songs(paths)["places"][0]) == 30


def test_the_song_in_question_is_on_a_sampled_map(make_library):
    paths, library = make_library({"TRANCE": 20, "ITALODANCE": 10})
    row = next(row for row in range(30) if row not in choose_shown(library, 9).rows)
    path = paths.raw / "a.wav"
    library.embeddings[row] = features.extract(write_song(path))
    library.columns["file_path"][row] = str(path)
    save(paths, library, {})
    assert stage.main([*folders(paths), "--sample", "9", "--song", str(path)]) == 0
    content = page_songs(paths)
    assert content["songs"]["title"][content["star"]] == library.columns["title"][row]
    assert content["own"] == 9


def test_the_maps_table_names_every_song_and_a_second_run_changes_nothing(make_library, capsys):
    paths, library = make_library({"TRANCE": 20, "ITALODANCE": 10})
    assert stage.main(folders(paths)) == 0
    assert re.search(
        r"Of a song's 5 nearest, \d\.\d on average are among its 5 nearest", capsys.readouterr().err
    )
    table = paths.report("map_2d.csv").read_text(encoding="utf-8-sig")
    with paths.report("map_2d.csv").open(encoding="utf-8-sig", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert list(rows[0]) == ["file_path", "x", "y", "kept"]
    assert [row["file_path"] for row in rows] == library.paths
    assert {float(row["kept"]) for row in rows} <= {0.0, 0.2, 0.4, 0.6, 0.8, 1.0}
    places = page_songs(paths)["places"]
    np.testing.assert_allclose(places[0], [float(row["x"]) for row in rows], atol=1e-3)
    capsys.readouterr()
    assert stage.main(folders(paths)) == 0
    assert paths.report("map_2d.csv").read_text(encoding="utf-8-sig") == table
    assert "made anew" not in capsys.readouterr().err


def test_a_map_that_an_older_version_made_is_made_anew_once_and_that_is_said(make_library, capsys):
    paths, library = make_library({"TRANCE": 20, "ITALODANCE": 10})
    shown, table = choose_shown(library, 30), paths.report("map_2d.csv")
    places = np.random.default_rng(0).normal(size=(30, 2)).round(4)
    write_layout(table, library.paths, places, kept_share(shown.near[0], places), MAP_VERSION)
    table.with_name(".map_2d.json").unlink()
    before = table.read_bytes()
    assert stage.main(folders(paths)) == 0
    told = [line for line in capsys.readouterr().err.splitlines() if "made anew" in line]
    assert told == [
        "the 2D map is made anew and laid over the earlier one, which is of another version or was changed"
    ]
    after = table.read_bytes()
    assert after != before
    assert stage.main(folders(paths)) == 0
    assert "made anew" not in capsys.readouterr().err
    assert table.read_bytes() == after


def test_a_file_from_outside_is_placed_on_a_sampled_map(make_library, tmp_path):
    paths, _ = make_library({"TRANCE": 20})
    path = tmp_path / "mine.wav"
    write_song(path)
    assert stage.main([*folders(paths), "--sample", "7", "--song", str(path)]) == 0
    content = page_songs(paths)
    assert (content["own"], content["star"]) == (7, 7)
    assert len(content["nearest"]) == 8
    assert all(row < 7 for row, _ in content["nearest"][7])


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ("Song 001", "error: the file of"),
        ("no such song", "error: no song is called"),
        ("Artist", "could be"),
    ],
)
def test_what_cannot_be_drawn_is_one_line(make_library, capsys, wanted, message):
    paths, _ = make_library({"TRANCE": 3})
    assert stage.main([*folders(paths), "--song", wanted]) == 1
    err = capsys.readouterr().err
    assert message in err
    assert len(err.strip().splitlines()) == 1


def test_a_file_that_is_no_audio_is_one_line(make_library, tmp_path, capsys):
    paths, _ = make_library({"TRANCE": 3})
    path = tmp_path / "notes.mp3"
    path.write_text("not music")
    assert stage.main([*folders(paths), "--song", str(path)]) == 1
    told = capsys.readouterr().err.splitlines()[-1]
    assert told == f"error: {path}: not decodable as audio: no sound is found in it"


def test_missing_artifacts_name_the_stage_that_makes_them(paths, capsys):
    assert stage.main(folders(paths)) == 1
    assert "python 01_feature_extraction.py" in capsys.readouterr().err


def test_an_empty_library_is_one_line(paths, capsys):
    from common.library import COLUMNS

    empty = Library(np.empty((0, N_FEATURES), np.float32), {name: [] for name in COLUMNS})
    save(paths, empty, {})
    assert stage.main(folders(paths)) == 1
    assert "the library is empty" in capsys.readouterr().err


@pytest.mark.parametrize("wrong", [["--nonsense"], ["--sample", "0"], ["--sample", "all"]])
def test_wrong_usage_is_two(wrong):
    with pytest.raises(SystemExit) as stopped:
        stage.main(wrong)
    assert stopped.value.code == 2
