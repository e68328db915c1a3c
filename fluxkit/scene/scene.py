"""`Scene`: a photograph, stated once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self

from pydantic import Field, StringConstraints, model_validator

from fluxkit.errors import InputError
from fluxkit.scene import files, words
from fluxkit.scene.atmosphere import Atmosphere
from fluxkit.scene.camera import Camera, Lens
from fluxkit.scene.composition import Colour, Composition, PictureText
from fluxkit.scene.difference import Difference, difference
from fluxkit.scene.environment import Environment
from fluxkit.scene.film import FilmStock
from fluxkit.scene.lighting import SHORT_OR_BROAD_ANGLES, Lighting
from fluxkit.scene.noun import Noun, Words
from fluxkit.scene.optical import Optics, scene_optics, setup_of
from fluxkit.scene.subject import Subject
from fluxkit.scene.variation import Together, Variations, vary

if TYPE_CHECKING:
    from fluxkit.scene.reading import Imported
    from fluxkit.scene.rules import Findings

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

    aspect_ratio: AspectRatio | None = Field(default=None, examples=["3:2", "4:5"])
    """Width to height: "3:2", "4:5"."""

    word_paths: ClassVar[Mapping[str, str]] = {
        "depth_words": "lens.f_number",
        "view_words": "lens.focal_length_mm",
        "temperature_words": "lighting.key.temperature_k",
        "sun_words": "environment.clock",
        "daylight_words": "environment.weather",
        "exposure_words": "camera.shutter_s",
    }
    """The field that each of the scene's own derived words belongs to, for a prompt's spans."""

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

    @model_validator(mode="after")
    def _short_and_broad_need_a_turned_head(self) -> Self:
        kind = self.lighting.short_or_broad if self.lighting else None
        yaw = self.subject.yaw_deg if self.subject else None
        if kind is not None and (yaw is None or abs(yaw) < 10):
            raise ValueError(
                f"lighting.short_or_broad={kind!r} says which side of a turned head is lit, but subject.yaw_deg is "
                f"{yaw}: 10 degrees or more either way is needed. Set subject.yaw_deg (positive turns the face to "
                "camera right), or unset short_or_broad"
            )
        return self

    @property
    def aspect(self) -> float | None:
        """Width over height; None where no aspect ratio is given."""
        if self.aspect_ratio is None:
            return None
        width, height = self.aspect_ratio.split(":")
        return float(width) / float(height)

    @property
    def key_angles(self) -> tuple[float, float] | None:
        """Azimuth and elevation of the key in degrees: from its numbers, its pattern or its name, else from short or
        broad light and the turn of the head; None where nothing says them."""
        if self.lighting is None:
            return None
        kind, yaw = self.lighting.short_or_broad, self.subject.yaw_deg if self.subject else None
        if self.lighting.key_angles is not None or kind is None or not yaw:
            return self.lighting.key_angles
        azimuth, elevation = SHORT_OR_BROAD_ANGLES
        return (azimuth if (yaw > 0) == (kind == "short") else -azimuth), elevation

    def optics(self) -> Optics:
        """What the scene's numbers mean: depth of field, angle of view, exposure, sun; None where it says too little.

        >>> from fluxkit.scene import Lens
        >>> seen = Scene(lens=Lens(focal_length_mm=85, f_number=1.8, focus_distance_m=2)).optics()
        >>> round(seen.near_limit_m, 2), round(seen.far_limit_m, 2)
        (1.97, 2.03)
        """
        return scene_optics(self)

    @property
    def depth_words(self) -> str | None:
        """What is sharp: "eyes in sharp focus while the ears already soften, ..."; None without an aperture."""
        return self.once("lens_words", _lens_words)[0]

    @property
    def view_words(self) -> str | None:
        """How the lens sees, on its format: "short telephoto perspective"."""
        return self.once("lens_words", _lens_words)[1]

    @property
    def temperature_words(self) -> str | None:
        """How warm the key looks on this film: "warm"; None on black and white or without a kelvin."""
        key = self.lighting.key if self.lighting else None
        return words.temperature(key, self.film) if key else None

    @property
    def daylight_words(self) -> str | None:
        """What a key without source or modifier is by day: "overcast daylight"; None where it is no daylight."""
        key = self.lighting.key if self.lighting else None
        return words.daylight(self.environment, key) if self.environment and key else None

    @property
    def sun_words(self) -> str | None:
        """The sunlight of the clock time and place."""
        return words.sun(self.environment) if self.environment and self.environment.clock else None

    @property
    def exposure_words(self) -> str | None:
        """What the shutter does to things that move."""
        return words.exposure(self.camera) if self.camera else None

    def size(self, model: Any) -> tuple[int, int]:
        """Width and height in pixels for a model: its default size, shaped to the aspect ratio where one is given."""
        from fluxkit import models

        rule = models.get(model).size
        return rule.for_aspect(self.aspect) if self.aspect else (rule.default_width, rule.default_height)

    def check(self, model: Any = None, *, guidance: float | None = None, silence: Iterable[str] = ()) -> Findings:
        """What is odd about the scene, gravest first: contradictions of physics, and what the model will not do.

        `model` is an id or a `ModelSpec`; without one, what depends on the model is left out. `guidance` is what the
        shot will use (the model's default where unset). `silence` names rules to skip, by the id in a finding's
        `.rule`. Raises `InputError` for a rule that does not exist.

        >>> from fluxkit.scene import Environment, Light, Lighting
        >>> noon = Environment(time_of_day="midday", weather="clear")
        >>> gold = Lighting(key=Light(source="sun", temperature_k=3200))
        >>> [finding.rule for finding in Scene(environment=noon, lighting=gold).check()]
        ['noon-gold']
        """
        from fluxkit import models
        from fluxkit.scene import rules

        spec = None if model is None else models.get(model)
        return rules.check(self, spec, guidance=guidance, silence=silence)

    def diff(self, other: Scene) -> Difference:
        """What changes from this scene to another, in words.

        >>> from fluxkit.scene import Light, Lighting
        >>> left = Scene(lighting=Lighting(key=Light(direction="left")))
        >>> left.diff(left.with_("lighting.key.direction", "right"))
        lighting key direction: left → right
        """
        return difference(self, other)

    def vary(self, *axes: Together, count: int = 1, seed: int = 0, **choices: Any) -> Variations:
        """Scenes with fields varied: lists are crossed, a `OneOf` is drawn anew for each, `Together` goes side by side.

        `count` repeats every combination with new draws. Draws depend on `seed`, the path and the variation's number
        alone. Raises `InputError` for a path that names no field or a value that it does not take.

        >>> from fluxkit.scene import OneOf
        >>> scenes = Scene(subject="a vase").vary(
        ...     **{"environment.time_of_day": ["morning", "night"], "environment.place": OneOf(["a loft", "a cellar"])}
        ... )
        >>> [scene["environment.time_of_day"] for scene in scenes]
        ['morning', 'night']
        """
        return vary(self, axes, choices, count=count, seed=seed)

    def to_json(self, *, indent: int | None = 2) -> str:
        """The scene as JSON text with its schema and version; `from_json` gives an equal scene back."""
        return files.to_json(self, indent=indent)

    @classmethod
    def from_json(cls, text: str | bytes) -> Scene:
        """The scene that `to_json` wrote; raises `InputError` for anything else."""
        return files.from_json(cls, text)

    def to_yaml(self) -> str:
        """The scene as YAML text with its schema and version; `from_yaml` gives an equal scene back."""
        return files.to_yaml(self)

    @classmethod
    def from_yaml(cls, text: str) -> Scene:
        """The scene of a YAML text; a hand-written one may name its film ("film: Portra 400")."""
        return files.from_yaml(cls, text)

    @classmethod
    def from_prompt(cls, text: str) -> Imported:
        """A prompt read into a scene: lens, film, light and time where they are certain, the rest as description.

        Midjourney's flags and AUTOMATIC1111's parameter text are understood. Show the result to see what was read and
        what found no place; `.scene` is the scene, `.request` what belongs to the shot.

        >>> Scene.from_prompt("a fisherman, soft light from the left, 85mm f/1.8, Portra 400 --ar 4:5 --seed 7")
        lighting.key.quality ← 'soft light from the left'
        lighting.key.direction ← 'soft light from the left'
        lens.f_number ← 'f/1.8'
        lens.focal_length_mm ← '85mm'
        film ← 'Portra 400'
        kept as description: a fisherman
        for the shot: seed = 7
        """
        from fluxkit.scene.reading import read_prompt

        return read_prompt(text)

    def prompt(self, model: Any = "flux.1-dev", template: str | None = None) -> Any:
        """The words for a model: a `Prompt`, whose `str()` is exactly the text that the model is given.

        `model` is an id or a `ModelSpec`; `template` names another than the family's own, such as "flux.2/json".
        """
        from fluxkit import models
        from fluxkit.prompt import PromptRenderer

        spec = models.get(model)
        if spec.task == "edit" and template is None:
            raise InputError(
                f"The words of a Scene were asked for {spec.id}, which changes a picture by an order. Give it "
                "fk.Edit(change=..., keep=[...]).prompt(), or name a template."
            )
        return PromptRenderer(spec, template=template).render(self)


def _lens_words(scene: Scene) -> tuple[str | None, str | None]:
    setup = setup_of(scene)
    return words.lens(setup) if setup else (None, None)
