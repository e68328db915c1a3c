"""What is sharp: limits on a ruler, and blur against distance."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from fluxkit import optics
from fluxkit.errors import InputError
from fluxkit.scene.drawing.paper import ACCENTS, FAINT, GRID, INK, metres, sheet
from fluxkit.scene.scene import Scene

_BANDS = ((0.5, "in focus"), (2.0, "slightly soft"), (6.0, "shallow"), (40.0, "dissolved"))


def depth_of_field(scenes: Mapping[str, Scene], *, nearest_m: float = 0.5, furthest_m: float = 100.0) -> Any:
    """A ruler of distance with a bar for each scene from its near to its far limit; arrows go on to infinity.

    Raises `InputError` for a scene whose limits are unknown.
    """
    with sheet(9.5, 1.1 + 0.62 * len(scenes)) as (figure, axis):
        for row, (label, scene) in enumerate(scenes.items()):
            _bar(axis, -row, label, scene, furthest_m)
        axis.set_xscale("log")
        axis.set_xlim(nearest_m, furthest_m * 1.9)
        ticks = [tick for tick in (0.5, 1, 2, 5, 10, 20, 50, 100) if nearest_m <= tick <= furthest_m]
        axis.set_xticks(ticks, [metres(tick) for tick in ticks])
        axis.minorticks_off()
        axis.set_yticks([-row for row in range(len(scenes))], list(scenes))
        axis.tick_params(axis="y", length=0)
        axis.spines["left"].set_visible(False)
        axis.grid(axis="x", zorder=0)
        axis.set_ylim(-len(scenes) + 0.4, 0.75)
        axis.set_title("What is sharp, and where")
    return figure


def draw_limits(axis: Any, scene: Scene, *, nearest_m: float = 0.2, furthest_m: float = 100.0) -> None:
    """Draw one scene's bar on a ruler of distance into an axis; only its words where its limits are unknown."""
    seen = scene.optics()
    axis.set_xscale("log")
    axis.set_xlim(nearest_m, furthest_m * 1.9)
    ticks = [tick for tick in (0.2, 0.5, 1, 2, 5, 10, 20, 50, 100) if nearest_m <= tick <= furthest_m]
    axis.set_xticks(ticks, [metres(tick) for tick in ticks], fontsize=8)
    axis.minorticks_off()
    axis.set_yticks([])
    axis.set_ylim(-0.35, 0.75)
    axis.spines["left"].set_visible(False)
    axis.grid(axis="x", zorder=0)
    if seen.near_limit_m is not None and seen.focus_distance_m is not None:
        _bar(axis, 0.0, "", scene, furthest_m)


def blur_against_distance(
    scene: Scene, f_numbers: tuple[float, ...] = (1.4, 2.8, 5.6, 11), *, behind_m: float = 20
) -> Any:
    """Blur of what stands behind the subject, in per cent of the short side, for several apertures of a scene's lens.

    Raises `InputError` for a scene without a lens and a focus distance.
    """
    seen = scene.optics()
    if scene.lens is None or seen.focus_distance_m is None:
        raise InputError("The scene has no lens or focus distance to draw. Give its lens a focus_distance_m.")
    picture, focus = optics.FORMATS[seen.format], seen.focus_distance_m
    behind = np.geomspace(0.02, behind_m, 300)
    with sheet(9.5, 3.9) as (figure, axis):
        for number, stop in enumerate(f_numbers):
            shares = [
                100 * optics.blur_fraction(
                    scene.lens.focal_length_mm, stop, picture=picture, focus_m=focus, distance_m=focus + float(step)
                )
                for step in behind
            ]  # fmt: skip
            axis.plot(behind, shares, color=ACCENTS[number % len(ACCENTS)], linewidth=2.2)
            axis.text(behind[-1] * 1.06, shares[-1], f"f/{stop:g}", va="center", color=ACCENTS[number % len(ACCENTS)])
        _shade(axis)
        axis.set_xscale("log")
        axis.set_yscale("log")
        axis.set_xlim(0.02, behind_m * 1.5)
        axis.set_ylim(0.03, 40)
        axis.set_xticks([0.05, 0.11, 0.5, 1, 5, 20], ["5 cm", "the ears", "50 cm", "1 m", "5 m", "20 m"])
        axis.set_yticks([0.1, 0.5, 2, 6, 20], ["0.1 %", "0.5 %", "2 %", "6 %", "20 %"])
        axis.minorticks_off()
        axis.axvline(0.11, color=FAINT, linewidth=0.8, linestyle=(0, (2, 3)))
        axis.set_xlabel("behind the eyes")
        axis.set_ylabel("blur, share of the short side")
        axis.set_title(f"{scene.lens.focal_length_mm:g} mm focused at {metres(focus)}: how fast the picture lets go")
    return figure


def _bar(axis: Any, height: float, label: str, scene: Scene, furthest_m: float) -> None:
    seen = scene.optics()
    near, far, focus = seen.near_limit_m, seen.far_limit_m, seen.focus_distance_m
    if near is None or far is None or focus is None:
        raise InputError(f"{label!r} has no depth of field to draw. Give its lens an f_number and a focus_distance_m.")
    end = min(far, furthest_m * 1.25)
    colour = ACCENTS[0] if far / near < 1.5 else ACCENTS[1]
    # A bar thinner than the eye can see on this ruler is drawn as wide as a hair.
    start, stop = min(near, focus / 1.008), max(end, focus * 1.008)
    axis.barh(height, stop - start, left=start, height=0.34, color=colour, alpha=0.85, zorder=2)
    axis.plot([focus], [height], marker="|", markersize=15, color=INK, zorder=3)
    if math.isinf(far):
        arrow = {"arrowstyle": "-|>", "color": colour, "linewidth": 2}
        axis.annotate("", (furthest_m * 1.6, height), (end, height), arrowprops=arrow)
    shown = f"{_deep(far - near)} · {scene.depth_words}"
    axis.text(start, height + 0.27, shown, fontsize=8, color=FAINT, va="bottom")


def _deep(depth_m: float) -> str:
    if math.isinf(depth_m):
        return "to the horizon"
    if depth_m < 0.01:
        return f"{1000 * depth_m:.1f} mm deep"
    return f"{100 * depth_m:.0f} cm deep" if depth_m < 1 else f"{depth_m:.1f} m deep"


def _shade(axis: Any) -> None:
    below = 0.03
    for number, (limit, name) in enumerate(_BANDS):
        axis.axhspan(below, limit, color=GRID, alpha=0.25 + 0.2 * number, zorder=0, linewidth=0)
        axis.text(0.0215, limit * 0.86, name, fontsize=8, color=FAINT, va="top")
        below = limit
