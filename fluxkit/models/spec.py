"""`ModelSpec`: what one FLUX variant takes, as data that every check reads."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from fluxkit._base import Record
from fluxkit.errors import InputError
from fluxkit.models import prices
from fluxkit.models.options import OptionRule

Family = Literal["flux.1", "flux.2", "flux.3"]
Task = Literal["text", "fill", "expand", "depth", "canny", "control", "redux", "edit", "likeness"]
Method = Literal["shoot", "vary", "fill", "outpaint", "edit", "control", "blend"]
Holds = Literal["whole", "prior", "lora", "controlnet", "ip-adapter"]

_METHODS: dict[str, tuple[Method, ...]] = {
    "text": ("shoot",),
    "fill": ("fill", "outpaint"),
    "expand": ("outpaint",),
    "depth": ("control",),
    "canny": ("control",),
    "control": ("control",),
    "redux": ("blend",),
    "edit": ("edit",),
    "likeness": ("blend",),
}


class StepRange(Record):
    """How many denoising steps a model takes; `default` is its maker's advice."""

    default: int = Field(gt=0)
    low: int = Field(1, gt=0)
    high: int = Field(100, gt=0)


class GuidanceRange(Record):
    """How a model is held to its prompt: an input of the weights, classifier-free guidance, or nothing at all."""

    kind: Literal["embedded", "cfg", "none"]
    """`embedded`: one pass a step, the scale is an input. `cfg`: two passes a step. `none`: the weights ignore it."""
    default: float | None = None
    low: float = 0.0
    high: float = 10.0


