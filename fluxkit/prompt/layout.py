"""Places in a picture as boxes, and things in it as ids: what FLUX.3's caption table is made of."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

_BOXES = {
    "left third": (0, 333),
    "right third": (667, 1000),
    "middle third": (333, 667),
    "centre third": (333, 667),
    "left half": (0, 500),
    "right half": (500, 1000),
    "left": (0, 500),
    "right": (500, 1000),
    "far left": (0, 250),
    "far right": (750, 1000),
    "centre": (300, 700),
    "center": (300, 700),
    "middle": (300, 700),
}
_HEIGHTS = {
    "upper third": (0, 333),
    "top third": (0, 333),
    "lower third": (667, 1000),
    "bottom third": (667, 1000),
    "upper half": (0, 500),
    "lower half": (500, 1000),
}
_CORNER = re.compile(r"(?P<height>upper|top|lower|bottom)[ -](?P<side>left|right)(?: (?:corner|quarter|quadrant))?")
_FRAME = re.compile(r"^(?:in|on|at)\s+|^(?:the)\s+|\s+of the (?:frame|picture|image)$|\s+side$")
_STOP = re.compile(
    r"\b(?:in|on|of|with|from|at|by|wearing|holding|near|under|over|and|that|who|which|for|behind|beside|standing|sitting"
    r"|seated|to|made|inside|next)\b|[,;:(]",
    re.IGNORECASE,
)


def box(position: str) -> tuple[int, int, int, int] | None:
    """Top, left, bottom, right of a named position on FLUX.3's canvas of 0 to 1000; None for a name that is no place.

    >>> box("left third"), box("in the lower right corner of the frame"), box("foreground")
    ((0, 0, 1000, 333), (500, 500, 1000, 1000), None)
    """
    name = str(position).lower().strip()
    while (shorter := _FRAME.sub("", name)) != name:
        name = shorter
    if name in _BOXES:
        left, right = _BOXES[name]
        return 0, left, 1000, right
    if name in _HEIGHTS:
        top, bottom = _HEIGHTS[name]
        return top, 0, bottom, 1000
    corner = _CORNER.fullmatch(name)
    if corner is None:
        return None
    top = 0 if corner["height"] in {"upper", "top"} else 500
    left = 0 if corner["side"] == "left" else 500
    return top, left, top + 500, left + 500


def class_noun(description: str) -> str:
    """The noun that says what a thing is, for its id: letters in lower case, "subject" where none can be told.

    >>> class_noun("a 28-year-old woman"), class_noun("a cyclist in a yellow raincoat"), class_noun("{{ 7*7 }}")
    ('woman', 'cyclist', 'subject')
    """
    head = _STOP.split(str(description), maxsplit=1)[0]
    words = re.findall(r"[a-z]+", head.lower())
    return words[-1] if words and words[-1] not in {"a", "an", "the", "two", "three", "some"} else "subject"


def cited(things: Iterable[Any]) -> list[dict[str, Any]]:
    """Each thing as `who`, with the `box` of its `position` and an `id` where that position is a place in the frame.

    Ids are the class noun and a number, counted for each noun from left to right, then from top to bottom.
    """
    found: list[dict[str, Any]] = [
        {"who": thing, "noun": class_noun(thing.description), "box": box(thing.position or ""), "id": None}
        for thing in things
    ]
    counts: dict[str, int] = {}
    for place in sorted(
        (place for place in found if place["box"]), key=lambda place: (place["box"][1], place["box"][0])
    ):
        counts[place["noun"]] = counts.get(place["noun"], 0) + 1
        place["id"] = f"{place['noun']}_{counts[place['noun']]}"
    return found
