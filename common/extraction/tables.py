"""The tables of the store, so that who only reads one need not load what fills them."""

from __future__ import annotations

from common.extraction.database import Table

SONGS = Table(
    "songs",
    {"content": "TEXT", "layout": "TEXT", "embedding": "BLOB", "facts": "TEXT"},
    key=("content", "layout"),
)
READINGS = Table(
    "readings", {"content": "TEXT", "version": "INTEGER", "told": "TEXT"}, key=("content", "version")
)
CHROMA = Table(
    "chroma",
    {"content": "TEXT", "version": "INTEGER", "frames": "INTEGER", "notes": "BLOB"},
    key=("content", "version"),
)
PEAKS = Table(
    "peaks", {"content": "TEXT", "version": "INTEGER", "points": "BLOB"}, key=("content", "version")
)
FAILURES = Table("failures", {"content": "TEXT", "kind": "TEXT", "reason": "TEXT"}, key=("content",))
FILES = Table(
    "files", {"path": "BLOB", "size": "INTEGER", "mtime_ns": "INTEGER", "content": "TEXT"}, key=("path",)
)
SIZES = Table("sizes", {"size": "INTEGER", "content": "TEXT"}, key=("size", "content"))
