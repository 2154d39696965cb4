"""A mix against its references: known equalisers are read back, spreads are what numpy says."""

from dataclasses import replace

import numpy as np
import pytest
from mixes import RATE, bell, filtered, mix, response, write
from scipy import signal

from common.decoders import AudioError
from common.reference.compare import Band, Reading, compare, read, shown_width
from common.reference.kept import VERSION, measured
from common.reference.measure import CENTRES, measure


@pytest.fixture
def listen(tmp_path):
    def call(samples, rate=RATE):
        return measure(write(tmp_path / "mix.wav", samples, rate))[0]

    return call


def differences(bands):
    return np.array([np.nan if band.level.difference is None else band.level.difference for band in bands])


@pytest.mark.parametrize("gain", [-6.0, 3.0])
@pytest.mark.parametrize("frequency", [100.0, 1000.0, 6000.0])
def test_a_known_equaliser_is_read_back(listen, frequency, gain):
    samples, sections = mix(), bell(frequency, gain)
    found = compare(listen(filtered(samples, sections)), [listen(samples)])
    true = response(sections, CENTRES)
    error = np.abs(differences(found.bands) - (true - np.median(true[CENTRES < 4200])))
    assert np.median(error) < 0.1
    assert np.percentile(error, 95) < 0.5


def test_gain_is_no_difference_in_balance(listen):
    samples = mix()
    found = compare(listen(samples / 2), [listen(samples)])
    np.testing.assert_allclose(differences(found.bands), 0, atol=0.01)
    assert found.loudness.difference == pytest.approx(-6.02, abs=0.01)
    assert all(reading.difference == pytest.approx(0, abs=0.01) for reading in (*found.crest, *found.width))


def test_a_fold_down_to_mono_changes_stereo_alone(listen):
    samples = mix()
    folded = np.repeat(samples.mean(axis=1, keepdims=True), 2, axis=1)
    found = compare(listen(folded), [listen(samples)])
    np.testing.assert_allclose(differences(found.bands), 0, atol=0.01)
    assert all(reading.difference == pytest.approx(0, abs=0.01) for reading in found.crest)
    assert all(reading.difference < -30 for reading in found.width)


def test_the_spread_is_the_references_own(listen):
    samples = mix()
    gains = (-4.0, -2.0, 0.0, 2.0, 4.0)
    references = [listen(filtered(samples, bell(1000, gain, q=2.0))) for gain in gains]
    found = compare(listen(samples), references)
    centre, far = found.bands[16].level, found.bands[2].level
    assert [centre.low - centre.median, centre.high - centre.median] == pytest.approx([-3.2, 3.2], abs=0.3)
    assert far.high - far.low < 0.15
    assert centre.excess == 0


def test_what_the_mix_lacks_lies_at_least_as_far_below_as_its_floor(listen):
    samples = mix()
    mute = signal.butter(8, 50, "highpass", fs=RATE, output="sos")
    without, whole = listen(filtered(samples, mute)), listen(samples)
    bands = compare(without, [whole]).bands
    assert [band.at_floor for band in bands[:6]] == [True, True, False, False, False, False]
    assert [band.is_bound for band in bands[:6]] == [True, True, False, False, False, False]
    true = response(mute, CENTRES)
    assert all(true[number] < band.level.difference < -6 for number, band in enumerate(bands[:2]))
    # The other way round the references have nothing there, so the mix has more, by as much at least.
    bands = compare(whole, [without]).bands
    assert [band.is_bound for band in bands[:3]] == [True, True, False]
    assert not any(band.at_floor for band in bands)
    assert all(6 < band.level.difference < -true[number] for number, band in enumerate(bands[:2]))
    assert [band.level.difference for band in compare(without, [without]).bands[:2]] == [None, None]


def test_a_band_that_sinks_to_its_floor_changes_nothing_at_once(listen):
    """What an encoder does to a band at its floor changes no difference by more than it changes the band."""
    mute = signal.butter(8, 50, "highpass", fs=RATE, output="sos")
    samples = mix()
    whole, without = listen(samples), listen(filtered(samples, mute))
    found = []
    for level in np.linspace(-30.0, -18.0, 25):
        spectrum = list(whole.spectrum)
        spectrum[0] = max(spectrum[1:8]) + level
        bands = compare(replace(without, spectrum=tuple(spectrum)), [whole]).bands
        found.append(bands[0].level.difference)
    assert np.all(np.diff(found) >= -1e-9)
    assert np.max(np.diff(found)) <= 0.5 + 1e-9


