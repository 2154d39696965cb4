"""Playlists as rekordbox XML: tracks with tempo, key, beat grid, hot cues and memory cues, and one playlist.

In rekordbox, the file is named under Preferences > Advanced > Database > rekordbox xml; its tracks then
stand in the tree beside the collection. Source: AlphaTheta, "rekordbox XML format list".

Conventions: times are in seconds with three decimals, tempos in BPM with two. What is not known of a song
is left out; a song without a steady pulse has no grid.
"""

from __future__ import annotations

import os
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath, PureWindowsPath
from typing import Any
from urllib.parse import quote

from common.music import year_of
from common.playlists.dj_tracks import HOT_CUES, distinct_tracks, genre_name, key_name
from common.playlists.xml_text import document, element

MEMORY_CUE = -1
"""The number that makes a cue a memory cue."""

KINDS = {
    ".mp3": "MP3 File",
    ".m4a": "M4A File",
    ".aac": "AAC File",
    ".wav": "WAV File",
    ".aif": "AIFF File",
    ".aiff": "AIFF File",
    ".flac": "FLAC File",
}
"""What rekordbox calls the files that it plays."""


def rekordbox(name: str, songs: Sequence[Mapping[str, Any]]) -> str:
    """Text of a rekordbox XML file with one playlist.

    Parameters
    ----------
    name
        What the playlist is called.
    songs
        Facts of the songs, in order: a value for each of ``library.COLUMNS``, among them their readings,
        and ``cues``, a list of dicts with ``at`` (s) and ``name``. A song that comes twice is one track.
    """
    root = ET.Element("DJ_PLAYLISTS", {"Version": "1.0.0"})
    element(root, "PRODUCT", Name="Music Embedding Analysis", Version="1", Company="")
    tracks = distinct_tracks(songs)
    numbers = {path: number for number, path in enumerate(tracks, start=1)}
    collection = element(root, "COLLECTION", Entries=len(tracks))
    for path, song in tracks.items():
        _track(collection, numbers[path], song)
    folder = element(element(root, "PLAYLISTS"), "NODE", Type=0, Name="ROOT", Count=1)
    playlist = element(folder, "NODE", Name=name, Type=1, KeyType=0, Entries=len(songs))
    for song in songs:
        element(playlist, "TRACK", Key=numbers[song["file_path"]])
    return document(root)


def _track(collection: ET.Element, number: int, song: Mapping[str, Any]) -> None:
    bpm = song.get("bpm") or None
    path = Path(song["file_path"])
    track = element(
        collection,
        "TRACK",
        TrackID=number,
        Name=song["title"] or song["song_name"],
        Artist=song["artist"],
        Album=song["album"],
        Genre=genre_name(song["genre"]),
        Kind=KINDS.get(path.suffix.lower()),
        Size=_size(path),
        TotalTime=round(song["duration"]),
        Year=year_of(song["year"]),
        AverageBpm=bpm and f"{bpm:.2f}",
        SampleRate=song["sample_rate"],
        Tonality=key_name(song.get("key")),
        Location=location(path),
    )
    _grid(track, song, bpm)
    for place, cue in enumerate(song.get("cues") or []):
        start = f"{cue['at']:.3f}"
        element(track, "POSITION_MARK", Name=cue["name"], Type=0, Start=start, Num=MEMORY_CUE)
        if place < HOT_CUES:
            element(track, "POSITION_MARK", Name=cue["name"], Type=0, Start=start, Num=place)


def _grid(track: ET.Element, song: Mapping[str, Any], bpm: float | None) -> None:
    """The beat grid: the first downbeat and the tempo from there on; none without both."""
    first = song.get("downbeat_offset")
    if bpm is not None and first is not None:
        element(track, "TEMPO", Inizio=f"{first:.3f}", Bpm=f"{bpm:.2f}", Metro="4/4", Battito=1)


def location(path: PurePath) -> str:
    """The address of a file as rekordbox writes it, such as ``file://localhost/C:/Music/a%20b.mp3``.

    Parameters
    ----------
    path
        The absolute path of the file.
    """
    text = path.as_posix()
    drive = text if isinstance(path, PureWindowsPath) else text.removeprefix("/")
    return "file://localhost/" + quote(os.fsencode(drive), safe="/:")


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None
