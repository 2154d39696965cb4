"""The benchmarks' own arithmetic, and that they run to their end on small libraries."""

import dataclasses

import numpy as np
import pytest
import soundfile
from signals import RATE, chords, clicks, noise, tune
from sklearn.decomposition import PCA

from benchmarks import (
    altered,
    capacity,
    contestants,
    identify,
    libraries,
    map_quality,
    moves,
    pulses,
    recordings,
    versions,
    windows,
)
from common import library
from common.classifier.folds import n_folds
from common.classifier.names import CLASSIFIERS
from common.classifier.songs import gather
from common.structure.onsets import hear_drums


def test_a_generated_library_keeps_the_contract_and_is_the_same_each_time(paths):
    made = libraries.write_library(paths, 60, 4)
    again = library.load(paths)
    np.testing.assert_array_equal(again.embeddings, libraries.make_library(60, 4).embeddings)
    assert made.columns == again.columns
    assert len(set(made.names)) == 60
    assert made.genre_names == [f"GENRE {k:02d}" for k in range(4)]
    training = gather(made)
    assert all(n_folds(training, way) == 5 for way in ("plain", "artist", "album"))


def test_a_generated_library_has_few_directions_as_music_has():
    values = libraries.make_library(2000).standardised
    carried = PCA(libraries.DIRECTIONS, random_state=0).fit(values).explained_variance_ratio_.sum()
    assert carried > 0.85


def test_songs_are_grown_beside_those_of_a_library():
    made = libraries.make_library(60, 4)
    grown = libraries.grow(made, 200)
    np.testing.assert_array_equal(grown, libraries.grow(made, 200))
    _, spread = made.scaling
    apart = [np.linalg.norm((song - made.embeddings) / spread, axis=1) for song in grown]
    assert np.min(apart, axis=1).max() < np.median(apart)
    assert len(np.unique(np.argmin(apart, axis=1))) > 50


@pytest.mark.parametrize(
    ("values", "expected"),
    [([1.0, 10.0], "1.00"), ([2.0, 200.0], "2.00"), ([3.0, 3.0], "0.00"), ([0.0, 1.0], "–")],
)
def test_growth_is_the_exponent(values, expected):
    assert capacity.growth([100, 1000], values) == expected
    assert capacity.growth([100], values[:1]) == "–"


def test_a_bent_song_keeps_its_hits_and_wanders_as_far_as_it_is_told():
    drums = hear_drums(clicks(120, 60.0))
    same, seconds = pulses.bent(drums, 60.0, 0.0, 6.0, seed=1)
    np.testing.assert_allclose(same.snare.times, drums.snare.times)
    assert seconds == pytest.approx(60.0)
    wandering, _ = pulses.bent(drums, 60.0, 0.05, 6.0, seed=1)
    assert np.std(np.log(np.diff(wandering.snare.times) / np.diff(drums.snare.times))) == pytest.approx(
        0.05, rel=0.2
    )


def test_a_step_runs_in_a_process_of_its_own(tmp_path):
    assert capacity.run_step("make", tmp_path, 30, 3)["make"].seconds > 0
    found = capacity.run_step("search", tmp_path, 30, 3)
    *others, last = found.values()
    assert all(cost.seconds > 0 for cost in found.values())
    assert all(cost.peak_mb is None for cost in others)
    assert last.peak_mb > 20  # no upper bound: Linux counts the memory of the process that starts another


@pytest.mark.slow
def test_capacity_measures_every_step(tmp_path, capsys, monkeypatch):
    # The commands have tests of their own; here one of them stands for all.
    monkeypatch.setattr(capacity, "COMMANDS", {"stage 4, search": capacity.COMMANDS["stage 4, search"]})
    monkeypatch.setattr(capacity, "WARMING", (10, 2))
    capacity.report([30], 3, tmp_path)
    printed = capsys.readouterr().out
    for name in ("stage 4, search", "load the library", "map: UMAP in 3D", "embeddings", "peak MB"):
        assert name in printed


@pytest.mark.slow
def test_copies_are_counted_by_kind(tmp_path, capsys):
    for number, amplitude in enumerate((0.02, 0.1)):
        soundfile.write(tmp_path / f"song {number}.wav", chords(8.0) + noise(8.0, amplitude), RATE)
    assert recordings.main([str(tmp_path), "--seconds", "6"]) == 0
    printed = capsys.readouterr().out
    rows = {line[:38].strip(): line[38:].split() for line in printed.splitlines()}
    assert rows["-6 dB"] == ["1", "of", "1", "1", "of", "1", "0.00", "0.00"]
    assert rows["MP3, libsndfile, 320 kbit/s"][:6] == rows["-6 dB"][:6]
    assert rows["played 3% faster"][0] == "0"
    assert "pairs of different songs: 0 songs are merged with another" in printed


