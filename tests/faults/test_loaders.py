"""Whatever lies in an artifact's place is refused in one sentence, in no time, or is what we wrote."""

from __future__ import annotations

import hashlib
import io
import json
import pickle
import struct
from pathlib import Path

import numpy as np
import pytest
from clocks import processor_seconds
from faults.mutants import write_song
from faults.test_saves import made, number_of, save
from hypothesis import given, settings
from hypothesis import strategies as st

from common import files, library
from common.files import ArtifactError
from common.layout import N_FEATURES
from common.library import COLUMNS
from common.paths import EXTRACT, Paths
from common.tags import read_header


def twice_nested(depth: int) -> bytes:
    """A list of twice a list of twice a list …: two to the depth of them, in some hundred bytes."""
    return b"\x80\x04]\x94" + b"".join(b"](h%ch%ce" % (n, n) + b"\x94" for n in range(depth)) + b"."


def tuples_as_key(depth: int) -> bytes:
    """A dict whose key is a tuple of twice a tuple of twice …: hashing it takes for ever."""
    return b"\x80\x04}(K\x01" + b"2\x86" * depth + b"Nu."


def deep(depth: int) -> bytes:
    return b"\x80\x04" + b"]" * depth + b"a" * (depth - 1) + b"."


HOSTILE_PICKLES = {
    "forty levels of two": twice_nested(40),
    "a key to be hashed for ever": tuples_as_key(60),
    "a list within itself": b"\x80\x04]\x94h\x00a.",
    "a dict within itself": b"\x80\x04}\x94(K\x01h\x00u.",
    "a hundred thousand levels": deep(100_000),
    "sixty levels": deep(60),
    "text of 9 exabytes": b"\x80\x04\x8d" + b"\xff" * 7 + b"\x7fabc.",
    "bytes of 4 GB": b"\x80\x04B\xff\xff\xff\xffabc.",
    "a number of 2 GB": b"\x80\x04\x8b\xff\xff\xff\x7fabc.",
    "a set": pickle.dumps({1, 2}),
    "a frozenset": pickle.dumps(frozenset({1})),
    "a tuple": pickle.dumps((1, 2)),
    "protocol 0": pickle.dumps({"a": 1}, protocol=0),
    "a bytearray": pickle.dumps(bytearray(b"x"), protocol=5),
    "nothing but marks": b"\x80\x04" + b"(" * 1_000_000,
    "no value": b"\x80\x04.",
    "an unhashable key": b"\x80\x04}(]Nu.",
}


@pytest.mark.parametrize("name", HOSTILE_PICKLES)
def test_hostile_pickles_are_refused_at_once(tmp_path, name):
    path = tmp_path / "metadata.pkl"
    path.write_bytes(HOSTILE_PICKLES[name])
    with processor_seconds(5):
        sentence = refusal(path)
    assert "not a file of ours" in sentence or "damaged" in sentence or sentence in HARMLESS.get(name, ())
    assert "\n" not in sentence
    assert len(sentence) < 600


HARMLESS = {"forty levels of two": ["metadata is a list, not a dict of columns"]}
"""Plain values in little memory; it is what walks along all their paths that would never end."""


def refusal(path: Path) -> str:
    try:
        library.validate(library.Library(made(1).embeddings, files.load_plain(path, "the command")))
    except (ArtifactError, ValueError) as error:
        return str(error)
    return ""


def test_what_is_shared_is_no_fault(tmp_path):
    shared = ["x"]
    files.dump_plain({"a": shared, "b": shared}, tmp_path / "x.pkl")
    assert files.load_plain(tmp_path / "x.pkl", "") == {"a": ["x"], "b": ["x"]}


def put(paths: Paths, name: str, content: bytes) -> None:
    """Replace an artifact, and its checksum in the manifest, as who means harm would."""
    (paths.processed / name).write_bytes(content)
    manifest = json.loads(paths.manifest.read_text())
    manifest["checksums"][name] = hashlib.sha256(content).hexdigest()
    paths.manifest.write_text(json.dumps(manifest))


def header(shape: str, dtype: str = "<f4", order: str = "False") -> bytes:
    text = f"{{'descr': '{dtype}', 'fortran_order': {order}, 'shape': {shape}, }}".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text) + 1) + text + b"\n"


EMBEDDINGS = {
    "a million million songs": header(f"(1000000000000, {N_FEATURES})") + b"x" * 4 * N_FEATURES,
    "more than fits": header(f"(999999999999999999999999, {N_FEATURES})"),
    "less than none": header(f"(-1, {N_FEATURES})"),
    "no shape": header("()") + b"1234",
    "a shape that is no tuple": header("5"),
    "objects": header(f"(1, {N_FEATURES})", "|O") + pickle.dumps([1]),
    "float64": header(f"(1, {N_FEATURES})", "<f8") + bytes(8 * N_FEATURES),
    "by columns": header(f"(3, {N_FEATURES})", order="True") + bytes(12 * N_FEATURES),
    "too many songs": header(f"(4, {N_FEATURES})") + bytes(16 * N_FEATURES),
    "too much behind": header(f"(3, {N_FEATURES})") + bytes(12 * N_FEATURES + 1),
    "brackets": header("(" * 9_000),
    "code": header("__import__('os').system('touch /tmp/ran')"),
    "no header": b"\x93NUMPY",
    "version 9": b"\x93NUMPY\x09\x00" + bytes(200),
    "nothing": b"",
    "NaN": header(f"(3, {N_FEATURES})") + np.full(3 * N_FEATURES, np.nan, np.float32).tobytes(),
}

