"""Command lines lead on with the folders that are in force."""

import shlex

import pytest

from common.paths import PROJECT, SEARCH, Paths, folders_apart, typed_path


def test_a_command_names_the_folders_that_are_not_the_usual_ones(tmp_path):
    usual = Paths(PROJECT / "data", PROJECT / "outputs")
    assert usual.command(SEARCH) == "python 04_similarity_search.py"
    assert usual.command(SEARCH, "search", "it's") == "python 04_similarity_search.py search 'it'\"'\"'s'"
    other = Paths(tmp_path / "my data", PROJECT / "outputs")
    words = shlex.split(other.command(SEARCH, "list"))
    assert words == [*SEARCH.split(), "--data", str(tmp_path / "my data"), "list"]
    assert "--outputs" in Paths(PROJECT / "data", tmp_path).command(SEARCH)


def test_a_typed_path_has_no_dots_and_keeps_its_links(tmp_path, monkeypatch):
    real = tmp_path / "real" / "inner"
    real.mkdir(parents=True)
    (tmp_path / "real" / "songs").mkdir()
    try:
        (tmp_path / "link").symlink_to(real, target_is_directory=True)
        (tmp_path / "music").symlink_to(tmp_path / "real" / "songs", target_is_directory=True)
    except OSError:
        pytest.skip("this system makes no links")
    monkeypatch.chdir(real)
    home = tmp_path.resolve()
    assert typed_path("../songs") == home / "real" / "songs"
    assert typed_path("../../music/./a.mp3") == home / "music" / "a.mp3"
    assert typed_path(tmp_path / "link" / ".." / "songs") == home / "real" / "songs"
    assert typed_path(tmp_path / "link") == tmp_path / "link"


def test_what_no_file_can_be_called_is_a_path_as_it_is_typed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert typed_path("a\0/../b") == tmp_path / "a\0" / ".." / "b"


@pytest.mark.parametrize("shared", ["/", "/my/songs/"])
def test_folders_are_told_from_the_one_that_holds_all(shared):
    assert folders_apart([f"{shared}a.mp3", f"{shared}late/b.mp3"]) == ["/", "/late/"]
