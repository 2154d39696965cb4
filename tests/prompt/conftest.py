from __future__ import annotations

import importlib
import io
import sys

import pytest

stage4 = importlib.import_module("04_similarity_search")

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
