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
import hashlib
import io
import json
import os
import pickle
import stat
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from common.console import UserError
from common.text import clean


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


UMASK = _umask()
"""The process's file mode mask; asking for it sets it, so it is asked once, before there are threads."""


class ArtifactError(UserError):
    """An artifact is missing, damaged, or made for another layout; the message names the remedy."""


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path to write to, and put it in the place of ``path`` when the block succeeds.

    The temporary file lies in the same folder and keeps the ending, so that writers which go by the
    ending work. If the block fails, the old file is untouched and the temporary one is removed.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".writing-", suffix=path.suffix, dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        _flush_to_disk(temporary)
        temporary.chmod(0o666 & ~UMASK)
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _flush_to_disk(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


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


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a table as UTF-8 CSV with a byte-order mark, which spreadsheets need to see accents."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([clean(str(cell)) if isinstance(cell, str) else cell for cell in row] for row in rows)
    write_bytes(path, b"\xef\xbb\xbf" + text.getvalue().encode("utf-8"))


PLAIN_TYPES = (str, int, float, bool, type(None), bytes)


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
        Naming the place of the first other value.
    """
    if type(value) is dict:
        for key, item in value.items():
            check_plain(key, f"a key of {where}")
            check_plain(item, f"{where}[{key!r}]")
    elif type(value) is list:
        for position, item in enumerate(value):
            check_plain(item, f"{where}[{position}]")
    elif type(value) not in PLAIN_TYPES:
        raise TypeError(f"{where} is a {type(value).__name__}, not a plain Python value")


class _PlainUnpickler(pickle.Unpickler):
    """Builds plain values and refuses every name a pickle asks for before it is imported."""

    def find_class(self, module: str, name: str) -> Any:
        raise pickle.UnpicklingError(f"it asks for {module}.{name}")

    def persistent_load(self, pid: Any) -> Any:
        raise pickle.UnpicklingError("it asks for an object outside itself")


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
    try:
        content = _PlainUnpickler(io.BytesIO(read_bytes(path, remedy))).load()
        check_plain(content, path.name)
    except ArtifactError:
        raise
    except (pickle.UnpicklingError, TypeError) as error:
        raise ArtifactError(f"{path} is not a file of ours ({error}); run: {remedy}") from error
    except (EOFError, ValueError, IndexError, KeyError, AttributeError, MemoryError, OverflowError) as error:
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


def write_together(contents: dict[Path, bytes | memoryview]) -> None:
    """Write several files so that a full disk changes none of them: all temporaries first, then renames."""
    with contextlib.ExitStack() as stack:
        for path, content in contents.items():
            stack.enter_context(replacing(path)).write_bytes(content)