@pytest.mark.slow
def test_versions_are_counted_by_kind_and_timed(tmp_path, capsys, monkeypatch):
    kinds = {
        kind: altered.changes()[kind]
        for kind in ("6 dB softer", "4% faster and higher", "30 s from the middle")
    }
    monkeypatch.setattr(versions, "changes", lambda: kinds)
    music = tmp_path / "music"
    music.mkdir()
    for seed in (1, 2):
        soundfile.write(music / f"song {seed}.wav", tune(seed, 60), RATE)
    assert versions.main([str(music), "--work", str(tmp_path / "work"), "--sizes", "20"]) == 0
    printed = capsys.readouterr().out
    rows = {line[:21].strip(): line[21:].split() for line in printed.splitlines()}
    assert all(rows[kind][:6] == ["1", "of", "1", "1", "of", "1"] for kind in kinds)
    assert printed.count("recall 1.000, precision 1.000") == 2
    assert "CPU ms per song" in printed
    assert (tmp_path / "work" / "6 dB softer" / "song 2.flac").is_file()


@pytest.mark.parametrize(
    ("promised", "found", "sign", "kept"),
    [
        (-1.0, -0.8, True, True),
        (-1.0, -1.25, True, False),
        (-2.9, -2.85, True, True),
        (-2.9, -3.05, False, False),
    ],
)
def test_a_word_is_kept_within_a_tenth_of_the_way_or_of_a_log_odd(promised, found, sign, kept):
    word = moves.Word(start=-3.0, promised=promised, found=found)
    assert (word.has_sign, word.is_kept) == (sign, kept)


def test_a_simpler_classifier_is_ahead_only_beyond_the_interval():
    accuracy = dict.fromkeys([*CLASSIFIERS.values(), *contestants.SIMPLE], 0.7)
    level = contestants.Column(
        accuracy, (0.05, -0.02, 0.12), (0.6, 0.8), 0.03, 0.05, 0.1, 0.91, 1.4, (0.9, 0.95, 0.9), 3.0, 5.0
    )
    ahead = dataclasses.replace(level, behind=(0.05, 0.01, 0.09), coverage=None, size=None)
    components = dataclasses.replace(level, accuracy={**accuracy, CLASSIFIERS["logistic"]: 0.81})
    assert not contestants.is_behind({"plain": level, "album": level})
    assert contestants.is_behind({"plain": level, "album": ahead})
    assert contestants.is_behind({"plain": components})
    told = contestants.side_by_side("demo", {"plain": level, "artist": ahead})
    assert "0.910 (1.40)" in told
    assert "+0.050" in told
    assert "artists apart" in told.splitlines()[0]


@pytest.mark.slow
def test_clips_and_strangers_are_identified(tmp_path, capsys):
    for number in range(4):
        soundfile.write(tmp_path / f"song {number}.wav", tune(number, 64, note=0.25), RATE)
    options = ["--clips", "16", "--strangers", "4", "--library", "40"]
    assert identify.main([str(tmp_path), *options]) == 0
    printed = capsys.readouterr().out
    rows = {line[:22].strip(): line[22:].split() for line in printed.splitlines()}
    assert rows["MP3 at 64 kbit/s"][:4] == ["2", "2", "2", "100.0%"]
    assert rows["all"][:4] == ["16", "16", "16", "100.0%"]
    assert "4 strangers: 0 taken for a song" in printed
    assert "40 songs: 16 of 16 clips right" in printed


def test_windows_of_a_song_are_counted_where_its_other_half_is_nearest(monkeypatch):
    library = libraries.make_library(12)
    rng = np.random.default_rng(0)

    def halves(path):
        song = library.embeddings[library.paths.index(str(path))]
        # Every second song's windows are another song's.
        other = library.embeddings[(library.paths.index(str(path)) + 1) % 12]
        mine = library.paths.index(str(path)) % 2 == 0
        seen = (song if mine else other) + rng.normal(scale=1e-3, size=(5, song.size))
        return song, song if mine else other, seen

    monkeypatch.setattr(windows, "halves", halves)
    rows = windows.measure(library)
    assert [row[1:3] for row in rows[:2]] == [[30, 60], [30, 60]]
    assert rows[2][3] == f"{1 / 12:.3f}"


@pytest.mark.slow
def test_the_map_is_the_truest_of_the_layouts_and_stays_still():
    library = libraries.make_library(40)
    rows = map_quality.measure(library, 1, 2)
    kept = {str(row[0]): float(str(row[1])) for row in rows}
    assert max(kept, key=lambda name: kept[name]) == "the map"
    assert "no other moved in" in map_quality.stillness(library, 2)
