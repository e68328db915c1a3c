"""`Composition`, `Colour` and `PictureText`: how the frame is laid out, and what must be exactly so in it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, model_validator

from fluxkit.scene.noun import Noun, Words

Framing = Literal[
    "extreme close-up", "close-up", "head and shoulders", "medium", "full length", "wide", "environmental"
]
Rule = Literal[
    "rule of thirds",
    "centred",
    "symmetry",
    "golden ratio",
    "leading lines",
    "negative space",
    "frame within a frame",
    "diagonal",
]
Genre = Literal[
    "portrait",
    "headshot",
    "environmental portrait",
    "editorial",
    "fashion",
    "product",
    "still life",
    "food",
    "street",
    "documentary",
    "landscape",
    "architecture",
    "night city",
    "wildlife",
    "sport",
    "macro",
]


ASPECT_ADVICE: dict[Genre, tuple[str, ...]] = {
    "portrait": ("4:5", "2:3", "1:1"),
    "headshot": ("4:5", "1:1"),
    "environmental portrait": ("3:2", "4:5", "2:3"),
    "editorial": ("4:5", "2:3", "3:4"),
    "fashion": ("2:3", "4:5"),
    "product": ("1:1", "4:5"),
    "still life": ("4:5", "1:1", "3:2"),
    "food": ("4:5", "1:1"),
    "street": ("3:2", "2:3"),
    "documentary": ("3:2",),
    "landscape": ("3:2", "16:9", "2:1"),
    "architecture": ("4:5", "3:2", "3:4"),
    "night city": ("3:2", "16:9", "2:3"),
    "wildlife": ("3:2", "4:3"),
    "sport": ("3:2", "16:9"),
    "macro": ("3:2", "1:1"),
}
"""The shapes that each genre is usually printed and published in, best first (our own advice from practice)."""


class Composition(Noun):
    """How much is in the frame, and how it is laid out."""

    framing: Framing | None = None
    """How much of the subject fills the frame."""

    rule: Rule | None = None
    """The order of the picture."""

    genre: Genre | None = None
    """The kind of photograph."""

    @property
    def aspect_advice(self) -> tuple[str, ...]:
        """Aspect ratios that suit the genre, best first; empty without one.

        >>> Composition(genre="headshot").aspect_advice
        ('4:5', '1:1')
        """
        return ASPECT_ADVICE[self.genre] if self.genre else ()


class Colour(Noun):
    """A colour that must be met: its name, and for families that read it the hex value, tied to an object."""

    name: Words
    """The name: "brick red"."""

    hex: Annotated[str, StringConstraints(pattern=r"^#[0-9a-fA-F]{6}$", to_lower=True)] | None = Field(
        default=None, examples=["#8a3b22"]
    )
    """Six hexadecimal digits after "#"."""

    of: Words | None = None
    """The object that has it: "the scarf"."""

    @model_validator(mode="before")
    @classmethod
    def _from_words(cls, data: Any) -> Any:
        return {"name": data} if isinstance(data, str) else data


class PictureText(Noun):
    """Words that are to be read in the picture, letter for letter."""

    text: str = Field(min_length=1, max_length=300)
    """The exact text."""

    where: Words | None = None
    """What it is written on: "the shop sign"."""

    style: Words | None = None
    """How it is written: "hand-painted capitals"."""

    @model_validator(mode="before")
    @classmethod
    def _from_words(cls, data: Any) -> Any:
        return {"text": data} if isinstance(data, str) else data
