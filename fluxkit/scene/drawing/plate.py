"""A plate: one scene on one page, its words beside its frame, its light and its depth of field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from fluxkit.prompt import Prompt
from fluxkit.scene.drawing.depth import draw_limits
from fluxkit.scene.drawing.frame import draw_frame
from fluxkit.scene.drawing.light import draw_plan
from fluxkit.scene.drawing.paper import ACCENTS, DPI, FAINT, INK, page
from fluxkit.scene.lighting import Lighting
from fluxkit.scene.scene import Scene
from fluxkit.scene.subjects import is_person

_WIDTH, _HEIGHT = 10.6, 4.4
_LEFT, _RIGHT, _TOP, _BOTTOM = 0.022, 0.515, 0.835, 0.12
"""The column of words, in shares of the page."""

_PLACES = ((0.565, 0.4, 0.19, 0.44), (0.785, 0.4, 0.19, 0.44))
_NARROW_PLACES = ((0.56, 0.4, 0.105, 0.44), (0.682, 0.4, 0.175, 0.44))
"""Left, bottom, width and height of the frame and of the light, alone and beside a picture."""

_SIZES = (10.5, 10.0, 9.5, 9.0, 8.5, 8.0, 7.5, 7.0, 6.5, 6.0)
"""Sizes of type to try, in points; the first in which the words fit their column is taken."""

_LEADING = 1.55
_SERIF = "DejaVu Serif"

_PARTS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "who and where": (INK, ("subject", "others", "environment", "text")),
    "light": (ACCENTS[0], ("lighting",)),
    "camera and lens": (ACCENTS[1], ("camera", "lens")),
    "film": (ACCENTS[3], ("film",)),
    "frame": (ACCENTS[2], ("composition", "aspect_ratio", "subject.position")),
    "air, texture, colour": ("#96761a", ("atmosphere", "avoid", "colours")),
}
"""What the words belong to: an ink, and the fields that make them."""


def plate(
    scene: Scene, title: str = "", *, model: Any = "flux.1-dev", picture: Any = None, caption: str | None = None
) -> Any:
    """One page about a scene: the prompt with its words in the colour of the part that made them, beside the frame,
    the light from above and what is sharp.

    `picture` (anything that Matplotlib shows, such as a PIL image) is set beside the frame, with `caption` under it.
    """
    with page(_WIDTH, _HEIGHT) as figure:
        _head(figure, title or _subject(scene), scene)
        _set(figure, scene.prompt(model))
        _legend(figure)
        of_frame, of_light = _PLACES if picture is None else _NARROW_PLACES
        draw_frame(figure.add_axes(of_frame), scene)
        plan = figure.add_axes(of_light)
        draw_plan(plan, scene.lighting or Lighting(), is_person(scene.subject))
        plan.set_xlim(-2.15, 2.15)  # room for the labels of lamps at the sides
        if picture is not None:
            _show(figure.add_axes((0.863, 0.4, 0.115, 0.44)), picture, caption)
        draw_limits(figure.add_axes((0.56, 0.125, 0.418, 0.17)), scene)
    return figure


def _head(figure: Any, title: str, scene: Scene) -> None:
    figure.text(_LEFT, 0.925, title, fontsize=14, weight="bold", va="center")
    facts = [scene.composition.genre if scene.composition else None, scene.aspect_ratio]
    figure.text(0.978, 0.925, " · ".join(fact for fact in facts if fact), ha="right", va="center", color=FAINT)


def _set(figure: Any, prompt: Prompt) -> None:
    """The words, broken into lines, each in the ink of its part."""
    words = list(_inked(prompt))
    column, depth = (_RIGHT - _LEFT) * _WIDTH * 72, (_TOP - _BOTTOM) * _HEIGHT * 72
    for points in _SIZES:
        lines = list(_broken([word for word, _ in words], points, column))
        room = int(depth / points / _LEADING)
        if len(lines) <= room:
            break
    else:
        lines = [*lines[: room - 1], ["…"]]
    inks = iter(ink for _, ink in words)
    for number, line in enumerate(lines):
        x, y = _LEFT, _TOP - number * points * _LEADING / 72 / _HEIGHT
        for word in line:
            figure.text(x, y, word, fontsize=points, family=_SERIF, color=next(inks), va="baseline")
            x += (_wide(word, points) + _wide(" ", points)) / 72 / _WIDTH


def _broken(words: list[str], points: float, column: float) -> Iterator[list[str]]:
    """Lines of words no wider than the column, in points."""
    line: list[str] = []
    width = 0.0
    for word in words:
        wide = _wide(word, points)
        if line and width + wide > column:
            yield line
            line, width = [], 0.0
        line.append(word)
        width += wide + _wide(" ", points)
    yield line


def _inked(prompt: Prompt) -> Iterator[tuple[str, str]]:
    """Each word with the ink of the field that made it; a word of no field keeps the ink before it."""
    at, ink = 0, INK
    for word in prompt.text.split():
        at = prompt.text.index(word, at)
        path = next((span.path for span in prompt.spans if span.start < at + len(word) and at < span.end), None)
        ink = ink if path is None else _ink(path)
        yield word, ink
        at += len(word)


def _ink(path: str) -> str:
    """The ink of a field: the longest of the paths that it lies under decides."""
    found = [(len(stem), ink) for ink, stems in _PARTS.values() for stem in stems if f"{path}.".startswith(f"{stem}.")]
    return max(found)[1] if found else INK


def _legend(figure: Any) -> None:
    x = _LEFT
    for name, (ink, _) in _PARTS.items():
        figure.text(x, 0.05, name, fontsize=8, color=ink, va="center")
        x += (_wide(name, 8, "DejaVu Sans") + 14) / 72 / _WIDTH


@cache
def _wide(text: str, points: float, family: str = _SERIF) -> float:
    """Width of a text in points, as it is drawn at a screen's resolution, where letters snap to pixels."""
    from matplotlib.backends.backend_agg import RendererAgg
    from matplotlib.font_manager import FontProperties

    renderer = RendererAgg(8, 8, DPI)
    width, _, _ = renderer.get_text_width_height_descent(text, FontProperties(family=family, size=points), False)
    return float(width) * 72 / DPI


def _show(axis: Any, picture: Any, caption: str | None) -> None:
    axis.imshow(picture)
    axis.set_axis_off()
    axis.text(0.5, -0.06, caption or "", fontsize=8, color=FAINT, ha="center", va="top", transform=axis.transAxes)


def _subject(scene: Scene) -> str:
    return scene.subject.description if scene.subject else "A scene"
