"""`Sweep`: one scene over any number of axes."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from fluxkit._base import Record
from fluxkit.errors import InputError, PlanError, did_you_mean
from fluxkit.models import ModelSpec
from fluxkit.scene import Scene
from fluxkit.shots.inputs import Inputs
from fluxkit.shots.later import Later
from fluxkit.shots.shot import REQUEST_FIELDS, LoRA

Cell = Mapping[str, Any]
"""The value of every axis at one place of a sweep, by the axis's path."""

Skip = Callable[[Cell], bool]

REQUEST_AXES = (*REQUEST_FIELDS, "loras", "later", "template")
"""Axes that are no field of the scene. `options.<name>` is one too."""


@dataclass(frozen=True)
class Axis:
    """One or several paths that change together, and the values they take."""

    paths: tuple[str, ...]
    values: tuple[tuple[Any, ...], ...]

    def cells(self) -> Iterator[dict[str, Any]]:
        """The part of a cell that each value of this axis gives."""
        for row in self.values:
            yield dict(zip(self.paths, row, strict=True))


@dataclass(frozen=True)
class Sweep:
    """A scene, a model, and the axes along which shots differ; the first axis changes slowest.

    >>> sweep = Sweep(Scene(), model="nano").over(seed=range(4), guidance=[2.0, 3.0])
    >>> len(sweep)
    8
    """

    scene: Scene
    model: str | ModelSpec = "flux.1-dev"
    seed: int = 0
    steps: int | None = None
    guidance: float | None = None
    true_cfg: float | None = None
    size: tuple[int, int] | None = None
    """Width and height in pixels; unset follows the scene's aspect ratio at the model's own pixel count."""
    loras: tuple[LoRA, ...] = ()
    later: Later | tuple[Later, ...] = ()
    """What changes from some step on, in every shot."""
    inputs: Inputs | None = None
    """Pictures that every shot is given beside its words."""
    template: str | None = None
    options: Mapping[str, Any] | None = None
    axes: tuple[Axis, ...] = ()
    skips: tuple[Skip, ...] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.scene, Scene):
            raise PlanError(
                f"A sweep was given {self.scene!r} to shoot; it takes a Scene. "
                f"Write Scene.from_prompt(text) to start from words."
            )
        if self.size is not None:
            _check_size(self.size)

    def over(self, *, skip: Skip | Iterable[Cell] | None = None, **axes: Iterable[Any]) -> Sweep:
        """Cross the sweep with further axes: request fields (`seed`, `guidance`, ...) or dotted paths of the scene.

        `skip` leaves holes: a function of a cell, or partial cells such as `[{"seed": 1, "guidance": 2.0}]`.
        Raises `PlanError` for a path that names no field, and `InputError` for a value that the field does not take.
        """
        made = tuple(Axis((path,), tuple((value,) for value in self._values(path, axes[path]))) for path in axes)
        return self._with(made, skip)

    def together(self, *, skip: Skip | Iterable[Cell] | None = None, **axes: Iterable[Any]) -> Sweep:
        """Add one axis along which several fields change side by side; the lists are equally long."""
        columns = {path: self._values(path, axes[path]) for path in axes}
        lengths = {path: len(values) for path, values in columns.items()}
        if len(set(lengths.values())) != 1:
            raise PlanError(
                f"Fields that change together were given lists of different lengths: {lengths}. "
                f"Give each the same number of values, or cross them with over()."
            )
        return self._with((Axis(tuple(columns), tuple(zip(*columns.values(), strict=True))),), skip)

    def __len__(self) -> int:
        return sum(1 for _ in self.cells()) if self.skips else self.crossed

    @property
    def crossed(self) -> int:
        """The number of cells before holes are left out."""
        return math.prod(len(axis.values) for axis in self.axes)

    @property
    def paths(self) -> tuple[str, ...]:
        """Every axis path, slowest first."""
        return tuple(path for axis in self.axes for path in axis.paths)

    def cells(self) -> Iterator[dict[str, Any]]:
        """The value of every axis for each shot, in plan order."""
        for parts in itertools.product(*(tuple(axis.cells()) for axis in self.axes)):
            cell = {path: value for part in parts for path, value in part.items()}
            if not any(skip(cell) for skip in self.skips):
                yield cell

    def __repr__(self) -> str:
        model = self.model if isinstance(self.model, str) else self.model.id
        axes = " x ".join(f"{' + '.join(axis.paths)} ({len(axis.values)})" for axis in self.axes)
        return f"Sweep({model}: {axes or 'one shot'})"

    def _with(self, axes: tuple[Axis, ...], skip: Skip | Iterable[Cell] | None) -> Sweep:
        return replace(self, axes=(*self.axes, *axes), skips=(*self.skips, *_skips(skip)))

    def _values(self, path: str, values: Iterable[Any]) -> tuple[Any, ...]:
        if path in self.paths:
            raise PlanError(f"The axis {path!r} was given twice. Give all its values in one list.")
        if isinstance(values, str | Record) or not isinstance(values, Iterable):
            raise PlanError(f"The axis {path!r} was given {values!r}; an axis takes a list. Write {path}=[{values!r}].")
        listed = tuple(values)
        if not listed:
            raise PlanError(f"The axis {path!r} was given no values. Give at least one, or leave the axis out.")
        if path not in REQUEST_AXES and not path.startswith("options."):
            _check_scene_axis(self.scene, path, listed)
        if path == "size":
            for value in listed:
                _check_size(value)
        if repeated := _repeated(listed):
            raise PlanError(f"The axis {path!r} holds {', '.join(sorted(repeated))} twice. Give each value once.")
        return listed


def _repeated(values: tuple[Any, ...]) -> set[str]:
    """The values that stand there twice, as texts."""
    try:
        counts = Counter(values)
    except TypeError:  # some cannot be hashed: they are compared one by one
        return {repr(value) for i, value in enumerate(values) if value in values[:i]}
    return {repr(value) for value, count in counts.items() if count > 1}


def _check_size(size: Any) -> None:
    if not (isinstance(size, tuple | list) and len(size) == 2 and all(isinstance(side, int) for side in size)):
        raise PlanError(f"A size of {size!r} was given; it is a pair of whole numbers. Write size=(width, height).")


def _check_scene_axis(scene: Scene, path: str, values: tuple[Any, ...]) -> None:
    """Refuse a path or a value before anything is planned, with the scene's own message."""
    if path.partition(".")[0] not in Scene.model_fields:
        known = (*REQUEST_AXES, *Scene.model_fields)
        raise PlanError(
            f"The axis {path!r} names no field of a shot or a scene.{did_you_mean(path, known)} "
            f"Axes are {', '.join(REQUEST_AXES)}, options.<name>, or a dotted path that begins with one of: "
            f"{', '.join(Scene.model_fields)}."
        )
    for value in values:
        try:
            scene.with_(path, value)
        except InputError as error:
            raise PlanError(f"The axis {path!r} cannot take {value!r}: {error}") from None


def _skips(skip: Skip | Iterable[Cell] | None) -> tuple[Skip, ...]:
    if skip is None:
        return ()
    if callable(skip):
        return (skip,)
    holes = tuple(dict(hole) for hole in skip)
    return (lambda cell: any(all(cell.get(path) == value for path, value in hole.items()) for hole in holes),)
