"""The command that tells which songs are versions of one: on made-up chroma, and on sound from end to end."""

from __future__ import annotations

import importlib
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from libraries import random_library
from melodies import chroma, melody
from signals import RATE, tune
from small_songs import run_stage1, write

from common import library
from common.extraction.store import Store
from common.fingerprint.sequences import Chroma, Peaks, Sequences
from common.fingerprint.versions import seconds
from common.paths import EXTRACT, Paths
from common.prompt.relating import versions_among
from common.prompt.session import Session
from common.song import ContentHash, Song, Stamp
from common.tags import Tags

stage4 = importlib.import_module("04_similarity_search")


def keep(paths: Paths, sequences: dict[str, Chroma | None]) -> None:
    """Save a library of songs that sound like nothing, with the chroma of some of them in the store."""
    made = random_library(len(sequences))
    made.columns["song_name"] = list(sequences)
    made.columns["duration"] = [round(seconds(kept), 1) if kept else 60.0 for kept in sequences.values()]
    made.columns["file_path"] = [f"/music/{name}.mp3" for name in sequences]
    library.save(paths, made, {"versions": {}, "songs": {}})
    with Store(paths.store) as store:
        for row, (name, levels) in enumerate(sequences.items()):
            kept = levels and Sequences(levels, Peaks(np.arange(5, dtype=np.uint32)))
            stamp = Stamp(Path(made.paths[row]), 1, 1, ContentHash(name))
            store.record(stamp, Song(stamp, made.embeddings[row], 60.0, RATE, 1, Tags(), {}, kept))


@pytest.fixture
def kept(paths):
    song = melody(60, 1)
    keep(
        paths,
        {
            "a song": chroma(song),
            "a cover": chroma(np.roll(song, 3, axis=1), seed=2),
            "a medley": chroma(np.concatenate([melody(30, 3), song[50:150], melody(65, 4)]), seed=3),
            "a stranger": chroma(melody(60, 5)),
            "a jingle": chroma(melody(6, 6)),
            "a silence": Chroma(np.zeros((200, 12), np.uint8), 10),
            "a newcomer": None,
        },
    )
    return ["--data", str(paths.data), "--outputs", str(paths.outputs)]


def test_people_read_what_and_where(kept, capsys):
    assert stage4.main([*kept, "versions", "a song"]) == 0
    out, err = capsys.readouterr()
    lines = [line.strip() for line in out.splitlines()]
    assert lines[lines.index("same chords, 3 semitones up") + 1] == "0:00–1:00 here is 0:00–1:00 there"
    assert lines[lines.index("same chords") + 1].startswith("0:1")
    assert max(map(len, lines)) <= 80
    data, outputs = kept[1::2]
    told = f"run: {EXTRACT} --data {data} --outputs {outputs}\n"
    assert f"not compared: 1 song whose course is not kept yet; {told}" in err
    assert "compare 'a song' 'a cover'" in err


def test_a_stranger_has_no_versions(kept, capsys):
    assert stage4.main([*kept, "versions", "a stranger"]) == 0
    assert "no version of it" in capsys.readouterr().out
    assert stage4.main([*kept, "versions", "a stranger", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["versions"], found["compared"], found["not_compared"]) == ([], 5, 1)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("a jingle", "a jingle has 6.0 s; versions are told from 10 s"),
        ("a silence", "a silence is silent"),
        ("a newcomer", "01_feature_extraction.py"),
    ],
)
def test_what_cannot_be_compared_is_one_line(kept, capsys, name, words):
    code = stage4.main([*kept, "versions", name])
    error = capsys.readouterr().err
    assert (code, error.count("\n")) == (1, 1)
    assert words in error


def test_a_library_from_before(kept, paths, capsys):
    with closing(sqlite3.connect(paths.store)) as store, store:
        store.execute("DROP TABLE chroma")
    outside = write(paths.data / "outside.wav", tune(1, 20))
    code = stage4.main([*kept, "versions", str(outside)])  # which is not listened to in vain
    error = capsys.readouterr().err
    assert (code, error.count("\n")) == (1, 1)
    assert "01_feature_extraction.py" in error


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("no sound", "text.mp3: not decodable as audio: no sound is found in it"),
        ("", "the file has no bytes"),
    ],
)
def test_a_file_that_is_no_audio_is_named_in_one_line(kept, tmp_path, capsys, content, words):
    (tmp_path / "text.mp3").write_text(content)
    code = stage4.main([*kept, "versions", str(tmp_path / "text.mp3"), "--json"])
    out, err = capsys.readouterr()
    assert (code, out) == (1, "")
    assert err.splitlines()[-1].startswith(f"error: {tmp_path / 'text.mp3'}: ")
    assert words in err


