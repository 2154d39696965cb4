"""Moves: their curves against scipy's analogue filters, their limits and words."""

import numpy as np
import pytest
from scipy import signal

from common.moves.moves import BELLS, KINDS, MOST_DECIBELS, Move, decibels, in_reach, in_words, stretch


@pytest.mark.parametrize("size", [-6.0, 0.5, 4.0])
def test_a_bell_is_the_cookbooks(size):
    frequencies, amplitude = np.geomspace(20, 20_000, 100), 10 ** (size / 40)
    centre = 2 * np.pi * 500.0
    numerator = [1 / centre**2, amplitude / centre, 1]
    denominator = [1 / centre**2, 1 / (amplitude * centre), 1]
    _, response = signal.freqs(numerator, denominator, 2 * np.pi * frequencies)
    gain = decibels([Move("bell", size, 500.0)], frequencies)
    np.testing.assert_allclose(gain, 20 * np.log10(np.abs(response)), atol=1e-9)


def test_a_tilt_is_a_straight_line_over_octaves():
    gain = decibels([Move("tilt", 0.5)], np.array([0.0, 31.25, 125.0, 1000.0, 2000.0, 16_000.0, 22_050.0]))
    np.testing.assert_allclose(gain, [-2, -2, -1.5, 0, 0.5, 2, 2])


def test_moves_add_and_level_is_flat():
    frequencies = np.geomspace(20, 20_000, 50)
    tilt, bell, level = Move("tilt", -1.0), Move("bell", 3.0, 250.0), Move("level", -2.0)
    together = decibels([tilt, bell, level, Move("tempo", 5.0)], frequencies)
    alone = decibels([tilt], frequencies) + decibels([bell], frequencies)
    np.testing.assert_allclose(together, alone - 2.0)
    np.testing.assert_allclose(decibels([tilt, bell, level], frequencies, level=False), alone)
    assert stretch([tilt, Move("tempo", 5.0)]) == pytest.approx(1.05)


def test_the_equaliser_keeps_its_limit():
    largest = [Move("bell", KINDS["bell"].most, f) for f in BELLS] + [Move("tilt", KINDS["tilt"].most)]
    assert all(in_reach([move]) and move.effort == 1.0 for move in largest)
    assert not in_reach([Move("bell", 5.0, 1000.0), Move("bell", 5.0, 2000.0)])
    assert in_reach([Move("bell", MOST_DECIBELS, 1000.0), Move("level", 6.0)])


def test_words_have_sizes():
    moves = [Move("tilt", 0.6), Move("bell", -3.0, 250.0), Move("bell", 1.5, 2000.0), Move("level", -2.0)]
    assert in_words(moves) == (
        "brighter by a tilt of 0.6 dB per octave around 1 kHz (+1.8 dB at 8 kHz, -1.8 dB at 125 Hz), "
        "3.0 dB less around 250 Hz (a bell, Q 1), 1.5 dB more around 2 kHz (a bell, Q 1) "
        "and 2.0 dB quieter as a whole"
    )
    assert in_words([Move("tempo", -4.0)]) == "4.0% slower"
