"""Sound that follows the score."""

import numpy as np
import pytest

from common.demo import compose, perform, synth

KRUMHANSL_KESSLER = {
    "major": (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88),
    "minor": (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17),
}
KEYS = [(tonic, mode) for mode in KRUMHANSL_KESSLER for tonic in range(12)]
SONGS = compose.compose_library()


@pytest.fixture(scope="module")
def rendered():
    """Three songs and their samples."""
    return [(song, perform.render(song)) for song in SONGS[4:7]]


def test_rendered_songs_are_clean_stereo(rendered):
    for song, samples in rendered:
        assert samples.shape == (int(song.duration * synth.SAMPLE_RATE), 2)
        assert samples.dtype == np.float32
        assert np.isfinite(samples).all()
        assert 0.3 < np.abs(samples).max() <= perform.CEILING
        assert np.abs(samples.mean(axis=0)).max() < 1e-3  # no DC
        assert np.abs(samples[[0, -1]]).max() < 1e-3  # starts and ends in silence
        left, right = samples.T
        assert 0.3 < np.corrcoef(left, right)[0, 1] < 0.999


def test_the_second_drop_is_louder_than_the_breakdown(rendered):
    for song, samples in rendered:
        starts = np.cumsum([0, *(part.bars for part in song.arrangement)]) * song.bar_seconds
        bars = [
            samples[int(start * synth.SAMPLE_RATE) :][: int(2 * synth.SAMPLE_RATE)] for start in starts[3:5]
        ]
        breakdown, drop = (np.sqrt(np.mean(bar**2)) for bar in bars)
        assert drop > 1.1 * breakdown


@pytest.mark.slow
def test_tempo_and_key_can_be_heard(rendered):
    librosa = pytest.importorskip("librosa")
    tempo_hits = key_hits = 0
    for song, samples in rendered:
        mono = librosa.resample(
            samples.mean(axis=1), orig_sr=synth.SAMPLE_RATE, target_sr=22_050, res_type="polyphase"
        )
        tempo = float(np.atleast_1d(librosa.beat.beat_track(y=mono, sr=22_050)[0])[0])
        tempo_hits += min(abs(tempo * times / song.bpm - 1.0) for times in (0.5, 1.0, 2.0)) < 0.04
        key_hits += heard_key(librosa.feature.chroma_cqt(y=mono[: 30 * 22_050], sr=22_050)) == (
            song.tonic,
            song.mode,
        )
    assert tempo_hits >= 2
    assert key_hits >= 2


def heard_key(chroma):
    mean = chroma.mean(axis=1)
    return max(KEYS, key=lambda key: np.corrcoef(np.roll(KRUMHANSL_KESSLER[key[1]], key[0]), mean)[0, 1])
