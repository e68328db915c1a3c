"""Frames from one catalogue into another, with all that was said about them; and pictures from a plain folder."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fluxkit.catalogue.filed import FiledFrame
from fluxkit.catalogue.journal import Entry
from fluxkit.catalogue.ledger import Ledger
from fluxkit.catalogue.store import SUFFIXES
from fluxkit.catalogue.writer import Writer
from fluxkit.errors import FrameError
from fluxkit.frames import Frame, thumbnail
from fluxkit.frames.atomic import write_atomic

if TYPE_CHECKING:
    from fluxkit.catalogue.catalogue import Catalogue

_BATCH = 64


def copy(source: Catalogue, target: Catalogue, ledger: Ledger, frames: Iterable[Frame]) -> list[Frame]:
    """Copy frames of `source`, byte for byte, into `target` (whose ledger is given); the frames as they lie there.

    What was already said about a frame in the target is kept. A different picture of the same shot and take gets the
    next free take. Answers to pairs go along where both frames do.
    """
    copied: list[Frame] = []
    there: dict[str, str] = {}
    rest = iter(frames)
    while batch := list(islice(rest, _BATCH)):
        here: list[Frame] = []
        elsewhere: list[Frame] = []
        for frame in batch:
            known = target.find(frame.id)
            taken = known is not None and known.fingerprint != frame.fingerprint
            (elsewhere if taken or not isinstance(frame, FiledFrame) else here).append(frame)
        _copy_files(source, target, ledger, [frame for frame in here if isinstance(frame, FiledFrame)])
        copied += [found for frame in here if (found := target.find(frame.id)) is not None]
        there |= {frame.id: frame.id for frame in here}
        for frame in elsewhere:
            added = target.add(frame, receipt=source.receipt(frame))
            said = source.marks(frame).canonical()
            if said and not added.marks.canonical():
                target.mark(added, tag=said.pop("tags", ()), **said)
            copied.append(added)
            there[frame.id] = added.id
    for answer in source._answers():
        if answer["first"] in there and answer["second"] in there:
            first, second = there[answer["first"]], there[answer["second"]]
            target.prefer(first, second, tie=answer["tie"], name=answer["name"])
    return copied


def pictures(folder: Path) -> Iterator[Frame]:
    """Every picture below a folder that holds a frame, by name; other files are passed over."""
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in (*SUFFIXES, ".jpeg") and not path.name.startswith("."):
            with contextlib.suppress(FrameError):
                yield Frame.open(path)


def _copy_files(source: Catalogue, target: Catalogue, ledger: Ledger, frames: list[FiledFrame]) -> None:
    new = [frame for frame in frames if target.find(frame.id) is None]
    entries: list[Entry] = []
    for frame in frames:
        entries += _entries(source, target, frame, is_new=frame in new)

    def work(writer: Writer) -> None:
        if not entries:
            return
        ledger.note_down(entries, durable=True)
        for frame in new:
            data = source.store.path(frame.file).read_bytes()
            target.store.put(frame.file, data)
            _copy_inputs(source.folder, target.folder, frame)
            target.store.put_thumbnail(frame.file, thumbnail.jpeg(frame.thumbnail()))
        for entry in entries:
            writer.apply(entry)

    ledger.write(work)


def _copy_inputs(source: Path, target: Path, frame: Frame) -> None:
    """The pictures that a shot was given lie beside the catalogue, named by their content."""
    for picture in (frame.shot.inputs.pictures() if frame.shot.inputs else {}).values():
        path, kept = source / "inputs" / f"{picture.content}.png", target / "inputs" / f"{picture.content}.png"
        if path.is_file() and not kept.is_file():
            kept.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(kept, path.read_bytes())


def _entries(source: Catalogue, target: Catalogue, frame: FiledFrame, *, is_new: bool) -> Iterator[Entry]:
    if is_new:
        entry: Entry = {"op": "add", "file": frame.file, "frame": frame.id}
        receipt = source.receipt(frame)
        yield {**entry, "receipt": receipt} if receipt else entry
        for role, of in source.sources(frame):
            yield {"op": "link", "frame": frame.id, "role": role, "of": of}
    said: dict[str, Any] = source.marks(frame).canonical()
    if said and not target.marks(frame).canonical():
        yield {"op": "mark", "frames": [frame.id], "tag": said.pop("tags", []), **said}
