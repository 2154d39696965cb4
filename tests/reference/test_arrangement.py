"""How a mix is built beside its references: medians and spreads of what the library holds."""

from types import SimpleNamespace

import numpy as np
import pytest

from common.layout import N_FEATURES
from common.library import COLUMNS, Library
from common.reference.arrangement import arrangement, summary, table_rows
from common.reference.compare import Reading
from common.reference.measure import REGIONS


@pytest.fixture
def songs() -> Library:
    columns: dict[str, list] = {name: [None] * 5 for name in COLUMNS}
    columns["bpm"] = [128.0, 120.0, 126.0, 136.0, 0.0]
    columns["duration"] = [300.0, 200.0, 240.0, 280.0, 320.0]
    columns["key"] = ["A minor", "A minor", "E minor", "F♯ major", None]
    columns["key_confidence"] = [0.02, 0.2, 0.2, 0.2, None]
    columns["key_alternative"] = ["C major", None, None, None, None]
    columns["sections"] = [
        [{"start": 0.0, "end": 10.0}, {"start": 10.0, "end": 40.0}, {"start": 40.0, "end": 60.0}],
        *([{"start": 0.0, "end": length}] for length in (10.0, 20.0, 30.0)),
        [],
    ]
    return Library(np.zeros((5, N_FEATURES), np.float32), columns)


def test_what_is_compared(songs):
    found = arrangement(songs, 0, [1, 2, 3, 4])
    assert (found.tempo.value, found.tempo.median) == (128.0, 126.0)
    assert (found.tempo.low, found.tempo.high) == tuple(np.percentile([120, 126, 136], (10, 90)))
    assert (found.length.value, found.length.median) == (300.0, 260.0)
    assert (found.section.value, found.section.median) == (20.0, 20.0)
    assert (found.n_mixable, found.n_keys, found.n_references) == (2, 3, 4)


def test_it_is_told_in_a_line(songs):
    assert summary(arrangement(songs, 0, [1, 2, 3, 4])) == (
        "128.0 BPM (references 126.0, 121.2 to 134.0) · 5:00 long (references 4:20, 3:32 to 5:08)"
        " · sections of 20 s (references 20 s, 12 s to 28 s)"
        " · A minor 8A or C major 8B (2 of 3 references with a key mix with it)"
    )
    assert summary(arrangement(songs, 4, [0])) == "5:20 long (references 5:00)"


def test_of_a_song_without_a_key_none_is_said_to_mix(songs):
    assert _key_row(songs, 0, [1, 2]) == ["key", "A minor 8A or C major 8B", "", "", "2 of 2 mix with it"]
    assert _key_row(songs, 0, [3, 1])[-1] == "1 of 2 mixes with it"
    assert _key_row(songs, 4, [1, 2]) == ["key", None, "", "", ""]
    assert _key_row(songs, 0, [4])[-1] == ""


def _key_row(songs, song, references):
    nothing = Reading(None, None, None, None)
    comparison = SimpleNamespace(
        crest=[nothing] * len(REGIONS), width=[nothing] * len(REGIONS), loudness=nothing,
        loudness_range=nothing, true_peak=nothing, correlation=nothing,
    )  # fmt: skip
    return table_rows(comparison, arrangement(songs, song, references))[-1]


def test_nothing_is_less_than_nothing(songs):
    nearly = Reading(-0.001, -0.002, -0.003, 0.0)
    regions = [nearly] * len(REGIONS)
    comparison = SimpleNamespace(crest=regions, width=regions, loudness=nearly, loudness_range=nearly,
                                 true_peak=nearly, correlation=nearly)  # fmt: skip
    rows = table_rows(comparison, arrangement(songs, 0, [1, 2, 3, 4]))
    assert "-0.0" not in " ".join(str(cell) for row in rows for cell in row)
