"""Files of one name: the results of each have names of their own, the same in every run."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from common.filed import filed_as
from common.paths import Paths


@pytest.fixture
def paths(tmp_path):
    return Paths(tmp_path / "data", tmp_path / "outputs")


@pytest.fixture
def file(tmp_path):
    def make(name):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        return path

    return make


def test_another_file_of_the_name_gets_a_number_and_keeps_it(paths, file):
    one, two, three = file("a/mix.wav"), file("b/mix.wav"), file("b/mix.mp3")
    for _ in range(2):
        assert [filed_as(paths, "mix", path) for path in (one, two, three)] == ["mix", "mix 2", "mix 3"]
    assert paths.plot("match", filed_as(paths, "mix", two)).name == "match_mix_2.png"


def test_runs_at_the_same_time_give_no_name_twice(paths, file):
    files = [file(f"{number}/mix.wav") for number in range(12)]
    with ThreadPoolExecutor(len(files)) as pool:
        given = list(pool.map(lambda path: filed_as(paths, "mix", path), files))
    assert len(set(given)) == len(files)
    assert [filed_as(paths, "mix", path) for path in files] == given


def test_a_file_that_is_gone_gives_its_name_up(paths, file):
    one, two = file("a/mix.wav"), file("b/mix.wav")
    assert filed_as(paths, "mix", one) == "mix"
    one.unlink()
    assert filed_as(paths, "mix", two) == "mix"
    one.touch()
    assert filed_as(paths, "mix", one) == "mix 2"
    two.unlink()
    assert filed_as(paths, "mix", one) == "mix 2"


def test_a_name_that_ends_with_a_number_is_nobody_elses(paths, file):
    assert filed_as(paths, "mix 2", file("mix 2.wav")) == "mix 2"
    assert filed_as(paths, "mix", file("a/mix.wav")) == "mix"
    assert filed_as(paths, "mix", file("b/mix.wav")) == "mix 3"


def test_names_that_differ_in_case_are_apart_where_the_file_system_tells_none(paths, file):
    assert [filed_as(paths, name, file(f"{name}.wav")) for name in ("Mix", "MIX")] == ["Mix", "MIX 2"]


@pytest.mark.parametrize("content", ["", "[]", "{", "[" * 100_000, '{"mix": 1}', '{"mix": "a\\u0000b"}'])
def test_names_that_are_damaged_are_given_anew(paths, file, content):
    paths.names.parent.mkdir(parents=True)
    paths.names.write_text(content)
    assert filed_as(paths, "mix", file("mix.wav")) == "mix"


def test_a_file_without_a_name_in_unicode_keeps_its_name(paths, file):
    odd = file("odd\udce9.wav")
    assert [filed_as(paths, "odd", odd) for _ in range(2)] == ["odd", "odd"]
