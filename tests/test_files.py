"""Writing never leaves half a file, and reading never runs a stranger's code."""

import csv
import os
import pickle
import stat
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common import files
from common.files import ArtifactError
from common.text import slug

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


class Payload:
    """Pickles as a call of whatever it is given."""

    def __init__(self, function, *arguments):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


def hostile(marker: Path) -> dict[str, bytes]:
    """Real payloads; each would make a file if it ran."""
    command = f"touch {marker}"
    return {
        "os.system": pickle.dumps(Payload(os.system, command)),
        "eval": pickle.dumps(Payload(eval, f"open({str(marker)!r}, 'w')")),
        "exec, protocol 0": pickle.dumps(Payload(exec, f"open({str(marker)!r}, 'w')"), protocol=0),
        "nested": pickle.dumps({"song_name": [Payload(os.system, command)]}),
        "text protocol": f"cos\nsystem\n(S'{command}'\ntR.".encode(),
        "inst opcode": f"(S'{command}'\nios\nsystem\n.".encode(),
        "stack global": b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c"
        + bytes([len(command)]) + command.encode() + b"\x85R.",
        "extension": b"\x80\x02\x82\x01.",
        "persistent": b"Psomething\n.",
        "numpy": pickle.dumps(np.arange(3)),
        "memory bomb": b"\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\x7f.",
    }  # fmt: skip


@pytest.mark.parametrize("name", hostile(Path("x")))
def test_hostile_pickles_run_nothing(tmp_path, name):
    marker = tmp_path / "ran"
    path = tmp_path / "metadata.pkl"
    path.write_bytes(hostile(marker)[name])
    with pytest.raises(ArtifactError, match=r"not a file of ours|damaged") as caught:
        files.load_plain(path, "the command")
    assert "run: the command" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not marker.exists()


@given(content=PLAIN)
def test_plain_values_come_back(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("plain") / "content.pkl"
    files.dump_plain(content, path)
    assert files.load_plain(path, "") == content


@given(noise=st.binary(max_size=60))
def test_noise_is_refused_or_plain(tmp_path_factory, noise):
    path = tmp_path_factory.mktemp("noise") / "content.pkl"
    path.write_bytes(noise)
    try:
        content = files.load_plain(path, "remedy")
    except ArtifactError:
        return
    files.check_plain(content, "content")


@pytest.mark.parametrize("value", [np.float64(1), (1, 2), {1, 2}, Path("x"), {"a": [object()]}])
def test_only_plain_values_are_written(tmp_path, value):
    with pytest.raises(TypeError, match="not a plain Python value"):
        files.dump_plain(value, tmp_path / "content.pkl")
    assert list(tmp_path.iterdir()) == []


def test_truncated_pickle_is_damaged(tmp_path):
    path = tmp_path / "content.pkl"
    files.dump_plain({"a": list(range(1000))}, path)
    whole = path.read_bytes()
    for length in range(0, len(whole) - 1, 97):
        path.write_bytes(whole[:length])
        with pytest.raises(ArtifactError):
            files.load_plain(path, "remedy")


def test_missing_file_names_the_remedy(tmp_path):
    with pytest.raises(ArtifactError, match=r"does not exist; run: python 01"):
        files.read_bytes(tmp_path / "none", "python 01")


def test_a_failed_write_keeps_the_old_file(tmp_path):
    path = tmp_path / "deep" / "file.txt"
    files.write_text(path, "old")
    with pytest.raises(TypeError), files.replacing(path) as temporary:
        (temporary.write_text("half of the n"), len(0))
    assert path.read_text() == "old"
    assert [p.name for p in path.parent.iterdir()] == ["file.txt"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no file modes")
def test_written_files_have_ordinary_modes(tmp_path):
    files.write_text(tmp_path / "page.html", "x")
    expected = 0o666 & ~files.UMASK
    assert stat.S_IMODE((tmp_path / "page.html").stat().st_mode) == expected


def test_csv_opens_in_spreadsheets(tmp_path):
    files.write_csv(tmp_path / "t.csv", ["a", "b"], [["Ä, \x1b[31m", 1], [None, 2.5]])
    assert (tmp_path / "t.csv").read_bytes() == '\ufeffa,b\n"Ä, �[31m",1\n,2.5\n'.encode()


def test_json_refuses_nan(tmp_path):
    with pytest.raises(ValueError, match="JSON"):
        files.write_json(tmp_path / "x.json", {"score": float("nan")})
    assert not (tmp_path / "x.json").exists()


@pytest.mark.parametrize(
    "name", ["a/b", "..", "", "x" * 300, "CON\x00", "日本" * 80, "<b>", "a\nb", "ab", "a b"]
)
def test_slug_is_a_safe_file_name(tmp_path, name):
    made = slug(name)
    assert 0 < len(made.encode()) < 120
    assert not set(made) & set('/\\:*?"<>|.\n\x00 ')
    (tmp_path / made).touch()


def test_different_titles_never_share_a_file():
    titles = ["a b", "a_b", "a-b", "a/b", "x" * 300, "x" * 301, "ab", "a  b", "_a b", "", "…"]
    assert len({slug(title) for title in titles}) == len(titles)


FORMULAS = ["=cmd|' /C calc'!A0", "@SUM(1+1)", "+1+1", "-2+3", "＝1", "'=1", "''+x", "=", "'", "a=b", "Ä", ""]


def test_formulas_are_no_formulas_in_spreadsheets_and_come_back(tmp_path):
    path = tmp_path / "t.csv"
    files.write_csv(path, ["name", "=x"], [[title, -1.5] for title in FORMULAS])
    with path.open(encoding="utf-8-sig", newline="") as lines:
        raw = list(csv.reader(lines))
    assert not any(cell[:1] in "=+@＝" and cell for cell in [*raw[0], *(row[0] for row in raw[1:])])
    assert not any(row[0].startswith("-") for row in raw)
    assert {row[1] for row in raw[1:]} == {"-1.5"}
    header, *rows = files.read_csv(path)
    assert (header, [row[0] for row in rows]) == (["name", "=x"], FORMULAS)


@given(
    cells=st.lists(st.text(st.characters(codec="utf-8", categories=["L", "P", "S", "N", "Zs"])), min_size=1)
)
def test_tables_come_back(tmp_path_factory, cells):
    path = tmp_path_factory.mktemp("tables") / "t.csv"
    files.write_csv(path, cells, [cells])
    if any(cells):
        assert list(files.read_csv(path)) == [cells, cells]
