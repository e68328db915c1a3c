"""`Camera` and `Lens`: what records the picture, and the glass before it."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from fluxkit.optics.figures import number, shutter
from fluxkit.optics.formats import FormatName
from fluxkit.scene.noun import Noun, Words

SensorFormat = FormatName
CameraAngle = Literal["eye level", "low", "high", "overhead"]
LensCharacter = Literal["modern", "vintage", "swirly", "anamorphic", "soft focus", "macro", "tilt-shift"]

CHARACTER_WORDS: dict[LensCharacter, str] = {
    "modern": "clean, round bokeh",
    "vintage": "vintage-lens rendering with low contrast and soap-bubble bokeh",
    "swirly": "swirling Petzval bokeh",
    "anamorphic": "oval anamorphic bokeh and horizontal flare",
    "soft focus": "a soft-focus glow over a sharp core",
    "macro": "macro detail",
    "tilt-shift": "upright verticals from a tilt-shift lens",
}
"""What each character does to a picture. Source: section 1.8 of the imaging reference."""

_ANGLE_WORDS: dict[CameraAngle, str] = {
    "eye level": "from eye level",
    "low": "from a low angle",
    "high": "from a high angle",
    "overhead": "from directly overhead",
}


_FORMAT_WORDS: dict[SensorFormat, str] = {
    "APS-C": "an APS-C sensor",
    "APS-C Canon": "an APS-C sensor",
    "Super 35": "the Super 35 format",
    "Micro Four Thirds": "a Micro Four Thirds sensor",
    "1 inch": "a 1-inch sensor",
    "phone 1/1.3": "a phone camera",
    "phone 1/2.55": "a phone camera",
    "645 digital": "a medium-format digital back",
    "645": "645 medium format",
    "6x6": "square 6x6 medium format",
    "6x7": "6x7 medium format",
    "4x5": "4x5-inch large format",
    "8x10": "8x10-inch large format",
}
"""Each format but the usual one."""


class Camera(Noun):
    """What records the picture: its format, its exposure, and where it stands."""

    body: Words | None = None
    """The camera's name as a caption would give it: "Hasselblad X2D"."""

    format: SensorFormat = "full frame"
    """The size of the sensor or film; angle of view and depth of field follow from it."""

    shutter_s: float | None = Field(default=None, gt=0, le=86400)
    """Exposure time in seconds: 1/250 is 0.004."""

    iso: float | None = Field(default=None, ge=1, le=10_000_000)
    """Sensitivity; unset, the film's speed counts."""

    angle: CameraAngle | None = None
    """From where the camera looks at the subject."""

    height_m: float | None = Field(default=None, ge=0)
    """Height of the lens above the ground in metres."""

    support: Literal["tripod", "handheld"] | None = None
    """What holds the camera."""

    @property
    def angle_words(self) -> str | None:
        """From where the camera looks: "from a low angle"."""
        return _ANGLE_WORDS[self.angle] if self.angle else None

    @property
    def format_words(self) -> str | None:
        """The format: "6x7 medium format"; None for full frame, which goes without saying."""
        return _FORMAT_WORDS.get(self.format)

    @property
    def shutter_words(self) -> str | None:
        """The exposure time: "1/250 s"."""
        return shutter(self.shutter_s) if self.shutter_s else None

    @property
    def iso_words(self) -> str | None:
        """The sensitivity: "ISO 400"."""
        return f"ISO {number(self.iso)}" if self.iso else None

    @property
    def support_words(self) -> str | None:
        """What holds it: "on a tripod"."""
        return "on a tripod" if self.support == "tripod" else self.support


class Lens(Noun):
    """The glass: what it takes in, and how it blurs what it leaves out."""

    focal_length_mm: float = Field(gt=0, le=5000)
    """Real focal length. Templates phrase by angle of view, so a 50 mm on APS-C reads as a short telephoto."""

    f_number: float | None = Field(default=None, ge=0.5, le=512)
    """The aperture as photographers write it: 1.8 for f/1.8."""

    focus_distance_m: float | None = Field(default=None, gt=0)
    """From the lens to the plane in focus, in metres; unset, it follows from the framing where that is given."""

    character: LensCharacter | None = None
    """How it draws: the shape of its blur and its faults."""

    name: Words | None = None
    """The lens by name, where a caption would give it."""

    @model_validator(mode="after")
    def _focus_lies_beyond_the_focal_length(self) -> Self:
        if self.focus_distance_m is not None and self.focus_distance_m * 1000 <= self.focal_length_mm:
            raise ValueError(
                f"focus_distance_m={self.focus_distance_m:g} lies within the focal length of {self.focal_length_mm:g} "
                f"mm, where no lens forms an image. Focus beyond {self.focal_length_mm / 1000:g} m, or use a shorter "
                "lens"
            )
        return self

    @property
    def focal_length_words(self) -> str:
        """The focal length as it stands on the barrel: "85mm"."""
        return f"{number(self.focal_length_mm)}mm"

    @property
    def f_number_words(self) -> str | None:
        """The aperture: "f/1.8"."""
        return f"f/{number(self.f_number)}" if self.f_number else None

    @property
    def character_words(self) -> str | None:
        """How the lens draws: "swirling Petzval bokeh"."""
        return CHARACTER_WORDS[self.character] if self.character else None
