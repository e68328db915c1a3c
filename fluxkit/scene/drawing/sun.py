"""The sun's day: its height by the clock, with the names that photographers give to its light."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from fluxkit import optics
from fluxkit.scene.drawing.paper import FAINT, INK, sheet

_BANDS = (
    (-40.0, -18.0, "#1b2340", "night"),
    (-18.0, -6.0, "#2f3d66", "twilight"),
    (-6.0, -4.0, "#4f74a8", "blue hour"),
    (-4.0, 6.0, "#e9a85b", "golden hour"),
    (6.0, 90.0, "#f4efe2", "day"),
)


def sun_day(days: Mapping[str, datetime], *, latitude_deg: float, longitude_deg: float, place: str = "") -> Any:
    """The height of the sun through each of the days, and its path over the ground seen from above.

    Each day is an aware midnight; hours are those of its zone.
    """
    from matplotlib import colormaps

    inks = [colormaps["copper"](0.25 + 0.7 * i / max(1, len(days) - 1)) for i in range(len(days))]
    with sheet(9.5, 4.2, columns=2, width_ratios=[1.75, 1]) as (figure, (heights, square)):
        figure.delaxes(square)
        compass = figure.add_subplot(1, 2, 2, projection="polar")
        _skies(heights)
        _compass(compass)
        for ink, (name, day) in zip(inks, days.items(), strict=True):
            _day(heights, compass, ink, name, day, latitude_deg, longitude_deg)
        heights.set_xlim(0, 24)
        heights.set_ylim(-30, 80)
        heights.set_xticks(range(0, 25, 3), [f"{hour}:00" for hour in range(0, 25, 3)])
        heights.set_yticks([-18, -6, 0, 6, 20, 40, 60], ["-18°", "-6°", "0°", "6°", "20°", "40°", "60°"])
        heights.set_title(f"Height of the sun{f', {place}' if place else ''}")
        figure.get_layout_engine().set(w_pad=0.12)
    return figure


def _skies(axis: Any) -> None:
    for low, high, colour, name in _BANDS:
        axis.axhspan(low, high, color=colour, alpha=0.9, linewidth=0, zorder=0)
        if name != "blue hour":
            ink = "#cfd6e6" if high <= -6 else "#7a5a2a"
            axis.text(12, max(low, -30, -0.3 if low > -6 else -30) + 1.2, name, ha="center", fontsize=8, color=ink)
    axis.axhline(0, color=INK, linewidth=0.8)


def _compass(axis: Any) -> None:
    axis.set_theta_zero_location("N")
    axis.set_theta_direction(-1)
    axis.set_rlim(90, 0)
    axis.set_rticks([30, 60], ["", ""])
    axis.set_xticks(np.radians([0, 90, 180, 270]), ["N", "E", "S", "W"])
    axis.grid(color="#d9d6cd")
    axis.set_title("Where it stands", fontsize=10.5, loc="center", pad=12)


def _day(heights: Any, compass: Any, ink: Any, name: str, day: datetime, latitude: float, longitude: float) -> None:
    hours = np.linspace(0, 24, 289)
    seen = [
        optics.sun_position(day + timedelta(hours=float(hour)), latitude_deg=latitude, longitude_deg=longitude)
        for hour in hours
    ]
    elevations = np.array([position.elevation_deg for position in seen])
    heights.plot(hours, elevations, color=ink, linewidth=2.2, zorder=3)
    top = int(elevations.argmax())
    heights.text(hours[top], elevations[top] + 1.5, name, ha="center", va="bottom", fontsize=8.5, color=INK, zorder=4)
    up = elevations > 0
    azimuths = np.unwrap([math.radians(position.azimuth_deg) for position in seen])
    compass.plot(azimuths[up], elevations[up], color=ink, linewidth=2.2)
    for hour in (9, 12, 15, 18):
        at = int(hour * 12)
        if elevations[at] > 1:
            compass.plot([azimuths[at]], [elevations[at]], marker="o", markersize=3.2, color=ink)
            compass.text(azimuths[at], elevations[at] - 7, f"{hour}", fontsize=7, color=FAINT, ha="center", va="center")
