"""How files of ours are written and read: atomically, and as plain values that can run nothing.

Conventions
-----------
A write goes to a temporary file in the same folder and then takes the old file's place, so a crash, a
full disk or Ctrl-C leaves the old file or the new one, never half of one. Our pickles hold dict, list,
str, int, float, bool, None and bytes only, and the loader can build nothing else.
"""

from __future__ import annotations

import contextlib
import csv
import errno
import functools
import hashlib
import io
import json
import os
import pickle
import re
import stat
import tempfile
import time
from collections.abc import Generator, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from common.console import UserError
from common.paths import typed_path
from common.text import clean


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


UMASK = _umask()
"""The process's file mode mask; asking for it sets it, so it is asked once, before there are threads."""


class ArtifactError(UserError):
    """An artifact is missing, damaged, or made for another layout; the message names the remedy."""


TEMPORARY = ".writing-"
"""How names of files begin that are being written."""

STALE_AFTER = 24 * 3600.0
"""Seconds after which a file that was being written is taken for the rest of a process that died."""


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path to write to, and put it in the place of ``path`` when the block succeeds.

    The temporary file lies in the same folder and keeps the ending, so that writers which go by the
    ending work. If the block fails, the old file is untouched and the temporary one is removed.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    _sweep(path.parent)
    with _named(path):
        handle, name = tempfile.mkstemp(prefix=TEMPORARY, suffix=path.suffix, dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        with _named(path, instead_of=temporary):
            yield temporary
            _complete(temporary)
            os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def written(path: Path, content: bytes | memoryview) -> Path:
    """Write what ``path`` is to hold to a temporary file beside it, which the caller puts in its place."""
    handle, name = tempfile.mkstemp(prefix=TEMPORARY, suffix=path.suffix, dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        with _named(path, instead_of=temporary):
            temporary.write_bytes(content)
            _complete(temporary)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return temporary


def _complete(temporary: Path) -> None:
    flush_to_disk(temporary)
    temporary.chmod(0o666 & ~UMASK)


@contextlib.contextmanager
def _named(path: Path, instead_of: Path | None = None) -> Iterator[None]:
    """Let an error of the system name the file that is being written, not the temporary one or none."""
    try:
        yield
    except OSError as error:
        if error.errno is not None and error.filename in (None, str(instead_of), os.fspath(path.parent)):
            error.filename = os.fspath(path)
        raise


@functools.cache
def _sweep(folder: Path) -> None:
    """Remove what processes that died have left behind while they wrote; once per folder and process."""
    oldest = time.time() - STALE_AFTER
    for left in folder.glob(f"{TEMPORARY}*"):
        with contextlib.suppress(OSError):
            if left.stat().st_mtime < oldest:
                left.unlink()


def flush_to_disk(path: Path) -> None:
    """Make sure that a file's content, or a folder's names, survive a loss of power."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_bytes(path: Path, content: bytes) -> None:
    """Write a whole file atomically, making its folder if needed."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def write_text(path: Path, content: str) -> None:
    """Write a UTF-8 text file atomically; what UTF-8 cannot hold (odd file names) becomes ``?``."""
    write_bytes(path, content.encode("utf-8", "replace"))


def write_json(path: Path, content: object) -> None:
    """Write JSON that any parser reads: UTF-8, keys in the given order, no NaN."""
    write_text(path, json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False) + "\n")


def read_json(path: Path) -> Any:
    """Read JSON of ours.

    Raises
    ------
    OSError
        If the file cannot be read.
    ValueError
        If it is no JSON, or nested deeper than Python reads.
    """
    try:
        return json.loads(path.read_bytes())
    except RecursionError:
        raise ValueError(f"{path} is nested too deep") from None


_FORMULA = re.compile("'*[=+@＝＋－＠\t\r-]")
"""How a text begins that a spreadsheet would take for a formula, or that is written as if it did."""


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a table row by row, so that one of a million rows takes no memory; see `csv_bytes`."""
    with (
        replacing(path) as temporary,
        temporary.open("w", encoding="utf-8-sig", newline="") as lines,
    ):
        _write_rows(lines, header, rows)


def csv_bytes(header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """Put a table as UTF-8 CSV with a byte-order mark, which spreadsheets need to see accents.

    A text that a spreadsheet would run as a formula gets an apostrophe in front, as OWASP advises
    (https://owasp.org/www-community/attacks/CSV_Injection); `read_csv` takes it off again. Numbers stay.
    """
    text = io.StringIO()
    _write_rows(text, header, rows)
    return text.getvalue().encode("utf-8-sig")


def _write_rows(lines: TextIO, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow(map(_harmless, header))
    writer.writerows([_harmless(cell) for cell in row] for row in rows)


def _harmless(cell: object) -> object:
    if not isinstance(cell, str):
        return cell
    text = clean(cell)
    return f"'{text}" if _FORMULA.match(text) else text


def read_csv(path: Path, errors: str = "strict", delimiter: str = ",") -> Generator[list[str], None, None]:
    """Read the rows of a table, header first, as they were before `csv_bytes` made them harmless.

    Parameters
    ----------
    path
        The CSV file to read.
    errors
        What becomes of bytes that are no UTF-8, as ``open`` takes it.
    delimiter
        The character between two cells.

    Raises
    ------
    OSError
        If the file cannot be read.
    ValueError
        If it is no UTF-8, or no table.
    """
    with path.open(encoding="utf-8-sig", errors=errors, newline="") as lines:
        try:
            for row in csv.reader(lines, delimiter=delimiter):
                yield [cell[1:] if cell[:1] == "'" and _FORMULA.match(cell) else cell for cell in row]
        except csv.Error as error:
            raise ValueError(f"{path} is no table: {error}") from error


PLAIN_TYPES = frozenset({str, int, float, bool, type(None), bytes})

DEEPEST = 50
"""How many dicts and lists may lie within each other."""


def dump_plain(content: object, path: Path) -> None:
    """Pickle plain Python values atomically.

    Raises
    ------
    TypeError
        If anything but dict, list, str, int, float, bool, None or bytes is inside.
    """
    check_plain(content, "content")
    write_bytes(path, pickle.dumps(content, protocol=4))


def check_plain(value: object, where: str) -> None:
    """Make sure that a value is built of plain Python values only.

    Raises
    ------
    TypeError
        Naming the place of the first other value, or of the first that lies too deep or within itself.
    """
    _check_plain(value, (where,), set(), set())


def _check_plain(value: object, where: tuple[object, ...], above: set[int], done: set[int]) -> None:
    """Check a value; what is shared is checked once, or forty lists of twice the next would take for ever."""
    if type(value) not in (dict, list):
        if type(value) not in PLAIN_TYPES:
            raise TypeError(f"{_place(where)} is a {type(value).__name__}, not a plain Python value")
        return
    if id(value) in above:
        raise TypeError(f"{_place(where)} lies within itself")
    if id(value) in done:
        return
    if len(above) == DEEPEST:
        raise TypeError(f"{_place(where[:3])} is nested more than {DEEPEST} levels deep")
    above.add(id(value))
    items = value.items() if isinstance(value, dict) else enumerate(value)  # type: ignore[arg-type]
    for key, item in items:
        if type(item) not in PLAIN_TYPES:
            _check_plain(item, (*where, key), above, done)
        if type(key) not in PLAIN_TYPES:
            raise TypeError(f"a key of {_place(where)} is a {type(key).__name__}, not a plain Python value")
    above.discard(id(value))
    done.add(id(value))


def _place(where: tuple[object, ...]) -> str:
    first, *keys = where
    return f"{first}{''.join(f'[{key!r}]' for key in keys)}"


class _PlainUnpickler(pickle.Unpickler):
    """Builds plain values and refuses every name a pickle asks for before it is imported."""

    def find_class(self, module: str, name: str) -> Any:
        raise pickle.UnpicklingError(f"it asks for {module}.{name}")

    def persistent_load(self, pid: Any) -> Any:
        raise pickle.UnpicklingError("it asks for an object outside itself")


_SHORT_TEXT = b"|".join(re.escape(bytes([length])) + b".{%d}" % length for length in range(256))

_SMALL = rb"[}\](Nsuae\x88\x89]|\x80.|\x95.{8}|K.|M..|J.{4}|G.{8}|[qh].|[rj].{4}"

_OPERATIONS = re.compile(rb"(?:\x94|\x8c(?:%b)|%b)*+" % (_SHORT_TEXT, _SMALL), re.DOTALL)
"""Operations of a pickle that build dict, list, None, bool, int, float and short text, or recall a value:
many at once, in the time that the pickle itself takes."""

_LENGTH_FIRST = {b"X": 4, b"\x8d": 8, b"C": 1, b"B": 4, b"\x8e": 8, b"\x8a": 1, b"\x8b": 4}
"""Operations that build long text, bytes and long whole numbers -> bytes that their length takes."""


def _check_operations(pickled: bytes) -> None:
    """Make sure that a pickle asks for nothing but plain values, before any is built.

    Nested tuples, which it could use as keys, would already take for ever to be hashed.
    """
    position = 0
    while (found := _OPERATIONS.match(pickled, position)) is not None:
        operation = pickled[found.end() : found.end() + 1]
        if operation in (b"", b"."):
            return
        width = _LENGTH_FIRST.get(operation)
        if width is None and operation != b"\x8c":  # a short text that is cut off
            raise pickle.UnpicklingError(f"it asks for the operation {operation!r}")
        start = found.end() + 1 + (width or 1)
        position = start + int.from_bytes(pickled[found.end() + 1 : start], "little")


def load_plain(path: Path, remedy: str) -> Any:
    """Read a pickle of plain values without being able to run anything.

    Parameters
    ----------
    path
        The file that holds the pickle.
    remedy
        The command that makes the file anew, for the error message.

    Raises
    ------
    ArtifactError
        If the file is missing, damaged, or holds anything but plain values.
    """
    with open_bytes(path, remedy) as file:
        return read_plain(file, path, remedy)


def read_plain(file: BinaryIO, path: Path, remedy: str) -> Any:
    """Read a pickle of plain values from an open file; see `load_plain`."""
    try:
        pickled = file.read()
        _check_operations(pickled)
        content = _PlainUnpickler(io.BytesIO(pickled)).load()
        check_plain(content, path.name)
    except (pickle.UnpicklingError, TypeError) as error:
        raise ArtifactError(f"{path} is not a file of ours ({clean(str(error))}); run: {remedy}") from error
    except (EOFError, ValueError, LookupError, AttributeError, MemoryError, OverflowError) as error:
        raise ArtifactError(f"{path} is damaged; run: {remedy}") from error
    return content


def read_bytes(path: Path, remedy: str) -> bytes:
    """Read a whole artifact.

    Raises
    ------
    ArtifactError
        If it does not exist; the message names the command that makes it.
    """
    with open_bytes(path, remedy) as file:
        return file.read()


def open_bytes(path: Path, remedy: str) -> io.BufferedReader:
    """Open an artifact for reading, one that is too large to be read twice; see `read_bytes`."""
    try:
        return path.open("rb")
    except (FileNotFoundError, NotADirectoryError):
        raise ArtifactError(f"{path} does not exist; run: {remedy}") from None


_NOT_REGULAR = {
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFDIR: "a folder",
}


def typed_file(text: str) -> Path:
    """The absolute path of the file that a person means, be its ending missing where no other is called so.

    Raises
    ------
    UserError
        If several files have that name.
    """
    path = typed_path(text)
    if len(Path(text).parts) == 1 or os.path.isfile(path):
        return path
    try:
        names = sorted(os.listdir(path.parent))
    except (OSError, ValueError):
        return path
    alike = [name for name in names if os.path.splitext(name)[0] == path.name]
    found = [file for name in alike if os.path.isfile(file := path.with_name(name))]
    if len(found) > 1:
        raise UserError(f"{path} could be {', '.join(file.name for file in found)}; write its ending")
    return found[0] if found else path


def no_file(path: Path) -> str:
    """How a person is told that the file he named is missing, or is no file but something else."""
    try:
        what = _NOT_REGULAR.get(stat.S_IFMT(os.stat(path).st_mode))
    except (OSError, ValueError):
        what = None
    return f"{path} is no file but {what}" if what else f"there is no file {path}"


def open_regular(path: Path) -> io.BufferedReader:
    """Open a listener's file for reading, at once and only if it is a file.

    To open a pipe waits for who writes into it, and a device may never end.

    Parameters
    ----------
    path
        The file, or a link to it.

    Raises
    ------
    OSError
        If it cannot be opened, or is no regular file; ``strerror`` says which.
    """
    if not stat.S_ISREG(mode := os.stat(path).st_mode):
        what = _NOT_REGULAR.get(stat.S_IFMT(mode), "something else")
        raise OSError(errno.EINVAL, f"no regular file but {what}", os.fspath(path))
    return path.open("rb")


def checksum(content: bytes | memoryview) -> str:
    """SHA-256 of a file's content, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()
