"""What a stage asks of its process: streams that are there, and an end within seconds after Ctrl-C.

Conventions
-----------
A stage that runs as a command imports this before anything that takes time, and is prepared with that: see
the end of this file. Ctrl-C is a KeyboardInterrupt as ever; but a library that swallows it, or that works on
for minutes in C, cannot keep the process alive: a thread that the signal wakes ends it after `GRACE` seconds.
Whatever is written is written so that this loses nothing (`files.replacing`, `together`, the store).

Most modules are imported inside the functions, so that little comes before the first of them.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import socket
    from types import FrameType, TracebackType

GRACE = 2.0
"""Seconds that the process has to end by itself after Ctrl-C."""

INTERRUPTED = 130
"""Exit code after Ctrl-C."""

_asked: list[bool] = []
"""Something, once Ctrl-C was pressed and not taken care of; a signal's handler may append to it."""

_told: list[bool] = []
"""Something, once it was said that the stage was interrupted."""

_FORGET = b"\0"
"""What the watch reads where a prompt goes on after Ctrl-C; a signal's number is never 0."""

_waker: list[socket.socket] = []
"""What a signal writes a byte to, whatever the main thread is doing."""


def prepare() -> None:
    """Get the process ready; for the main thread of a process of ours, once."""
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        # Otherwise a shell started it in the background: its terminal's Ctrl-C is not meant for it.
        sys.excepthook, sys.unraisablehook = _report, _report_unraisable
        signal.signal(signal.SIGINT, _interrupt)
        watch()
        # Registered first, called last: Python goes back to dying of the signal while it takes itself down,
        # when everything is written and the stage's own code is the true one.
        atexit.register(signal.signal, signal.SIGINT, signal.SIG_IGN)
    # Before numpy reads it. The products of a few thousand songs are small, and the threads that OpenBLAS
    # starts for them cost more than they bring; `arrays.neighbours` takes all processors for the large ones.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    _open_streams()
    _shorten_warnings()


def _interrupt(number: int, frame: FrameType | None) -> None:
    _asked.append(True)
    raise KeyboardInterrupt


def _report(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """End an interrupted process without a traceback, also where a library has made another error of it."""
    if issubclass(kind, KeyboardInterrupt) or interrupted():
        end()
    sys.__excepthook__(kind, error, trace)


def _report_unraisable(unraisable: sys.UnraisableHookArgs) -> None:
    """Keep quiet about an interrupt that came where Python cannot pass it on; the watch sees to the end."""
    if not issubclass(unraisable.exc_type, KeyboardInterrupt):
        sys.__unraisablehook__(unraisable)


def watch() -> None:
    """Begin to watch for Ctrl-C."""
    import socket
    import threading

    ours, woken = socket.socketpair()
    woken.setblocking(False)
    _waker.append(woken)
    threading.Thread(target=_await_signals, args=(ours,), name="Ctrl-C", daemon=True).start()
    watch_again()


def watch_again() -> None:
    """Go on watching, where the event loop of a prompt has watched for Ctrl-C meanwhile."""
    if _waker:
        signal.set_wakeup_fd(_waker[0].fileno(), warn_on_full_buffer=False)


def _await_signals(ours: socket.socket) -> None:
    """End the process some seconds after the signal, at once after a second one, unless it is forgotten."""
    while True:
        found = ours.recv(1)
        while signal.SIGINT in found:
            ours.settimeout(GRACE)
            try:
                found = ours.recv(1)
            except TimeoutError:
                end()
            if signal.SIGINT in found:
                end()
        ours.settimeout(None)


def interrupted() -> bool:
    """Whether Ctrl-C was pressed, and not taken care of since."""
    return bool(_asked)


def forget_interrupt() -> None:
    """Go on after Ctrl-C, as a prompt does."""
    _asked.clear()
    watch_again()
    for waker in _waker:
        waker.send(_FORGET)


def tell_interrupt() -> None:
    """Say on stderr that the stage was interrupted."""
    _told.append(True)
    with suppress(OSError, ValueError):
        print("interrupted", file=sys.stderr, flush=True)


def end() -> None:
    """End the process at once, as interrupted."""
    if not _told:
        tell_interrupt()
    # What cannot be printed is lost with the process.
    with suppress(OSError, ValueError, AttributeError, RuntimeError):
        sys.stdout.flush()
    os._exit(INTERRUPTED)


def _open_streams() -> None:
    """Give a process whose streams were closed others that lead nowhere, and let all print any text.

    Otherwise the next file that is opened takes the place of one, and messages end up inside it.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115 - until the end
        elif hasattr(stream, "reconfigure"):
            # An ASCII terminal shows "?" for what it has not; a name in no known encoding is no error.
            stream.reconfigure(errors="replace")


def _shorten_warnings() -> None:
    """Say a library's warning in one line, without the control characters that a title put into it."""
    import warnings

    def show(message: Warning | str, *_: object, **__: object) -> None:
        from common.text import clean

        print(f"warning: {clean(' '.join(str(message).split()))}", file=sys.stderr)

    warnings.showwarning = show


def _is_a_stage() -> bool:
    """Whether one of our scripts runs as a command, and not a test or another program that imports us."""
    command = os.path.abspath(getattr(sys.modules["__main__"], "__file__", None) or "")
    folder, name = os.path.split(command)
    return folder == os.path.dirname(os.path.dirname(os.path.abspath(__file__))) and name.startswith("0")


if _is_a_stage():
    prepare()
