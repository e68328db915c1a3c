"""`Lighting`: the lights of a scene together, and the pattern that they draw on a face."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from fluxkit.scene.light import Light
from fluxkit.scene.noun import Noun, Words

Pattern = Literal["flat", "butterfly", "clamshell", "loop", "rembrandt", "split", "rim"]


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
