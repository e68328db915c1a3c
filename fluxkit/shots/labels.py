"""Short words for the values of an axis, for plans, tables and sheets."""

from __future__ import annotations

from typing import Any

from fluxkit._base import Record

_UNITS = {"mm": "mm", "m": "m", "s": "s", "k": "K", "deg": "°"}


def label(value: Any) -> str:
    """A value as a person would write it in a caption.

    >>> label(3.50), label(True), label(None), label((1024, 768))
    ('3.5', 'yes', 'unset', '1024 x 768')
    >>> from fluxkit.scene import Lens, Light, Lighting
    >>> label(Lens(focal_length_mm=85, f_number=1.8)), label(Lighting(key=Light(direction="left", temperature_k=5500)))
    ('focal length 85 mm, f/1.8', 'key (direction left, temperature 5500 K)')
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


def named(field: str) -> tuple[str, str]:
    """A field's name in words, and the unit that it ends in; no unit where it ends in none.

    >>> named("focal_length_mm"), named("f_number")
    (('focal length', 'mm'), ('f number', ''))
    """
    stem, _, unit = field.rpartition("_")
    words, unit = (stem, _UNITS[unit]) if stem and unit in _UNITS else (field, "")
    return words.replace("_", " "), unit


def _name_of(record: Record) -> str:
    for field in ("label", "name", "title", "description", "id"):
        named = getattr(record, field, None)
        if isinstance(named, str) and named:
            return named
    said = [_field(name, getattr(record, name)) for name in record.canonical()]
    return ", ".join(said) or type(record).__name__


def _field(name: str, value: Any) -> str:
    """A field with its value: `focal length 85 mm`, `f/1.8`, `key (direction left, quality soft)`."""
    if name == "f_number":
        return f"f/{value:g}"
    if isinstance(value, Record):
        return f"{name.replace('_', ' ')} ({label(value)})"
    words, unit = named(name)
    if unit and isinstance(value, int | float):
        return f"{words} {value:g} {unit}".replace(" °", "°")
    return f"{name.replace('_', ' ')} {label(value)}"
