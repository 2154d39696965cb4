"""Stage 2 as a command: what it writes, what it says, and how it fails."""

import importlib

import numpy as np
import pytest
import soundfile

from common import features
from common.layout import N_FEATURES
from common.library import Library, Paths, save

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


MAPS = {"map_2d.png", "map_3d.png", "map_2d.html", "map_3d.html", "plotly.min.js", "index.html"}


@pytest.mark.parametrize("n_songs", [1, 5])
def test_maps_are_made_even_when_no_file_is_left(make_library, capsys, n_songs):
    paths, _ = make_library({"TRANCE": n_songs})
    assert stage.main(folders(paths)) == 0
    assert written(paths) == MAPS
    out, err = capsys.readouterr()
    assert str(paths.gallery) in out
    assert "no file of the library's songs exists" in err
    assert err.strip().splitlines()[-1].startswith("next: ")


def test_a_song_of_the_library_equals_its_stored_row(make_library, capsys):
    paths, library = make_library({"TRANCE": 4, "ITALODANCE": 3})
    path = paths.raw / "TRANCE" / "a.wav"
    library.embeddings[1] = features.extract(write_song(path))
    library.columns["file_path"][1] = str(path)
    save(paths, library, {})
    assert stage.main([*folders(paths), "--song", library.names[1]]) == 0
    name = library.names[1].replace(" ", "_")
    assert written(paths) == MAPS | {f"journey_{name}.png", f"three_perspectives_{name}.png"}
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
        assert '"../../mine.wav"' in page


def test_the_default_song_is_the_most_typical_one_with_a_file(make_library, capsys):
    _, library = make_library({"TRANCE": 5})
    for row in (2, 4):
        library.columns["file_path"][row] = __file__
    file, row = stage.choose(library, None)
    assert row in (2, 4)
    assert str(file) == __file__
    assert library.names[row] in capsys.readouterr().err


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
    assert capsys.readouterr().err.strip().splitlines()[-1].startswith("error: ")


def test_missing_artifacts_name_the_stage_that_makes_them(paths, capsys):
    assert stage.main(folders(paths)) == 1
    assert "python 01_feature_extraction.py" in capsys.readouterr().err


def test_an_empty_library_is_one_line(paths, capsys):
    from common.library import COLUMNS

    empty = Library(np.empty((0, N_FEATURES), np.float32), {name: [] for name in COLUMNS})
    save(paths, empty, {})
    assert stage.main(folders(paths)) == 1
    assert "the library is empty" in capsys.readouterr().err


def test_wrong_usage_is_two():
    with pytest.raises(SystemExit) as stopped:
        stage.main(["--nonsense"])
    assert stopped.value.code == 2
