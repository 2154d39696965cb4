"""What an MP3 encoder adds: told by the file's rate, taken off what is measured, and nothing else."""

import numpy as np
import pytest
import soundfile
from mixes import RATE, mix, write

from common.reference.encoders import CREST_LOWERED, noise_share, raised
from common.reference.measure import CENTRES, measure


def encode(path, samples, kbit, mode="CONSTANT", rate=RATE):
    # libsndfile puts the rates from 320 down to 32 kbit/s on a scale of 0 to 1; those of MPEG-2 end at 160.
    highest, lowest = (320, 32) if rate >= 32_000 else (160, 8)
    level = (highest - kbit) / (highest - lowest)
    soundfile.write(path, samples, rate, format="MP3", subtype="MPEG_LAYER_III", bitrate_mode=mode,
                    compression_level=level)  # fmt: skip
    return path


@pytest.mark.parametrize(
    ("kbit", "channels", "share"), [(96, 2, 1.0), (128, 2, 1.0), (160, 2, 0.5), (192, 2, 0.25), (64, 1, 1.0)]
)
def test_a_constant_rate_tells_how_much_noise_there_is(tmp_path, kbit, channels, share):
    file = encode(tmp_path / "mix.mp3", mix(2.0)[:, :channels], kbit)
    assert noise_share(file, RATE, channels) == pytest.approx(share, abs=1e-4)


def test_what_has_no_known_noise(tmp_path):
    samples = mix(2.0)
    assert noise_share(write(tmp_path / "mix.wav", samples), RATE, 2) == 0
    assert noise_share(encode(tmp_path / "changing.mp3", samples, 128, "VARIABLE"), RATE, 2) == 0
    assert noise_share(encode(tmp_path / "low.mp3", samples, 64, rate=22_050), 22_050, 2) == 0


def test_it_is_taken_off_levels_and_the_highest_crest_factor(tmp_path):
    file, encoded = write(tmp_path / "mix.wav", mix()), encode(tmp_path / "mix.mp3", mix(2.0), 160)
    plain, _ = measure(file)
    clean, _ = measure(file, encoded=encoded)
    for name in ("spectrum", "loudest"):
        taken = np.subtract(getattr(plain, name), getattr(clean, name))
        np.testing.assert_allclose(taken, raised(CENTRES) / 2, atol=1e-9)
    np.testing.assert_allclose(np.subtract(clean.crest, plain.crest), [0, 0, 0, CREST_LOWERED / 2], atol=1e-9)
    assert (clean.loudness, clean.width, clean.true_peak) == (plain.loudness, plain.width, plain.true_peak)


def test_noise_grows_with_frequency_up_to_where_encoders_cut():
    assert raised(np.array([50.0, 1000.0, 4000.0, 16_000.0])) == pytest.approx([0, 0, 0.11, 0])
    assert np.all(np.diff(raised(CENTRES[:27])) >= 0)