def test_a_width_at_its_end_is_a_bound(listen):
    stereo, mono = listen(mix()), listen(mix(side=0.0))
    assert not any(reading.is_bound for reading in compare(stereo, [stereo]).width)
    assert all(reading.is_bound for reading in compare(stereo, [mono]).width)
    found = compare(mono, [stereo])
    assert found.is_mono
    assert all(reading.is_bound for reading in found.width)
    assert [shown_width(width) for width in (-60.0, -59.9, 60.0)] == ["≤ -60.0", "-59.9", "≥ 60.0"]


def test_reading_against_the_spread():
    reading = read(5.0, [0.0, 1.0, 2.0, 3.0])
    assert (reading.median, reading.difference) == (1.5, 3.5)
    assert (reading.low, reading.high) == tuple(np.percentile([0, 1, 2, 3], (10, 90)))
    assert reading.excess == pytest.approx(5.0 - reading.high)
    assert read(-5.0, [0.0, 1.0, 2.0, 3.0]).excess < 0
    assert read(2.0, [0.0, 1.0, 2.0, None]).excess == pytest.approx(0.2)


def test_fewer_than_three_references_claim_no_spread():
    reading = read(5.0, [0.0, 1.0, None])
    assert (reading.low, reading.high) == (None, None)
    assert reading.excess > 0
    assert read(1.0, [0.5]).excess == 0


def test_what_most_references_lack_is_not_told_of_them():
    assert read(5.0, [0.0, 1.0, None, None]).median == 0.5
    lacking = read(5.0, [0.0, 1.0, None, None, None])
    assert (lacking.value, lacking.median, lacking.excess) == (5.0, None, 0.0)


def test_what_is_unknown_is_not_compared(listen):
    mono, stereo, narrow = listen(mix()[:, 0]), listen(mix()), listen(mix(rate=8000), 8000)
    assert all(reading.difference is None for reading in compare(mono, [stereo]).width)
    assert differences(compare(narrow, [stereo]).bands)[-1:] == pytest.approx([np.nan], nan_ok=True)
    assert np.isfinite(differences(compare(stereo, [narrow, stereo]).bands)).all()


def test_references_are_measured_once(tmp_path):
    files = [write(tmp_path / f"{seed}.wav", mix(5, seed)) for seed in range(2)]
    store = tmp_path / "kept.json"
    first = measured(store, dict.fromkeys(files, ()))
    files[0].rename(moved := tmp_path / "moved.wav")
    files[1].chmod(0)  # it cannot be read again, and need not be
    again = measured(store, {moved: (), files[1]: ()})
    assert list(again.values()) == list(first.values()) == [measure(moved)[0], first[files[1]]]


def test_what_cannot_be_measured_says_why(tmp_path):
    found = measured(tmp_path / "kept.json", {tmp_path / "gone.wav": ()})
    assert isinstance(found[tmp_path / "gone.wav"], AudioError)


@pytest.mark.parametrize(
    "content", ["", "[]", f'{{"version": "{VERSION}"}}', f'{{"version": "{VERSION}", "files": {{"a": 3}}}}']
)
def test_a_damaged_file_is_made_anew(tmp_path, content):
    store, file = tmp_path / "kept.json", write(tmp_path / "mix.wav", mix(5))
    store.write_text(content)
    assert measured(store, {file: ()})[file] == measured(store, {file: ()})[file]


def test_a_file_that_changed_is_measured_again(tmp_path):
    store, file = tmp_path / "kept.json", write(tmp_path / "mix.wav", mix(5))
    before = measured(store, {file: ()})[file]
    write(file, mix(6, seed=1))
    assert measured(store, {file: ()})[file] != before


def test_sounds_without_a_band_in_common_are_not_compared(listen):
    time = np.arange(5 * RATE) / RATE
    low, high = (np.repeat(np.sin(2 * np.pi * hertz * time)[:, None], 2, axis=1) for hertz in (60.0, 5000.0))
    found = compare(listen(low.astype(np.float32)), [listen(high.astype(np.float32))])
    assert all(band.level.difference is None for band in found.bands)


@pytest.mark.parametrize(
    ("value", "is_bound", "shown"),
    [(-0.02, False, "+0.0"), (1.24, False, "+1.2"), (-3.0, True, "≤ -3.0"), (3.0, True, "≥ +3.0")],
)
def test_a_difference_is_shown_with_its_sign_and_as_a_bound(value, is_bound, shown):
    assert Band(90.0, 110.0, Reading(value, 0.0, None, None), is_bound=is_bound).shown == shown
