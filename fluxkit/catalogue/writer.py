"""Putting entries of the journal into the index: the only way anything gets there."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from fluxkit.catalogue.index import Index
from fluxkit.catalogue.journal import Entry
from fluxkit.catalogue.store import Store
from fluxkit.catalogue.terms import Term, mark_terms, terms_of
from fluxkit.errors import FrameError
from fluxkit.frames import metadata
from fluxkit.frames.marks import Marks
from fluxkit.frames.record import FrameRecord

_REMEMBERED = 50_000


class Writer:
    """Applies entries to an index. Used inside `index.writing()`."""

    def __init__(self, index: Index, store: Store) -> None:
        self._index = index
        self._store = store
        self._term_ids: dict[Term, int] = {}

    def apply(self, entry: Entry) -> None:
        """Do what an entry says. An entry that was applied before, or whose picture is gone, changes nothing."""
        if entry["op"] == "add":
            self._replay_add(entry)
        elif entry["op"] == "mark":
            self.mark(entry["frames"], entry)
        elif entry["op"] == "link":
            self.link(self.seq(entry["frame"]), [(entry["role"], entry["of"])])
        elif entry["op"] == "prefer":
            self.prefer(entry)

    def add(self, record: FrameRecord, file: str, made: float, receipt: dict[str, Any] | None = None) -> int:
        """File a picture that lies in the store; its number in the order of adding."""
        shot = record.shot
        latest = self._index.one("SELECT max(made) FROM frames")[0]
        if latest is not None and made < latest:
            self._index.run("INSERT OR IGNORE INTO state VALUES ('disordered', 1)")
        run = self._index.run(
            "INSERT INTO frames (shot_id, take, file, fingerprint, content, made) VALUES (?, ?, ?, ?, ?, ?)",
            (shot.id, record.take, file, record.fingerprint, record.content, made),
        )
        seq = int(run.lastrowid or 0)
        self._post(seq, terms_of(record))
        self._index.run("INSERT INTO words (rowid, prompt, note, tags) VALUES (?, ?, '', '')", (seq, shot.prompt.text))
        self._file_receipt(seq, receipt)
        self.link(seq, [(source.role, source.of) for source in record.provenance.sources])
        return seq

    def refile(
        self, seq: int, record: FrameRecord, file: str, made: float, receipt: dict[str, Any] | None = None
    ) -> None:
        """Give a frame whose picture is gone the picture that was made in its stead; marks and lineage stay."""
        self._index.run("INSERT OR IGNORE INTO state VALUES ('disordered', 1)")
        self._index.run(
            "UPDATE frames SET file = ?, fingerprint = ?, content = ?, made = ? WHERE seq = ?",
            (file, record.fingerprint, record.content, made, seq),
        )
        self._file_receipt(seq, receipt)

    def mark(self, frames: Iterable[str], change: dict[str, Any]) -> None:
        """Change what was said about frames: `rating`, `pick`, `project`, `note`, `tag` and `untag` (lists)."""
        for frame in frames:
            seq = self.seq(frame)
            if seq is not None:
                self._mark_one(seq, change)

    def link(self, child: int | None, parents: Sequence[tuple[str, str]]) -> None:
        """Say what a frame was made from."""
        if child is not None:
            rows = [(child, role, parent) for role, parent in parents]
            self._index.run_many("INSERT OR IGNORE INTO lineage VALUES (?, ?, ?)", rows)

    def prefer(self, entry: Entry) -> None:
        """Keep an answer to a pair; the same answer read from the journal again is not counted twice."""
        row = (entry["name"], entry["first"], entry["second"], int(entry["tie"]))
        self._index.run("INSERT OR IGNORE INTO votes (name, first, second, tie) VALUES (?, ?, ?, ?)", row)

    def has_answer(self, name: str) -> bool:
        """Whether an answer to a pair is here already."""
        return self._index.one("SELECT 1 FROM votes WHERE name = ?", (name,)) is not None

    def answers(self) -> list[Entry]:
        """Every answer to a pair as the journal says it, in the order of voting."""
        rows = self._index.rows("SELECT name, first, second, tie FROM votes ORDER BY number")
        return [{"op": "prefer", "name": n, "first": a, "second": b, "tie": bool(tie)} for n, a, b, tie in rows]

    def marks(self, seq: int) -> Marks:
        """What was said about a frame."""
        rows = self._index.rows(
            "SELECT path, value FROM marks m JOIN terms t ON t.id = m.term WHERE seq = ? ORDER BY path, value", (seq,)
        )
        said: dict[str, Any] = {path: value for path, value in rows if path != "tag"}
        note = self._index.one("SELECT note FROM frames WHERE seq = ?", (seq,))
        return Marks(**said, tags=tuple(value for path, value in rows if path == "tag"), note=note[0] if note else "")

    def receipt(self, seq: int) -> dict[str, Any]:
        """What a frame cost, as it was told; empty where nobody told."""
        row = self._index.one("SELECT content FROM receipts WHERE seq = ?", (seq,))
        return dict(json.loads(row[0])) if row else {}

    def parents(self, seq: int) -> list[tuple[str, str]]:
        """What a frame was made from: roles with ids or fingerprints."""
        return self._index.rows("SELECT role, parent FROM lineage WHERE child = ?", (seq,))

    def seq(self, frame: str) -> int | None:
        """The number of a frame by its id; None where it is not here."""
        _tag, shot, take = frame.split("-")
        row = self._index.one("SELECT seq FROM frames WHERE shot_id = ? AND take = ?", (f"shot1-{shot}", int(take)))
        return int(row[0]) if row else None

    def forget_terms(self) -> None:
        """Drop what was remembered of a transaction that was undone."""
        self._term_ids.clear()

    def _replay_add(self, entry: Entry) -> None:
        file = entry["file"]
        if self._index.one("SELECT 1 FROM frames WHERE file = ?", (file,)):
            return
        try:
            record = metadata.read(self._store.path(file))
        except (OSError, FrameError):
            return
        made = record.made.timestamp() if record.made else 0.0
        old = self._index.one(
            "SELECT seq, file FROM frames WHERE shot_id = ? AND take = ?", (record.shot.id, record.take)
        )
        if old is None:
            self.add(record, file, made, entry.get("receipt"))
        elif not self._store.path(old[1]).is_file():
            self.refile(old[0], record, file, made, entry.get("receipt"))

    def _file_receipt(self, seq: int, receipt: dict[str, Any] | None) -> None:
        if receipt:
            self._index.run("INSERT OR REPLACE INTO receipts VALUES (?, ?)", (seq, json.dumps(receipt)))

    def _mark_one(self, seq: int, change: dict[str, Any]) -> None:
        old = self.marks(seq)
        tags = (set(old.tags) | set(change.get("tag", ()))) - set(change.get("untag", ()))
        said = {name: change[name] for name in ("rating", "pick", "project", "note") if name in change}
        new = old.with_(**said, tags=tuple(sorted(tags)))
        if new == old:
            return
        before, after = set(mark_terms(old)), set(mark_terms(new))
        self._unpost(seq, before - after)
        self._post(seq, sorted(after - before), mark=True)
        self._index.run("UPDATE frames SET note = ? WHERE seq = ?", (new.note, seq))
        self._index.run("UPDATE words SET note = ?, tags = ? WHERE rowid = ?", (new.note, " ".join(new.tags), seq))

    def _post(self, seq: int, terms: Sequence[Term], *, mark: bool = False) -> None:
        ids = [self._term_id(term) for term in terms]
        self._index.run_many("INSERT INTO postings VALUES (?, ?)", [(term, seq) for term in ids])
        self._index.run_many("UPDATE terms SET uses = uses + 1 WHERE id = ?", [(term,) for term in ids])
        if mark:
            self._index.run_many("INSERT INTO marks VALUES (?, ?)", [(seq, term) for term in ids])

    def _unpost(self, seq: int, terms: Iterable[Term]) -> None:
        ids = [self._term_id(term) for term in terms]
        self._index.run_many("DELETE FROM postings WHERE term = ? AND seq = ?", [(term, seq) for term in ids])
        self._index.run_many("DELETE FROM marks WHERE term = ? AND seq = ?", [(term, seq) for term in ids])
        self._index.run_many("UPDATE terms SET uses = uses - 1 WHERE id = ?", [(term,) for term in ids])

    def _term_id(self, term: Term) -> int:
        known = self._term_ids.get(term)
        if known is not None:
            return known
        row = self._index.one("SELECT id FROM terms WHERE path = ? AND value = ?", term)
        made = row[0] if row else self._index.run("INSERT INTO terms (path, value) VALUES (?, ?)", term).lastrowid
        if len(self._term_ids) >= _REMEMBERED:
            self._term_ids.clear()
        self._term_ids[term] = int(made or 0)
        return self._term_ids[term]
