"""`ForeignPicture`: what another program's picture says, in our terms."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from typing import Any

from fluxkit._base import Record
from fluxkit.frames.privacy import scrubbed
from fluxkit.scene import Scene
from fluxkit.scene.reading import Imported

_REQUEST = ("seed", "steps", "guidance", "true_cfg", "width", "height")


@dataclass(slots=True)
class Found:
    """What a program's own format said, before it is mapped."""

    program: str
    prompt: str
    negative: str = ""
    model: str = ""
    """As the program names it: a file, a hub id, a title."""
    request: dict[str, Any] = field(default_factory=dict)
    """Fields of a shot, under our names; values may still be text."""
    rest: dict[str, Any] = field(default_factory=dict)
    """Everything else."""


class ForeignPicture(Record):
    """A picture of another program, as far as it can be said in our terms. Show it to see what was read."""

    program: str
    """Who wrote it, such as `ComfyUI`."""

    prompt: str
    """The prompt, word for word."""

    negative: str = ""
    """The negative prompt, word for word."""

    model: str = ""
    """The model under the name the program gave it."""

    imported: Imported
    """The prompt read into a scene, word by word: `.readings`, `.unmapped`."""

    request: dict[str, Any]
    """What a shot takes: seed, steps, guidance, true_cfg, width, height."""

    unmapped: dict[str, str]
    """Settings that have no counterpart here, as text and without folders."""

    @property
    def scene(self) -> Scene:
        """The scene that the prompt describes."""
        return self.imported.scene

    def __repr__(self) -> str:
        lines = [f"{self.program}: {self.prompt}"]
        lines += [f"negative: {self.negative}"] if self.negative else []
        lines += [f"model: {self.model}"] if self.model else []
        lines += [str(self.imported)]
        lines += [f"for the shot: {name} = {value}" for name, value in self.request.items()]
        lines += [f"no place for: {name} = {value}" for name, value in self.unmapped.items()]
        return "\n".join(lines)


def picture_of(found: Found) -> ForeignPicture:
    """The mapped picture: numbers as numbers, the prompt as a scene, and the rest by name."""
    request, rest = {}, dict(found.rest)
    for name, value in found.request.items():
        number = _number(value, whole=name in ("seed", "steps", "width", "height"))
        if name in _REQUEST and number is not None:
            request[name] = number
        elif value is not None:
            rest[name] = value
    imported = Scene.from_prompt(found.prompt) if found.prompt else Imported(scene=Scene())
    avoid = tuple(part.strip() for part in found.negative.split(",") if part.strip())
    if avoid:
        imported = imported.with_(scene=imported.scene.with_(avoid=(*imported.scene.avoid, *avoid)))
    unmapped = {name: _text(value) for name, value in scrubbed(rest).items() if value not in (None, "", [], {})}
    return ForeignPicture(
        program=found.program,
        prompt=found.prompt,
        negative=found.negative,
        model=_text(scrubbed(found.model)),
        imported=imported,
        request={**imported.request, **request},
        unmapped=unmapped,
    )


def parsed(text: str) -> Any:
    """JSON, or None for text that is none."""
    try:
        return json.loads(text)
    except ValueError:
        return None


def _number(value: Any, *, whole: bool) -> int | float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    if not math.isfinite(number) or number < 0:
        return None
    if whole:
        return int(value) if str(value).lstrip("+").isdigit() else int(number)
    return number


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