def test_what_the_rule_for_copies_calls_one_recording_is_called_so(kept, paths, capsys):
    """Whatever the chroma says: here two songs have the same embedding and length, and nothing in common."""
    made = library.load(paths)
    made.embeddings[3] = made.embeddings[0]
    library.save(paths, made, {"versions": {}, "songs": {}})
    assert stage4.main([*kept, "versions", "a song", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["versions"]
    assert [(Path(one["path"]).stem, one["kind"]) for one in found[:1]] == [("a stranger", "same recording")]
    assert (found[0]["passages"], found[0]["score"]) == ([], None)


@pytest.fixture(scope="module")
def songs(tmp_path_factory) -> tuple[Paths, list[str]]:
    """A library of a song, a softer one, a higher and faster one, one with a passage of it, and others."""
    folder = tmp_path_factory.mktemp("relating")
    song = tune(1, 70)
    music = {
        "song": song,
        "copy": 0.4 * song,
        "cut": np.concatenate([song[: 12 * RATE], song[18 * RATE :]]),
        "remix": tune(1, 70, semitones=3, note=0.6 / 1.05),
        "sampled": np.concatenate([tune(2, 30), song[8 * RATE : 23 * RATE], tune(3, 30)]),
        "stranger": tune(4, 50),
    }
    for name, samples in music.items():
        write(folder / "music" / f"{name}.flac", samples)
    paths = Paths(folder / "data", folder / "outputs")
    assert run_stage1(paths.data, folder / "music", "--workers", "1") == 0
    write(folder / "outside.flac", 0.5 * tune(1, 70, semitones=-2))
    return paths, ["--data", str(paths.data), "--outputs", str(paths.outputs)]


def as_json(songs, capsys, *words: str) -> dict:
    capsys.readouterr()
    assert stage4.main([*songs[1], "versions", *words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.slow
def test_every_relative_is_found_with_what_it_is(songs, capsys):
    found = as_json(songs, capsys, "song")
    assert Path(found["song"]["file_path"]).stem == "song"
    by_name = {Path(one["path"]).stem: one for one in found["versions"]}
    assert {name: one["kind"] for name, one in by_name.items()} == {
        "copy": "same recording",
        "cut": "same recording",
        "remix": "other version",
        "sampled": "shared passage",
    }
    assert (by_name["remix"]["transposition"], by_name["copy"]["transposition"]) == (3, 0)
    assert by_name["remix"]["speed"] == pytest.approx(1.05, abs=0.01)
    assert by_name["copy"]["speed"] == pytest.approx(1.0, abs=0.005)
    (passage,) = by_name["sampled"]["passages"]
    assert passage["start"] == pytest.approx(8, abs=1.5)
    assert passage["end"] == pytest.approx(23, abs=1.5)
    assert passage["other_start"] == pytest.approx(18, abs=1.5)
    assert passage["other_end"] == pytest.approx(33, abs=1.5)
    scores = [one["score"] for one in found["versions"] if one["kind"] == "same recording"]
    assert scores == sorted(scores, reverse=True)
    assert all(0 < one["score"] <= 1 for one in found["versions"])


@pytest.mark.slow
@pytest.mark.slow
def test_which_of_some_songs_are_versions(songs):
    session = Session(songs[0])
    rows = {Path(path).stem: row for row, path in enumerate(session.library.paths)}
    others = [row for name, row in rows.items() if name != "song"]
    found = versions_among(session, rows["song"], others)
    assert found == {rows[name] for name in ("copy", "cut", "remix")}
    assert versions_among(session, rows["song"], [rows["cut"]]) == {rows["cut"]}


def test_without_the_course_of_a_song_no_version_is_known(kept, paths):
    session = Session(paths)
    assert versions_among(session, session.library.names.index("a newcomer"), range(6)) == set()


def test_a_file_outside_the_library(songs, capsys):
    outside = str(songs[0].data.parent / "outside.flac")
    found = as_json(songs, capsys, outside)
    said = {Path(one["path"]).stem: (one["kind"], one["transposition"]) for one in found["versions"]}
    assert said["song"] == ("other version", 2)
    assert said["remix"] == ("other version", 5)
    assert found["song"]["file_path"] == outside


@pytest.mark.parametrize(("beats", "is_clip"), [(25, True), (60, False)])
def test_a_clip_that_nothing_was_found_for_is_handed_to_identify(kept, paths, capsys, beats, is_clip):
    clip = write(paths.data / "clip.wav", tune(9, beats))
    assert stage4.main([*kept, "versions", str(clip)]) == 0
    out, err = capsys.readouterr()
    assert ("so short a clip may still be of one of them" in out) == is_clip
    assert (f"identify {clip}" in err) == is_clip
