"""An SQLite file whose every row is verified, and which heals: what is damaged is left out and said.

Conventions
-----------
A table is a `Table`; each of its rows ends in a checksum of the others' values and types. When a database is
opened, its structure and all rows are checked. Rows that do not match are deleted, so that they are computed
again. A file that is no database, or not one of ours, is kept under another name, and the rows in it that
can be read and match are taken over.
"""

from __future__ import annotations

import contextlib
import sqlite3
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from common.console import UserError, note
from common.text import clean, count

VERSION, WITH_CHECKSUMS = 3, 2
"""Of the schema, and of the first that has checksums. Version 2 has no sequences, version 0 no sizes."""

_REMEDIES = {
    "SQLITE_FULL": "make room",
    "SQLITE_BUSY": "another program has it open; close that",
    "SQLITE_LOCKED": "another program has it open; close that",
    "SQLITE_CORRUPT": "run this again: what is sound in it is taken over",
    "SQLITE_NOTADB": "run this again: what is sound in it is taken over",
}
"""Name of SQLite's error -> what helps; see https://www.sqlite.org/rescode.html."""

_MAGIC = b"SQLite format 3\0"

_DAMAGE = ("SQLITE_CORRUPT", "SQLITE_NOTADB")


@dataclass(frozen=True)
class Table:
    """A table whose rows carry a checksum.

    Attributes
    ----------
    name
        What it is called.
    columns
        Name -> type, in order; the checksum is added.
    key
        The columns that make a row unique.
    """

    name: str
    columns: dict[str, str]
    key: tuple[str, ...]

    @cached_property
    def names(self) -> str:
        return ", ".join(self.columns)

    @cached_property
    def creation(self) -> str:
        columns = ", ".join(f"{name} {kind} NOT NULL" for name, kind in self.columns.items())
        definition = f"{columns}, checksum INTEGER, PRIMARY KEY ({', '.join(self.key)})"
        return f"CREATE TABLE IF NOT EXISTS {self.name} ({definition}) WITHOUT ROWID"

    @cached_property
    def expected_checksum(self) -> str:
        """The SQL expression of a row's checksum: over types and bytes, so that nothing is decoded."""
        values = (f"typeof({name}), CAST({name} AS BLOB)" for name in self.columns)
        return f"row_checksum('{self.name}', {', '.join(values)})"

    @cached_property
    def insertion(self) -> str:
        marks = ", ".join(f"? AS {name}" for name in self.columns)
        put = f"INSERT OR REPLACE INTO {self.name} ({self.names}, checksum)"
        return f"{put} SELECT {self.names}, {self.expected_checksum} FROM (SELECT {marks})"

    @cached_property
    def is_sound(self) -> str:
        """The SQL condition of a row that is as it was written."""
        return f"checksum IS {self.expected_checksum}"

    @cached_property
    def sound_rows(self) -> str:
        return f"SELECT {self.names} FROM {self.name} WHERE {self.is_sound}"

    @cached_property
    def unsound_rows(self) -> str:
        return f"SELECT 1 FROM {self.name} WHERE checksum IS NOT {self.expected_checksum} LIMIT 1"

    @cached_property
    def structure(self) -> list[tuple[str, str, int]]:
        """Name, type and place in the key of each column, as SQLite tells them."""
        columns = [*self.columns.items(), ("checksum", "INTEGER")]
        return [(name, kind, self.key.index(name) + 1 if name in self.key else 0) for name, kind in columns]


def _row_checksum(*parts: str | bytes | None) -> int:
    """CRC-32 of a row, given as its table and the type and bytes of every value.

    It finds every burst of up to 32 bits, and misses one other damage in four thousand million.
    """
    found = 0
    for part in parts:
        content = part if isinstance(part, bytes) else str(part).encode()
        found = zlib.crc32(content, zlib.crc32(len(content).to_bytes(8, "big"), found))
    return found


class _UnfitError(Exception):
    """A file is not a database of ours; the message says what it is instead."""


