"""`OptionRule`: what one request option of a hosted model takes, and the checks that a plan makes of them.

An option is anything that only some models know: `raw`, `safety_tolerance`, `output_format`, ... A shot carries them in
`options`. Two names are always allowed on hosted models: `host`, which of the model's hosts makes the picture, and
`extra`, fields that are passed to the host untouched and recorded with the frame.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from fluxkit._base import Record
from fluxkit.errors import CapabilityError, InputError, NoPublicAPI, did_you_mean

if TYPE_CHECKING:
    from fluxkit.models.spec import ModelSpec

ALWAYS = ("host", "extra")
"""Options that every hosted model takes."""


WITHOUT_API = {
    "picassoia": (
        "A picture was asked of PicassoIA, which has no public interface: no developer documentation, key page or SDK "
        "was found (2026-11). The same models run at bfl, replicate and fal. Choose one of those, or bring pictures "
        "made there with fluxkit.engines.hosted.import_picture(path, model=..., prompt=...)."
    ),
}
"""Hosts that people know and that cannot be asked, with what to do instead."""


READ_LORA_FILES = ("fal",)
"""Hosts to which a LoRA file of this machine can be handed; others read hub ids and addresses."""


class OptionRule(Record):
    """The values that one option takes.

    >>> OptionRule(kind="int", low=0, high=6).refusal("safety_tolerance", 9)
    'safety_tolerance=9 was asked for; it is a whole number from 0 to 6'
    """

    kind: Literal["bool", "int", "float", "text", "ratio"]
    """`ratio` is width to height, written `3:2`."""
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    default: Any = None
    """What the host uses when the option is not sent; None where that is not known."""
    note: str = ""

    def refusal(self, name: str, value: Any) -> str | None:
        """Why a value is not taken, with what is; None where it is taken."""
        if self._takes(value):
            return None
        return f"{name}={value!r} was asked for; it is {self.words()}"

    def nearest(self, value: Any) -> Any:
        """The closest value that is taken; the host's default where none is close."""
        if self.kind in ("int", "float") and isinstance(value, int | float) and not isinstance(value, bool):
            held = min(max(value, self.low if self.low is not None else value), self.high or value)
            return int(held) if self.kind == "int" else held
        return self.default

    def words(self) -> str:
        """The values in words."""
        if self.choices:
            return f"one of {', '.join(self.choices)}"
        if self.kind == "ratio":
            return f"width:height, such as '3:2', from {_as_ratio(self.low)} to {_as_ratio(self.high)}"
        span = "" if self.low is None else f" from {self.low:g} to {self.high:g}"
        kinds = {"bool": "True or False", "int": "a whole number", "float": "a number", "text": "a text"}
        return kinds[self.kind] + span

    def _takes(self, value: Any) -> bool:
        if self.choices:
            return value in self.choices
        if self.kind == "ratio":
            try:
                return self._inside(ratio(value))
            except InputError:
                return False
        wanted: dict[str, Any] = {"bool": bool, "int": int, "float": int | float, "text": str}
        right = isinstance(value, wanted[self.kind]) and (self.kind == "bool" or not isinstance(value, bool))
        return right and (self.kind in ("bool", "text") or self._inside(value))

    def _inside(self, value: float) -> bool:
        return (self.low is None or value >= self.low - 1e-9) and (self.high is None or value <= self.high + 1e-9)


@dataclass(frozen=True)
class Refusal:
    """An option that a model does not take, and what to put in its place; None drops it."""

    name: str
    message: str
    cure: str
    replacement: Any = None


def refusals(spec: ModelSpec, options: Mapping[str, Any]) -> Iterator[Refusal]:
    """What a hosted model does not take among `options`."""
    for name, value in options.items():
        if name == "host":
            yield from _host(spec, value)
        elif name == "extra":
            if not isinstance(value, Mapping):
                yield Refusal(name, f"extra={value!r} was given; it is a dict of host fields.", "Give a dict.")
        elif name not in spec.options:
            known = ", ".join((*spec.options, *ALWAYS))
            yield Refusal(
                name,
                f"The option {name}={value!r} was asked for, but {spec.id} has none of that name."
                f"{did_you_mean(name, spec.options)} Its options are: {known}.",
                "Leave it out, or pass a field of the host's own in options={'extra': {...}}.",
            )
        elif why := spec.options[name].refusal(name, value):
            near = spec.options[name].nearest(value)
            yield Refusal(
                name, f"{spec.id}: {why}.", "Leave it out." if near is None else f"Use {near!r}.", replacement=near
            )


def framed(
    spec: ModelSpec, options: Mapping[str, Any], aspect: str | None, size: tuple[int, int] | None
) -> tuple[dict[str, Any], int, int]:
    """The options, width and height (pixels) of a shot on a hosted model.

    Models sized by pixels get `size`, or the scene's `aspect` at their own pixel count. Models sized by aspect ratio
    get it as an option; their width and height are nominal. Raises `CapabilityError` for a size where none is taken.
    """
    made = dict(options)
    if spec.sized_by == "pixels":
        width, height = size or _of_aspect(spec, aspect)
        return made, width, height
    if size is not None:
        follows, instead = {
            "aspect_ratio": ("an aspect ratio", "options={'aspect_ratio': '3:2'}"),
            "input": ("its input picture", "an input picture of that size"),
        }[spec.sized_by]
        raise CapabilityError(
            f"{spec.id} takes no size in pixels, but {size[0]} x {size[1]} was asked for. "
            f"It follows {follows}. Give {instead}."
        )
    if spec.sized_by == "aspect_ratio":
        asked = made.get("aspect_ratio") or aspect or spec.options["aspect_ratio"].default
        if asked is not None:
            made["aspect_ratio"] = asked
        width, height = _of_aspect(spec, asked)
        return made, width, height
    return made, spec.size.default_width, spec.size.default_height


def ratio(text: Any) -> float:
    """Width over height of a text such as `3:2`; raises `InputError` for any other text."""
    width, _, height = str(text).partition(":")
    try:
        value = float(width) / float(height)
    except (ValueError, ZeroDivisionError):
        value = 0.0
    if not value > 0:
        raise InputError(f"An aspect ratio of {text!r} was given. It is width:height. Write it like '3:2'.")
    return value


def _of_aspect(spec: ModelSpec, aspect: str | None) -> tuple[int, int]:
    if aspect is None:
        return spec.size.default_width, spec.size.default_height
    return spec.size.for_aspect(ratio(aspect))


def _host(spec: ModelSpec, host: Any) -> Iterator[Refusal]:
    if host in WITHOUT_API:
        raise NoPublicAPI(WITHOUT_API[host], host=host)
    if host not in spec.hosts:
        yield Refusal(
            "host",
            f"The host {host!r} was asked for, but {spec.id} is not known to run there."
            f"{did_you_mean(str(host), spec.hosts)}",
            f"Use one of: {', '.join(spec.hosts)}.",
        )


def _as_ratio(value: float | None) -> str:
    if value is None:
        return "any"
    return f"{value * 9:.0f}:9" if value >= 1 else f"9:{9 / value:.0f}"
