"""What was asked of hosts and became of it, on disk before and after every step: nothing paid is lost.

A job's life, as `state`:

    intent ──▶ sending ──▶ submitted ──▶ stored ──▶ done
      │           │            ├──▶ moderated, failed, expired, missing
      │           │            ├──▶ cancelling ──▶ cancelled (or stored, where the picture was quicker)
      │           │            └──▶ (a deadline or a crash leaves it submitted; `resume` goes on)
      │           ├──▶ refused    the host said no; nothing was billed
      │           └──▶ unknown    the answer was lost; never sent again by itself
      └──▶ withdrawn              never sent

The step from `intent` to `sending` is one atomic update, and only who makes it may send. So a request is sent by one
process once, whoever else reads the same journal. Times serve only to tell a lost sender from a slow one.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fluxkit.errors import CatalogueError

NAME = "hosted.sqlite"
"""The journal's file in the catalogue folder."""

OPEN = ("intent", "sending", "submitted", "missing", "cancelling", "stored")
"""States that `resume` looks after."""

_COLUMNS = (
    "id", "shot_id", "shot", "host", "server", "model", "request", "state", "remote_id", "polling_url",
    "forecast_usd", "cost_usd", "submit_by", "error", "picture", "recorded", "kind", "cancel_url", "sent_at",
)  # fmt: skip

AT_HOST = ("submitted", "missing", "cancelling")
"""States of a job that the host has, and that has not come to an end as far as we know."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS job (
    id INTEGER PRIMARY KEY,
    shot_id TEXT NOT NULL,
    shot TEXT NOT NULL,
    host TEXT NOT NULL,
    server TEXT NOT NULL,
    model TEXT NOT NULL,
    request TEXT NOT NULL,
    state TEXT NOT NULL,
    remote_id TEXT,
    polling_url TEXT,
    forecast_usd REAL,
    cost_usd REAL,
    submit_by REAL,
    error TEXT,
    picture TEXT,
    recorded TEXT NOT NULL DEFAULT '{}'
);
CREATE INDEX IF NOT EXISTS job_by_shot ON job (shot_id);
CREATE UNIQUE INDEX IF NOT EXISTS one_open_job_a_shot ON job (shot_id)
    WHERE state IN ('intent', 'sending', 'submitted', 'missing', 'stored', 'unknown');
CREATE INDEX IF NOT EXISTS job_by_state ON job (state);
"""

_STEPS = (
    _SCHEMA,
    """
ALTER TABLE job ADD COLUMN kind TEXT NOT NULL DEFAULT 'picture';
ALTER TABLE job ADD COLUMN cancel_url TEXT;
ALTER TABLE job ADD COLUMN sent_at REAL;
DROP INDEX one_open_job_a_shot;
CREATE UNIQUE INDEX one_open_job_a_shot ON job (shot_id)
    WHERE state IN ('intent', 'sending', 'submitted', 'missing', 'cancelling', 'stored', 'unknown');
""",
)
"""What leads from each version of the file to the next (SQLite's `user_version`)."""


@dataclass(frozen=True)
class Entry:
    """One job as the journal holds it. The repr shows what and how it stands; never an address."""

    id: int
    shot_id: str
    shot: str = field(repr=False)
    host: str
    server: str = field(repr=False)
    model: str
    request: str
    state: str
    remote_id: str | None = field(repr=False)
    polling_url: str | None = field(repr=False)
    forecast_usd: float | None
    cost_usd: float | None
    submit_by: float | None = field(repr=False)
    error: dict[str, Any] | None = field(repr=False)
    picture: str | None = field(repr=False)
    recorded: dict[str, str] = field(repr=False)
    kind: str = "picture"
    """`picture` or `training`."""
    cancel_url: str | None = field(default=None, repr=False)
    sent_at: float | None = field(default=None, repr=False)
    """When it was sent, in seconds since 1970 (UTC)."""


