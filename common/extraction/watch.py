"""Files of a folder that come and go: whoever follows the folder is told whenever they have, and keep still.

Conventions
-----------
A *listing* is what lies in the folder: song -> its size and modification time. The system's notices only say
when to look; what has changed is found by comparing listings, so that a notice too many does no harm, and one
that never came (on network file systems, behind links to other folders) is made up for by looking again every
`LOOK_AGAIN` seconds.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from common import audio
from common.console import Stopwatch, UserError, describe_os_error, note
from common.extraction.run import Look, look_at
from common.library import Library
from common.paths import JOURNEY, TRAIN, Output, Paths
from common.text import count

SETTLED = 2.0
"""Seconds for which a file must not have changed before it is read: it may still be being written."""

PATIENCE = 30.0
"""Seconds after which files that keep still are no longer kept waiting by one that does not."""

TICK = 1.0
"""Seconds after which it is checked whether the folder is still the one that is watched."""

LOOK_AGAIN = 30.0
"""Seconds after which a folder is looked into without a notice, and a refresh that failed is repeated."""

Listing = dict[Path, Look]
"""Songs of a folder, in order -> size in bytes and modification time in ns."""


def follow(folder: Path, refresh: Callable[[Listing], bool]) -> None:
    """Call a function now and whenever the songs of a folder have changed; ends with what it raises.

    Parameters
    ----------
    folder
        Where the songs are. It may vanish, which leaves it without songs, and return.
    refresh
        A function that takes a listing and returns whether it is dealt with; else it is called again.
    """
    done: Listing | None = None
    for _ in notices(folder):
        listing = settled(folder)
        if listing != done and refresh(listing):
            done = listing


@dataclass
class Keeper:
    """Keeps a library as a folder is.

    Attributes
    ----------
    paths
        Where the library lies, and what is made of it.
    make
        A function that makes and saves the library of some files.
    """

    paths: Paths
    make: Callable[[Sequence[Path]], Library]
    _before: Listing = field(default_factory=dict, init=False)
    _last_said: str = field(default="", init=False)
    _outdated: dict[str, int] = field(default_factory=dict, init=False)

    def refresh(self, listing: Listing) -> bool:
        """Make the library anew; returns whether that could be done, for the songs or for want of them.

        A folder without songs leaves it as it was: rather than delete all songs, one takes the disk out.
        """
        if not listing:
            self._say("no songs there now; the library stays as it was")
            return True
        try:
            made = self.make(list(listing))
        except (UserError, OSError) as error:
            reason = error if isinstance(error, UserError) else describe_os_error(error)
            self._say(f"error: {reason}; trying again every {LOOK_AGAIN:.0f} s")
            return False
        self._tell(listing, made)
        return True

    def _tell(self, listing: Listing, made: Library) -> None:
        """Say what has changed, and what was made of the library before that."""
        before, self._before, self._last_said = self._before, listing, ""
        came, gone = listing.keys() - before.keys(), before.keys() - listing.keys()
        n_changed = sum(before[path] != listing[path] for path in listing.keys() & before.keys())
        said = f"{count(len(came), 'file')} came, {len(gone)} gone, {n_changed} changed: " if before else ""
        note(f"{said}{count(len(made), 'song')} in the library; watching, Ctrl-C ends it")
        told, self._outdated = self._outdated, outdated(self.paths) if before else {}
        if self._outdated and self._outdated != told:
            note(f"made before that: {'; '.join(self._outdated)}")

    def _say(self, text: str) -> None:
        """Say what is so again and again, once."""
        if text != self._last_said:
            note(text)
        self._last_said = text


def outdated(paths: Paths) -> dict[str, int]:
    """What was made of the library before it was saved last, with the command that makes it anew -> when."""
    made = (
        ("the maps", JOURNEY, paths.html(Output.MAP_2D)),
        ("the classifier", TRAIN, paths.model),
    )
    changed = paths.manifest.stat().st_mtime_ns
    return {
        f"{what} ({paths.command(script)})": look[1]
        for what, script, file in made
        if (look := look_at(file)) is not None and look[1] < changed
    }


def listing_of(folder: Path) -> Listing:
    """Look at every song of a folder; empty if there is no folder."""
    looks = ((path, look_at(path)) for path in audio.find_songs(folder))
    return {path: look for path, look in looks if look is not None}


def settled(folder: Path) -> Listing:
    """Wait until the songs of a folder keep still.

    Returns
    -------
    Listing
        All songs; after `PATIENCE` seconds without those that still change.
    """
    clock, before = Stopwatch(), listing_of(folder)
    while True:
        time.sleep(SETTLED)
        now = listing_of(folder)
        still = {path: look for path, look in now.items() if before.get(path) == look}
        if now == before or clock.seconds > PATIENCE:
            return still
        before = now


def notices(folder: Path) -> Iterator[None]:
    """Yield at once, whenever something happens in a folder, and every `LOOK_AGAIN` seconds; for ever."""
    while True:
        watched = _identity(folder)
        if watched is None:
            yield
            time.sleep(TICK)
            continue
        try:
            yield from _notices_while(folder, watched)
        except FileNotFoundError:  # it has just vanished
            time.sleep(TICK)
        except OSError:  # the system watches no more folders, or none of this kind
            yield
            time.sleep(LOOK_AGAIN)


def _notices_while(folder: Path, watched: tuple[int, int]) -> Iterator[None]:
    """One as soon as the folder is watched, and then the system's, for as long as it is the same folder."""
    import watchfiles

    due = 0.0
    changes = watchfiles.watch(
        folder,
        watch_filter=None,
        rust_timeout=round(1000 * TICK),
        yield_on_timeout=True,
        ignore_permission_denied=True,
    )
    for changed in changes:
        if changed or time.monotonic() >= due:
            due = time.monotonic() + LOOK_AGAIN
            yield
        if _identity(folder) != watched:
            return


def _identity(folder: Path) -> tuple[int, int] | None:
    """Which folder it is, however it is called; None if there is none."""
    try:
        found = folder.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
