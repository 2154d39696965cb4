"""match: references from the library or named, JSON as promised, bad input in a line."""

import json
import os
import re
import shlex
from pathlib import Path

import numpy as np
import pytest
import soundfile
from mixes import RATE, bell, filtered, mix

from common.paths import Paths


@pytest.fixture
def music(make_library):
    """Sound for the songs of the fixture `run`, which are embeddings alone; the same library again."""
    _, made = make_library({"ITALODANCE": 7, "TRANCE": 6, "SOLO": 1})
    for row, path in enumerate(map(Path, made.paths)):
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, 0.5 * mix(5.0, seed=row), RATE, format="WAV", subtype="FLOAT")
    return made


def replace_sound(library, row, samples, rate=RATE):
    soundfile.write(library.paths[row], samples, rate, format="WAV", subtype="FLOAT")


def test_the_json_holds_what_was_promised(run, music):
    code, out, _ = run("match", music.names[0], "-n", "4", "--json")
    told = json.loads(out)
    assert code == 0
    assert told["song"]["song_name"] == music.names[0]
    assert len(told["references"]) == 4
    assert set(told["references"]) < set(music.paths) - {music.paths[0]}
    assert len(told["bands"]) == 29
    wanted = {"low_hz", "high_hz", "difference_db", "at_least", "reference_low_db", "reference_high_db"}
    assert all(set(band) == wanted for band in told["bands"])
    assert {"lufs", "range_lu", "true_peak_dbtp", "references"} == set(told["loudness"])
    assert {"median", "low", "high"} == set(told["loudness"]["references"]["lufs"])
    assert len(told["crest"]) == len(told["stereo"]) == 4
    assert all(isinstance(sentence, str) for sentence in told["sentences"])


def test_the_references_come_from_a_genre(run, music):
    told = json.loads(run("match", music.names[0], "--genre", "trance", "--json")[1])
    assert len(told["references"]) == 6
    assert all("TRANCE" in path for path in told["references"])


def test_named_references_and_an_equaliser(run, music):
    replace_sound(music, 0, filtered(0.5 * mix(5.0, seed=1), bell(1000, 6)))
    code, out, err = run("match", music.names[0], "--to", music.names[1], "--preview")
    assert code == 0
    assert "dB more than the reference between" in out
    assert "1 reference: too few to claim a spread" in err
    assert "the mix is 5.0 s long: a passage is held against whole songs" in err
    # No spread is claimed, so nothing is called above or below one.
    assert not re.search(r"^(loudness|crest|width|tempo|length).* (above|below)$", out, re.MULTILINE)
    assert "left of the differences" in err


def test_the_peak_of_broken_samples_is_left_out(run, music):
    broken = 0.02 * mix(5.0, seed=1)
    broken[RATE] = 100.0
    replace_sound(music, 1, broken)
    told = json.loads(run("match", music.names[0], "--to", music.names[1], "--json")[1])
    assert told["loudness"]["references"]["true_peak_dbtp"]["median"] is None
    assert told["broken"] == [music.paths[1]]
    _, _, err = run("match", music.names[0], "--to", music.names[1])
    assert f"{music.names[1]} has broken samples" in err


def test_pictures_page_and_preview_are_written(run, music, paths: Paths):
    _, out, _ = run("match", music.names[0], "-n", "3", "--preview")
    page = paths.html("match", music.names[0]).read_text()
    told = [words for words in out.splitlines() if words.startswith(("tempo", "length", "section", "key "))]
    assert len(told) == 4
    for words in told:  # the page has the terminal's cells
        assert all(f"{cell}</td>" in page for cell in re.split(r"\s{2,}", words.strip()))
    files = [paths.plot("match", music.names[0]), paths.html("match", music.names[0])]
    assert all(file.stat().st_size > 1000 for file in files)
    heard, rate = soundfile.read(paths.mix("match", music.names[0]))
    assert (len(heard), rate) == (5 * RATE, RATE)


