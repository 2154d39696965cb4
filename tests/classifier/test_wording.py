"""Words say in music what the numbers mean."""

from __future__ import annotations

import numpy as np
import pytest
from classifier_cases import reasoned

from common import layout
from common.classifier import wording
from common.classifier.nicknames import nickname
from common.layout import N_FEATURES, SLICES


class TestWords:
    def test_shares_of_a_component_sum_to_one(self):
        for meaning in wording.describe_components(reasoned(3)[0].representation):
            assert sum(meaning.groups.values()) == pytest.approx(1.0)
            assert meaning.high
            assert meaning.low
            assert meaning.name in meaning.sentence()
            assert len(meaning.nickname.split()) <= 3

    def strength(self, **blocks):
        strength, high = np.zeros(N_FEATURES), np.zeros(N_FEATURES, dtype=bool)
        for name, value in blocks.items():
            strength[SLICES[name]], high[SLICES[name]] = abs(value), value > 0
        return strength, high

    def test_a_bright_loud_axis(self):
        strength, high = self.strength(spectral_centroid_mean=2.0, rms_mean=1.0)
        assert wording.phrases(strength, high) == ["brighter", "louder"]
        assert wording.phrases(strength, ~high) == ["darker", "quieter"]

    def test_neighbouring_bands_are_one_phrase(self):
        frequencies = np.array(layout.mel_frequencies())
        inside = (frequencies > 2000) & (frequencies < 5000)
        strength, high = np.zeros(N_FEATURES), np.ones(N_FEATURES, dtype=bool)
        for name in ("mel_mean", "mel_median"):
            strength[SLICES[name]] = inside
        (phrase,) = wording.phrases(strength, high)
        assert phrase == "more energy between 2.0 kHz and 5.0 kHz"

    def test_the_ends_of_the_spectrum(self):
        strength, high = np.zeros(N_FEATURES), np.zeros(N_FEATURES, dtype=bool)
        strength[SLICES["mel_p75"]][:10] = 1.0
        assert wording.phrases(strength, high)[0].startswith("less energy below")
        strength[:] = 0
        strength[SLICES["mel_p75"]][-10:] = 1.0
        assert wording.phrases(strength, high)[0].startswith("less energy above")

    def test_what_no_ear_can_check_is_left_unsaid(self):
        strength, high = self.strength(mfcc_std=0.05, tonnetz_mean=0.2, tempo=0.5)
        assert wording.phrases(strength, high) == ["faster"]

    def test_it_is_said_where_there_is_nothing_else(self):
        strength, high = self.strength(tempo=0.1)
        strength[layout.index_of("mfcc_mean_18")] = 1.0
        colour = "another colour of the sound (MFCC 18 lower)"
        assert wording.phrases(strength, high) == [colour, "faster"]

    def test_what_is_faint_is_left_unsaid(self):
        strength, high = self.strength(spectral_centroid_mean=1.0, tempo=0.005)
        assert wording.phrases(strength, high) == ["brighter"]

    def test_nothing_is_said_twice(self):
        strength, high = self.strength(rms_mean=0.5)
        strength[layout.index_of("mfcc_mean_01")] = 1.0
        high[layout.index_of("mfcc_mean_01")] = True
        assert wording.phrases(strength, high) == ["louder overall"]

    def test_nothing_is_nothing(self):
        strength, high = self.strength()
        assert wording.phrases(strength, high) == []


class TestNicknames:
    """At most three whole words, whatever a component is made of."""

    @pytest.mark.parametrize("sign", [1.0, -1.0])
    def test_every_number_has_one(self, sign):
        for index in range(N_FEATURES):
            words = nickname(sign * np.eye(N_FEATURES)[index]).split()
            assert len(words) <= 3
            assert not {"of", "that", "the", "between", "and"} & set(words)

    def axis(self, **regions):
        frequencies, axis = np.array(layout.mel_frequencies()), np.zeros(N_FEATURES)
        for name, value in regions.items():
            low, high = {"bass": (70, 230), "mids": (600, 1800), "highs": (6500, 10_500)}[name]
            axis[SLICES["mel_mean"]][(frequencies > low) & (frequencies < high)] = value
        return axis

    def test_two_regions_are_weighed_against_each_other(self):
        assert nickname(self.axis(bass=-1.0, highs=0.9)) == "highs over bass"
        assert nickname(self.axis(mids=1.0, bass=0.3)) == "more mids"
        assert nickname(self.axis(bass=-1.0)) == "less bass"
        assert nickname(self.axis(bass=0.2, highs=-1.0)) == "less highs"
        assert nickname(self.axis(bass=0.6, highs=-1.0)) == "bass over highs"

    def test_two_parts_of_one_region_are_told_by_their_frequencies(self):
        frequencies, axis = np.array(layout.mel_frequencies()), np.zeros(N_FEATURES)
        axis[SLICES["mel_mean"]] = np.where((frequencies > 500) & (frequencies < 800), 1.0, 0.0)
        axis[SLICES["mel_mean"]][(frequencies > 1200) & (frequencies < 1800)] = -0.9
        low, high = (
            float(name.replace("-Hz", "").replace("-kHz", "")) for name in nickname(axis).split(" over ")
        )
        assert 500 < low < 800
        assert 1.2 < high < 1.8
