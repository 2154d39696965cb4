"""Handing a file to the system's player, or its folder to the system's file manager.

Conventions: nothing here waits for the player to end, and every function returns a sentence that says what
was done.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from common.console import UserError
from common.text import clean

_SECONDS = 2.0
"""How long an opener may take to say that it cannot."""


def play(path: Path) -> str:
    """Hand a file to the player that the system uses for it.

    Raises
    ------
    UserError
        If the file is gone, there is no desktop, or the system cannot open it.
    """
    _expect(path)
    if sys.platform == "win32":
        os.startfile(path)
        return f"handed to the system's player: {path}"
    return _hand_over(["open", str(path)], path, f"handed to the system's player: {path}")


def show(path: Path) -> str:
    """Show a file in its folder.

    Raises
    ------
    UserError
        If the file is gone, there is no desktop, or the system cannot open its folder.
    """
    _expect(path)
    done = f"showing the folder: {path.parent}"
    if sys.platform == "win32":
        subprocess.Popen(["explorer", "/select,", str(path)])
        return done
    if sys.platform == "darwin":
        return _hand_over(["open", "-R", str(path)], path, done)
    return _hand_over(["open", str(path.parent)], path, done)


def _expect(path: Path) -> None:
    if not path.is_file():
        raise UserError(f"the file is no longer there: {clean(str(path))}")


def _hand_over(command: list[str], path: Path, done: str) -> str:
    """Start the system's opener."""
    if sys.platform != "darwin":
        opener = shutil.which("xdg-open")
        if opener is None or not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
            raise UserError(f"there is no desktop here, so nothing was opened; the file is {path}")
        command = [opener, *command[1:]]
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True)
    try:
        code = process.wait(_SECONDS)
    except subprocess.TimeoutExpired:
        process.returncode = 0  # it plays on; nobody waits for it
        return done
    if code:
        raise UserError(f"the system cannot open {path} ({Path(command[0]).name} ended with {code})")
    return done
