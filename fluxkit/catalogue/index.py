"""The index of a catalogue: one SQLite file that answers questions about the pictures, made from the journal."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import Any

from fluxkit.catalogue.migrations import MIGRATIONS
from fluxkit.errors import CatalogueError

NAME = "index.sqlite"
_WAIT_S = 60.0
"""How long a writer waits for another kernel's transaction before it gives up."""


class Index:
    """A connection to the index, for one process and any of its threads."""

    def __init__(self, folder: Path, *, writable: bool) -> None:
        self._lock = RLock()
        self._copy: tempfile.TemporaryDirectory[str] | None = None
        self._connection = self._open_writable(folder) if writable else self._open_readable(folder)

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        """All rows that a query gives."""
        with self._lock:
            return self._connection.execute(sql, values).fetchall()

    def one(self, sql: str, values: Sequence[Any] = ()) -> Any:
        """The first row, or None."""
        with self._lock:
            return self._connection.execute(sql, values).fetchone()

    def run(self, sql: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        """Execute one statement, inside `writing`."""
        return self._connection.execute(sql, values)

    def run_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Execute one statement for each row, inside `writing`."""
        self._connection.executemany(sql, rows)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """A transaction that no other kernel writes beside; undone as a whole where anything in it fails."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._connection.close()
            if self._copy is not None:
                self._copy.cleanup()

    def _open_writable(self, folder: Path) -> sqlite3.Connection:
        connection = _connect(str(folder / NAME))
        connection.execute("PRAGMA journal_mode = WAL")
        # The pictures and the journal are synced by themselves; losing the last index rows to a power cut costs a
        # catch-up, no picture.
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA temp_store = MEMORY")
        _migrate(connection)
        return connection

    def _open_readable(self, folder: Path) -> sqlite3.Connection:
        """Read-only media have no room for SQLite's side files: what another kernel left there is read from a copy."""
        path = folder / NAME
        side = path.with_name(f"{NAME}-wal")
        if side.is_file() and side.stat().st_size:
            self._copy = tempfile.TemporaryDirectory(prefix="fluxkit-")
            for source in (path, side):
                (Path(self._copy.name) / source.name).write_bytes(source.read_bytes())
            connection = _connect(str(Path(self._copy.name) / NAME))
        else:
            connection = _connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)
        _refuse_other_versions(connection)
        return connection


def _connect(target: str, *, uri: bool = False) -> sqlite3.Connection:
    return sqlite3.connect(target, timeout=_WAIT_S, isolation_level=None, check_same_thread=False, uri=uri)


def _migrate(connection: sqlite3.Connection) -> None:
    if connection.execute("PRAGMA user_version").fetchone()[0] == len(MIGRATIONS):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Asked again under the lock: another kernel may have been faster.
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        _refuse_newer(version)
        for step in MIGRATIONS[version:]:
            for statement in step:
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _refuse_other_versions(connection: sqlite3.Connection) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    _refuse_newer(version)
    if version < len(MIGRATIONS):
        raise CatalogueError(
            f"This read-only catalogue has index version {version}, and this fluxkit reads {len(MIGRATIONS)}. "
            "Copy the folder to where it may be written, and open the copy."
        )


def _refuse_newer(version: int) -> None:
    if version > len(MIGRATIONS):
        raise CatalogueError(
            f"This catalogue's index has version {version}; this fluxkit knows up to {len(MIGRATIONS)}. "
            "It was made by a newer fluxkit: update fluxkit to open it. Nothing was changed."
        )
