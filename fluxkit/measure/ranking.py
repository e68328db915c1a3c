"""Ranking: which of several frames shows best what its scene asked for."""

from __future__ import annotations

from collections.abc import Sequence

from fluxkit.errors import InputError, did_you_mean
from fluxkit.measure.measurement import Measurement, Measurements

_MEASURES = {"light": "key_light", "focus": "defocus", "colour": "cast"}
_ORDER = {"shown": 2, "cannot tell": 1, "not shown": 0, None: 1}


def measure_named(by: str) -> str:
    """The measure that a word stands for: "light" is key_light, "focus" is defocus, "colour" is cast."""
    return _MEASURES.get(by, by)


def ranked(measurements: Sequence[Measurements], by: str | None = None) -> tuple[int, ...]:
    """The numbers of the frames, best first: those that show what was asked, surest first, then the undecided.

    `by` is one measure ("key_light", or in short "light", "focus", "colour"); unset, the share of wishes that are shown
    decides. Frames that are equally good keep their order. Raises `InputError` for a measure that no frame has.
    """
    name = measure_named(by) if by else None
    if name and measurements and not any(name in found for found in measurements):
        known = [*measurements[0], *_MEASURES]
        raise InputError(
            f"Frames were to be ranked by {by!r}.{did_you_mean(str(by), known)} Rank by one of: {', '.join(known)}."
        )
    marks = [_mark(found.get(name)) if name else _overall(found) for found in measurements]
    return tuple(sorted(range(len(marks)), key=lambda i: marks[i], reverse=True))


def _mark(item: Measurement | None) -> tuple[float, float]:
    if item is None:
        return 1.0, 0.0
    sure = item.confidence if item.verdict == "shown" else -item.confidence if item.verdict == "not shown" else 0.0
    return float(_ORDER[item.verdict]), sure


def _overall(found: Measurements) -> tuple[float, float]:
    score = found.score
    return (0.5 if score is None else score), float(found.count("shown"))
