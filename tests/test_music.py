"""Keys and tempos, checked by what musicians know."""

import math

import numpy as np
import pytest
from signals import RATE, chords, noise

from common import features, music
from common.layout import PITCH_CLASSES
from common.music import (
    MAJOR,
    MINOR,
    Key,
    estimate_key,
    estimate_keys,
    notes_at_once,
    read_key,
    tempo_ratio,
    wheel_distance,
)


def chroma_of(*notes: str, weights=None) -> np.ndarray:
    """Presence 1 for the named notes (or their weights), a little of everything else."""
    chroma = np.full(12, 0.1)
    for note, weight in zip(notes, weights or [1.0] * len(notes), strict=True):
        chroma[PITCH_CLASSES.index(note)] = weight
    return chroma


@pytest.mark.parametrize(
    ("notes", "name"),
    [
        (("C", "E", "G"), "C major"),
        (("A", "C", "E"), "A minor"),
        (("F♯", "A", "C♯"), "F♯ minor"),
        (("D♯", "G", "A♯"), "E♭ major"),
    ],
)
def test_a_triad_names_its_key(notes, name):
    assert estimate_key(chroma_of(*notes)).name == name


def test_transposing_by_a_semitone_moves_the_tonic_by_one():
    song = np.random.default_rng(3).random(12)
    keys = estimate_keys(np.array([np.roll(song, steps) for steps in range(12)]))
    assert [key.tonic for key in keys] == [(keys[0].tonic + steps) % 12 for steps in range(12)]
    assert {key.mode for key in keys} == {keys[0].mode}


def test_correlation_is_numpys():
    song = np.random.default_rng(4).random(12)
    scores = [
        np.corrcoef(song, np.roll(profile, tonic))[0, 1]
        for profile in (music.MAJOR_PROFILE, music.MINOR_PROFILE)
        for tonic in range(12)
    ]
    key = estimate_key(song)
    best = int(np.argmax(scores))
    assert (key.tonic, key.mode) == (best % 12, MAJOR if best < 12 else MINOR)
    first, second = sorted(scores)[:-3:-1]
    assert key.confidence == pytest.approx(first - second)


@pytest.mark.parametrize(("minor_third", "alternative"), [(0.1, None), (0.5, "C minor")])
def test_the_runner_up_is_named_where_it_fits_about_as_well(minor_third, alternative):
    """A chord with both thirds, equally strong, is nearly in both modes."""
    key = estimate_key(chroma_of("C", "G", "E", "D♯", weights=[1, 1, 0.5, minor_third]))
    assert (key.name, key.alternative) == ("C major", alternative)
    assert (key.alternative is None) == (key.confidence >= music.CLEAR)


def test_loudness_of_the_chroma_does_not_matter():
    song = chroma_of("A", "C", "E")
    assert estimate_key(song * 0.3).name == estimate_key(song).name


@pytest.mark.parametrize("flat", [np.zeros(12), np.ones(12)])
def test_a_flat_chroma_has_no_key(flat):
    assert estimate_key(flat) is None


def coloured_noise(slope, seconds=10.0, seed=0):
    """Noise whose power falls with a power of the frequency: 0 white, 1 pink, 2 brown."""
    spectrum = np.fft.rfft(noise(seconds, seed=seed))
    spectrum[1:] /= np.arange(1, spectrum.size) ** (slope / 2)
    samples = np.fft.irfft(spectrum, round(seconds * RATE))
    return (0.1 * samples / samples.std()).astype(np.float32)


@pytest.mark.parametrize("slope", [0, 1, 2])
def test_noise_of_any_colour_has_no_key(slope):
    chroma = features.describe(coloured_noise(slope))["chroma"]
    assert read_key(chroma) is None
    assert estimate_key(chroma.mean(axis=1)) is not None  # something always fits best


def test_a_song_has_the_key_of_its_mean_chroma():
    chroma = features.describe(chords())["chroma"]
    assert read_key(chroma) == estimate_key(chroma.mean(axis=1))
    assert read_key(chroma).name == "A minor"


def test_notes_that_fit_no_key_have_none():
    diminished = chroma_of("C", "D♯", "F♯", "A")
    assert read_key(np.repeat(diminished[:, np.newaxis], 50, axis=1)) is None


