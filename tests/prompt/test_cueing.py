"""The command that tells how a song is built."""

from __future__ import annotations

import json

import pytest

from common import library
from common.paths import Paths
from common.prompt import cueing


def part(start: float, end: float, bars: int, letter: str, label: str | None) -> dict:
    level = {"start": start, "end": end, "bars": bars, "energy": -9.0}
    return level | {"letter": letter, "label": label, "evidence": "kick" if label else ""}


SECTIONS = [
    part(0.5, 14.5, 8, "A", "intro"),
    part(14.5, 42.5, 16, "B", "drop"),
    part(42.5, 60.0, 10, "A", None),
]
KNOWN = {
    "bpm": 137.14, "beat_offset": 0.06, "downbeat_offset": 0.5,
    "key": "A minor", "camelot": "8A", "key_confidence": 0.02, "key_alternative": "C major",
    "loudness": -9.04, "loudness_range": 3.21, "true_peak": -0.5, "tag_bpm": 68.6,
    "bpm_alternative": 68.57, "sections": SECTIONS, "unknown": {},
    "cues": [{"at": 0.5, "name": "intro"}, {"at": 14.5, "name": "drop"}],
    "mix_in": {"start": 0.5, "end": 14.5}, "mix_out": {"start": 42.5, "end": 60.0},
}  # fmt: skip
UNKNOWN = dict.fromkeys(KNOWN) | {
    "bpm": 0.0,
    "unknown": {"bpm": "no steady pulse", "downbeat_offset": "no bars"},
}


@pytest.fixture
def told(folders, run):
    """Give the first Trance song readings and ask for its cues."""

    def ask(readings: dict, *options: str) -> tuple[int, str, str]:
        paths = Paths(folders[1], folders[3])
        made = library.load(paths)
        row = made.indices_of("TRANCE")[0]
        for name, value in readings.items():
            made.columns[name][row] = value
        library.save(paths, made, {"versions": {}, "songs": {}})
        return run("cues", *options, made.names[row])

    return ask


def test_json_is_what_was_read(told):
    code, out, _ = told(KNOWN, "--json")
    found = json.loads(out)
    assert code == 0
    assert list(found) == ["bpm", "beat_offset", "downbeat_offset", "key", "camelot", "loudness", "sections",
                           "cues", "mix_in", "mix_out"]  # fmt: skip
    assert {name: found[name] for name in found if name != "sections"} == {
        name: KNOWN[name] for name in found if name != "sections"
    }
    assert found["sections"][1] == {"start": 14.5, "end": 42.5, "bars": 16, "label": "drop", "letter": "B"}


def test_people_get_tempo_key_strip_table_and_windows(told):
    code, out, _ = told(KNOWN)
    assert code == 0
    assert "137.1 BPM, first beat at 0.060 s; 68.6 fits about as well; its tag says 68.6" in out
    assert "key      A minor 8A or C major 8B\n" in out
    assert "-9.0 LUFS, 3.2 LU range, -0.5 dBTP peak" in out
    assert "|A intro" in out
    assert "mix in   0:00.5 to 0:14.5" in out
    assert "mix out  0:42.5 to 1:00.0" in out


@pytest.mark.parametrize(("tag", "is_told"), [(137.6, False), (136.7, False), (137.7, True), (136.6, True)])
def test_a_tag_is_told_from_half_a_beat_per_minute_off(told, tag, is_told):
    assert ("its tag says" in told(KNOWN | {"tag_bpm": tag})[1]) == is_told


@pytest.mark.parametrize(("peak", "is_told"), [(-0.5, False), (42.6, True)])
def test_a_peak_of_broken_samples_is_said_to_be_one(told, peak, is_told):
    out = told(KNOWN | {"true_peak": peak})[1]
    assert f"{peak:.1f} dBTP peak" in out
    assert ("from a few broken samples" in out) == is_told


@pytest.mark.parametrize(("other", "is_told"), [(137.9, False), (130.0, True), (68.6, True)])
def test_another_tempo_is_one_that_differs(told, other, is_told):
    assert ("fits about as well" in told(KNOWN | {"bpm_alternative": other})[1]) == is_told


def test_the_fullest_section_lies_at_zero_without_a_sign(told):
    fullest = [SECTIONS[0] | {"energy": -0.2}, *SECTIONS[1:]]
    assert " 0 dB" in told(KNOWN | {"sections": fullest})[1]


def test_what_is_unknown_has_its_reason(told):
    code, out, _ = told(UNKNOWN)
    assert code == 0
    assert "tempo    no steady pulse" in out
    assert "no sections: no bars" in out
    empty = json.loads(told(UNKNOWN, "--json")[1])
    assert (empty["bpm"], empty["sections"], empty["cues"], empty["mix_in"]) == (0.0, [], [], None)


def test_a_strip_is_as_long_as_the_song_whatever_its_sections():
    drawn = cueing.strip(SECTIONS, 60.0, 80)
    assert len(drawn.partition("|  ")[0]) == cueing.STRIP
    assert drawn.endswith("1:00")


@pytest.mark.parametrize("width", [60, 80])
def test_a_cue_sheet_fits_the_terminal(told, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    reasons = [{**one, "evidence": "kick, 2 dB under the fullest section"} for one in SECTIONS]
    out = told({**KNOWN, "sections": reasons})[1]
    strip, table = out.split("\n\n")[1:]
    assert len(strip) <= width
    assert strip.endswith("|  1:00")
    assert max(map(len, table.splitlines())) <= width
