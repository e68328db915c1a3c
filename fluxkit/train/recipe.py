"""`LoRARecipe`: how an adapter is trained, and what that will take."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from fluxkit._base import Record
from fluxkit.models import ModelSpec

Targets = Literal["attention", "all"]
Base = Literal["resident", "int8", "nf4"]


class LoRARecipe(Record):
    """How an adapter is trained. `LoRARecipe.advised(model)` gives the values that suit a base.

    >>> LoRARecipe(rank=8, steps=500).alpha_used
    8.0
    """

    rank: int = Field(16, ge=1, le=256)
    """Columns of the adapter's matrices: more remember more, and forget the base sooner."""
    alpha: float | None = Field(None, gt=0)
    """The adapter acts with alpha / rank; None is the rank, so that it acts as it was learned."""
    targets: Targets = "attention"
    """Which linear layers of the blocks learn: those of attention, or all."""
    steps: int = Field(1000, ge=1)
    learning_rate: float = Field(1e-4, gt=0, le=1)
    warmup: int = Field(20, ge=0)
    """Steps over which the rate rises; then it falls to nothing along a cosine."""
    batch: int = Field(1, ge=1, le=256)
    """Pictures a step; those of one step share a size."""
    resolution: int = Field(512, ge=64, le=2048)
    """Pictures are scaled to about this many pixels squared, in buckets of their own shape."""
    levels: Literal["logit-normal", "uniform"] = "logit-normal"
    """Which noise levels are trained at; the first dwells in the middle, where the subject takes shape."""
    shift: float = Field(1.0, gt=0, le=10)
    """Above 1 trains more at strong noise: composition rather than texture."""
    guidance: float = Field(1.0, ge=0)
    """What guidance-distilled models are told while they learn: 1 asks for the plain flow."""
    caption_dropout: float = Field(0.05, ge=0, lt=1)
    """Share of steps without words, so that the adapter also acts on short prompts."""
    prior: int = Field(0, ge=0)
    """Pictures that the base makes of `prior_prompts` beforehand, trained on too so that it does not forget them."""
    prior_share: float = Field(0.5, ge=0, lt=1)
    """Share of the steps that learn from prior pictures, where there are any."""
    base: Base = "resident"
    """How the frozen model is held: in its own format, or in 8 or 4 bits."""
    checkpointing: bool = True
    """Compute activations again rather than keep them: half as fast again, a tenth of the memory."""
    optimiser: Literal["adamw", "adamw8bit"] = "adamw"
    """`adamw8bit` needs bitsandbytes and a GPU."""
    weight_decay: float = Field(1e-4, ge=0)
    average: float | None = Field(None, gt=0, lt=1)
    """Decay of a running average of the adapter that is kept in its place, such as 0.99; None keeps the last."""
    checkpoint_every: int = Field(250, ge=1)
    """Steps between checkpoints: what a kill can cost, and what there is to choose from."""
    held_out: int = Field(0, ge=0)
    """Pictures never learned from, whose loss tells when the others are being learned by heart."""
    patience: int | None = Field(None, ge=1)
    """Stop after so many checkpoints without a better loss on the pictures held out; None never stops early."""
    seed: int = Field(0, ge=0)

    @model_validator(mode="after")
    def _patience_needs_pictures(self) -> Self:
        if self.patience is not None and not self.held_out:
            raise ValueError(
                f"patience={self.patience} was given without held_out; the loss of pictures held out decides. Give "
                f"held_out=1 or more, or leave patience out"
            )
        return self

    @property
    def alpha_used(self) -> float:
        """Alpha, with its default filled in."""
        return float(self.rank) if self.alpha is None else self.alpha

    @classmethod
    def advised(cls, spec: ModelSpec, **changes: object) -> Self:
        """The recipe for a base: nano learns in minutes on a CPU, the others as their trainers advise."""
        own = ADVISED.get(spec.id, ADVISED.get(spec.family, {}))
        return cls(**{**own, **changes})


ADVISED: dict[str, dict[str, object]] = {
    "nano": {
        "rank": 16, "targets": "all", "steps": 1200, "learning_rate": 2e-3, "batch": 8, "resolution": 128,
        "checkpointing": False, "prior": 36, "prior_share": 0.25, "checkpoint_every": 300, "guidance": 1.0,
        "average": 0.99,
    },
    "flux.1": {"steps": 1000, "learning_rate": 1e-4, "base": "nf4", "held_out": 1},
    "flux.2": {"steps": 1000, "learning_rate": 1e-4, "base": "nf4", "held_out": 1},
}  # fmt: skip
"""Values by model or family. FLUX: diffusers' scripts and ai-toolkit's 24 GB example; not tried on real weights."""
