"""`Light`: one source, from where, how large, how warm."""

from __future__ import annotations

import math
from typing import Literal, Self

from pydantic import Field, model_validator

from fluxkit.scene.noun import Noun, Words

Direction = Literal[
    "front",
    "front left",
    "front right",
    "left",
    "right",
    "upper left",
    "upper right",
    "above",
    "below",
    "behind",
    "behind left",
    "behind right",
]
Quality = Literal["hard", "crisp", "semi-soft", "soft", "shadowless"]
Source = Literal[
    "sun",
    "window",
    "north window",
    "open shade",
    "overcast sky",
    "candle",
    "firelight",
    "tungsten",
    "household bulb",
    "fluorescent",
    "flash",
    "LED panel",
    "neon",
    "street lamp",
    "screen",
    "moon",
]

DIRECTIONS: dict[Direction, tuple[float, float]] = {
    "front": (0.0, 15.0),
    "front left": (-45.0, 25.0),
    "front right": (45.0, 25.0),
    "left": (-90.0, 15.0),
    "right": (90.0, 15.0),
    "upper left": (-60.0, 50.0),
    "upper right": (60.0, 50.0),
    "above": (0.0, 80.0),
    "below": (0.0, -35.0),
    "behind": (180.0, 20.0),
    "behind left": (-145.0, 25.0),
    "behind right": (145.0, 25.0),
}
"""Azimuth and elevation in degrees that each name stands for; left and right are the camera's."""

SOURCE_KELVIN: dict[Source, float | None] = {
    "sun": 5500.0,
    "window": 6500.0,
    "north window": 7000.0,
    "open shade": 7500.0,
    "overcast sky": 6750.0,
    "candle": 1900.0,
    "firelight": 2000.0,
    "tungsten": 3200.0,
    "household bulb": 2700.0,
    "fluorescent": 4200.0,
    "flash": 5600.0,
    "LED panel": 5600.0,
    "neon": None,
    "street lamp": 2100.0,
    "screen": 6500.0,
    "moon": 4100.0,
}
"""Colour temperature of each named source in kelvin; None where the spectrum is no black body's."""

_CONTRADICTION_DEG = 60.0


class Light(Noun):
    """One light: where it stands as the camera sees it, how soft it is, and how warm."""

    direction: Direction | None = None
    """Where it comes from, by name; left and right are the camera's."""

    azimuth_deg: float | None = Field(default=None, ge=-180, le=180)
    """0 = from the camera, positive = camera right, 90 = from the right side, 180 = from behind."""

    elevation_deg: float | None = Field(default=None, ge=-90, le=90)
    """Height above the subject's face in degrees; negative is from below."""

    quality: Quality | None = None
    """How hard its shadows are; unset, it follows from size and distance where both are known."""

    temperature_k: float | None = Field(default=None, ge=1000, le=20000)
    """Colour temperature of the source in kelvin, before any gel."""

    source: Source | None = None
    """What gives the light; its usual colour temperature holds where `temperature_k` is unset."""

    modifier: Words | None = None
    """What shapes it: "softbox", "beauty dish", "scrim"."""

    size_m: float | None = Field(default=None, gt=0, le=100)
    """Width of the source or its modifier in metres."""

    distance_m: float | None = Field(default=None, gt=0)
    """From the source to the subject in metres."""

    gel: Words | None = None
    """A filter on the source: "CTO", "half CTB", "deep red"."""

    @model_validator(mode="after")
    def _angles_agree_with_the_name(self) -> Self:
        if self.direction is not None and (self.azimuth_deg is not None or self.elevation_deg is not None):
            named, stated = DIRECTIONS[self.direction], self._stated_angles()
            apart = _degrees_apart(named, stated)
            if apart > _CONTRADICTION_DEG:
                raise ValueError(
                    f"direction={self.direction!r} stands for azimuth {named[0]:g}, elevation {named[1]:g} degrees, "
                    f"but azimuth {stated[0]:g} and elevation {stated[1]:g} were asked for too ({apart:.0f} degrees "
                    f"away; up to {_CONTRADICTION_DEG:.0f} is allowed). Give the name or the angles, or set the other "
                    "to None"
                )
        return self

    @property
    def angles(self) -> tuple[float, float] | None:
        """Azimuth and elevation in degrees, from the numbers where given, else from the name; None when neither is."""
        if self.direction is None and self.azimuth_deg is None and self.elevation_deg is None:
            return None
        return self._stated_angles()

    @property
    def kelvin(self) -> float | None:
        """Colour temperature in kelvin, stated or from the named source; None where neither says it."""
        if self.temperature_k is not None:
            return self.temperature_k
        return SOURCE_KELVIN[self.source] if self.source else None

    def _stated_angles(self) -> tuple[float, float]:
        azimuth, elevation = DIRECTIONS[self.direction] if self.direction else (0.0, 20.0)
        return (
            azimuth if self.azimuth_deg is None else self.azimuth_deg,
            elevation if self.elevation_deg is None else self.elevation_deg,
        )


def _degrees_apart(a: tuple[float, float], b: tuple[float, float]) -> float:
    (az1, el1), (az2, el2) = [(math.radians(x), math.radians(y)) for x, y in (a, b)]
    cosine = math.sin(el1) * math.sin(el2) + math.cos(el1) * math.cos(el2) * math.cos(az1 - az2)
    return math.degrees(math.acos(max(-1.0, min(1.0, cosine))))
