"""Pictures, journal and index kept in step: what one kernel holds open of a catalogue folder."""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from threading import RLock
from typing import NoReturn, TypeVar

from fluxkit.catalogue import index as index_file
from fluxkit.catalogue import journal as journal_file
from fluxkit.catalogue import salvage
from fluxkit.catalogue.index import Index
from fluxkit.catalogue.journal import Entry, Journal
from fluxkit.catalogue.store import Store
from fluxkit.catalogue.writer import Writer
from fluxkit.errors import CatalogueError

T = TypeVar("T")

_SIGNS = (index_file.NAME, journal_file.NAME, "files")
"""What tells a catalogue from an empty or missing folder."""


class Ledger:
    """Opens the index when it is first needed, and makes it again from pictures and journal when it is lost."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = Store(folder)
        self.journal = Journal(folder)
        self._index: Index | None = None
        self._writer: Writer | None = None
        self._identity: tuple[int, int] | None = None
        self._process = os.getpid()
        self._writable = False
        self._working = False
        """Whether a transaction is under way: questions then belong to it, and its errors end it."""
        self._lock = RLock()

    def ask(self, question: Callable[[Index], list[T]]) -> list[T]:
        """The rows that answer a question; none where the catalogue does not exist yet."""
        with self._lock:
            if self._working and self._index is not None:
                return question(self._index)
            for attempt in (1, 2):
                try:
                    index = self._opened()
                    return [] if index is None else question(index)
                except sqlite3.DatabaseError as error:
                    self._recover(error, last=attempt == 2)
        raise AssertionError("unreachable")

    def write(self, work: Callable[[Writer], T]) -> T:
        """Do `work` in one transaction; nothing of it is in the index where it fails, and earlier frames stay safe."""
        with self._lock:
            for attempt in (1, 2):
                try:
                    return self._write(work)
                except OSError as error:
                    self._refuse(error)
                except sqlite3.DatabaseError as error:
                    self._recover(error, last=attempt == 2)
        raise AssertionError("unreachable")

    def note_down(self, entries: list[Entry], *, durable: bool = False) -> None:
        """Append to the journal, inside `write`."""
        size = self.journal.append(entries, durable=durable)
        if self._index is not None:
            self._index.run("UPDATE state SET value = ? WHERE name = 'journal'", (size,))

    def rebuild(self) -> None:
        """Put the index aside and make it again from the pictures and the journal."""
        with self._lock:
            self.write(lambda _writer: None)
            self.close()
            salvage.set_aside(self.folder, even_sound=True)
            self.write(lambda _writer: None)

    def close(self) -> None:
        """Let go of the index; it opens again when it is needed."""
        with self._lock:
            if self._index is not None:
                self._index.close()
            self._index = self._writer = None

    def _write(self, work: Callable[[Writer], T]) -> T:
        if self._index is None:
            self.folder.mkdir(parents=True, exist_ok=True)
        if self._index is not None and (not self._writable or self._identity != _identity(self.folder)):
            self.close()
        index = self._opened(create=True)
        if index is None or self._writer is None or not self._writable:
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))
        try:
            with index.writing():
                self._working = True
                salvage.catch_up(index, self._writer, self.journal, self.store)
                return work(self._writer)
        except BaseException:
            self._writer.forget_terms()
            raise
        finally:
            self._working = False

    def _opened(self, *, create: bool = False) -> Index | None:
        if self._index is not None and self._process != os.getpid():
            # A forked child must not touch its parent's connection, not even to close it.
            self._index = self._writer = None
        if self._index is not None:
            return self._index
        if not create and not any(
            (self.folder / name).exists() for name in (index_file.NAME, "journal.jsonl", "files")
        ):
            return None
        self._index = self._open_writable() or Index(self.folder, writable=False)
        self._writer = Writer(self._index, self.store)
        self._identity = _identity(self.folder)
        self._process = os.getpid()
        if self._writable:
            self._catch_up(self._index, self._writer)
        return self._index

    def _open_writable(self) -> Index | None:
        self._writable = os.access(self.folder, os.W_OK)
        if not self._writable:
            return None
        try:
            return Index(self.folder, writable=True)
        except sqlite3.OperationalError:
            # A full or read-only disk has no room for SQLite's side files; what is there can still be read.
            self._writable = False
            if not (self.folder / index_file.NAME).exists():
                raise
            return None

    def _catch_up(self, index: Index, writer: Writer) -> None:
        """Put into the index what a crashed kernel left out of it. A full disk only puts that off."""
        if not salvage.is_behind(index, self.journal):
            return
        try:
            with index.writing():
                salvage.catch_up(index, writer, self.journal, self.store)
        except (OSError, sqlite3.OperationalError):
            writer.forget_terms()

    def _recover(self, error: sqlite3.DatabaseError, *, last: bool) -> None:
        if last or not salvage.is_damage(error):
            self._refuse(error)
        self.close()
        try:
            salvage.set_aside(self.folder)
        except OSError as reason:
            raise CatalogueError(
                f"The index of the catalogue {self.folder.name!r} is damaged ({error}), and its folder cannot be "
                f"written to make a new one ({reason.strerror}). Copy the folder to where it may be written, and open "
                "the copy: the index is made again from the pictures."
            ) from error

    def _refuse(self, error: OSError | sqlite3.DatabaseError) -> NoReturn:
        kept = 0
        with contextlib.suppress(Exception):
            kept = self._index.one("SELECT count(*) FROM frames")[0] if self._index is not None else 0
        raise CatalogueError(
            f"The catalogue {self.folder.name!r} was to be written, but {_reason(error)}. Nothing was lost: the "
            f"{kept:,} frames kept before are safe and can be read."
        ) from error


def _reason(error: OSError | sqlite3.DatabaseError) -> str:
    code = error.errno if isinstance(error, OSError) else None
    text = str(error).lower()
    if code in (errno.ENOSPC, errno.EDQUOT) or "full" in text:
        return "the disk is full. Make room on it, or open a Session with a catalogue on another disk, and shoot again"
    if code in (errno.EROFS, errno.EACCES, errno.EPERM) or "readonly" in text or "unable to open" in text:
        return "its folder may not be written. Change its permissions, or open a Session with another catalogue folder"
    if "locked" in text or "busy" in text:
        return "another kernel has kept it locked for a minute. Wait for that kernel, or end it, and try again"
    if code in (errno.ENOTDIR, errno.EEXIST):
        return "there is a file where its folder should be. Give the path of a folder"
    return f"the system refused it ({error}). Check the disk, and try again"


def _identity(folder: Path) -> tuple[int, int] | None:
    """Which file the index is: another one is there after a user or another kernel replaced it."""
    with contextlib.suppress(OSError):
        status = (folder / index_file.NAME).stat()
        return status.st_dev, status.st_ino
    return None