def test_notes_that_sound_at_once_are_counted():
    assert notes_at_once(np.ones((12, 5))) == pytest.approx(12)
    assert notes_at_once(np.eye(12)) == pytest.approx(1)
    assert notes_at_once(np.array([[1.0, 0.0]] * 2 + [[0.0, 0.0]] * 10)) == pytest.approx(2)  # one is silent
    assert notes_at_once(np.zeros((12, 5))) == 0


def test_a_wrong_shape_is_refused():
    with pytest.raises(ValueError, match="12"):
        estimate_keys(np.zeros((3, 11)))


@pytest.mark.parametrize(
    ("tonic", "mode", "camelot"),
    [
        (0, MAJOR, "8B"),
        (9, MINOR, "8A"),
        (7, MAJOR, "9B"),
        (11, MAJOR, "1B"),
        (8, MINOR, "1A"),
        (4, MAJOR, "12B"),
    ],
)
def test_camelot_names_are_the_published_ones(tonic, mode, camelot):
    assert Key(tonic, mode).camelot == camelot


def test_the_wheel_has_24_places():
    assert len({Key(tonic, mode).camelot for tonic in range(12) for mode in (MAJOR, MINOR)}) == 24


def test_neighbours_on_the_wheel():
    c, g, a_minor, f_sharp = Key(0, MAJOR), Key(7, MAJOR), Key(9, MINOR), Key(6, MAJOR)
    assert [wheel_distance(c, other) for other in (c, g, a_minor, f_sharp)] == [0, 1, 1, 6]


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [(70, 140, 1), (140, 70, 1), (35, 140, 1), (120, 126, 1.05)],
)
def test_half_and_double_time_are_the_same_tempo(one, other, ratio):
    assert tempo_ratio(one, other) == pytest.approx(ratio)


def test_the_ratio_is_folded_into_half_an_octave_around_one():
    rng = np.random.default_rng(0)
    for one, other in rng.uniform(20, 300, size=(200, 2)):
        assert 1 / math.sqrt(2) <= tempo_ratio(one, other) < math.sqrt(2) + 1e-12


def test_no_pulse_agrees_with_nothing():
    assert tempo_ratio(0, 120) is None
    assert not music.same_tempo(0, 0)
    assert music.same_tempo(128, 64.5)
    assert not music.same_tempo(120, 130)


def test_a_label_says_its_doubt():
    assert Key(9, MINOR, 0.2).label == "A minor 8A"
    doubtful = Key(9, MINOR, 0.01, "C major")
    assert doubtful.label == "A minor 8A or C major 8B"
    assert doubtful.short_label == "Am 8A ?"


@pytest.mark.parametrize(("tempo", "shown"), [(0.0, None), (127.96, 128.0), (128.44, 128.4)])
def test_tempos_are_shown_to_a_tenth(tempo, shown):
    assert music.shown_tempo(tempo) == shown


def test_octaves_of_tempo_are_whole_and_the_rest_is_less_than_half():
    octaves, rest = music.tempo_octaves(np.array([70.0, 140, 128, 0]), np.array([140.0, 70, 132, 120]))
    np.testing.assert_array_equal(octaves, [1, -1, 0, np.nan])
    np.testing.assert_allclose(rest, [0, 0, np.log2(132 / 128), np.nan], atol=1e-12)


def test_half_and_double_time_are_one_point_of_a_circle():
    points = music.tempo_circle(np.array([70.0, 140.0, 280.0, 70.0 * 2**0.5, 0.0]))
    assert np.allclose(points[0], points[1:3])
    assert np.allclose(points[3], -points[0])  # half an octave is half the way round
    assert np.allclose(np.hypot(*points.T), [1, 1, 1, 1, 0])


@pytest.mark.parametrize(
    ("date", "year"),
    [
        ("1999", 1999),
        ("2003-05-01", 2003),
        ("20030501", 2003),
        ("12/2004", 2004),
        ("released 1987, remastered 2011", 1987),
        ("29.01.07", None),
        ("0", None),
        ("19991", None),
        ("٢٠٠٣", None),
        ("", None),
        (None, None),
    ],
)
def test_a_year_is_found_in_a_date(date, year):
    assert music.year_of(date) == year
