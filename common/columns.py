"""The columns of the metadata, and what may stand in them."""

from __future__ import annotations

from common.files import PLAIN_TYPES
from common.text import clean

READING_COLUMNS = (
    "bpm",
    "bpm_confidence",
    "bpm_alternative",
    "beat_offset",
    "downbeat_offset",
    "meter",
    "key",
    "camelot",
    "key_confidence",
    "key_alternative",
    "loudness",
    "loudness_range",
    "true_peak",
    "pulse_clarity",
    "onset_rate",
    "sections",
    "cues",
    "mix_in",
    "mix_out",
    "unknown",
)
"""Columns that hold what was read from the sound, for people and DJ software; see `structure.readings`."""

COLUMNS = (
    "song_name",
    "file_path",
    "genre",
    "duration",
    "artist",
    "title",
    "album",
    "year",
    "tag_genre",
    "tag_bpm",
    "sample_rate",
    "channels",
    *READING_COLUMNS,
)
"""Columns of ``metadata.pkl``: text, except ``duration`` (s, float), ``sample_rate`` (Hz) and
``channels`` (int) of the file as it was decoded, and the readings. A tag the file does not have is None."""

_TYPES: dict[str, set[type]] = {
    **{name: {str} for name in ("song_name", "file_path", "genre")},
    **{name: {str, type(None)} for name in ("artist", "title", "album", "year", "tag_genre")},
    **{name: {int, type(None)} for name in ("sample_rate", "channels")},
    "duration": {float, int},
}
"""What a column's values may be."""


def validate_columns(columns: object) -> None:
    """Make sure that a metadata has the columns it should have, each a list of what it should hold.

    Raises
    ------
    ValueError
        With a sentence that says what is wrong.
    """
    if not isinstance(columns, dict):
        raise ValueError(f"metadata is a {type(columns).__name__}, not a dict of columns")
    if tuple(columns) != COLUMNS:
        raise ValueError(f"metadata has the columns {clean(', '.join(map(str, columns)))[:200]}")
    for name, values in columns.items():
        _validate_column(name, values)


def _validate_column(name: str, values: object) -> None:
    if not isinstance(values, list):
        raise ValueError(f"the column {name} is a {type(values).__name__}, not a list")
    wrong = set(map(type, values)) - _TYPES.get(name, {*PLAIN_TYPES, list, dict})
    if wrong:
        raise ValueError(f"the column {name} holds a {min(kind.__name__ for kind in wrong)}")