METADATA = {
    "a bool": True,
    "nothing": None,
    "a text": "song_name",
    "a list": list(COLUMNS),
    "a number": 7,
    "no columns": {},
    "columns that are bools": dict.fromkeys(COLUMNS, True),
    "columns that are texts": dict.fromkeys(COLUMNS, "abc"),
    "names that are numbers": made(1).columns | {"song_name": [1, 2, 3]},
    "names that are lists": made(1).columns | {"song_name": [["a"], ["b"], ["c"]]},
    "durations that are texts": made(1).columns | {"duration": ["1", "2", "3"]},
    "no genre": made(1).columns | {"genre": ["A", None, "B"]},
    "a song too few": {name: values[:2] for name, values in made(1).columns.items()},
    "bytes for an artist": made(1).columns | {"artist": [b"x", None, None]},
}

MANIFESTS = {
    "nothing": b"",
    "a bool": b"true",
    "deep": b"[" * 200_000,
    "a long number": b'{"checksums": {}, "x": ' + b"9" * 10_000 + b"}",
    "checksums that are a list": b'{"checksums": []}',
    "checksums that are numbers": b'{"layout_id": "", "checksums": {"embeddings.npy": 5}}',
    "no text": b"\xff\xfe\x00",
    "not a number": b'{"checksums": NaN}',
}


def refused(paths: Paths) -> str:
    with processor_seconds(5), pytest.raises(ArtifactError) as caught:
        library.load(paths)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert sentence.endswith(f"run: {paths.command(EXTRACT)}")
    save(paths, 5)
    assert number_of(paths) == 5
    return sentence


@pytest.mark.parametrize("name", EMBEDDINGS)
def test_embeddings_that_are_none(paths, name):
    save(paths, 1)
    put(paths, "embeddings.npy", EMBEDDINGS[name])
    assert "breaks the contract" in refused(paths)
    assert not Path("/tmp/ran").exists()


@pytest.mark.parametrize("name", METADATA)
def test_metadata_that_are_none(paths, name):
    save(paths, 1)
    put(paths, "metadata.pkl", pickle.dumps(METADATA[name], protocol=4))
    assert "breaks the contract" in refused(paths)


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"bpm": None}, "was made by an older version"), ({"new": [1]}, "was made by another version"),
     ({"bpm": None, "new": [1]}, "was made by another version")],
)  # fmt: skip
def test_a_library_of_another_version_is_told_from_a_damaged_one(paths, changes, words):
    save(paths, 1)
    columns = {**pickle.loads(paths.metadata.read_bytes()), **changes}
    kept = {name: values for name, values in columns.items() if values is not None}
    put(paths, "metadata.pkl", pickle.dumps(kept, protocol=4))
    assert words in refused(paths)


@pytest.mark.parametrize("name", HOSTILE_PICKLES)
def test_hostile_metadata_with_the_right_checksum(paths, name):
    save(paths, 1)
    put(paths, "metadata.pkl", HOSTILE_PICKLES[name])
    refused(paths)


@pytest.mark.parametrize("name", MANIFESTS)
def test_manifests_that_are_none(paths, name):
    save(paths, 1)
    paths.manifest.write_bytes(MANIFESTS[name])
    refused(paths)


@given(data=st.data())
@settings(max_examples=200)
def test_mutated_pickles_are_refused_or_plain(data):
    whole = mutated(pickle.dumps(made(1).columns, protocol=4), data)
    sentence = ""
    try:
        content = files.read_plain(io.BytesIO(whole), Path("metadata.pkl"), "the command")
        files.check_plain(content, "content")
    except ArtifactError as error:
        sentence = str(error)
    assert "\n" not in sentence


@pytest.fixture(scope="module")
def saved(tmp_path_factory) -> tuple[Paths, bytes]:
    """A library, and its manifest."""
    paths = Paths(tmp_path_factory.mktemp("library"), Path("outputs"))
    save(paths, 1)
    return paths, paths.manifest.read_bytes()


@given(data=st.data())
@settings(max_examples=200)
def test_mutated_manifests_are_refused_or_the_library_is_loaded(saved, data):
    paths, manifest = saved
    paths.manifest.write_bytes(mutated(manifest, data))
    sentence = ""
    try:
        assert number_of(paths) == 1
    except ArtifactError as error:
        sentence = str(error)
    assert "\n" not in sentence


def mutated(whole: bytes, data: st.DataObject, among: int | None = None) -> bytes:
    """Some bytes with up to six of their first ones changed."""
    changed = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 6))):
        changed[data.draw(st.integers(0, (among or len(whole)) - 1))] = data.draw(st.integers(0, 255))
    return bytes(changed)


@pytest.fixture(scope="module")
def tagged(tmp_path_factory) -> dict[str, bytes]:
    """Songs with a title, by their ending."""
    folder = tmp_path_factory.mktemp("songs")
    return {suffix: write_song(folder / f"song{suffix}") for suffix in (".mp3", ".flac", ".ogg", ".wav")}


@given(suffix=st.sampled_from([".mp3", ".flac", ".ogg", ".wav"]), data=st.data())
@settings(max_examples=200)
def test_mutated_tags_are_read_or_passed_over(tagged, tmp_path_factory, suffix, data):
    path = tmp_path_factory.getbasetemp() / f"mutated{suffix}"
    path.write_bytes(mutated(tagged[suffix], data, among=400))
    header = read_header(path)
    assert header.n_bytes == len(tagged[suffix])
    assert all(isinstance(value, str | None) for value in vars(header.tags).values())


@given(whole=st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner), max_leaves=30),
    protocol=st.sampled_from([2, 3, 4, 5]))  # fmt: skip
@settings(max_examples=60)
def test_plain_values_pass_in_every_binary_protocol(whole, protocol):
    pickled = io.BytesIO(pickle.dumps(whole, protocol=protocol))
    if protocol > 2:  # protocol 2 has no bytes
        assert files.read_plain(pickled, Path("x"), "") == whole