class Database:
    """An SQLite file of verified rows; use it as a context manager.

    Parameters
    ----------
    path
        The file; it is made if it does not exist.
    tables
        What is in it.

    Raises
    ------
    UserError
        If it cannot be opened, read or written.
    """

    def __init__(self, path: Path, tables: Sequence[Table]) -> None:
        self._path, self._tables = path, tables
        with self.explained():
            if path.is_dir():
                raise UserError(f"{path} is a folder, where a file belongs; move it away")
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                self._open()
            except _UnfitError as error:
                self._set_aside(str(error))
            except UnicodeDecodeError:  # from Python's module, on a name in the file that is no text
                self._set_aside("damaged (its names are no text)")
            except sqlite3.DatabaseError as error:
                if not _name(error).startswith(_DAMAGE):
                    raise
                self._set_aside(f"damaged ({error})")

    def _open(self) -> None:
        _require_header(self._path)
        self._connection = _connect(self._path)
        with contextlib.ExitStack() as on_failure:
            on_failure.callback(self._connection.close)
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute("PRAGMA synchronous=FULL")
            self._require_soundness()
            self._prepare()
            self._leave_damage_out()
            on_failure.pop_all()

    def _require_soundness(self) -> None:
        [(found,)] = self._connection.execute("PRAGMA quick_check(1)").fetchall()
        if found != "ok":
            raise _UnfitError(f"damaged ({' '.join(found.split())})")
        [(version,)] = self._connection.execute("PRAGMA user_version").fetchall()
        if version > VERSION:
            raise _UnfitError(f"of version {version}, which a later version of this project writes")
        self._require_tables(version)

    def _require_tables(self, version: int) -> None:
        ours = {table.name: table for table in self._tables}
        for kind, name in self._connection.execute("SELECT type, name FROM sqlite_master").fetchall():
            if kind != "table" or name not in ours:
                raise _UnfitError(f"a database of something else (it has a {kind} {name!r})")
            self._require_columns(ours.pop(name), version)
        if version == VERSION and ours:
            raise _UnfitError(f"incomplete (it has no table {min(ours)!r})")

    def _require_columns(self, table: Table, version: int) -> None:
        rows = self._connection.execute(f"PRAGMA table_info({table.name})").fetchall()
        found = [(name, kind, place) for _, name, kind, _, _, place in rows]
        if found != table.structure and (version >= WITH_CHECKSUMS or found != table.structure[:-1]):
            columns = ", ".join(name for name, _, _ in found)
            raise _UnfitError(f"a database of something else (its {table.name} have the columns {columns})")

    def _prepare(self) -> None:
        """Make the tables, and bring those of older versions up to date."""
        [(version,)] = self._connection.execute("PRAGMA user_version").fetchall()
        with self.transaction():
            for table in self._tables:
                self._connection.execute(table.creation)
                if version < WITH_CHECKSUMS:
                    self._add_checksums(table)
            self._connection.execute(f"PRAGMA user_version = {VERSION}")

    def _add_checksums(self, table: Table) -> None:
        rows = self._connection.execute(f"PRAGMA table_info({table.name})").fetchall()
        if len(rows) == len(table.columns):
            self._connection.execute(f"ALTER TABLE {table.name} ADD COLUMN checksum INTEGER")
        self._connection.execute(
            f"UPDATE {table.name} SET checksum = {table.expected_checksum} WHERE checksum IS NULL"
        )

    def _leave_damage_out(self) -> None:
        n_damaged = 0
        with self.transaction():
            for table in self._tables:
                deletion = f"DELETE FROM {table.name} WHERE checksum IS NOT {table.expected_checksum}"
                n_damaged += self._connection.execute(deletion).rowcount
                # Rows are deleted by their keys: where those are out of order, some are not found.
                if self._connection.execute(table.unsound_rows).fetchone():
                    raise _UnfitError("damaged (its rows are out of order)")
        if n_damaged:
            note(
                f"{self._path}: {count(n_damaged, 'damaged row')} left out; what they held is computed again"
            )

    def _set_aside(self, what: str) -> None:
        """Keep a file under another name, begin a new one, and take over what is sound."""
        kept = _free_name(self._path)
        for ending in ("", "-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                Path(f"{self._path}{ending}").rename(f"{kept}{ending}")
        self._open()
        taken = count(sum(self._take_over(kept, table) for table in self._tables), "sound row")
        note(f"{self._path} is {clean(what)}; kept as {kept.name}, {taken} of it taken over")

    def _take_over(self, other: Path, table: Table) -> int:
        """Copy the rows of another file that can be read and match; returns how many."""
        rows: list[tuple] = []
        with (
            contextlib.suppress(sqlite3.Error, UnicodeDecodeError),
            contextlib.closing(_connect(other)) as connection,
        ):
            rows.extend(connection.execute(table.sound_rows))
        with self.transaction():
            self._connection.executemany(table.insertion, rows)
        return len(rows)

    def __enter__(self) -> Database:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def explained(self) -> contextlib.AbstractContextManager[None]:
        """Turn what SQLite raises in the block into a sentence for people."""
        return _explained(self._path)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Keep all that the block writes, or nothing."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            # A full disk has rolled back already.
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def put(self, table: Table, *values: object) -> None:
        """Write a row, in place of the one with its key."""
        self._connection.execute(table.insertion, values)

    def delete(self, table: Table, **key: object) -> None:
        """Delete the rows with these values."""
        where = " AND ".join(f"{name} = ?" for name in key)
        self._connection.execute(f"DELETE FROM {table.name} WHERE {where}", tuple(key.values()))

    def rows(self, statement: str, *values: object) -> list[tuple]:
        """All rows that a statement selects."""
        with self.explained():
            return self._connection.execute(statement, values).fetchall()

    def each_row(self, statement: str) -> Iterator[tuple]:
        """The rows that a statement selects, one at a time."""
        with self.explained():
            yield from self._connection.execute(statement)


class Reader:
    """A database of verified rows that is read and left as it is; use it as a context manager.

    Nothing is checked when it is opened; whoever selects rows asks for `Table.is_sound`.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    UserError
        If it is missing or cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with _explained(path):
            self._connection = _connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def has(self, table: Table) -> bool:
        """Whether it has a table of that name."""
        return bool(self.rows("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", table.name))

    def rows(self, statement: str, *values: object) -> list[tuple]:
        """All rows that a statement selects."""
        with _explained(self._path):
            return self._connection.execute(statement, values).fetchall()


@contextlib.contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn what SQLite raises in the block into a sentence for people."""
    try:
        yield
    except sqlite3.Error as error:
        name = "_".join(_name(error).split("_")[:2])
        remedy = _REMEDIES.get(name, "check its permissions, and the room on its disk")
        raise UserError(f"{path}: {clean(str(error))}; {remedy}") from error


def _connect(path: Path | str, uri: bool = False) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, uri=uri)
    connection.create_function("row_checksum", -1, _row_checksum, deterministic=True)
    # Text that is no UTF-8 has lost its checksum; it must not end the reading of the others.
    connection.text_factory = lambda content: content.decode("utf-8", "surrogateescape")
    return connection


def _require_header(path: Path) -> None:
    """Refuse a file that SQLite would not look at twice: it takes a short one for an empty database."""
    with contextlib.suppress(FileNotFoundError), path.open("rb") as file:
        header = file.read(len(_MAGIC))
        if header and header != _MAGIC:
            raise _UnfitError("damaged (it is no SQLite database)")


def _name(error: sqlite3.Error) -> str:
    """SQLite's name of an error; empty for those of Python's own module, which have none."""
    return getattr(error, "sqlite_errorname", "")


def _free_name(path: Path) -> Path:
    """A name beside a file that nothing has, for what is kept of it."""
    number = 1
    while (name := path.with_name(f"{path.name}.damaged-{number}")).exists():
        number += 1
    return name