class SizeRule(Record):
    """Which picture sizes a model makes, in pixels."""

    multiple: int = 16
    """Both sides are multiples of this (the VAE's factor times the 2 x 2 packing)."""
    min_side: int = 256
    max_side: int = 2048
    max_pixels: int = 2048 * 2048
    default_width: int = 1024
    default_height: int = 1024

    def refusal(self, width: int, height: int) -> str | None:
        """Why a size cannot be made, with the nearest one that can; None where it can."""
        if self.allows(width, height):
            return None
        near = self.nearest(width, height)
        return (
            f"a size of {width} x {height} was asked for; sides are multiples of {self.multiple} "
            f"from {self.min_side} to {self.max_side}, at most {self.max_pixels / 1e6:g} megapixels. "
            f"The nearest size it makes is {near[0]} x {near[1]}"
        )

    def allows(self, width: int, height: int) -> bool:
        """Whether a width and height in pixels can be made exactly."""
        sides = (width, height)
        return (
            all(side % self.multiple == 0 and self.min_side <= side <= self.max_side for side in sides)
            and width * height <= self.max_pixels
        )

    def nearest(self, width: int, height: int) -> tuple[int, int]:
        """The allowed size closest to a width and height in pixels."""
        scale = max(1.0, self.min_side / min(width, height))
        scale = min(scale, (self.max_pixels / (width * height)) ** 0.5, self.max_side / max(width, height))
        return self._snapped(width * scale), self._snapped(height * scale)

    def for_aspect(self, ratio: float) -> tuple[int, int]:
        """The size of an aspect ratio (width over height) with about the default size's pixel count.

        >>> SizeRule().for_aspect(3 / 2)
        (1248, 832)
        """
        area = self.default_width * self.default_height
        return self._snapped((area * ratio) ** 0.5), self._snapped((area / ratio) ** 0.5)

    def _snapped(self, side: float) -> int:
        snapped = int(side / self.multiple + 0.5) * self.multiple
        lowest = -(-self.min_side // self.multiple) * self.multiple
        return max(lowest, min(self.max_side // self.multiple * self.multiple, snapped))


class ModelSpec(Record):
    """One FLUX variant: what it is, what it takes, and where its figures come from.

    `spec.with_(weights="my/fine-tune")` is the same architecture with other weights, accepted wherever an id is.
    """

    id: str
    title: str
    family: Family
    task: Task = "text"
    also: tuple[Method, ...] = ()
    """What a session can do with it beside what its task says; see `methods`."""
    where: Literal["local", "hosted"] = "local"
    template: str
    """The folder under `templates/` whose words this model reads best."""
    weights: str | None = None
    """A hub id or a folder in diffusers' layout; None for hosted models."""
    holds: Holds = "whole"
    """What the weights are: a whole model, or something that runs on the parts of `base`: Redux's prior, a LoRA that
    makes a control model of it, a ControlNet beside it, or an IP-Adapter in its attention."""
    base: str | None = None
    """Id of the model whose other parts it runs with, for weights that hold only a part."""
    base_weights: str | None = None
    """A folder or hub id to take those parts from, where they are not the base's own."""
    licence: str
    licence_url: str | None = None
    steps: StepRange | None = None
    """None where the host chooses."""
    guidance: GuidanceRange = GuidanceRange(kind="none")
    negative: Literal["true_cfg", "embeds", "none"] = "none"
    """`true_cfg`: a negative prompt works when `true_cfg` is above 1 (two passes a step). `embeds`: it takes the place
    of the empty one that guidance above 1 works against."""
    negative_for: tuple[Method, ...] | None = None
    """The methods that read a negative prompt, where not all do; see `negative_in`."""
    size: SizeRule = SizeRule()
    sized_by: Literal["pixels", "aspect_ratio", "input"] = "pixels"
    """What decides the size: width and height, an aspect ratio, or the input picture. For the last two a shot's width
    and height are nominal."""
    hosts: tuple[str, ...] = ()
    """Hosts that run it, the preferred one first; none for local models."""
    options: dict[str, OptionRule] = Field(default_factory=dict)
    """What `Shot.options` may hold for this model."""
    verified: bool = True
    """False where no current source lists the model or its fields."""
    windows: dict[str, int] = Field(default_factory=dict)
    """Tokens that each text encoder reads, in the order the model counts them."""
    references: int = Field(0, ge=0)
    """How many reference pictures one shot may carry."""
    weighs_references: bool = False
    """Whether each reference counts with a weight of its own; others see them all alike."""
    controls: dict[str, int | None] = Field(default_factory=dict)
    """The kinds of control map that it follows; the number is how a ControlNet of several kinds is told which."""
    max_controls: int = Field(1, ge=1)
    """How many control maps one shot may carry."""
    control_strength: float | None = Field(None, gt=0, le=2)
    """How strongly a control map acts when nothing is asked for; None where that cannot be chosen."""
    loras: bool = True
    """Whether a shot may carry LoRAs."""
    strength: float | None = Field(None, gt=0, le=1)
    """How far a varied picture moves from its start when nothing is asked for; None where no start picture is taken."""
    distilled: bool = False
    vocabulary: str | None = None
    """A word list inside the weights folder, for a model that was taught only certain words."""
    parameters: float | None = None
    """Billions of parameters in the transformer."""
    source: str = ""
    """Where the figures come from."""
    note: str = ""

    def __hash__(self) -> int:
        return hash((self.id, self.weights))

    @property
    def methods(self) -> tuple[Method, ...]:
        """What a session can do with it: the names of the session's methods.

        >>> from fluxkit import models
        >>> models.get("flux.1-fill-dev").methods
        ('fill', 'outpaint')
        """
        references: tuple[Method, ...] = ("edit",) if self.references and self.task == "text" else ()
        return tuple(dict.fromkeys((*_METHODS[self.task], *references, *self.also)))

    @property
    def follows(self) -> tuple[str, ...]:
        """The kinds of control map that it follows; empty where it takes none."""
        return tuple(self.controls) or ((self.task,) if self.task in ("depth", "canny") else ())

    def references_in(self, method: Method) -> int:
        """How many reference pictures one of the methods takes; see `references`."""
        if method in ("edit", "blend"):
            return self.references
        return min(1, self.references) if method in ("fill", "outpaint") else 0

    def negative_in(self, method: Method) -> Literal["true_cfg", "embeds", "none"]:
        """How a negative prompt works in one of the methods; see `negative`."""
        return self.negative if self.negative_for is None or method in self.negative_for else "none"

    def guidance_for(self, asked: float | None) -> float | None:
        """The guidance a shot gets: what was asked, else the model's default; None where the model has none."""
        return asked if asked is not None or self.guidance.kind == "none" else self.guidance.default

    def steps_for(self, asked: int | None) -> int | None:
        """The steps a shot gets: what was asked, else the model's default; None where the host chooses."""
        return asked if asked is not None or self.steps is None else self.steps.default

    def describe(self) -> dict[str, Any]:
        """The row of this model in `models.table()`: plain texts by column name."""
        return {
            "model": self.id,
            "does": ", ".join(self.methods),
            "runs": self.where,
            "steps": "-" if self.steps is None else str(self.steps.default),
            "guidance": "-" if self.guidance.default is None else f"{self.guidance.default:g} ({self.guidance.kind})",
            "size": f"{self.size.default_width} x {self.size.default_height}",
            "words read": ", ".join(f"{name} {count}" for name, count in self.windows.items()) or "-",
            "licence": self.licence,
            "hosts": ", ".join(self.hosts) or "-",
            "price": self._price(),
            "verified": "yes" if self.verified else "no",
        }

    def _price(self) -> str:
        found = prices.price(self.id, self.hosts[0]) if self.hosts else None
        return str(found) if found else "-"


def check_id(name: str) -> str:
    """The id, if it is written as model ids are: lower case, digits, dots and dashes."""
    if not name or name != name.lower() or any(not (c.isalnum() or c in ".-") for c in name):
        raise InputError(f"A model id of {name!r} was given. Ids are lower case with digits, dots and dashes.")
    return name
