"""Playlists as XSPF, which VLC, Audacious, Strawberry and many others open.

Source: L. Gonze, M. Friedrich, R. Kaye, "XSPF Version 1" (xspf.org/spec).
"""

from __future__ import annotations

import os
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from common.playlists.xml_text import document, element, legal

NAMESPACE = "http://xspf.org/ns/0/"


def xspf(name: str, songs: Sequence[Mapping[str, Any]], folder: Path | None = None) -> str:
    """Text of an XSPF playlist.

    Parameters
    ----------
    name
        What the playlist is called.
    songs
        Facts of the songs, in order: a value for each of ``library.COLUMNS``.
    folder
        The folder that addresses are relative to; None for absolute ones.
    """
    root = ET.Element("playlist", {"version": "1", "xmlns": NAMESPACE})
    _text(root, "title", name)
    tracks = element(root, "trackList")
    for song in songs:
        track = element(tracks, "track")
        _text(track, "location", _address(song["file_path"], folder))
        _text(track, "title", song["title"] or song["song_name"])
        _text(track, "creator", song["artist"])
        _text(track, "album", song["album"])
        _text(track, "duration", str(round(1000 * song["duration"])))
    return document(root)


def _text(parent: ET.Element, tag: str, text: str | None) -> None:
    if text:
        element(parent, tag).text = legal(text)


def _address(file: str, folder: Path | None) -> str:
    """The file's address; relative where a way leads from the folder to the file."""
    if folder is not None:
        try:
            way = Path(os.path.relpath(file, folder)).as_posix()
        except ValueError:  # another drive
            return Path(file).as_uri()
        return quote(os.fsencode(way), safe="/")
    return Path(file).as_uri()
