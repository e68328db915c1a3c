"""`Light`: one source, from where, how large, how warm."""

from __future__ import annotations

import math
from typing import Literal, Self

from pydantic import Field, model_validator

from fluxkit import optics
from fluxkit.scene.bearings import direction
from fluxkit.scene.noun import Noun
from fluxkit.scene.sources import (
    GELS,
    MODIFIER_SIZE_M,
    SOURCE_ANGLE_DEG,
    SOURCE_KELVIN,
    SOURCE_WORDS,
    Gel,
    Modifier,
    Source,
)

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

QUALITY_WORDS: dict[Quality, str] = {
    "hard": "hard",
    "crisp": "crisp",
    "semi-soft": "gently diffused",
    "soft": "soft, diffused",
    "shadowless": "even, shadowless",
}
"""Each quality as an adjective before "light"."""

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

    modifier: Modifier | None = None
    """What shapes it; each has a usual size, which `size_m` overrides."""

    size_m: float | None = Field(default=None, gt=0, le=100)
    """Width of the source or its modifier in metres."""

    distance_m: float | None = Field(default=None, gt=0)
    """From the source to the subject in metres."""

    gel: Gel | None = None
    """A filter on the source: a correction gel shifts the kelvin, a coloured one colours the light."""

    @model_validator(mode="after")
    def _angles_agree_with_the_name(self) -> Self:
        if self.direction is not None and (self.azimuth_deg is not None or self.elevation_deg is not None):
            named, stated = DIRECTIONS[self.direction], self._stated_angles()
            apart = degrees_apart(named, stated)
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
        """Colour temperature as it reaches the subject: stated or the named source's, then shifted by the gel.

        None where nothing says it, and for sources and gels whose light is a colour rather than a temperature.
        """
        lamp = self.temperature_k
        if lamp is None and self.source is not None:
            lamp = SOURCE_KELVIN[self.source]
        if lamp is None or (self.gel is not None and GELS[self.gel] is None):
            return None
        return optics.gelled_k(lamp, self.gel)

    @property
    def apparent_deg(self) -> float | None:
        """How large the source looks from the subject, in degrees; None where size or distance is unknown.

        The sun and the sky need no distance: they are as large as they look.
        """
        size = self.size_m or (MODIFIER_SIZE_M[self.modifier] if self.modifier else None)
        if size is not None and self.distance_m is not None:
            return optics.source_angle_deg(size, self.distance_m)
        if self.modifier is not None or self.source is None:
            return None
        return SOURCE_ANGLE_DEG.get(self.source)

    @property
    def softness(self) -> Quality | None:
        """The quality that was stated, else the one that follows from the source's apparent size."""
        if self.quality is not None:
            return self.quality
        angle = self.apparent_deg
        return None if angle is None else optics.softness(angle)

    @property
    def quality_words(self) -> str | None:
        """The softness as an adjective: "soft, diffused"."""
        return QUALITY_WORDS[self.softness] if self.softness else None

    @property
    def direction_words(self) -> str | None:
        """Where it comes from: "from the left", "from high on the front right"."""
        return direction(*self.angles) if self.angles else None

    @property
    def source_words(self) -> str | None:
        """What gives it, as the light itself: "light from a north-facing window", "candlelight"; sunlight is direct
        where nothing softens it."""
        if self.source == "sun" and (self.modifier or self.softness not in ("hard", "crisp")):
            return "sunlight"
        return SOURCE_WORDS[self.source] if self.source else None

    @property
    def modifier_words(self) -> str | None:
        """What shapes it: "from a large softbox"; None for a bare source."""
        return f"from {'an' if self.modifier[0] in 'aeiou' else 'a'} {self.modifier}" if self.modifier else None

    @property
    def gel_words(self) -> str | None:
        """A coloured gel: "through a red gel". Correction gels are said as warmth."""
        return (
            f"through {'an' if self.gel[0] in 'ao' else 'a'} {self.gel} gel"
            if self.gel and GELS[self.gel] is None
            else None
        )

    def mirrored(self) -> Light:
        """The same light on the other side of the camera."""
        swap = {"left": "right", "right": "left"}
        named = " ".join(swap.get(word, word) for word in self.direction.split()) if self.direction else None
        turned = None if self.azimuth_deg is None else -self.azimuth_deg
        return self.with_(direction=None, azimuth_deg=turned).with_(direction=named)

    def _stated_angles(self) -> tuple[float, float]:
        azimuth, elevation = DIRECTIONS[self.direction] if self.direction else (0.0, 20.0)
        return (
            azimuth if self.azimuth_deg is None else self.azimuth_deg,
            elevation if self.elevation_deg is None else self.elevation_deg,
        )


def degrees_apart(a: tuple[float, float], b: tuple[float, float]) -> float:
    """The angle between two directions given as azimuth and elevation, all in degrees."""
    (az1, el1), (az2, el2) = [(math.radians(x), math.radians(y)) for x, y in (a, b)]
    cosine = math.sin(el1) * math.sin(el2) + math.cos(el1) * math.cos(el2) * math.cos(az1 - az2)
    return math.degrees(math.acos(max(-1.0, min(1.0, cosine))))
