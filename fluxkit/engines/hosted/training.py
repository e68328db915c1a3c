"""What is asked of a hosted LoRA trainer, and what comes back: plain values, no I/O but reading a header."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import Field

from fluxkit._base import Record
from fluxkit.engines.hosted.client import Parcel
from fluxkit.engines.hosted.dataset import Dataset
from fluxkit.engines.hosted.trainer_table import Trainer, fields_of, trainer
from fluxkit.engines.hosted.uploads import marked
from fluxkit.errors import InputError
from fluxkit.shots.trained import TrainedLoRA, TrainingRequest

__all__ = ["HostedTraining", "TrainedLoRA", "TrainingOrder", "TrainingRequest", "ordered"]


class HostedTraining(Record):
    """How a LoRA is to be trained at a host."""

    trigger: str = Field(min_length=1, pattern=r"\S")
    """The word that will call it up in a prompt: one that means nothing else."""
    trainer: str = "fal-ai/flux-lora-fast-training"
    """Which host's trainer; `fluxkit.engines.hosted.trainers()` lists them."""
    steps: int | None = Field(None, gt=0)
    """Unset takes the trainer's own default, mostly 1,000."""
    rank: int | None = Field(None, gt=0)
    style: bool = False
    """True for a look rather than a person or thing."""
    learning_rate: float | None = Field(None, gt=0)
    destination: str | None = Field(None, pattern=r"^[^/\s]+/[^/\s]+$")
    """The model of your account that Replicate puts the LoRA into, as in `me/my-lora`; made, private, if it is new."""
    extra: dict[str, Any] = Field(default_factory=dict)
    """The host's own fields, passed on untouched and recorded."""
    take: int = Field(0, ge=0)
    """The same training again gets another number; without it a finished one is given back, not paid again."""


@dataclass(frozen=True)
class TrainingOrder:
    """A training that is ready to be sent."""

    request: TrainingRequest
    trainer: Trainer
    fields: dict[str, Any] = field(repr=False)
    """The request's fields, with a mark in the place of the pictures."""
    mark: str
    parcel: Parcel

    def forecast_usd(self, prices: Mapping[str, float]) -> float:
        """What it is expected to cost; `prices` are the user's own, in US dollars a training."""
        return prices.get(self.trainer.id, self.trainer.forecast_usd(self.request.steps))


def ordered(asked: HostedTraining, packed: Dataset) -> TrainingOrder:
    """The request for a training; raises `UnsupportedField` or `InputError` for what its trainer would drop."""
    found = trainer(asked.trainer)
    if found.destination != (asked.destination is not None):
        needs = "needs the name of a model of your account, as in destination='me/my-lora'. Give it"
        raise InputError(
            f"{found.id} was asked for with destination={asked.destination!r}. It "
            f"{needs if found.destination else 'takes no destination. Leave it out'}."
        )
    mark, parcel = marked(packed.path, "application/zip")
    rule = found.rule("steps")
    steps = asked.steps or int(rule.default if rule is not None else 1000)
    given = {"rank": asked.rank, "style": asked.style, "learning_rate": asked.learning_rate}
    values = {**given, "steps": steps, "trigger": asked.trigger, "captioned": packed.captioned, "pictures": mark}
    fields = _merged(fields_of(found, values), asked.extra)
    if asked.destination is not None:
        fields["destination"] = asked.destination
    options = {name: value for name, value in {**given, "destination": asked.destination, "extra": asked.extra}.items()
               if value}  # fmt: skip
    request = TrainingRequest(
        trainer=found.id, host=found.host, trains=found.trains, trigger=asked.trigger, steps=steps,
        content=packed.content, pictures=packed.pictures, take=asked.take, options=options,
    )  # fmt: skip
    return TrainingOrder(request, found, fields, mark, parcel)


def _merged(fields: dict[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
    """The host's own fields beside ours: inside `input` where the host has one."""
    if "input" in fields:
        return {**fields, "input": {**fields["input"], **extra}}
    return {**fields, **extra}
