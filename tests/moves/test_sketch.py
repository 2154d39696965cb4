"""The sketch tells what extraction finds on the changed file."""

import numpy as np
import pytest
import soundfile
from mixes import bell, filtered, mix, write
from signals import chords

from common import song
from common.layout import LAYOUT, SLICES
from common.moves.moves import Move
from common.moves.render import render
from common.moves.sketch import Sketch


@pytest.fixture(scope="module")
def analysed(tmp_path_factory):
    path = write(tmp_path_factory.mktemp("sketch") / "song.wav", 0.5 * mix(20.0))
    return path, song.analyse(path)


def change(analysis, moves):
    return Sketch(analysis).embedding(moves) - analysis.song.embedding


def test_no_move_changes_nothing(analysed):
    _, analysis = analysed
    np.testing.assert_array_equal(change(analysis, []), 0.0)
    np.testing.assert_allclose(change(analysis, [Move("level", 0.0)]), 0.0, atol=1e-9)


def test_level_moves_level_features_only(analysed):
    _, analysis = analysed
    found = change(analysis, [Move("level", -6.0)])
    expected = np.zeros_like(found)
    # Log-mel falls by 6 dB in all 128 bands: the first cosine's share of that is the square root of 128.
    expected[SLICES["mfcc_mean"].start] = -6.0 * np.sqrt(128)
    for name in ("rms_mean", "rms_std"):
        expected[SLICES[name]] = analysis.song.embedding[SLICES[name]] * (10 ** (-6 / 20) - 1)
    level = [*range(SLICES["mfcc_mean"].start + 1), *range(SLICES["rms_mean"].start, SLICES["rms_std"].stop)]
    np.testing.assert_allclose(found[level], expected[level], rtol=1e-4)
    np.testing.assert_allclose(found, expected, atol=0.05)  # Hz of roll-off; all else is nearer


TOLERANCES = {"mfcc_mean": 0.5, "spectral_centroid_mean": 20, "spectral_rolloff_mean": 60,
              "spectral_bandwidth_mean": 20, "spectral_contrast_mean": 0.2, "spectral_flatness_mean": 0.005,
              "zero_crossing_rate_mean": 0.005, "rms_mean": 0.003, "mel_mean": 0.3, "mel_p25": 0.3,
              "mel_median": 0.3, "mel_p75": 0.3, "tempo": 0.01}  # fmt: skip


@pytest.mark.parametrize(("frequency", "size"), [(125.0, 5.0), (1000.0, -5.0)])
def test_an_equaliser_is_told_as_extraction_finds_it(analysed, tmp_path, frequency, size):
    path, analysis = analysed
    samples, _ = soundfile.read(path, dtype="float32")
    other = song.analyse(write(tmp_path / "other.wav", filtered(samples, bell(frequency, size))))
    told = change(analysis, [Move("bell", size, frequency)])
    found = other.song.embedding - analysis.song.embedding
    for name, tolerance in TOLERANCES.items():
        np.testing.assert_allclose(told[SLICES[name]], found[SLICES[name]], atol=tolerance, err_msg=name)
    assert np.abs(found[SLICES["mel_mean"]]).max() > 3


def test_a_tempo_is_told_as_extraction_finds_it(tmp_path):
    path = write(tmp_path / "song.wav", chords(16.0), 22_050)
    analysis = song.analyse(path)
    for size in (-8.0, 8.0):
        render(path, tmp_path / "changed.wav", [Move("tempo", size)])
        found = song.analyse(tmp_path / "changed.wav").song.embedding
        told = Sketch(analysis).embedding([Move("tempo", size)])
        assert told[SLICES["tempo"]] == pytest.approx(found[SLICES["tempo"]], abs=0.01)
        assert told[SLICES["tempo"]] != analysis.song.embedding[SLICES["tempo"]]
        others = [block.name for block in LAYOUT if block.source != "tempo"]
        assert all((told - analysis.song.embedding)[SLICES[name]].any() == np.False_ for name in others)
