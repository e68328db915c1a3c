"""Light: plans seen from above, and the scale of warmth."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, get_args

import numpy as np

from fluxkit import optics
from fluxkit.scene.drawing.paper import ACCENTS, FAINT, GRID, INK, sheet
from fluxkit.scene.light import Light
from fluxkit.scene.lighting import Lighting
from fluxkit.scene.sources import SOURCE_KELVIN, Source

_REACH = 1.0


def light_plan(lightings: Mapping[str, Lighting], *, columns: int = 4) -> Any:
    """The studio floor seen from above for each lighting: the camera below, the subject in the middle, left is left.

    A key is drawn as wide as its source looks; the figure at it is its height in degrees.
    """
    columns = min(columns, len(lightings))
    rows = math.ceil(len(lightings) / columns)
    with sheet(2.7 * columns, 3.0 * rows, rows=rows, columns=columns, squeeze=False) as (figure, axes):
        for axis in axes.flat:
            axis.set_axis_off()
        for axis, (name, lighting) in zip(axes.flat, lightings.items(), strict=False):
            draw_plan(axis, lighting)
            axis.set_title(name.replace("_", " ").capitalize(), fontsize=10.5, pad=2)
    return figure


def kelvin_scale(*, balance_k: float = optics.DAYLIGHT_K) -> Any:
    """The named sources on a scale of equal-looking steps, in the colour that film of that balance gives them."""
    warm, cool = optics.mired(1700), optics.mired(12000)
    mireds = np.linspace(warm, cool, 600)
    strip = np.array([[optics.kelvin_rgb(1e6 / value, balance_k=balance_k) for value in mireds]])
    with sheet(9.5, 3.2) as (figure, axis):
        axis.imshow(strip, extent=(warm, cool, 0, 1), aspect="auto")
        _names(axis)
        axis.plot([optics.mired(balance_k)] * 2, [0, 1], color=INK, linewidth=1.2)
        axis.text(optics.mired(balance_k), 1.05, f"film balanced for {balance_k:g} K", ha="center", fontsize=8.5)
        kelvins = (2000, 2500, 3200, 4000, 5500, 7000, 10000)
        axis.set_xlim(warm, cool)
        axis.set_ylim(-1.95, 1.25)
        for kelvin in kelvins:
            axis.text(optics.mired(kelvin), 0.07, f"{kelvin} K", ha="center", fontsize=7.5, color=INK)
        axis.set_axis_off()
        axis.set_title("How warm, in equal steps to the eye")
    return figure


def _names(axis: Any) -> None:
    """The sources below the strip, each in the first row where it has room."""
    named: dict[float, list[str]] = {}
    for name in get_args(Source):
        kelvin = SOURCE_KELVIN[name]
        if kelvin is not None:
            named.setdefault(optics.mired(kelvin), []).append(name)
    taken: list[float] = []
    for place in sorted(named, reverse=True):
        text = ", ".join(named[place])
        half = 2.3 * len(text) + 3
        row = next((i for i, edge in enumerate(taken) if place + half < edge), len(taken))
        taken[row : row + 1] = [place - half]
        axis.plot([place, place], [-0.06, -0.22 - 0.34 * row], color=FAINT, linewidth=0.8)
        axis.text(place, -0.26 - 0.34 * row, text, ha="center", va="top", fontsize=8.5)


def draw_plan(axis: Any, lighting: Lighting, of_person: bool = True) -> None:
    """Draw one lighting's plan into an axis, around a head that looks at the camera or around a thing."""
    from matplotlib.patches import Circle, Ellipse, Polygon

    axis.set_axis_off()
    axis.set_xlim(-1.45, 1.45)
    axis.set_ylim(-1.5, 1.35)
    axis.set_aspect("equal")
    axis.add_patch(Circle((0, 0), _REACH, fill=False, color=GRID, linewidth=1))
    if lighting.key_angles:
        _lamp(axis, lighting.key or Light(), lighting.key_angles, ACCENTS[0], "key")
    for light, colour, label in ((lighting.fill, ACCENTS[1], "fill"), (lighting.rim, ACCENTS[4], "rim")):
        if light is not None and light.angles:
            _lamp(axis, light, light.angles, colour, label)
    axis.add_patch(Ellipse((0, 0), 0.34, 0.42 if of_person else 0.34, color=INK, zorder=4))
    if of_person:
        axis.add_patch(Polygon([(-0.05, -0.2), (0.05, -0.2), (0, -0.29)], color=INK, zorder=4))
    axis.add_patch(Polygon([(-0.13, -1.34), (0.13, -1.34), (0.13, -1.2), (-0.13, -1.2)], color=FAINT))
    axis.add_patch(Polygon([(-0.07, -1.2), (0.07, -1.2), (0.05, -1.12), (-0.05, -1.12)], color=FAINT))
    stops = f"{lighting.ratio:g}:1" if lighting.ratio else ""
    axis.text(1.35, -1.42, stops, ha="right", va="bottom", fontsize=8.5, color=FAINT)


def _lamp(axis: Any, light: Light, angles: tuple[float, float], colour: str, label: str) -> None:
    from matplotlib.patches import Polygon

    azimuth, elevation = math.radians(angles[0]), angles[1]
    outward = np.array([math.sin(azimuth), -math.cos(azimuth)])
    across = np.array([-outward[1], outward[0]])
    # A high light stands nearer to the subject on the floor; the ring is a metre and a half away.
    near = min(1.1, max(0.45, light.distance_m / 1.5)) if light.distance_m else 1.0
    distance = _REACH * near * (0.55 + 0.45 * math.cos(math.radians(elevation)))
    place = outward * distance
    half = min(0.55, max(0.06, math.tan(math.radians(min(light.apparent_deg or 20.0, 110.0)) / 2) * distance))
    ends = np.array([place - across * half, place + across * half])
    axis.add_patch(Polygon([*ends.tolist(), [0.0, 0.0]], color=colour, alpha=0.16, linewidth=0, zorder=1))
    axis.plot(ends[:, 0], ends[:, 1], color=colour, linewidth=4, solid_capstyle="butt", zorder=3)
    facing = abs(angles[0]) < 20
    side = (-1 if label == "fill" else 1) if facing else int(np.sign(outward[0]))
    text = place + (np.array([side * (half + 0.08), 0.0]) if facing else outward * 0.17)
    axis.text(
        *text, f"{label} {elevation:+.0f}°", ha="left" if side > 0 else "right", va="center", fontsize=8, color=colour
    )
