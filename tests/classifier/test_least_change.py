"""The least change, where the genre is planted: brightness, which a tilt turns, or rhythm, which none do."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from libraries import library_of
from mixes import PINK, write
from scipy import signal

from common import layout, song
from common.classifier.advice import advice_facts, advise, genre_named, nearest_real, sentences
from common.classifier.explanation import explain
from common.classifier.genre_sets import SetRule
from common.classifier.judgement import judge
from common.classifier.least_change import GOAL, MOST_MOVES, Judges, Search
from common.classifier.model import Settings
from common.classifier.selection import fit_final
from common.classifier.songs import gather
from common.classifier.training import Trainer
from common.console import UserError, progress
from common.layout import N_FEATURES, SAMPLE_RATE
from common.moves.filter import taps_of
from common.moves.moves import KINDS, Move, decibels, in_reach
from common.moves.sketch import Sketch

GENRES, TEMPO = ["DARK", "LIGHT"], layout.index_of("tempo")
SIZE = 8
"""Songs of each genre."""


def sound(seed: int, bpm: float, tilt: float, seconds: float = 12.0) -> np.ndarray:
    """Pink noise with a beat that sounds as long at any tempo, tilted, shape (n_frames, 1)."""
    rng = np.random.default_rng(seed)
    n = round(seconds * SAMPLE_RATE)
    time = np.arange(n) / SAMPLE_RATE
    phase = time * bpm / 60 % 1
    noise = signal.lfilter([0.049922, -0.095993, 0.050612, -0.004408], PINK, rng.standard_normal(n))
    beat = np.exp(-6 * phase) * (1.5 * np.sin(2 * np.pi * 60 * time) + 0.6 * rng.standard_normal(n))
    taps = taps_of(decibels([Move("tilt", tilt)], np.linspace(0, SAMPLE_RATE / 2, 2049)))
    tilted = signal.oaconvolve(noise + 0.5 * beat, taps, mode="same")
    return (0.1 * tilted / tilted.std()).astype(np.float32)[:, None]


def learned(files, X, y, known):
    trainer = Trainer(X[known], y[known], GENRES, np.arange(known.sum()), 5)
    return SimpleNamespace(files=files, X=X, y=y, model=trainer.model(Settings(5, 0.3, 0)))


@pytest.fixture(scope="module")
def bright(tmp_path_factory):
    """Files of two genres that lie 1 dB per octave apart; the model has not heard the first of each."""
    folder, y = tmp_path_factory.mktemp("bright"), np.repeat([0, 1], SIZE)
    files, X = [], []
    for number, k in enumerate(y):
        rng = np.random.default_rng(number)
        tempo, tilt = rng.uniform(100, 110), (-0.5, 0.5)[k] + rng.normal(scale=0.15)
        files.append(write(folder / f"{number}.wav", sound(number, tempo, tilt), SAMPLE_RATE))
        X.append(song.analyse(files[-1]).song.embedding)
    return learned(files, np.array(X, dtype=np.float64), y, np.arange(2 * SIZE) % SIZE > 0)


@pytest.fixture(scope="module")
def rhythmic(bright):
    """The same songs in one genre, and in the other one copies that differ in tempo alone."""
    faster = bright.X.copy()
    faster[:, TEMPO] += 60
    y = np.repeat([0, 1], 2 * SIZE)
    return learned([*bright.files, *bright.files], np.vstack([bright.X, faster]), y, y >= 0)


def advice_on(made, row, towards=None, path=None, **options):
    verdict = explain([made.model], made.X[row], "A song", SetRule(0.9, "plain", 0, None, ()))
    return advise(path or made.files[row], made.X[row], [made.model], verdict, towards, **options)


@pytest.mark.parametrize("row", [0, SIZE])
def test_a_tilt_turns_what_hangs_on_brightness(bright, row, tmp_path):
    advice = advice_on(bright, row, preview=tmp_path / "changed.wav")
    change = advice.change
    assert advice.towards == GENRES[1 - bright.y[row]]
    assert change.lead < 0 < change.measured
    assert change.is_reached
    # The genres' tilts lie 1 dB per octave apart; what is least goes about half of the way.
    assert [move.kind for move in change.moves] == ["tilt"]
    assert 0.2 <= change.moves[0].size * (1, -1)[bright.y[row]] <= 0.9
    assert change.promised == pytest.approx(change.measured, abs=0.1 * (change.measured - change.lead))
    # What is said is what anybody finds on the changed file.
    heard = song.analyse(advice.preview).song.embedding[None, :].astype(float)
    assert bright.model.probabilities(heard)[0] == pytest.approx(change.after, abs=1e-4)
    said = sentences(advice)
    assert "by a tilt of" in said[0]
    assert f"to {change.after[change.target]:.0%} {advice.towards}, then the likeliest" in said[0]
    assert advice_facts(advice)["reached"] is True


def test_what_hangs_on_rhythm_is_out_of_reach(rhythmic):
    advice = advice_on(rhythmic, 0)
    change = advice.change
    assert not change.is_reached
    assert change.lead < change.measured < 0
    assert [(move.kind, move.size > 0) for move in change.moves] == [("tempo", True)]
    assert next(iter(change.left)) == "rhythm"
    assert change.left["rhythm"] > 0.9
    said = " ".join(sentences(advice))
    assert "Not reached by what was tried" in said
    assert "% faster" in said
    assert "left lies in tempo and texture" in said
    assert advice_facts(advice)["reached"] is False


def test_nothing_smaller_is_told_to_do(bright):
    analysis, judges = song.analyse(bright.files[0]), Judges([bright.model], 1)
    search = Search(Sketch(analysis), judges, room=0.0)
    (move,), lead = search.find(GOAL)
    smaller = Move(move.kind, move.size - np.sign(move.size) * KINDS[move.kind].step, move.frequency)
    told = judges.leads(search.sketch.embedding([smaller])[None, :])[0]
    assert told < GOAL <= lead
    # Without room for louder, no move is louder; a goal out of reach takes as many moves as may be.
    moves, lead = search.find(1e6)
    assert lead < 1e6
    assert 1 <= len(moves) <= MOST_MOVES
    assert not any(one.kind == "level" and one.size > 0 for one in moves)
    assert in_reach(moves)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (
            {"path": Path("/gone/song.wav")},
            "Nothing was tried, which needs its file: there is no file /gone/song.wav",
        ),
        ({"towards": "dark"}, "It sounds like DARK as it is."),
    ],
)
def test_what_keeps_it_from_trying_is_one_line(bright, options, expected):
    advice = advice_on(bright, 0, **options)
    (line,) = sentences(advice)
    assert line.startswith(expected)
    assert advice.change is None
    assert "moves" not in advice_facts(advice)


def test_another_file_or_a_long_one_is_not_judged(bright, monkeypatch):
    (line,) = sentences(advice_on(bright, 0, path=bright.files[SIZE]))
    assert "has changed since it was extracted" in line
    monkeypatch.setattr("common.classifier.least_change.LONGEST", 5.0)
    (line,) = sentences(advice_on(bright, 0))
    assert "at most" in line


def test_a_genre_is_named_in_any_case():
    assert genre_named(("A", "Hard Trance"), "hard trance") == "Hard Trance"
    with pytest.raises(UserError, match="there are A, B"):
        genre_named(("A", "B"), "C")


def test_the_nearest_real_song_is_anothers_and_sounds_like_its_genre(quick):
    rng = np.random.default_rng(0)
    X = 4 * rng.normal(size=(24, N_FEATURES)) + np.repeat([[0.0], [6.0]], 12, axis=0)
    for place, share in ((12, 0.9), (13, 0.8), (14, 0.5)):  # on their way from song 0 to the other genre
        X[place] = share * X[place] + (1 - share) * X[0]
    X[15] = X[0] + 1.0  # filed in the other genre, but sounds like the first
    artists = ["Own"] + [f"Artist {number % 6}" for number in range(23)]
    artists[14] = "own"
    made = library_of(X, ["A"] * 12 + ["B"] * 12, artists)
    judgement = judge(gather(made), (5,), lambda way, folds: progress(folds, "fold"))
    model = fit_final(judgement.training, (5,))
    found = nearest_real(made, judgement, model, 0, "B")
    assert found.name == made.names[13]
    assert found.probability > 0.5
    assert judgement.plain.probability[15, 1] < 0.5
