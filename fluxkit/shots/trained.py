"""`TrainedLoRA`: a LoRA that was trained here or at a host, and the request that it came from."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

from pydantic import Field

from fluxkit._base import Record
from fluxkit.shots.shot import LoRA


def with_trigger(caption: str, trigger: str) -> str:
    """A caption that holds the trigger as a word of its own; put in front where it does not.

    >>> with_trigger("a photo of OHW on a plinth", "ohw"), with_trigger("showing a vase", "ohw")
    ('a photo of OHW on a plinth', 'ohw, showing a vase')
    """
    held = re.search(rf"(?<!\w){re.escape(trigger)}(?!\w)", caption, re.IGNORECASE)
    return caption if held else f"{trigger}, {caption}"


class TrainingRequest(Record):
    """What was asked of a trainer: everything that decides the LoRA, and nothing of where it ran."""

    trainer: str
    host: str
    trains: str
    trigger: str
    steps: int
    content: str
    """SHA-256 of the zip with the pictures and captions."""
    pictures: int
    take: int = 0
    """Another training of the same request has another number."""
    options: dict[str, Any] = Field(default_factory=dict)
    """Rank, style, learning rate, destination and the host's own fields, where they were given."""

    @property
    def id(self) -> str:
        """`training1-` and 16 hexadecimal digits: the content hash of the request."""
        text = json.dumps(self.canonical(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return f"training1-{hashlib.sha256(text.encode()).hexdigest()[:16]}"


class TrainedLoRA(Record):
    """A LoRA that was trained, here or at a host, as it lies on this machine."""

    file: Path = Field(repr=False)
    """The safetensors file; its name is its SHA-256."""
    content: str
    """SHA-256 of the file."""
    rank: int
    """As the file's matrices have it; 0 where they do not tell."""
    request: TrainingRequest
    cost_usd: float | None = None
    """What the host said it cost; None where it did not."""
    reference: str = ""
    """The name under which its own host reads it: Replicate's model and version. Empty elsewhere."""

    @property
    def trigger(self) -> str:
        """The word that calls it up in a prompt."""
        return self.request.trigger

    def lora(self, strength: float = 1.0) -> LoRA:
        """The LoRA for a shot: `session.shoot(scene, model=..., loras=[trained.lora()])`."""
        return LoRA(weights=str(self.file), strength=strength, name=self.trigger)

    def __repr__(self) -> str:
        asked = self.request
        cost = f", ${self.cost_usd:.2f}" if self.cost_usd is not None else ""
        return (
            f"TrainedLoRA({self.trigger!r} for {asked.trains}, {asked.trainer}, {asked.steps:,} steps, "
            f"rank {self.rank}, {asked.pictures} pictures, {self.content[:12]}{cost})"
        )
