"""What differs between two scenes, in words."""

from __future__ import annotations

import html
from collections.abc import Iterator
from typing import Any

from fluxkit._base import Record


class Change(Record):
    """One field whose value differs; `before` or `after` is None where the field is unset."""

    path: str
    """Dotted path of the field."""

    before: str | None = None
    """The value in the first scene, in words."""

    after: str | None = None
    """The value in the second scene, in words."""

    def __str__(self) -> str:
        name = self.path.replace("_", " ").replace(".", " ")
        if self.before is None:
            return f"{name}: {self.after} (was unset)"
        return (
            f"{name}: now unset (was {self.before})" if self.after is None else f"{name}: {self.before} → {self.after}"
        )


class Difference(tuple[Change, ...]):
    """The changes from one scene to another, in the order of the fields; empty when they are equal."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "\n".join(str(change) for change in self) or "No difference."

    def _repr_html_(self) -> str:
        items = "".join(f"<li>{html.escape(str(change))}</li>" for change in self)
        return f"<ul>{items}</ul>" if self else "<p>No difference.</p>"


def difference(before: Record, after: Record) -> Difference:
    """The fields that differ between two records of one kind."""
    return Difference(Change(path=path, before=_said(a), after=_said(b)) for path, a, b in _walk("", before, after))


def _walk(path: str, a: Any, b: Any) -> Iterator[tuple[str, Any, Any]]:
    if a == b:
        return
    if isinstance(a, Record) and isinstance(b, Record) and not _renamed(a, b):
        dot = f"{path}." if path else ""
        for name in type(a).model_fields:
            yield from _walk(f"{dot}{name}", getattr(a, name), getattr(b, name))
    elif (
        isinstance(a, tuple) and isinstance(b, tuple) and len(a) == len(b) and all(isinstance(x, Record) for x in a + b)
    ):
        for i, (x, y) in enumerate(zip(a, b, strict=True)):
            yield from _walk(f"{path}.{i}", x, y)
    else:
        yield path, a, b


def _renamed(a: Record, b: Record) -> bool:
    """Two named things with other names are other things: Tri-X is no Portra with changed fields."""
    return "name" in type(a).model_fields and a.get("name") != b.get("name")


def _said(value: Any) -> str | None:
    if value is None or value == ():
        return None
    if isinstance(value, Record):
        fields = type(value).model_fields
        if "name" in fields and fields["name"].is_required():
            return str(value.get("name"))
        parts = [f"{name} {_said(part)}" for name in fields if (part := getattr(value, name)) not in (None, ())]
        return ", ".join(parts).replace("_", " ") or "as it comes"
    if isinstance(value, tuple):
        return "; ".join(str(_said(item)) for item in value)
    return f"{value:g}" if isinstance(value, float) else str(value)
