"""The extractor against literal librosa calls, and against what music is."""

import numpy as np
import pytest
from oracle import differences
from signals import chords, clicks, noise, sine

from common import audio, features, layout, rhythm, spectrum
from common.layout import NAMES, SLICES
from common.paths import PROJECT
from common.rhythm import estimate_tempo

MUSIC = PROJECT.parent / "shared" / "music"
REAL_SONGS = [
    "METAL/Sectoid - War of freedom.ogg",
    "ELECTRONIC/Kenta Cho - stg4.ogg",
    "AMBIENT/Legoluft - Water-Atmo.ogg",
    "ORCHESTRAL/Aleksi Aubry-Carlson - Main Theme.ogg",
]


def with_gap() -> np.ndarray:
    """Music, two seconds of digital silence, music: frames without any energy."""
    return np.concatenate([chords(4.0), np.zeros(44_100, np.float32), chords(4.0)])


def low_passed() -> np.ndarray:
    """Music with nothing above 4 kHz, as a file of 8 kHz leaves it."""
    import soxr

    return soxr.resample(soxr.resample(chords(), 22_050, 8_000), 8_000, 22_050).astype(np.float32)


SIGNALS = {
    "noise": lambda: noise(6.0),
    "a440": lambda: sine(440.0, 6.0),
    "clicks": lambda: clicks(128, 10.0),
    "chords": chords,
    "gap": with_gap,
    "low-passed": low_passed,
    "detuned": lambda: chords() + sine(446.3, 8.0),
    "three seconds": lambda: chords(3.0),
    "one second": lambda: chords(1.0),
    "odd length": lambda: chords(5.0)[: 22_050 * 5 - 317],
    "whole number of hops": lambda: noise(5.0)[: 512 * 200],
    "quiet": lambda: chords() * np.float32(1e-3),
    "loud": lambda: chords() * np.float32(20),
}


@pytest.mark.parametrize("name", SIGNALS)
def test_equals_literal_librosa_on_synthetic_signals(name):
    import warnings

    samples = SIGNALS[name]()
    samples = samples[: min(samples.size, 22_050 * 10)]
    with warnings.catch_warnings():
        # The oracle's lowest octaves are longer than a one-second signal; librosa says so and goes on.
        warnings.filterwarnings("ignore", message="n_fft=.* is too large", category=UserWarning)
        assert differences(features.extract(samples), samples, SLICES) == {}


@pytest.mark.slow
@pytest.mark.parametrize("song", REAL_SONGS)
def test_equals_literal_librosa_on_real_songs(song):
    if not (MUSIC / song).exists():
        pytest.skip("the real songs are not here")
    samples = audio.load(MUSIC / song).samples
    assert differences(features.extract(samples), samples, SLICES) == {}


@pytest.mark.slow
def test_equals_literal_librosa_on_ten_minutes():
    samples = np.tile(chords(20.0), 30) + noise(600.0, 0.001)
    assert differences(features.extract(samples), samples, SLICES) == {}


def test_blocks_of_frames_do_not_show(monkeypatch):
    samples = chords()
    whole = features.extract(samples)
    for module in (spectrum, rhythm):
        monkeypatch.setattr(module, "BLOCK", 7)
    np.testing.assert_allclose(features.extract(samples), whole, rtol=1e-6, atol=1e-6)


def test_series_have_the_sizes_of_the_layout():
    series = features.describe(chords())
    assert {block.source: block.size for block in layout.LAYOUT} == {
        source: values.shape[0] for source, values in series.items()
    }
    assert series["mel"].max() == 0.0
    assert series["chroma"].max() == pytest.approx(1.0)


def test_half_gain_moves_only_level():
    samples = chords()
    full, half = features.extract(samples), features.extract(samples * np.float32(0.5))
    moved = {NAMES[i] for i in np.flatnonzero(np.abs(full - half) > 1e-3 * np.abs(full) + 2e-3)}
    assert moved == {"mfcc_mean_01", "rms_mean", "rms_std"}
    place = SLICES["rms_mean"]
    np.testing.assert_allclose(half[place], full[place] / 2, rtol=1e-5)


def test_a440_lights_pitch_class_a():
    chroma = features.extract(sine(440.0))[SLICES["chroma_mean"]]
    assert layout.PITCH_CLASSES[chroma.argmax()] == "A"
    assert chroma.argmax() == 9
    assert np.sort(chroma)[-2] < 0.5


@pytest.mark.parametrize("bpm", [90, 128, 140])
def test_clicks_have_their_tempo(bpm):
    [tempo] = features.extract(clicks(bpm))[SLICES["tempo"]]
    assert tempo == pytest.approx(bpm, rel=0.08)


def test_brighter_sound_has_the_higher_centroid():
    dark, bright = (features.extract(sine(f))[SLICES["spectral_centroid_mean"]] for f in (200, 4000))
    assert dark[0] == pytest.approx(200, abs=15)
    assert bright[0] == pytest.approx(4000, abs=15)


def test_noise_is_flatter_than_a_tone():
    flatness = SLICES["spectral_flatness_mean"]
    assert features.extract(noise())[flatness][0] > 0.3 > 0.01 > features.extract(sine(440.0))[flatness][0]


@pytest.mark.parametrize("name", ["noise", "a440", "hum", "swell"])
def test_no_pulse_no_tempo(name):
    time = np.arange(22_050 * 20) / 22_050
    sounds = {
        "noise": noise(20.0, seed=1),
        "a440": sine(440, 20.0),
        "hum": sine(50, 20.0) + noise(20.0, 0.01, seed=2),
        "swell": sine(220, 20.0) * (0.5 + 0.5 * np.sin(0.3 * time)).astype(np.float32),
    }
    assert features.extract(sounds[name])[SLICES["tempo"]] == 0.0


def test_silence_has_no_tempo():
    assert estimate_tempo(np.zeros(500, np.float32)) == 0.0


def test_too_few_samples_are_an_error():
    with pytest.raises(features.FeatureError, match="fewer than 9 frames"):
        features.extract(np.ones(2048, np.float32))
    with pytest.raises(features.FeatureError, match="one channel"):
        features.extract(np.ones((2, 22_050), np.float32))


def test_a_wrong_block_is_named():
    series = features.describe(chords(2.0))
    with pytest.raises(features.FeatureError, match="tonnetz_mean has shape"):
        features.summarise({**series, "tonnetz": series["tonnetz"][:5]})
    series["spectral_contrast"][3, 5] = np.nan
    with pytest.raises(features.FeatureError, match="spectral_contrast_mean holds NaN"):
        features.summarise(series)


def test_work_can_be_stopped_between_blocks():
    def stop() -> None:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        features.extract(chords(), check=stop)
