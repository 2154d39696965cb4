from __future__ import annotations

import importlib
import io
import json
import re
import shutil
import sys
from pathlib import Path

import pytest
from printed import json_documents

from common.paths import Paths

stage4 = importlib.import_module("04_similarity_search")


@pytest.fixture(scope="module")
def heard(tmp_path_factory):
    """A library of five real sounds, and a copy of one of them outside it."""
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


@pytest.mark.parametrize("name", ["sound 0.wav", "sound 0 copy.wav"])
def test_a_name_means_the_same_after_a_file_of_that_name_was_listened_to(heard, capsys, monkeypatch, name):
    folders, outside = heard
    guest = outside.with_name(name)
    shutil.copy(outside, guest)
    lines = [f"compare {guest} | sound 0 --json", "search sound 0 -n 1 --json", "sound"]
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n".join(lines)))
    assert stage4.main(folders) == 0
    out, err = capsys.readouterr()
    pair, found = json_documents(out[: out.rindex("}") + 1])
    assert pair["one"]["file_path"] == str(guest)
    assert Path(pair["other"]["file_path"]).parent.name == "music"
    assert found["song"]["file_path"] == pair["other"]["file_path"]
    assert "'sound' could be any of these" in err
    assert re.findall(r"^\d", out[out.rindex("}") :], re.MULTILINE) == list("12345")


def test_a_file_that_is_no_song_is_one_line(heard, capsys, tmp_path):
    folders, _ = heard
    (tmp_path / "x.mp3").write_bytes(b"nonsense" * 1000)
    assert stage4.main([*folders, "search", str(tmp_path / "x.mp3")]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    told = f"error: {tmp_path / 'x.mp3'}: not decodable as audio: no sound is found in it"
    assert err.splitlines()[-1] == told


def test_a_file_that_is_missing_is_said(run, tmp_path):
    code, _, err = run("search", str(tmp_path / "gone.mp3"))
    assert (code, err.count("\n")) == (1, 1)
    assert err.startswith(f"error: there is no file {tmp_path / 'gone.mp3'}, and no song is called ")


def test_a_folder_is_no_file(run, tmp_path):
    code, _, err = run("search", str(tmp_path))
    assert code == 1
    assert err.startswith(f"error: {tmp_path} is no file but a folder, and no song is called ")


def test_a_copy_is_marked_and_the_mark_explained(heard, capsys):
    folders, outside = heard
    assert stage4.main([*folders, "search", str(outside)]) == 0
    out = capsys.readouterr().out
    assert out.splitlines()[1].startswith("= ")
    assert "\n=: a copy, by length or title and spectrum" in out
    assert stage4.main([*folders, "search", "sound 0"]) == 0
    assert "=: a copy" not in capsys.readouterr().out