def test_a_second_match_reads_the_references_no_more(run, music):
    told = json.loads(run("match", music.names[0], "-n", "3", "--json")[1])
    for reference in map(Path, told["references"]):
        before = reference.stat()
        reference.write_bytes(bytes(before.st_size))
        os.utime(reference, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert json.loads(run("match", music.names[0], "-n", "3", "--json")[1]) == told


def test_a_reference_that_is_gone_is_named_and_left_out(run, music):
    Path(music.paths[2]).unlink()
    names = music.names[1:5]
    code, out, err = run("match", music.names[0], "--to", *names)
    assert code == 0
    assert "against 3 references" in out
    assert f"left out: {music.names[2]}" in err


def test_a_file_that_is_no_reference_is_named_and_left_out(run, music, tmp_path):
    silence = tmp_path / "silence.wav"
    soundfile.write(silence, np.zeros(5 * RATE), RATE)
    code, out, err = run("match", music.names[0], "--to", str(silence), music.names[2])
    assert code == 0
    assert "against 1 reference" in out
    assert "left out: silence.wav: every sample is zero" in err
    assert run("match", music.names[0], "--to", str(silence))[0] == 1
    assert "not a song" in run("match", music.names[0], "--to", "not a song")[2]


@pytest.mark.parametrize("options", [[], ["--preview"]])
def test_spectra_with_nothing_in_common_are_told_in_a_line(run, music, options):
    seconds = np.arange(5 * RATE) / RATE
    for row, hertz in enumerate((50, 10_000)):
        replace_sound(music, row, np.hanning(len(seconds)) * np.sin(2 * np.pi * hertz * seconds))
    code, _, err = run("match", music.names[0], "--to", music.names[1], *options)
    assert code == 1
    assert err.endswith("nothing to compare\n")


@pytest.mark.parametrize(
    "options", [["--to", "{1}", "{2}"], ["--genre", "TRANCE", "-n", "3"], ["--space", "standard"]]
)
def test_the_next_command_keeps_the_references(run, music, options):
    given = [option.format(*map(shlex.quote, music.names)) for option in options]
    _, _, err = run("match", music.names[0], *(option.format(*music.names) for option in options))
    assert f"match {shlex.quote(music.names[0])} {' '.join(given)} --preview" in err


def test_named_references_are_not_counted_off(run, music):
    code, _, err = run("match", music.names[0], "--to", music.names[1], "-n", "3")
    assert code == 1
    assert "-n says how many of the nearest songs" in err


def test_no_reference_left_is_an_error(run, music):
    Path(music.paths[1]).unlink()
    code, _, err = run("match", music.names[0], "--to", music.names[1])
    assert code == 1
    assert "no reference could be measured" in err


@pytest.mark.parametrize(
    ("samples", "rate", "words"),
    [
        (mix(5.0)[:, 0], RATE, "one channel"),
        (np.pad(mix(5.0), ((0, 0), (0, 4))), RATE, "6 channels: their mean is compared, and no width"),
        (mix(5.0) * np.float32([1, 0]), RATE, "the right channel is silent (60 dB under the left or more)"),
        (mix(5.0) * np.float32([0, 1]), RATE, "the left channel is silent (60 dB under the right or more)"),
        (mix(5.0, rate=8000), 8000, "highest 7 bands"),
        (mix(5.0), RATE, "no loudness range is told of less than 60 s"),
    ],
)
def test_what_a_mix_does_not_hold_is_said(run, music, samples, rate, words):
    replace_sound(music, 0, samples, rate)
    code, out, err = run("match", music.names[0], "-n", "3")
    assert code == 0
    assert words in err
    assert "nan" not in out
    assert words in json.loads(run("match", music.names[0], "-n", "3", "--json")[1])["warnings"][-1]


def test_silence_is_one_line(run, music):
    replace_sound(music, 0, np.zeros((RATE, 2)))
    code, out, err = run("match", music.names[0])
    assert (code, out) == (1, "")
    assert "loud enough" in err
    assert err.count("\n") == 1


def test_a_song_is_no_reference_of_its_own(run, music):
    code, _, err = run("match", music.names[0], "--to", music.names[0])
    assert code == 1
    assert "no reference of its own" in err


def test_a_genre_that_is_not_there(run, music):
    code, _, err = run("match", music.names[0], "--genre", "POLKA")
    assert code == 1
    assert "there are ITALODANCE, SOLO, TRANCE" in err
