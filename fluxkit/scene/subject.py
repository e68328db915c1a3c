"""`Subject`: who or what is photographed."""

from __future__ import annotations

from typing import Any

from pydantic import Field, model_validator

from fluxkit.scene.noun import Noun, Words


class Subject(Noun):
    """Who or what is photographed, in the photographer's own words; a string is taken as its description."""

    description: Words
    """What a viewer would name first: "a 28-year-old woman", "a ceramic teapot"."""

    age: Words | None = None
    """Age in words where the description does not hold it: "in her late sixties, deep laughter lines"."""

    pose: Words | None = None
    """What the body does: "seated", "leaning on the railing"."""

    expression: Words | None = None
    """What the face shows: "a half-smile"."""

    gaze: Words | None = None
    """Where the eyes go: "slightly off-camera", "into the lens"."""

    yaw_deg: float | None = Field(default=None, ge=-180, le=180)
    """How far the head is turned, in degrees: 0 faces the camera, positive turns the face to camera right."""

    wardrobe: Words | None = None
    """Clothes: "a rust-coloured wool coat"."""

    skin: Words | None = None
    """Skin: "natural skin texture", "freckled"."""

    hair: Words | None = None
    """Hair: "short silver hair"."""

    hands: Words | None = None
    """What the hands do: "hands folded on the table"."""

    position: Words | None = None
    """Where in the frame: "left third", "foreground"."""

    trigger: Words | None = None
    """The word that calls up a trained LoRA, written before the description: "zwirl"."""

    @model_validator(mode="before")
    @classmethod
    def _from_words(cls, data: Any) -> Any:
        return {"description": data} if isinstance(data, str) else data
