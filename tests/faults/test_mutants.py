"""Songs with changed bytes are songs or failures with a kind; `make fuzz` tries thousands."""

from __future__ import annotations

import random

import numpy as np
import pytest
from clocks import processor_seconds
from faults import mutants
from signals import chords

from common import audio, decoders, tags
from common.decoders import AudioError


def kind_of(path) -> str:
    try:
        decoded = audio.load(path)
    except AudioError as error:
        return f"{error.kind}: {error.reason}"
    assert np.isfinite(decoded.samples).all()
    return "song"


@pytest.mark.parametrize("ending", mutants.FORMATS)
def test_mutants_are_songs_or_failures(tmp_path, ending):
    rng = random.Random(ending)
    whole = mutants.write_song(tmp_path / f"song{ending}")
    path = tmp_path / f"mutant{ending}"
    with processor_seconds(40):
        for _ in range(40):
            path.write_bytes(mutants.mutate(whole, rng))
            told = kind_of(path)
            assert told == "song" or told.partition(": ")[0] in decoders.KINDS
            assert "\n" not in told
            assert isinstance(tags.read_header(path), tags.Header)


@pytest.mark.parametrize("loud", [1e20, 3e38, -3e38, np.inf, -np.inf, np.nan])
def test_sound_beyond_measure_is_no_warning(tmp_path, loud):
    """Warnings are errors here; the samples are refused, or their descriptors."""
    from common.song import analyse

    values = chords(2.0)
    values[5_000:9_000] = loud
    mutants.float_song(tmp_path / "song.wav", values)
    with pytest.raises(AudioError) as caught:
        analyse(tmp_path / "song.wav")
    assert caught.value.kind in {"not_finite", "invalid"}
