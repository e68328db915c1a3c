"""`Shot`: one picture asked for, whole: everything that decides its pixels, and the scene that it stands for."""

from __future__ import annotations

import hashlib
import json
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import Field, field_serializer, field_validator, model_validator

from fluxkit import models
from fluxkit._base import Record
from fluxkit.models import ModelSpec
from fluxkit.models.weights import adapter_file, file_tag, weights_tag
from fluxkit.prompt import Prompt
from fluxkit.scene import Scene
from fluxkit.shots.inputs import Inputs
from fluxkit.shots.later import Later, given

_TAG = "shot1"
"""Changes whenever the canonical form of a request does, so that old ids stay true."""


REQUEST_FIELDS = ("model", "seed", "steps", "guidance", "true_cfg", "size")
"""What a sweep may set beside the fields of its scene; `options.<name>` too."""


class LoRA(Record):
    """A trained adapter and how strongly it acts, known by the content of its file."""

    weights: str
    """A safetensors file, a folder that holds one, or a hub id."""
    strength: float = Field(1.0, ge=-4.0, le=4.0)
    name: str | None = None
    """What captions call it; the file's name unless given."""
    content: str | None = None
    """The hash of the file, set where it is on this machine: the same adapter under another name or in another place
    makes the same shot."""

    @model_validator(mode="before")
    @classmethod
    def _known_by_content(cls, given: Any) -> Any:
        if isinstance(given, dict) and isinstance(weights := given.get("weights"), str | Path):
            given = {**given, "weights": str(weights)}
            file = adapter_file(str(weights))
            if file is not None:
                tag = file_tag(file)
                _files[tag] = file
                # A shot that comes back from a file keeps its identity, whatever lies under that name today.
                given["content"] = given.get("content") or tag
        return given

    def with_(self, path: str | None = None, value: Any = None, /, **changes: Any) -> LoRA:
        """A validated copy with fields changed; other `weights` have another content."""
        asked = {**({} if path is None else {path: value}), **changes}
        return super().with_(**({"content": None} if "weights" in asked else {}) | asked)

    @property
    def file(self) -> Path | None:
        """Where the adapter lies on this machine, as far as this process knows; None for a hub id or a lost file."""
        if self.content is None:
            return None
        here, known = adapter_file(self.weights), _files.get(self.content)
        if here is not None and file_tag(here) == self.content:
            return here
        return known if known is not None and known.is_file() else here

    def at(self, *strengths: float) -> tuple[LoRA, ...]:
        """The adapter at several strengths, for an axis of a sweep: `over(loras=lora.at(0.4, 0.7, 1.0))`."""
        return tuple(self.with_(strength=strength) for strength in strengths)

    @property
    def label(self) -> str:
        """What captions say, such as `silk at 0.8`."""
        return f"{self.name or Path(self.weights).stem} at {self.strength:g}"

    def __repr_args__(self) -> list[tuple[str | None, Any]]:
        return [(name, value) for name, value in self.request().items() if value is not None]

    def request(self) -> dict[str, Any]:
        """What files say of it: no folder of this machine."""
        given = self.model_dump(mode="json")
        if self.content is None:
            del given["content"]
            return given
        return given | {"weights": Path(self.weights).name}


_files: dict[str, Path] = {}
"""Where adapters that this process has seen lie, by content: a shot that comes back from a file finds them."""


def _plain(value: Any) -> bool:
    """Whether these are mappings, as they come from a file."""
    return not isinstance(value, Later) and any(not isinstance(one, Later) for one in value)


_specs: dict[tuple[str, str], ModelSpec] = {}
"""Specs with weights of the user's own, by model and weights: a shot that comes back from a file finds them."""


def weights_of(spec: ModelSpec) -> str:
    """The identity of a spec's weights (`weights_tag`), under which shots that come back from files find the spec."""
    tag = weights_tag(spec)
    table = models.get(spec.id) if spec.id in models.ids() else None
    if table is None or (spec.weights, spec.base_weights) != (table.weights, table.base_weights):
        _specs[spec.id, tag] = spec
    return tag


