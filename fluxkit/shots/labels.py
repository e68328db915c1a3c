"""Short words for the values of an axis, for plans, tables and sheets."""

from __future__ import annotations

from typing import Any

from fluxkit._base import Record


def label(value: Any) -> str:
    """A value as a person would write it in a caption.

    >>> label(3.50), label(True), label(None), label((1024, 768))
    ('3.5', 'yes', 'unset', '1024 x 768')
    """
    if value is None:
        return "unset"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, tuple) and len(value) == 2 and all(isinstance(side, int) for side in value):
        return f"{value[0]} x {value[1]}"
    if isinstance(value, tuple | list):
        return ", ".join(label(item) for item in value) or "none"
    if isinstance(value, Record):
        return _name_of(value)
    return str(value)


def _name_of(record: Record) -> str:
    for field in ("label", "name", "title", "description", "id"):
        named = getattr(record, field, None)
        if isinstance(named, str) and named:
            return named
    given = record.canonical()
    return (
        ", ".join(f"{name.replace('_', ' ')} {label(value)}" for name, value in given.items()) or type(record).__name__
    )
