"""What a sheet says about all its frames at once: what is constant, what the axes are, how many frames there are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from fluxkit.sheets.axes import Pictured, key_of, value_of
from fluxkit.sheets.layout import Layout
from fluxkit.sheets.words import axis_title, inline_label, value_label

_TOLD = (
    "model",
    "subject.description",
    "environment.place",
    "environment.time_of_day",
    "lighting.key.direction",
    "lens",
    "film",
    "steps",
    "guidance",
    "seed",
    "size",
)
"""The constants that a photographer reads first, in that order."""


def constants(frames: Sequence[Pictured]) -> str:
    """What is the same in every frame, on one line: `nano · 85 mm f/1.8 · Kodak Portra 400 · 20 steps`."""
    said: list[str] = []
    for path in _TOLD:
        values = {key_of(_value(frame, path)): _value(frame, path) for frame in frames}
        value = next(iter(values.values()))
        if len(values) == 1 and value is not None:
            said.append(inline_label(path, value) if said else value_label(path, value))
    return " · ".join(said)


def legend(layout: Layout) -> str:
    """What rows, columns and captions mean, for a reader who was not there."""
    parts = [
        f"{where}: {', then '.join(axis_title(path) for path in paths)}"
        for where, paths in (("Sections", layout.pages), ("Rows", layout.rows), ("Columns", layout.columns))
        if paths
    ]
    if layout.captions:
        parts.append(f"Captions: {', '.join(axis_title(path) for path in layout.captions)}")
    return " · ".join(parts)


def tally(frames: Sequence[Pictured], faults: dict[int, str]) -> str:
    """How many frames there are, and how many failed or are still to come."""
    found = Counter("failed" if reason else "to come" for reason in faults.values())
    made = len(frames) - len(faults)
    parts = [f"{made} frame{'s' * (made != 1)}", *(f"{count} {what}" for what, count in found.items())]
    return ", ".join(parts)


def _value(frame: Pictured, path: str) -> Any:
    in_scene = "." in path or path in ("lens", "film")
    return None if in_scene and frame.shot.scene is None else value_of(frame, path)
