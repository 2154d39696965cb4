"""Command lines lead on with the folders that are in force."""

import shlex

from common.paths import PROJECT, SEARCH, Paths


def test_a_command_names_the_folders_that_are_not_the_usual_ones(tmp_path):
    usual = Paths(PROJECT / "data", PROJECT / "outputs")
    assert usual.command(SEARCH) == "python 04_similarity_search.py"
    assert usual.command(SEARCH, "search", "it's") == "python 04_similarity_search.py search 'it'\"'\"'s'"
    other = Paths(tmp_path / "my data", PROJECT / "outputs")
    words = shlex.split(other.command(SEARCH, "list"))
    assert words == [*SEARCH.split(), "--data", str(tmp_path / "my data"), "list"]
    assert "--outputs" in Paths(PROJECT / "data", tmp_path).command(SEARCH)
