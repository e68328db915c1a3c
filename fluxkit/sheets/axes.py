"""What tells frames apart: the values along an axis, and the axes along which some frames differ."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any, Protocol

from fluxkit._base import Record
from fluxkit.errors import InputError, SheetError, did_you_mean
from fluxkit.frames.frame import DEVELOPED
from fluxkit.shots.shot import Shot

REQUEST_AXES = (
    "model",
    "size",
    "steps",
    "guidance",
    "true_cfg",
    "inputs.strength",
    "loras",
    "later",
    "template",
    "negative",
    "seed",
    "take",
)
"""Axes that are no field of the scene, in the order in which a caption names them."""

_FOLLOWS_MODEL = ("size", "steps", "guidance", "true_cfg", "negative", "template")
"""What a plan fills in by model: told only where it varies within one model."""


class Pictured(Protocol):
    """What a sheet needs of a frame; a shot that failed or is still to come has the same face without a picture."""

    @property
    def id(self) -> str:
        """A name that no other frame of the sheet has."""

    @property
    def shot(self) -> Shot:
        """What was asked for."""

    @property
    def take(self) -> int:
        """Which picture of the same shot."""


def value_of(frame: Pictured, path: str) -> Any:
    """The value of an axis for one frame: a request field, `options.<name>`, or a dotted path of its scene."""
    shot = frame.shot
    if path == "take":
        return frame.take
    if path == "size":
        return (shot.width, shot.height)
    if path == "template":
        return getattr(shot.prompt, "template", None)
    if path == "prompt":
        return str(shot.prompt)
    if path == "inputs.strength":
        return None if shot.inputs is None else shot.inputs.strength
    if path.startswith("options."):
        return shot.options.get(path.removeprefix("options."))
    return shot.value(path)


def check_axis(frames: Sequence[Pictured], path: str) -> None:
    """Refuse a path that is no field of these frames, with a close match and the axes along which they differ."""
    try:
        if (
            path in Shot.model_fields
            or path in ("take", "size", "template", "inputs.strength")
            or path.startswith("options.")
        ):
            return
        with_scene = [frame for frame in frames if frame.shot.scene is not None]
        if with_scene:
            value_of(with_scene[0], path)
            return
        reason = "none of these frames carries a scene"
    except InputError as error:
        reason = str(error).rstrip(".").partition(", but ")[2] or str(error)
    differ = differing(frames)
    raise SheetError(
        f"The axis {path!r} was asked for, but {reason}.{did_you_mean(path, [*differ, *REQUEST_AXES])} "
        f"These frames differ in: {', '.join(differ) or 'nothing'}."
    )


def differing(frames: Sequence[Pictured]) -> tuple[str, ...]:
    """The paths along which frames differ: the scene's first, then the request's, each said once.

    A named part (a film, a lens by name) is one axis, not one for every figure that it carries. Settings that only
    follow the model (its usual steps, its usual size) are left out.
    """
    shots = [frame.shot for frame in frames]
    scenes = [shot.scene for shot in shots]
    found = [] if None in scenes else list(_differing_fields(scenes, ""))
    if None in scenes and len({str(shot.prompt) for shot in shots}) > 1:
        found.append("prompt")
    models = [shot.model for shot in shots]
    for path in REQUEST_AXES:
        values = [key_of(value_of(frame, path)) for frame in frames]
        if len(set(values)) > 1 and not (path in _FOLLOWS_MODEL and _is_function(models, values)):
            found.append(path)
    names = dict.fromkeys(name for shot in shots for name in shot.options)
    found += [f"options.{name}" for name in names if len({key_of(shot.options.get(name)) for shot in shots}) > 1]
    return _without_bookkeeping(found, frames)


def _without_bookkeeping(found: list[str], frames: Sequence[Pictured]) -> tuple[str, ...]:
    """Leave out the take where everything else already tells the frames apart, and what only follows from the rest.

    That is the template, which follows the model, and how a frame was developed, which follows its film and seed.
    """
    if "take" in found:
        rest = [path for path in found if path != "take"]
        keys = {tuple(key_of(value_of(frame, path)) for path in rest) for frame in frames}
        if len(keys) == len(frames):
            found = rest
    if "aspect_ratio" in found and "size" in found:
        found = [path for path in found if path != "size"]
    if "template" in found and len(found) > 1 and "model" in found:
        found = [path for path in found if path != "template"]
    if DEVELOPED in found and follows(frames, DEVELOPED, rest := [path for path in found if path != DEVELOPED]):
        found = rest
    return tuple(found)


def follows(frames: Sequence[Pictured], path: str, others: Sequence[str]) -> bool:
    """Whether the value along one axis is told by those along others, as where two move in step."""
    if not others:
        return False
    causes = [tuple(key_of(value_of(frame, other)) for other in others) for frame in frames]
    return _is_function(causes, [key_of(value_of(frame, path)) for frame in frames])


def key_of(value: Any) -> Any:
    """A hashable stand-in for a value, equal where the values are equal."""
    try:
        hash(value)
    except TypeError:
        return repr(value)
    return value


def in_order(sequences: Iterable[Sequence[Any]]) -> list[Any]:
    """One order of all values that agrees with every sequence where that is possible; first seen, first placed.

    >>> in_order([[1, 2, 3], [0, 1, 2, 3]])
    [0, 1, 2, 3]
    """
    after: dict[Any, dict[Any, None]] = {}
    for sequence in sequences:
        unique = list(dict.fromkeys(sequence))
        for value in unique:
            after.setdefault(value, {})
        for left, right in pairwise(unique):
            after[left].setdefault(right)
    placed: dict[Any, None] = {}
    while len(placed) < len(after):
        open_values = [value for value in after if value not in placed]
        waiting = {right for value in open_values for right in after[value]}
        # A circle (two rows that disagree) is broken at the value that was seen first.
        placed.setdefault(next((value for value in open_values if value not in waiting), open_values[0]))
    return list(placed)


def _differing_fields(values: Sequence[Any], prefix: str) -> Iterator[str]:
    """Walk into records only where they differ."""
    keys = {key_of(value) for value in values}
    if len(keys) <= 1:
        return
    records = [value for value in values if value is not None]
    kinds = {type(value) for value in records}
    kind = next(iter(kinds), None)
    if len(kinds) != 1 or kind is None or not issubclass(kind, Record):
        yield prefix
        return
    fields = list(kind.model_fields)
    if prefix and "name" in fields and len({getattr(value, "name", None) for value in values}) > 1:
        yield prefix
        return
    inner = [
        path
        for name in fields
        for path in _differing_fields([getattr(value, name, None) for value in values], f"{prefix}.{name}".lstrip("."))
    ]
    yield from [prefix] if prefix and len(inner) > 1 and len(records) < len(values) else inner


def _is_function(causes: Sequence[Any], effects: Sequence[Any]) -> bool:
    return len(set(zip(causes, effects, strict=True))) == len(set(causes))