class Journal:
    """The journal of one catalogue folder. Each call is one short transaction; any thread or process may make it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._open() as db:
            _migrate(db)

    @property
    def folder(self) -> Path:
        """Where pictures lie between their download and the catalogue."""
        return self.path.parent / "hosted"

    def intend(self, *, shot_id: str, seen: int = 0, **columns: Any) -> int | None:
        """Write the intent of one paid request; returns its number.

        None where the shot has an open job already, or where another process made it since the caller looked (`seen`
        is the latest job that it saw then). An older intent of the same shot is withdrawn: its process is gone, or it
        loses the right to send.
        """
        values = {"shot_id": shot_id, "state": "intent", **columns, "recorded": json.dumps(columns["recorded"])}
        names, marks = ", ".join(values), ", ".join("?" * len(values))
        with self._open() as db:
            db.execute("BEGIN IMMEDIATE")
            made = db.execute(
                "SELECT 1 FROM job WHERE shot_id = ? AND id > ? AND state = 'done'", (shot_id, seen)
            ).fetchone()
            if made is not None:
                return None
            db.execute("UPDATE job SET state = 'withdrawn' WHERE shot_id = ? AND state = 'intent'", (shot_id,))
            try:
                cursor = db.execute(f"INSERT INTO job ({names}) VALUES ({marks})", tuple(values.values()))
            except sqlite3.IntegrityError:
                return None
        return int(cursor.lastrowid or 0)

    def move(self, job: int, old: str | Iterable[str], new: str, **columns: Any) -> bool:
        """Change the state if it is still `old`; False where another process was faster."""
        before = (old,) if isinstance(old, str) else tuple(old)
        plain = {name: json.dumps(value) if name in ("error", "recorded") else value for name, value in columns.items()}
        sets = ", ".join(f"{name} = ?" for name in ("state", *plain))
        marks = ", ".join("?" * len(before))
        with self._open() as db:
            cursor = db.execute(
                f"UPDATE job SET {sets} WHERE id = ? AND state IN ({marks})", (new, *plain.values(), job, *before)
            )
        return cursor.rowcount == 1

    def claim(self, job: int, *, seconds: float) -> bool:
        """Take the right to send an intent; the answer is due within `seconds`."""
        now = time.time()
        return self.move(job, "intent", "sending", submit_by=now + seconds, sent_at=now)

    def sweep(self) -> None:
        """Delete the copies of pictures that are kept elsewhere: what a killed process could not clear any more."""
        left = {path: path.name.partition(".")[0] for path in self.folder.glob("*-*.*")}
        if not left:
            return
        done = {Path(entry.picture).stem for entry in self.entries(("done",), kind="picture") if entry.picture}
        for path, name in left.items():
            if name in done:
                path.unlink(missing_ok=True)

    def entry(self, job: int) -> Entry:
        """One job."""
        return next(self._entries("WHERE id = ?", (job,)))

    def of_shot(self, shot_id: str) -> list[Entry]:
        """The jobs of one shot, the latest first."""
        return list(self._entries("WHERE shot_id = ? ORDER BY id DESC", (shot_id,)))

    def entries(self, states: Iterable[str] | None = None, *, kind: str | None = None) -> list[Entry]:
        """Every job, or those in some states or of one kind, in the order they were written."""
        wanted = None if states is None else tuple(states)
        tests = ["1"]
        if wanted is not None:
            tests.append(f"state IN ({', '.join('?' * len(wanted))})")
        if kind is not None:
            tests.append("kind = ?")
        values = (*(wanted or ()), *([kind] if kind is not None else ()))
        return list(self._entries(f"WHERE {' AND '.join(tests)} ORDER BY id", values))

    def _entries(self, clause: str, values: tuple[Any, ...]) -> Iterator[Entry]:
        with self._open() as db:
            rows = db.execute(f"SELECT {', '.join(_COLUMNS)} FROM job {clause}", values).fetchall()
        for found in rows:
            row = dict(zip(_COLUMNS, found, strict=True))
            row["error"] = json.loads(row["error"]) if row["error"] else None
            row["recorded"] = json.loads(row["recorded"])
            yield Entry(**row)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            db = sqlite3.connect(self.path, timeout=30.0)
            try:
                # FULL: a commit is on the disk, not only in the system's cache, before the request goes out.
                db.execute("PRAGMA synchronous = FULL")
                with db:
                    yield db
            finally:
                db.close()
        except sqlite3.Error as error:
            raise CatalogueError(
                f"The journal of hosted jobs ({self.path.name}) could not be used: {error}. It must be readable and "
                f"writable, on a disk with space left. Nothing is sent without it."
            ) from None


def _migrate(db: sqlite3.Connection) -> None:
    if db.execute("PRAGMA user_version").fetchone()[0] == len(_STEPS):
        return
    db.execute("BEGIN IMMEDIATE")
    # Asked again under the lock: another process may have been faster.
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if version > len(_STEPS):
        raise CatalogueError(
            f"The journal of hosted jobs has version {version}; this fluxkit knows up to {len(_STEPS)}. It was written "
            "by a newer fluxkit: update fluxkit to go on. Nothing was changed and nothing was sent."
        )
    for step in _STEPS[version:]:
        for statement in filter(str.strip, step.split(";")):
            db.execute(statement)
    db.execute(f"PRAGMA user_version = {len(_STEPS)}")
