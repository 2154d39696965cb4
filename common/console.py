"""The terminal: arguments that all stages share, errors for people, exit codes, progress.

Conventions: results go to stdout, everything else to stderr. A user's mistake is a ``UserError``, one
line and exit code 1; wrong usage is argparse's exit code 2; Ctrl-C is 130; a bug keeps its traceback.
"""

from __future__ import annotations

from common import process  # before all others: see there

# isort: split
import argparse
import contextlib
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from common.paths import PROJECT
from common.text import clean, count, whole

OK, FAILED, INTERRUPTED = 0, 1, process.INTERRUPTED
"""Exit codes; wrong usage is argparse's own 2."""

OUTPUT = "the output"
"""What is named where results cannot be printed."""

Check = Callable[[], None]
"""A function that long work calls between its parts and while it waits; what it raises ends the work."""


class UserError(Exception):
    """Something the user can mend; the message is one line that says what to do."""


def stage_parser(doc: str) -> argparse.ArgumentParser:
    """Start a stage's argument parser: its docstring as help, and the options all stages take.

    Parameters
    ----------
    doc
        The stage's module docstring (title line, then Reads, Writes, Run).
    """
    parser = argparse.ArgumentParser(
        description=doc, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    add_folder_options(parser, default=True)
    return parser


def add_folder_options(parser: argparse.ArgumentParser, default: bool = False) -> None:
    """Add ``--data`` and ``--outputs``.

    A sub-command's parser takes them as well, without defaults, so that they may stand before or after
    the command and the one given wins.
    """
    for option, what in (("data", "the extracted library"), ("outputs", "figures, pages and reports")):
        folder = PROJECT / option
        parser.add_argument(
            f"--{option}",
            type=Path,
            metavar="DIR",
            default=folder if default else argparse.SUPPRESS,
            help=f"folder of {what} (default: {option}/ beside the scripts)",
        )


def add_sample_option(parser: argparse.ArgumentParser, most: int, least: int, what: str) -> None:
    """Add ``--sample N``: how many songs of a very large library are taken.

    Parameters
    ----------
    parser
        The stage's parser, which the option is added to.
    most, least
        The default, and the smallest number that makes sense.
    what
        What the songs are taken for, such as ``on a map``.
    """
    parser.add_argument(
        "--sample",
        type=whole_number(least),
        default=most,
        metavar="N",
        help=f"most songs {what}; of more, a sample, each genre by its share (default: {most})",
    )


def whole_number(least: int) -> Callable[[str], int]:
    """The type of an option that takes a whole number, ``least`` or more."""

    def read(text: str) -> int:
        number = whole(text) if text.isascii() else None
        if number is not None and number >= least:
            return number
        raise argparse.ArgumentTypeError(f"expected a whole number from {least}, got {text!r}")

    return read


def terminal_width() -> int:
    """Columns of the terminal."""
    return shutil.get_terminal_size().columns


def run(main: Callable[[], int]) -> int:
    """Call a stage's ``main`` and turn what ends it into one line and an exit code.

    Returns
    -------
    int
        The stage's own code, 1 after a `UserError` or a full or read-only disk, 130 after Ctrl-C.
        Anything else is a bug and keeps its traceback.
    """
    try:
        code = main()
        flush()  # here, where a full disk can still be told, and not when Python ends
    except KeyboardInterrupt:
        return _interrupted()
    except BrokenPipeError:
        # The reader of our output has gone (`| head`): not an error of ours, and nothing to say.
        _let_go_of_stdout()
        return OK
    except (UserError, OSError) as error:
        if process.interrupted():
            return _interrupted()
        if not isinstance(error, UserError) and error.filename is None and error.errno is None:
            raise
        if error.args and getattr(error, "filename", None) == OUTPUT:
            _let_go_of_stdout()
        note(f"error: {error if isinstance(error, UserError) else describe_os_error(error)}")
        return FAILED
    return code


def _interrupted() -> int:
    process.tell_interrupt()
    return INTERRUPTED


@contextlib.contextmanager
def to_output() -> Iterator[None]:
    """Let an error of the system say that it was the output that could not be written."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        error.filename = OUTPUT
        raise


def _let_go_of_stdout() -> None:
    """Send what is still to be printed nowhere, so that Python does not fail over it at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def describe_os_error(error: OSError) -> str:
    """Say in one line what the system refused and where: ``disk full: No space left … (file)``."""
    reason = error.strerror or type(error).__name__
    where = f": {clean(str(error.filename))}" if error.filename else ""
    return f"{reason}{where}"


def note(text: str = "") -> None:
    """Print a line that is not a result to stderr, above a running progress bar if there is one."""
    bar = sys.modules.get("tqdm")
    if bar is None:
        print(clean(text, keep="\n"), file=sys.stderr, flush=True)
    else:
        bar.tqdm.write(clean(text, keep="\n"), file=sys.stderr)
        sys.stderr.flush()


class News:
    """Notes of work that is done again and again: each is said once for as long as it is so."""

    def __init__(self) -> None:
        self._before: set[str] = set()
        self._now: set[str] = set()

    def begin(self) -> None:
        """Begin the work anew; what is not told this time may be said again the next."""
        self._before, self._now = self._now, set()

    def tell(self, text: str) -> None:
        """Say a line, unless it has been said and was told the last time, too."""
        if text not in self._before | self._now:
            note(text)
        self._now.add(text)


def say(text: str = "") -> None:
    """Print a line of the result to stdout, without a stranger's control characters."""
    with to_output():
        print(clean(text, keep="\n"))


def flush() -> None:
    """Let what was said be seen now."""
    with to_output():
        sys.stdout.flush()


class ProgressLines:
    """Progress for a stderr that is no terminal: a plain line now and then instead of a bar."""

    def __init__(self, total: int, unit: str, every: float = 5.0) -> None:
        self._total, self._unit, self._every = total, unit, every
        self._done, self._detail, self._last = 0, "", time.monotonic()

    def __enter__(self) -> ProgressLines:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def update(self, steps: int = 1) -> None:
        """Count steps, and say so if the last line is some seconds old."""
        self._done += steps
        if time.monotonic() - self._last >= self._every:
            self._last = time.monotonic()
            note(f"{self._done} of {count(self._total, self._unit)}{self._detail}")

    def set_postfix_str(self, detail: str) -> None:
        """Set what the next line says besides the count."""
        self._detail = f", {detail}" if detail else ""


def progress(total: int, unit: str):
    """Open a progress display on stderr: a bar with time left, or a `ProgressLines` where it is no terminal.

    Parameters
    ----------
    total
        How many steps there are.
    unit
        What a step is, in the singular, such as ``song``.

    Returns
    -------
    context manager
        With ``update(steps=1)`` and ``set_postfix_str(text)``.
    """
    if not sys.stderr.isatty():
        return ProgressLines(total, unit)
    from tqdm import tqdm

    return tqdm(total=total, unit=unit, file=sys.stderr, dynamic_ncols=True)


@contextlib.contextmanager
def note_if_slow(text: str, after: float = 2.0, again: float = 5.0) -> Iterator[None]:
    """Say why it takes long, but only if it does, and that it still runs.

    Parameters
    ----------
    text
        The line to print on stderr.
    after
        Seconds that may pass in silence.
    again
        Seconds after which the line is printed again, with the time it has taken so far.
    """
    done, clock = threading.Event(), Stopwatch()

    def speak() -> None:
        if done.wait(after):
            return
        note(text)
        while not done.wait(again):
            note(f"{text}: {clock.seconds:.0f} s so far")

    speaker = threading.Thread(target=speak, daemon=True)
    speaker.start()
    try:
        yield
    finally:
        done.set()
        speaker.join()


@contextlib.contextmanager
def quiet_decoders() -> Iterator[None]:
    """Keep what C libraries print to stderr about damaged files away from the terminal.

    Python's own stderr goes on as before. What it is about comes back as a failure with a reason.
    """
    if sys.stderr is not sys.__stderr__ or sys.stderr is None:
        yield
        return
    kept, ours = sys.stderr, os.dup(2)
    null = os.open(os.devnull, os.O_WRONLY)
    with open(ours, "w", encoding=kept.encoding, errors=kept.errors, buffering=1) as sys.stderr:
        os.dup2(null, 2)
        try:
            yield
        finally:
            os.dup2(ours, 2)
            os.close(null)
            sys.stderr = kept


class Stopwatch:
    """Seconds since it was made."""

    def __init__(self) -> None:
        self._start = time.monotonic()

    @property
    def seconds(self) -> float:
        return max(time.monotonic() - self._start, 1e-9)
