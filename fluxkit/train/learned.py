"""What a training on this machine gives: a LoRA, its checkpoints, and how it went."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from pydantic import Field

from fluxkit._base import Record
from fluxkit.errors import InputError
from fluxkit.models import ModelSpec
from fluxkit.shots import LoRA
from fluxkit.shots.trained import TrainedLoRA, TrainingRequest
from fluxkit.train.photographs import Consent, TrainingSet
from fluxkit.train.recipe import LoRARecipe


class Checkpoint(Record):
    """The adapter as it was after so many steps."""

    step: int
    file: Path = Field(repr=False)
    loss: float
    held_out: float | None = None
    """The loss of the pictures that were never learned from."""
    trigger: str = Field(repr=False)

    def lora(self, strength: float = 1.0) -> LoRA:
        """The checkpoint for a shot."""
        return LoRA(weights=str(self.file), strength=strength, name=f"{self.trigger} step {self.step}")

    @classmethod
    def of(cls, folder: Path, trigger: str, entry: dict[str, float]) -> Checkpoint:
        """The checkpoint that an entry of a training's history tells of."""
        step = int(entry["step"])
        file = folder / f"{trigger}-{step:06d}.safetensors"
        return cls(step=step, file=file, loss=entry["loss"], held_out=entry.get("held_out"), trigger=trigger)


class LearnedLoRA(TrainedLoRA):
    """A LoRA that was trained on this machine; it is used like one that a host trained."""

    checkpoints: tuple[Checkpoint, ...]
    """In order of steps; `lora()` is the last one, `at(step)` another."""
    recipe: LoRARecipe = Field(repr=False)
    base: str
    base_weights: str = Field(repr=False)
    """The identity of the weights it was trained on."""
    licence: str
    """The base's licence: it binds what is made with the adapter too."""
    consent: Consent | None = None
    warnings: tuple[str, ...] = ()

    def checkpoint(self, step: int) -> Checkpoint:
        """The checkpoint after `step` steps; raises `InputError` where none was kept then."""
        found = next((checkpoint for checkpoint in self.checkpoints if checkpoint.step == step), None)
        if found is None:
            steps = [checkpoint.step for checkpoint in self.checkpoints]
            near = min(steps, key=lambda kept: abs(kept - step))
            raise InputError(
                f"The checkpoint of step {step} of {self.trigger!r} was asked for. There are: "
                f"{', '.join(map(str, steps))}. Take one of them, such as {near}."
            )
        return found

    def at(self, step: int) -> LearnedLoRA:
        """The same training as it was after `step` steps; raises `InputError` where no checkpoint was kept then."""
        place = self.checkpoints.index(self.checkpoint(step))
        kept = self.checkpoints[: place + 1]
        request = self.request.with_(steps=step)
        return self.with_(checkpoints=kept, file=kept[-1].file, content=_sha256(kept[-1].file), request=request)

    def lying_in(self, folder: Path) -> LearnedLoRA:
        """The same with its files in another folder, for a catalogue that was moved."""
        moved = [kept.with_(file=folder / kept.file.name) for kept in self.checkpoints]
        return self.with_(file=folder / self.file.name, checkpoints=tuple(moved))


def described(
    photographs: TrainingSet,
    spec: ModelSpec,
    recipe: LoRARecipe,
    checkpoints: Sequence[Checkpoint],
    *,
    base_weights: str,
) -> LearnedLoRA:
    """The result of a training, with what its losses warn of."""
    last = checkpoints[-1]
    request = TrainingRequest(
        trainer="fluxkit",
        host="local",
        trains=spec.id,
        trigger=photographs.trigger,
        steps=last.step,
        content=photographs.content,
        pictures=len(photographs),
        options=recipe.canonical(),
    )
    return LearnedLoRA(
        file=last.file,
        content=_sha256(last.file),
        rank=recipe.rank,
        request=request,
        cost_usd=None,
        checkpoints=tuple(checkpoints),
        recipe=recipe,
        base=spec.id,
        base_weights=base_weights,
        licence=spec.licence,
        consent=photographs.consent,
        warnings=tuple(_warnings(checkpoints)),
    )


def _warnings(checkpoints: Sequence[Checkpoint]) -> list[str]:
    """What the pictures held out say: learned by heart where their loss rises while the others' falls."""
    told = [(checkpoint.step, checkpoint.held_out) for checkpoint in checkpoints if checkpoint.held_out is not None]
    if len(told) < 3:
        return []
    step, best = min(told, key=lambda pair: pair[1])
    rose = told[-1][1] > 1.02 * best and checkpoints[-1].loss <= checkpoints[0].loss
    if not rose:
        return []
    return [
        f"The pictures held out were answered best after {step} steps and worse since ({best:.4f}, now "
        f"{told[-1][1]:.4f}): the others are being learned by heart. Try at({step})."
    ]


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
