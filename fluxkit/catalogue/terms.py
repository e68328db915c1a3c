"""What a frame can be found by: its request, its scene and its marks as plain (path, value) pairs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from fluxkit._base import Record
from fluxkit.frames.marks import Marks
from fluxkit.frames.record import FrameRecord

Term = tuple[str, Any]


def terms_of(record: FrameRecord) -> list[Term]:
    """Every pair that a frame is filed under, each once."""
    shot = record.shot
    found: list[Term] = []
    for name, value in shot.request().items():
        if name not in ("prompt", "negative"):
            found += _flat(name, value)
    found.append(("size", f"{shot.width} x {shot.height}"))
    found.append(("engine", record.provenance.engine))
    if shot.scene is not None:
        for name, value in shot.scene.canonical().items():
            found += _flat(name, value)
    return list(dict.fromkeys((path, value) for path, value in found if value is not None))


def mark_terms(marks: Marks) -> list[Term]:
    """The pairs that a person's marks add; unset ones add none."""
    pairs = [("rating", marks.rating), ("pick", marks.pick), ("project", marks.project)]
    return [(path, value) for path, value in pairs if value] + [("tag", tag) for tag in marks.tags]


def flattened(path: str, value: Any) -> list[Term]:
    """The pairs of one value: a record becomes one for each of its set fields."""
    return list(_flat(path, value.canonical() if isinstance(value, Record) else value))


def _flat(path: str, value: Any) -> Iterator[Term]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _flat(f"{path}.{name}", inner)
    elif isinstance(value, list | tuple):
        # Members of a list are found by the list's own path: `atmosphere.textures`, `others.description`.
        for inner in value:
            yield from _flat(path, inner)
    elif isinstance(value, datetime):
        yield path, value.isoformat()
    elif isinstance(value, bool):
        yield path, int(value)
    else:
        yield path, value
