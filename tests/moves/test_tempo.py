"""Another tempo: pitch and stereo image stay, length and beat change, and blocks do not matter."""

import numpy as np
import pytest
from signals import RATE, chords, clicks, sine

from common.moves.tempo import PIECE, stretched


def play(samples, faster, size=50_000, rate=RATE):
    blocks = iter(np.array_split(samples, max(1, len(samples) // size)))
    return np.concatenate(list(stretched(blocks, rate, faster)))


def stereo(mono):
    return np.stack([mono, -0.5 * mono], axis=1)


@pytest.mark.parametrize("faster", [0.92, 1.03, 1.08])
def test_a_tone_keeps_its_pitch_and_the_song_changes_its_length(faster):
    played = play(stereo(sine(440.0, 6.0)), faster)
    assert abs(len(played) - 6.0 * RATE / faster) <= PIECE * RATE
    spectrum = np.abs(np.fft.rfft(played[:, 0] * np.hanning(len(played))))
    frequencies = np.fft.rfftfreq(len(played), 1 / RATE)
    assert frequencies[spectrum.argmax()] == pytest.approx(440.0, abs=0.3)
    # Everything but the tone is at least 50 dB down: no seam clicks.
    assert (spectrum[np.abs(frequencies - 440.0) > 5] ** 2).sum() < 1e-5 * (spectrum**2).sum()


def test_the_channels_stay_together():
    played = play(stereo(chords(4.0)), 1.06)
    np.testing.assert_allclose(played[:, 1], -0.5 * played[:, 0], atol=1e-7)


def test_beats_come_so_much_faster():
    played = play(stereo(clicks(120.0, 12.0)), 1.05)[:, 0]
    loud = np.flatnonzero(np.abs(played) > 0.4)
    onsets = loud[np.diff(loud, prepend=-RATE) > RATE // 10]
    assert np.median(np.diff(onsets)) / RATE == pytest.approx(0.5 / 1.05, abs=0.003)


def test_blocks_do_not_matter():
    samples = stereo(chords(3.0))
    np.testing.assert_array_equal(play(samples, 0.96, size=1000), play(samples, 0.96, size=10**6))


def test_a_song_shorter_than_a_piece_is_left_as_it_is():
    samples = stereo(sine(440.0, 0.05))
    np.testing.assert_array_equal(play(samples, 1.08), samples)
