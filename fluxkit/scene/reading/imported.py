"""`Imported`: a scene made from somebody's prompt, and the report of how."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from fluxkit._base import Record
from fluxkit.scene.scene import Scene


class Reading(Record):
    """A field that was read with certainty, and the words that said it."""

    path: str
    """Dotted path of the field."""

    words: str
    """The words in the prompt."""


class Imported(Record):
    """What a prompt became: a scene, what belongs to the shot rather than the scene, and what found no place."""

    scene: Scene
    """The scene; what could not be read with certainty is its subject's description."""

    request: dict[str, Any] = Field(default_factory=dict)
    """Fields of the shot: seed, steps, guidance, width, height, raw."""

    readings: tuple[Reading, ...] = ()
    """The fields that were read, in the order of the prompt."""

    unmapped: tuple[str, ...] = ()
    """Flags, weights and settings of other tools that have no meaning here."""

    def __str__(self) -> str:
        lines = [f"{reading.path} ← {reading.words!r}" for reading in self.readings]
        subject = self.scene.subject
        lines.append(f"kept as description: {subject.description if subject else 'nothing'}")
        lines += [f"for the shot: {name} = {value}" for name, value in self.request.items()]
        lines += [f"no place for: {text}" for text in self.unmapped]
        return "\n".join(lines)

    __repr__ = __str__
