"""`Scene`: a photograph, stated once."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import StringConstraints, model_validator

from fluxkit.scene.atmosphere import Atmosphere
from fluxkit.scene.camera import Camera, Lens
from fluxkit.scene.composition import Colour, Composition, PictureText
from fluxkit.scene.environment import Environment
from fluxkit.scene.film import FilmStock
from fluxkit.scene.lighting import Lighting
from fluxkit.scene.noun import Noun, Words
from fluxkit.scene.subject import Subject

AspectRatio = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^\d+(\.\d+)?:\d+(\.\d+)?$")]


class Scene(Noun):
    """A photograph, stated once in the photographer's terms; every part is optional, an unset part adds no words."""

    subject: Subject | None = None
    """Who or what is photographed."""

    others: tuple[Subject, ...] = ()
    """Further subjects."""

    environment: Environment | None = None
    """Where, when, in what weather."""

    lighting: Lighting | None = None
    """The lights."""

    camera: Camera | None = None
    """Format, exposure, standpoint."""

    lens: Lens | None = None
    """The glass."""

    film: FilmStock | None = None
    """The film or digital look."""

    composition: Composition | None = None
    """Framing and order."""

    atmosphere: Atmosphere | None = None
    """Air, particles, textures, mood."""

    colours: tuple[Colour, ...] = ()
    """Colours that must be met."""

    text: tuple[PictureText, ...] = ()
    """Text to be read in the picture."""

    avoid: tuple[Words, ...] = ()
    """What must not be seen; models without negative prompts get it turned into positive words."""

    aspect_ratio: AspectRatio | None = None
    """Width to height: "3:2", "4:5"."""

    @model_validator(mode="after")
    def _the_aspect_ratio_is_a_picture(self) -> Self:
        if self.aspect_ratio is not None:
            width, height = (float(part) for part in self.aspect_ratio.split(":"))
            if not (width > 0 and height > 0 and 0.1 <= width / height <= 10):
                raise ValueError(
                    f"aspect_ratio={self.aspect_ratio!r} is no picture's: width to height between 1:10 and 10:1 is "
                    "allowed. Give one such as '3:2' or '4:5'"
                )
        return self

    def prompt(self, model: Any = "flux.1-dev", template: str | None = None) -> Any:
        """The words for a model: a `Prompt`, whose `str()` is exactly the text that the model is given.

        `model` is an id or a `ModelSpec`; `template` names another than the family's own, such as "flux.2/json".
        """
        from fluxkit import models
        from fluxkit.prompt import PromptRenderer

        return PromptRenderer(models.get(model), template=template).render(self)
