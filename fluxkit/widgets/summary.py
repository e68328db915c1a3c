"""A part of a scene in a few words, for the heading under which its fields lie."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fluxkit._base import Record
from fluxkit.shots.labels import label
from fluxkit.widgets.fields import labelled

_MOST_LETTERS = 46


def summary(value: Any) -> str:
    """The first things that are set in a record, in a photographer's shorthand; empty where nothing is.

    >>> from fluxkit.scene import Lens, Light
    >>> summary(Lens(focal_length_mm=85, f_number=1.8))
    '85 mm, f/1.8'
    >>> summary(Light(direction="left", quality="soft", temperature_k=6500))
    'left, soft, 6500 K'
    """
    said = ""
    for words in _said(value):
        longer = f"{said}, {words}" if said else words
        if said and len(longer) > _MOST_LETTERS:
            return f"{said}, …"
        said = longer
    return said if len(said) <= _MOST_LETTERS else f"{said[: _MOST_LETTERS - 1].rstrip()}…"


def _said(value: Any) -> Iterator[str]:
    if isinstance(value, tuple):
        yield from (words for item in value for words in _said(item))
    elif isinstance(value, Record):
        named = getattr(value, "name", None)
        if isinstance(named, str):
            yield named
            return
        for name, part in value.__repr_args__():
            if name is not None and part is not None:
                yield from _said(part) if isinstance(part, Record | tuple) else (_leaf(name, part),)
    elif value is not None:
        yield label(value)


def _leaf(name: str, value: Any) -> str:
    if name == "f_number":
        return f"f/{value:g}"
    if name == "shutter_s" and 0 < value < 0.4:
        return f"1/{round(1 / value)} s"
    if isinstance(value, str) or not isinstance(value, int | float):
        return label(value)
    words, unit = labelled(name)
    return f"{value:g} {unit}".replace(" °", "°") if unit else f"{words} {value:g}"
