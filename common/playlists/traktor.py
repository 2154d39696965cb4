"""Playlists as Traktor NML: tracks with tempo, key, loudness, beat grid and hot cues, and one playlist.

Traktor imports the file by "Import Collection", or by dragging it into the tree. Source: files of Traktor
Pro 3 (NML version 19); Native Instruments publishes no description of the format.

Conventions: times of cues are in milliseconds, tempos in BPM. What is not known of a song is left out; a
song without a steady pulse has no grid.
"""

from __future__ import annotations

import uuid
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath, PureWindowsPath
from typing import Any

from common.music import KEYS, MINOR
from common.playlists.dj_tracks import HOT_CUES, distinct_tracks, genre_name, key_name
from common.playlists.xml_text import document, element

CUE, GRID = 0, 4
"""Types of a cue point: one to jump to, and the marker that the beat grid hangs on."""


def traktor(name: str, songs: Sequence[Mapping[str, Any]]) -> str:
    """Text of an NML file with one playlist.

    Parameters
    ----------
    name
        What the playlist is called.
    songs
        Facts of the songs, in order: a value for each of ``library.COLUMNS``, among them their readings,
        and ``cues``, a list of dicts with ``at`` (s) and ``name``. A song that comes twice is one track.
    """
    root = ET.Element("NML", {"VERSION": "19"})
    element(root, "HEAD", COMPANY="www.native-instruments.com", PROGRAM="Traktor")
    element(root, "MUSICFOLDERS")
    tracks = distinct_tracks(songs)
    collection = element(root, "COLLECTION", ENTRIES=len(tracks))
    for song in tracks.values():
        _track(collection, song)
    element(root, "SETS", ENTRIES=0)
    folder = element(element(root, "PLAYLISTS"), "NODE", TYPE="FOLDER", NAME="$ROOT")
    node = element(element(folder, "SUBNODES", COUNT=1), "NODE", TYPE="PLAYLIST", NAME=name)
    identity = uuid.uuid5(uuid.NAMESPACE_URL, "\n".join([name, *(song["file_path"] for song in songs)]))
    playlist = element(node, "PLAYLIST", ENTRIES=len(songs), TYPE="LIST", UUID=identity.hex)
    for song in songs:
        key = "".join(location(Path(song["file_path"])))
        element(element(playlist, "ENTRY"), "PRIMARYKEY", TYPE="TRACK", KEY=key)
    return document(root)


def _track(collection: ET.Element, song: Mapping[str, Any]) -> None:
    volume, folder, file = location(Path(song["file_path"]))
    title = song["title"] or song["song_name"]
    entry = element(collection, "ENTRY", TITLE=title, ARTIST=song["artist"])
    element(entry, "LOCATION", DIR=folder, FILE=file, VOLUME=volume, VOLUMEID=volume)
    if song["album"]:
        element(entry, "ALBUM", TITLE=song["album"])
    seconds = song["duration"]
    element(
        entry,
        "INFO",
        GENRE=genre_name(song["genre"]),
        KEY=key_name(song.get("key")),
        PLAYTIME=round(seconds),
        PLAYTIME_FLOAT=f"{seconds:.6f}",
    )
    bpm = song.get("bpm") or None
    if bpm is not None:
        element(entry, "TEMPO", BPM=f"{bpm:.6f}", BPM_QUALITY="100.000000")
    if (number := key_number(song.get("key"))) is not None:
        element(entry, "MUSICAL_KEY", VALUE=number)
    _cues(entry, song, bpm)


def _cues(entry: ET.Element, song: Mapping[str, Any], bpm: float | None) -> None:
    first = song.get("downbeat_offset")
    if bpm is not None and first is not None:
        grid = _cue(entry, "AutoGrid", first, GRID, -1)
        element(grid, "GRID", BPM=f"{bpm:.6f}")
    for place, cue in enumerate((song.get("cues") or [])[:HOT_CUES]):
        _cue(entry, cue["name"], cue["at"], CUE, place)


def _cue(entry: ET.Element, name: str, seconds: float, kind: int, hot_cue: int) -> ET.Element:
    return element(
        entry,
        "CUE_V2",
        NAME=name,
        DISPL_ORDER=0,
        TYPE=kind,
        START=f"{1000 * seconds:.6f}",
        LEN="0.000000",
        REPEATS=-1,
        HOTCUE=hot_cue,
    )


def location(path: PurePath) -> tuple[str, str, str]:
    """Where a file lies as Traktor writes it: its volume, its folders, its name.

    Parameters
    ----------
    path
        The absolute path of the file.

    Returns
    -------
    tuple of str
        Such as ``("C:", "/:Music/:Trance/:", "a.mp3")``. A path on the volume that the system starts from has
        no volume's name in it, which Traktor asks for when it imports the file.
    """
    volume = path.drive if isinstance(path, PureWindowsPath) else ""
    folders = path.parts[1:-1]
    if path.parts[1:2] == ("Volumes",) and len(folders) > 1:  # an external volume of a Mac
        volume, folders = folders[1], folders[2:]
    return volume, "/:" + "".join(f"{folder}/:" for folder in folders), path.name


def key_number(key: str | None) -> int | None:
    """The number of a key in Traktor: 0 to 11 for C major to B major, 12 to 23 for C minor to B minor.

    Parameters
    ----------
    key
        The key's name, such as ``F♯ minor``.
    """
    if not key:
        return None
    return KEYS[key].tonic + (12 if KEYS[key].mode == MINOR else 0)
