"""What exports to DJ software share: which tracks a playlist has, their keys, genres and hot cues."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from common.library import UNKNOWN_GENRE

HOT_CUES = 8
"""Hot cues that a track can hold, in rekordbox (A to H) as in Traktor."""


def distinct_tracks(songs: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """The songs of a playlist by path, in order; one that comes twice is one track.

    Parameters
    ----------
    songs
        Facts of the songs, in order: a value for each of ``library.COLUMNS``.
    """
    return {song["file_path"]: song for song in songs}


def genre_name(genre: str) -> str | None:
    """The genre that a song is filed under; None under none."""
    return None if genre == UNKNOWN_GENRE else genre


def key_name(key: str | None) -> str | None:
    """A key as DJ software writes it: ``Am``, ``F#m``, ``Db``; None where it is not known.

    Parameters
    ----------
    key
        The key's name, such as ``F♯ minor``.
    """
    if not key:
        return None
    tonic, mode = key.split(" ")[:2]
    return tonic.replace("♯", "#").replace("♭", "b") + ("m" if mode == "minor" else "")
