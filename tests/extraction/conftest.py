"""Fixtures of the extraction's tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from small_songs import run_stage1, write_music

from common import song


@pytest.fixture
def music(tmp_path: Path) -> Path:
    return write_music(tmp_path / "music")


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., int]:
    return lambda *arguments, data="data": run_stage1(tmp_path / data, *arguments)


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files whose features were really computed, as they are."""
    names: list[str] = []
    analyse = song.analyse

    def spy(path, check, stamp):
        names.append(path.name)
        return analyse(path, check, stamp)

    monkeypatch.setattr(song, "analyse", spy)
    return names
