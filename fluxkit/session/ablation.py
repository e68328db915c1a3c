"""`ablate`: which fields of a scene change the picture, found by leaving out one at a time at the same seed."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from fluxkit._base import Record
from fluxkit.errors import InputError, PlanError, did_you_mean
from fluxkit.frames import Frame, Frames
from fluxkit.measure.pixels import Plane, blurred, pixels
from fluxkit.measure.saturation import oklab
from fluxkit.scene import Scene
from fluxkit.scene.noun import Noun
from fluxkit.session.session import Session
from fluxkit.shots.labels import label

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from PIL.Image import Image

_SOFTEN = 1 / 128  # of the shorter side: what moved by a pixel is no change of the picture


class Effect(Record):
    """What one field does to a picture."""

    path: str
    value: str
    """What the scene says there, as text."""
    difference: float
    """Root mean square of the OKLab difference to the full scene's picture, 0 for none; black to white is 1."""
    worded: bool = True
    """Whether the field changes what the model is asked; where not, nothing was shot."""


class Ablation:
    """The effects of a scene's fields, strongest first, with the frames that show them."""

    def __init__(self, full: Frame, effects: Sequence[Effect], frames: dict[str, Frame]) -> None:
        self.full = full
        """The picture of the whole scene."""
        self.effects = tuple(sorted(effects, key=lambda effect: (-effect.difference, effect.path)))
        self._frames = frames

    @property
    def frames(self) -> Frames:
        """The full picture, then the one without each worded field, strongest effect first."""
        return Frames([self.full, *(self._frames[e.path] for e in self.effects if e.worded)])

    def without(self, path: str) -> Frame:
        """The frame that was made without this field; `InputError` where it was not left out or makes no words."""
        if path not in self._frames:
            raise InputError(
                f"The frame without {path!r} was asked for.{did_you_mean(path, self._frames)} "
                f"Frames were made without: {', '.join(self._frames) or 'none'}."
            )
        return self._frames[path]

    def map(self, path: str) -> Image:
        """Where leaving out this field changed the picture: black for nowhere, white for the most changed place."""
        from PIL import Image

        away = self.away(path)
        return Image.fromarray((away / max(float(away.max()), 1e-6) * 255 + 0.5).astype(np.uint8))

    def away(self, path: str) -> Plane:
        """The OKLab difference of each pixel between the full picture and the one without this field."""
        return np.asarray(np.sqrt((_difference(self.full, self.without(path)) ** 2).sum(-1)), np.float32)

    def figure(self, most: int = 6) -> Figure:
        """The strongest effects, one a column: the picture without the field, and where that changed the full one."""
        from fluxkit.session.ablation_figure import drawn

        return drawn(self, most)

    def __repr__(self) -> str:
        rows = [("without", "value", "difference"), *self._rows()]
        widths = [max(len(row[k]) for row in rows) for k in range(3)]
        return "\n".join("  ".join(t.ljust(w) for t, w in zip(row, widths, strict=True)).rstrip() for row in rows)

    def _repr_html_(self) -> str:
        head = "".join(f'<th scope="col">{name}</th>' for name in ("without", "value", "difference"))
        body = "".join("<tr>" + "".join(f"<td>{html.escape(t)}</td>" for t in row) + "</tr>" for row in self._rows())
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"

    def _rows(self) -> list[tuple[str, str, str]]:
        return [(e.path, e.value, f"{e.difference:.3f}" if e.worded else "makes no words") for e in self.effects]


def ablate(scene: Scene, session: Session, model: Any = "nano", *, seed: int = 0, **settings: Any) -> Ablation:
    """What each field of a scene does: the picture is made once whole, and once without each field, at one seed.

    One frame a field; `settings` are those of a shot, and all frames have one size. A field without which the request
    stays the same is listed and not shot. Raises `PlanError` for a scene with no field that can be left out.
    """
    paths = droppable(scene)
    if not paths:
        raise PlanError(
            "A scene was to be ablated, but no field of it can be left out: a scene needs at least two set fields. "
            "Set more of it, such as lighting or lens."
        )
    whole = session.plan(scene, model=model, seed=seed, **settings)
    full = session.shoot(whole)[0]
    if whole[0].spec.sized_by == "pixels":  # without the aspect ratio pictures would be of another shape
        settings = {**settings, "size": (whole[0].width, whole[0].height)}
    frames: dict[str, Frame] = {}
    effects = []
    for path in paths:
        # What acts on the field alone, as a true CFG does on words to avoid, goes with it.
        asked = {"model": model, "seed": seed, **settings, "strict": False}
        less = session.plan(scene.with_(path, _unset(scene, path)), **asked)
        if worded := less[0].id != whole[0].id:
            frames[path] = session.shoot(less)[0]
        away = float(np.sqrt((_difference(full, frames[path]) ** 2).sum(-1).mean())) if worded else 0.0
        effects.append(Effect(path=path, value=label(scene.get(path)), difference=away, worded=worded))
    return Ablation(full, effects, frames)


def droppable(scene: Scene) -> tuple[str, ...]:
    """The fields of a scene that are set and can be unset by themselves, as dotted paths, finest first.

    >>> from fluxkit.scene import Lens
    >>> droppable(Scene(subject="a pear", lens=Lens(focal_length_mm=85, f_number=2)))
    ('lens.f_number', 'lens')
    """
    found = [path for path in _set_paths(scene, "") if _can_go(scene, path)]
    return tuple(sorted(found, key=lambda path: (-path.count("."), found.index(path))))


def _set_paths(noun: Noun, prefix: str) -> list[str]:
    paths: list[str] = []
    for name, field in type(noun).model_fields.items():
        value = getattr(noun, name)
        if field.is_required() or value == field.get_default(call_default_factory=True):
            continue
        paths.append(f"{prefix}{name}")
        if isinstance(value, Noun) and name != "film":
            paths += _set_paths(value, f"{prefix}{name}.")
    return paths


def _can_go(scene: Scene, path: str) -> bool:
    if path == "subject":
        return False
    try:
        return scene.with_(path, _unset(scene, path)) != scene
    except InputError:
        return False


def _unset(scene: Scene, path: str) -> Any:
    head, _, name = path.rpartition(".")
    return type(scene.get(head) if head else scene).model_fields[name].get_default(call_default_factory=True)


def _difference(one: Frame, other: Frame) -> Plane:
    sides = min(one.image.size)
    a, b = (oklab(blurred(pixels(frame.image), sides * _SOFTEN)) for frame in (one, other))
    return np.asarray(a - b, np.float32)
