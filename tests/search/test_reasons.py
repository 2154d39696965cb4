from __future__ import annotations

import numpy as np
import pytest
from libraries import library_of

from common.layout import GROUP_INDICES, N_FEATURES, SLICES
from common.music import MAJOR, MINOR, Key
from common.search import reasons
from common.search.spaces import build


def said(embeddings, one, other):
    library = library_of(embeddings)
    parts = build("standard", library).contributions(one, other)
    return reasons.traits(library, one, other, parts)


def test_traits_name_what_both_have_and_what_sets_apart():
    embeddings = np.random.default_rng(0).normal(scale=0.3, size=(30, N_FEATURES))
    brightness, loudness = SLICES["spectral_centroid_mean"].start, SLICES["rms_mean"].start
    embeddings[:2, brightness] = 9.0
    embeddings[0, loudness], embeddings[1, loudness] = 9.0, -9.0
    both, apart = said(embeddings, 0, 1)
    assert "brighter" in both
    assert "louder" in apart
    assert "quieter" in said(embeddings, 1, 0)[1]
    assert len(both) <= 3


def test_timbre_and_tonnetz_are_summed_up_and_tempo_has_its_own_line():
    embeddings = np.random.default_rng(0).normal(size=(30, N_FEATURES))
    timbre, tonnetz = list(GROUP_INDICES["timbre"]), list(GROUP_INDICES["tonnetz"])
    embeddings[1, timbre] = embeddings[0, timbre]
    embeddings[1, tonnetz] = -embeddings[0, tonnetz]
    embeddings[:2, SLICES["tempo"]] = [[90.0], [-90.0]]
    both, apart = said(embeddings, 0, 1)
    assert "a similar colour of sound" in both
    assert "chords that relate in other ways" in apart
    assert not {"faster", "slower"} & {*both, *apart}


def test_groups_that_add_next_to_nothing_go_without_saying():
    """A space that does not read the notes, as that of the classifier, gives no note for a reason."""
    embeddings = np.random.default_rng(0).normal(scale=0.3, size=(30, N_FEATURES))
    note, loudness = SLICES["chroma_std"].start + 5, SLICES["rms_mean"].start
    embeddings[0, [note, loudness]], embeddings[1, [note, loudness]] = 9.0, -9.0
    parts = dict.fromkeys(GROUP_INDICES, 0.0) | {"energy": -0.6, "harmony": -0.6}
    library = library_of(embeddings)
    assert "a note F that comes and goes" in reasons.traits(library, 0, 1, parts)[1]
    assert reasons.traits(library, 0, 1, parts | {"harmony": 0.0}) == ([], ["louder"])


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (128, 128, "the same tempo (128 and 128 BPM)"),
        (70, 140, "the same tempo at double time (70 and 140 BPM)"),
        (140, 71, "1% faster at half time (140 and 71 BPM)"),
        (142, 137, "4% slower (142 and 137 BPM)"),
        (170, 166.7, "2% slower (170 and 166.7 BPM)"),
        (128, 128.4, "the same tempo (128 and 128.4 BPM)"),
        (40, 160, "the same tempo at 4 times the pace (40 and 160 BPM)"),
        (120, 128, "7% faster (120 and 128 BPM)"),
        (128, 120, "6% slower (128 and 120 BPM)"),
        (120, 64, "7% faster at half time (120 and 64 BPM)"),
        (100, 130, "far apart (100 and 130 BPM)"),
        (0, 130, "unknown: no pulse was found in one of them"),
        (0, 0, "unknown: no pulse was found in either"),
    ],
)
def test_tempo_relation(one, other, expected):
    assert reasons.tempo_relation(one, other) == expected


A_MINOR, C_MAJOR, G_MAJOR = Key(9, MINOR), Key(0, MAJOR), Key(7, MAJOR)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (A_MINOR, A_MINOR, "the same key"),
        (A_MINOR, C_MAJOR, "relative keys"),
        (C_MAJOR, G_MAJOR, "a fifth apart"),
        (Key(0, MINOR), C_MAJOR, "the same tonic"),
        (C_MAJOR, Key(6, MAJOR), "6 steps apart"),
        (None, C_MAJOR, "unknown: no key stands out in one"),
        (None, None, "unknown: no key stands out in either"),
    ],
)
def test_key_relation(one, other, expected):
    assert reasons.key_relation(one, other).startswith(expected)
