"""Stage 3 as a command, asked what would make a song another genre."""

from __future__ import annotations

import importlib
import json

import pytest
import soundfile
from signals import RATE, chords

from common.classifier import folds, selection
from common.console import FAILED, OK

stage = importlib.import_module("03_genre_classifier")


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(folds, "REPEATS", dict.fromkeys(folds.REPEATS, 1))
    monkeypatch.setattr(selection, "ROUNDS", (0,))
    monkeypatch.setattr(selection, "SHRINKAGES", (0.3,))


def run(paths, *arguments):
    return stage.main(["--data", str(paths.data), "--outputs", str(paths.outputs), *arguments])


@pytest.mark.slow
def test_advice_stands_on_every_surface(make_library, capsys):
    paths, made = make_library({"A": 8, "B": 8, "C": 8})
    assert run(paths, "--song", made.names[2], "--towards", "c") == OK
    printed = capsys.readouterr().out
    advice = json.loads(paths.report("genre_classifier.json").read_text())["advice"]
    assert advice["towards"] == "C"
    assert "WHAT WOULD MAKE IT C" in printed
    assert "which needs its file" in advice["untried"]  # these songs are numbers without sound
    assert f"The nearest real C song by another artist: {advice['nearest']['name']}" in printed
    assert advice["nearest"]["name"] in made.names[16:]
    for written in (paths.report("genre_classifier.md"), paths.html("genre_classifier")):
        assert "What would make it C" in written.read_text(encoding="utf-8")


def test_a_genre_that_was_not_learned_is_one_sentence(make_library, capsys):
    paths, _ = make_library({"A": 5, "B": 5})
    assert run(paths, "--towards", "Polka") == FAILED
    assert "error: 'Polka' was not learned; there are A, B" in capsys.readouterr().err
    assert not paths.model.exists()


@pytest.mark.slow
def test_a_new_file_is_told_what_would_make_it_another_genre(make_library, tmp_path, capsys):
    paths, _ = make_library({"A": 5, "B": 5})
    assert run(paths) == OK
    file = tmp_path / "new song.wav"
    soundfile.write(file, chords(4.0), RATE)
    capsys.readouterr()
    for genre in ("A", "B"):
        assert run(paths, "--predict", str(file), "--towards", genre, "--preview") == OK
    said = capsys.readouterr().out
    assert "as it is" in said
    assert "measured on the changed file" in said or "Nothing that was tried" in said
    assert run(paths, "--predict", str(file), "--towards", "Polka") == FAILED
    assert "there are A, B" in capsys.readouterr().err
