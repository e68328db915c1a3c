"""`Catalogue`: every frame that was made, findable, and safe against crashes, full disks and second kernels."""

from __future__ import annotations

import dataclasses
import re
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from fluxkit.catalogue.filed import FiledFrame, Row
from fluxkit.catalogue.index import Index
from fluxkit.catalogue.journal import Entry
from fluxkit.catalogue.ledger import Ledger
from fluxkit.catalogue.query import check_path, query
from fluxkit.catalogue.receipts import Receipts, receipts
from fluxkit.catalogue.store import name_of
from fluxkit.catalogue.transfer import copy, pictures
from fluxkit.catalogue.verify import Verification, verify
from fluxkit.catalogue.writer import Writer
from fluxkit.errors import InputError
from fluxkit.frames import Frame, Frames, metadata, thumbnail
from fluxkit.frames.marks import Marks
from fluxkit.frames.provenance import Source
from fluxkit.shots.inputs import ReferenceImage

T = TypeVar("T")
When = date | datetime | str | None

_COLUMNS = "f.seq, f.shot_id, f.take, f.file, f.fingerprint, f.made"
_BY_SHOT = f"SELECT {_COLUMNS} FROM frames f WHERE f.shot_id = ? AND f.take = ?"


class Catalogue:
    """A folder of frames with an index.

    Nothing is created before the first frame is added. Several kernels may use one catalogue at once. Every picture
    is on the disk before `add` returns; a catalogue that cannot be written can still be read.
    """

    def __init__(self, path: str | Path = "fluxkit-catalogue") -> None:
        self._ledger = Ledger(Path(path).expanduser())
        self.store = self._ledger.store
        """The picture files."""

    @property
    def folder(self) -> Path:
        """Where the catalogue lies; there may be nothing yet."""
        return self._ledger.folder

    def add(self, frame: Frame, *, receipt: Mapping[str, Any] | None = None) -> FiledFrame:
        """Keep a frame; returns it as it lies in the catalogue.

        A frame that is already here comes back as it was kept. Another picture of the same shot and take gets the
        next free take, so nothing is ever overwritten. `receipt` is what it cost (seconds, bytes, money): kept in the
        catalogue, never in the picture. Raises `CatalogueError` where the folder cannot be written; the frames kept
        before stay readable.
        """
        if isinstance(frame, FiledFrame) and frame.is_of(self):
            return frame
        # Everything slow happens before the write lock is taken.
        picture, small = frame.png(), thumbnail.jpeg(frame.image)
        record = dataclasses.replace(metadata.record_of(frame), content=ReferenceImage.of(frame.image).content)
        made = frame.made or datetime.now(UTC)

        def work(writer: Writer) -> Row:
            take, old = self._place(frame.shot.id, frame.take, record.fingerprint)
            if old is not None and self.store.path(old.file).is_file():
                return old
            provenance = record.provenance.with_(sources=self._sources(frame))
            filed = dataclasses.replace(record, take=take, made=made, provenance=provenance)
            data = metadata.dressed(picture, filed)
            file = name_of(data)
            entry: Entry = {"op": "add", "file": file, "frame": f"frame1-{frame.shot.id.partition('-')[2]}-{take}"}
            # The journal names the picture before it is written: a crash in between leaves a line without a picture,
            # which is passed over, never a picture that nobody knows of.
            self._ledger.note_down([{**entry, "receipt": dict(receipt)} if receipt else entry])
            self.store.put(file, data)
            self.store.put_thumbnail(file, small)
            if old is not None:
                writer.refile(old.seq, filed, file, made.timestamp(), dict(receipt or {}))
            seq = old.seq if old is not None else writer.add(filed, file, made.timestamp(), dict(receipt or {}))
            return Row(seq, frame.shot.id, take, file, record.fingerprint, made.timestamp())

        return FiledFrame(self, self._ledger.write(work), frame.shot)

    def get(self, shot_id: str, take: int = 0) -> FiledFrame | None:
        """The frame of a shot, or None where there is none or its file is gone."""
        rows = self._ledger.ask(lambda index: index.rows(_BY_SHOT, (shot_id, take)))
        if not rows:
            return None
        row = Row(*rows[0])
        return FiledFrame(self, row) if self.store.path(row.file).is_file() else None

    def frames(self, shot_ids: Iterable[str] | None = None) -> Frames:
        """Every frame in the order of adding, or those first takes of these shots that are here, in their order."""
        if shot_ids is None:
            return self.search(newest_first=False)
        return Frames(frame for shot_id in shot_ids if (frame := self.get(shot_id)) is not None)

    def search(
        self,
        words: str | Mapping[str, Any] = "",
        where: Mapping[str, Any] | None = None,
        /,
        *,
        since: When = None,
        until: When = None,
        limit: int | None = None,
        newest_first: bool = True,
        **values: Any,
    ) -> Frames:
        """The frames that match everything asked for, newest first.

        `words` are looked for in prompts, notes and tags; `portr*` finds every word that begins so. Values go by
        keyword (`model`, `seed`, `rating`, `pick`, `tag`, `project`, ...) or, for paths of the scene, in a mapping; a
        list means any of its members, and text such as `">=4"` compares. `since` and `until` take dates, in UTC.

            catalogue.search("window light", {"lighting.key.direction": "left"}, rating=">=4", since="2026-11-01")

        Raises `InputError` for a path that names no field.
        """
        text, asked = _asked(words, where, values)
        if limit is not None and limit < 0:
            raise InputError(f"limit={limit} was asked for. It is a number of frames, 0 or more. Leave it out for all.")

        def run(index: Index) -> list[Any]:
            sql, given = query(index, text, asked, since=since, until=until).sql(
                _COLUMNS, limit=limit, newest_first=newest_first
            )
            return index.rows(sql, given)

        return Frames(FiledFrame(self, Row(*row)) for row in self._ledger.ask(run))

    def count(
        self,
        words: str | Mapping[str, Any] = "",
        where: Mapping[str, Any] | None = None,
        /,
        *,
        since: When = None,
        until: When = None,
        **values: Any,
    ) -> int:
        """How many frames match; see `search`."""
        text, asked = _asked(words, where, values)

        def run(index: Index) -> list[Any]:
            return index.rows(*query(index, text, asked, since=since, until=until).count_sql())

        found = self._ledger.ask(run)
        return int(found[0][0]) if found else 0

    def values(self, path: str) -> dict[Any, int]:
        """How many frames there are for each value of a path, most frequent first: `catalogue.values("model")`."""
        check_path(path)
        sql = "SELECT value, uses FROM terms WHERE path = ? AND uses > 0 ORDER BY uses DESC, value"
        return dict(self._ledger.ask(lambda index: index.rows(sql, (path,))))

    def mark(
        self,
        frames: Frame | str | Iterable[Frame | str],
        *,
        rating: int | None = None,
        pick: str | bool | None = None,
        tag: str | Iterable[str] = (),
        untag: str | Iterable[str] = (),
        note: str | None = None,
        project: str | None = None,
    ) -> None:
        """Say something about frames (or their ids); what is left out stays as it was.

        `rating` is 0 to 5 stars; `pick` is "pick", "reject" or "" (True means "pick", False ""); tags are added by
        `tag` and taken away by `untag`. The pictures' files are not touched.
        """
        if isinstance(pick, bool):
            pick = "pick" if pick else ""
        given = {"rating": rating, "pick": pick, "note": note, "project": project}
        said: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
        added, removed = _listed(tag), _listed(untag)
        Marks(**said, tags=tuple(added))
        change = {**said, **({"tag": added} if added else {}), **({"untag": removed} if removed else {})}
        ids = [id_of(one) for one in ([frames] if isinstance(frames, Frame | str) else frames)]
        if not ids or not change:
            return

        def work(writer: Writer) -> None:
            self._require(ids)
            self._ledger.note_down([{"op": "mark", "frames": ids, **change}], durable=True)
            writer.mark(ids, change)

        self._ledger.write(work)

    def prefer(self, better: Frame | str, other: Frame | str, *, tie: bool = False, name: str | None = None) -> None:
        """Keep the answer to a pair: `better` was preferred to `other`, or neither was (`tie`).

        An answer with a `name` counts once, however often it is given: a file that is read again votes no second time.
        """
        first, second = id_of(better), id_of(other)
        known_as = name or secrets.token_hex(8)
        entry: Entry = {"op": "prefer", "name": known_as, "first": first, "second": second, "tie": tie}

        def work(writer: Writer) -> None:
            self._require([first, second])
            if not writer.has_answer(known_as):
                self._ledger.note_down([entry], durable=True)
                writer.prefer(entry)

        self._ledger.write(work)

    def votes(self) -> tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]:
        """Every answer to a pair, in the order of voting: (better, other) by frame id, and the ties."""
        rows = self._ledger.ask(lambda index: index.rows("SELECT first, second, tie FROM votes ORDER BY number"))
        decided = tuple((first, second) for first, second, tie in rows if not tie)
        return decided, tuple((first, second) for first, second, tie in rows if tie)

    def _answers(self) -> list[Entry]:
        """Every answer to a pair, with the name that keeps it from counting twice."""
        return self._ledger.ask(lambda index: Writer(index, self.store).answers())

    def marks(self, frame: Frame | str) -> Marks:
        """What was said about a frame: rating, pick, tags, note and project."""
        return self._known(frame, lambda writer, seq: writer.marks(seq)) or Marks()

    def receipt(self, frame: Frame | str) -> dict[str, Any]:
        """What a frame cost to make, as it was told when it was added; empty where nobody told."""
        return self._known(frame, lambda writer, seq: writer.receipt(seq)) or {}

    def receipts(
        self,
        words: str | Mapping[str, Any] = "",
        where: Mapping[str, Any] | None = None,
        /,
        *,
        by: str = "model",
        since: When = None,
        until: When = None,
        **values: Any,
    ) -> Receipts:
        """What the frames that match cost in time, memory and money, added up by any path: `by="project"`.

        catalogue.receipts(since="2026-11-01").usd        # spent at hosts this month
        catalogue.receipts(by="lighting.key.direction")   # a table
        """
        text, asked = _asked(words, where, values)
        check_path(by)

        def run(index: Index) -> list[Any]:
            columns = "f.seq, (SELECT content FROM receipts r WHERE r.seq = f.seq)"
            asked_for = query(index, text, asked, since=since, until=until)
            found = index.rows(*asked_for.sql(columns, limit=None, newest_first=False))
            sql = "SELECT p.seq, t.value FROM terms t JOIN postings p ON p.term = t.id WHERE t.path = ?"
            return [(found, index.rows(sql, (by,)))]

        rows, named = next(iter(self._ledger.ask(run)), ([], []))
        return receipts(by, rows, named)

    def link(self, frame: Frame | str, *, role: str, of: Frame | str) -> None:
        """Say that `frame` was made from `of` (`role`: "fill", "edit", "control", ...); engines say so too."""
        child, parent = id_of(frame), of.id if isinstance(of, Frame) else of

        def work(writer: Writer) -> None:
            self._require([child])
            self._ledger.note_down([{"op": "link", "frame": child, "role": role, "of": parent}], durable=True)
            writer.link(writer.seq(child), [(role, parent)])

        self._ledger.write(work)

    def sources(self, frame: Frame | str) -> tuple[tuple[str, str], ...]:
        """What this frame was made from: pairs of a role and the id or pixel fingerprint of the source."""
        return tuple(self._known(frame, lambda writer, seq: writer.parents(seq)) or ())

    def parents(self, frame: Frame | str) -> Frames:
        """The frames that this one was filled, edited or controlled from, where they are in the catalogue."""
        return Frames(found for _role, name in self.sources(frame) if (found := self.find(name)) is not None)

    def children(self, frame: Frame | str) -> Frames:
        """The frames that were filled, edited or controlled from this one."""
        sql = f"""SELECT DISTINCT {_COLUMNS} FROM lineage l JOIN frames f ON f.seq = l.child
            WHERE l.parent = ?1 OR l.parent IN (
                SELECT fingerprint FROM frames WHERE seq = ?2 UNION SELECT content FROM frames WHERE seq = ?2)
            ORDER BY f.seq"""
        name = id_of(frame)
        seq = self._known(name, lambda _writer, seq: seq)
        rows = self._ledger.ask(lambda index: index.rows(sql, (name, seq)))
        return Frames(FiledFrame(self, Row(*row)) for row in rows)

    def verify(self) -> Verification:
        """Hash every file again: which frames are whole, missing or changed, and which files belong to no frame."""
        return verify(self._ledger)

    def rebuild(self) -> int:
        """Make the index again from the pictures and the journal; how many frames it then has.

        This happens by itself when the index is missing or damaged; call it to take in files that were put back.
        """
        self._ledger.rebuild()
        return len(self)

    def export(self, folder: str | Path, frames: Iterable[Frame] | None = None) -> Catalogue:
        """Copy frames (all, unless told) into a catalogue in `folder`, with their marks, receipts and lineage, and the
        answers to pairs of them."""
        target = Catalogue(folder)
        copy(self, target, target._ledger, self.frames() if frames is None else frames)
        return target

    def import_(self, folder: str | Path) -> Frames:
        """Take in every frame of another catalogue, or every fluxkit picture below a plain folder; returns them."""
        path = Path(folder).expanduser()
        if not path.is_dir():
            raise InputError(
                f"Frames were to be imported from {path.name!r}, but there is no such folder. Give a catalogue, "
                "or one with pictures that fluxkit saved."
            )
        with Catalogue(path) as source:
            found = source.frames() if len(source) else pictures(path)
            return Frames(copy(source, self, self._ledger, found))

    def close(self) -> None:
        """Let go of the index. The catalogue opens again by itself when it is used again."""
        self._ledger.close()

    def __len__(self) -> int:
        return self.count()

    def __bool__(self) -> bool:
        return True

    def __iter__(self) -> Iterator[Frame]:
        return iter(self.frames())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Catalogue({len(self):,} frames)"

    def _sources(self, frame: Frame) -> tuple[Source, ...]:
        """What a frame was made from: as its engine said, or else the pictures that its shot was given.

        A picture to fill, vary or edit that is no frame of this catalogue is taken for a photograph, as is a frame
        that was itself made from one: the mark in the file then says that the picture is a composite.
        """
        said, inputs = frame.provenance.sources, frame.shot.inputs
        if said or inputs is None:
            return said
        method = inputs.method(frame.shot.spec)
        found = []
        for role, picture in inputs.pictures().items():
            if role != "mask":
                parent = self.find(picture.content)
                outside = parent is None or any(source.photograph for source in parent.provenance.sources)
                is_base = role == "image" or (method == "edit" and role.startswith("reference"))
                found.append(
                    Source(
                        role=method if is_base else role,
                        of=picture.content if parent is None else parent.id,
                        photograph=outside and is_base,
                    )
                )
        return tuple(found)

    def _place(self, shot_id: str, take: int, fingerprint: str) -> tuple[int, Row | None]:
        """Under which take a picture goes, and the row that it has or replaces."""
        sql = f"SELECT {_COLUMNS} FROM frames f WHERE f.shot_id = ? ORDER BY f.take"
        rows = [Row(*row) for row in self._ledger.ask(lambda index: index.rows(sql, (shot_id,)))]
        for row in rows:
            lost = row.take == take and not self.store.path(row.file).is_file()
            if row.fingerprint == fingerprint or lost:
                return row.take, row
        taken = {row.take for row in rows}
        return (take if take not in taken else max(taken) + 1), None

    def find(self, name: str) -> FiledFrame | None:
        """A frame by its id, by the fingerprint of its pixels, or by the id of its picture as an input."""
        sql = f"SELECT {_COLUMNS} FROM frames f WHERE f.fingerprint = ?1 OR f.content = ?1 ORDER BY f.seq"
        given: tuple[Any, ...] = (name,)
        if name.startswith("frame1-"):
            sql, given = _BY_SHOT, _shot_and_take(name)
        rows = self._ledger.ask(lambda index: index.rows(sql, given))
        return FiledFrame(self, Row(*rows[0])) if rows else None

    def _known(self, frame: Frame | str, question: Callable[[Writer, int], T]) -> T | None:
        """What the index knows of one frame; None where it is not here."""

        def run(index: Index) -> list[T]:
            writer = Writer(index, self.store)
            seq = writer.seq(id_of(frame))
            return [] if seq is None else [question(writer, seq)]

        found = self._ledger.ask(run)
        return found[0] if found else None

    def _require(self, ids: Iterable[str]) -> None:
        missing = [name for name in ids if self.find(name) is None]
        if missing:
            raise InputError(
                f"{missing[0]!r} was to be marked, but it is not in this catalogue. "
                "Give frames that `search`, `get` or `add` returned."
            )


def _asked(
    words: str | Mapping[str, Any], where: Mapping[str, Any] | None, values: Mapping[str, Any]
) -> tuple[str, dict[str, Any]]:
    """The words and the values of a search, whose mapping may come first."""
    if isinstance(words, Mapping):
        return "", {**words, **(where or {}), **values}
    return words, {**(where or {}), **values}


def id_of(frame: Frame | str) -> str:
    """The id of a frame; an id comes back as it is, if it is one."""
    name = frame.id if isinstance(frame, Frame) else frame
    if not re.fullmatch(r"frame1-[0-9a-f]{16}-\d+", name):
        raise InputError(f"A frame {name!r} was named. Give a Frame, or an id such as 'frame1-0123456789abcdef-0'.")
    return name


def _shot_and_take(name: str) -> tuple[str, int]:
    _tag, shot, take = name.split("-")
    return f"shot1-{shot}", int(take)


def _listed(tags: str | Iterable[str]) -> list[str]:
    return [tags] if isinstance(tags, str) else list(tags)
