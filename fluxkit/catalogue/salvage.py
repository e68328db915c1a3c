"""Making the index again from what cannot be lost: the pictures and the journal."""

from __future__ import annotations

import contextlib
import itertools
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from fluxkit.catalogue import index as index_file
from fluxkit.catalogue.index import Index
from fluxkit.catalogue.journal import Entry, Journal
from fluxkit.catalogue.store import Store
from fluxkit.catalogue.writer import Writer
from fluxkit.errors import FrameError
from fluxkit.frames import metadata

_DAMAGE = ("malformed", "not a database", "no such table", "no such column", "corrupt", "unsupported file format")


def is_behind(index: Index, journal: Journal) -> bool:
    """Whether the journal or the folder may hold something that the index does not."""
    state = dict(index.rows("SELECT name, value FROM state"))
    return state["journal"] != journal.size or "scanned" not in state


def catch_up(index: Index, writer: Writer, journal: Journal, store: Store) -> None:
    """Bring the index to where journal and pictures are. Called inside a transaction, before anything is written."""
    if not is_behind(index, journal):
        return
    state = dict(index.rows("SELECT name, value FROM state"))
    if journal.size < state["journal"]:
        # The journal was lost or cut short: what the index knows is written down again.
        journal.append(list(entries_of(index, writer)), durable=True)
    else:
        for entry in journal.entries(state["journal"]):
            writer.apply(entry)
    if "scanned" not in state:
        _adopt(index, writer, journal, store)
        index.run("INSERT INTO state VALUES ('scanned', 1)")
    index.run("UPDATE state SET value = ? WHERE name = 'journal'", (journal.size,))
    store.sweep_incoming()


def entries_of(index: Index, writer: Writer) -> Iterator[Entry]:
    """A journal that says all that the index knows."""
    rows = index.rows("SELECT seq, shot_id, take, file FROM frames ORDER BY seq")
    receipts = dict(index.rows("SELECT seq, content FROM receipts"))
    for seq, shot_id, take, file in rows:
        frame = f"frame1-{shot_id.partition('-')[2]}-{take}"
        entry: Entry = {"op": "add", "file": file, "frame": frame}
        if seq in receipts:
            entry["receipt"] = writer.receipt(seq)
        yield entry
        marks = writer.marks(seq).canonical()
        if marks:
            yield {"op": "mark", "frames": [frame], "tag": marks.pop("tags", []), **marks}
    for seq, role, parent in index.rows("SELECT child, role, parent FROM lineage"):
        child = index.one("SELECT shot_id, take FROM frames WHERE seq = ?", (seq,))
        yield {"op": "link", "frame": f"frame1-{child[0].partition('-')[2]}-{child[1]}", "role": role, "of": parent}
    yield from writer.answers()


def is_damage(error: sqlite3.DatabaseError) -> bool:
    """Whether an error means that the index's file is broken, rather than busy, full or out of reach."""
    return any(word in str(error).lower() for word in _DAMAGE)


def set_aside(folder: Path, *, even_sound: bool = False) -> None:
    """Rename a damaged index, so that a new one is made at the next opening; the damaged one is kept.

    Only one kernel at a time does so, and only while the index is still damaged, unless told otherwise.
    """
    path = folder / index_file.NAME
    with (folder / "salvage.lock").open("a") as lock, _held(lock):
        sound = path.exists() and _is_sound(path)
        if not path.exists() or (sound and not even_sound):
            return
        name = next(n for i in itertools.count(1) if not (folder / (n := f"index.old-{i}.sqlite")).exists())
        if sound:
            path.unlink()
        else:
            path.rename(folder / name)
        for side in ("-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                path.with_name(path.name + side).unlink()


def _adopt(index: Index, writer: Writer, journal: Journal, store: Store) -> None:
    """Take in pictures that the journal does not name, oldest first."""
    known = {file for (file,) in index.rows("SELECT file FROM frames")}
    found = []
    for file in store.files():
        if file not in known:
            with contextlib.suppress(FrameError, OSError):
                record = metadata.read(store.path(file))
                found.append((record.made.timestamp() if record.made else 0.0, file))
    taken: list[Entry] = []
    for _made, file in sorted(found):
        entry: Entry = {"op": "add", "file": file}
        writer.apply(entry)
        taken.append(entry)
    if taken:
        journal.append(taken)


def _is_sound(path: Path) -> bool:
    try:
        with contextlib.closing(sqlite3.connect(path, timeout=60)) as connection:
            return bool(
                connection.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok"
                and connection.execute("SELECT count(*) FROM state").fetchone()[0]
            )
    except sqlite3.DatabaseError:
        return False


@contextlib.contextmanager
def _held(lock: IO[str]) -> Iterator[None]:
    try:
        import fcntl
    except ImportError:  # Windows keeps an open index from being renamed, which is lock enough.
        yield
        return
    fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(lock, fcntl.LOCK_UN)
