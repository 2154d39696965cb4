"""Measurements that are kept beside the library, so that a record is measured once.

Conventions
-----------
One JSON file. A measurement is keyed by the hash of the file's bytes, so a song that moves keeps its own; a
file whose size and time of change are those of the last time is not read at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

from common.console import note, progress
from common.decoders import AudioError
from common.files import read_json, write_json
from common.reference.measure import MEASUREMENT_VERSION, Measurement, Spans, measure
from common.song import take_stamp
from common.structure.readings import READINGS_VERSION

VERSION = f"{MEASUREMENT_VERSION}.{READINGS_VERSION}"
"""Of what is kept: the sections of a song are readings."""

AT_ONCE = 2
"""Files that are measured at the same time."""

Kept = dict[str, dict[str, Any]]
"""``files``: path -> size, time of change and hash; ``measurements``: hash -> fields of a `Measurement`."""


def measured(store: Path, files: Mapping[Path, Spans]) -> dict[Path, Measurement | AudioError]:
    """Measure files, those that are kept without reading them.

    Parameters
    ----------
    store
        The JSON file of measurements; it is made if it does not exist, and made anew if it is damaged.
    files
        Audio files, by their absolute paths -> sections of each, empty where they are not known.

    Returns
    -------
    dict
        File -> its measurement, or why it has none; in the order of the files.
    """
    kept = _read(store)
    found: dict[Path, Measurement | AudioError | None] = {file: _lookup(kept, file) for file in files}
    missing = [file for file, measurement in found.items() if measurement is None]
    if missing:
        with progress(len(missing), "reference") as bar, ThreadPoolExecutor(AT_ONCE) as pool:
            for file, result in zip(
                missing, pool.map(lambda file: _measure(file, files[file]), missing), strict=True
            ):
                found[file] = result if isinstance(result, AudioError) else _keep(kept, file, *result)
                bar.update()
        write_json(store, {"version": VERSION, **kept})
    return {file: result for file, result in found.items() if result is not None}


def _measure(file: Path, sections: Spans) -> tuple[list, Measurement] | AudioError:
    try:
        stamp = take_stamp(file)
        return [stamp.size, stamp.mtime_ns, stamp.content], measure(file, sections)[0]
    except AudioError as error:
        return error


def _keep(kept: Kept, file: Path, stamp: list, measurement: Measurement) -> Measurement:
    kept["files"][str(file)] = stamp
    kept["measurements"][stamp[2]] = asdict(measurement)
    return measurement


def _lookup(kept: Kept, file: Path) -> Measurement | None:
    """What is kept of a file that has not changed since."""
    size, mtime_ns, content = kept["files"].get(str(file), (None, None, ""))
    try:
        now = file.stat()
    except OSError:
        return None
    told = kept["measurements"].get(content)
    if told is None or (now.st_size, now.st_mtime_ns) != (size, mtime_ns):
        return None
    return _from_plain(told)


def _from_plain(told: dict[str, Any]) -> Measurement:
    fields: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in told.items()}
    return Measurement(**fields)


def _read(store: Path) -> Kept:
    """What is kept; nothing if the file is of another version, or damaged, which is said."""
    empty: Kept = {"files": {}, "measurements": {}}
    try:
        told = read_json(store)
        if told.pop("version") != VERSION:
            return empty
        for measurement in told["measurements"].values():
            _from_plain(measurement)
        for _, _, content in told["files"].values():
            told["measurements"].get(content)
    except FileNotFoundError:
        return empty
    except (ValueError, TypeError, LookupError, AttributeError):
        note(f"{store} is damaged; what it held is measured again")
        return empty
    return {name: told[name] for name in empty}