def _spec_of(given: dict[str, Any]) -> ModelSpec:
    return _specs.get((given["model"], given.get("weights") or "")) or models.get(given["model"])


class Shot(Record):
    """One request to one model. Two shots with equal requests have the same `id`, and a model makes them once.

    The scene is what the picture is measured against; the model itself is given `prompt` alone.
    """

    model: str
    weights: str = ""
    """Which weights: a hub id, or a folder's name and content hash. Set by the plan."""
    prompt: Prompt
    negative: str | None = None
    scene: Scene | None = None
    seed: int = Field(0, ge=0, lt=2**63)
    steps: int | None = Field(None, gt=0)
    guidance: float | None = Field(None, ge=0)
    true_cfg: float | None = Field(None, ge=1)
    """Scale of a second, negative pass a step, for models that take one; 1 or None turns it off."""
    width: int = Field(gt=0)
    height: int = Field(gt=0)
    loras: tuple[LoRA, ...] = ()
    later: tuple[Later, ...] = ()
    """What changes part of the way through: guidance or words from some step on."""
    inputs: Inputs | None = None
    """The pictures that it starts from, for the tasks beside making one from words."""
    options: dict[str, Any] = Field(default_factory=dict)
    """What only some models or hosts take, such as `raw`; checked against the model's own table by the plan."""
    spec: ModelSpec = Field(default_factory=_spec_of, exclude=True, repr=False)
    """The table row that this shot was planned with; found by id when a shot comes back from a file."""

    @field_validator("loras", mode="before")
    @classmethod
    def _one_lora_is_a_tuple(cls, value: Any) -> Any:
        return (value,) if isinstance(value, LoRA) else value

    @field_serializer("loras")
    def _told_loras(self, loras: tuple[LoRA, ...]) -> list[dict[str, Any]]:
        return [lora.request() for lora in loras]

    @field_validator("later", mode="before")
    @classmethod
    def _in_order(cls, value: Any) -> Any:
        return given(value) if isinstance(value, Later | tuple | list) and not _plain(value) else value

    @field_validator("prompt", mode="before")
    @classmethod
    def _prompt_of_text(cls, value: Any) -> Any:
        return Prompt(text=value) if isinstance(value, str) else value

    @field_serializer("prompt")
    def _text_of_prompt(self, prompt: Prompt) -> str:
        return prompt.text

    @field_serializer("inputs")
    def _given_inputs(self, inputs: Inputs | None) -> dict[str, Any] | None:
        return None if inputs is None else inputs.canonical()

    @cached_property
    def id(self) -> str:
        """`shot1-` and 16 hexadecimal digits: the content hash of the request, the same on every machine."""
        request = self.request()
        if "loras" in request:
            # By content where it is known: names and folders do not change pixels.
            request["loras"] = [
                {"content": lora.content, "strength": lora.strength} if lora.content else told
                for lora, told in zip(self.loras, request["loras"], strict=True)
            ]
        text = json.dumps(request, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return f"{_TAG}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"

    def request(self) -> dict[str, Any]:
        """What decides the pixels, as plain values: the scene is left out, for the model never sees it.

        Unset and empty fields are left out too, so that a field added later does not change the ids of old requests.
        """
        given = self.model_dump(mode="json", exclude={"scene", "spec"})
        return {name: value for name, value in given.items() if value not in (None, "", [], {})}

    def value(self, path: str) -> Any:
        """The value of an axis: a field of the request (`seed`, `guidance`, ...) or a dotted path of the scene."""
        if path == "size":
            return self.width, self.height
        if path.startswith("options."):
            return self.options.get(path.partition(".")[2])
        if path in type(self).model_fields:
            return getattr(self, path)
        return None if self.scene is None else self.scene.get(path)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Shot) and self.id == other.id

    def __hash__(self) -> int:
        return hash(self.id)
