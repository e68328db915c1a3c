"""`Atmosphere`: the air, what drifts in it, and the textures that must be seen."""

from __future__ import annotations

from typing import Literal

from fluxkit.scene.noun import Noun, Words

Haze = Literal["none", "light", "medium", "dense"]


class Atmosphere(Noun):
    """The air between camera and subject, and the details that carry the feel of the picture."""

    haze: Haze | None = None
    """How much the distance fades."""

    particles: Words | None = None
    """What drifts in the air: "dust motes in the beam", "snowflakes"."""

    textures: tuple[Words, ...] = ()
    """Details that must be seen: "natural lip texture", "individual eyelashes"."""

    mood: Words | None = None
    """The feeling: "quiet, contemplative"."""
