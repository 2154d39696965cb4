"""The truth about a demo song is what its samples hold."""

import numpy as np
import pytest
import soundfile

from common.demo import compose, files, perform, truth
from common.demo.synth import SAMPLE_RATE

SONG = compose.compose_library(2)[1]


def delay_of(later, earlier):
    """Samples by which a signal lags behind another, by cross-correlation."""
    size = 1 << 18
    product = np.fft.rfft(later[:100_000], size) * np.conj(np.fft.rfft(earlier[:100_000], size))
    return int(np.argmax(np.fft.irfft(product, size)[: size // 2]))


@pytest.fixture(scope="module")
def samples():
    """A song as it is rendered."""
    return perform.render(SONG)


def test_beats_are_evenly_spaced_and_bars_have_four():
    told = truth.truth_of(SONG)
    np.testing.assert_allclose(np.diff(told.beats), 60.0 / SONG.bpm)
    np.testing.assert_array_equal(told.downbeats, told.beats[::4])
    assert told.beats[0] == 0.0


def test_sections_follow_each_other_on_downbeats():
    told = truth.truth_of(SONG, delay=0.5)
    edges = [told.sections[0].start, *(section.end for section in told.sections)]
    assert edges[0] == 0.5
    assert edges[:-1] == [section.start for section in told.sections]
    np.testing.assert_allclose(
        edges[:-1], [told.downbeats[np.abs(told.downbeats - e).argmin()] for e in edges[:-1]]
    )
    assert [section.name for section in told.sections] == ["intro", "build", "drop", "break", "drop", "outro"]


def test_a_kick_sounds_at_every_beat_of_a_drop(samples):
    told = truth.truth_of(SONG)
    drop = next(section for section in told.sections if section.name == "drop")
    energy = np.convolve(samples.mean(axis=1) ** 2, np.ones(441) / 441, mode="same")
    for beat in told.beats[(told.beats >= drop.start) & (told.beats < drop.end)]:
        before, after = (energy[round((beat + shift) * SAMPLE_RATE)] for shift in (-0.01, 0.01))
        assert after > 2 * before


def test_a_decoded_file_begins_as_late_as_said(samples, tmp_path):
    path = tmp_path / "song.mp3"
    path.write_bytes(files.encode(samples))
    decoded, rate = soundfile.read(path, dtype="float32")
    assert rate == SAMPLE_RATE
    assert delay_of(decoded[:, 0], samples[:, 0]) == round(truth.MP3_DELAY * SAMPLE_RATE)
