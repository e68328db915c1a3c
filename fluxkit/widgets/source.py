"""A record as the Python that makes it."""

from __future__ import annotations

from typing import Any

from fluxkit._base import Record
from fluxkit.scene import stocks


def source_of(value: Any, indent: int = 0) -> str:
    """Python source that makes `value`, with `fk` for the package; presets go by their names.

    >>> from fluxkit.scene import Lens
    >>> source_of(Lens(focal_length_mm=85, f_number=1.8))
    'fk.Lens(focal_length_mm=85, f_number=1.8)'
    """
    if isinstance(value, Record):
        return _record_source(value, indent)
    if isinstance(value, tuple):
        items = ", ".join(source_of(item, indent) for item in value)
        return f"[{items}]"
    if isinstance(value, float):
        return f"{value:g}" if float(f"{value:g}") == value else repr(value)
    return _quoted(value) if isinstance(value, str) else repr(value)


def _record_source(record: Record, indent: int) -> str:
    preset = _preset_name(record)
    if preset:
        return f"fk.{preset}"
    fields = [(name, value) for name, value in record.__repr_args__() if name is not None]
    inner = [f"{name}={source_of(value, indent + 4)}" for name, value in fields]
    line = f"fk.{type(record).__name__}({', '.join(inner)})"
    if len(line) + indent <= 96 and "\n" not in line:
        return line
    pad = " " * (indent + 4)
    body = "".join(f"{pad}{part},\n" for part in inner)
    return f"fk.{type(record).__name__}(\n{body}{' ' * indent})"


def _preset_name(record: Record) -> str | None:
    return next((name for name, value in vars(stocks).items() if name.isupper() and value == record), None)


def _quoted(text: str) -> str:
    """Double quotes where that needs no escapes, as formatters write it."""
    return f'"{text}"' if '"' not in text and "\\" not in text and text.isprintable() else repr(text)
