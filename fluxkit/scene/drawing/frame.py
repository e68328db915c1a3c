"""The frame as a sketch: its shape, its rule, how much of the subject is in it, and from where the light falls."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from fluxkit.prompt.layout import box
from fluxkit.scene import subjects
from fluxkit.scene.composition import Rule
from fluxkit.scene.drawing.paper import FAINT, GRID, INK, PAPER
from fluxkit.scene.scene import Scene

_LIT, _SHADED = (0.93, 0.90, 0.84), (0.27, 0.27, 0.28)
_HEIGHT_M = 1.70
_BALL = 0.14
"""A thing is drawn as a ball of this radius, in heights of the frame: what it is, its words say."""


def draw_frame(axis: Any, scene: Scene) -> None:
    """Draw a scene's frame into an axis: the subject in its place, lit from the key's side."""
    from matplotlib.patches import Rectangle

    aspect = scene.aspect or 1.5
    axis.add_patch(Rectangle((0, 0), aspect, 1, color="#ffffff", linewidth=0, zorder=0))
    _rule(axis, scene.composition.rule if scene.composition else None, aspect)
    person = subjects.is_person(scene.subject)
    outline = _person(scene, aspect) if person else _thing(scene, aspect)
    if not person:
        _ground(axis, outline, aspect)
    _fill(axis, outline, scene.key_angles)
    for corner, across, up in (((-1, -1), aspect + 2, 1), ((-1, 0), 1, 1), ((aspect, 0), 1, 1)):
        axis.add_patch(Rectangle(corner, across, up, color=PAPER, linewidth=0, zorder=4))
    axis.add_patch(Rectangle((0, 0), aspect, 1, fill=False, edgecolor=INK, linewidth=1.2, zorder=5))
    axis.set_xlim(-0.02, aspect + 0.02)
    axis.set_ylim(-0.02, 1.02)
    axis.set_aspect("equal")
    axis.set_axis_off()
    framing = scene.composition.framing if scene.composition else None
    axis.text(aspect / 2, -0.05, framing or "", ha="center", va="top", fontsize=8, color=FAINT, zorder=6)


def _centre(scene: Scene, aspect: float) -> tuple[float, float]:
    """Where the subject stands, as a share of the frame's height from the lower left."""
    place = box(scene.subject.position) if scene.subject and scene.subject.position else None
    top, left, bottom, right = place or (0, 0, 1000, 1000)
    return aspect * (left + right) / 2000, 1 - (top + bottom) / 2000


def _person(scene: Scene, aspect: float) -> Any:
    """Head, shoulders and body of a standing adult, as large as the framing shows them."""
    from matplotlib.path import Path

    framing = scene.composition.framing if scene.composition else None
    seen_m = subjects.FRAMED_HEIGHT_M[framing] if framing else 2.8
    x, _ = _centre(scene, aspect)
    crown = 0.93 if seen_m < 2.4 else 0.12 + _HEIGHT_M / seen_m  # tight framings leave a little air over the head
    head = _ellipse(0, -0.115, 0.078, 0.115)
    body = [(-0.055, -0.2), (-0.06, -0.27), (-0.20, -0.33), (-0.235, -0.45), (-0.23, -0.85), (-0.13, -0.95)]
    legs = [(-0.11, -1.70), (-0.01, -1.70), (0, -1.0), (0.01, -1.70), (0.11, -1.70)]
    torso = Path(np.array([*body, *legs, *[(-x, y) for x, y in reversed(body)]]), closed=False)
    outline = Path.make_compound_path(head, torso)
    return Path(np.asarray(outline.vertices, dtype=float) / seen_m + np.array((x, crown)), outline.codes)


def _thing(scene: Scene, aspect: float) -> Any:
    x, y = _centre(scene, aspect)
    inside = min(max(x, _BALL + 0.03), aspect - _BALL - 0.03)
    return _ellipse(inside, y if scene.subject and scene.subject.position else 0.46, _BALL, _BALL)


def _ellipse(x: float, y: float, across: float, up: float) -> Any:
    from matplotlib.path import Path

    circle = Path.unit_circle()
    return Path(np.asarray(circle.vertices, dtype=float) * np.array((across, up)) + np.array((x, y)), circle.codes)


def _ground(axis: Any, outline: Any, aspect: float) -> None:
    """What a thing stands on: a table's edge or a horizon."""
    level = outline.get_extents().y0 + 0.05
    axis.fill_between([0, aspect], 0, level, color=GRID, alpha=0.55, linewidth=0, zorder=0.5)


def _fill(axis: Any, outline: Any, key: tuple[float, float] | None) -> None:
    """A wash over the subject from its lit side to its shadow side; without a key it is evenly grey."""
    from matplotlib.patches import PathPatch

    (left, low), (right, high) = outline.get_extents().get_points()
    across, up = np.meshgrid(np.linspace(-1, 1, 60), np.linspace(-1, 1, 60))
    azimuth, elevation = (math.radians(angle) for angle in key or (0.0, 0.0))
    towards = across * math.sin(azimuth) * math.cos(elevation) + up * math.sin(elevation)
    front = math.cos(azimuth) * math.cos(elevation)
    light = np.clip(0.45 + 0.4 * front + 0.55 * towards, 0, 1) if key else np.full_like(across, 0.4)
    wash = np.array(_SHADED) + light[..., None] * (np.array(_LIT) - np.array(_SHADED))
    shown = axis.imshow(wash, extent=(left, right, low, high), origin="lower", aspect="auto", zorder=2)
    clip = PathPatch(outline, transform=axis.transData, facecolor="none")
    shown.set_clip_path(clip)
    axis.add_patch(PathPatch(outline, facecolor="none", edgecolor=INK, linewidth=0.9, zorder=3))


def _lines(*lines: tuple[tuple[float, float], tuple[float, float]]) -> Callable[[float], Any]:
    return lambda aspect: [(np.array([a[0], b[0]]) * aspect, [a[1], b[1]]) for a, b in lines]


def _grid(*shares: float) -> Callable[[float], Any]:
    upright = [((share, 0.0), (share, 1.0)) for share in shares]
    level = [((0.0, share), (1.0, share)) for share in shares]
    return _lines(*upright, *level)


_RULES: dict[Rule, Callable[[float], Any]] = {
    "rule of thirds": _grid(1 / 3, 2 / 3),
    "golden ratio": _grid(0.382, 0.618),
    "centred": _grid(0.5),
    "symmetry": _lines(((0.5, 0), (0.5, 1))),
    "leading lines": _lines(((0, 0), (0.5, 0.6)), ((1, 0), (0.5, 0.6)), ((0.3, 0), (0.5, 0.6)), ((0.7, 0), (0.5, 0.6))),
    "negative space": _lines(),
    "frame within a frame": _lines(
        ((0.15, 0), (0.15, 0.85)), ((0.15, 0.85), (0.85, 0.85)), ((0.85, 0.85), (0.85, 0)), ((0.15, 0), (0.85, 0))
    ),
    "diagonal": _lines(((0, 1), (1, 0))),
}
"""The lines that photographers think of for each rule, in shares of the frame."""


def _rule(axis: Any, rule: Rule | None, aspect: float) -> None:
    for across, up in _RULES[rule](aspect) if rule else ():
        axis.plot(across, up, color=GRID, linewidth=1, zorder=1)
