"""`Atmosphere`: the air, what drifts in it, and the textures that must be seen."""

from __future__ import annotations

from typing import Literal

from fluxkit.scene.noun import Noun, Words

Haze = Literal["none", "light", "medium", "dense"]

_HAZE_WORDS: dict[Haze, str] = {
    "none": "clear air",
    "light": "a light haze",
    "medium": "haze that pales the distance",
    "dense": "dense haze that swallows the distance",
}


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

    @property
    def haze_words(self) -> str | None:
        """The air: "a light haze"."""
        return _HAZE_WORDS[self.haze] if self.haze else None
