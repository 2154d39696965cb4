"""The layout is a contract: names, places, and the words derived from them."""

import librosa
import numpy as np
import pytest

from common import layout
from common.layout import BLOCK_OF, GROUP_INDICES, GROUPS, LAYOUT, N_FEATURES, NAMES, SLICES

CONTRACT = [
    ("mfcc_mean", 0, 20), ("mfcc_std", 20, 20), ("mfcc_delta_mean", 40, 20),
    ("chroma_mean", 60, 12), ("chroma_std", 72, 12),
    ("spectral_centroid_mean", 84, 1), ("spectral_centroid_std", 85, 1),
    ("spectral_rolloff_mean", 86, 1), ("spectral_rolloff_std", 87, 1),
    ("spectral_bandwidth_mean", 88, 1), ("spectral_bandwidth_std", 89, 1),
    ("spectral_contrast_mean", 90, 7), ("spectral_contrast_std", 97, 7),
    ("spectral_contrast_median", 104, 7), ("spectral_flatness_mean", 111, 1),
    ("zero_crossing_rate_mean", 112, 1), ("zero_crossing_rate_std", 113, 1), ("tempo", 114, 1),
    ("rms_mean", 115, 1), ("rms_std", 116, 1), ("tonnetz_mean", 117, 6), ("tonnetz_std", 123, 6),
    ("mel_mean", 129, 128), ("mel_p25", 257, 128), ("mel_median", 385, 128), ("mel_p75", 513, 128),
]  # fmt: skip


def test_blocks_lie_where_the_contract_says():
    assert [(name, s.start, s.stop - s.start) for name, s in SLICES.items()] == CONTRACT
    assert N_FEATURES == 641


def test_names_are_unique_and_follow_the_pattern():
    assert len(set(NAMES)) == len(NAMES) == 641
    assert (NAMES[0], NAMES[59], NAMES[114], NAMES[-1]) == (
        "mfcc_mean_01",
        "mfcc_delta_mean_20",
        "tempo",
        "mel_p75_128",
    )
    assert NAMES[129] == "mel_mean_001"
    assert NAMES[90] == "spectral_contrast_mean_01"


def test_groups_cover_every_number_once():
    positions = [i for group in GROUPS for i in GROUP_INDICES[group]]
    assert sorted(positions) == list(range(N_FEATURES))
    assert {group: len(where) for group, where in GROUP_INDICES.items()} == {
        "timbre": 60, "harmony": 24, "spectral": 28, "rhythm": 3, "energy": 2, "tonnetz": 12, "mel": 512,
    }  # fmt: skip


def test_frequencies_agree_with_librosa():
    edges = librosa.mel_frequencies(layout.N_MELS + 2, fmin=0, fmax=layout.SAMPLE_RATE / 2)
    np.testing.assert_allclose(layout.mel_frequencies(), edges[1:-1], rtol=1e-12)
    assert layout.contrast_edges() == (0, 200, 400, 800, 1600, 3200, 6400, 11025)


@pytest.mark.parametrize(
    ("name", "high", "expected"),
    [
        ("spectral_centroid_mean", False, "darker"),
        ("tempo", True, "faster"),
        ("chroma_mean_10", True, "more of the note A"),
        ("mel_mean_001", True, "more energy at 26 Hz"),
        ("mfcc_mean_01", False, "quieter overall"),
    ],
)
def test_words(name, high, expected):
    assert layout.words(layout.index_of(name), high) == expected


def test_only_what_an_ear_can_check_counts_as_audible():
    audible = {BLOCK_OF[i].source for i in range(N_FEATURES) if layout.is_audible(i)}
    assert "tonnetz" not in audible
    assert "spectral_centroid" in audible
    mfcc = [NAMES[i] for i in range(N_FEATURES) if layout.is_audible(i) and BLOCK_OF[i].source == "mfcc"]
    assert mfcc == ["mfcc_mean_01", "mfcc_mean_02"]


def test_every_number_has_words_without_leftovers():
    for index in range(N_FEATURES):
        phrases = [layout.words(index, high) for high in (True, False)] + [layout.meaning(index)]
        assert all(phrase and "{" not in phrase for phrase in phrases)
        assert phrases[0] != phrases[1]


def test_shares_add_up():
    values = np.random.default_rng(0).normal(size=N_FEATURES)
    shares = layout.group_shares(values)
    assert sum(shares.values()) == pytest.approx(values.sum())
    assert shares["rhythm"] == pytest.approx(values[112:115].sum())
    with pytest.raises(ValueError, match="expected 641"):
        layout.group_shares(values[:-1])


def test_unknown_name_is_a_key_error():
    with pytest.raises(KeyError):
        layout.index_of("mfcc_mean_21")


def test_layout_id_is_stable():
    assert layout.LAYOUT_ID == "4b18067805bd70f8"
    assert all(block.group in GROUPS for block in LAYOUT)
    assert BLOCK_OF[114].name == "tempo"
