"""`Lighting`: the lights of a scene together, and the pattern that they draw on a face."""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

from pydantic import Field

from fluxkit.scene.bearings import direction
from fluxkit.scene.light import Light
from fluxkit.scene.noun import Noun, Words

Pattern = Literal["flat", "butterfly", "clamshell", "loop", "rembrandt", "split", "rim"]


class PatternRule(NamedTuple):
    """Where the key of a pattern stands, how far it may stray, and the sign by which the pattern is known."""

    azimuth_deg: float
    elevation_deg: float
    azimuth_range: tuple[float, float]
    elevation_range: tuple[float, float]
    sign: str


PATTERNS: dict[Pattern, PatternRule] = {
    "flat": PatternRule(0, 8, (0, 12), (-5, 20), "no nose shadow"),
    "butterfly": PatternRule(0, 45, (0, 10), (35, 60), "a shadow straight under the nose"),
    "clamshell": PatternRule(0, 45, (0, 10), (35, 60), "two catchlights and no shadow under the chin"),
    "loop": PatternRule(32, 32, (22, 42), (20, 45), "a small nose shadow that does not touch the cheek shadow"),
    "rembrandt": PatternRule(47, 42, (40, 60), (35, 55), "a lit triangle under the far eye"),
    "split": PatternRule(90, 8, (75, 105), (0, 25), "half the face in darkness"),
    "rim": PatternRule(152, 28, (130, 170), (10, 45), "a bright outline round a dark face"),
}
"""Angles from the camera axis in degrees, either side. Source: section 1.5 of the imaging reference (conventions of
portrait practice; authors differ by about 10 degrees, hence the ranges)."""

SHORT_OR_BROAD_ANGLES = (40.0, 28.0)
"""Azimuth (either side) and elevation of a short or broad key where nothing else says them."""

PATTERN_WORDS: dict[Pattern, str] = {
    "flat": "flat frontal lighting without a nose shadow",
    "butterfly": "butterfly lighting with a small shadow straight under the nose",
    "clamshell": "clamshell beauty lighting with two catchlights",
    "loop": "loop lighting with a small shadow beside the nose",
    "rembrandt": "Rembrandt lighting with a lit triangle under the far eye",
    "split": "split lighting that leaves half the face in darkness",
    "rim": "rim lighting that draws a bright outline round a dark face",
}
"""Each pattern by its name and its sign."""

_RATIOS: tuple[tuple[float, str], ...] = (
    (1.5, "almost no contrast between lit side and shadow side"),
    (2.5, "gentle, open shadows"),
    (3.5, "moderate shadows"),
    (6.0, "deep, classic shadows"),
    (12.0, "dramatic shadows"),
    (math.inf, "low-key shadows that fall to black"),
)


class Lighting(Noun):
    """The key, what fills its shadows, what draws the edge, and the lamps seen in the picture."""

    key: Light | None = None
    """The main light: the one that makes the shadows."""

    fill: Light | None = None
    """The light that opens the shadows."""

    rim: Light | None = None
    """A light from behind that draws the edge."""

    practicals: tuple[Words, ...] = ()
    """Lamps that are seen in the picture: "a desk lamp", "neon signs"."""

    pattern: Pattern | None = None
    """The classic portrait pattern of the key; its side is the key's, camera left where the key gives none."""

    short_or_broad: Literal["short", "broad"] | None = None
    """Whether the key lights the side of the face turned away from the camera (short) or to it (broad); needs
    `subject.yaw_deg` of at least 10 degrees either way."""

    ratio: float | None = Field(default=None, ge=1, le=64)
    """Lighting ratio as (key + fill) : fill, so 2 is one stop, 4 two stops, 8 three."""

    mood: Words | None = None
    """The light in one word: "low-key", "airy"."""

    @property
    def key_angles(self) -> tuple[float, float] | None:
        """Azimuth and elevation of the key in degrees: its own numbers first, then the pattern's, then its name's.

        The pattern stands on the side that the key's direction names; camera left where it names none.

        >>> Lighting(pattern="rembrandt", key=Light(direction="right")).key_angles
        (47.0, 42.0)
        """
        key = self.key or Light()
        if self.pattern is None:
            return key.angles
        rule = PATTERNS[self.pattern]
        side = math.copysign(1.0, key.angles[0]) if key.angles and key.angles[0] % 180 else -1.0
        azimuth = side * rule.azimuth_deg if key.azimuth_deg is None else key.azimuth_deg
        return azimuth + 0.0, rule.elevation_deg * 1.0 if key.elevation_deg is None else key.elevation_deg

    @property
    def pattern_words(self) -> str | None:
        """The pattern by name and sign: "Rembrandt lighting with a lit triangle under the far eye"."""
        return PATTERN_WORDS[self.pattern] if self.pattern else None

    @property
    def direction_words(self) -> str | None:
        """Where the key comes from, the pattern's own angles included: "from high on the front left"."""
        return direction(*self.key_angles) if self.key_angles else None

    @property
    def ratio_words(self) -> str | None:
        """How deep the shadows are, from the ratio: 4 says "deep, classic shadows"."""
        return next((words for limit, words in _RATIOS if self.ratio < limit), None) if self.ratio else None

    @property
    def short_or_broad_words(self) -> str | None:
        """Which side of the face the key lights."""
        sides = {"short": "the far side of the face lit", "broad": "the near side of the face lit"}
        return f"{self.short_or_broad} lighting, {sides[self.short_or_broad]}" if self.short_or_broad else None

    def mirrored(self) -> Lighting:
        """The same lights with left and right exchanged.

        >>> from fluxkit.scene.rigs import REMBRANDT
        >>> REMBRANDT.key_angles, REMBRANDT.mirrored().key_angles
        ((-47.0, 42.0), (47.0, 42.0))
        """
        lights = {name: light.mirrored() for name in ("key", "fill", "rim") if (light := getattr(self, name))}
        return self.with_(**lights)
